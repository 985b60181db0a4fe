"""Files through a deployed stage, what must hold of them, and what only an account can show."""
