"""Audyt: who did what, in words, filtered, exported; and that every recorded act has its words."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ebok.common.v1 import access_pb2
from flask_babel import force_locale
from google.protobuf import descriptor_pb2

from gateway.console.acts import ACTS, JOBS, act_words
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

AUDIT = "/konsola/audyt"
REPOSITORY = Path(__file__).parents[3]
DESCRIPTORS = REPOSITORY / "gen" / "descriptors.binpb"
SERVICES = REPOSITORY / "services"


def recorded_acts() -> Iterator[str]:
    """The full name of every RPC whose access option asks for a record."""
    every = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    for file in every.file:
        for service in file.service:
            for method in service.method:
                access: access_pb2.Access = method.options.Extensions[access_pb2.access]  # type: ignore[index]
                if access.audit:
                    yield f"{file.package}.{service.name}/{method.name}"


def test_every_recorded_act_has_words(world: World):
    assert sorted(set(recorded_acts()) ^ set(ACTS)) == []


def registered_jobs() -> Iterator[str]:
    """The names of the jobs of all services, as their modules register them."""
    for module in SERVICES.glob("*/jobs/*.py"):
        yield from re.findall(r'@jobs\.job\(\s*"([a-z_.]+)"', module.read_text(encoding="utf-8"))


def test_every_job_has_words():
    assert sorted(set(registered_jobs()) ^ set(JOBS)) == []


@pytest.mark.parametrize("language", ["pl", "uk"])
def test_the_words_are_translated(world: World, language: str):
    with world.app.test_request_context(), force_locale(language):
        assert [act for act, words in (ACTS | JOBS).items() if act_words(act) == words._args[0]] == []


def test_a_clerk_does_not_see_the_log(daria: Visitor):
    assert daria.get(AUDIT).status_code == 403
    assert daria.get(f"{AUDIT}.csv").status_code == 403


def test_the_log_says_who_did_what(world: World, daria: Visitor, edward: Visitor):
    daria.get(f"/konsola/klienci/{world.annas.customer_id}")
    world.deliver()
    text = edward.text(f"{AUDIT}?klient=20411085&kto=Daria")
    assert "Daria pracownik" in text
    assert "otwarto kartę klienta" in text
    assert "wyświetlono saldo i ostatnie faktury klienta" in text
    found = edward.page(f"{AUDIT}?czynnosc=ebok.billing.v1.BillingRunService/CreateBillingRun")
    assert "założono przebieg rozliczeń" in found
    assert f'href="/konsola/rozliczenia/{world.run_ids[-1]}"' in found


def test_filters_hold_together(world: World, daria: Visitor, edward: Visitor):
    annas = f"{AUDIT}?klient={world.annas.customer_id}"
    daria.get(f"/konsola/klienci/{world.annas.customer_id}")
    world.deliver()
    assert "Nic nie pasuje" in edward.text(f"{annas}&kto=Nikt+taki")
    every, changes = (edward.text(url).partition("Skąd")[2] for url in (annas, f"{annas}&zmiany=1"))
    assert "otwarto kartę klienta" in every
    assert "otwarto kartę klienta" not in changes
    published = f"{AUDIT}?zmiany=1&czynnosc=ebok.billing.v1.TariffService/PublishTariffVersion"
    assert "opublikowano wersję taryfy" in edward.text(published).partition("Skąd")[2]
    assert "Nic nie pasuje" in edward.text(f"{AUDIT}?od=2020-01-01&do=2020-01-02")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"od": "dziś"}, "od"),
        ({"od": "2026-02-01", "do": "2026-01-01"}, "do"),
        ({"klient": "nikt taki"}, "klient"),
        ({"klient": "Zdrój"}, "klient"),
        ({"klient": "a\x07"}, "klient"),
        ({"klient": "x" * 150}, "klient"),
        ({"kto": "x" * 101}, "kto"),
        ({"kto": "a\x07"}, "kto"),
        ({"czynnosc": "DROP TABLE"}, "czynnosc"),
        ({"czynnosc": "ebok.identity.v1.SessionService/LogIn", "kto": "Daria"}, "kto"),
    ],
)
def test_a_faulty_filter_is_marked_and_stays(edward: Visitor, query: dict[str, str], field: str):
    response = edward.get(AUDIT, query_string=query)
    assert response.status_code in (409, 422)
    assert f'id="f-{field}-e"' in response.text


def test_a_person_is_a_filter_of_one_click(edward: Visitor):
    page = edward.page(f"{AUDIT}?osoba=nikt")
    assert "Nic nie pasuje" in page.replace("\u00a0", " ")
    assert edward.get(AUDIT, query_string={"osoba": "x" * 90}).status_code in (200, 422)


def test_the_log_goes_into_a_file(world: World, daria: Visitor, edward: Visitor):
    daria.get(f"/konsola/klienci/{world.annas.customer_id}")
    world.deliver()
    response = edward.get(f"{AUDIT}.csv?klient={world.annas.customer_id}")
    rows = list(csv.reader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][:2] == ["Kiedy", "Kto"]
    assert {row[5] for row in rows[1:]} == {world.annas.customer_id}
    assert edward.get(f"{AUDIT}.csv?od=dziś").status_code in (200, 422)


def test_the_page_says_how_far_the_log_is_sealed_and_what_was_found(world: World, edward: Visitor):
    world.deliver()
    world.identity.run_job("audit.seal")
    assert "Pieczęci jeszcze nie sprawdzano." in edward.text(AUDIT)
    world.identity.run_job("audit.verify")
    text = edward.text(AUDIT)
    assert "Zapieczętowane dni: " in text
    assert "wszystkie pieczęcie są całe." in text
