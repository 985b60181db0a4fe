"""The API of Step Functions, put together.

https://docs.aws.amazon.com/step-functions/latest/apireference/
"""

from __future__ import annotations

from typing import Final

from local_aws.states.api.activities import ActivitiesApi
from local_aws.states.api.executions import ExecutionsApi
from local_aws.states.api.machines import MachinesApi
from local_aws.states.api.tags import TagsApi
from local_aws.states.jsontext import Json
from local_aws.wire import not_modelled

_VERSIONS = "versions and aliases of state machines; update the machine, or give each version a machine"
_LACKING: Final = {
    "CreateStateMachineAlias": _VERSIONS,
    "DeleteStateMachineAlias": _VERSIONS,
    "DeleteStateMachineVersion": _VERSIONS,
    "DescribeStateMachineAlias": _VERSIONS,
    "ListStateMachineAliases": _VERSIONS,
    "ListStateMachineVersions": _VERSIONS,
    "PublishStateMachineVersion": _VERSIONS,
    "UpdateStateMachineAlias": _VERSIONS,
    "RedriveExecution": "redrive; start a new execution with the same input",
    "TestState": "single states; start an execution of a machine that has only the state",
}


class StatesService(MachinesApi, ExecutionsApi, ActivitiesApi, TagsApi):
    """Step Functions in one region."""

    async def answer(self, name: str, request: dict[str, Json]) -> dict[str, Json]:
        """Carry out one operation; raise AwsError for every refusal, which says what to do instead."""
        if name in _LACKING:
            raise not_modelled(f"stepfunctions:{name}, that is {_LACKING[name]} instead")
        return await super().answer(name, request)
