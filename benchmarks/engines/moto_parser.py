"""moto's interpreter: in process, in real time, for it has no other."""

from __future__ import annotations

import boto3
from moto import mock_aws
from moto.stepfunctions.parser.utils import TMP_THREADS
from worker import Run, Tell, serve

ROLE = "arn:aws:iam::123456789012:role/benchmark"


def main() -> None:
    """Serve executions from one mocked AWS."""
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        states = boto3.client("stepfunctions", "us-east-1")
        count = 0

        def make(definition: str) -> Run:
            nonlocal count
            count += 1
            made = states.create_state_machine(name=f"m{count}", definition=definition, roleArn=ROLE)

            def run(given: str) -> Tell:
                before = len(TMP_THREADS)
                started = states.start_execution(stateMachineArn=made["stateMachineArn"], input=given)
                TMP_THREADS[before].join()  # the execution's; later ones are its branches'
                arn = started["executionArn"]
                return lambda: (
                    states.describe_execution(executionArn=arn)["status"],
                    len(states.get_execution_history(executionArn=arn)["events"]),
                )

            return run

        serve(make)


if __name__ == "__main__":
    main()
