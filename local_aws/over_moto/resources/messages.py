"""Topics, queues, log groups and image repositories."""

from __future__ import annotations

from typing import Any

from moto.core.common_models import CloudFormationModel

from local_aws.over_moto.resources.base import Resource, document, lowered
from local_aws.wire import Json


class Topic(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sns-topic.html."""

    kind = "AWS::SNS::Topic"
    named_by = "TopicName"
    honours = frozenset({"TopicName", "DisplayName", "KmsMasterKeyId", "Tags"})
    replaced_by = frozenset({"TopicName"})
    attributes = frozenset({"TopicArn", "TopicName"})

    def create(self) -> None:
        """Make the topic."""
        answer = self.client("sns").create_topic(
            Name=self.name,
            Attributes=self.given("DisplayName", "KmsMasterKeyId"),
            **({"Tags": self.tag_list} if self.tags else {}),
        )
        self.physical_resource_id = answer["TopicArn"]

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring attributes and tags to what the template says."""
        sns, arn = self.client("sns"), self.physical_resource_id
        for name in ("DisplayName", "KmsMasterKeyId"):
            if self.properties.get(name) != old.get(name):
                value = self.properties.get(name, "")
                sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
        if gone := self.tags_gone(old, old_tags):
            sns.untag_resource(ResourceArn=arn, TagKeys=gone)
        if self.tags:
            sns.tag_resource(ResourceArn=arn, Tags=self.tag_list)

    def delete(self) -> None:
        """Remove the topic."""
        self.client("sns").delete_topic(TopicArn=self.physical_resource_id)

    def attribute(self, name: str) -> str:
        """Return the value of Fn::GetAtt."""
        return {"TopicArn": self.physical_resource_id, "TopicName": self.name}[name]


class TopicPolicy(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sns-topicpolicy.html."""

    kind = "AWS::SNS::TopicPolicy"
    honours = frozenset({"PolicyDocument", "Topics"})
    replaced_by = frozenset({"Topics"})

    def create(self) -> None:
        """Put the policy on its topics."""
        self.update({}, {})

    def update(self, old: Json, old_tags: dict[str, str]) -> None:  # noqa: ARG002 - put as a whole
        """Put the policy on its topics."""
        for arn in self.properties["Topics"]:
            self._put(arn, self.properties["PolicyDocument"])

    def delete(self) -> None:
        """Give the topics back the policy they were born with: their owner may do everything."""
        owner = {"StringEquals": {"AWS:SourceOwner": self.place.cloud.account}}
        for arn in self.properties["Topics"]:
            everything = {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "SNS:*",
                "Resource": arn,
                "Condition": owner,
            }
            self._put(arn, {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [everything]})

    def _put(self, arn: str, policy: Json) -> None:
        self.client("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=document(policy)
        )


class Queue(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sqs-queue.html."""

    kind = "AWS::SQS::Queue"
    named_by = "QueueName"
    settable = (
        "DelaySeconds",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "VisibilityTimeout",
    )
    honours = frozenset({"QueueName", "RedrivePolicy", "SqsManagedSseEnabled", "Tags", *settable})
    replaced_by = frozenset({"QueueName"})
    attributes = frozenset({"Arn", "QueueName", "QueueUrl"})

    def create(self) -> None:
        """Make the queue."""
        answer = self.client("sqs").create_queue(
            QueueName=self.name, Attributes=self._settings(), **({"tags": self.tags} if self.tags else {})
        )
        self.physical_resource_id = answer["QueueUrl"]

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring attributes and tags to what the template says."""
        sqs, url = self.client("sqs"), self.physical_resource_id
        sqs.set_queue_attributes(QueueUrl=url, Attributes=self._settings())
        if gone := self.tags_gone(old, old_tags):
            sqs.untag_queue(QueueUrl=url, TagKeys=gone)
        if self.tags:
            sqs.tag_queue(QueueUrl=url, Tags=self.tags)

    def delete(self) -> None:
        """Remove the queue."""
        self.client("sqs").delete_queue(QueueUrl=self.physical_resource_id)

    def attribute(self, name: str) -> str:
        """Return the value of Fn::GetAtt."""
        arn = f"arn:aws:sqs:{self.place.region}:{self.place.cloud.account}:{self.name}"
        return {"Arn": arn, "QueueName": self.name, "QueueUrl": self.physical_resource_id}[name]

    def _settings(self) -> dict[str, str]:
        # What a template no longer says is at its default again.
        defaults = {
            "DelaySeconds": "0",
            "MessageRetentionPeriod": "345600",
            "ReceiveMessageWaitTimeSeconds": "0",
            "VisibilityTimeout": "30",
        }
        settings = {name: str(self.properties.get(name, defaults[name])) for name in self.settable}
        if "RedrivePolicy" in self.properties:
            settings["RedrivePolicy"] = document(self.properties["RedrivePolicy"])
        if "SqsManagedSseEnabled" in self.properties:
            settings["SqsManagedSseEnabled"] = str(self.properties["SqsManagedSseEnabled"]).lower()
        return settings


class QueuePolicy(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sqs-queuepolicy.html."""

    kind = "AWS::SQS::QueuePolicy"
    honours = frozenset({"PolicyDocument", "Queues"})
    replaced_by = frozenset({"Queues"})

    def create(self) -> None:
        """Put the policy on its queues."""
        self.update({}, {})

    def update(self, old: Json, old_tags: dict[str, str]) -> None:  # noqa: ARG002 - put as a whole
        """Put the policy on its queues."""
        self._put(document(self.properties["PolicyDocument"]))

    def delete(self) -> None:
        """Leave the queues without a policy."""
        self._put("")

    def _put(self, policy: str) -> None:
        for url in self.properties["Queues"]:
            self.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


class LogGroup(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-logs-loggroup.html."""

    kind = "AWS::Logs::LogGroup"
    named_by = "LogGroupName"
    honours = frozenset({"LogGroupName", "RetentionInDays", "Tags"})
    replaced_by = frozenset({"LogGroupName"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        """Make the log group."""
        self.client("logs").create_log_group(
            logGroupName=self.name, **({"tags": self.tags} if self.tags else {})
        )
        self._put_retention({})

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring retention and tags to what the template says."""
        self._put_retention(old)
        logs, arn = self.client("logs"), self.attribute("Arn").removesuffix(":*")
        if gone := self.tags_gone(old, old_tags):
            logs.untag_resource(resourceArn=arn, tagKeys=gone)
        if self.tags:
            logs.tag_resource(resourceArn=arn, tags=self.tags)

    def delete(self) -> None:
        """Remove the log group."""
        self.client("logs").delete_log_group(logGroupName=self.name)

    def attribute(self, name: str) -> str:  # noqa: ARG002 - there is only Arn
        """Return the value of Fn::GetAtt."""
        return f"arn:aws:logs:{self.place.region}:{self.place.cloud.account}:log-group:{self.name}:*"

    def _put_retention(self, old: Json) -> None:
        logs = self.client("logs")
        if days := self.properties.get("RetentionInDays"):
            logs.put_retention_policy(logGroupName=self.name, retentionInDays=int(days))
        elif "RetentionInDays" in old:
            logs.delete_retention_policy(logGroupName=self.name)


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
