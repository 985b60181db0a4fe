"""The local AWS in the background, and Step Functions Local for those who have it."""
