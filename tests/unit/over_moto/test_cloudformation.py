from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.server import LocalAws
from tests.unit.over_moto.support import REGION, refused

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

    def _ask(self, method: str, template: str, parameters: dict[str, str]) -> Any:
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        return getattr(self.client, method)(
            StackName=self.name,
            TemplateBody=template,
            Parameters=given,
            Capabilities=NAMED,
            Tags=[{"Key": "stage", "Value": "test"}],
        )


@pytest.fixture
def stack(aws: LocalAws) -> Iterator[Stack]:
    s3 = aws.cloud.client("s3", REGION)
    s3.create_bucket(Bucket="artifacts")
    for machine in ("greet", "broken"):
        s3.put_object(
            Bucket="artifacts",
            Key=f"{machine}.json",
            Body=(HERE / f"machines/{machine}.json").read_bytes(),
        )
    iam = aws.cloud.client("iam", REGION)
    policy = (HERE / "templates/extra-policy.json").read_text()
    extra = iam.create_policy(PolicyName="extra", PolicyDocument=policy)
    stack = Stack(aws)
    yield stack
    stack.delete()
    with refused("ValidationError", "does not exist"):
        stack.describe()
    iam.delete_policy(PolicyArn=extra["Policy"]["Arn"])


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
        *(
            group["GroupName"]
            for group in stack.of("ec2").describe_security_groups()["SecurityGroups"]
            if group["Description"] == "HTTPS out"
        ),
    ]


def test_a_bucket_has_every_property_of_its_template(stack: Stack) -> None:
    stack.create()
    s3, inbox = stack.of("s3"), {"Bucket": "inbox-123456789012"}

    assert s3.get_bucket_versioning(**inbox)["Status"] == "Enabled"
    assert s3.get_bucket_notification_configuration(**inbox)["EventBridgeConfiguration"] == {}
    rules = s3.get_bucket_encryption(**inbox)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    block = s3.get_public_access_block(**inbox)["PublicAccessBlockConfiguration"]
    assert (block["BlockPublicAcls"], block["RestrictPublicBuckets"]) == (True, False)
    ownership = s3.get_bucket_ownership_controls(**inbox)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (rule,) = s3.get_bucket_lifecycle_configuration(**inbox)["Rules"]
    assert (rule["ID"], rule["Filter"]["Prefix"], rule["Expiration"]["Days"]) == ("old-versions", "parts/", 7)
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 3
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    policy = json.loads(s3.get_bucket_policy(**inbox)["Policy"])
    assert policy["Version"] == "2012-10-17"
    assert policy["Statement"][0]["Resource"] == "arn:aws:s3:::inbox-123456789012"


