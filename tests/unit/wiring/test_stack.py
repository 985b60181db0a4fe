"""What templates, machine, containers and scripts say of each other: names, settings, prefixes, alarms."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import boto3
import pytest

from mayfly.template import BOOTSTRAP, ORDERS, ROOT, load
from tests.unit.wiring.containers import IMAGES, Runs
from tests.unit.wiring.machine import Machine
from tests.unit.wiring.stack import ACCOUNT, BOOTSTRAPPED, NAMED, REGION, Stack, orders

STACK = orders("try")
MACHINE = Machine(STACK)
LONGEST = orders("stageof12let")
LONGEST_REGION = max(boto3.Session().get_available_regions("s3"), key=len)
# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html and
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
METRICS = {
    "AWS/States": {"ExecutionsAborted", "ExecutionsFailed", "ExecutionsSucceeded", "ExecutionsTimedOut"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
}
# What stays under each prefix, and why; all other prefixes that are written to have a lifecycle.
KEPT = {
    "manifests": "the ledger names them by version: all numbers are made of what stands in them",
    "parts": "manifests name them by version",
    "processed": "the files as they came are what all numbers can be computed from again",
    "rejected": "a report is small, and somebody may come to mend the file next month",
}
BUCKETS = [
    pytest.param(stack, name, id=name)
    for stack in (STACK, BOOTSTRAPPED)
    for name in stack.of_type("AWS::S3::Bucket")
]


def test_the_machine_uses_every_substitution_and_no_other() -> None:
    text = (ROOT / "step_functions" / "MainStepFn.json").read_text(encoding="utf-8")
    given = STACK.resources["StateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(given)


def test_every_parameter_and_condition_is_used() -> None:
    text = str([STACK.template[block] for block in ("Conditions", "Resources", "Outputs")])
    for name in STACK.template["Parameters"]:
        assert re.search(rf"'Ref': '{name}'|\${{{name}}}", text), name
    for name in STACK.template["Conditions"]:
        assert re.search(rf"'(Condition|Fn::If)': (\[)?'{name}'", text), name


@pytest.mark.parametrize("image", IMAGES)
def test_a_container_reads_every_setting_it_is_given_and_is_given_every_one_it_reads(
    image: str, runs: Runs
) -> None:
    assert runs.asked_for[image] == set(MACHINE.environment(image))


def test_sizes_are_what_the_parameters_say() -> None:
    sizes = {
        "ValidatorCpu": "512",
        "ValidatorMemory": "1024",
        "TransformerCpu": "2048",
        "TransformerMemory": "4096",
    }
    machine = Machine(Stack(STACK.template, {**STACK.parameters, **sizes}))
    for image in ("Validator", "Transformer"):
        given = machine.parameters(f"Register{image}Task")
        assert (given["Cpu"], given["Memory"]) == (sizes[f"{image}Cpu"], sizes[f"{image}Memory"])


def test_tasks_run_where_and_log_where_the_stack_says() -> None:
    network = MACHINE.parameters("RunValidator")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["Subnets"] == STACK.parameters["Subnets"]
    assert network["SecurityGroups"] == [STACK.value({"Fn::GetAtt": ["TaskSecurityGroup", "GroupId"]})]
    for image in IMAGES:
        (container,) = MACHINE.parameters(f"Register{image.title()}Task")["ContainerDefinitions"]
        assert container["LogConfiguration"]["Options"]["awslogs-group"] == STACK.name("LogGroup")


def test_executions_log_all_they_do_to_their_own_group() -> None:
    logging = STACK.properties("StateMachine")["LoggingConfiguration"]
    (destination,) = logging["Destinations"]
    assert destination["CloudWatchLogsLogGroup"]["LogGroupArn"] == STACK.arn("ExecutionLogGroup")
    assert STACK.arn("ExecutionLogGroup").endswith(":*")  # which Step Functions insists on
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", True)


# Buckets


@pytest.mark.parametrize(("stack", "bucket"), BUCKETS)
def test_a_bucket_is_versioned_encrypted_private_and_speaks_tls_only(stack: Stack, bucket: str) -> None:
    properties = stack.properties(bucket)
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (policy,) = [
        item["PolicyDocument"]
        for item in stack.of_type("AWS::S3::BucketPolicy").values()
        if item["Bucket"] == properties["BucketName"]
    ]
    (refusal,) = policy["Statement"]
    assert (refusal["Effect"], refusal["Principal"], refusal["Action"]) == ("Deny", "*", "s3:*")
    assert set(refusal["Resource"]) == {stack.arn(bucket), f"{stack.arn(bucket)}/*"}
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(("stack", "bucket"), BUCKETS)
def test_an_upload_that_never_ended_does_not_stay(stack: Stack, bucket: str) -> None:
    rules = stack.properties(bucket)["LifecycleConfiguration"]["Rules"]
    assert [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule and "Prefix" not in rule]


def expiring(stack: Stack, bucket: str) -> dict[str, dict[str, Any]]:
    """Return the lifecycle rules of a bucket that remove objects, by prefix."""
    rules = stack.properties(bucket)["LifecycleConfiguration"]["Rules"]
    return {rule["Prefix"].rstrip("/"): rule for rule in rules if "Prefix" in rule}


def test_everything_written_to_the_cleaned_bucket_expires_or_is_kept_on_purpose(runs: Runs) -> None:
    cleaned = STACK.name("CleanedBucket")
    calls = [
        parameters for _, operation, parameters in runs.calls if operation in ("PutObject", "CopyObject")
    ]
    calls.append(MACHINE.parameters("ArchiveFile"))
    assert {call["Bucket"] for call in calls} == {cleaned}
    written = {call["Key"].partition("/")[0] for call in calls}
    assert written == set(expiring(STACK, "CleanedBucket")) | set(KEPT)
    assert not set(expiring(STACK, "CleanedBucket")) & set(KEPT)


def test_only_what_nobody_refers_to_any_more_expires() -> None:
    of_cleaned = expiring(STACK, "CleanedBucket")
    deleted = of_cleaned.pop("curated")
    assert "ExpirationInDays" not in deleted
    assert deleted["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    for rule in of_cleaned.values():
        assert rule["ExpirationInDays"] == 7
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    (superseded,) = expiring(STACK, "InputBucket").values()
    assert superseded["Prefix"] == "input/"
    assert "ExpirationInDays" not in superseded
    assert superseded["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert set(expiring(BOOTSTRAPPED, "ArtifactBucket")) == {"templates"}


# From the upload to the start


def test_the_rule_is_about_uploads_to_the_input_bucket_which_tells_eventbridge_of_them() -> None:
    pattern = STACK.properties("S3TriggerRule")["EventPattern"]["detail"]
    assert pattern["bucket"]["name"] == [STACK.name("InputBucket")]
    assert pattern["object"]["key"] == [{"prefix": "input/"}]
    notification = STACK.properties("InputBucket")["NotificationConfiguration"]
    assert notification == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_the_rule_starts_the_machine_and_leaves_what_it_cannot_deliver_in_the_queue() -> None:
    (target,) = STACK.properties("S3TriggerRule")["Targets"]
    assert target["Arn"] == STACK.arn("StateMachine")
    assert target["RoleArn"] == STACK.arn("EventBridgeRole")
    assert target["DeadLetterConfig"] == {"Arn": STACK.arn("UndeliveredQueue")}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 24 * 3600, "MaximumRetryAttempts": 185}


def test_the_queue_takes_events_of_that_rule_only_and_the_rule_waits_for_its_policy() -> None:
    policy = STACK.properties("UndeliveredQueuePolicy")
    assert policy["Queues"] == [STACK.name("UndeliveredQueue")]
    allowed, refused = policy["PolicyDocument"]["Statement"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert (allowed["Action"], allowed["Resource"]) == ("sqs:SendMessage", STACK.arn("UndeliveredQueue"))
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": STACK.arn("S3TriggerRule")}}
    assert (refused["Effect"], refused["Principal"], refused["Action"]) == ("Deny", "*", "sqs:*")
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert STACK.resources["S3TriggerRule"]["DependsOn"] == "UndeliveredQueuePolicy"


# Alarms


def metrics_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    if "Metrics" not in alarm:
        return [alarm]
    return [item["MetricStat"]["Metric"] for item in alarm["Metrics"] if "MetricStat" in item]


@pytest.mark.parametrize("alarm", STACK.of_type("AWS::CloudWatch::Alarm"))
def test_an_alarm_watches_a_metric_that_exists_of_this_stack_and_tells_the_failure_topic(alarm: str) -> None:
    properties = STACK.properties(alarm)
    dimensions = {
        "AWS/States": {"Name": "StateMachineArn", "Value": STACK.arn("StateMachine")},
        "AWS/SQS": {"Name": "QueueName", "Value": STACK.name("UndeliveredQueue")},
    }
    for metric in metrics_of(properties):
        assert metric["MetricName"] in METRICS[metric["Namespace"]]
        assert metric["Dimensions"] == [dimensions[metric["Namespace"]]]
    assert properties["AlarmActions"] == [STACK.arn("FailureTopic")]


def test_the_failure_alarm_adds_up_every_way_in_which_an_execution_does_not_succeed() -> None:
    alarm = STACK.properties("PipelineFailureAlarm")
    (total,) = [item for item in alarm["Metrics"] if item.get("ReturnData", True)]
    terms = re.fullmatch(
        r"FILL\((\w+), 0\)(?: \+ FILL\((\w+), 0\))(?: \+ FILL\((\w+), 0\))", total["Expression"]
    )
    assert terms
    by_id = {
        item["Id"]: item["MetricStat"]["Metric"]["MetricName"] for item in alarm["Metrics"] if item != total
    }
    assert {by_id[term] for term in terms.groups()} == METRICS["AWS/States"] - {"ExecutionsSucceeded"}
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert alarm["TreatMissingData"] == "notBreaching"


def test_silence_is_measured_within_what_cloudwatch_looks_back() -> None:
    # A week at most: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    alarm = STACK.properties("NoSuccessAlarm")
    longest = STACK.template["Parameters"]["NoSuccessHours"]["MaxValue"]
    assert alarm["Period"] >= 3600
    assert alarm["Period"] * longest <= 604_800
    assert alarm["EvaluationPeriods"] == STACK.parameters["NoSuccessHours"]
    assert alarm["TreatMissingData"] == "breaching"
    off = Stack(STACK.template, {**STACK.parameters, "NoSuccessHours": "0"})
    assert not off.value({"Condition": "WatchForSilence"})


# Names


def test_two_stages_share_no_name_but_those_of_the_bootstrap() -> None:
    named = {stage: {orders(stage).name(item) for item in STACK.resources} for stage in ("default", "try")}
    unnamed = {f"the-{item}" for item, resource in STACK.resources.items() if resource["Type"] not in NAMED}
    assert named["default"] & named["try"] == unnamed


@pytest.mark.parametrize(
    ("kind", "longest"),
    [
        ("AWS::Events::Rule", 64),
        ("AWS::IAM::Role", 64),
        ("AWS::S3::Bucket", 63),
        ("AWS::SQS::Queue", 80),
        ("AWS::StepFunctions::StateMachine", 80),
    ],
)
def test_names_fit_with_the_longest_stage_in_the_longest_region(kind: str, longest: int) -> None:
    names = [LONGEST.name(item) for item in LONGEST.of_type(kind)]
    assert names
    assert [name for name in names if len(name.replace(REGION, LONGEST_REGION)) > longest] == []


@pytest.mark.parametrize("role", sorted(STACK.of_type("AWS::IAM::Role")))
def test_the_policies_of_a_role_are_not_too_long_together(role: str) -> None:
    # Without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    policies = LONGEST.properties(role)["Policies"]
    text = "".join(json.dumps(policy["PolicyDocument"]) for policy in policies)
    assert len(re.sub(r"\s", "", text).replace(REGION, LONGEST_REGION)) <= 10_240


def test_what_holds_data_outlives_its_stack() -> None:
    holding = {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}
    for item in STACK.resources.values():
        kept = (item.get("DeletionPolicy"), item.get("UpdateReplacePolicy"))
        assert kept == (("RetainExceptOnCreate", "Retain") if item["Type"] in holding else (None, None))


def test_the_product_list_comes_from_the_artifact_bucket_of_the_bootstrap() -> None:
    uri = MACHINE.environment("validator")["REFERENCE_URI"]
    assert uri.startswith(f"s3://mayfly-artifacts-{ACCOUNT}-{REGION}/reference/")
    assert re.fullmatch(STACK.template["Parameters"]["ReferenceUri"]["AllowedPattern"], uri)
    assert "reference" not in expiring(BOOTSTRAPPED, "ArtifactBucket")


def test_every_output_that_the_scripts_ask_for_is_put_out() -> None:
    offered = {name for template in (ORDERS, BOOTSTRAP) for name in load(template)["Outputs"]}
    asked_for = {
        node.slice.value
        for path in [*ROOT.glob("scripts/mayfly/**/*.py"), *ROOT.glob("tests/e2e/*.py")]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Subscript)
        and re.search(r"\boutputs(\(\))?$", ast.unparse(node.value))
        and isinstance(node.slice, ast.Constant)
    }
    assert len(asked_for) > 5
    assert asked_for - offered == set()
