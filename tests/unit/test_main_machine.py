"""What the orders machine promises on paper: rules that can be read off its definition."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mayfly.template import ROOT

MACHINE = json.loads((ROOT / "step_functions" / "MainStepFn.json").read_text(encoding="utf-8"))
STATES: dict[str, Any] = MACHINE["States"]


def all_states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every state at any depth."""
    for name, state in machine["States"].items():
        yield name, state
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from all_states(inner)


def successors(state: dict[str, Any]) -> set[str]:
    """Return where a state may lead."""
    choices = [choice["Next"] for choice in state.get("Choices", [])]
    catches = [catch["Next"] for catch in state.get("Catch", [])]
    return {*choices, *catches, *filter(None, [state.get("Next"), state.get("Default")])}


def reachable(start: str, without: str) -> set[str]:
    """Return the states that can be reached from `start` without passing `without`."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen and name != without:
            seen.add(name)
            waiting += successors(STATES[name])
    return seen


def test_every_way_from_create_cluster_leads_through_clean_up() -> None:
    for gate in ("Cleanup", "DeleteCluster", "CheckCleanup"):
        ends = [name for name in reachable("CreateCluster", gate) if not successors(STATES[name])]
        assert ends == [], f"ends that do not pass {gate}"


def test_nothing_is_archived_but_after_a_choice_that_a_failure_does_not_pass() -> None:
    assert "ArchiveFile" not in reachable("CreateCluster", "CheckOutcome")
    (to_failure,) = STATES["CheckOutcome"]["Choices"]
    assert to_failure == {"Variable": "$.failure", "IsPresent": True, "Next": "RecordFailure"}


def test_every_failure_ends_in_fail() -> None:
    assert {name for name, state in STATES.items() if state["Type"] == "Succeed"} == {
        "IgnoreFolderMarker",
        "DuplicateEvent",
    }
    assert "NotifySuccess" not in reachable("RecordFailure", "")
    assert "WorkflowFailed" in successors(STATES["NotifyPipelineFailure"])


def test_every_catch_keeps_the_input() -> None:
    catches = [(name, catch) for name, state in all_states(MACHINE) for catch in state.get("Catch", [])]
    assert len(catches) > 20
    assert [name for name, catch in catches if catch.get("ResultPath", "$") == "$"] == []


def test_every_task_has_a_time_limit_and_every_retry_has_jitter_and_a_cap() -> None:
    tasks = [(name, state) for name, state in all_states(MACHINE) if state["Type"] == "Task"]
    assert [name for name, state in tasks if "TimeoutSeconds" not in state] == []
    retriers = [(name, retry) for name, state in all_states(MACHINE) for retry in state.get("Retry", [])]
    loose = [
        name
        for name, retry in retriers
        if retry["MaxAttempts"] and not {"MaxDelaySeconds", "JitterStrategy"} <= set(retry)
    ]
    assert loose == []


def test_the_transformer_waits_longer_than_all_attempts_of_the_validator_take() -> None:
    states = dict(all_states(MACHINE))
    named, crash = states["ValidateFile"]["Retry"]
    assert named["MaxAttempts"] == 0
    attempts = 1 + crash["MaxAttempts"]
    waits = sum(
        crash["IntervalSeconds"] * crash["BackoffRate"] ** number for number in range(crash["MaxAttempts"])
    )
    assert (
        states["RunTransformer"]["TimeoutSeconds"]
        > attempts * states["RunValidator"]["TimeoutSeconds"] + waits
    )


def test_names_of_states_are_unique_at_any_depth() -> None:
    names = [name for name, _ in all_states(MACHINE)]
    assert sorted(names) == sorted(set(names))


def test_clean_up_works_from_computed_names_and_never_from_an_answer() -> None:
    clean_up = json.dumps([STATES["Cleanup"], STATES["DeleteCluster"]])
    assert "$.ephemeral.clusterName" in clean_up
    assert "clusterInfo" not in clean_up
    assert "parallelResults" not in clean_up


def test_every_input_read_and_the_archive_copy_name_the_version() -> None:
    copy = STATES["ArchiveFile"]["Parameters"]["CopySource.$"]
    assert "versionId={}" in copy
    assert "$.file.encodedKey" in copy
    deletion = STATES["DeleteSourceFile"]["Parameters"]
    assert deletion["IfMatch.$"] == "$.pinned.ETag"
    assert not any(key.startswith("VersionId") for key in deletion)


def test_what_is_created_carries_both_tags() -> None:
    states = dict(all_states(MACHINE))
    for name in ("CreateCluster", "RegisterValidatorTask", "RegisterTransformerTask"):
        tags = {tag["Key"] for tag in states[name]["Parameters"]["Tags"]}
        assert tags == {"mayfly:execution", "mayfly:stage"}
    for name in ("RunValidator", "RunTransformer"):
        assert states[name]["Parameters"]["PropagateTags"] == "TASK_DEFINITION"


def test_subjects_are_constant() -> None:
    notices = [state for _, state in all_states(MACHINE) if state.get("Resource", "").endswith("sns:publish")]
    assert len(notices) == 2
    assert all("Subject" in state["Parameters"] for state in notices)
