"""Runs a machine, state after state, with Retry and Catch; `Effects` does everything that reaches outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from local_aws.states import branches, tasks
from local_aws.states.choice import timestamp_of
from local_aws.states.dataflow import JsonPathFlow
from local_aws.states.effects import Effects
from local_aws.states.errors import (
    DATA_LIMIT_EXCEEDED,
    NO_CHOICE_MATCHED,
    QUERY_EVALUATION_ERROR,
    EvaluationError,
    StateError,
    matches,
    query_error,
)
from local_aws.states.history import UNTRUNCATED, History, Thread
from local_aws.states.jsontext import Json, timestamp, too_large
from local_aws.states.model import (
    ChoiceState,
    FailState,
    Machine,
    MapState,
    ParallelState,
    PassState,
    State,
    SucceedState,
    TaskState,
    WaitState,
    WorkState,
)
from local_aws.states.retry import Retries
from local_aws.states.scope import Scope
from local_aws.states.variables import check_variables

_STATES_A_TURN = 64  # how many states may pass before others get their turn on the loop
_Next = tuple[str | None, Json]


class Interpreter:
    """Runs one execution. `context` is what `$$` shows of the execution and its machine."""

    def __init__(self, effects: Effects, history: History, context: dict[str, Json], region: str) -> None:
        self.effects = effects
        self.region = region
        self.history = history
        self.context = context
        self._passed = 0

    async def run(
        self, machine: Machine, thread: Thread, given: Json, iteration: tuple[int, ...] = ()
    ) -> Json:
        """Run a whole machine and return its output; raises StateError."""
        scope = Scope(self.context, {}, self.effects.new_id, self.effects.random, self.effects.now)
        return await self.run_states(machine, thread, given, scope, iteration)

    def for_child(self, history: History, context: dict[str, Json]) -> Interpreter:
        """Return what runs an execution that this one has started, with the same effects."""
        return Interpreter(self.effects, history, context, self.region)

    async def run_states(
        self, machine: Machine, thread: Thread, given: Json, scope: Scope, iteration: tuple[int, ...]
    ) -> Json:
        """Run a machine, a branch or an iteration, each with its own scope and its own line of events."""
        name: str | None = machine.start_at
        while name is not None:
            self._passed += 1
            if self._passed % _STATES_A_TURN == 0:
                await asyncio.sleep(0)
            state = machine.states[name]
            visit = Visit(self, state, thread, given, scope, iteration)
            handler = _HANDLERS.get(type(state))
            name, given = visit.run_at_once(handler) if handler else await visit.run()
        return given


class Visit:
    """One state being executed."""

    __slots__ = (
        *("interpreter", "effects", "history", "state", "thread", "raw", "iteration", "around"),
        *("context", "scope", "before", "event"),
    )

    def __init__(
        self,
        interpreter: Interpreter,
        state: State,
        thread: Thread,
        raw: Json,
        around: Scope,
        iteration: tuple[int, ...],
    ) -> None:
        self.interpreter = interpreter
        self.effects = interpreter.effects
        self.history = interpreter.history
        self.state = state
        self.thread = thread
        self.raw = raw
        self.iteration = iteration
        self.around = around
        here: dict[str, Json] = {"Name": state.name, "EnteredTime": timestamp(self.effects.now())}
        if isinstance(state, WorkState):
            here["RetryCount"] = 0
        self.context = {**around.context, "State": here}
        self.scope = Scope(self.context, around.variables, around.new_id, around.random, around.now)
        self.before = thread.last
        self.event = 0

    def run_at_once(self, handler: Callable[..., _Next]) -> _Next:
        """Execute a state that waits for nothing; returns as `run` does."""
        self._enter()
        try:
            return handler(self, self.state)
        except EvaluationError as error:
            raise self._located(error) from error

    async def run(self) -> _Next:
        """Execute the state; returns the next state's name, None at the end, and its input."""
        self._enter()
        try:
            if isinstance(self.state, WaitState):
                return await self._wait(self.state)
            return await self._work(self.state)  # type: ignore[arg-type]  # all other states are work
        except EvaluationError as error:
            raise self._located(error) from error

    def _enter(self) -> None:
        text = self.history.written(self.raw)
        self.thread.open = self.state.kind
        self.event = self.history.add(
            self.thread,
            f"{self.state.kind}StateEntered",
            {"name": self.state.name, "input": text, "inputDetails": UNTRUNCATED},
        )
        self._limit(text, "input")

    def leave(self, output: Json, assigned: dict[str, Json]) -> None:
        """Record the exit, and only then give the variables their new values."""
        text = self.history.written(output)
        self._limit(text, "output")
        details: dict[str, Json] = {
            "name": self.state.name,
            "output": text,
            "outputDetails": UNTRUNCATED,
        }
        if assigned:
            variables = {**self.around.variables, **assigned}
            check_variables(self.state.name, assigned, variables)
            details["assignedVariables"] = {
                name: self.history.written(value) for name, value in assigned.items()
            }
            details["assignedVariablesDetails"] = UNTRUNCATED
        self.history.add(self.thread, f"{self.state.kind}StateExited", details)
        self.thread.open = ""
        if assigned:
            self.around.variables = variables

    def _limit(self, text: str, what: str) -> None:
        if too_large(text):
            raise StateError(
                DATA_LIMIT_EXCEEDED,
                f"The state/task '{self.state.name}' returned a result with a size exceeding the maximum "
                "number of bytes service limit."
                if what == "output"
                else f"The state '{self.state.name}' was given an input with a size exceeding the maximum "
                "number of bytes service limit.",
                fatal=True,
            )

    def _located(self, error: EvaluationError) -> StateError:
        state = f"An error occurred while executing the state '{self.state.name}'"
        cause = f"{state} (entered at the event id #{self.event}). {error.cause}"
        if error.error == QUERY_EVALUATION_ERROR:
            self._tell_of_evaluation(cause, error.location)
        return StateError(error.error, cause, fatal=error.fatal)

    def _tell_of_evaluation(self, cause: str, location: str | None) -> None:
        """Record that JSONata failed: as AWS recorded it, what fails on entry follows what came before."""
        details = {"error": QUERY_EVALUATION_ERROR, "cause": cause, "state": self.state.name}
        if location is not None:
            details["location"] = location
        after = self.before if self.thread.last == self.event else self.thread.last
        self.history.add_after(self.thread, after, "EvaluationFailed", details)

    def _finish(self, data: Json, result: Json) -> _Next:
        output, assigned = self.state.flow.finish(self.raw, data, result, self.scope)
        self.leave(output, assigned)
        return self.state.next, output

    def run_pass(self, state: PassState) -> _Next:
        """Run a Pass: its Result, or its input after Parameters."""
        data = state.flow.data(self.raw, self.scope)
        return self._finish(
            data, state.result if state.has_result else state.flow.arguments(data, self.scope)
        )

    def run_succeed(self, state: State) -> _Next:
        """Run a Succeed: its input, filtered."""
        data = state.flow.data(self.raw, self.scope)
        return self._finish(data, state.flow.arguments(data, self.scope))

    def run_fail(self, state: FailState) -> _Next:
        """Run a Fail: raises its error."""
        data = state.flow.data(self.raw, self.scope)
        error = state.error(data, self.scope) if state.error else None
        raise StateError(error, state.cause(data, self.scope) if state.cause else None)

    def run_choice(self, state: ChoiceState) -> _Next:
        """Run a Choice: the first rule that holds, else the Default."""
        data = state.flow.data(self.raw, self.scope)
        flow, following = state.flow, state.next
        for rule in state.rules:
            if rule.test(data, self.scope):
                flow, following = rule.flow, rule.next
                break
        if following is None:
            raise EvaluationError(
                NO_CHOICE_MATCHED,
                "Failed to transition out of the state. The state does not point to a next state.",
            )
        output, assigned = flow.finish(self.raw, data, flow.arguments(data, self.scope), self.scope)
        self.leave(output, assigned)
        return following, output

    async def _wait(self, state: WaitState) -> _Next:
        data = state.flow.data(self.raw, self.scope)
        if state.seconds is not None:
            await self.effects.sleep(state.seconds(data, self.scope))
        elif state.until is not None:
            text = state.until(data, self.scope)
            moment = timestamp_of(text)
            if moment is None:
                self.before = self.event  # AWS recorded that it had begun to wait
                raise query_error(
                    "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format "
                    f"string: {text}",
                    "Timestamp",
                )
            await self.effects.sleep((moment - self.effects.now()).total_seconds())
        return self._finish(data, state.flow.arguments(data, self.scope))

    async def _work(self, state: WorkState) -> _Next:
        """Try a Task, Parallel or Map until it succeeds, is caught, or fails."""
        retries = Retries(state.retriers, self.effects.random)
        while True:
            try:
                data = state.flow.data(self.raw, self.scope)
                result = await self._attempt(state, data)
                output, assigned = state.flow.finish(self.raw, data, result, self.scope)
            except StateError as error:
                failure = self._located(error) if isinstance(error, EvaluationError) else error
                delay = retries.next_delay(failure)
                if delay is None:
                    return self._catch(state, failure)
                await self.effects.sleep(delay)
                self.context["State"]["RetryCount"] = retries.count
            else:
                self.leave(output, assigned)
                return state.next, output

    async def _attempt(self, state: WorkState, data: Json) -> Json:
        if isinstance(state, TaskState):
            return await tasks.run_task(self, state, data)
        if isinstance(state, ParallelState):
            return await branches.run_parallel(self, state, data)
        assert isinstance(state, MapState)  # noqa: S101 - there is no fourth
        return await branches.run_map(self, state, data)

    def _catch(self, state: WorkState, failure: StateError) -> _Next:
        if not isinstance(state, TaskState) and not failure.fatal:
            self.history.add(self.thread, f"{state.kind}StateFailed")
        for catcher in state.catchers:
            if matches(catcher.error_equals, failure):
                error: Json = {"Error": failure.error, "Cause": failure.cause}
                output = catcher.output(self.raw, error, self.scope)
                data: Json = error
                if not isinstance(state.flow, JsonPathFlow):
                    data = {"input": self.raw, "errorOutput": error, "context": self.context}
                self.leave(output, catcher.assign(data, self.scope) if catcher.assign else {})
                return catcher.next, output
        raise failure


_HANDLERS: dict[type[State], Callable[..., _Next]] = {
    PassState: Visit.run_pass,
    SucceedState: Visit.run_succeed,
    FailState: Visit.run_fail,
    ChoiceState: Visit.run_choice,
}
