"""The linter: every rule over one definition."""

from __future__ import annotations

from local_aws.lint import (
    error_names,
    flow,
    ignores,
    integrations,
    payloads,
    retries,
    structure,
    times,
    transitions,
)
from local_aws.lint.definition import machine_of
from local_aws.lint.findings import Finding
from local_aws.lint.source import Source

_RULES = (
    transitions.check,
    times.check,
    retries.check,
    integrations.check,
    error_names.check,
    payloads.check,
    flow.check,
)


def lint(source: Source) -> list[Finding]:
    """Return what is to be said of a definition, in the order of the file."""
    if not isinstance(source.value, dict):
        return list(structure.check(source.value, (), source.paths))
    machine = machine_of(source.value)
    findings = list(source.repeated_keys())
    findings += (one for rule in _RULES for one in rule(machine))
    findings += structure.check(source.value, findings, source.paths)
    return sorted(
        ignores.accepted(machine, list(dict.fromkeys(findings))),
        key=lambda one: (*source.position(one.path), one.path, one.code),
    )
