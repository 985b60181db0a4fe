"""What moto answers and gets wrong or lacks: each module stands before one of its services."""
