"""What a person asks about the numbers, and does to them: files, withdrawals, recomputing."""