def test_every_other_resource_has_the_properties_of_its_template(stack: Stack) -> None:
    stack.create()

    dynamodb = stack.of("dynamodb")
    backups = dynamodb.describe_continuous_backups(TableName="Numbers")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert dynamodb.describe_table(TableName="Numbers")["Table"]["SSEDescription"]["Status"] == "ENABLED"
    topic = stack.of("sns").get_topic_attributes(TopicArn=stack.physical()["Notices"])["Attributes"]
    assert topic["DisplayName"] == "Notices"
    assert json.loads(topic["Policy"]) == {"Version": "2012-10-17", "Statement": []}
    assert stack.of("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 30
    images = stack.of("ecr").describe_repositories()["repositories"][0]
    assert images["imageTagMutability"] == "IMMUTABLE"
    groups = stack.of("ec2").describe_security_groups(GroupIds=[stack.physical()["Network"]])
    (out,) = groups["SecurityGroups"][0]["IpPermissionsEgress"]
    assert (out["FromPort"], out["IpRanges"]) == (443, [{"CidrIp": "0.0.0.0/0"}])
    iam = stack.of("iam")
    policy = iam.get_role_policy(RoleName="worker", PolicyName="read")["PolicyDocument"]
    assert policy["Statement"][0]["Resource"] == "arn:aws:s3:::inbox-123456789012/*"
    attached = iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["extra"]
    (target,) = stack.of("events").list_targets_by_rule(Rule="trigger")["Targets"]
    assert target["Arn"] == stack.physical()["Machine"]
    assert target["InputTransformer"]["InputTemplate"] == '{"key": <key>}'


def test_a_definition_is_the_file_after_substitution(stack: Stack) -> None:
    stack.create(Reply="second")

    text = (HERE / "machines/greet.json").read_text()
    wanted = text.replace("${Reply}", "second").replace("${Bucket}", "inbox-123456789012")
    assert stack.definition() == wanted


def test_every_resource_has_the_stacks_tags(stack: Stack) -> None:
    stack.create()

    bucket = stack.of("s3").get_bucket_tagging(Bucket="inbox-123456789012")["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in bucket} == {"stage": "test", "team": "data"}
    machine = stack.of("stepfunctions").list_tags_for_resource(resourceArn=stack.physical()["Machine"])
    assert machine["tags"] == [{"key": "stage", "value": "test"}]
    assert stack.of("iam").list_role_tags(RoleName="worker")["Tags"] == [{"Key": "stage", "Value": "test"}]


def test_a_stack_puts_out_what_its_template_says(stack: Stack) -> None:
    stack.create()

    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.describe()["Outputs"]}
    assert outputs == {
        "Bucket": "inbox-123456789012",
        "Machine": "arn:aws:states:us-east-1:123456789012:stateMachine:machine",
        "Group": stack.physical()["Network"],
    }
    assert [export["Name"] for export in stack.client.list_exports()["Exports"]] == ["the-machine"]
    summaries = stack.client.list_stack_resources(StackName="pipeline")["StackResourceSummaries"]
    assert {summary["ResourceStatus"] for summary in summaries} == {"CREATE_COMPLETE"}
    assert len(summaries) == 12


def test_a_false_condition_leaves_its_resource_out(stack: Stack) -> None:
    stack.create(WithQueue="no")
    assert "Lost" not in stack.physical()
    stack.update(WithQueue="yes")
    assert "Lost" in stack.physical()
    stack.update(WithQueue="no")
    assert stack.of("sqs").list_queues().get("QueueUrls", []) == []


def test_a_deleted_stack_leaves_nothing(stack: Stack) -> None:
    name = stack.create()["StackId"]
    stack.delete()

    assert left(stack) == []
    with refused("ValidationError", "does not exist"):
        stack.describe()
    assert stack.client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert stack.client.list_exports()["Exports"] == []


def test_an_update_changes_what_is_there_in_place(stack: Stack) -> None:
    stack.create()
    before = stack.physical()
    stack.of("dynamodb").put_item(TableName="Numbers", Item={"pk": {"S": "kept"}})

    changed = TEMPLATE.replace("{ key: $.detail", "{ name: $.detail").replace("<key>", "<name>")
    changed = changed.replace('Action: "s3:GetObject"', 'Action: "s3:PutObject"').replace(
        "Value: data", "Value: x"
    )
    stack.update(changed.replace("IMMUTABLE", "MUTABLE"), Days="60", Reply="second")

    assert stack.status == "UPDATE_COMPLETE"
    assert stack.physical() == before
    assert '"second"' in stack.definition()
    assert stack.of("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 60
    policy = stack.of("iam").get_role_policy(RoleName="worker", PolicyName="read")["PolicyDocument"]
    assert policy["Statement"][0]["Action"] == "s3:PutObject"
    (target,) = stack.of("events").list_targets_by_rule(Rule="trigger")["Targets"]
    assert target["InputTransformer"]["InputPathsMap"] == {"name": "$.detail.object.key"}
    assert "Item" in stack.of("dynamodb").get_item(TableName="Numbers", Key={"pk": {"S": "kept"}})


def test_a_replaced_resource_is_followed_by_those_that_refer_to_it(stack: Stack) -> None:
    stack.create()
    stack.update(TEMPLATE.replace("StateMachineName: machine", "StateMachineName: other"))

    (target,) = stack.of("events").list_targets_by_rule(Rule="trigger")["Targets"]
    assert target["Arn"].endswith(":other")
    machines = stack.of("stepfunctions").list_state_machines()["stateMachines"]
    assert [machine["name"] for machine in machines] == ["other"]


def test_a_named_resource_is_not_replaced_under_its_name(stack: Stack) -> None:
    stack.create()
    stack.update(TEMPLATE.replace("AttributeName: pk", "AttributeName: id"))

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.failures()[0][0] == "Numbers"
    assert "requires replacing" in stack.failures()[0][1]


def test_an_update_without_changes_is_refused(stack: Stack) -> None:
    stack.create(Days="7")
    with refused("ValidationError", "No updates are to be performed."):
        stack.update(Days="7")


def test_a_stack_that_cannot_be_made_is_rolled_back(stack: Stack) -> None:
    stack.create(TEMPLATE.replace("greet.json", "broken.json"))

    assert stack.status == "ROLLBACK_COMPLETE"
    assert [resource for resource, _ in stack.failures()] == ["Machine"]
    assert left(stack) == []
    with refused("ValidationError", "ROLLBACK_COMPLETE state and can not be updated"):
        stack.update()


def test_an_update_that_fails_is_rolled_back(stack: Stack) -> None:
    stack.create()
    before, definition = stack.physical(), stack.definition()

    extra = ALONE.removeprefix("Resources: {").removesuffix("}")
    broken = TEMPLATE.replace("Resources:\n", f"Resources:\n  {extra.replace('Log:', 'Alone:', 1)}\n")
    stack.update(broken.replace("greet.json", "broken.json"), Days="60")

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert [resource for resource, _ in stack.failures()] == ["Machine"]
    assert (stack.physical(), stack.definition()) == (before, definition)
    groups = stack.of("logs").describe_log_groups()["logGroups"]
    assert [(group["logGroupName"], group["retentionInDays"]) for group in groups] == [("/pipeline", 30)]


def test_a_bucket_that_holds_something_stays_and_says_so(stack: Stack) -> None:
    stack.create()
    s3, at = stack.of("s3"), {"Bucket": "inbox-123456789012", "Key": "k"}
    s3.delete_bucket_policy(Bucket=at["Bucket"])
    version = s3.put_object(**at, Body=b"")["VersionId"]

    stack.delete()

    assert stack.status == "DELETE_FAILED"
    (resource, reason), (whole, summary) = stack.failures()
    assert (resource, whole) == ("Inbox", "pipeline")
    assert "not empty" in reason
    assert "[Inbox]" in summary
    assert stack.physical() == {"Inbox": "inbox-123456789012"}
    s3.delete_object(**at, VersionId=version)


def test_what_is_retained_stays(stack: Stack) -> None:
    log = "Log: {Type: AWS::Logs::LogGroup, DeletionPolicy: Retain, Properties: {LogGroupName: /kept}}"
    stack.create(f"Resources: {{{log}}}")
    stack.delete()

    groups = stack.of("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/kept"]
    stack.of("logs").delete_log_group(logGroupName="/kept")


def test_a_change_set_is_made_and_executed(stack: Stack) -> None:
    def propose(kind: str, days: str) -> str:
        change = stack.client.create_change_set(
            StackName="pipeline",
            ChangeSetName=f"days-{days}",
            ChangeSetType=kind,
            TemplateBody=TEMPLATE,
            Parameters=[{"ParameterKey": "Days", "ParameterValue": days}],
            Capabilities=NAMED,
        )
        return str(change["Id"])

    first = propose("CREATE", "5")
    assert stack.status == "REVIEW_IN_PROGRESS"
    assert left(stack) == []
    changes = stack.client.describe_change_set(ChangeSetName=first)["Changes"]
    assert {change["ResourceChange"]["Action"] for change in changes} == {"Add"}
    stack.client.execute_change_set(ChangeSetName=first)
    assert stack.status == "CREATE_COMPLETE"
    assert len(stack.describe()["Outputs"]) == 3
    second = propose("UPDATE", "5")
    assert stack.client.describe_change_set(ChangeSetName=second)["Status"] == "FAILED"
    stack.client.execute_change_set(ChangeSetName=propose("UPDATE", "7"))
    assert stack.of("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 7


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("AWS::Logs::LogGroup", "AWS::Logs::Nothing", "NotImplemented", "AWS::Logs::Nothing"),
        ("RetentionInDays:", "KmsKeyId: k, RetentionInDays:", "NotImplemented", "KmsKeyId"),
        ("!Ref Days", "!Ref Dayz", "ValidationError", "[Dayz]"),
        ("!GetAtt Inbox.Arn", "!GetAtt Inbox.Name", "ValidationError", "attribute type Name"),
        ("${Inbox.Arn}", "${Outbox.Arn}", "ValidationError", "[Outbox]"),
        ("Condition: HasQueue", "Condition: HasNone", "ValidationError", "HasNone"),
        ("Outputs:", "Transform: AWS::Serverless\nOutputs:", "NotImplemented", "Transform"),
        ("!Ref Days", "!Length [1]", "NotImplemented", "Fn::Length"),
        ("Resources:", "Resources: [", "ValidationError", "Template format error"),
        ("Description: One", f"Description: {'x' * 52_000}", "ValidationError", "51200"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_template_that_asks_for_what_is_not_there_is_refused(
    stack: Stack, old: str, new: str, code: str, words: str
) -> None:
    assert old in TEMPLATE
    with refused(code, words):
        stack.create(TEMPLATE.replace(old, new, 1))
    assert left(stack) == []


def test_an_unknown_member_within_a_property_rolls_back_by_name(stack: Stack) -> None:
    stack.create(TEMPLATE.replace("ExpirationInDays: 7", "ObjectSizeGreaterThan: 7", 1))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "ObjectSizeGreaterThan" in stack.failures()[0][1]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"Unknown": "x"}, "[Unknown] do not exist"),
        ({"Reply": "third"}, "must be one of"),
    ],
)
def test_a_parameter_that_the_template_does_not_allow_is_refused(
    stack: Stack, parameters: dict[str, str], words: str
) -> None:
    with refused("ValidationError", words):
        stack.create(**parameters)


