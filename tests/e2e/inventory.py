"""All that an account holds, asked of each service: what a stage leaves behind cannot hide from it."""

from __future__ import annotations

from typing import Any

from mayfly.stage import Stage


def inventory(stage: Stage) -> set[str]:
    """Return a name for everything that could have been made, but for what every account is born with."""

    def listed(service: str, operation: str, key: str, name: str = "", **arguments: Any) -> set[str]:
        pages = stage.client(service).get_paginator(operation).paginate(**arguments)
        items = [item for page in pages for item in page.get(key, [])]
        return {f"{service} {item[name] if name else item}" for item in items}

    def plain(service: str, answer: dict[str, Any], key: str, name: str) -> set[str]:
        return {f"{service} {item[name]}" for item in answer.get(key, [])}

    client = stage.client
    found = (
        listed("cloudformation", "describe_stacks", "Stacks", "StackName")
        | listed("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName")
        | listed("dynamodb", "list_tables", "TableNames")
        | listed("ecr", "describe_repositories", "repositories", "repositoryName")
        | listed("ecs", "list_clusters", "clusterArns")
        | listed("events", "list_rules", "Rules", "Name")
        | listed("iam", "list_roles", "Roles", "RoleName")
        | listed("logs", "describe_log_groups", "logGroups", "logGroupName")
        | listed("sns", "list_topics", "Topics", "TopicArn")
        | listed("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn")
        | listed("sqs", "list_queues", "QueueUrls")
        | listed("stepfunctions", "list_state_machines", "stateMachines", "stateMachineArn")
        | plain("s3", client("s3").list_buckets(), "Buckets", "Name")
        | plain("ec2", client("ec2").describe_vpc_endpoints(), "VpcEndpoints", "VpcEndpointId")
        | listed("ec2", "describe_security_groups", "SecurityGroups", "GroupName")
    )
    for status in ("ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"):
        found |= listed("ecs", "list_task_definitions", "taskDefinitionArns", status=status)
    return {name for name in found if name != "ec2 default" and not name.startswith("iam AWSServiceRole")}
