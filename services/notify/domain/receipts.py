"""What the mail server or the provider of text messages made of a message."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a message that was handed over."""

    TAKEN = "TAKEN"
    LATER = "LATER"
    NEVER = "NEVER"


@dataclass(frozen=True)
class Receipt:
    """The outcome of one message; `reason` says why not, `code` is the other side's (0: it said nothing).

    `provider_id` is the other side's name for a message it took, when it gave one.
    """

    outcome: Outcome
    reason: str = ""
    code: int = 0
    provider_id: str = ""


TAKEN = Receipt(Outcome.TAKEN)
