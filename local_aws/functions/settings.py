"""What is asked of a function's settings, and its environment variables when it runs.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Final

from moto.awslambda.models import LambdaFunction

from local_aws.functions.logs import LogStream
from local_aws.iam.roles import Session
from local_aws.wire import AwsError, Json, not_modelled, service_model

_RUNTIMES: Final = re.compile(r"python3\.\d+")
# Settings that are kept and described back; no process knows of them.
_KEPT: Final = {"Architectures", "EphemeralStorage", "TracingConfig", "Description", "Tags"}
_HONOURED: Final = {
    *("FunctionName", "Runtime", "Role", "Handler", "Code", "Timeout", "MemorySize", "Environment"),
    *("PackageType", "Publish"),
}
# What moto's UpdateFunctionConfiguration changes.
_UPDATED: Final = {"FunctionName", "Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize"} | {
    "Environment"
}
_RESERVED: Final = {
    *("_HANDLER", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV"),
    *("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"),
    *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
    *("AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT"),
}


def check_settings(settings: dict[str, Json], *, update: bool = False) -> None:
    """Raise AwsError for settings (of a CreateFunction, or an update's) that AWS refuses, or that we lack."""
    asked = {name for name, value in settings.items() if value not in (None, [], {}, "", False)}
    if settings.get("PackageType", "Zip") != "Zip":
        raise not_modelled(f"functions of the package type {settings['PackageType']}")
    for lacking in sorted(asked - (_UPDATED if update else _HONOURED | _KEPT)):
        raise not_modelled(f"the setting {lacking} of a function")
    if "Publish" in asked:
        raise not_modelled("versions of functions (Publish)")
    runtime = settings.get("Runtime")
    if runtime and not _RUNTIMES.fullmatch(runtime):
        raise not_modelled(f"the runtime {runtime}; it has python3.*")
    for name in ("Timeout", "MemorySize"):
        _check_limit(name, settings.get(name))
    variables = (settings.get("Environment") or {}).get("Variables") or {}
    if reserved := sorted(_RESERVED & set(variables)):
        raise AwsError(
            "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment variables you "
            "have provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}",
        )


def _check_limit(name: str, value: Json) -> None:
    limits = service_model("lambda").shape_for(name).metadata
    for bound, word in (("min", "greater"), ("max", "less")):
        if value is None or bound not in limits:
            continue
        if value < limits[bound] if bound == "min" else value > limits[bound]:
            raise AwsError(
                "ValidationException",
                f"1 validation error detected: Value '{value}' at '{name[:1].lower()}{name[1:]}' failed to "
                f"satisfy constraint: Member must have value {word} than or equal to {limits[bound]}",
            )


def fingerprint(function: LambdaFunction) -> str:
    """Return a text that is another one as soon as the function's code or settings are."""
    return json.dumps(function.get_configuration(), sort_keys=True, default=str)


def variables_of(
    function: LambdaFunction, folder: Path, scratch: Path, logs: LogStream, role: Session, endpoint: str
) -> dict[str, str]:
    """Return the environment of a function's process: Lambda's variables, its own, nothing of the caller's.

    `folder` holds its code, `scratch` is for its temporary files.
    """
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "AWS_ENDPOINT_URL": endpoint,
        **function.environment_vars,
        "_HANDLER": str(function.handler),
        "LAMBDA_TASK_ROOT": str(folder),
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": logs.group,
        "AWS_LAMBDA_LOG_STREAM_NAME": logs.name,
        "AWS_ACCESS_KEY_ID": role.access_key,
        "AWS_SECRET_ACCESS_KEY": role.secret_key,
        "AWS_SESSION_TOKEN": role.token,
    }
