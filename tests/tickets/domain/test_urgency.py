"""The place of a case in the queue, and when its clock is spoken of."""

from datetime import UTC, datetime, timedelta

import pytest

from services.tickets.domain import urgency
from services.tickets.storage.kinds import TicketStatus
from services.tickets.storage.tickets import Ticket

OPENED = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def case(status=TicketStatus.NEW, *, opened=OPENED, days=30, warned=0, **more):
    values = {
        "status": status,
        "opened_at": opened,
        "changed_at": opened,
        "due_at": opened + days * DAY if days else None,
        "paused_at": opened if status is TicketStatus.WAITING else None,
        "met_at": opened if status in (TicketStatus.ANSWERED, TicketStatus.CLOSED) else None,
        "closed_at": opened if status is TicketStatus.CLOSED else None,
        "warned": warned,
    }
    return Ticket(**{**values, **more})


def test_cases_stand_in_the_order_of_their_urgency():
    in_order = [
        case(days=3, opened=OPENED - 10 * DAY),  # Late.
        case(days=3),
        case(TicketStatus.IN_PROGRESS, days=14),
        case(days=30),
        case(days=0, opened=OPENED - 90 * DAY),
        case(days=0),
        case(TicketStatus.IN_PROGRESS, met_at=OPENED, opened=OPENED + DAY),  # Its clock was met before.
        case(TicketStatus.WAITING, days=3),
        case(TicketStatus.ANSWERED, changed_at=OPENED + DAY),
        case(TicketStatus.CLOSED, opened=OPENED + DAY),
        case(TicketStatus.CLOSED),
    ]
    places = [urgency.place_of(one) for one in in_order]
    assert places == sorted(places)
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(
    ("one", "late"),
    [
        (case(days=3), True),
        (case(days=10), False),
        (case(days=0), False),
        (case(TicketStatus.WAITING, days=3), False),
        (case(TicketStatus.ANSWERED, days=3), False),
        (case(TicketStatus.IN_PROGRESS, days=3, met_at=OPENED), False),
    ],
)
def test_only_a_running_clock_is_late(one, late):
    now = OPENED + 5 * DAY
    assert urgency.is_late(one, now=now) is late
    assert (urgency.place_of(one) < int(now.timestamp())) is late


@pytest.mark.parametrize(
    ("one", "at"),
    [
        (case(warned=0), OPENED + 15 * DAY),
        (case(warned=1), OPENED + 29 * DAY),
        (case(warned=2), OPENED + 30 * DAY),
        (case(warned=3), None),
        (case(days=0), None),
        (case(TicketStatus.WAITING), None),
        (case(TicketStatus.CLOSED), None),
    ],
)
def test_a_clock_is_spoken_of_three_times_and_not_while_it_stands(one, at):
    assert urgency.next_warning(one) == at


@pytest.mark.parametrize(
    ("days", "said"),
    [(14, 0), (15, urgency.HALF_GONE), (29, urgency.NEAR_END), (30, urgency.LATE), (90, urgency.LATE)],
)
def test_the_furthest_is_said(days, said):
    assert urgency.warning_due(case(), now=OPENED + days * DAY) == said
