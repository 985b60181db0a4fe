"""How every script begins and ends: by `python -m mayfly MODULE`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mayfly import __main__ as entry
from mayfly.template import ROOT


def test_a_reader_that_has_gone_ends_a_script_without_a_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "mayfly", "deploying.package", "infra/ci.yaml"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (entry.NO_READER, "")


def test_ctrl_c_while_a_script_is_loaded_ends_it_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "import_module", interrupted)
    monkeypatch.setattr("sys.argv", ["mayfly", "deploying.deploy"])
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == entry.INTERRUPTED
    assert capsys.readouterr().err == "\ninterrupted\n"