def test_a_role_with_a_name_needs_the_callers_word(stack: Stack) -> None:
    for capabilities in ([], ["CAPABILITY_IAM"]):
        with refused("InsufficientCapabilitiesException", "CAPABILITY_NAMED_IAM"):
            stack.client.create_stack(StackName="pipeline", TemplateBody=TEMPLATE, Capabilities=capabilities)


@pytest.mark.parametrize("host", ["http://127.0.0.1:4566/artifacts", "https://artifacts.s3.amazonaws.com"])
def test_a_template_may_stand_in_a_bucket(stack: Stack, host: str) -> None:
    stack.of("s3").put_object(Bucket="artifacts", Key="alone.yaml", Body=ALONE.encode())
    with refused("ValidationError", "absent.yaml"):
        stack.client.create_stack(StackName="pipeline", TemplateURL=f"{host}/absent.yaml")
    stack.client.create_stack(StackName="pipeline", TemplateURL=f"{host}/alone.yaml")
    assert stack.physical() == {"Log": "/alone"}


def test_an_update_may_keep_template_and_parameters(stack: Stack) -> None:
    stack.create(Days="7", Reply="second")
    kept = {"ParameterKey": "Reply", "UsePreviousValue": True}
    changed = {"ParameterKey": "Days", "ParameterValue": "14"}
    stack.client.update_stack(
        StackName="pipeline", UsePreviousTemplate=True, Parameters=[kept, changed], Capabilities=NAMED
    )
    assert '"second"' in stack.definition()
    assert stack.of("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 14


def test_a_stack_is_made_once(stack: Stack) -> None:
    stack.create(ALONE)
    with refused("AlreadyExistsException"):
        stack.create(ALONE)


@pytest.mark.parametrize(
    "option", [{"DisableRollback": True}, {"OnFailure": "DELETE"}, {"RoleARN": "arn:aws:iam::1:role/r"}]
)
def test_an_option_that_is_not_modelled_is_refused_by_name(stack: Stack, option: dict[str, Any]) -> None:
    with refused("NotImplemented", next(iter(option))):
        stack.client.create_stack(StackName="pipeline", TemplateBody=ALONE, **option)


def test_deleting_a_stack_that_is_not_there_is_no_error(stack: Stack) -> None:
    stack.delete()
    with pytest.raises(ClientError):
        stack.describe()
