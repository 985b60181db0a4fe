"""The AWS CLI, loaded once: each command is a fork of the process that has it, and takes a tenth of the time.

`warm_cli.py serve SOCKET` loads it and waits; `warm_cli.py SOCKET ARGUMENT...` has it carry out one command,
with the environment, folder and files of its own. It imports little, because it starts for every command.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys

FILES = 3  # stdin, stdout, stderr
LONGEST = 1 << 20  # bytes of a request: arguments and environment


def serve(path: str) -> None:
    """Load the CLI, say so on stdout, and fork for each request until the process is ended."""
    # A second that the clients must not spend.
    from awscli.clidriver import create_clidriver  # type: ignore[import-untyped]  # noqa: PLC0415

    with contextlib.redirect_stdout(sys.stderr):  # loads the rest; it calls nobody
        create_clidriver().main(["sts", "get-caller-identity", "--generate-cli-skeleton"])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(path)
        listening.listen()
        print("ready", flush=True)
        while True:
            client, _ = listening.accept()
            with client:
                if os.fork() == 0:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    client.send(bytes([carry_out(client)]))
                    os._exit(0)


def carry_out(client: socket.socket) -> int:
    """Carry out one command with the client's environment, folder and files; return its exit code."""
    from awscli.clidriver import create_clidriver  # noqa: PLC0415 - is loaded by now

    request, files, _, _ = socket.recv_fds(client, LONGEST, FILES)
    arguments, environ, folder = json.loads(request)
    for number, file in enumerate(files):
        os.dup2(file, number)
    data = os.environ["AWS_DATA_PATH"]  # the CLI sets it when it is loaded, and needs it
    os.environ.clear()
    os.environ.update(environ | {"AWS_DATA_PATH": data})
    os.chdir(folder)
    try:
        code = create_clidriver().main(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    sys.stdout.flush()
    return int(code)


def ask(path: str, arguments: list[str]) -> int:
    """Have the server carry out a command; return its exit code, 255 when the server has died of it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST)
        server.connect(path)
        request = json.dumps([arguments, dict(os.environ), os.getcwd()])  # noqa: PTH109 - pathlib takes a while
        socket.send_fds(server, [request.encode()], range(FILES))
        answer = server.recv(1)
    return answer[0] if answer else 255


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    sys.exit(ask(sys.argv[1], sys.argv[2:]))
