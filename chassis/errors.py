"""The family of refusals: what a caller is told when something is, rightly, not done.

A service refines a member next to the rule it protects and names it as a fact about the world::

    class InvoiceDiscarded(FailedPrecondition):
        reason = "INVOICE_DISCARDED"

Anything that is not in this family is a bug. This module is plain Python; `chassis/rpc/errors.py` is the
bridge.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """One field that broke one rule; `field` is a path such as `rows[3].value`, `reason` is in capitals."""

    field: str
    reason: str
    description: str = ""


class Refusal(Exception):
    """The root of the family. `reason` is for machines, the metadata are plain facts, never personal data."""

    reason: str = "REFUSED"

    def __init__(self, message: str = "", *, violations: Sequence[Violation] = (), **metadata: str) -> None:
        self.message = message
        self.violations = tuple(violations)
        self.metadata = {key: str(value) for key, value in metadata.items()}
        super().__init__(message or self.reason)

    def __str__(self) -> str:
        parts = [self.reason]
        if self.message:
            parts.append(self.message)
        parts.extend(f"{violation.field}: {violation.reason}" for violation in self.violations)
        return "; ".join(parts)


class NotFound(Refusal):
    """There is no such thing, or the caller may not know that there is."""

    reason = "NOT_FOUND"


class Invalid(Refusal):
    """The input breaks a rule whatever the state of the world."""

    reason = "INVALID_INPUT"


class FailedPrecondition(Refusal):
    """The input is sound, the state of the world does not allow it."""

    reason = "FAILED_PRECONDITION"


class Conflict(Refusal):
    """Somebody else was first: a taken name, a stale version."""

    reason = "CONFLICT"


class PermissionDenied(Refusal):
    """The caller is known and may not do this."""

    reason = "PERMISSION_DENIED"


class OutsideArea(PermissionDenied):
    """Staff who are limited to towns or commodities, and this is of none of them, or of nobody in particular."""

    reason = "OUTSIDE_AREA"


class Unauthenticated(Refusal):
    """The caller is not known: no token, an expired or a forged one."""

    reason = "UNAUTHENTICATED"


class RateLimited(Refusal):
    """Too often; `retry_after_s` says when to come back."""

    reason = "RATE_LIMITED"

    def __init__(
        self,
        message: str = "",
        *,
        retry_after_s: int = 1,
        violations: Sequence[Violation] = (),
        **metadata: str,
    ) -> None:
        super().__init__(message, violations=violations, **metadata)
        self.retry_after_s = retry_after_s


class Unavailable(Refusal):
    """Something we need is away; the same call may succeed later."""

    reason = "UNAVAILABLE"


def refuse_if(violations: Sequence[Violation]) -> None:
    """Raise one `Invalid` that carries all the violations, or return when there are none."""
    if violations:
        raise Invalid(violations=violations)
