"""The AWS of your laptop: Step Functions, ECS and event delivery of our own, and moto for the rest."""
