"""Where the tasks run: the stage's VPC and subnets, or the default ones, looked at beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from mayfly.console import CommandError, detail, warning
from mayfly.deploying.settings import settings_file
from mayfly.stage import Stage

FEW_ADDRESSES = 16  # eight files at once: each task has an address of its own
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
MOST_SUBNETS = 16


def network(stage: Stage, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters VpcId and Subnets; raise CommandError when the tasks cannot run there."""
    ec2 = stage.client("ec2")
    chosen = "VPC_ID" in settings
    vpc = settings["VPC_ID"] if chosen else default_vpc(ec2, stage.region)
    subnets = subnets_of(ec2, vpc, settings.get("SUBNET_IDS"))
    refuse_too_many(subnets, endpoints=settings.get("VPC_ENDPOINTS") == "yes")
    where = f"VPC {vpc} of the settings" if chosen else f"the default VPC {vpc}"
    detail(f"network: {where} with {len(subnets)} subnets")
    if not chosen and not stage.is_local:
        detail(f"         (for another, write VPC_ID and SUBNET_IDS into {settings_file(stage.name).name})")
    if not stage.is_local:  # whose tasks are processes
        for text in concerns(ec2, vpc, subnets, settings):
            warning(text)
    return {"VpcId": vpc, "Subnets": ",".join(sorted(subnet["SubnetId"] for subnet in subnets))}


def default_vpc(ec2: Any, region: str) -> str:
    """Return the region's default VPC; raise CommandError when it has none."""
    vpcs = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    if not vpcs:
        raise CommandError(
            "no network for the tasks",
            f"no default VPC in {region}, and no VPC_ID in the stage's settings",
            "create one: aws ec2 create-default-vpc - or name yours: see config/stage.env.example",
        )
    return str(vpcs[0]["VpcId"])


def subnets_of(ec2: Any, vpc: str, named: str | None) -> list[dict[str, Any]]:
    """Return the subnets named, or all of the VPC; raise CommandError when one is not there or elsewhere."""
    try:
        if named:
            subnets = ec2.describe_subnets(SubnetIds=named.split(","))["Subnets"]
        else:
            subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    except ClientError as error:
        if not error.response["Error"]["Code"].endswith(".NotFound"):
            raise
        raise CommandError(
            "a subnet of SUBNET_IDS is not there", str(error), "mend the stage's settings in config/"
        ) from error
    if elsewhere := [subnet["SubnetId"] for subnet in subnets if subnet["VpcId"] != vpc]:
        raise CommandError(
            f"not all of SUBNET_IDS are in {vpc}",
            ", ".join(elsewhere),
            "mend the stage's settings in config/",
        )
    if not subnets:
        raise CommandError(
            "no network for the tasks", f"{vpc} has no subnet", "add one, or name another VPC in config/"
        )
    found: list[dict[str, Any]] = subnets
    return found


def refuse_too_many(subnets: list[dict[str, Any]], *, endpoints: bool) -> None:
    """Raise CommandError for more subnets than RunTask takes, or than an interface endpoint takes of a zone.

    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
    """
    if len(subnets) > MOST_SUBNETS:
        raise CommandError(
            "too many subnets",
            f"{len(subnets)}, and a task takes {MOST_SUBNETS}",
            "name some of them in SUBNET_IDS, see config/stage.env.example",
        )
    zones = Counter(subnet["AvailabilityZone"] for subnet in subnets)
    if endpoints and (crowded := [zone for zone, count in zones.items() if count > 1]):
        raise CommandError(
            "VPC_ENDPOINTS=yes takes one subnet of each availability zone",
            f"more than one in {', '.join(sorted(crowded))}",
            "name one of each zone in SUBNET_IDS, see config/stage.env.example",
        )


def concerns(ec2: Any, vpc: str, subnets: list[dict[str, Any]], settings: Mapping[str, str]) -> list[str]:
    """Return what looks as if tasks could not start there, or only a few at once."""
    found = [
        f"{subnet['SubnetId']} has {subnet['AvailableIpAddressCount']} free addresses: a file takes two"
        for subnet in subnets
        if subnet["AvailableIpAddressCount"] < FEW_ADDRESSES
    ]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    public = settings.get("ASSIGN_PUBLIC_IP", "ENABLED") == "ENABLED"
    for subnet in subnets:
        to_internet = has_internet_gateway(tables, subnet["SubnetId"])
        if public and not to_internet:
            found.append(
                f"{subnet['SubnetId']} has no route to an internet gateway: a public address does not help "
                "there. With NAT or endpoints set ASSIGN_PUBLIC_IP=DISABLED"
            )
        if not public and to_internet:
            found.append(
                f"{subnet['SubnetId']} routes to an internet gateway, which a task without a public address "
                "cannot use: it would fail to pull its image"
            )
    return found


def has_internet_gateway(tables: list[dict[str, Any]], subnet: str) -> bool:
    """Tell whether a subnet's route table, the VPC's main one if it has none of its own, leads out."""
    own = [table for table in tables if any(a.get("SubnetId") == subnet for a in table["Associations"])]
    main = [table for table in tables if any(a.get("Main") for a in table["Associations"])]
    routes = [route for table in (own or main) for route in table["Routes"]]
    return any(str(route.get("GatewayId", "")).startswith("igw-") for route in routes)
