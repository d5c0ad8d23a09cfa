"""Campaigns and templates at Edward's desk, without JavaScript: rows of conditions, texts, count, preview, schedule."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from chassis.ids import new_id
from chassis.testing.databases import Databases
from tests.gateway.forms import only, soup_of
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World, making_world

LIST = "/konsola/komunikacja/kampanie"
TEMPLATES = "/konsola/komunikacja/szablony"
WORDS = {
    "nazwa": "Przerwa na Lipowej",
    "subject_pl": "Przerwa: {{ customer.address }}",
    "email_pl": "Dzień dobry {{ customer.name }}, w środę nie będzie wody.",
    "mail": "1",
    "tempo": "0",
    "pokaz": "email-pl",
    "request_id": str(new_id()),
    "pole_0": "miejscowosc",
    "bylo_0": "miejscowosc",
    "jak_0": "jest",
    "wartosc_0": "Zdrój",
}


@pytest.fixture(scope="module")
def town(databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("campaigns")) as made:
        yield made


@pytest.fixture
def edward(town: World) -> Visitor:
    return town.visitor("edward@wodociagi-zdroj.example", staff=True)


@pytest.fixture
def daria(town: World) -> Visitor:
    return town.visitor("daria@wodociagi-zdroj.example", staff=True)


def send(edward: Visitor, url: str, button: str, **changes: str | list[str]):
    return edward.submit(url, at=url, **{**WORDS, "co": button, **changes})


def written(edward: Visitor, **changes: str | list[str]) -> str:
    """A counted draft's address."""
    url = f"{LIST}/{new_id()}"
    response = send(edward, url, "policz", **changes)
    assert response.status_code == 303, plain(response.text)
    return url


def test_a_campaign_is_written_counted_previewed_and_sent(edward):
    url = written(edward)
    said = edward.text(url)
    assert "spełnia warunki" in said
    assert "Podgląd dla:" in said
    assert "w środę nie będzie wody." in said
    assert "Wyślij teraz do" in said

    response = send(edward, url, "zaraz")
    assert response.status_code == 303, plain(response.text)
    said = edward.text(url)
    assert "Zaplanowana" in said
    assert "Miejscowość jest jedną z: Zdrój" in said
    assert "Przerwa na Lipowej" in edward.text(LIST)


def test_a_hundred_thousand_by_mistake_are_typed_first(town: World, edward):
    """The count is billing's; here it is written where the last one was kept."""
    url = written(edward)
    of_draft = {"campaign": url.rpartition("/")[2], "many": '{"matched": 100000, "email": 100000}'}
    with town.notify.database.transaction() as session:
        session.execute(
            sa.text(
                "UPDATE campaigns SET counts = counts || CAST(:many AS jsonb) WHERE campaign_id = :campaign"
            ),
            of_draft,
        )
    assert only(soup_of(edward.get(url)), "[name=ilu]")
    for typed in ("", "1", "99999"):
        refused = send(edward, url, "zaraz", ilu=typed)
        assert refused.status_code == 422
        assert "Wpisz liczbę odbiorców" in plain(refused.text)
    assert send(edward, url, "zaraz", ilu="100000").status_code == 303
    assert "Zaplanowana" in edward.text(url)
    assert edward.submit(f"{url}/do-szkicu", at=url).status_code == 303


def test_rows_are_added_changed_and_removed_by_buttons(edward):
    url = written(edward)
    added = soup_of(send(edward, url, "dodaj"))
    assert [one["name"] for one in added.select("select[name^=pole_]")] == ["pole_0", "pole_1"]
    assert only(added, "[name=wartosc_0]")["value"] == "Zdrój"
    assert only(added, "[name=email_pl]").text.strip() == WORDS["email_pl"]

    changed = soup_of(
        send(edward, url, "zapisz", pole_1="rodzaj", bylo_1="miejscowosc", jak_1="jest", wartosc_1="x")
    )
    options = [one["value"] for one in changed.select("select[name=wartosc_1] option")]
    assert options == ["", "person", "company"]

    removed = soup_of(
        send(edward, url, "usun-0", pole_1="zaleglosc", bylo_1="zaleglosc", jak_1="ponad", wartosc_1="5")
    )
    assert [one["name"] for one in removed.select("select[name^=pole_]")] == ["pole_1"]
    response = send(
        edward,
        url,
        "zapisz",
        pole_0="",
        bylo_0="",
        pole_1="zaleglosc",
        bylo_1="zaleglosc",
        jak_1="ponad",
        wartosc_1="5,50",
    )
    assert response.status_code == 303
    assert only(soup_of(edward.get(url)), "[name=wartosc_0]")["value"] == "5,50"


def test_a_condition_without_its_value_and_a_street_without_its_town_are_marked(edward):
    url = f"{LIST}/{new_id()}"
    response = send(edward, url, "zapisz", wartosc_0="")
    assert response.status_code == 422
    response = send(edward, url, "zapisz", pole_0="ulica", bylo_0="ulica", wartosc_0="ul. Lipowa")
    assert response.status_code == 422
    assert "Napisz też miejscowość" in plain(response.text)
    early = send(edward, url, "zapisz", pole_0="ulica", wartosc_0="Zdrój, ul. Lipowa")
    assert "Warunek jest teraz inny. Sprawdź jego wartość" in plain(early.text)
    assert only(soup_of(early), "[name=wartosc_0]")["value"] == "Zdrój, ul. Lipowa", (
        "typed before the page was drawn anew"
    )
    for unknown in ("kosmos", ""):
        response = send(edward, url, "zapisz", pole_0=unknown)
        assert response.status_code == 422, "left out, it would widen the segment"


