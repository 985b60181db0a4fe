"""Alarms, subscriptions, VPC endpoints and identity providers: made, described back, changed, removed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.over_moto.stack import HERE, Stack, left

TEMPLATE = (HERE / "templates/watched.yaml").read_text()


class Network:
    """The default network of the region."""

    def __init__(self, stack: Stack) -> None:
        self.ec2 = stack.of("ec2")
        self.vpc = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        self.subnets = sorted(subnet["SubnetId"] for subnet in self.ec2.describe_subnets()["Subnets"])
        self.table = self.ec2.describe_route_tables()["RouteTables"][0]["RouteTableId"]

    @property
    def parameters(self) -> dict[str, str]:
        return {"Vpc": self.vpc, "Subnets": ",".join(self.subnets[:2]), "RouteTables": self.table}

    def routes(self) -> list[str]:
        (table,) = self.ec2.describe_route_tables(RouteTableIds=[self.table])["RouteTables"]
        return [route["GatewayId"] for route in table["Routes"] if route["GatewayId"] != "local"]

    def endpoint(self, stack: Stack, name: str) -> Any:
        found = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[stack.physical()[name]])
        return found["VpcEndpoints"][0]


@pytest.fixture
def network(stack: Stack) -> Network:
    return Network(stack)


def alarms(stack: Stack) -> dict[str, Any]:
    return {alarm["AlarmName"]: alarm for alarm in stack.of("cloudwatch").describe_alarms()["MetricAlarms"]}


def test_alarms_have_the_properties_of_their_template(stack: Stack, network: Network) -> None:
    stack.create(TEMPLATE, **network.parameters)

    failures, silence = alarms(stack)["failures"], alarms(stack)["silence"]
    assert failures["AlarmActions"] == ["arn:aws:sns:us-east-1:123456789012:notices"]
    assert [metric["Id"] for metric in failures["Metrics"]] == ["all", "failed", "aborted"]
    assert failures["Metrics"][1]["MetricStat"]["Metric"]["MetricName"] == "ExecutionsFailed"
    assert (failures["Threshold"], failures["TreatMissingData"]) == (0.0, "notBreaching")
    assert (silence["EvaluationPeriods"], silence["Period"], silence["Statistic"]) == (24, 3600, "Sum")
    assert silence["Dimensions"] == [{"Name": "StateMachineArn", "Value": "machine"}]
    tags = stack.of("cloudwatch").list_tags_for_resource(ResourceARN=failures["AlarmArn"])["Tags"]
    assert tags == [{"Key": "stage", "Value": "test"}]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.describe()["Outputs"]}
    assert outputs["Alarm"] == failures["AlarmArn"]


def test_everything_else_has_the_properties_of_its_template(stack: Stack, network: Network) -> None:
    stack.create(TEMPLATE, **network.parameters)

    (mail,) = stack.of("sns").list_subscriptions()["Subscriptions"]
    assert (mail["Protocol"], mail["Endpoint"]) == ("email", "owner@example.com")
    assert mail["SubscriptionArn"] == stack.physical()["Mail"]
    objects, logs = network.endpoint(stack, "Objects"), network.endpoint(stack, "Logs")
    assert (objects["ServiceName"], objects["VpcEndpointType"]) == ("com.amazonaws.us-east-1.s3", "Gateway")
    assert objects["Tags"] == [{"Key": "stage", "Value": "test"}]
    assert network.routes() == [objects["VpcEndpointId"]]
    assert (logs["VpcEndpointType"], logs["PrivateDnsEnabled"]) == ("Interface", True)
    assert sorted(logs["SubnetIds"]) == network.subnets[:2]
    assert [group["GroupId"] for group in logs["Groups"]] == [stack.physical()["Group"]]
    arn = stack.physical()["Provider"]
    provider = stack.of("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert arn.endswith(":oidc-provider/token.actions.githubusercontent.com")
    assert provider["ClientIDList"] == ["sts.amazonaws.com"]
    assert provider["Tags"] == [{"Key": "stage", "Value": "test"}]


def test_a_deleted_stack_leaves_none_of_them(stack: Stack, network: Network) -> None:
    stack.create(TEMPLATE, **network.parameters)
    stack.delete()
    assert left(stack) == []
    assert network.routes() == []


def test_they_change_in_place(stack: Stack, network: Network) -> None:
    stack.create(TEMPLATE, **network.parameters)
    before = stack.physical()
    thumbprints = TEMPLATE.replace("ClientIdList:", f"ThumbprintList: [{'a' * 40}]\n      ClientIdList:")
    thumbprints = thumbprints.replace("[sts.amazonaws.com]", "[sts.amazonaws.com, other]")
    subnets = ",".join(network.subnets[1:3])
    stack.update(thumbprints, **{**network.parameters, "Subnets": subnets, "Hours": "12"})

    assert stack.status == "UPDATE_COMPLETE"
    assert stack.physical() == before
    assert alarms(stack)["silence"]["EvaluationPeriods"] == 12
    assert sorted(network.endpoint(stack, "Logs")["SubnetIds"]) == network.subnets[1:3]
    provider = stack.of("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=before["Provider"])
    assert provider["ThumbprintList"] == ["a" * 40]
    assert provider["ClientIDList"] == ["sts.amazonaws.com", "other"]


def test_another_address_is_another_subscription(stack: Stack, network: Network) -> None:
    stack.create(TEMPLATE, **network.parameters)
    stack.update(TEMPLATE.replace("owner@", "other@"), **network.parameters)
    (mail,) = stack.of("sns").list_subscriptions()["Subscriptions"]
    assert mail["Endpoint"] == "other@example.com"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Period: 60\n", "Period: 90\n", "multiple of 60"),
        ("EvaluationPeriods: 1\n", "EvaluationPeriods: 1441\n", "more than 1 day(s)"),
        ("Default: 24", "Default: 169", "more than 7 day(s)"),
        ("ReturnData: false", "ReturnData: true", "Exactly one element"),
        ("Stat: Sum", "Statistics: Sum", "Statistics"),
        ("Type: Gateway", "Type: Interface", "RouteTableIds is not allowed"),
        ("Type: Interface", "Type: Gateway", "is not allowed for an endpoint of type Gateway"),
        ("Type: Gateway", "Type: GatewayLoadBalancer", "GatewayLoadBalancer"),
    ],
)
def test_what_aws_refuses_of_them_is_refused(
    stack: Stack, network: Network, old: str, new: str, words: str
) -> None:
    assert old in TEMPLATE
    stack.create(TEMPLATE.replace(old, new, 1), **network.parameters)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert words in stack.failures()[0][1]
