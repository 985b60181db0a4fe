"""How Step Functions spells services and members: as the AWS SDK for Java 2 does."""

from __future__ import annotations

import pytest
from botocore.model import StructureShape

from local_aws.states.integrations.aws_sdk import operation_of
from local_aws.states.integrations.casing import from_response, to_request
from local_aws.states.integrations.names import error_prefix, java_member
from local_aws.states.resources import parse_resource
from local_aws.wire import service_model


@pytest.mark.parametrize(
    ("resource", "api"),
    [
        ("aws-sdk:sfn:listActivities", "stepfunctions:ListActivities"),
        ("aws-sdk:cloudwatchlogs:createLogGroup", "logs:CreateLogGroup"),
        ("aws-sdk:config:putConfigRule", "config:PutConfigRule"),
        ("aws-sdk:databasemigration:startReplicationTask", "dms:StartReplicationTask"),
    ],
)
def test_a_service_is_called_by_its_package_in_the_sdk(resource: str, api: str) -> None:
    asked = parse_resource(f"arn:aws:states:::{resource}")
    assert asked is not None
    model = operation_of(asked)
    assert f"{model.service_model.service_name}:{model.name}" == api


@pytest.mark.parametrize("resource", ["aws-sdk:logs:createLogGroup", "aws-sdk:ecs:runTask.sync"])
def test_no_other_name_and_no_job_is_taken(resource: str) -> None:
    asked = parse_resource(f"arn:aws:states:::{resource}")
    assert asked is not None
    with pytest.raises(ValueError):  # noqa: PT011 - what the parser takes for a resource that AWS has not
        operation_of(asked)


@pytest.mark.parametrize(
    ("service", "prefix"),
    [("stepfunctions", "Sfn"), ("logs", "CloudWatchLogs"), ("dms", "DatabaseMigration"), ("s3", "S3")],
)
def test_errors_begin_with_the_services_name(service: str, prefix: str) -> None:
    assert error_prefix(service_model(service)) == prefix


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("DBInstanceIdentifier", "DbInstanceIdentifier"),
        ("ETag", "ETag"),
        ("SSEKMSKeyId", "SsekmsKeyId"),
        ("ChecksumCRC32", "ChecksumCRC32"),
        ("taskArn", "TaskArn"),
        ("ACL", "Acl"),
    ],
)
def test_an_acronym_at_the_beginning_is_a_word(member: str, name: str) -> None:
    assert java_member(member) == name


def test_parameters_and_results_are_spelt_like_that() -> None:
    operation = service_model("rds").operation_model("StopDBInstance")
    taken, given = operation.input_shape, operation.output_shape
    assert isinstance(taken, StructureShape)
    assert to_request({"DbInstanceIdentifier": "a"}, taken) == {"DBInstanceIdentifier": "a"}
    answer = {"DBInstance": {"DBInstanceIdentifier": "a"}}
    assert from_response(answer, given) == {"DbInstance": {"DbInstanceIdentifier": "a"}}
