"""Functions as tasks of state machines: https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.functions.support import ACCOUNT, REGION, Lambda
from tests.unit.local_iam.support import allow, make_role, trust

MACHINES = Path(__file__).parent / "machines"


class Machine:
    """A machine of this folder, started with a function and a payload."""

    def __init__(
        self,
        functions: Lambda,
        name: str,
        *rights: dict[str, Any],
        function: str = "",
        definition: str | None = None,
    ) -> None:
        self.cloud = functions.cloud
        self.states = functions.of("stepfunctions")
        role = make_role(
            self.cloud, *(rights or [allow("lambda:InvokeFunction")]), trusting=trust("states.amazonaws.com")
        )
        text = definition or (MACHINES / f"{name}.json").read_text().replace("${Function}", function)
        made = self.states.create_state_machine(name=self.cloud.new_id(), definition=text, roleArn=role)
        self.arn = made["stateMachineArn"]

    def start(self, function: str, payload: Any) -> str:
        given = json.dumps({"function": function, "payload": payload})
        return str(self.states.start_execution(stateMachineArn=self.arn, input=given)["executionArn"])

    def run(self, function: str, payload: Any) -> Any:
        return self.end_of(self.start(function, payload))

    def end_of(self, execution: str) -> Any:
        async def ended() -> None:
            await self.cloud.states(REGION)._execution(execution).ended()

        self.cloud.run(ended())
        return self.states.describe_execution(executionArn=execution)

    def events(self, execution: Any) -> list[Any]:
        arn = execution["executionArn"]
        events: list[Any] = self.states.get_execution_history(executionArn=arn)["events"]
        return events


def arn_of(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def test_the_result_is_the_answer_of_lambda_with_its_payload_parsed(functions: Lambda) -> None:
    done = Machine(functions, "invoke").run(functions.make(), {"a": [1.0, "ü"]})
    output = json.loads(done["output"])
    http, metadata = output.pop("SdkHttpMetadata"), output.pop("SdkResponseMetadata")
    assert output == {"ExecutedVersion": "$LATEST", "Payload": {"a": [1.0, "ü"]}, "StatusCode": 200}
    assert http["HttpStatusCode"] == 200
    # The names as recorded on AWS, but for X-Amzn-Trace-Id.
    assert set(http["HttpHeaders"]) == {
        *("Connection", "Content-Length", "Content-Type", "Date"),
        *("X-Amz-Executed-Version", "x-amzn-Remapped-Content-Length", "x-amzn-RequestId"),
    }
    assert http["AllHttpHeaders"] == {name: [value] for name, value in http["HttpHeaders"].items()}
    assert metadata["RequestId"] == http["HttpHeaders"]["x-amzn-RequestId"]


def test_a_payload_that_is_text_is_sent_as_it_is(functions: Lambda) -> None:
    machine, name = Machine(functions, "invoke"), functions.make()
    for payload, seen in (('{"a": 1}', {"a": 1}), (None, {}), (0, 0)):
        done = machine.run(name, payload)
        assert json.loads(done["output"])["Payload"] == seen


def test_an_error_of_the_function_is_the_tasks_by_its_type(functions: Lambda) -> None:
    done = Machine(functions, "invoke").run(functions.make("handlers.fail"), {})
    assert (done["status"], done["error"]) == ("FAILED", "LookupError")
    cause = json.loads(done["cause"])
    assert done["cause"] == json.dumps(cause, separators=(",", ":"))  # recorded so
    assert (cause["errorMessage"], cause["errorType"]) == ("nothing here", "LookupError")


def test_a_function_out_of_time_is_a_sandbox_that_timed_out(functions: Lambda) -> None:
    done = Machine(functions, "invoke").run(functions.make("handlers.sleep", Timeout=1), {})
    assert done["error"] == "Sandbox.Timedout"
    assert json.loads(done["cause"])["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")


def test_what_lambda_refuses_is_an_error_of_lambda(functions: Lambda) -> None:
    machine = Machine(functions, "invoke")
    done = machine.run("gone", {})
    assert done["error"] == "Lambda.ResourceNotFoundException"
    assert done["cause"].startswith(
        f"Function not found: {arn_of('gone')}:$LATEST (Service: AWSLambda; Status Code: 404; "
        "Error Code: ResourceNotFoundException; Request ID: "
    )
    assert done["cause"].endswith("; Proxy: null)")
    name = functions.make()
    functions.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert machine.run(name, {})["error"] == "Lambda.TooManyRequestsException"


@pytest.mark.parametrize("machine", ["invoke", "invoke_sdk", "function"])
def test_a_machine_needs_the_right_to_invoke_the_function(functions: Lambda, machine: str) -> None:
    name, other = functions.make(), functions.make()
    may = allow("lambda:InvokeFunction", on=arn_of(name))
    assert Machine(functions, machine, may, function=arn_of(name)).run(name, {})["status"] == "SUCCEEDED"
    done = Machine(functions, machine, may, function=arn_of(other)).run(other, {})
    assert done["error"] == (
        "Lambda.LambdaException" if machine == "invoke_sdk" else "Lambda.AWSLambdaException"
    )
    assert (
        f"is not authorized to perform: lambda:InvokeFunction on resource: {arn_of(other)}" in done["cause"]
    )


def test_by_the_sdk_the_payload_is_text_and_a_functions_error_no_error(functions: Lambda) -> None:
    machine = Machine(functions, "invoke_sdk")
    output = json.loads(machine.run(functions.make(), {"a": 1})["output"])
    assert output == {"ExecutedVersion": "$LATEST", "Payload": '{"a": 1}', "StatusCode": 200}
    output = json.loads(machine.run(functions.make("handlers.fail"), {})["output"])
    assert (output["FunctionError"], output["StatusCode"]) == ("Unhandled", 200)


def test_a_function_may_be_the_resource_itself(functions: Lambda) -> None:
    name = functions.make()
    machine = Machine(functions, "function", function=arn_of(name))
    done = machine.run(name, {"a": 1})
    assert json.loads(done["output"]) == {"a": 1}
    scheduled, started, succeeded = machine.events(done)[2:5]
    assert (scheduled["type"], started["type"]) == ("LambdaFunctionScheduled", "LambdaFunctionStarted")
    assert scheduled["lambdaFunctionScheduledEventDetails"]["resource"] == arn_of(name)
    assert succeeded["type"] == "LambdaFunctionSucceeded"
    assert json.loads(succeeded["lambdaFunctionSucceededEventDetails"]["output"]) == {"a": 1}


def test_the_cause_of_a_functions_error_is_its_own_text(functions: Lambda) -> None:
    name = functions.make("handlers.fail")
    machine = Machine(functions, "function", function=arn_of(name))
    done = machine.run(name, {})
    assert done["error"] == "LookupError"
    assert done["cause"].startswith(
        '{"errorMessage": "nothing here", "errorType": "LookupError"'
    )  # recorded so
    assert machine.events(done)[4]["type"] == "LambdaFunctionFailed"


@pytest.mark.parametrize("machine", ["invoke", "invoke_sdk"])
def test_a_machine_that_names_no_function_fails(functions: Lambda, machine: str) -> None:
    definition = json.loads((MACHINES / f"{machine}.json").read_text())
    del definition["States"]["Invoke"]["Parameters"]["FunctionName.$"]
    done = Machine(functions, machine, definition=json.dumps(definition)).run("", {})
    assert done["error"] == "States.Runtime"
    assert 'The field "FunctionName" is required but was missing' in done["cause"]


def test_a_function_that_has_the_token_ends_the_task_later(functions: Lambda) -> None:
    machine = Machine(functions, "callback")
    execution = machine.start(functions.make(), {"a": 1})
    events = machine.events({"executionArn": execution})
    while "TaskSubmitted" not in [event["type"] for event in events]:
        events = machine.events({"executionArn": execution})
    (submitted,) = [event for event in events if event["type"] == "TaskSubmitted"]
    told = json.loads(submitted["taskSubmittedEventDetails"]["output"])["Payload"]
    machine.states.send_task_success(taskToken=told["token"], output=json.dumps(told["result"]))
    assert json.loads(machine.end_of(execution)["output"]) == {"a": 1}


def test_many_functions_run_at_the_same_time_and_can_call_aws(functions: Lambda) -> None:
    """More than there are threads for calls: each invocation must do without one while it runs."""
    done = Machine(functions, "many").run(functions.make(Timeout=60), list(range(12)))
    assert json.loads(done["output"]) == list(range(12))
