"""The words that cases, categories and workflows share: what a matter is, where it stands, how it came, who wrote."""

from enum import StrEnum


class TicketKind(StrEnum):
    """What kind of matter a case is."""

    QUESTION = "QUESTION"
    COMPLAINT = "COMPLAINT"
    APPLICATION = "APPLICATION"
    FAULT = "FAULT"


class TicketStatus(StrEnum):
    """Where a case stands, in the five words that each state of a workflow is one of."""

    NEW = "NEW"
    IN_PROGRESS = "IN_PROGRESS"
    WAITING = "WAITING"
    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"


class Channel(StrEnum):
    """How a matter reached us."""

    PORTAL = "PORTAL"
    PHONE = "PHONE"
    DESK = "DESK"
    EMAIL = "EMAIL"
    LETTER = "LETTER"


class Author(StrEnum):
    """Who wrote an entry of a thread."""

    CUSTOMER = "CUSTOMER"
    STAFF = "STAFF"
    SYSTEM = "SYSTEM"


RUNNING = frozenset({TicketStatus.NEW, TicketStatus.IN_PROGRESS})  # The clock runs.
MET = frozenset({TicketStatus.ANSWERED, TicketStatus.CLOSED})  # It was answered.
