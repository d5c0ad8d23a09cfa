"""Invoices: list, filters, detail, documents, files."""

import csv
import io
import re
import zipfile

import openpyxl
import pytest
from ebok.billing.v1 import invoices_pb2 as pb
from pypdf import PdfReader

from gateway.portal.invoice_rows import invoice_picks, invoice_rows
from tests.gateway.visitors import Visitor
from tests.gateway.world import World


def test_the_list_goes_by_twenty_and_back(world: World, anna: Visitor):
    page = anna.page("/faktury")
    assert page.count('name="id"') == 20
    following = re.search(r'href="(/faktury\?cursor=[^"]+)" rel="next"', page)
    assert following
    second = anna.page(following[1].replace("&amp;", "&"))
    assert second.count('name="id"') == len(world.annas.invoices) - 20
    assert 'rel="prev"' in second


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("stan=do-zaplaty", 2),
        ("stan=po-terminie", 0),
        ("rok=2025", 5),
        ("rok=2025&stan=oplacone", 5),
        ("rok=2025&stan=do-zaplaty", 0),
        ("stan=%3Cb%3E&rok=abc", 20),
        ("rok=99999999999999999999", 20),
        ("rok=%D9%A2%D9%A0%D9%A2%D9%A5", 20),
    ],
)
def test_filters_are_in_the_address(anna: Visitor, query: str, count: int):
    page = anna.page(f"/faktury?{query}")
    assert page.count('name="id"') == count
    assert "<b>" not in page
    if count == 0:
        assert "Nie ma takich faktur" in anna.text(f"/faktury?{query}")


@pytest.mark.parametrize("cursor", ["abc", "%00", "<script>", "x" * 600])
def test_a_spoilt_cursor_breaks_nothing(anna: Visitor, cursor: str):
    response = anna.get("/faktury", query_string={"cursor": cursor})
    assert response.status_code in (200, 400)
    assert "<script>alert" not in response.text


def test_an_invoice_says_everything_it_prints(world: World, anna: Visitor):
    flat = world.annas.invoices[1]
    text = anna.text(f"/faktury/{flat.invoice_id}")
    for words in (
        "Faktura za październik",
        f"Nr {flat.number}, wystawiona 6 listopada 2026",
        "121,89 zł",
        "103,33 zł",
        "Zużycie: 6 m³ zamiast 5 m³",
        "Woda 6 m³ × 6,53 zł 6 m³ 6,53 zł 39,18 zł",
        "Odprowadzenie ścieków",
        "Razem netto 112,86 zł",
        "VAT 8% od 112,86 zł 9,03 zł",
        "58 1090 1014 0000 0003 1108 5261",
        "88 104 601",
        "Czeka na Twoją wpłatę",
    ):
        assert words in text, words


def test_the_steps_add_up(world: World, anna: Visitor):
    """What is printed, from the invoice before to this one, to the grosz."""
    for invoice in world.annas.invoices[:6]:
        page = anna.page(f"/faktury/{invoice.invoice_id}")
        card = page.split('class="eb-why"')[1].split("</ul>")[0].replace("\u00a0", "").replace(" ", "")
        amounts = [
            int(whole.replace("−", "-").replace(",", "")) for whole in re.findall(r"([+−]?\d+,\d\d)zł", card)
        ]
        assert sum(amounts[:-1]) == amounts[-1] == invoice.total_gross.grosze


def test_a_paid_invoice_asks_for_nothing(world: World, anna: Visitor):
    paid = world.annas.invoices[4]
    page = anna.page(f"/faktury/{paid.invoice_id}")
    assert "eb-hero-calm" in page
    assert 'id="transfer"' not in page
    assert "Wpłatę zaksięgowaliśmy" in anna.text(f"/faktury/{paid.invoice_id}")


def test_a_late_invoice_says_how_late(world: World, celina: Visitor):
    late = world.celinas.invoices[1]
    text = celina.text(f"/faktury/{late.invoice_id}")
    assert "137,02 zł po terminie od 26 dni" in text
    assert "Termin minął" in text


