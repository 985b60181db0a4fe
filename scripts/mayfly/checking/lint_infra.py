"""Checks the policies with parliament, and writes the templates as AWS gets to see them, for other linters.

Linters know neither the paths in a template nor the placeholders in a policy: templates are packed as
deploy.sh packs them, and ${Placeholders} become ARNs and names of the form they will have.

Exit codes: 0 all is well; 1 something is wrong, and what, policy by policy.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from parliament import analyze_policy_string, enhance_finding

from mayfly.template import ROOT, pack

ACCOUNT, REGION = "111122223333", "eu-west-1"
PLACEHOLDER = re.compile(r"\$\{([\w:]+)(\.Arn)?\}")
ARNS = {
    "Bucket": "arn:aws:s3:::{name}",
    "Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{name}}",
    "Role": f"arn:aws:iam::{ACCOUNT}:role/{{name}}",
}
VALUES = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "Stage": "example",
    "Suffix": "-example",
    "ArtifactBucket": "artifact-bucket",
    "SuccessTopic": f"arn:aws:sns:{REGION}:{ACCOUNT}:success",
    "FailureTopic": f"arn:aws:sns:{REGION}:{ACCOUNT}:failure",
    "TopicKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/example",
}
# What parliament may not call a mistake, with the reason.
EXCEPTIONS = {
    # Its only resource type is the container instance, which a task on Fargate has not; the condition
    # ecs:cluster names the cluster. "IAM_list_tasks_policies" in the developer guide of ECS has the same.
    ("RESOURCE_STAR", "ecs:ListTasks"),
}


def fill(text: str) -> str:
    """Return a policy document with every placeholder filled in; raise KeyError for one that is not known."""

    def value_of(match: re.Match[str]) -> str:
        name, arn = match.groups()
        if arn is None:
            return VALUES[name]
        return ARNS[re.findall("[A-Z][a-z]+", name)[-1]].format(name=name.lower())

    return PLACEHOLDER.sub(value_of, text)


def policy_problems(text: str) -> Iterator[str]:
    """Yield what parliament finds in a policy document, but for the exceptions."""
    for finding in analyze_policy_string(fill(text)).findings:
        detail = finding.detail if isinstance(finding.detail, list) else [finding.detail]
        if left := [item for item in detail if (finding.issue, str(item)) not in EXCEPTIONS]:
            line = finding.location.get("line", "?")
            yield f"line {line}: {enhance_finding(finding).title}: {', '.join(map(str, left))}"


def main() -> int:
    """Check iam/*.json and write infra/*.yaml, packed, to the folder that is named; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mayfly.checking.lint_infra", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the packed templates go")
    folder: Path = parser.parse_args().folder
    for path in sorted(ROOT.glob("infra/*.yaml")):
        packed = pack(path, VALUES["ArtifactBucket"]).body
        (folder / f"{path.stem}.json").write_text(packed, encoding="utf-8")
    wrong = 0
    for path in sorted(ROOT.glob("iam/*.json")):
        for problem in policy_problems(path.read_text(encoding="utf-8")):
            wrong += 1
            print(f"{path.relative_to(ROOT)}: {problem}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
