"""Topics with their subscriptions, and queues."""

from __future__ import annotations

from urllib.parse import urlsplit

from moto.core.common_models import CloudFormationModel

from local_aws.over_moto.resources.base import Resource, document
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


class Subscription(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sns-subscription.html.

    A subscription by e-mail is confirmed from the start and no mail is ever sent; on AWS its owner confirms.
    """

    kind = "AWS::SNS::Subscription"
    honours = frozenset({"TopicArn", "Protocol", "Endpoint"})
    replaced_by = honours

    def create(self) -> None:
        """Subscribe the endpoint."""
        answer = self.client("sns").subscribe(
            ReturnSubscriptionArn=True, **self.given("TopicArn", "Protocol", "Endpoint")
        )
        self.physical_resource_id = answer["SubscriptionArn"]

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Change nothing: each of its properties makes another subscription, and it has no tags."""

    def delete(self) -> None:
        """Unsubscribe the endpoint."""
        self.client("sns").unsubscribe(SubscriptionArn=self.physical_resource_id)


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
        # Made from inside, it would name a host that no client outside can reach.
        path = urlsplit(answer["QueueUrl"]).path
        self.physical_resource_id = f"{self.place.cloud.endpoint_url}{path}"

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
