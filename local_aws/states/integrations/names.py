"""How Step Functions spells AWS's services and the members of their APIs: as the AWS SDK for Java 2 does.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import functools
import re

import botocore.loaders
from botocore.model import ServiceModel, StructureShape

# The services whose package in the SDK for Java 2, which is the service's id without "Service" at its end,
# is not botocore's name of them.
OTHER_NAMES = {
    "applicationdiscovery": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "costandusagereport": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "directory": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntimev2": "lexv2-runtime",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "sms-voice",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
}


@functools.cache
def sdk_services() -> dict[str, str]:
    """Return botocore's name of each service, by the name that aws-sdk integrations have for it."""
    names = botocore.loaders.create_loader().list_available_services("service-2")
    plain = {re.sub(r"[^a-z0-9]", "", name): name for name in names}
    return {name: asked for name, asked in plain.items() if asked not in OTHER_NAMES.values()} | OTHER_NAMES


def pascal(name: str) -> str:
    """Return a member's name as botocore has it, beginning with a capital."""
    return name[:1].upper() + name[1:]


def java_name(name: str) -> str:
    """Return a name with every acronym as a word: DynamoDb, DbInstanceIdentifier."""
    return "".join(word.capitalize() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name))


def java_member(name: str) -> str:
    """Return a member's name as a result shows it: the SDK turns an acronym at the beginning into a word.

    DBInstanceIdentifier is DbInstanceIdentifier, ChecksumCRC32 stays what it is.
    """
    return re.sub(r"^[A-Z]+(?=[A-Z][a-z]|$|\d)", lambda match: match[0].capitalize(), pascal(name))


@functools.cache
def error_prefix(model: ServiceModel) -> str:
    """Return what a service's errors begin with (`Ecs`, `DynamoDb`, `S3`, `CloudWatchLogs`)."""
    return java_name(str(model.metadata["serviceId"]).removesuffix("Service"))


def names_of(shape: StructureShape) -> dict[str, str]:
    """Return the members of a structure by every name that parameters have for them in deployed machines.

    The API's own beginning with a capital, and those with acronyms as words.
    """
    names: dict[str, str] = {}
    for name in shape.members:
        names |= dict.fromkeys((java_name(name), java_member(name), pascal(name)), name)
    return names
