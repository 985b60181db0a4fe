"""Image repositories."""

from __future__ import annotations

from typing import Any

from moto.core.common_models import CloudFormationModel

from local_aws.over_moto.resources.base import Resource, lowered
from local_aws.wire import Json


class Repository(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ecr-repository.html."""

    kind = "AWS::ECR::Repository"
    named_by = "RepositoryName"
    honours = frozenset(
        {
            "RepositoryName",
            "ImageScanningConfiguration",
            "ImageTagMutability",
            "EncryptionConfiguration",
            "LifecyclePolicy",
            "EmptyOnDelete",
            "Tags",
        }
    )
    replaced_by = frozenset({"RepositoryName", "EncryptionConfiguration"})
    attributes = frozenset({"Arn", "RepositoryUri"})

    def create(self) -> None:
        """Make the repository."""
        self.name = self.physical_resource_id = self.name.lower()
        given = lowered(
            self.given("ImageScanningConfiguration", "ImageTagMutability", "EncryptionConfiguration")
        )
        tags: dict[str, Any] = {"tags": self.tag_list} if self.tags else {}
        self.client("ecr").create_repository(repositoryName=self.name, **given, **tags)
        self._put_lifecycle({})

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring scanning, mutability, life cycle and tags to what the template says."""
        ecr, at = self.client("ecr"), {"repositoryName": self.name}
        scanning = lowered(self.properties.get("ImageScanningConfiguration", {"ScanOnPush": False}))
        ecr.put_image_scanning_configuration(**at, imageScanningConfiguration=scanning)
        mutability = self.properties.get("ImageTagMutability", "MUTABLE")
        ecr.put_image_tag_mutability(**at, imageTagMutability=mutability)
        self._put_lifecycle(old)
        if gone := self.tags_gone(old, old_tags):
            ecr.untag_resource(resourceArn=self.attribute("Arn"), tagKeys=gone)
        if self.tags:
            ecr.tag_resource(resourceArn=self.attribute("Arn"), tags=self.tag_list)

    def delete(self) -> None:
        """Remove the repository; RepositoryNotEmptyException while it holds images, unless EmptyOnDelete."""
        force = self.properties.get("EmptyOnDelete") in (True, "true")
        self.client("ecr").delete_repository(repositoryName=self.name, force=force)

    def attribute(self, name: str) -> str:
        """Return the value of Fn::GetAtt."""
        found = self.client("ecr").describe_repositories(repositoryNames=[self.name])["repositories"][0]
        return str(found[{"Arn": "repositoryArn", "RepositoryUri": "repositoryUri"}[name]])

    def _put_lifecycle(self, old: Json) -> None:
        ecr, at = self.client("ecr"), {"repositoryName": self.name}
        if policy := (self.properties.get("LifecyclePolicy") or {}).get("LifecyclePolicyText"):
            ecr.put_lifecycle_policy(**at, lifecyclePolicyText=policy)
        elif "LifecyclePolicy" in old:
            ecr.delete_lifecycle_policy(**at)