def test_the_texts_of_other_channels_travel_along(edward):
    url = written(edward, sms_en="Water off", portal_title_pl="Przerwa", portal_pl="Nie będzie wody")
    shown = soup_of(send(edward, url, "pokaz-sms-en", sms_en="Water off"))
    assert only(shown, "textarea[name=sms_en]").text.strip() == "Water off"
    assert only(shown, "textarea[hidden][name=email_pl]").text.strip() == WORDS["email_pl"]
    assert only(shown, "button[aria-pressed=true]").text == "SMS"


def test_letters_of_text_messages_are_made_plain(edward):
    url = f"{LIST}/{new_id()}"
    shown = soup_of(send(edward, url, "litery", pokaz="sms-pl", sms_pl="Włącz e-fakturę – „teraz”"))
    assert only(shown, "textarea[name=sms_pl]").text.strip() == 'Wlacz e-fakture - "teraz"'


@pytest.mark.parametrize(
    ("field", "source", "said"),
    [
        ("email_pl", "a\n{% for x in customer.name %}{% endfor %}", "Linia 2, „{% for x in"),
        ("email_pl", "{{ customer.__class__ }}", "Wartość ma jedną kropkę"),
        ("subject_pl", "{{ range(9) }}", "Niczego nie można tu wywołać"),
        ("portal_pl", "{{ customer.name }}", "W portalu wszyscy czytają to samo"),
        ("sms_en", "{{ customer.pesel }}", "Nie ma takiej wartości"),
    ],
)
def test_a_text_that_cannot_be_is_shown_with_its_line(edward, field, source, said):
    url = f"{LIST}/{new_id()}"
    response = send(edward, url, "zapisz", **{field: source})
    assert response.status_code == 422
    assert said in plain(response.text)
    assert soup_of(response).select_one(f"#f-{field}[aria-invalid=true]") is not None
    response = edward.submit(
        f"{TEMPLATES}/{new_id()}", at=TEMPLATES + f"/{new_id()}", nazwa="x", co="zapisz", **{field: source}
    )
    assert response.status_code == 422


def test_a_segment_nobody_is_in_is_said_with_a_hint(edward):
    url = written(edward, wartosc_0="Atlantyda")
    said = edward.text(url)
    assert "W tym segmencie nie ma nikogo." in said
    assert "Wyślij teraz" not in said
    response = send(edward, url, "zaraz", wartosc_0="Atlantyda")
    assert response.status_code in (409, 422)
    assert "Nikt by jej nie dostał" in plain(response.text)


def test_a_test_goes_to_oneself(town, edward):
    url = written(edward)
    response = send(edward, url, "proba", request_id=str(new_id()))
    assert response.status_code == 303
    assert "edward@wodociagi-zdroj.example" in edward.text(url)
    town.notify.run_job("messages.send")
    [mail] = town.mailbox.mails.find(to="edward@wodociagi-zdroj.example", limit=9)
    assert "w środę nie będzie wody" in mail.text().replace("\u00a0", " ")


def test_it_is_paused_resumed_cancelled_and_its_list_fetched(town, edward):
    url = written(edward)
    send(edward, url, "zaraz")
    town.notify.run_job("campaigns.gather")
    for act, said in (("wstrzymaj", "Wstrzymana"), ("wznow", "W toku"), ("anuluj", "Anulowana")):
        assert edward.submit(f"{url}/{act}", at=url).status_code == 303
        assert said in edward.text(url)
    assert "nic" in edward.text(url).lower()
    listed = edward.text(f"{url}/odbiorcy")
    assert "Kampanię anulowano, zanim wyszła." in listed
    exported = edward.get(f"{url}/odbiorcy.csv").text
    assert exported.count("\n") > 1
    assert "Kampanię anulowano" in exported
    progress = edward.get(f"{url}/postep").get_json()
    assert progress["finished"] is True


def test_a_draft_is_copied_and_thrown_away(edward):
    url = written(edward)
    copied = edward.submit(f"{url}/powiel", at=url).headers["Location"]
    assert copied != url
    assert "kopia" in edward.text(copied)
    assert edward.submit(f"{copied}/usun", at=copied).status_code == 303
    assert "kopia" not in edward.text(f"{LIST}?stan=szkice")


def test_a_template_begins_a_campaign(edward):
    url = f"{TEMPLATES}/{new_id()}"
    words = {
        "nazwa": "Ceny",
        "subject_pl": "Nowe ceny",
        "email_pl": "Od stycznia.",
        "pokaz": "email-pl",
        "co": "zapisz",
    }
    assert edward.submit(url, at=url, **words).status_code == 303
    assert "Ceny" in edward.text(TEMPLATES)
    begun = edward.get(f"{LIST}/nowa?szablon={url.rpartition('/')[2]}")
    shown = soup_of(edward.get(begun.headers["Location"]))
    assert only(shown, "[name=subject_pl]")["value"] == "Nowe ceny"
    taken = edward.submit(url, at=url, **{**words, "nazwa": "Przerwa w dostawie"})
    assert taken.status_code == 422
    assert edward.submit(f"{url}/usun", at=url).status_code == 303
    assert "Od stycznia" not in edward.text(TEMPLATES)


def test_clerks_write_no_campaigns(daria):
    assert daria.get(LIST).status_code == 403
