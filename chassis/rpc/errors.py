"""The only bridge between refusals and gRPC, both ways.

A refusal leaves as a `google.rpc.Status` with ErrorInfo (reason, domain "ebok", metadata), BadRequest
(violations) and RetryInfo (RateLimited); in the caller it is again a refusal of the same class, with the same
reason.
"""

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2

from chassis.errors import (
    Conflict,
    FailedPrecondition,
    Invalid,
    NotFound,
    PermissionDenied,
    RateLimited,
    Refusal,
    Unauthenticated,
    Unavailable,
    Violation,
)

DOMAIN = "ebok"
DETAILS_KEY = "grpc-status-details-bin"
# Trailing metadata are bounded to 8 kB by gRPC; whatever does not fit is counted, not sent.
VIOLATIONS_MAX = 40
TEXT_LENGTH_MAX = 300
STATUS_BYTES_MAX = 6_000
OMITTED = "violations_omitted"

_CODES: tuple[tuple[type[Refusal], grpc.StatusCode, int], ...] = (
    (NotFound, grpc.StatusCode.NOT_FOUND, code_pb2.NOT_FOUND),
    (Invalid, grpc.StatusCode.INVALID_ARGUMENT, code_pb2.INVALID_ARGUMENT),
    (FailedPrecondition, grpc.StatusCode.FAILED_PRECONDITION, code_pb2.FAILED_PRECONDITION),
    (Conflict, grpc.StatusCode.ABORTED, code_pb2.ABORTED),
    (PermissionDenied, grpc.StatusCode.PERMISSION_DENIED, code_pb2.PERMISSION_DENIED),
    (Unauthenticated, grpc.StatusCode.UNAUTHENTICATED, code_pb2.UNAUTHENTICATED),
    (RateLimited, grpc.StatusCode.RESOURCE_EXHAUSTED, code_pb2.RESOURCE_EXHAUSTED),
    (Unavailable, grpc.StatusCode.UNAVAILABLE, code_pb2.UNAVAILABLE),
)
_CLASSES: dict[grpc.StatusCode, type[Refusal]] = {code: family for family, code, _ in _CODES}


class RemoteFault(Exception):
    """The other side has a bug, or does not know the method; there is nothing the user could do better."""

    def __init__(self, code: grpc.StatusCode | None) -> None:
        self.code = code
        super().__init__(f"the call ended with {code.name if code else 'no status'}")


class NoAnswer(Unavailable):
    """The other side is away or too slow; nobody knows whether the work was done."""

    reason = "NO_ANSWER"


class MessageTooLarge(Invalid):
    """A message exceeds what the server takes or the client would accept."""

    reason = "MESSAGE_TOO_LARGE"


def codes_of(refusal: Refusal) -> tuple[grpc.StatusCode, int]:
    """The status of a refusal, for grpc and for google.rpc.Status."""
    for family, code, number in _CODES:
        if isinstance(refusal, family):
            return code, number
    return grpc.StatusCode.FAILED_PRECONDITION, code_pb2.FAILED_PRECONDITION


def to_status(refusal: Refusal) -> status_pb2.Status:
    """The refusal as a message that fits into the trailing metadata."""
    _, number = codes_of(refusal)
    metadata = {key: value[:TEXT_LENGTH_MAX] for key, value in refusal.metadata.items()}
    violations = list(refusal.violations[:VIOLATIONS_MAX])
    while True:
        omitted = len(refusal.violations) - len(violations)
        if omitted:
            metadata[OMITTED] = str(omitted)
        status = _status(number, refusal, metadata, violations)
        if status.ByteSize() <= STATUS_BYTES_MAX or not violations:
            return status
        violations = violations[: len(violations) // 2]


def _status(
    number: int, refusal: Refusal, metadata: dict[str, str], violations: Sequence[Violation]
) -> status_pb2.Status:
    details: list[any_pb2.Any] = []
    details.append(_any(error_details_pb2.ErrorInfo(reason=refusal.reason, domain=DOMAIN, metadata=metadata)))
    if violations:
        bad = error_details_pb2.BadRequest()
        for violation in violations:
            bad.field_violations.add(
                field=violation.field[:TEXT_LENGTH_MAX],
                reason=violation.reason,
                description=violation.description[:TEXT_LENGTH_MAX],
            )
        details.append(_any(bad))
    if isinstance(refusal, RateLimited):
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.seconds = refusal.retry_after_s
        details.append(_any(retry))
    return status_pb2.Status(code=number, message=refusal.message[:TEXT_LENGTH_MAX], details=details)


def _any(
    message: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest | error_details_pb2.RetryInfo,
) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def from_rpc_error(error: grpc.RpcError) -> Exception:
    """The refusal that the other side raised, or what the lack of an answer means here."""
    code = error.code() if hasattr(error, "code") else None
    words = error.details() if hasattr(error, "details") else ""
    trailing: Any = error.trailing_metadata() if hasattr(error, "trailing_metadata") else None
    for key, value in trailing or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            refusal = _from_status(code, value)
            if refusal is not None:
                return refusal
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED):
        return NoAnswer()
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        # gRPC's own two reasons: too many requests at once, or a message above the bound.
        return MessageTooLarge() if "larger than max" in (words or "") else NoAnswer()
    family = _CLASSES.get(code) if code else None
    return family() if family else RemoteFault(code)


def _from_status(code: grpc.StatusCode | None, encoded: bytes) -> Refusal | None:
    family = _CLASSES.get(code) if code else None
    if family is None:
        return None
    try:
        status = status_pb2.Status.FromString(encoded)
    except DecodeError:
        return None
    info, violations, retry_after_s = error_details_pb2.ErrorInfo(), [], 1
    for detail in status.details:
        bad, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(bad):
            violations = [Violation(one.field, one.reason, one.description) for one in bad.field_violations]
        elif detail.Unpack(retry):
            retry_after_s = retry.retry_delay.seconds
        else:
            detail.Unpack(info)
    refusal = family(status.message, violations=violations)
    refusal.metadata = dict(info.metadata)
    refusal.reason = info.reason or family.reason
    if isinstance(refusal, RateLimited):
        refusal.retry_after_s = retry_after_s
    return refusal
