"""Security groups and VPC endpoints."""

from __future__ import annotations

from typing import Any

from moto.core.common_models import CloudFormationModel

from local_aws.over_moto.resources.base import Resource, document
from local_aws.wire import AwsError, Json, not_modelled


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


class VpcEndpoint(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-vpcendpoint.html.

    It is described back, with its route in the route tables of a gateway; no traffic goes through it.
    """

    kind = "AWS::EC2::VPCEndpoint"
    moved = ("RouteTableIds", "SubnetIds", "SecurityGroupIds")  # lists that can change in place
    gateway_only = ("RouteTableIds",)
    interface_only = ("SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled")
    # On AWS PrivateDnsEnabled changes in place, which moto cannot.
    replaced_by = frozenset({"VpcId", "ServiceName", "VpcEndpointType", "PrivateDnsEnabled"})
    honours = frozenset({"PolicyDocument", "Tags", *moved, *replaced_by})
    attributes = frozenset({"Id"})

    def create(self) -> None:
        """Make the endpoint."""
        self._check()
        settings = self.given("VpcId", "ServiceName", "VpcEndpointType", *self.moved)
        if "PrivateDnsEnabled" in self.properties:
            settings["PrivateDnsEnabled"] = self.properties["PrivateDnsEnabled"] in (True, "true")
        if "PolicyDocument" in self.properties:
            settings["PolicyDocument"] = document(self.properties["PolicyDocument"])
        if self.tags:
            settings["TagSpecifications"] = [{"ResourceType": "vpc-endpoint", "Tags": self.tag_list}]
        answer = self.client("ec2").create_vpc_endpoint(**settings)
        self.physical_resource_id = answer["VpcEndpoint"]["VpcEndpointId"]

    def _check(self) -> None:
        """Raise what AWS, but not moto, refuses: a gateway has no interfaces, an interface no routes."""
        kind = self.properties.get("VpcEndpointType", "Gateway")
        if kind not in ("Gateway", "Interface"):
            raise not_modelled(f"VPC endpoints of type {kind}")
        for name in self.interface_only if kind == "Gateway" else self.gateway_only:
            if self.properties.get(name):
                raise AwsError("InvalidParameter", f"{name} is not allowed for an endpoint of type {kind}.")

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring policy, route tables, subnets, groups and tags to what the template says."""
        self._check()
        ec2, changes = self.client("ec2"), dict[str, Any]()
        for name in self.moved:
            new, before = set(self.properties.get(name, [])), set(old.get(name, []))
            if new - before:
                changes[f"Add{name}"] = sorted(new - before)
            if before - new:
                changes[f"Remove{name}"] = sorted(before - new)
        if "PolicyDocument" in self.properties:
            changes["PolicyDocument"] = document(self.properties["PolicyDocument"])
        elif "PolicyDocument" in old:
            changes["ResetPolicy"] = True
        if changes:
            ec2.modify_vpc_endpoint(VpcEndpointId=self.physical_resource_id, **changes)
        if gone := self.tags_gone(old, old_tags):
            ec2.delete_tags(Resources=[self.physical_resource_id], Tags=[{"Key": key} for key in gone])
        if self.tags:
            ec2.create_tags(Resources=[self.physical_resource_id], Tags=self.tag_list)

    def delete(self) -> None:
        """Remove the endpoint."""
        self.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[self.physical_resource_id])

    def attribute(self, name: str) -> str:  # noqa: ARG002 - there is only Id
        """Return the value of Fn::GetAtt."""
        return self.physical_resource_id
