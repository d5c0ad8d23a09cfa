"""The macros: accessible once, for all pages."""

import re

import cv2
import numpy
import pytest
from bs4 import BeautifulSoup

from gateway.web.qr import qr_svg, transfer_text
from tests.gateway.web.conftest import plain

PAGES = ["/", "/form", "/login", "/konsola/", "/nowhere"]


def soup(answer):
    return BeautifulSoup(plain(answer.get_data(as_text=True)), "html.parser")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_its_landmarks_and_names(client, path):
    page = soup(client.get(path))
    assert page.title.text.endswith(" – Wodociągi Zdrój")
    assert len(page.find_all("h1")) == 1
    assert page.find("a", class_="eb-skip")["href"] == "#content"
    assert page.find("main", id="content")
    assert page.find(attrs={"role": "status", "aria-live": "polite"})
    assert page.html["lang"] == "pl"


@pytest.mark.parametrize("path", PAGES)
def test_ids_are_unique_and_references_lead_somewhere(client, path):
    page = soup(client.get(path))
    ids = [element["id"] for element in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    for attribute in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
        for element in page.find_all(attrs={attribute: True}):
            for target in (
                element[attribute].split() if isinstance(element[attribute], str) else element[attribute]
            ):
                assert target in ids, (attribute, target)


@pytest.mark.parametrize("path", PAGES)
def test_every_field_has_a_label_and_every_icon_a_word(client, path):
    page = soup(client.get(path))
    for field in page.find_all(["input", "select", "textarea"]):
        if field.get("type") != "hidden":
            assert page.find("label", attrs={"for": field["id"]}), field
    for control in page.find_all(["a", "button"]):
        assert control.get_text(strip=True), control
    for icon in page.find_all("i", class_="bi"):
        assert icon["aria-hidden"] == "true"


def test_menu_lists_what_exists_and_marks_where_one_is(client):
    page = soup(client.get("/"))
    side = page.find("nav", attrs={"aria-label": "Główne menu"})
    words = [link.get_text(" ", strip=True) for link in side.find_all("a")[1:]]
    assert words[0] == "Start"
    assert "Faktury" in words
    assert "Wiadomości 2 nowe" in words
    assert side.find(attrs={"aria-current": "page"}).text == "Start"
    bottom = page.find("nav", class_="eb-bottom")
    assert [link.text for link in bottom.find_all("a")] == [
        "Start",
        "Faktury",
        "Zużycie",
        "Zgłoszenia",
        "Więcej",
    ]


def test_menu_leaves_out_what_is_not_there(client):
    menu = soup(client.get("/konsola/")).find("nav", id="menu")
    assert "Klienci" in menu.text
    assert "Sprzedaż" not in menu.text


def test_what_changes_something_is_posted_with_a_token(client):
    for path in ("/", "/konsola/"):
        for form in soup(client.get(path)).find_all("form", method="post"):
            assert form.find("input", attrs={"name": "csrf_token"})["value"]


def test_failed_form_keeps_what_was_typed_and_leads_to_the_field(client, site):
    site.app.config["WTF_CSRF_ENABLED"] = False
    answer = client.post(
        "/form", data={"value": "x y", "note": "<b>", "how": "blik", "remember": "1", "secret": "s3"}
    )
    page = soup(answer)
    assert answer.status_code == 422
    summary = page.find(attrs={"role": "alert"})
    link = summary.find("a")
    assert (link.text, link["href"]) == ("stan wodomierza", "#f-value")
    field = page.find(id="f-value")
    assert field["value"] == "x y"
    assert field["aria-invalid"] == "true"
    assert field["aria-describedby"] == "f-value-h f-value-e"
    assert "Wpisz liczbę" in page.find(id="f-value-e").text
    assert page.find(id="f-note")["value"] == "<b>"
    assert page.find("input", value="blik").has_attr("checked")
    assert not page.find("input", value="all").has_attr("checked")
    assert page.find(id="f-remember").has_attr("checked")
    assert not page.find(id="f-secret").has_attr("value")


def test_refusal_of_a_service_is_shown_at_its_field(client, site):
    site.app.config["WTF_CSRF_ENABLED"] = False
    page = soup(client.post("/form", data={"value": "35", "refuse": "1"}))
    assert "To mniej niż ostatni odczyt." in page.find(id="f-value-e").text


def test_notice_is_shown_once_and_escaped(client):
    client.get("/say")
    shown = soup(client.get("/")).find(class_="eb-live")
    assert "Odczyt zapisany: 51 m³." in shown.text
    assert "<b>Odliczymy</b>" in shown.text
    assert not soup(client.get("/")).find(class_="eb-live").text.strip()


def test_chart_has_title_sentence_legend_and_table_twin(client):
    page = soup(client.get("/"))
    figure = page.find("figure", class_="eb-chart")
    assert figure.find("svg").find("title").text.startswith("Woda w m³ po miesiącach, 2026 i 2025.")
    assert figure.find(class_="eb-chart-say").text.startswith("W październiku poszło 6,0 m³")
    assert [item.text for item in figure.find_all("li")] == ["2026", "listopad do wczoraj", "2025"]
    assert len(figure.find_all("rect", class_="now")) == 10 + 1
    twin = page.find("details", class_="eb-disclose").find("table")
    rows = [[cell.text for cell in row.find_all(["th", "td"])] for row in twin.tbody.find_all("tr")]
    assert rows[9] == ["Październik", "6,0", "5,2", "+0,8"]
    assert rows[10] == ["Listopad do 23.11", "3,9", "4,8", "–"]
    assert rows[11] == ["Grudzień", "–", "5,3", "–"]


def test_list_pages_by_cursor_and_keeps_its_filters(client):
    assert client.get("/list?status=DUE").text == "||/list?status=DUE&cursor=n%26x|"
    second = client.get("/list?status=DUE&cursor=c").text
    assert second == "c|/list?status=DUE&cursor=p|/list?status=DUE&cursor=n%26x|/list?status=DUE"
    assert client.get("/list?cursor=" + "x" * 501).text.startswith("|")


def test_a_new_filter_starts_at_the_first_page(site):
    from gateway.web.paging import here

    with site.app.test_request_context("/list?status=DUE&cursor=c"):
        assert here(status="PAID") == "/list?status=PAID"
        assert here(status=None) == "/list"


def decoded(svg: str) -> str:
    """What a telephone reads from the code."""
    size = int(re.findall(r'viewBox="0 0 (\d+)', svg)[0])
    picture = numpy.full((size, size), 255, numpy.uint8)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", svg):
        picture[int(y), int(x) : int(x) + int(length)] = 0
    return cv2.QRCodeDetector().detectAndDecode(numpy.kron(picture, numpy.ones((8, 8), numpy.uint8)))[0]


def test_transfer_code_is_read_by_a_camera():
    text = transfer_text(
        account="61 1090 1014 0000 0712 1981 2874",
        grosze=18420,
        recipient="Wodociągi Zdrój spółka z o.o.",
        title="FV/2026/11/004821 | Łąka",
        nip="1234563218",
    )
    assert (
        text
        == "1234563218|PL|61109010140000071219812874|018420|Wodociagi Zdroj spol|FV/2026/11/004821   Laka|||"
    )
    assert decoded(qr_svg(text, "Kod QR")) == text


def test_an_amount_that_does_not_fit_is_left_to_the_payer():
    text = transfer_text(account="1", grosze=1_000_000, recipient="a", title="b")
    assert text.split("|")[3] == "000000"


def test_qr_title_is_escaped(site):
    assert "<script>" not in qr_svg("x", "<script>")
