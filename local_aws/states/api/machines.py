"""State machines: creating, changing and judging them."""

from __future__ import annotations

import dataclasses
import re

from local_aws.states.api.base import StatesBase, check_arn, valid_name
from local_aws.states.executions import StateMachine
from local_aws.states.express import check_express
from local_aws.states.fields import DefinitionError, NotModelledError
from local_aws.states.integrations import check
from local_aws.states.jsontext import Json
from local_aws.states.machine_role import check_role
from local_aws.states.machines import Record, described, diagnostics
from local_aws.states.model import Machine
from local_aws.states.pages import page
from local_aws.states.parsing import parse_definition
from local_aws.wire import AwsError, not_modelled, operation

_LONGEST_DEFINITION = 1_048_576  # characters; CreateStateMachine, "definition"
_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/.+")
_CHANGES = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")


class MachinesApi(StatesBase):
    """Create, update, describe, list, delete and validate state machines."""

    @operation(
        "name",
        "definition",
        "roleArn",
        "type",
        "loggingConfiguration",
        "tracingConfiguration",
        "tags",
        "publish",
    )
    def CreateStateMachine(self, request: Json) -> Json:
        """Create a machine; the same request again is answered as the first time."""
        name, definition, role = valid_name(request["name"]), request["definition"], request["roleArn"]
        if request.get("type", "STANDARD") != "STANDARD":
            raise not_modelled(f"state machines of type {request['type']}")
        _check(role, request)
        machine = self._compiled(definition)
        arn = self.arn(f"stateMachine:{name}")
        check_role(self.cloud.enforcer, arn, role, definition)
        record = self._machines.get(arn)
        if record is None:
            now = self.cloud.clock.now()
            record = Record(StateMachine(arn, name, role, definition, machine, now), now)
            record.configure(request)
            record.tags = {tag["key"]: tag.get("value", "") for tag in request.get("tags") or []}
            self._machines[arn] = record
        elif not record.equals(request):
            raise AwsError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
        return {"stateMachineArn": arn, "creationDate": record.created}

    @operation("stateMachineArn", *_CHANGES, "publish")
    def UpdateStateMachine(self, request: Json) -> Json:
        """Change a machine; executions under way keep what they started with.

        A new revision begins when the definition or the role is another.
        """
        record = self._record(request["stateMachineArn"])
        if not any(request.get(member) is not None for member in _CHANGES):
            raise AwsError(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration "
                "must be specified",
            )
        old = record.version
        definition, role = request.get("definition") or old.definition, request.get("roleArn") or old.role_arn
        _check(role, request)
        machine = self._compiled(definition) if request.get("definition") else old.machine
        check_role(self.cloud.enforcer, old.arn, role, definition)
        same = (definition, role) == (old.definition, old.role_arn)
        record.version = dataclasses.replace(
            old,
            definition=definition,
            role_arn=role,
            machine=machine,
            updated=self.cloud.clock.now(),
            revision=old.revision if same and old.revision else self.cloud.new_id(),
        )
        record.configure(request)
        return {"updateDate": record.version.updated, "revisionId": record.version.revision}

    @operation("stateMachineArn", "includedData")
    def DescribeStateMachine(self, request: Json) -> Json:
        """Describe a machine; its definition is the text that was given."""
        return described(self._record(request["stateMachineArn"]), request)

    @operation("maxResults", "nextToken")
    def ListStateMachines(self, request: Json) -> Json:
        """List the machines, by name."""
        rows = [
            {
                "stateMachineArn": arn,
                "name": record.version.name,
                "type": "STANDARD",
                "creationDate": record.created,
            }
            for arn, record in sorted(self._machines.items())
        ]
        return page("stateMachines", rows, request)

    @operation("stateMachineArn")
    def DeleteStateMachine(self, request: Json) -> Json:
        """Delete a machine, which may be gone already. Executions under way go on to their end."""
        check_arn(request["stateMachineArn"], "stateMachine")
        self._machines.pop(request["stateMachineArn"], None)
        return {}

    @operation("definition", "type", "severity", "maxResults")
    def ValidateStateMachineDefinition(self, request: Json) -> Json:
        """Judge a definition without creating anything; we know of errors only, not of warnings."""
        most = int(request.get("maxResults") or 100)
        if most > 100:
            raise AwsError(
                "ValidationException",
                f"1 validation error detected: Value '{most}' at 'maxResults' failed to satisfy constraint: "
                "Member must have value less than or equal to 100",
            )
        supports = check_express if request.get("type") == "EXPRESS" else check
        _check_length(request["definition"])
        try:
            parse_definition(request["definition"], supports)
        except DefinitionError as error:
            return diagnostics(error, most)
        except NotModelledError as error:
            raise not_modelled(str(error)) from error
        return {"result": "OK", "diagnostics": [], "truncated": False}

    def _compiled(self, definition: str) -> Machine:
        _check_length(definition)
        try:
            return parse_definition(definition, check)
        except DefinitionError as error:
            raise AwsError("InvalidDefinition", str(error)) from error
        except NotModelledError as error:
            raise not_modelled(str(error)) from error


def _check_length(definition: str) -> None:
    if len(definition) > _LONGEST_DEFINITION:
        raise AwsError(
            "ValidationException",
            "1 validation error detected: Value at 'definition' failed to satisfy constraint: Member must "
            f"have length less than or equal to {_LONGEST_DEFINITION}",
        )


def _check(role: str, request: Json) -> None:
    if request.get("publish"):
        raise not_modelled("versions of state machines (publish)")
    if not _ROLE.fullmatch(role):
        raise AwsError("InvalidArn", f"Invalid Role Arn: '{role}'")
