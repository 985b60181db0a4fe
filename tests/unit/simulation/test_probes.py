"""The probes that only an account can answer, put to a stage that answers as one would."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mayfly.simulation import probes
from mayfly.simulation.probes import alarm, execution_logs
from mayfly.simulation.watching import Pace

NO_PATIENCE = Pace(start=0, end=0, settle=0, poll=0, repeat=0)


def bench(*, subjects: list[str] | None = None, streams: list[str] | None = None) -> Any:
    listed = [{"logStreams": [{"logStreamName": name} for name in streams or []]}]
    logs = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: listed))
    notices = [{"topic": "t", "subject": subject, "message": ""} for subject in subjects or []]
    return SimpleNamespace(
        stage=SimpleNamespace(suffix="-x", client=lambda _: logs),
        outputs={"ExecutionLogGroup": "group"},
        pace=NO_PATIENCE,
        inbox=SimpleNamespace(notices=lambda: notices),
    )


@pytest.mark.parametrize(
    ("subjects", "ok"),
    [
        (['ALARM: "PipelineFailure-x" in US East (N. Virginia)'], True),
        (['OK: "PipelineFailure-x" in US East (N. Virginia)', 'ALARM: "PipelineFailure-y" in'], False),
        ([], False),
    ],
)
def test_the_alarm_is_heard_only_when_it_is_the_stages_own(
    subjects: list[str], ok: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "ALARMED_WITHIN", 0)

    (finding,) = alarm(bench(subjects=subjects))

    assert finding.ok is ok


@pytest.mark.parametrize(("streams", "ok"), [(["states/machine/2026-01-01"], True), ([], False)])
def test_executions_are_logged_when_there_is_a_stream(streams: list[str], ok: bool) -> None:
    (finding,) = execution_logs(bench(streams=streams))

    assert finding.ok is ok
