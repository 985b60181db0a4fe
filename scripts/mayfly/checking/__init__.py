"""What is checked, and listed, without deploying anything."""
