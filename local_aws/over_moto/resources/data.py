"""Buckets and tables."""

from __future__ import annotations

from typing import Any

from moto.core.common_models import CloudFormationModel

from local_aws.over_moto.resources.base import Resource, document
from local_aws.wire import Json, not_modelled


class Bucket(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-s3-bucket.html."""

    kind = "AWS::S3::Bucket"
    named_by = "BucketName"
    honours = frozenset(
        {
            "BucketName",
            "VersioningConfiguration",
            "NotificationConfiguration",
            "BucketEncryption",
            "PublicAccessBlockConfiguration",
            "LifecycleConfiguration",
            "OwnershipControls",
            "Tags",
        }
    )
    replaced_by = frozenset({"BucketName"})
    attributes = frozenset({"Arn", "DomainName", "RegionalDomainName"})

    def create(self) -> None:
        """Make the bucket with all that is configured."""
        region = self.place.region
        elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.client("s3").create_bucket(Bucket=self.name, **({} if region == "us-east-1" else elsewhere))
        try:
            self.update({}, {})
        except Exception:  # what is half made must not stay
            self.delete()
            raise

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Put every configuration the template has, and take away what it no longer has."""
        s3, at, new = self.client("s3"), {"Bucket": self.name}, self.properties
        versioning = new.get("VersioningConfiguration")
        if versioning or "VersioningConfiguration" in old:
            s3.put_bucket_versioning(**at, VersioningConfiguration=versioning or {"Status": "Suspended"})
        notification = notification_of(new.get("NotificationConfiguration") or {})
        if notification or "NotificationConfiguration" in old:
            s3.put_bucket_notification_configuration(**at, NotificationConfiguration=notification)
        self._put_protection(old)
        if lifecycle := new.get("LifecycleConfiguration"):
            rules = [lifecycle_rule_of(rule) for rule in lifecycle["Rules"]]
            s3.put_bucket_lifecycle_configuration(**at, LifecycleConfiguration={"Rules": rules})
        elif "LifecycleConfiguration" in old:
            s3.delete_bucket_lifecycle(**at)
        if ownership := new.get("OwnershipControls"):
            s3.put_bucket_ownership_controls(**at, OwnershipControls=ownership)
        elif "OwnershipControls" in old:
            s3.delete_bucket_ownership_controls(**at)
        if self.tags:
            s3.put_bucket_tagging(**at, Tagging={"TagSet": self.tag_list})
        elif self.tags_gone(old, old_tags):
            s3.delete_bucket_tagging(**at)

    def _put_protection(self, old: Json) -> None:
        s3, at, new = self.client("s3"), {"Bucket": self.name}, self.properties
        if block := new.get("PublicAccessBlockConfiguration"):
            s3.put_public_access_block(**at, PublicAccessBlockConfiguration=block)
        elif "PublicAccessBlockConfiguration" in old:
            s3.delete_public_access_block(**at)
        if encryption := new.get("BucketEncryption"):
            s3.put_bucket_encryption(**at, ServerSideEncryptionConfiguration=encryption_of(encryption))
        elif "BucketEncryption" in old:
            s3.delete_bucket_encryption(**at)

    def delete(self) -> None:
        """Remove the bucket; BucketNotEmpty while it holds an object or an object's version."""
        self.client("s3").delete_bucket(Bucket=self.name)

    def attribute(self, name: str) -> str:
        """Return the value of Fn::GetAtt."""
        return {
            "Arn": f"arn:aws:s3:::{self.name}",
            "DomainName": f"{self.name}.s3.amazonaws.com",
            "RegionalDomainName": f"{self.name}.s3.{self.place.region}.amazonaws.com",
        }[name]


def notification_of(configuration: Json) -> dict[str, Any]:
    """Return the API's form of NotificationConfiguration."""
    for other in sorted(set(configuration) - {"EventBridgeConfiguration"}):
        raise not_modelled(f"{other} in a bucket's NotificationConfiguration")
    enabled = (configuration.get("EventBridgeConfiguration") or {}).get("EventBridgeEnabled", True)
    if "EventBridgeConfiguration" in configuration and enabled in (True, "true"):
        return {"EventBridgeConfiguration": {}}
    return {}


def encryption_of(encryption: Json) -> dict[str, Any]:
    """Return the API's form of BucketEncryption."""
    rules = []
    for given in encryption["ServerSideEncryptionConfiguration"]:
        rule = dict(given)
        if "ServerSideEncryptionByDefault" in rule:
            rule["ApplyServerSideEncryptionByDefault"] = rule.pop("ServerSideEncryptionByDefault")
        rules.append(rule)
    return {"Rules": rules}


def lifecycle_rule_of(given: Json) -> dict[str, Any]:
    """Return the API's form of one lifecycle rule."""
    rule = dict(given)
    if "Id" in rule:
        rule["ID"] = rule.pop("Id")
    expiration = {
        api: rule.pop(ours)
        for ours, api in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if ours in rule
    }
    if expiration:
        rule["Expiration"] = expiration
    # Rules filter by prefix here; boto3 refuses the rest (TagFilters, ObjectSizeGreaterThan) by name.
    rule["Filter"] = {"Prefix": rule.pop("Prefix", "")}
    return rule


class BucketPolicy(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-s3-bucketpolicy.html."""

    kind = "AWS::S3::BucketPolicy"
    honours = frozenset({"Bucket", "PolicyDocument"})
    replaced_by = frozenset({"Bucket"})

    def create(self) -> None:
        """Put the policy."""
        self.physical_resource_id = self.properties["Bucket"]
        self.update({}, {})

    def update(self, old: Json, old_tags: dict[str, str]) -> None:  # noqa: ARG002 - put as a whole
        """Put the policy."""
        policy = document(self.properties["PolicyDocument"])
        self.client("s3").put_bucket_policy(Bucket=self.properties["Bucket"], Policy=policy)

    def delete(self) -> None:
        """Remove the policy."""
        self.client("s3").delete_bucket_policy(Bucket=self.properties["Bucket"])


class Table(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-dynamodb-table.html."""

    kind = "AWS::DynamoDB::Table"
    named_by = "TableName"
    honours = frozenset(
        {
            "TableName",
            "AttributeDefinitions",
            "KeySchema",
            "BillingMode",
            "ProvisionedThroughput",
            "PointInTimeRecoverySpecification",
            "SSESpecification",
            "DeletionProtectionEnabled",
            "TimeToLiveSpecification",
            "Tags",
        }
    )
    replaced_by = frozenset({"TableName", "KeySchema", "AttributeDefinitions"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        """Make the table."""
        keys = self.given(
            "AttributeDefinitions",
            "KeySchema",
            "BillingMode",
            "ProvisionedThroughput",
            "DeletionProtectionEnabled",
        )
        tags = {"Tags": self.tag_list} if self.tags else {}
        self.client("dynamodb").create_table(TableName=self.name, **keys, **self._encryption(), **tags)
        self._put_extras({})

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring billing, protection, encryption, recovery, expiry and tags to what the template says."""
        client = self.client("dynamodb")
        changed = self.given("BillingMode", "ProvisionedThroughput")
        protected = self.properties.get("DeletionProtectionEnabled", False)
        client.update_table(
            TableName=self.name, DeletionProtectionEnabled=protected, **changed, **self._encryption()
        )
        self._put_extras(old)
        if gone := self.tags_gone(old, old_tags):
            client.untag_resource(ResourceArn=self.attribute("Arn"), TagKeys=gone)
        if self.tags:
            client.tag_resource(ResourceArn=self.attribute("Arn"), Tags=self.tag_list)

    def delete(self) -> None:
        """Remove the table."""
        self.client("dynamodb").delete_table(TableName=self.name)

    def attribute(self, name: str) -> str:  # noqa: ARG002 - there is only Arn
        """Return the value of Fn::GetAtt."""
        return f"arn:aws:dynamodb:{self.place.region}:{self.place.cloud.account}:table/{self.name}"

    def _encryption(self) -> dict[str, Any]:
        if "SSESpecification" not in self.properties:
            return {}
        given = dict(self.properties["SSESpecification"])
        return {"SSESpecification": {"Enabled": given.pop("SSEEnabled"), **given}}

    def _put_extras(self, old: Json) -> None:
        client = self.client("dynamodb")
        recovery = self.properties.get("PointInTimeRecoverySpecification")
        if recovery or "PointInTimeRecoverySpecification" in old:
            client.update_continuous_backups(
                TableName=self.name,
                PointInTimeRecoverySpecification=recovery or {"PointInTimeRecoveryEnabled": False},
            )
        expiry = self.properties.get("TimeToLiveSpecification")
        if expiry != old.get("TimeToLiveSpecification"):
            off = {**(old.get("TimeToLiveSpecification") or {}), "Enabled": False}
            client.update_time_to_live(TableName=self.name, TimeToLiveSpecification=expiry or off)
