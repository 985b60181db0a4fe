"""The engine of this project, in virtual time."""

from __future__ import annotations

from worker import Run, Tell, serve

from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from local_aws.virtual_clock import VirtualClock

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/benchmark"


def main() -> None:
    """Serve executions from one local AWS."""
    cloud = Cloud(Images([]), VirtualClock())
    cloud.start()
    states = cloud.states(REGION)

    def make(definition: str) -> Run:
        asked = {"name": cloud.new_id(), "definition": definition, "roleArn": ROLE}
        machine = cloud.run(states.answer("CreateStateMachine", asked))["stateMachineArn"]

        async def run(given: str) -> Tell:
            started = await states.answer("StartExecution", {"stateMachineArn": machine, "input": given})
            execution = states._execution(started["executionArn"])
            await execution.ended()
            return lambda: (execution.status, len(execution.history.events))

        return lambda given: cloud.run(run(given))

    try:
        serve(make)
    finally:
        cloud.stop()


if __name__ == "__main__":
    main()
