"""A stack, as the tests of CloudFormation speak to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local_aws.server import LocalAws
from tests.unit.over_moto.support import REGION

HERE = Path(__file__).parent
TEMPLATE = (HERE / "templates/pipeline.yaml").read_text()
NAMED = ["CAPABILITY_NAMED_IAM"]
ALONE = "Resources: {Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /alone}}}"


class Stack:
    """One stack as a test speaks to it."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.client = aws.cloud.client("cloudformation", REGION)
        self.name = "pipeline"

    def of(self, service: str) -> Any:
        return self.aws.cloud.client(service, REGION)

    def create(self, template: str = TEMPLATE, **parameters: str) -> Any:
        return self._ask("create_stack", template, parameters)

    def update(self, template: str = TEMPLATE, **parameters: str) -> Any:
        return self._ask("update_stack", template, parameters)

    def delete(self) -> None:
        self.client.delete_stack(StackName=self.name)

    def describe(self) -> Any:
        return self.client.describe_stacks(StackName=self.name)["Stacks"][0]

    @property
    def status(self) -> str:
        return str(self.describe()["StackStatus"])

    def propose(
        self, name: str, template: str = TEMPLATE, kind: str = "UPDATE", **parameters: str
    ) -> dict[str, Any]:
        """Make a change set; return its description, as AWS waits for it and tells it."""
        made = self._ask("create_change_set", template, parameters, ChangeSetName=name, ChangeSetType=kind)
        answer: dict[str, Any] = self.client.describe_change_set(ChangeSetName=made["Id"])
        return answer

    def physical(self) -> dict[str, str]:
        resources = self.client.describe_stack_resources(StackName=self.name)["StackResources"]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}

    def failures(self) -> list[tuple[str, str]]:
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return [
            (event["LogicalResourceId"], event["ResourceStatusReason"])
            for event in reversed(events)
            if event["ResourceStatus"].endswith("_FAILED")
        ]

    def definition(self) -> str:
        machines = self.of("stepfunctions")
        return str(machines.describe_state_machine(stateMachineArn=self.physical()["Machine"])["definition"])

    def _ask(self, method: str, template: str, parameters: dict[str, str], **more: Any) -> Any:
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        return getattr(self.client, method)(
            StackName=self.name,
            TemplateBody=template,
            Parameters=given,
            Capabilities=NAMED,
            **{"Tags": [{"Key": "stage", "Value": "test"}], **more},
        )


def left(stack: Stack) -> list[Any]:
    """What there is of everything the template makes, apart from the test's own bucket."""
    return [
        *(b["Name"] for b in stack.of("s3").list_buckets()["Buckets"] if b["Name"] != "artifacts"),
        *stack.of("dynamodb").list_tables()["TableNames"],
        *stack.of("sns").list_topics()["Topics"],
        *stack.of("sqs").list_queues().get("QueueUrls", []),
        *stack.of("logs").describe_log_groups()["logGroups"],
        *stack.of("ecr").describe_repositories()["repositories"],
        *(r["RoleName"] for r in stack.of("iam").list_roles()["Roles"]),
        *stack.of("stepfunctions").list_state_machines()["stateMachines"],
        *stack.of("events").list_rules()["Rules"],
        *stack.of("cloudwatch").describe_alarms()["MetricAlarms"],
        *stack.of("sns").list_subscriptions()["Subscriptions"],
        *stack.of("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"],
        *(
            endpoint["ServiceName"]
            for endpoint in stack.of("ec2").describe_vpc_endpoints()["VpcEndpoints"]
            if endpoint["State"] != "deleted"
        ),
        *(
            group["GroupName"]
            for group in stack.of("ec2").describe_security_groups()["SecurityGroups"]
            if group["Description"] == "HTTPS out"
        ),
    ]
