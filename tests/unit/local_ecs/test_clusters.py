"""Clusters, task definitions and tags, as the API tells them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_cluster_is_not_deleted_until_its_last_task_is_stopped(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html (Errors)"""
    arn = fargate.start(fargate.register(fargate.container("wait")))
    for status in ("PENDING", "RUNNING", "STOPPING"):
        if status == "STOPPING":
            fargate.ecs.stop_task(cluster="c", task=arn)
        else:
            fargate.wait(arn, status)
        with pytest.raises(
            ClientError, match="The Cluster cannot be deleted while Tasks are active"
        ) as error:
            fargate.ecs.delete_cluster(cluster="c")
        assert code(error) == "ClusterContainsTasksException"
    fargate.wait(arn)
    assert fargate.ecs.delete_cluster(cluster="c")["cluster"]["status"] == "INACTIVE"


def test_a_deleted_cluster_is_described_but_not_listed_nor_used(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html"""
    fargate.ecs.delete_cluster(cluster="c")
    assert fargate.ecs.describe_clusters(clusters=["c"])["clusters"][0]["status"] == "INACTIVE"
    assert fargate.ecs.list_clusters()["clusterArns"] == []
    for call in (fargate.ecs.delete_cluster, fargate.ecs.list_tasks):
        with pytest.raises(ClientError) as error:
            call(cluster="c")
        assert code(error) == "ClusterNotFoundException"
    with pytest.raises(ClientError) as error:
        fargate.start()
    assert code(error) == "ClusterNotFoundException"
    tags = [{"key": "a", "value": "1"}]
    again = fargate.ecs.create_cluster(clusterName="c", tags=tags)["cluster"]
    assert (again["status"], again["tags"]) == ("ACTIVE", tags)


def test_creating_an_active_cluster_again_returns_it(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html"""
    tags = [{"key": "mayfly:execution", "value": "e"}]
    first = fargate.ecs.create_cluster(clusterName="d", tags=tags)["cluster"]
    assert fargate.ecs.create_cluster(clusterName="d")["cluster"] == first
    assert first["tags"] == tags


@pytest.mark.parametrize("name", ["-a", "a b", "a" * 256])
def test_a_bad_cluster_name_is_refused(fargate: Any, name: str) -> None:
    with pytest.raises(ClientError) as error:
        fargate.ecs.create_cluster(clusterName=name)
    assert code(error) == "InvalidParameterException"


def test_a_cluster_counts_its_tasks_and_a_missing_one_is_a_failure(fargate: Any) -> None:
    pending = fargate.start()
    running = fargate.start(fargate.register(fargate.container("wait")))
    fargate.wait(running, "RUNNING")
    fargate.wait(pending)
    answer = fargate.ecs.describe_clusters(clusters=["c", "nobody"])
    (cluster,) = answer["clusters"]
    assert (cluster["runningTasksCount"], cluster["pendingTasksCount"]) == (1, 0)
    (failure,) = answer["failures"]
    assert failure["reason"] == "MISSING"
    assert failure["arn"].endswith("cluster/nobody")


def test_tags_are_added_replaced_and_taken_away(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html"""
    definition = fargate.register(tags=[{"key": "a", "value": "1"}])["taskDefinitionArn"]
    task = fargate.start()
    cluster = fargate.ecs.describe_clusters(clusters=["c"])["clusters"][0]["clusterArn"]
    for arn in (definition, task, cluster):
        fargate.ecs.tag_resource(
            resourceArn=arn, tags=[{"key": "a", "value": "2"}, {"key": "b", "value": "3"}]
        )
        fargate.ecs.untag_resource(resourceArn=arn, tagKeys=["b"])
        assert fargate.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "2"}]
    described = fargate.ecs.describe_task_definition(taskDefinition=definition, include=["TAGS"])
    assert described["tags"] == [{"key": "a", "value": "2"}]


def test_revisions_count_on_after_all_are_deleted(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html"""
    first = fargate.register()["taskDefinitionArn"]
    fargate.ecs.deregister_task_definition(taskDefinition=first)
    (deleted,) = fargate.ecs.delete_task_definitions(taskDefinitions=[first])["taskDefinitions"]
    assert deleted["status"] == "DELETE_IN_PROGRESS"
    with pytest.raises(ClientError, match="Unable to describe task definition"):
        fargate.ecs.describe_task_definition(taskDefinition=first)
    assert fargate.register()["revision"] == 2


def test_only_inactive_definitions_are_deleted(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html"""
    arn = fargate.register()["taskDefinitionArn"]
    answer = fargate.ecs.delete_task_definitions(taskDefinitions=[arn, "nobody:1"])
    assert answer["taskDefinitions"] == []
    assert [failure["arn"] for failure in answer["failures"]] == [arn, "nobody:1"]
    active, missing = (failure["reason"] for failure in answer["failures"])
    assert "still in ACTIVE status" in active
    assert "does not exist" in missing
    with pytest.raises(ClientError) as error:
        fargate.ecs.delete_task_definitions(taskDefinitions=["f:1"] * 11)
    assert code(error) == "InvalidParameterException"


def test_a_definition_is_deleted_only_when_no_task_refers_to_it(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-definition-state.html"""
    definition = fargate.register(fargate.container("wait"))
    task = fargate.start(definition)
    arn = definition["taskDefinitionArn"]
    fargate.ecs.deregister_task_definition(taskDefinition=arn)
    fargate.ecs.delete_task_definitions(taskDefinitions=[arn])
    status = fargate.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["status"]
    assert status == "DELETE_IN_PROGRESS"
    fargate.ecs.stop_task(cluster="c", task=task)
    fargate.wait(task)
    assert fargate.ecs.list_task_definitions(status="DELETE_IN_PROGRESS")["taskDefinitionArns"] == []


def test_definitions_are_listed_by_whole_family_and_status_a_page_at_a_time(fargate: Any) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html"""
    arns = [fargate.register()["taskDefinitionArn"] for _ in range(11)]
    other = fargate.register(family="ff")["taskDefinitionArn"]
    fargate.ecs.deregister_task_definition(taskDefinition="f:1")
    pages = fargate.ecs.get_paginator("list_task_definitions").paginate(
        familyPrefix="f", sort="DESC", PaginationConfig={"PageSize": 4}
    )
    listed = []
    for page in pages:
        listed += page["taskDefinitionArns"]
        for arn in page["taskDefinitionArns"]:  # as a clean-up does
            fargate.ecs.deregister_task_definition(taskDefinition=arn)
    assert listed == arns[:0:-1]
    assert fargate.ecs.list_task_definitions()["taskDefinitionArns"] == [other]
    assert fargate.ecs.list_task_definition_families(status="ACTIVE")["families"] == ["ff"]
    assert fargate.ecs.list_task_definition_families(familyPrefix="f")["families"] == ["f", "ff"]


def test_a_family_names_its_newest_active_revision(fargate: Any) -> None:
    fargate.register()
    fargate.register()
    assert fargate.ecs.describe_task_definition(taskDefinition="f")["taskDefinition"]["revision"] == 2
    fargate.ecs.deregister_task_definition(taskDefinition="f:2")
    assert fargate.ecs.describe_task_definition(taskDefinition="f")["taskDefinition"]["revision"] == 1
    assert (
        fargate.ecs.describe_task_definition(taskDefinition="f:2")["taskDefinition"]["status"] == "INACTIVE"
    )
