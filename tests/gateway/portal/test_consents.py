"""Consents and activity in the portal, and what staff see and write down of consents."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from ebok.identity.v1 import consents_pb2 as pb

from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

PAGE = "/profil/zgody"
E_INVOICE, BY_EMAIL = str(pb.CONSENT_KIND_E_INVOICE), str(pb.CONSENT_KIND_MARKETING_EMAIL)
BY_PHONE = str(pb.CONSENT_KIND_MARKETING_PHONE)
SHOWN = [f"{kind}.1" for kind in range(1, 5)]


def ticked(visitor: Visitor) -> list[str]:
    page = BeautifulSoup(visitor.page(PAGE), "html.parser")
    return [str(box["value"]) for box in page.select('input[name="zgoda"]') if box.has_attr("checked")]


@pytest.fixture
def own(celina: Visitor, world: World) -> Iterator[Visitor]:
    """Celina, whose consents are put back as they were."""
    before = ticked(celina)
    yield celina
    celina.submit(PAGE, zgoda=before, stan=SHOWN)
    world.deliver()


def test_a_yes_is_kept_with_its_text_and_shows_in_the_history(own: Visitor, world: World):
    before = ticked(own)
    assert BY_EMAIL not in before
    assert own.submit(PAGE, zgoda=[*before, BY_EMAIL], stan=SHOWN).location == PAGE
    text = own.text(PAGE)
    for words in (
        "Zgody zapisane.",
        "Zgoda z dnia 22 listopada 2026, w portalu.",
        "Oferty e-mailem",
        "192.0.2.7",
    ):
        assert words in text or words == "192.0.2.7", words
    assert "Zgadzam się, żeby Wodociągi Zdrój przysyłał mi oferty e-mailem" in text
    world.deliver()
    assert "e-mailem: zgoda z dnia 22 listopada 2026" in own.text("/profil/powiadomienia")


def test_what_is_not_changed_is_no_word(own: Visitor):
    before = own.text(PAGE).count("Ówczesna treść")
    assert own.submit(PAGE, zgoda=ticked(own), stan=SHOWN).location == PAGE
    assert own.text(PAGE).count("Ówczesna treść") == before


def test_an_e_invoice_consent_reaches_the_invoices(own: Visitor, world: World):
    before = ticked(own)
    other = [kind for kind in before if kind != E_INVOICE] if E_INVOICE in before else [*before, E_INVOICE]
    own.submit(PAGE, zgoda=other, stan=SHOWN)
    world.deliver()
    words = {True: "e-mailem", False: "na papierze"}[E_INVOICE in other]
    assert f"Faktury przychodzą {words}" in own.text("/profil")


def test_a_yes_to_a_text_that_was_not_on_the_page_is_refused(own: Visitor):
    response = own.submit(PAGE, zgoda=[*ticked(own), BY_EMAIL], stan=[f"{BY_EMAIL}.7"])
    assert response.status_code == 409
    assert "Treść zgody tymczasem się zmieniła." in plain(response.text)
    assert BY_EMAIL not in ticked(own)


def test_a_clerk_writes_down_what_was_said_on_paper_and_the_customer_sees_it(
    daria: Visitor, own: Visitor, world: World
):
    page = f"/konsola/klienci/{world.celinas.customer_id}/zgody"
    fields = {
        "request_id": str(uuid4()),
        "zgoda": BY_PHONE,
        "slowo": "tak",
        "jak": "papier",
        "dnia": "2026-11-20",
    }
    for _ in range(2):
        assert daria.submit(page, **fields, notatka="segregator 7").location == page
    text = daria.text(page)
    for words in ("Zapisano: Oferty przez telefon, zgadza się.", "segregator 7", "Daria", "na papierze"):
        assert words in text, words
    assert (
        daria.submit(page, **fields | {"request_id": str(uuid4()), "dnia": "2026-12-24"}).status_code == 422
    )
    seen = own.text(PAGE)
    assert "Zgoda z dnia 20 listopada 2026, na papierze." in seen
    assert "Daria" not in seen
    assert "segregator" not in seen


def test_the_activity_names_people_with_access_and_not_the_providers(
    world: World, anna: Visitor, daria: Visitor
):
    daria.get(f"/konsola/klienci/{world.annas.customer_id}")
    anna.submit("/profil", form="contact", contact_email="", contact_phone="")
    world.deliver()
    text = anna.text("/bezpieczenstwo/aktywnosc")
    assert "Wodociągi Zdrój: " in text
    assert "otwarto kartę klienta" in text
    assert "Ty: zmieniono dane kontaktowe" in text
    assert "Daria" not in text
    changes = anna.text("/bezpieczenstwo/aktywnosc?zmiany=1")
    assert "otwarto kartę klienta" not in changes
    assert "zmieniono dane kontaktowe" in changes


def test_the_activity_of_one_customer_is_not_anothers(world: World, celina: Visitor, daria: Visitor):
    daria.get(f"/konsola/klienci/{world.bartek.customer_id}")
    world.deliver()
    text = celina.text("/bezpieczenstwo/aktywnosc")
    for others in ("Anna", "Bartek"):
        assert others not in text
