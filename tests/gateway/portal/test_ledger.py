"""The statement and the charges."""

import csv
import io
import re

import pytest

from tests.gateway.visitors import Visitor
from tests.gateway.world import World


def test_the_balance_runs_and_the_sums_agree(anna: Visitor):
    text = anna.text("/rozliczenia?od=2026-01-01&do=2026-11-22")
    assert "Na początku" in text
    assert "Na końcu 163,29 zł do zapłaty" in text
    rows = _rows(anna.get("/rozliczenia.csv?od=2026-01-01&do=2026-11-22"))
    opening, entries, closing = rows[1], rows[2:-1], rows[-1]
    balance = _grosze(opening[5])
    for entry in entries:
        balance += _grosze(entry[4])
        assert _grosze(entry[5]) == balance
    assert _grosze(closing[5]) == balance == 163_29


def test_an_entry_leads_to_its_invoice(world: World, anna: Visitor):
    page = anna.page("/rozliczenia")
    assert f'href="/faktury/{world.annas.last_invoice.invoice_id}"' in page


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("od=abc", "od"),
        ("od=2026-13-01", "od"),
        ("do=31.02.2026", "do"),
        ("od=2026-12-01&do=2026-01-01", "do"),
        ("od=%3Cscript%3Ealert(1)%3C/script%3E", "od"),
        ("od=" + "9" * 300, "od"),
    ],
)
def test_a_wrong_day_is_marked_and_stays(anna: Visitor, query: str, field: str):
    page = anna.page(f"/rozliczenia?{query}", status=422)
    assert f'id="f-{field}-e"' in page
    assert "<script>alert" not in page


def test_a_polish_day_is_understood(anna: Visitor):
    assert "1 stycznia – 31 marca 2026" in anna.text("/rozliczenia?od=01.01.2026&do=31.03.2026")


def test_an_empty_time_says_so(anna: Visitor):
    assert "W tym czasie nic się nie działo" in anna.text("/rozliczenia?od=2020-01-01&do=2020-02-01")


def test_charges_are_shown_by_month_and_commodity(anna: Visitor):
    text = anna.text("/rozliczenia?rok=2026")
    assert "Za co płacisz w 2026 roku" in text
    found = re.search(r"Razem ([\d ]+,\d\d) zł", text)
    assert found
    table = (
        anna.page("/rozliczenia?rok=2026").split('id="charges"')[1].split("<tbody>")[1].split("</tbody>")[0]
    )
    sums = [_grosze(cell) for cell in re.findall(r'eb-strong">([^<]+)</td>', table)]
    assert len(sums) == 12
    assert sum(sums) == _grosze(found[1])


def test_a_credit_reads_as_one(bartek: Visitor):
    assert "−108,88 zł nadpłata" in bartek.text("/rozliczenia")


def _rows(answer: object) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))  # type: ignore[attr-defined]


def _grosze(text: str) -> int:
    return round(float(text.replace(" ", "").replace("\u00a0", "").replace(",", ".")) * 100) if text else 0
