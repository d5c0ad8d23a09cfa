"""Calling another part: a deadline on every call, the caller's token, the trace, and refusals as they were
raised.

::

    channel = Channel("127.0.0.1:7002", credential=SystemCredential(config, clock))
    billing = channel.stub(invoices_pb2_grpc.InvoiceServiceStub)
    invoice = billing.GetInvoice(request, metadata=as_actor(token)).invoice
    page, balance = gather(billing.ListInvoices.future(…), ledger.GetBalance.future(…))
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import grpc

from chassis import tracing
from chassis.rpc.errors import from_rpc_error

TIMEOUT_S = 3.0
STREAM_TIMEOUT_S = 60.0
MESSAGE_BYTES_MAX = 12 * 1024 * 1024
Metadata = tuple[tuple[str, str | bytes], ...]  # As generated stubs want it.
StubType = TypeVar("StubType")


class Credential(Protocol):
    """Who calls, where nobody is named for a call."""

    def token(self) -> str:
        """A token that is still good."""
        ...


# Every command of the suite is safe to repeat, so what cannot be reached may be asked again. A server that
# was reached and answers UNAVAILABLE itself forbids it (`grpc-retry-pushback-ms`).
_SERVICE_CONFIG = json.dumps(
    {
        "loadBalancingConfig": [{"round_robin": {}}],  # Over all that a name stands for.
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 3,
                    "initialBackoff": "0.05s",
                    "maxBackoff": "0.5s",
                    "backoffMultiplier": 3,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ],
        "retryThrottling": {"maxTokens": 50, "tokenRatio": 0.2},
    }
)


def as_actor(token: str) -> Metadata:
    """The metadata of a call on somebody's behalf."""
    return (("authorization", f"Bearer {token}"),)


def gather(*pending: Any) -> list[Any]:
    """The answers of several calls that run at once; the first refusal is raised after all have ended."""
    results: list[Any] = []
    first: Exception | None = None
    for one in pending:
        try:
            results.append(one.result())
        except Exception as fault:  # noqa: BLE001 - kept and raised below
            first = first or fault
    if first is not None:
        raise first
    return results


def target_of(address: str) -> str:
    """What gRPC dials: `host:port`, any of its own names (`dns:///…`), or several of one part, `ip:port|ip:port`."""
    return f"ipv4:{address.replace('|', ',')}" if "|" in address else address


class Channel:
    """A connection to one part; made once for each process and shared by its threads."""

    def __init__(
        self,
        address: str,
        *,
        credential: Credential | None = None,
        message_bytes_max: int = MESSAGE_BYTES_MAX,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._credential = credential
        self._timeout_s = timeout_s
        self._channel = grpc.insecure_channel(
            target_of(address),
            options=[
                ("grpc.service_config", _SERVICE_CONFIG),
                ("grpc.keepalive_time_ms", 60_000),
                ("grpc.keepalive_timeout_ms", 10_000),
                ("grpc.max_receive_message_length", message_bytes_max),
                ("grpc.max_send_message_length", message_bytes_max),
                ("grpc.initial_reconnect_backoff_ms", 100),
                ("grpc.min_reconnect_backoff_ms", 100),
                ("grpc.max_reconnect_backoff_ms", 1_000),
                ("grpc.use_local_subchannel_pool", 1),
            ],
        )

    def stub(self, stub_class: Callable[[Any], StubType]) -> StubType:
        """A generated stub whose calls behave as this module says."""
        return stub_class(self)

    def close(self) -> None:
        """End the connection and what runs on it."""
        self._channel.close()

    def is_ready(self, timeout_s: float = TIMEOUT_S) -> bool:
        """Whether a connection comes about within the time."""
        try:
            grpc.channel_ready_future(self._channel).result(timeout_s)
        except grpc.FutureTimeoutError:
            return False
        return True

    def _metadata(self, given: Metadata | None) -> list[tuple[str, str | bytes]]:
        metadata = list(given or ())
        if self._credential is not None and not any(key == "authorization" for key, _ in metadata):
            metadata.append(("authorization", f"Bearer {self._credential.token()}"))
        traceparent = tracing.current_traceparent()
        if traceparent and not any(key == tracing.HEADER for key, _ in metadata):
            metadata.append((tracing.HEADER, traceparent))
        return metadata

    # What generated stubs ask of a grpc.Channel.

    def unary_unary(self, method: str, *arguments: Any, **options: Any) -> "_Unary":
        """One message there, one back."""
        return _Unary(self, self._channel.unary_unary(method, *arguments, **options), self._timeout_s)

    def stream_unary(self, method: str, *arguments: Any, **options: Any) -> "_Unary":
        """Many messages there, one back."""
        return _Unary(self, self._channel.stream_unary(method, *arguments, **options), STREAM_TIMEOUT_S)

    def unary_stream(self, method: str, *arguments: Any, **options: Any) -> "_Streaming":
        """One message there, many back."""
        return _Streaming(self, self._channel.unary_stream(method, *arguments, **options))

    def stream_stream(self, method: str, *arguments: Any, **options: Any) -> "_Streaming":
        """Many messages both ways."""
        return _Streaming(self, self._channel.stream_stream(method, *arguments, **options))


class _Future:
    """An answer that is awaited; its refusal is raised by `result`."""

    def __init__(self, future: Any) -> None:
        self._future = future

    def result(self) -> Any:
        """Wait, at most for the call's deadline."""
        try:
            return self._future.result()
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None

    def cancel(self) -> None:
        """The answer is no longer wanted."""
        self._future.cancel()


class _Unary:
    """A method with one answer."""

    def __init__(self, channel: Channel, call: Any, timeout_s: float) -> None:
        self._channel = channel
        self._call = call
        self._timeout_s = timeout_s

    def __call__(
        self, request: Any, *, timeout: float | None = None, metadata: Metadata | None = None
    ) -> Any:
        try:
            return self._call(
                request, timeout=timeout or self._timeout_s, metadata=self._channel._metadata(metadata)
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None

    def future(
        self, request: Any, *, timeout: float | None = None, metadata: Metadata | None = None
    ) -> _Future:
        """Begin the call and answer at once."""
        return _Future(
            self._call.future(
                request, timeout=timeout or self._timeout_s, metadata=self._channel._metadata(metadata)
            )
        )


class _Streaming:
    """A method with many answers."""

    def __init__(self, channel: Channel, call: Any) -> None:
        self._channel = channel
        self._call = call

    def __call__(
        self,
        request: Any,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Iterator[Any]:
        answers = self._call(
            request, timeout=timeout or STREAM_TIMEOUT_S, metadata=self._channel._metadata(metadata)
        )
        return self._read(answers)

    @staticmethod
    def _read(answers: Any) -> Iterator[Any]:
        try:
            yield from answers
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        finally:
            answers.cancel()
