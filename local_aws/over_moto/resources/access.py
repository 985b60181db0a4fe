"""Who may do what: roles, and the identity providers that vouch for others."""

from __future__ import annotations

from moto.core.common_models import CloudFormationModel
from moto.iam.models import iam_backends

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


class OIDCProvider(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-oidcprovider.html.

    It is described back; nobody can assume a role by its tokens here.
    """

    kind = "AWS::IAM::OIDCProvider"
    honours = frozenset({"Url", "ClientIdList", "ThumbprintList", "Tags"})
    replaced_by = frozenset({"Url"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        """Make the provider; an account has one a URL."""
        answer = self.client("iam").create_open_id_connect_provider(
            Url=self.properties["Url"],
            ClientIDList=self.properties.get("ClientIdList", []),
            ThumbprintList=self.properties.get("ThumbprintList", []),
            **({"Tags": self.tag_list} if self.tags else {}),
        )
        self.physical_resource_id = answer["OpenIDConnectProviderArn"]

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring audiences, thumbprints and tags to what the template says."""
        # moto lacks the operations that add and remove an audience.
        provider = iam_backends[self.place.cloud.account]["aws"].get_open_id_connect_provider(
            self.physical_resource_id
        )
        provider.client_id_list = list(self.properties.get("ClientIdList", []))
        iam, at = self.client("iam"), {"OpenIDConnectProviderArn": self.physical_resource_id}
        if prints := self.properties.get("ThumbprintList"):
            iam.update_open_id_connect_provider_thumbprint(**at, ThumbprintList=prints)
        if gone := self.tags_gone(old, old_tags):
            iam.untag_open_id_connect_provider(**at, TagKeys=gone)
        if self.tags:
            iam.tag_open_id_connect_provider(**at, Tags=self.tag_list)

    def delete(self) -> None:
        """Remove the provider."""
        self.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=self.physical_resource_id)

    def attribute(self, name: str) -> str:  # noqa: ARG002 - there is only Arn
        """Return the value of Fn::GetAtt."""
        return self.physical_resource_id
