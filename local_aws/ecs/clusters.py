"""Clusters: create, describe, list, delete.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html and its neighbours.
"""

from __future__ import annotations

import re

from local_aws.ecs.records import Cluster
from local_aws.ecs.store import EcsStore, check_tags, short_name
from local_aws.wire import AwsError, Json, not_modelled, operation

INCLUDED = ["SETTINGS", "TAGS"]


class ClusterOperations(EcsStore):
    """The operations on clusters."""

    @operation("clusterName", "tags", "settings")
    def CreateCluster(self, request: dict[str, Json]) -> Json:
        """Create a cluster, or return the active one of this name as it is."""
        name = request.get("clusterName") or "default"
        if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}", name):
            raise AwsError(
                "InvalidParameterException",
                "Identifiers must contain only alphanumeric characters, hyphens and underscores, "
                f"at most 255 of them: {name}",
            )
        cluster = self.clusters.get(name)
        if cluster is None or cluster.status != "ACTIVE":
            cluster = Cluster(
                arn=self.arn(f"cluster/{name}"),
                name=name,
                settings=_settings(request.get("settings") or []),
                tags=check_tags(request.get("tags") or []),
            )
            self.clusters[name] = cluster
        return {"cluster": cluster.describe(self.tasks_of(cluster), INCLUDED)}

    @operation("clusters", "include")
    def DescribeClusters(self, request: dict[str, Json]) -> Json:
        """Describe clusters, deleted ones (INACTIVE) too; an unknown name is a failure, not an error."""
        include = request.get("include") or []
        for lacking in sorted(set(include) - {"SETTINGS", "TAGS", "STATISTICS"}):
            raise not_modelled(f"{lacking} of a cluster")
        found, failures = [], []
        for named in request.get("clusters") or ["default"]:
            cluster = self.clusters.get(short_name(named))
            if cluster is None:
                failures.append({"arn": self.arn(f"cluster/{short_name(named)}"), "reason": "MISSING"})
            else:
                found.append(cluster.describe(self.tasks_of(cluster), include))
        return {"clusters": found, "failures": failures}

    @operation("nextToken", "maxResults")
    def ListClusters(self, request: dict[str, Json]) -> Json:
        """List the active clusters."""
        arns = sorted(one.arn for one in self.clusters.values() if one.status == "ACTIVE")
        page, following = self.page(arns, request)
        return {"clusterArns": page, **following}

    @operation("cluster")
    def DeleteCluster(self, request: dict[str, Json]) -> Json:
        """Make a cluster INACTIVE; refused until its last task is STOPPED."""
        cluster = self.find_cluster(request["cluster"])
        if any(task.last_status != "STOPPED" for task in self.tasks_of(cluster)):
            raise AwsError(
                "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."
            )
        cluster.status = "INACTIVE"
        return {"cluster": cluster.describe([], INCLUDED)}


def _settings(asked: list[dict[str, str]]) -> list[dict[str, str]]:
    for setting in asked:
        if setting.get("name") != "containerInsights":
            raise AwsError("InvalidParameterException", f"Invalid cluster setting {setting.get('name')}.")
        if setting.get("value") != "disabled":
            raise not_modelled(f"containerInsights {setting.get('value')} of a cluster")
    return asked or [{"name": "containerInsights", "value": "disabled"}]
