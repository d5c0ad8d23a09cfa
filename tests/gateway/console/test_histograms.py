"""The histogram of changed bills and the facts of the parked, in words."""

import pytest
from ebok.billing.v1.runs_pb2 import ChangeStep
from ebok.common.v1.money_pb2 import Money

from gateway.console.histograms import histogram
from gateway.console.parked import facts_in_words
from tests.gateway.world import World


def step(low: int | None, below: int | None, count: int) -> ChangeStep:
    made = ChangeStep(count=count)
    if low is not None:
        getattr(made, "from").CopyFrom(Money(grosze=low))
    if below is not None:
        made.below.CopyFrom(Money(grosze=below))
    return made


STEPS = [
    step(None, -40_00, 1),
    step(-40_00, -5_00, 2),
    step(-5_00, 5_00, 8),
    step(5_00, 20_00, 4),
    step(20_00, None, 1),
]


def test_bars_labels_and_the_sentence(world: World):
    with world.app.test_request_context():
        made = histogram(STEPS)
        assert [bar.short for bar in made.bars] == ["−40", "−5", "±5", "+5", "+20"]
        assert [bar.count for bar in made.bars if bar.strong] == [8]
        assert made.bars[0].label.replace("\u00a0", " ") == "mniej o ponad 40,00 zł"
        assert made.say.replace("\u00a0", " ") == "12 z 16 rachunków zmienia się o mniej niż 20,00 zł."
        assert max(float(bar.height) for bar in made.bars) == 98.0


def test_nothing_to_compare_draws_nothing(world: World):
    with world.app.test_request_context():
        assert histogram([]).bars == ()
        assert histogram([step(None, None, 0)]).bars == ()


@pytest.mark.parametrize(
    ("reason", "facts", "words"),
    [
        (
            "NO_READING",
            {"meter": "88104612", "last_read_on": "2026-08-31"},
            "licznik 88 104 612, ostatni odczyt 31 sierpnia",
        ),
        ("NO_READING", {"meter": "88104612"}, "licznik 88 104 612, bez żadnego odczytu"),
        (
            "USE_UNUSUAL",
            {"meter": "1", "used": "41.000", "usual": "9.000", "unit": "m3", "days": "31"},
            "41 m³, zwykle 9 m³, licznik 1",
        ),
        ("NO_PRICE", {"tariff": "W1", "day": "2026-10-01"}, "taryfa W1, na dzień 1 października"),
        ("NO_METER", {"point": "P/1", "commodity": "WATER"}, "punkt P/1, woda"),
        ("ALREADY_BILLED", {"invoice": "FV/2026/000001"}, "faktura FV/2026/000001"),
        (
            "TOTALS_DIFFER",
            {"lines": "481210", "total": "481211", "fault": "net"},
            "pozycje razem 4 812,10 zł, suma 4 812,11 zł, błąd net",
        ),
        ("NO_ADDRESS", {}, ""),
        ("CONTRACT_BROKEN", {"contract": "<b>", "new": "fact"}, "umowa <b>"),
    ],
)
def test_facts_are_said_in_words(world: World, reason: str, facts: dict[str, str], words: str):
    with world.app.test_request_context():
        assert facts_in_words(reason, facts).replace("\u00a0", " ") == words
