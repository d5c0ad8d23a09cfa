"""What surrounds every servicer method: trace, access, fields, audit, refusals, the log line and the metrics.

The methods are wrapped once, when they are registered; a request then costs a few function calls and no
look-ups.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import grpc

from chassis import acts, tracing
from chassis.actors import Actor, ActorKind
from chassis.acts import Act
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Refusal
from chassis.rpc import errors
from chassis.rpc.access import AccessRefused, Gate, MethodRule
from chassis.rpc.fields import FieldChecker
from chassis.telemetry import Metrics, describe_fault, log_request, logger

_READS_RECORDED = {ActorKind.STAFF, ActorKind.CLIENT}


class Context(grpc.ServicerContext):
    """What a servicer method gets: gRPC's context and the verified caller."""

    actor: Actor


class Pipeline:
    """Wraps the handlers of one server."""

    def __init__(
        self,
        gate: Gate,
        checker: FieldChecker,
        *,
        clock: Clock,
        database: Database | None,
        metrics: Metrics,
    ) -> None:
        self._gate = gate
        self._checker = checker
        self._clock = clock
        self._database = database
        self._metrics = metrics
        self._log = logger("rpc")

    def wrap(self, rule: MethodRule, handler: Any) -> Any:
        """The same handler with everything around it."""
        make = {
            (False, False): (self._unary, grpc.unary_unary_rpc_method_handler, handler.unary_unary),
            (False, True): (self._streaming, grpc.unary_stream_rpc_method_handler, handler.unary_stream),
            (True, False): (self._unary, grpc.stream_unary_rpc_method_handler, handler.stream_unary),
            (True, True): (self._streaming, grpc.stream_stream_rpc_method_handler, handler.stream_stream),
        }
        surround, register, behaviour = make[(handler.request_streaming, handler.response_streaming)]
        return register(
            surround(rule, behaviour, handler.request_streaming),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _unary(
        self, rule: MethodRule, behaviour: Callable[..., Any], request_streaming: bool
    ) -> Callable[..., Any]:
        def call(request: Any, context: Context) -> Any:
            run = _Run(self, rule, context)
            try:
                request = run.admit(request, request_streaming)
                response = behaviour(request, context)
                run.record_read()
            except Exception as fault:  # noqa: BLE001 - the bridge: everything is answered, bugs without details
                run.refuse(fault)
            else:
                return response
            finally:
                run.close()

        return call

    def _streaming(
        self, rule: MethodRule, behaviour: Callable[..., Any], request_streaming: bool
    ) -> Callable[..., Any]:
        def call(request: Any, context: Context) -> Iterator[Any]:
            run = _Run(self, rule, context)
            try:
                request = run.admit(request, request_streaming)
                recorded = False
                for response in behaviour(request, context):
                    if not recorded:
                        run.record_read()
                        recorded = True
                    yield response
                if not recorded:
                    run.record_read()
            except Exception as fault:  # noqa: BLE001 - the bridge: everything is answered, bugs without details
                run.refuse(fault)
            finally:
                run.close()

        return call


class _Run:
    """One request on its way through the pipeline."""

    def __init__(self, pipeline: Pipeline, rule: MethodRule, context: Context) -> None:
        self._started = time.perf_counter()
        self._pipeline = pipeline
        self._rule = rule
        self._context = context
        self._code = "OK"
        self._reason = ""
        self._act: Act | None = None
        self._authorization = parent = ""
        for key, value in context.invocation_metadata() or ():
            if key == "authorization":
                self._authorization = str(value)
            elif key == tracing.HEADER:
                parent = str(value)
        tracing.enter(tracing.child_of(parent))
        pipeline._metrics.rpc_running.inc()

    def admit(self, request: Any, streaming: bool) -> Any:
        """Identify and check the caller and the request; answers what the servicer gets."""
        pipeline, rule = self._pipeline, self._rule
        actor = pipeline._gate.identify(self._authorization)
        self._context.actor = actor
        first = next(request, None) if streaming else request
        if first is None and rule.for_customers and actor.kind is ActorKind.CUSTOMER:
            raise AccessRefused  # An empty stream names no customer.
        pipeline._gate.admit(rule, actor, () if first is None else (first,))
        if first is not None:
            pipeline._checker.check(first)
        self._act = self._act_of(actor, first)
        acts.pend(self._act)
        if not streaming:
            return request
        return iter(()) if first is None else itertools.chain((first,), self._checked(request, actor))

    def _checked(self, requests: Iterator[Any], actor: Actor) -> Iterator[Any]:
        """The further messages of a stream; a customer may not change in the middle of one."""
        same_customer = actor.kind is ActorKind.CUSTOMER and self._rule.for_customers
        for request in requests:
            if same_customer and request.customer_id not in ("", actor.customer_key):
                raise AccessRefused
            self._pipeline._checker.check(request)
            yield request

    def _act_of(self, actor: Actor, request: Any) -> Act | None:
        rule = self._rule
        if not (rule.records_changes or (rule.records_reads and actor.kind in _READS_RECORDED)):
            return None
        customer_id = str(request.customer_id) if rule.names_customer and request is not None else ""
        named = rule.subject_field and request is not None
        return Act(
            actor=actor,
            name=rule.method,
            happened_at=self._pipeline._clock.now(),
            changed=rule.records_changes,
            customer_id=customer_id or actor.customer_key,
            subject_id=str(getattr(request, rule.subject_field)) if named else "",
        )

    def record_read(self) -> None:
        """Write what staff saw before they see it: without the record there is no answer."""
        act, database = self._act, self._pipeline._database
        if act is None or act.changed or act.recorded or database is None:
            return
        with database.asking() as reader:
            acts.record(reader.run, act)
        act.recorded = True

    def refuse(self, fault: Exception) -> NoReturn:
        """Answer a refusal with its details, a bug with none. Raises, as gRPC's abort does."""
        context = self._context
        if isinstance(fault, Refusal):
            code, _ = errors.codes_of(fault)
            self._code, self._reason = code.name, fault.reason
            trailing = [(errors.DETAILS_KEY, errors.to_status(fault).SerializeToString())]
            if code is grpc.StatusCode.UNAVAILABLE:
                # It was answered: gRPC's own retries are for servers that cannot be reached.
                trailing.append(("grpc-retry-pushback-ms", "-1"))
            context.set_trailing_metadata(tuple(trailing))
            context.abort(code, fault.message[: errors.TEXT_LENGTH_MAX])
        if not context.is_active():
            self._code = "CANCELLED"
            context.abort(grpc.StatusCode.CANCELLED, "")
        self._code = "INTERNAL"
        self._pipeline._log.error("bug", method=self._rule.method, **describe_fault(fault))
        context.abort(grpc.StatusCode.INTERNAL, f"trace {tracing.current_trace_id()}")

    def close(self) -> None:
        """The log line and the metrics; then the thread is nobody's again."""
        seconds = time.perf_counter() - self._started
        metrics = self._pipeline._metrics
        metrics.rpc_running.dec()
        metrics.observe_rpc(self._rule.method, self._code, seconds)
        log_request(self._rule.method, self._code, self._reason, seconds)
        acts.pend(None)
        tracing.enter("")
