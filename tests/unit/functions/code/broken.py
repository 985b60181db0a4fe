raise LookupError("at the start")
