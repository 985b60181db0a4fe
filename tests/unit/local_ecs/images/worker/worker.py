"""What the tests' containers do: the first argument says which."""

import json
import mmap
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

what, *arguments = sys.argv[1:]
if what == "exit":
    sys.exit(int(arguments[0]))
if what == "environment":
    print(json.dumps(dict(os.environ)))
    print(Path.cwd())
if what == "say":
    print(*arguments, sep="\n")
if what in ("write", "write and wait"):
    Path(arguments[0], "file").write_text("written")
if what in ("wait", "write and wait"):
    print("ready", flush=True)
    time.sleep(600)
if what == "wait for":
    while not Path(arguments[0], "file").exists():
        time.sleep(0.01)
if what == "ignore SIGTERM":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready", flush=True)
    while True:
        time.sleep(600)
if what == "handle SIGTERM":

    def end(*_: object) -> None:
        print("asked to end")
        sys.exit(9)

    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
    time.sleep(600)
if what == "have":
    # So many MiB of its own, and so many children that share them all and have some of their own.
    memory = b"x" * (int(arguments[0]) << 20)
    children = [os.fork() for _ in range(int(arguments[1]))] if len(arguments) > 1 else []
    if 0 in children:
        memory_of_child = b"x" * (int(arguments[2]) << 20)
        time.sleep(600)
    print("ready", flush=True)
    time.sleep(float(arguments[3]) if len(arguments) > 3 else 600)
if what == "kill oneself":
    os.kill(os.getpid(), signal.SIGKILL)
if what == "map":
    mmap.mmap(-1, int(arguments[0]) << 20)
    time.sleep(0.5)
if what == "flood":
    line = b"x" * 99_999 + b"\n"
    for _ in range(int(arguments[0])):
        sys.stdout.buffer.write(line)
if what == "one long line":
    sys.stdout.buffer.write("€".encode() * int(arguments[0]))
if what == "close stdout":
    print("before", flush=True)
    os.close(1)
    os.close(2)
    Path(arguments[0], "file").write_text("went on")
    os._exit(3)
if what == "leave a child":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(child.pid)
if what == "leave a child in its own session":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"], start_new_session=True)
    print(child.pid)
