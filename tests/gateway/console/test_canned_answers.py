"""Gotowe odpowiedzi: found, written, deleted."""

from typing import Any

import sqlalchemy as sa

from chassis.ids import new_id
from tests.gateway.forms import soup_of
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

LIST = "/konsola/zgloszenia/ustawienia/odpowiedzi"
BODY = "Dzień dobry, {name}.\r\n\r\nSprawa {number}.\r\n{clerk}"


def write(edward: Visitor, title: str, **changes: Any) -> str:
    url = f"{LIST}/{new_id()}"
    assert edward.submit(url, title=title, body=BODY, **changes).status_code == 303
    return url


def test_an_answer_is_written_found_and_deleted(edward: Visitor):
    start = edward.get(f"{LIST}/nowa")
    assert start.status_code == 303
    fault = "01930000-0000-7000-8000-00000000b004"
    url = write(edward, "Brak wody po nocy", categories=[fault])
    assert "Brak wody po nocy" in edward.text(LIST)
    found = edward.text(f"{LIST}?q=NOCY")
    assert "Brak wody po nocy Awaria" in found
    assert "Skąd się bierze kwota" not in found
    page = edward.page(url)
    assert "{name}" in page
    assert f'value="{fault}" checked' in page

    assert edward.submit(f"{url}/usun", at=url).status_code == 303
    assert "Brak wody po nocy" not in edward.text(LIST)
    assert edward.submit(url, title="Znowu", body=BODY).status_code == 404


def test_what_is_wrong_is_said_and_the_rest_is_kept(edward: Visitor):
    url = f"{LIST}/{new_id()}"
    refused = edward.submit(url, title="Próba", body="Dzień dobry, {imię}")
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.text
    assert "{imię}" in refused.text
    assert 'value="Próba"' in refused.text
    assert edward.submit(url, title="", body=BODY).status_code == 422
    assert edward.submit(url, title="x" * 81, body=BODY).status_code == 422
    assert edward.submit(url, title="Próba", body="x" * 4001).status_code == 422


def test_a_clerk_gets_the_answer_in_the_customers_language_first(
    world: World, daria: Visitor, edward: Visitor
):
    url = write(edward, "Po ukraińsku", body_uk="Добрий день, {name}.", body_en="Good day, {name}.")
    picked = url.rpartition("/")[2]
    assert "PL, EN, UK" in edward.text(LIST)
    assert "Добрий день, {name}." in edward.page(url)
    case = f"/konsola/zgloszenia/{world.celinas_case.ticket_id}"

    def links(of: Visitor) -> list[str]:
        page = soup_of(of.get(case))
        return [str(one["data-ready"]) for one in page.select(f'.ec-menu [data-ready-id="{picked}"]')]

    polish, *others = links(daria)
    assert polish.startswith("Dzień dobry")
    assert [one[:4] for one in others] == ["Good", "Добр"]
    given = soup_of(daria.get(f"{case}?gotowa={picked}&jezyk=uk"))
    assert "Добрий день" in given.select("textarea[name=tresc]")[0].text
    with world.tickets.database.transaction() as session:
        session.execute(sa.text("UPDATE customers SET language = 'uk'"))
    try:
        assert links(daria)[0].startswith("Добрий день")
        assert "Gotowe (Українська):" in daria.text(case)
    finally:
        with world.tickets.database.transaction() as session:
            session.execute(sa.text("UPDATE customers SET language = 'pl'"))
    refused = edward.submit(url, title="Próba", body=BODY, body_uk="{ім'я}")
    assert refused.status_code == 422
    assert soup_of(refused).select_one("textarea[name=body_uk][aria-invalid]")


def test_a_clerk_reads_and_changes_nothing(daria: Visitor, edward: Visitor):
    url = write(edward, "Do czytania")
    assert "Do czytania" in daria.text(LIST)
    assert "Nowa odpowiedź" not in daria.text(LIST)
    assert daria.get(url).status_code == 403
    assert daria.get(f"{LIST}/nowa").status_code == 403
    assert daria.submit(f"{url}/usun", at="/konsola/ja").status_code == 403
    assert "Do czytania" in edward.text(LIST)


def test_how_often_one_was_given_is_seen(world: World, daria: Visitor, edward: Visitor):
    url = write(edward, "Policzona")
    case = f"/konsola/zgloszenia/{world.celinas_case.ticket_id}"
    picked = url.rpartition("/")[2]
    page = soup_of(daria.get(f"{case}?gotowa={picked}"))
    assert page.select_one(f'input[name=gotowa][value="{picked}"]')
    request_id = str(page.select("form.ec-composer [name=request_id]")[0]["value"])
    sent = {"form": "odpowiedz", "tryb": "notatka", "tresc": "Do wysłania.", "request_id": request_id}
    assert daria.submit(case, gotowa=picked, **sent).status_code == 303
    row = next(one for one in soup_of(edward.get(LIST)).select("tbody tr") if "Policzona" in one.text)
    assert row.select_one("td.eb-num").text == "1"  # type: ignore[union-attr]
    wrong = daria.submit(case, gotowa="' OR 1=1", **sent | {"request_id": str(new_id())})
    assert wrong.status_code == 422


def test_nothing_found_says_so(edward: Visitor):
    assert "Żadna odpowiedź nie ma tych słów" in edward.text(f"{LIST}?q=xyzzy")
    assert edward.get(f"{LIST}?q={'x' * 101}").status_code == 422
