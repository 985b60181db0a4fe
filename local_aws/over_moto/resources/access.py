"""Roles and security groups."""

from __future__ import annotations

from typing import Any

from moto.core.common_models import CloudFormationModel

from local_aws.over_moto.resources.base import Resource, document
from local_aws.wire import Json


class Role(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-role.html."""

    kind = "AWS::IAM::Role"
    named_by = "RoleName"
    honours = frozenset(
        {
            "RoleName",
            "AssumeRolePolicyDocument",
            "Path",
            "Description",
            "MaxSessionDuration",
            "Policies",
            "ManagedPolicyArns",
            "Tags",
        }
    )
    replaced_by = frozenset({"RoleName", "Path"})
    attributes = frozenset({"Arn", "RoleId"})

    def create(self) -> None:
        """Make the role with its policies."""
        self.client("iam").create_role(
            RoleName=self.name,
            AssumeRolePolicyDocument=document(self.properties["AssumeRolePolicyDocument"]),
            **self.given("Path", "Description", "MaxSessionDuration"),
            **({"Tags": self.tag_list} if self.tags else {}),
        )
        try:
            self._put_policies({})
        except Exception:  # what is half made must not stay
            self.delete()
            raise

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring trust, policies and tags to what the template says."""
        iam, at = self.client("iam"), {"RoleName": self.name}
        iam.update_assume_role_policy(
            **at, PolicyDocument=document(self.properties["AssumeRolePolicyDocument"])
        )
        iam.update_role(
            **at,
            Description=self.properties.get("Description", ""),
            MaxSessionDuration=int(self.properties.get("MaxSessionDuration", 3600)),
        )
        self._put_policies(old)
        if gone := self.tags_gone(old, old_tags):
            iam.untag_role(**at, TagKeys=gone)
        if self.tags:
            iam.tag_role(**at, Tags=self.tag_list)

    def delete(self) -> None:
        """Remove the role; its policies, which it would be refused for, go first."""
        iam, at = self.client("iam"), {"RoleName": self.name}
        for policy in iam.list_role_policies(**at)["PolicyNames"]:
            iam.delete_role_policy(**at, PolicyName=policy)
        for attached in iam.list_attached_role_policies(**at)["AttachedPolicies"]:
            iam.detach_role_policy(**at, PolicyArn=attached["PolicyArn"])
        iam.delete_role(**at)

    def attribute(self, name: str) -> str:
        """Return the value of Fn::GetAtt."""
        return str(self.client("iam").get_role(RoleName=self.name)["Role"][name])

    def _put_policies(self, old: Json) -> None:
        iam, at = self.client("iam"), {"RoleName": self.name}
        wanted = {
            policy["PolicyName"]: policy["PolicyDocument"] for policy in self.properties.get("Policies", [])
        }
        for name, policy in wanted.items():
            iam.put_role_policy(**at, PolicyName=name, PolicyDocument=document(policy))
        for policy in old.get("Policies", []):
            if policy["PolicyName"] not in wanted:
                iam.delete_role_policy(**at, PolicyName=policy["PolicyName"])
        attached, before = self.properties.get("ManagedPolicyArns", []), old.get("ManagedPolicyArns", [])
        for arn in attached:
            iam.attach_role_policy(**at, PolicyArn=arn)
        for arn in set(before) - set(attached):
            iam.detach_role_policy(**at, PolicyArn=arn)


class SecurityGroup(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-securitygroup.html."""

    kind = "AWS::EC2::SecurityGroup"
    named_by = "GroupName"
    honours = frozenset(
        {"GroupName", "GroupDescription", "VpcId", "SecurityGroupEgress", "SecurityGroupIngress", "Tags"}
    )
    replaced_by = frozenset({"GroupName", "GroupDescription", "VpcId"})
    attributes = frozenset({"GroupId", "VpcId"})

    def create(self) -> None:
        """Make the group with its rules."""
        answer = self.client("ec2").create_security_group(
            GroupName=self.name, Description=self.properties["GroupDescription"], **self.given("VpcId")
        )
        self.physical_resource_id = answer["GroupId"]
        try:
            self.update({}, {})
        except Exception:  # what is half made must not stay
            self.delete()
            raise

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring rules and tags to what the template says."""
        ec2, at = self.client("ec2"), {"GroupId": self.physical_resource_id}
        there = ec2.describe_security_groups(GroupIds=[self.physical_resource_id])["SecurityGroups"][0]
        # Without egress rules in the template the group keeps the one it is born with: anything may go out.
        if "SecurityGroupEgress" in self.properties:
            if there["IpPermissionsEgress"]:
                ec2.revoke_security_group_egress(**at, IpPermissions=there["IpPermissionsEgress"])
            if rules := permissions_of(self.properties["SecurityGroupEgress"]):
                ec2.authorize_security_group_egress(**at, IpPermissions=rules)
        if there["IpPermissions"]:
            ec2.revoke_security_group_ingress(**at, IpPermissions=there["IpPermissions"])
        if rules := permissions_of(self.properties.get("SecurityGroupIngress", [])):
            ec2.authorize_security_group_ingress(**at, IpPermissions=rules)
        if gone := self.tags_gone(old, old_tags):
            ec2.delete_tags(Resources=[self.physical_resource_id], Tags=[{"Key": key} for key in gone])
        if self.tags:
            ec2.create_tags(Resources=[self.physical_resource_id], Tags=self.tag_list)

    def delete(self) -> None:
        """Remove the group."""
        self.client("ec2").delete_security_group(GroupId=self.physical_resource_id)

    def attribute(self, name: str) -> str:
        """Return the value of Fn::GetAtt."""
        groups = self.client("ec2").describe_security_groups(GroupIds=[self.physical_resource_id])
        return str(groups["SecurityGroups"][0][name])


def permissions_of(rules: Json) -> list[dict[str, Any]]:
    """Return the API's form of a security group's rules; boto3 refuses a rule's unknown members by name."""
    permissions = []
    for given in rules:
        rule = dict(given)
        description = {"Description": rule.pop("Description")} if "Description" in rule else {}
        if "CidrIp" in rule:
            rule["IpRanges"] = [{"CidrIp": rule.pop("CidrIp"), **description}]
        if "CidrIpv6" in rule:
            rule["Ipv6Ranges"] = [{"CidrIpv6": rule.pop("CidrIpv6"), **description}]
        for group in ("SourceSecurityGroupId", "DestinationSecurityGroupId"):
            if group in rule:
                rule["UserIdGroupPairs"] = [{"GroupId": rule.pop(group), **description}]
        for port in {"FromPort", "ToPort"} & set(rule):
            rule[port] = int(rule[port])
        permissions.append({**rule, "IpProtocol": str(rule["IpProtocol"])})
    return permissions
