"""What a stack makes has every property of its template."""

from __future__ import annotations

import json

from tests.unit.over_moto.stack import HERE, TEMPLATE, Stack


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
    rule, markers = s3.get_bucket_lifecycle_configuration(**inbox)["Rules"]
    assert markers["Expiration"] == {"ExpiredObjectDeleteMarker": True}
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
    assert images["imageScanningConfiguration"] == {"scanOnPush": True}
    expiry = stack.of("ecr").get_lifecycle_policy(repositoryName="images")["lifecyclePolicyText"]
    assert json.loads(expiry)["rules"][0]["selection"]["countNumber"] == 3
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


def test_a_state_machine_describes_its_logging_and_tracing_back_until_the_template_drops_them(
    stack: Stack,
) -> None:
    def described() -> tuple[str, bool]:
        machine = stack.of("stepfunctions").describe_state_machine(
            stateMachineArn=stack.physical()["Machine"]
        )
        return machine["loggingConfiguration"]["level"], machine["tracingConfiguration"]["enabled"]

    stack.create()
    assert described() == ("ERROR", True)
    stack.update(TEMPLATE.replace("LoggingConfiguration:", "#").replace("TracingConfiguration:", "#"))
    assert described() == ("OFF", False)


def test_a_rule_tells_what_becomes_of_events_it_cannot_deliver(stack: Stack) -> None:
    stack.create()
    (target,) = stack.of("events").list_targets_by_rule(Rule="trigger")["Targets"]
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": 3600}
    assert target["DeadLetterConfig"] == {"Arn": "arn:aws:sqs:us-east-1:123456789012:lost"}
    queue = {"QueueUrl": stack.physical()["Lost"], "AttributeNames": ["All"]}
    attributes = stack.of("sqs").get_queue_attributes(**queue)["Attributes"]
    assert attributes["SqsManagedSseEnabled"] == "true"
    assert json.loads(attributes["Policy"])["Statement"][0]["Principal"] == {
        "Service": "events.amazonaws.com"
    }


def test_a_repository_that_holds_images_goes_when_it_may_be_emptied(stack: Stack) -> None:
    stack.create()
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {}, "layers": []})
    stack.of("ecr").put_image(repositoryName="images", imageManifest=manifest, imageTag="one")
    stack.delete()
    assert stack.of("ecr").describe_repositories()["repositories"] == []
