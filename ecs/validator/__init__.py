"""The validator: judges every row of one version of an order file and publishes its cleaned form."""
