"""Pictures of state machines: what is in them, and that the one in imgs/ is of today's definition."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from local_aws import __main__ as command_line
from local_aws.graph.chart import Chart, Edge, NotAStateMachineError, Way, chart_of
from local_aws.graph.conditions import condition, in_short
from local_aws.graph.happy_path import happy_path
from local_aws.graph.labels import area_around, place_labels
from local_aws.graph.layout import Picture, laid_out
from local_aws.graph.mermaid import mermaid_of
from local_aws.graph.svg import svg_of
from local_aws.graph.words import count

HOUSE = Path(__file__).parents[3]
MAIN = HOUSE / "step_functions" / "MainStepFn.json"
SMALL = Path(__file__).with_name("small.json")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def small() -> Chart:
    return chart_of(json.loads(SMALL.read_text()))


@pytest.fixture(scope="module")
def main() -> Chart:
    return chart_of(json.loads(MAIN.read_text()))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["local_aws", "graph", *map(str, arguments)])
    return command_line.main()


def test_the_picture_of_the_machine_is_of_the_definition_as_it_is(main: Chart) -> None:
    drawn = (HOUSE / "imgs" / "stepfunctions.svg").read_text(encoding="utf-8")
    assert drawn == svg_of(main, "State machine MainStepFn"), (
        "imgs/stepfunctions.svg is of another definition: run python -m local_aws graph "
        "step_functions/MainStepFn.json --format svg --output imgs/stepfunctions.svg"
    )


def test_every_way_between_states_is_an_edge_with_its_reason(small: Chart) -> None:
    assert small.edges == (
        Edge("Check", "Work", Way.RULE, "size > 3", "if size > 3"),
        Edge("Check", "Wait", Way.DEFAULT, "otherwise", "otherwise"),
        Edge("Wait", "Check", Way.NEXT),
        Edge("Work", "Done", Way.NEXT),
        Edge("Work", "Bad", Way.CATCH, "S3.NoSuchKey, States.Timeout", "on S3.NoSuchKey, States.Timeout"),
        Edge("Work", "Bad", Way.CATCH, "any error", "on any error"),
    )


def test_branches_and_processors_are_charts_within_their_states(small: Chart) -> None:
    assert [list(inner.nodes) for inner in small.nodes["Work"].inner] == [["Call"], ["Each"]]
    assert list(small.nodes["Work"].inner[1].nodes["Each"].inner[0].nodes) == ['One <item> & "more"']
    assert count(small) == 8


def test_the_happy_path_goes_round_a_loop_and_never_by_a_catch(small: Chart) -> None:
    assert happy_path(small) == ["Check", "Work", "Done"]


def test_the_happy_path_of_the_machine_ends_in_the_notice_of_success(main: Chart) -> None:
    path = happy_path(main)
    assert (path[0], path[-1]) == ("CheckInput", "NotifySuccess")
    assert {"ClaimFile", "ProcessTasksInParallel", "Cleanup", "CleanupComplete", "ArchiveFile"} <= set(path)


def test_the_happy_path_is_a_straight_line_down(main: Chart) -> None:
    middles = [
        (box.corner[0] + box.width / 2, box.corner[1]) for box in laid_out(main).boxes if box.stands_out
    ]
    assert {round(x) for x, _ in middles} == {round(middles[0][0])}
    assert [
        box.node.name for box in sorted(laid_out(main).boxes, key=lambda box: box.corner[1]) if box.stands_out
    ] == (happy_path(main))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"Variable": "$.a", "StringEquals": "x"}, "a = x"),
        ({"Variable": "$.a", "NumericLessThanEqualsPath": "$.b"}, "a \N{LESS-THAN OR EQUAL TO} $.b"),
        ({"Variable": "$.a", "StringMatches": "input/*"}, "a like input/*"),
        ({"Variable": "$.a", "BooleanEquals": False}, "not a"),
        ({"Variable": "$.a", "IsPresent": True}, "a is present"),
        ({"Not": {"Variable": "$.a", "IsPresent": True}}, "a is not present"),
        ({"Not": {"Variable": "$.a", "StringEquals": "x"}}, "not (a = x)"),
        ({"Condition": "{% $a > 1 %}"}, "$a > 1"),
        (
            {"And": [{"Variable": "$.a", "IsPresent": True}, {"Variable": "$.a", "BooleanEquals": True}]},
            "a",
        ),
        (
            {
                "And": [
                    {"Variable": "$.a", "IsNull": True},
                    {"Or": [{"Variable": "$.b", "IsPresent": False}, {"Variable": "$.b", "IsNull": True}]},
                ]
            },
            "a is null and (b is not present or b is null)",
        ),
    ],
)
def test_a_condition_is_said_in_words(rule: dict[str, object], words: str) -> None:
    assert condition({**rule, "Next": "Any"}) == words


def test_a_long_condition_is_cut_to_its_last_part() -> None:
    parts = [{"Variable": f"$.{'a' * 40}{at}", "IsNull": True} for at in range(2)]
    assert in_short({"And": parts, "Next": "Any"}) == f"\N{HORIZONTAL ELLIPSIS} and {'a' * 40}1 is null"


def test_a_rule_that_has_a_comment_is_labelled_with_it() -> None:
    assert in_short({"Variable": "$.a", "IsNull": True, "Comment": "nothing there"}) == "nothing there"


def test_no_box_covers_another_and_all_is_within_the_picture(main: Chart) -> None:
    def check(picture: Picture) -> None:
        for at, box in enumerate(picture.boxes):
            left, top = box.corner
            assert left >= 0
            assert top >= 0
            assert left + box.width <= picture.width + 0.01
            assert top + box.height <= picture.height + 0.01
            for other in picture.boxes[:at]:
                assert (
                    other.corner[0] >= left + box.width
                    or left >= other.corner[0] + other.width
                    or other.corner[1] >= top + box.height
                    or top >= other.corner[1] + other.height
                ), f"{box.node.name} covers {other.node.name}"
            for corner, inner in box.inner:
                assert corner[0] + inner.width <= box.width
                assert corner[1] + inner.height <= box.height
                check(inner)

    check(laid_out(main))


def test_a_label_stands_by_its_own_line_and_goes_round_a_box() -> None:
    free = place_labels([[(0, 0), (0, 100)]], [(40, 12)], [])
    assert free == [(24, 50)]
    blocked = place_labels([[(0, 0), (0, 100)]], [(40, 12)], [area_around((24, 50), (30, 200))])
    assert blocked == [(-24, 50)]


def test_labels_do_not_cover_each_other() -> None:
    lines = [[(0, 0), (0, 100)], [(50, 0), (50, 100)]]
    wall = area_around((70, 50), (30, 200))  # leaves the second label the left of its line only
    assert place_labels(lines, [(40, 12), (42, 12)], [wall]) == [(24, 50), (25, 30)]


def test_an_svg_holds_every_state_with_its_comment_and_nothing_from_elsewhere(small: Chart) -> None:
    text = svg_of(small, "Small")
    root = ElementTree.fromstring(text)  # noqa: S314 - our own text
    assert root.findtext(f"{SVG}title") == "Small"
    assert (
        root.findtext(f"{SVG}desc")
        == "8 states, beginning with Check. When all goes well: Check, Work, Done."
    )
    tips = [tip.text or "" for tip in root.iter(f"{SVG}title")]
    assert "Check (Choice)\nIs it large enough?" in tips
    assert 'One <item> & "more" (Pass)' in tips
    assert "Work to Bad on any error" in tips
    assert not re.search(r"<script|<image|href|@import|url\((?!#)", text)


def test_the_kinds_of_states_and_ways_are_told_apart(small: Chart) -> None:
    root = ElementTree.fromstring(svg_of(small, "Small"))  # noqa: S314 - our own text
    classes = {group.findtext(f"{SVG}title"): group.get("class") for group in root.iter(f"{SVG}g")}
    assert classes["Bad (Fail)"] == "state Fail"
    assert classes["Done (Succeed)"] == "state Succeed end main"
    assert classes["Check to Work if size > 3"] == "way main"
    assert classes["Work to Bad on any error"] == "way catch"


def test_retries_are_counted_on_the_state_and_told_in_its_tip(small: Chart) -> None:
    root = ElementTree.fromstring(svg_of(small, "Small"))  # noqa: S314 - our own text
    assert "4, 3" in [text.text for text in root.iter(f"{SVG}text")]
    tip = next(tip.text for tip in root.iter(f"{SVG}title") if (tip.text or "").startswith("Call "))
    assert tip == (
        "Call (Task lambda:invoke)\nnot tried again on Bad.Input\n"
        "tried again up to 4 times on Slow\ntried again up to 3 times on any error"
    )


def test_mermaid_has_ids_of_its_own_and_escapes_names(small: Chart) -> None:
    text = mermaid_of(small, "Small")
    assert text.startswith("%% Small\nflowchart TD\n")
    assert '["One #lt;item#gt; #amp; #quot;more#quot;"]' in text
    assert '==>|"size #gt; 3"|' in text
    assert '-.->|"any error"|' in text
    opened = len(re.findall(r"^ *subgraph ", text, re.MULTILINE))
    assert opened == len(re.findall(r"^ *end$", text, re.MULTILINE)) == 5
    assert len(set(re.findall(r"^ *(s\d+)[\[({]", text, re.MULTILINE))) == 6


def test_the_command_draws_the_same_bytes_to_a_file_and_to_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for form in ("svg", "mermaid"):
        assert run(monkeypatch, SMALL, "--format", form) == 0
        assert run(monkeypatch, SMALL, "--format", form, "--output", tmp_path / form) == 0
        assert (tmp_path / form).read_text(encoding="utf-8") == capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "No such file or directory"),
        ("{", "not JSON"),
        ("[]", "the definition has no States"),
        ('{"States": {"A": {"Type": "Succeed"}}}', "the definition has no StartAt"),
        ('{"StartAt": "A", "States": {"A": {"Type": "Cake"}}}', "the state A has the unknown Type Cake"),
        ('{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}', "the definition leads to B"),
        (
            '{"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [{"IsNull": true}]}}}',
            "a way on from A has no Next",
        ),
        (
            '{"StartAt": "A", "States": {"A": {"Type": "Task", "Retry": [{"MaxAttempts": 1}], "End": true}}}',
            "a Retry or Catch has no ErrorEquals",
        ),
        (
            '{"StartAt": "A", "States": {"A": {"Type": "Map", "End": true}}}',
            "the processor of A has no States",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_was_found_and_what_to_do(
    content: str | None,
    found: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "machine.json"
    if content is not None:
        file.write_text(content)
    assert run(monkeypatch, file) == 2
    error = capsys.readouterr().err
    assert f"error: {file} cannot be drawn\n  found: " in error
    assert found in error
    assert "\n  do:    " in error


def test_a_definition_with_a_broken_branch_names_the_branch() -> None:
    broken = {
        "StartAt": "A",
        "States": {"A": {"Type": "Parallel", "Branches": [{"StartAt": "B"}], "End": True}},
    }
    with pytest.raises(NotAStateMachineError, match="branch 1 of A has no States"):
        chart_of(broken)


def test_a_folder_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, SMALL, "--output", tmp_path / "none" / "a.svg") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_reader_that_has_read_enough_is_no_error() -> None:
    drawing = [sys.executable, "-m", "local_aws", "graph", str(MAIN)]
    with subprocess.Popen(drawing, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=HOUSE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 141)
