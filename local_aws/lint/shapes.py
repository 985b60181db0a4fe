"""What is known of a JSON value before anything runs: which members and elements it can have.

Everything that may be is in: a member that only one of two ways writes counts as there. What cannot be known
is ANY, and nothing is ever missing in that.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from botocore.model import ListShape, Shape, StructureShape

from local_aws.states.integrations.names import names_of
from local_aws.states.jsontext import Json
from local_aws.states.paths import Steps

_DEEP = 10  # levels: a loop may wrap a value in itself for ever


@dataclass(frozen=True, slots=True)
class Value:
    """The union of what a value may be: unknown, a scalar, an object of members, an array.

    The members of an unknown value are those that are known all the same, for a ResultPath has put them
    there. An array is a tuple where each element is known, and else the union of its elements.
    """

    unknown: bool = False
    scalar: bool = False
    members: dict[str, Value] | None = None
    array: tuple[Value, ...] | Value | None = None


NOTHING = Value()
ANY = Value(unknown=True)
SCALAR = Value(scalar=True)
ERROR_OUTPUT = Value(members={"Error": SCALAR, "Cause": SCALAR})


def literal(value: Json) -> Value:
    """Return what is known of a literal: all."""
    if isinstance(value, dict):
        return Value(members={key: literal(member) for key, member in value.items()})
    if isinstance(value, list):
        return Value(array=tuple(literal(item) for item in value))
    return SCALAR


def joined(one: Value, other: Value, depth: int = 0) -> Value:
    """Return what either may be."""
    if ANY in (one, other) or depth > _DEEP:
        return ANY
    if one == other:
        return one
    array = one.array if other.array is None else other.array
    if one.array is not None and other.array is not None:
        array = _joined_arrays(one.array, other.array, depth)
    members = _joined_members(one, other, depth)
    return Value(one.unknown or other.unknown, one.scalar or other.scalar, members, array)


def element_of(value: Value) -> Value:
    """Return what the elements of an array may be."""
    if value.unknown:
        return ANY
    array = value.array
    return functools.reduce(joined, array, NOTHING) if isinstance(array, tuple) else array or NOTHING


def member_of(value: Value, step: str | int) -> Value | None:
    """Return what stands at one step of a path; None when there can be nothing."""
    if isinstance(step, str):
        return (value.members or {}).get(step, ANY if value.unknown else None)
    if value.unknown:
        return ANY
    if isinstance(value.array, tuple):
        return value.array[step] if -len(value.array) <= step < len(value.array) else None
    return value.array


def put(value: Value, steps: Steps, result: Value) -> Value:
    """Return the value with a result at a reference path."""
    if not steps:
        return result
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        before = member_of(value, step) or NOTHING
        return Value(value.unknown, members={**(value.members or {}), step: put(before, rest, result)})
    if value.unknown:
        return ANY
    element = put(member_of(value, step) or NOTHING, rest, result)
    return Value(array=joined(element_of(value), element))


def capped(value: Value, depth: int = 0) -> Value:
    """Return the value with ANY below the depth to which anything is kept."""
    if depth > _DEEP:
        return ANY
    members, array = value.members, value.array
    if members is not None:
        members = {key: capped(member, depth + 1) for key, member in members.items()}
    if isinstance(array, tuple):
        array = tuple(capped(item, depth + 1) for item in array)
    elif array is not None:
        array = capped(array, depth + 1)
    return Value(value.unknown, value.scalar, members, array)


def answer_of(shape: Shape | None, depth: int = 0) -> Value:
    """Return what an API answers, by botocore's model, in the spelling of Step Functions."""
    if shape is None:
        return Value(members={})
    if depth > _DEEP or getattr(shape, "is_document_type", False) or shape.type_name in ("map", "blob"):
        return ANY
    if isinstance(shape, StructureShape):
        known = {name: answer_of(member, depth + 1) for name, member in shape.members.items()}
        return Value(members={written: known[name] for written, name in names_of(shape).items()})
    if isinstance(shape, ListShape):
        return Value(array=answer_of(shape.member, depth + 1))
    return SCALAR


def _joined_members(one: Value, other: Value, depth: int) -> dict[str, Value] | None:
    """Return the members that either has; what an unknown value is not known to have may be anything."""
    if one.members is None and other.members is None:
        return None
    members = {}
    for key in sorted((one.members or {}).keys() | (other.members or {}).keys()):
        sides = [member_of(side, key) for side in (one, other)]
        member = joined(sides[0] or NOTHING, sides[1] or NOTHING, depth + 1)
        if member != ANY or not (one.unknown or other.unknown):
            members[key] = member
    return members or None if one.unknown or other.unknown else members


def _joined_arrays(
    one: tuple[Value, ...] | Value, other: tuple[Value, ...] | Value, depth: int
) -> tuple[Value, ...] | Value:
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return tuple(joined(left, right, depth + 1) for left, right in zip(one, other, strict=True))
    return joined(element_of(Value(array=one)), element_of(Value(array=other)), depth + 1)
