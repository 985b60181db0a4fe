"""The AWS of your laptop: Step Functions, ECS and event delivery of our own, over moto for everything else."""
