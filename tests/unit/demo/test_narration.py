"""Following an execution, and saying in lines what happens."""

from __future__ import annotations

from typing import Any

import pytest

from mayfly.demo.execution import Change, Event, Execution
from mayfly.demo.narration import Follower, Lines, LogLine, News, plain, told
from tests.unit.demo.histories import BOTH_RUN, REJECTED
from tests.unit.states.running import outcome_of, returns, throws


def lines_of(events: list[Event]) -> list[str]:
    execution = Execution()
    return [told(change)[11:] for event in events if (change := execution.apply(event))]


class Paged:
    """A client whose one list comes in pages of two."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def get_paginator(self, _operation: str) -> Paged:
        return self

    def paginate(self, **_arguments: str) -> list[dict[str, Any]]:
        return [{"events": self.events[at : at + 2]} for at in range(0, len(self.events), 2)]


def test_a_rejection_is_told_from_the_failure_to_the_end() -> None:
    lines = lines_of(REJECTED)
    first = lines.index("x RunValidator failed States.TaskFailed")
    assert lines[first + 1] == "< RunValidator caught States.TaskFailed"
    assert lines[first + 4 : first + 8] == [
        "> ValidatorRejectedFile",
        "x ValidateFile failed",
        "x ProcessTasksInParallel failed",
        "< ProcessTasksInParallel caught",
    ]
    assert lines.count("~ DeleteCluster retried") == 2
    assert lines[-2:] == ["> WorkflowFailed", "= failed ValidationError"]


def test_a_parallel_that_is_tried_again_is_told_by_its_own_name() -> None:
    left = [returns("Left", 1), returns("Left", 2)]
    outcome = outcome_of("parallel_retry", {}, *left, throws("Right", "Flaky"), returns("Right", 3))
    lines = lines_of(outcome.events)
    assert "~ Both retried" in lines
    assert lines[-2:] == ["< Both", "= succeeded"]


def test_a_line_begins_with_simulated_seconds_and_with_the_file_if_there_are_several() -> None:
    news: list[News] = [Change(3.21, "entered", "A"), LogLine("ecs-validator", "INFO accepted rows=1")]
    said: list[str] = []
    Lines(said.append, labelled=False).show("a.csv", Execution(), news)
    Lines(said.append, labelled=True).show("a.csv", Execution(), news)
    assert said == [
        "    3.2 s  > A",
        "            ecs-validator: INFO accepted rows=1",
        "[a.csv]     3.2 s  > A",
        "[a.csv]             ecs-validator: INFO accepted rows=1",
    ]


def test_everything_is_told_once_and_log_lines_of_its_own_tasks_only() -> None:
    states, logs = Paged(), Paged()
    follower = Follower("arn:aws:states:us-east-1:1:execution:M:one", "group", states, logs)
    states.events = BOTH_RUN[:40]
    before = list(follower.news())
    states.events = BOTH_RUN
    logs.events = [
        {"eventId": "1", "logStreamName": "ecs-validator/one/validator/validator-task", "message": "first"},
        {"eventId": "2", "logStreamName": "ecs-validator/two/validator/other-task", "message": "not ours"},
        {"eventId": "3", "logStreamName": "ecs-validator/one/validator/validator-task", "message": "last"},
    ]
    later = list(follower.news())
    assert [news for news in (*before, *later) if isinstance(news, Change)] == [
        change for change in map(Execution().apply, BOTH_RUN) if change
    ]
    assert later[-2:] == [LogLine("ecs-validator", "first"), LogLine("ecs-validator", "last")]
    assert follower.execution.said == {"validator-task": "last"}
    assert list(follower.news()) == []


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"time": "t", "level": "INFO", "message": "accepted", "execution_id": "e", "rows": 3}',
         "INFO accepted rows=3"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
        ("[1, 2]", "[1, 2]"),
        ('{"level": "WARNING", "message": "bad", "value": "\\u001b[2J\\né"}',
         "WARNING bad value=\\x1b[2J\\né"),
    ],
)  # fmt: skip
def test_a_log_line_is_text_that_cannot_steer_the_terminal(line: str, text: str) -> None:
    assert plain(line) == text
