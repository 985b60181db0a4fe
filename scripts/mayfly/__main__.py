"""Runs a script's module: `python -m mayfly deploying.deploy`, and what follows is for `main` there.

Ctrl-C while the module is loaded, which takes a second, and a reader of stdout that has gone (`| head -1`)
end any of them without a traceback.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

INTERRUPTED, NO_READER = 130, 141  # what shells say of a program that SIGINT, or SIGPIPE, ended


def main() -> None:
    """Run the module that the first argument names, and exit as it does."""
    module = sys.argv.pop(1)
    try:
        try:
            sys.exit(import_module(f"mayfly.{module}").main())
        finally:
            if sys.stdout:  # None when it was closed from the start
                sys.stdout.flush()
    except BrokenPipeError:
        # What is still to be written would raise it again at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(NO_READER)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
