"""Parsing what only a Map in DISTRIBUTED mode has.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

import re
import uuid
from typing import Final

from local_aws.states.distributed.settings import (
    DEFAULT_WRITER,
    Distribution,
    ItemBatcher,
    ItemReader,
    ResultWriter,
)
from local_aws.states.fields import Fields, NotModelledError
from local_aws.states.jsontext import Json, dumps
from local_aws.states.map_numbers import percentage, whole_number
from local_aws.states.parse_flow import query, template
from local_aws.states.reader import StateReader
from local_aws.states.scope import Expression

_DELIMITERS: Final = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
_RESOURCE: Final = "arn:aws:states:::s3:"
_INPUT_TYPES: Final = ("CSV", "JSON", "JSONL")
_LACKING: Final = ("MANIFEST", "PARQUET")
_LABEL: Final = 40  # characters
_NOT_IN_LABELS: Final = re.compile(r"[\s?*<>{}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f]")


def parse_distribution(reader: StateReader, processor: Json, *, express: bool) -> Distribution:
    """Compile the fields; raises NotModelledError for kinds of items that we cannot read."""
    fields = reader.fields
    definition = {key: value for key, value in processor.items() if key != "ProcessorConfig"}
    is_jsonata = reader.is_jsonata
    return Distribution(
        label=_label(fields),
        express=express,
        definition=dumps(definition),
        reader=_reader(fields.child("ItemReader"), is_jsonata) if fields.has("ItemReader") else None,
        batcher=_batcher(fields.child("ItemBatcher"), is_jsonata) if fields.has("ItemBatcher") else None,
        writer=_writer(fields.child("ResultWriter"), is_jsonata)
        if fields.has("ResultWriter")
        else DEFAULT_WRITER,
        tolerated_count=whole_number(fields, "ToleratedFailureCount", is_jsonata=is_jsonata),
        tolerated_percentage=percentage(fields, "ToleratedFailurePercentage", is_jsonata=is_jsonata),
    )


def _label(fields: Fields) -> str:
    """Return the Label; without one, an id made of the place in the definition, as on AWS always the same."""
    if not fields.has("Label"):
        return str(uuid.uuid3(uuid.NAMESPACE_URL, fields.location))
    label = fields.text("Label") or ""
    if not 0 < len(label) <= _LABEL:
        fields.fault(f"A Label has 1 to {_LABEL} characters", "Label")
    forbidden = _NOT_IN_LABELS.search(label)
    if forbidden:
        fields.fault(f"A Label must not contain {forbidden[0]!r}", "Label")
    return label


def _reader(fields: Fields, is_jsonata: bool) -> ItemReader:
    arguments = _resource(fields, ("getObject", "listObjectsV2"), is_jsonata, more={"ReaderConfig"})
    action = str(fields.value("Resource")).removeprefix(_RESOURCE)
    config = fields.child("ReaderConfig")
    config.allow(
        frozenset(
            {"InputType", "CSVHeaderLocation", "CSVHeaders", "CSVDelimiter", "MaxItems", "ItemsPointer"}
            | {"Transformation", "ManifestType"}
            | (set() if is_jsonata else {"MaxItemsPath"})
        )
    )
    load = _one_of(config, "Transformation", ("NONE", "LOAD_AND_FLATTEN")) == "LOAD_AND_FLATTEN"
    input_type = None
    if load or action != "listObjectsV2":  # else the items are the listed objects themselves
        config.require("InputType")
        input_type = config.one_of("InputType", (*_INPUT_TYPES, *_LACKING))
    if input_type in _LACKING:
        raise NotModelledError(f"an ItemReader with InputType {input_type} at {config.location}")
    return ItemReader(
        action=action,
        arguments=arguments or (lambda _data, _scope: {}),
        input_type=input_type,
        max_items=whole_number(config, "MaxItems", is_jsonata=is_jsonata),
        headers=_headers(config) if input_type == "CSV" else None,
        delimiter=_DELIMITERS[_one_of(config, "CSVDelimiter", tuple(_DELIMITERS))],
        pointer=config.text("ItemsPointer"),
        load=load,
    )


def _headers(config: Fields) -> tuple[str, ...] | None:
    config.require("CSVHeaderLocation")
    if _one_of(config, "CSVHeaderLocation", ("FIRST_ROW", "GIVEN")) == "FIRST_ROW":
        return None
    config.require("CSVHeaders")
    return config.texts("CSVHeaders") if config.has("CSVHeaders") else ()


def _batcher(fields: Fields, is_jsonata: bool) -> ItemBatcher:
    limits = {"MaxItemsPerBatch", "MaxInputBytesPerBatch"}
    paths = set() if is_jsonata else {name + "Path" for name in limits}
    fields.allow(frozenset(limits | paths | {"BatchInput"}))
    if not fields.node.keys() & (limits | paths):
        fields.fault("One of MaxItemsPerBatch and MaxInputBytesPerBatch is required")
    return ItemBatcher(
        whole_number(fields, "MaxItemsPerBatch", is_jsonata=is_jsonata, least=1),
        whole_number(fields, "MaxInputBytesPerBatch", is_jsonata=is_jsonata, least=1),
        _payload(fields, "BatchInput", is_jsonata),
    )


def _writer(fields: Fields, is_jsonata: bool) -> ResultWriter:
    config = fields.child("WriterConfig")
    config.allow(frozenset({"Transformation", "OutputType"}))
    arguments = None
    if fields.has("Resource") or not fields.has("WriterConfig"):
        arguments = _resource(fields, ("putObject",), is_jsonata, more={"WriterConfig"})
    transformation = _one_of(config, "Transformation", ("NONE", "COMPACT", "FLATTEN"))
    output_type = _one_of(config, "OutputType", ("JSON", "JSONL"))
    if output_type == "JSONL" and not fields.has("Resource"):
        raise NotModelledError(f"a ResultWriter with OutputType JSONL and no Resource at {fields.location}")
    return ResultWriter(arguments, transformation, output_type)


def _resource(
    fields: Fields, actions: tuple[str, ...], is_jsonata: bool, more: set[str]
) -> Expression | None:
    """Check the API that is called, and compile what it is called with."""
    key = "Arguments" if is_jsonata else "Parameters"
    fields.allow(frozenset({"Resource", key} | more))
    fields.require("Resource", key)
    allowed = [_RESOURCE + action for action in actions]
    fields.one_of("Resource", allowed)
    return _payload(fields, key, is_jsonata)


def _payload(fields: Fields, key: str, is_jsonata: bool) -> Expression | None:
    return query(fields, key) if is_jsonata else template(fields, key)


def _one_of(fields: Fields, key: str, allowed: tuple[str, ...]) -> str:
    """Return a field that is one of some words; the first of them when it is missing or at fault."""
    return fields.one_of(key, allowed) or allowed[0]
