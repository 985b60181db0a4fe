"""The VPC and subnets that the tasks get, and what is said of those where they could not start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mayfly.console import CommandError
from mayfly.deploying.network import concerns, network, refuse_too_many
from mayfly.stage import Stage


@pytest.fixture
def vpc(stage: Stage) -> Iterator[dict[str, str]]:
    """Make a VPC with a large and a small subnet in a zone, and a route to the internet for the large one."""
    ec2 = stage.client("ec2")
    zone = "us-east-1a"
    made = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    large = ec2.create_subnet(VpcId=made, CidrBlock="10.9.1.0/24", AvailabilityZone=zone)["Subnet"][
        "SubnetId"
    ]
    small = ec2.create_subnet(VpcId=made, CidrBlock="10.9.2.0/28", AvailabilityZone=zone)["Subnet"][
        "SubnetId"
    ]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=made)
    table = ec2.create_route_table(VpcId=made)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=large)["AssociationId"]
    yield {"vpc": made, "large": large, "small": small}
    ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route_table(RouteTableId=table)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=made)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_subnet(SubnetId=large)
    ec2.delete_subnet(SubnetId=small)
    ec2.delete_vpc(VpcId=made)


def test_without_settings_it_is_the_default_vpc_with_all_its_subnets(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    found = network(stage, {})
    subnets = stage.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [found["VpcId"]]}])
    assert found["Subnets"] == ",".join(sorted(subnet["SubnetId"] for subnet in subnets["Subnets"]))
    assert f"the default VPC {found['VpcId']}" in capsys.readouterr().err


def test_a_vpc_of_the_settings_comes_with_its_subnets_or_those_named(
    stage: Stage, vpc: dict[str, str]
) -> None:
    both = ",".join(sorted((vpc["large"], vpc["small"])))
    assert network(stage, {"VPC_ID": vpc["vpc"]}) == {"VpcId": vpc["vpc"], "Subnets": both}
    named = network(stage, {"VPC_ID": vpc["vpc"], "SUBNET_IDS": vpc["small"]})
    assert named == {"VpcId": vpc["vpc"], "Subnets": vpc["small"]}


def test_a_subnet_that_is_not_there_or_elsewhere_is_refused(stage: Stage, vpc: dict[str, str]) -> None:
    with pytest.raises(CommandError, match="is not there"):
        network(stage, {"VPC_ID": vpc["vpc"], "SUBNET_IDS": "subnet-0123456789abcdef0"})
    default = network(stage, {})["Subnets"].split(",")[0]
    with pytest.raises(CommandError, match="not all of SUBNET_IDS") as refused:
        network(stage, {"VPC_ID": vpc["vpc"], "SUBNET_IDS": f"{vpc['large']},{default}"})
    assert refused.value.parts[1] == default


def test_more_subnets_than_a_task_takes_are_refused() -> None:
    of_one_zone = [{"AvailabilityZone": "us-east-1a"}] * 17
    refuse_too_many(of_one_zone[:16], endpoints=False)
    with pytest.raises(CommandError, match="too many subnets"):
        refuse_too_many(of_one_zone, endpoints=False)


def test_endpoints_with_two_subnets_of_a_zone_are_refused(stage: Stage, vpc: dict[str, str]) -> None:
    ec2: Any = stage.client("ec2")
    subnets = ec2.describe_subnets(SubnetIds=[vpc["large"], vpc["small"]])["Subnets"]
    settings = {"VPC_ID": vpc["vpc"], "VPC_ENDPOINTS": "yes"}
    with pytest.raises(CommandError, match="one subnet of each availability zone") as refused:
        network(stage, settings)
    assert subnets[0]["AvailabilityZone"] in refused.value.parts[1]
    assert network(stage, settings | {"SUBNET_IDS": vpc["small"]})["Subnets"] == vpc["small"]


def told(stage: Stage, vpc: dict[str, str], which: str, public: str) -> list[str]:
    """Return what is said of one of the subnets."""
    ec2: Any = stage.client("ec2")
    subnets = ec2.describe_subnets(SubnetIds=[vpc[which]])["Subnets"]
    return concerns(ec2, vpc["vpc"], subnets, {"ASSIGN_PUBLIC_IP": public})


def test_a_public_subnet_with_public_addresses_is_no_concern(stage: Stage, vpc: dict[str, str]) -> None:
    assert told(stage, vpc, "large", "ENABLED") == []


def test_a_task_that_could_not_reach_ecr_is_a_concern(stage: Stage, vpc: dict[str, str]) -> None:
    (addresses, route) = told(stage, vpc, "small", "ENABLED")
    assert "free addresses" in addresses
    assert "no route to an internet gateway" in route
    (hidden,) = told(stage, vpc, "large", "DISABLED")
    assert "cannot use" in hidden
