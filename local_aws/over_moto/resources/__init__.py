"""The resource types CloudFormation can make here; importing them tells moto's template parser."""

from __future__ import annotations

from local_aws.over_moto.resources.access import Role, SecurityGroup
from local_aws.over_moto.resources.base import Resource
from local_aws.over_moto.resources.data import Bucket, BucketPolicy, Table
from local_aws.over_moto.resources.flow import Rule, StateMachine
from local_aws.over_moto.resources.messages import (
    LogGroup,
    Queue,
    QueuePolicy,
    Repository,
    Topic,
    TopicPolicy,
)

KINDS: dict[str, type[Resource]] = {
    kind.kind: kind
    for kind in (
        Bucket,
        BucketPolicy,
        LogGroup,
        Queue,
        QueuePolicy,
        Repository,
        Role,
        Rule,
        SecurityGroup,
        StateMachine,
        Table,
        Topic,
        TopicPolicy,
    )
}
