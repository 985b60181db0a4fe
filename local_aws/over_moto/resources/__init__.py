"""The resource types CloudFormation can make here; importing them tells moto's template parser.

A property that a type does not have here is refused by name. These are accepted and described back, and have
no effect:

- an alarm (AWS::CloudWatch::Alarm) never changes its state, so its actions never run;
- a subscription by e-mail (AWS::SNS::Subscription) is confirmed at once, and no mail is sent;
- a state machine's LoggingConfiguration and TracingConfiguration log and trace nothing;
- a VPC endpoint (AWS::EC2::VPCEndpoint) carries no traffic, a security group's rules stop none;
- an identity provider (AWS::IAM::OIDCProvider) vouches for nobody; a role's policies hold the role and nobody
  else; the statements of a bucket's policy that have a condition stop nobody;
- a bucket's life cycle rules remove nothing, public access block and object ownership change nothing;
- a table's point-in-time recovery and expiry of items keep and remove nothing;
- encryption, of buckets, tables, topics and queues, is a setting only;
- a function's (AWS::Lambda::Function) architecture, memory size, tracing and size of /tmp limit nothing;
- a log group's retention removes nothing; a repository neither scans images nor lets them expire.

What a queue's policy says of EventBridge's dead letters does count: local_aws/events/dead_letters.py.
"""

from __future__ import annotations

from local_aws.over_moto.resources.access import OIDCProvider, Role
from local_aws.over_moto.resources.base import Resource
from local_aws.over_moto.resources.data import Bucket, BucketPolicy, Table
from local_aws.over_moto.resources.flow import Rule, StateMachine
from local_aws.over_moto.resources.functions import EventInvokeConfig, Function, Permission
from local_aws.over_moto.resources.images import Repository
from local_aws.over_moto.resources.messages import Queue, QueuePolicy, Subscription, Topic, TopicPolicy
from local_aws.over_moto.resources.network import SecurityGroup, VpcEndpoint
from local_aws.over_moto.resources.schedules import Schedule, ScheduleGroup
from local_aws.over_moto.resources.watching import Alarm, LogGroup

KINDS: dict[str, type[Resource]] = {
    kind.kind: kind
    for kind in (
        Alarm,
        Bucket,
        BucketPolicy,
        EventInvokeConfig,
        Function,
        LogGroup,
        OIDCProvider,
        Permission,
        Queue,
        QueuePolicy,
        Repository,
        Role,
        Rule,
        Schedule,
        ScheduleGroup,
        SecurityGroup,
        StateMachine,
        Subscription,
        Table,
        Topic,
        TopicPolicy,
        VpcEndpoint,
    )
}
