"""Every rule of the linter: its code, what it looks for, why that matters and how to fix it.

Codes that AWS's ValidateStateMachineDefinition has, too, are AWS's.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `what` is a sentence for the documentation, `fix` the advice of findings without another."""

    code: str
    what: str
    why: str
    fix: str


_ALL = (
    Rule(
        "SCHEMA_VALIDATION_FAILED",
        "A field is unknown, missing, of the wrong type or out of bounds, or a path, an intrinsic function "
        "or a JSONata expression cannot be parsed.",
        "AWS refuses the definition when the state machine is created.",
        "write the field as the Amazon States Language has it",
    ),
    Rule(
        "NOT_MODELLED",
        "The definition has something that AWS takes and the local AWS lacks.",
        "It cannot be run locally, and the parser reads no further: other faults may be hidden behind it.",
        "do without it, or accept it with a reason",
    ),
    Rule(
        "STATELINT",
        "statelint finds a fault that the parser of the local AWS does not see.",
        "The specification of the Amazon States Language (states-language.net) does not allow it.",
        "write it as the specification has it",
    ),
    Rule(
        "MISSING_TRANSITION_TARGET",
        "StartAt, Next or Default names a state that is not there.",
        "AWS refuses the definition. A transition leads only to a state of the same States object.",
        "name a state of the same States object",
    ),
    Rule(
        "UNREACHABLE_STATE",
        "No way leads from StartAt to a state.",
        "It never runs: either it is forgotten, or a transition to it is. AWS refuses a state that no "
        "transition names, and accepts a ring of states that only name each other.",
        "lead a transition to it, or remove it",
    ),
    Rule(
        "MISSING_END_STATE",
        "No state of a machine, branch or item processor ends it.",
        "It can only end by an error, a time limit or the limit of 25,000 events.",
        "give a state End, or add a Succeed or a Fail",
    ),
    Rule(
        "DUPLICATE_STATE_NAME",
        "Two states have the same name, in different branches or item processors.",
        "AWS refuses the definition: a name is unique in the whole state machine.",
        "rename one of the two",
    ),
    Rule(
        "DUPLICATE_KEY",
        "A JSON object has the same key twice.",
        "JSON keeps the last one: a state, a retrier's field or a parameter is silently gone.",
        "rename or remove one of the two",
    ),
    Rule(
        "NO_DOLLAR",
        "A JSONPath or an intrinsic function stands under a key without `.$`, in Parameters, ResultSelector, "
        "ItemSelector, Assign and the like.",
        "It is not evaluated: the service gets the text itself.",
        "end the key in .$",
    ),
    Rule(
        "NO_PATH",
        "A JSONPath or an intrinsic function stands in a field that takes a literal, as Error or "
        "StringEquals do.",
        "It is not evaluated: the field has the text itself.",
        "use the field whose name ends in Path",
    ),
    Rule(
        "PASS_RESULT_IS_STATIC",
        "The Result of a Pass state holds a key that ends in `.$`, a path or an intrinsic function.",
        "Result is a literal, no payload template: nothing in it is evaluated.",
        "use Parameters instead of Result",
    ),
    Rule(
        "WRONG_QUERY_LANGUAGE",
        "A JSONPath state holds a JSONata expression `{% %}`, or a JSONata state holds `$states.` without "
        "`{% %}` around it.",
        "It is not evaluated: the text itself is used.",
        "write the expression in the query language of the state, or give the state another QueryLanguage",
    ),
    Rule(
        "UNKNOWN_INTEGRATION",
        "The Resource of a Task names no service, action or pattern that Step Functions has.",
        "AWS refuses the definition when the state machine is created.",
        "write the Resource as the documentation of the service integration has it",
    ),
    Rule(
        "UNKNOWN_PARAMETER",
        "A parameter of a Task, at any depth, is not in the API's model.",
        'The state fails with States.Runtime: the field "is not supported by Step Functions". Parameters are '
        "written in PascalCase, whatever the API itself does.",
        "write the parameter as the API reference has it, beginning with a capital",
    ),
    Rule(
        "MISSING_PARAMETER",
        "A parameter that the API requires is not given.",
        "The call is refused each time, and the state fails.",
        "give the parameter",
    ),
    Rule(
        "WRONG_PARAMETER_TYPE",
        "A literal parameter is of another type than the API's model has.",
        "The call is refused each time, and the state fails.",
        "give a value of the type that the API takes",
    ),
    Rule(
        "WRONG_PARAMETER_VALUE",
        "A literal parameter is not one of the few words that the API's model lists.",
        "The call is refused each time, and the state fails.",
        "give one of the words that the API takes",
    ),
    Rule(
        "NO_TIMEOUT",
        "A Task has neither TimeoutSeconds nor TimeoutSecondsPath.",
        "Its default is 99,999,999 seconds: a job that hangs or a token that is never sent back keeps the "
        "execution running for up to a year.",
        "give the Task the TimeoutSeconds after which it is surely lost",
    ),
    Rule(
        "HEARTBEAT_NOT_BELOW_TIMEOUT",
        "HeartbeatSeconds is not smaller than TimeoutSeconds.",
        "The specification wants it smaller: the Task times out before a heartbeat can be missed.",
        "make HeartbeatSeconds smaller than TimeoutSeconds",
    ),
    Rule(
        "CATCH_LOSES_INPUT",
        "A catcher of a JSONPath state has no ResultPath.",
        "The error output takes the place of the state's whole input: what the states after it need, to "
        "clean up for instance, is lost.",
        'add a ResultPath such as "$.error"; if the input may go, say so with "ResultPath": "$"',
    ),
    Rule(
        "STATES_ALL_NOT_LAST",
        "States.ALL stands in an ErrorEquals with other names, or not in the last retrier or catcher.",
        "AWS refuses the definition: States.ALL must stand alone, and last.",
        "move States.ALL into a last element of its own",
    ),
    Rule(
        "NEVER_REACHED_ERROR",
        "An error name stands after a retrier or catcher that matches it already: States.TaskFailed, which "
        "matches every error but timeouts, or the same name.",
        "The first element that matches decides; the later one never does, so its retries or its Next are "
        "not what happens.",
        "move the narrower name before it",
    ),
    Rule(
        "UNCATCHABLE_ERROR",
        "Retry or Catch names States.Runtime.",
        "Nothing matches States.Runtime, not even its own name or States.ALL: the execution fails.",
        "remove the name, and keep the error from arising",
    ),
    Rule(
        "UNKNOWN_ERROR",
        "Retry or Catch names an error that does not exist: a name of States. that the language does not "
        "have, or one with the prefix of a service whose model has no such error.",
        "It never matches, so nothing is retried or caught.",
        "write the name as the service integration forms it",
    ),
    Rule(
        "IMPOSSIBLE_ERROR",
        "Retry or Catch names an error that the state's integration cannot give, such as `ECS.` for "
        "`aws-sdk:ecs`, whose errors begin with `Ecs.`.",
        "It never matches, so nothing is retried or caught. The optimized integrations name errors as the "
        "SDK for Java 1 does, aws-sdk integrations as the SDK for Java 2 does.",
        "write the name as the service integration forms it",
    ),
    Rule(
        "UNWRITTEN_PATH",
        "A path leads to what no state before can have written, whichever way the execution comes.",
        "The state fails with States.Runtime, which nothing can catch.",
        "read what is there, or keep it with ResultPath in the states before",
    ),
    Rule(
        "UNASSIGNED_VARIABLE",
        "A JSONPath state reads a variable that no state before can have assigned.",
        "The state fails with States.Runtime, which nothing can catch.",
        "assign it in a state before, in the same scope or one around it",
    ),
    Rule(
        "IGNORE_WITHOUT_REASON",
        "A `lint:ignore` gives no reason.",
        "Whoever reads the definition next must be able to judge whether the finding may still be accepted.",
        "write why after the code: lint:ignore CODE reason",
    ),
    Rule(
        "IGNORE_WITHOUT_EFFECT",
        "A `lint:ignore` names a code that is not found there, or that does not exist.",
        "It says that something is accepted which is not there, and would hide it when it comes.",
        "remove the lint:ignore",
    ),
)
RULES = {rule.code: rule for rule in _ALL}
