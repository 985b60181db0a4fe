"""What Step Functions asks of a machine's role before it keeps the machine."""

from __future__ import annotations

import itertools
import uuid
from typing import Final

from local_aws.iam.enforcer import AccessDeniedError, Enforcer
from local_aws.iam.policies import Need
from local_aws.iam.roles import NotTrustedError
from local_aws.wire import AwsError

# A definition with such a resource makes Step Functions see to a rule by which it hears of jobs' ends.
_RULES: Final = {
    ":states:::ecs:runTask.sync": "StepFunctionsGetEventsForECSTaskRule",
    ":states:::states:startExecution.sync": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
}
_ACTIONS: Final = ("events:PutTargets", "events:PutRule", "events:DescribeRule")


def check_role(enforcer: Enforcer, machine: str, role: str, definition: str) -> None:
    """Raise AccessDeniedException unless Step Functions can take the role, and see to its rules with it.

    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html (IAM policies)
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html (IAM policies)
    """
    region, account = machine.split(":")[3:5]
    rules = [rule for resource, rule in _RULES.items() if resource in definition]
    try:
        session = enforcer.roles.begin(role, "states.amazonaws.com", machine, uuid.uuid4().hex)
        for action, rule in itertools.product(_ACTIONS, rules):
            need = Need(action, f"arn:aws:events:{region}:{account}:rule/{rule}")
            enforcer.demand(session, need, region)
    except NotTrustedError as error:
        raise AwsError(
            "AccessDeniedException",
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized "
            f"to assume the provided role: {error}",
        ) from error
    except AccessDeniedError as denied:
        raise AwsError(
            "AccessDeniedException", f"'{role}' is not authorized to create managed-rule. {denied}"
        ) from denied
