"""A container's main process."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from local_aws.clock import Clock
from local_aws.ecs.process import Process


def test_a_process_that_has_ended_keeps_its_exit_code_though_it_is_asked_to_end(tmp_path: Path) -> None:
    async def run() -> int:
        command = ["sh", "-c", "trap '' TERM; echo ready; exit 3"]
        process = await Process.start(command, tmp_path, {"PATH": os.environ["PATH"]}, Clock())
        assert await process.read() == b"ready\n"
        while Path(f"/proc/{process.pid}/stat").exists():  # the loop, which is kept busy, has not heard of it
            process.terminate()
        try:
            return await process.wait()
        finally:
            process.close()

    assert [asyncio.run(run()) for _ in range(20)] == [3] * 20
