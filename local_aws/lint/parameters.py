"""Parameters against botocore's model of an API, with the names that Step Functions has for them.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from local_aws.lint.findings import Finding, closest, did_you_mean, finding
from local_aws.states.integrations.names import names_of, pascal
from local_aws.states.jsontext import Json, dumps

_FEW = 20  # words: of longer lists, such as the types of instances, the models lag behind the APIs
_OPEN = re.compile(r"\$\{[^}]*\}|^\s*\{%.*%\}\s*$", re.DOTALL)  # known only later
_LITERALS = {
    "boolean": re.compile("true|false", re.IGNORECASE),
    **dict.fromkeys(("integer", "long"), re.compile(r"-?\d+")),
    **dict.fromkeys(("float", "double"), re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")),
}
_NAMES = {
    "structure": "an object",
    "map": "an object",
    "list": "an array",
    "boolean": "true or false",
    **dict.fromkeys(("integer", "long"), "a whole number"),
    **dict.fromkeys(("float", "double"), "a number"),
}


def misfits(value: Json, shape: Shape, path: str, api: str) -> Iterator[Finding]:
    """Yield what does not fit the model; `api` is its name for a reader."""
    if value is None or (isinstance(value, str) and _OPEN.search(value)) or _takes_any(value, shape):
        return
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        yield from _structure(value, shape, path, api)
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for key, member in value.items():
            if not key.endswith(".$"):
                yield from misfits(member, shape.value, f"{path}/{key}", api)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from misfits(item, shape.member, f"{path}[{index}]", api)
    elif not _fits(value, shape):
        wanted = _NAMES[shape.type_name]
        yield finding(
            "WRONG_PARAMETER_TYPE", path, f"{api} takes {wanted} here, not {_short(value)}", f"give {wanted}"
        )
    elif isinstance(shape, StringShape) and isinstance(value, str) and 0 < len(shape.enum) <= _FEW:
        yield from _word(value, shape.enum, path, api)


def _structure(value: dict[str, Json], shape: StructureShape, path: str, api: str) -> Iterator[Finding]:
    names = names_of(shape)
    given = set()
    for key, member in value.items():
        name = key.removesuffix(".$")
        if name in names:
            given.add(names[name])
            if not key.endswith(".$"):
                yield from misfits(member, shape.members[names[name]], f"{path}/{key}", api)
            continue
        required = (pascal(one) for one in shape.required_members)
        close = closest(name, map(pascal, shape.members)) or closest(name, required, 0.6)
        given |= {names[close]} if close else set()
        ending = ".$" if key.endswith(".$") else ""
        others = "it has " + ", ".join(sorted(map(pascal, shape.members))[:_FEW]) if shape.members else ""
        fix = did_you_mean(f"{close}{ending}" if close else None, others)
        yield finding("UNKNOWN_PARAMETER", f"{path}/{key}", f"{api} has no parameter {name} here", fix)
    for name in shape.required_members:
        if name not in given and not shape.members[name].metadata.get("idempotencyToken"):
            yield finding(
                "MISSING_PARAMETER", path, f"{api} requires {pascal(name)} here", f"give {pascal(name)}"
            )


def _word(value: str, words: list[str], path: str, api: str) -> Iterator[Finding]:
    if value not in words:
        fix = did_you_mean(closest(value, words), f"it takes {', '.join(words)}")
        yield finding("WRONG_PARAMETER_VALUE", path, f"{api} does not take {value} here", fix)


def _takes_any(value: Json, shape: Shape) -> bool:
    """Tell whether any JSON will do; text is an attribute value of DynamoDB in the SDK for Java 1, too."""
    is_attribute = shape.name == "AttributeValue" and isinstance(value, str)
    return is_attribute or getattr(shape, "is_document_type", False)


def _fits(value: Json, shape: Shape) -> bool:
    kind = shape.type_name
    if kind in ("structure", "map", "list"):
        return False  # a value of the right type was taken apart before
    if kind not in _LITERALS:
        return True
    # The SDK takes the text of a number or of a boolean for the value itself.
    return bool(_LITERALS[kind].fullmatch(value if isinstance(value, str) else dumps(value)))


def _short(value: Json) -> str:
    text = dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
