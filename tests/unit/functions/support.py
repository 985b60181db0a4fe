"""Functions, as the tests make and invoke them."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.server import LocalAws
from tests.unit.local_iam.support import make_role, trust

REGION = "eu-west-1"
ACCOUNT = "123456789012"
CODE = Path(__file__).parent / "code"
LAMBDA = "lambda.amazonaws.com"


@dataclass
class Said:
    """What an invocation answered."""

    answer: dict[str, Any]
    payload: Any

    @property
    def log(self) -> str:
        return base64.b64decode(self.answer["LogResult"]).decode()


class Lambda:
    """Lambda, as a test speaks to it."""

    def __init__(self, aws: LocalAws) -> None:
        self.cloud = aws.cloud
        self.client = self.cloud.client("lambda", REGION)

    def of(self, service: str) -> Any:
        return self.cloud.client(service, REGION)

    def role(self, *statements: dict[str, Any]) -> str:
        return make_role(self.cloud, *statements, trusting=trust(LAMBDA))

    def make(self, handler: str = "handlers.echo", **settings: Any) -> str:
        """Create a function of the tests' code; return its name."""
        name = f"f-{self.cloud.new_id()}"
        given = {"Runtime": "python3.12", "Code": {"ZipFile": archive()}} | settings
        if "Role" not in given:
            given["Role"] = self.role()
        self.client.create_function(FunctionName=name, Handler=handler, **given)
        return name

    def invoke(self, name: str, event: Any = None, **more: Any) -> Said:
        given = {} if event is None else {"Payload": json.dumps(event)}
        answer = self.client.invoke(FunctionName=name, **given, **more)
        payload = answer.pop("Payload").read()
        return Said(answer, json.loads(payload) if payload else None)

    def logged(self, name: str) -> list[str]:
        """Return the messages in a function's log group."""
        events = self.of("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        return [event["message"] for event in events]

    def settle(self) -> None:
        """Wait until no asynchronous invocation is left."""
        self.cloud.run(self.cloud.functions(REGION).settle())


def archive(*names: str) -> bytes:
    """Return a zip file of the tests' code."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as zipped:
        for name in names or ("handlers.py", "broken.py"):
            zipped.write(CODE / name, name)
    return written.getvalue()
