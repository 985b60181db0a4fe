"""Deploying a stage to the AWS of the environment, and removing it."""
