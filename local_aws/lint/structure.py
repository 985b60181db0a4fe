"""What AWS refuses a definition for: the faults that our own parser finds, and those that statelint adds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

import statelint.fields
from statelint.config import Config
from statelint.linter import Linter
from statelint.problem import ProblemType

from local_aws.lint.findings import Finding, closest, did_you_mean, finding
from local_aws.lint.rules import RULES
from local_aws.lint.services import UnknownResourceError, call_of
from local_aws.states.fields import DefinitionError, NotModelledError
from local_aws.states.jsontext import Json
from local_aws.states.parsing import parse_definition

# Rules that tell more than the parser and statelint do of the same place.
_OURS = frozenset(
    {"MISSING_TRANSITION_TARGET", "UNREACHABLE_STATE", "MISSING_END_STATE", "DUPLICATE_STATE_NAME"}
    | {"UNKNOWN_INTEGRATION", "STATES_ALL_NOT_LAST", "HEARTBEAT_NOT_BELOW_TIMEOUT"}
)
# A Resource of which the parser and statelint have nothing to say: our own rule judges the real one.
_STAND_IN = "arn:aws:states:::aws-sdk:sts:getCallerIdentity"
# Where statelint is stricter or older than AWS: it knows no variables, not all of the distributed Map, no
# newline in an intrinsic function and no whole number as a BackoffRate. What is a number or an expression,
# the parser decides.
_STATELINT = Config(
    ignored_problem_types={
        ProblemType.INTEGER,
        ProblemType.FLOAT,
        ProblemType.URI,
        ProblemType.REFERENCE_PATH,
        ProblemType.JSON_PATH,
        ProblemType.REFERENCE_PATH_OR_FUNC,
        ProblemType.JSONata,
    }
)
_DECIDED_BY_THE_PARSER = re.compile(
    r"is not a JSONPath or intrinsic function expression|^No (transition|state|terminal state) found"
    r"|^StartAt value|States\.ALL can only|is also defined at|\.Condition is| is \"\{%"
    r"|\.(ItemReader|ItemBatcher|ResultWriter)\b"
)
_LATER_FIELDS = (
    "Assign",
    "CSVDelimiter",
    "CSVHeaderLocation",
    "CSVHeaders",
    "ExecutionType",
    "InputType",
    "ItemsPointer",
    "Label",
    "ManifestType",
    "Mode",
    "OutputType",
    "Transformation",
    "WriterConfig",
)
_FIELDS = sorted(
    {one.name for one in vars(statelint.fields).values() if isinstance(one, statelint.fields.Field)}
    | set(_LATER_FIELDS)
)


def check(definition: Json, found: Iterable[Finding], paths: Iterable[str]) -> Iterator[Finding]:
    """Yield the faults of a definition that are not among those found; `paths` are all of its places.

    statelint is asked only about what our own parser takes: of anything else the parser tells more.
    """
    ours = {one.path for one in found if one.code in _OURS}
    stood_in = _with_stand_ins(definition)
    faults = list(_faults(stood_in))
    yield from (fault for fault in faults if fault.code not in _OURS and fault.path not in ours)
    if not faults:
        yield from _of_statelint(stood_in, ours, paths)


def _faults(definition: Json) -> Iterator[Finding]:
    try:
        parse_definition(json.dumps(definition), lambda _resource: None)
    except NotModelledError as error:
        what, _, path = str(error).rpartition(" at ")
        yield finding("NOT_MODELLED", path, f"the local AWS does not model {what}")
    except DefinitionError as error:
        for problem in error.problems:
            code = problem.code if problem.code in RULES else "SCHEMA_VALIDATION_FAILED"
            path = problem.location.removesuffix("/") if problem.location.strip("/") else "/"
            yield finding(code, path, problem.message, _advice(problem.message))


def _advice(message: str) -> str:
    unknown = re.fullmatch(r"Field '(.+)' is not supported", message)
    if unknown is None or unknown[1] in _FIELDS:
        return ""
    return did_you_mean(closest(unknown[1], _FIELDS), "")


def _of_statelint(definition: Json, known: set[str], paths: Iterable[str]) -> Iterator[Finding]:
    places = {"State Machine" + path.replace("/", "."): path for path in paths}
    for problem in Linter.validate(definition, _STATELINT):
        unknown = re.match(r'Field "(\w+)" not allowed in ', problem)
        if _DECIDED_BY_THE_PARSER.search(problem) or (unknown and unknown[1] in _FIELDS):
            continue
        named = [place for place in places if place in problem]
        path = places[max(named, key=len)] if named else "/"
        if not any(one == path or one.startswith(f"{path}/") or path.startswith(f"{one}/") for one in known):
            yield finding("STATELINT", path, problem)


def _with_stand_ins(value: Json) -> Json:
    """Return the definition with a known Resource in the place of every hidden or unknown one."""
    if isinstance(value, list):
        return [_with_stand_ins(item) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {key: _with_stand_ins(member) for key, member in value.items()}
    resource = value.get("Resource")
    if value.get("Type") == "Task" and isinstance(resource, str) and not _is_plain(resource):
        copy["Resource"] = _STAND_IN
    return copy


def _is_plain(resource: str) -> bool:
    try:
        return "${" not in resource and call_of(resource) is not None
    except UnknownResourceError:
        return False
