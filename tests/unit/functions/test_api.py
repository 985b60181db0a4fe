"""What may be asked of functions, and who may ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.iam.roles import acting_as
from tests.unit.functions.support import ACCOUNT, REGION, Lambda, archive
from tests.unit.local_iam.support import allow, change_policy, make_role, trust
from tests.unit.over_moto.support import refused


@pytest.fixture(scope="module")
def bucket(functions: Lambda) -> str:
    """A versioned bucket for archives."""
    s3 = functions.of("s3")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})
    return "code"


def test_code_can_lie_in_a_bucket_in_any_version(functions: Lambda, bucket: str) -> None:
    s3 = functions.of("s3")
    version = s3.put_object(Bucket=bucket, Key="f.zip", Body=archive())["VersionId"]
    s3.put_object(Bucket=bucket, Key="f.zip", Body=archive("broken.py"))
    place = {"S3Bucket": bucket, "S3Key": "f.zip"}
    name = functions.make(Code={**place, "S3ObjectVersion": version})
    assert functions.invoke(name, 1).payload == 1
    functions.client.update_function_code(FunctionName=name, **place)
    assert functions.invoke(name, 1).payload["errorType"] == "Runtime.ImportModuleError"


def test_code_that_is_not_there_is_refused_in_the_words_of_s3(functions: Lambda, bucket: str) -> None:
    with refused("InvalidParameterValueException", "Error occurred while GetObject", "NoSuchKey"):
        functions.make(Code={"S3Bucket": bucket, "S3Key": "gone.zip"})


def test_an_archive_that_is_none_is_refused(functions: Lambda) -> None:
    with refused("InvalidParameterValueException", "Could not unzip uploaded file"):
        functions.make(Code={"ZipFile": b"no zip"})
    name = functions.make()
    with refused("InvalidParameterValueException", "Could not unzip uploaded file"):
        functions.client.update_function_code(FunctionName=name, ZipFile=b"no zip")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"Runtime": "nodejs22.x"}, "the runtime nodejs22.x"),
        ({"Layers": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:l:1"]}, "Layers"),
        ({"DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}}, "DeadLetterConfig"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}, "VpcConfig"),
        ({"PackageType": "Image", "Code": {"ImageUri": "image"}}, "the package type Image"),
        ({"Publish": True}, "versions of functions"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart"),
    ],
)
def test_what_a_function_cannot_have_here_is_refused_by_name(
    functions: Lambda, settings: dict[str, Any], named: str
) -> None:
    with refused("NotImplemented", "the local AWS does not model", named):
        functions.make(**settings)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("publish_version", {}),
        ("create_alias", {"Name": "a", "FunctionVersion": "1"}),
        ("create_function_url_config", {"AuthType": "NONE"}),
        ("create_event_source_mapping", {"EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}),
        ("update_function_event_invoke_config", {"MaximumRetryAttempts": 1}),
    ],
)
def test_an_operation_that_no_process_would_know_of_is_refused_by_name(
    functions: Lambda, operation: str, parameters: dict[str, Any]
) -> None:
    named = "".join(word.capitalize() for word in operation.split("_"))
    with refused("NotImplemented", f"lambda:{named}"):
        getattr(functions.client, operation)(FunctionName=functions.make(), **parameters)


def test_versions_are_refused_where_they_are_asked_for(functions: Lambda) -> None:
    name = functions.make()
    for ask in (functions.client.invoke, functions.client.get_function):
        with refused("NotImplemented", "versions and aliases of functions"):
            ask(FunctionName=name, Qualifier="1")
        assert ask(FunctionName=name, Qualifier="$LATEST")


def test_a_destination_other_than_queues_and_topics_is_refused(functions: Lambda) -> None:
    destination = {"Destination": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"}
    with refused("NotImplemented", "OnFailure", "queues and topics"):
        functions.client.put_function_event_invoke_config(
            FunctionName=functions.make(), DestinationConfig={"OnFailure": destination}
        )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"Timeout": 5401}, "Value '5401' at 'timeout' failed to satisfy constraint"),
        ({"MemorySize": 32769}, "Value '32769' at 'memorySize' failed to satisfy constraint"),
    ],
)
def test_limits_are_those_of_the_api(functions: Lambda, settings: dict[str, Any], message: str) -> None:
    with refused("ValidationException", message):
        functions.make(**settings)
    with refused("ValidationException", message):
        functions.client.update_function_configuration(FunctionName=functions.make(), **settings)


def test_variables_of_lambda_cannot_be_set(functions: Lambda) -> None:
    variables = {"Variables": {"AWS_REGION": "us-east-1"}}
    with refused("InvalidParameterValueException", "Reserved keys used in this request: AWS_REGION"):
        functions.make(Environment=variables)


def test_a_role_that_does_not_trust_lambda_is_refused(functions: Lambda) -> None:
    role = make_role(functions.cloud, trusting=trust("ecs-tasks.amazonaws.com"))
    with refused(
        "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
    ):
        functions.make(Role=role)


def test_a_role_that_trusts_lambda_no_longer_keeps_the_function_from_running(functions: Lambda) -> None:
    role = functions.role()
    name = functions.make(Role=role)
    document = {"Version": "2012-10-17", "Statement": [trust("ecs-tasks.amazonaws.com")]}
    functions.of("iam").update_assume_role_policy(
        RoleName=role.rpartition("/")[2], PolicyDocument=json.dumps(document)
    )
    with refused("AccessDeniedException", "cannot be assumed by Lambda"):
        functions.invoke(name)


def test_a_function_that_is_deleted_is_gone_and_a_new_one_is_new(functions: Lambda) -> None:
    name = functions.make("handlers.count")
    assert functions.invoke(name).payload == 1
    functions.client.delete_function(FunctionName=name)
    with refused("ResourceNotFoundException", "Function not found"):
        functions.invoke(name)
    again = {"FunctionName": name, "Runtime": "python3.12", "Role": functions.role()}
    functions.client.create_function(**again, Handler="handlers.count", Code={"ZipFile": archive()})
    assert functions.invoke(name).payload == 1


def test_a_permission_is_given_once(functions: Lambda) -> None:
    name = functions.make()
    permission = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    functions.client.add_permission(FunctionName=name, **permission)
    with refused("ResourceConflictException", "The statement id (s) provided already exists."):
        functions.client.add_permission(FunctionName=name, **permission)
    functions.client.remove_permission(FunctionName=name, StatementId="s")
    functions.client.add_permission(FunctionName=name, **permission)


def test_a_role_needs_the_right_to_what_it_asks_of_a_function(functions: Lambda) -> None:
    role = make_role(functions.cloud, trusting=trust("ecs-tasks.amazonaws.com"))
    session = functions.cloud.enforcer.roles.begin(
        role, "ecs-tasks.amazonaws.com", f"arn:aws:ecs:{REGION}:{ACCOUNT}:*", "caller"
    )
    name = functions.make()
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    asked: dict[str, Callable[[], Any]] = {
        "lambda:InvokeFunction": lambda: functions.invoke(name, 1),
        "lambda:GetFunction": lambda: functions.client.get_function(FunctionName=name),
        "lambda:ListFunctions": functions.client.list_functions,
    }
    with acting_as(session.access_key):
        for action, ask in asked.items():
            with refused("AccessDeniedException", f"is not authorized to perform: {action}") as answer:
                ask()
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    change_policy(functions.cloud, role, allow(*asked, on=arn), allow("lambda:ListFunctions"))
    with acting_as(session.access_key):
        assert all(ask() for ask in asked.values())


@pytest.mark.parametrize("lacking", ["lambda:CreateFunction", "iam:PassRole", "s3:GetObject"])
def test_who_makes_a_function_gives_it_code_and_role(functions: Lambda, bucket: str, lacking: str) -> None:
    functions.of("s3").put_object(Bucket=bucket, Key="g.zip", Body=archive())
    rights = {"lambda:CreateFunction", "iam:PassRole", "s3:GetObject"}
    role = make_role(functions.cloud, allow(*(rights - {lacking})), trusting=trust("ecs-tasks.amazonaws.com"))
    session = functions.cloud.enforcer.roles.begin(
        role, "ecs-tasks.amazonaws.com", f"arn:aws:ecs:{REGION}:{ACCOUNT}:*", "caller"
    )
    given: dict[str, Any] = {"Role": functions.role(), "Code": {"S3Bucket": bucket, "S3Key": "g.zip"}}
    with (
        acting_as(session.access_key),
        pytest.raises(ClientError, match=f"not authorized to perform: {lacking}"),
    ):
        functions.make(**given)
    change_policy(functions.cloud, role, allow(*rights))
    with acting_as(session.access_key):
        functions.make(**given)
