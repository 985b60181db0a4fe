"""`wc -l`: no more than finding the line ends."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from meter import measure


def count(path: Path) -> dict[str, Any]:
    """Return the lines but for the header."""
    counted = subprocess.run(["wc", "-l", str(path)], capture_output=True, text=True, check=True)
    return {"rows": int(counted.stdout.split()[0]) - 1}


if __name__ == "__main__":
    measure(count)