def test_account_and_title_can_be_taken_along_as_they_are(world: World, anna: Visitor):
    open_one = world.annas.last_invoice
    page = anna.page(f"/faktury/{open_one.invoice_id}")
    account, title = re.findall(r'data-copy="([^"]+)"', page)
    assert re.fullmatch(r"\d{26}", account)
    assert title == open_one.number
    # Without a clipboard there is nothing to press.
    assert page.count("data-copy") == len(re.findall(r"<button[^>]+data-copy[^>]+ hidden>", page))


@pytest.mark.parametrize("wanted", ["0", "abc", "01930000-0000-7000-8000-0000000000ff", "%00"])
def test_an_invoice_that_is_not_there_is_not_found(anna: Visitor, wanted: str):
    assert anna.get(f"/faktury/{wanted}").status_code == 404


def test_the_pdf_is_the_invoice(world: World, anna: Visitor):
    invoice = world.annas.last_invoice
    response = anna.get(f"/faktury/{invoice.invoice_id}/pdf")
    assert response.mimetype == "application/pdf"
    assert re.fullmatch(r'attachment; filename="[a-z0-9-]+\.pdf"', response.headers["Content-Disposition"])
    words = PdfReader(io.BytesIO(response.data)).pages[0].extract_text()
    assert invoice.number in words


def test_many_pdfs_come_as_one_file(world: World, anna: Visitor):
    wanted = world.annas.invoices[:3]
    query = "&".join(f"id={one.invoice_id}" for one in (*wanted, wanted[0]))
    response = anna.get(f"/faktury/zip?{query}")
    with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 3
        assert all(archive.read(name).startswith(b"%PDF") for name in archive.namelist())


def test_a_file_of_none_or_too_many_is_asked_again(anna: Visitor):
    assert anna.get("/faktury/zip").location == "/faktury"
    assert "Wybierz co najmniej jedną fakturę." in anna.text("/faktury")
    many = "&".join(f"id=01930000-0000-7000-8000-{number:012x}" for number in range(51))
    assert anna.get(f"/faktury/zip?{many}").location == "/faktury"
    assert "najwyżej 50" in anna.text("/faktury")


@pytest.mark.parametrize("wrong", ["abc", "%00", "01930000-0000-7000-8000-0000000000ff"])
def test_a_file_with_a_wrong_id_is_refused_as_a_whole(world: World, anna: Visitor, wrong: str):
    response = anna.get(f"/faktury/zip?id={world.annas.last_invoice.invoice_id}&id={wrong}")
    assert response.status_code in (400, 404)
    assert b"%PDF" not in response.data


def test_the_list_as_files(world: World, anna: Visitor):
    answer = anna.get("/faktury.csv?rok=2025")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 6
    assert rows[0][0] == "Numer"
    answer = anna.get("/faktury.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
    assert sheet.max_row == len(world.annas.invoices) + 1
    assert float(str(sheet["H2"].value)) == world.annas.last_invoice.total_gross.grosze / 100
    assert re.fullmatch(
        r'attachment; filename="faktury-20411085-2026-11-22\.xlsx"', answer.headers["Content-Disposition"]
    )


def test_no_other_kind_of_file(anna: Visitor):
    assert anna.get("/faktury.exe").status_code == 404


def test_rows_tell_the_address_of_who_has_several(world: World, anna: Visitor, celina: Visitor):
    one = pb.Invoice()
    one.CopyFrom(world.annas.last_invoice)
    one.premises_line = "ul. Polna 9 <b>"
    with anna.application.test_request_context("/faktury"):
        assert "ul. Polna 9 &lt;b&gt;</span>" in invoice_rows([one])
        assert "ul. Polna 9 &lt;b&gt;</span>" in invoice_picks([one])
    places = {point.premises.premises_id for point in world.annas.service_points}
    assert len(places) > 1
    assert re.search(r'eb-row-sub">FV/[^<]*, ul\. Lipowa', anna.page("/faktury"))
    assert not re.search(r'eb-row-sub">FV/[^<]*, ul\.', celina.page("/faktury"))
