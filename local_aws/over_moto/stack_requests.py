"""What CreateStack, UpdateStack and CreateChangeSet ask for, read and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from moto.cloudformation.utils import get_stack_from_s3_url
from moto.s3.exceptions import S3ClientError

from local_aws.over_moto import template as templates
from local_aws.over_moto.query import Form

if TYPE_CHECKING:
    from local_aws.over_moto.stacks import LocalStack


@dataclass(frozen=True)
class Asked:
    """What a stack shall be."""

    name: str
    body: str  # the template as it came
    template: dict[str, Any]
    parameters: dict[str, str]  # with the template's defaults
    tags: dict[str, str]


def asked_for(form: Form, stack: LocalStack | None, account: str) -> Asked:
    """Return what a request asks for, all of it checked; `stack` is the one that it changes, if any."""
    name = stack.name if stack else form["StackName"]
    if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", name):
        raise templates.refused(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    body = body_of(form, stack, account)
    template = templates.read(body, inline="TemplateBody" in form)
    templates.check(template, set(form.members("Capabilities")))
    parameters = form.pairs("Parameters", "ParameterKey", "ParameterValue")
    parameters.update(kept_parameters(form, stack))
    templates.check_parameters(template, parameters)
    # An update that names no tags keeps those of the stack.
    tags = form.pairs("Tags", "Key", "Value") or (dict(stack.tags) if stack else {})
    return Asked(name, body, template, templates.with_defaults(template, parameters), tags)


def kept_parameters(form: Form, stack: LocalStack | None) -> dict[str, str]:
    """Return the parameters that shall keep their value; one at its default keeps that."""
    asked = form.pairs("Parameters", "ParameterKey", "UsePreviousValue")
    before = stack.parameters if stack else {}
    return {key: before[key] for key, wanted in asked.items() if wanted == "true" and key in before}


def body_of(form: Form, stack: LocalStack | None, account: str) -> str:
    """Return the template's text, from the request, from S3 or from the stack itself."""
    if "TemplateBody" in form:
        return form["TemplateBody"]
    if "TemplateURL" in form:
        url = urlsplit(form["TemplateURL"])
        path = unquote(url.path)
        if not (url.hostname or "").endswith(".amazonaws.com"):  # this endpoint's own address: bucket and key
            url = url._replace(netloc="localhost")
        try:
            return str(get_stack_from_s3_url(url._replace(path=path).geturl(), account, "aws"))
        except (S3ClientError, AttributeError, ValueError) as error:
            raise templates.refused(f"S3 error: {form['TemplateURL']} names no object") from error
    if stack is not None and form.get("UsePreviousTemplate") == "true":
        return str(stack.template)
    raise templates.refused("Either Template URL or Template Body must be specified.")
