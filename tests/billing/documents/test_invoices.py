"""The invoice as PDF: its words, its code, its pages, its bytes."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from chassis.money import Money
from services.billing.documents.invoices import render_invoice
from services.billing.domain.plain import UnreadableDocument
from services.billing.domain.printed import PrintedCorrection, PrintedExplanation, PrintedLine, PrintedPayment
from tests.billing.documents.examples import (
    ANNA,
    NRB,
    READING,
    SELLER,
    SEWAGE,
    STANDING,
    WATER,
    printed_invoice,
)
from tests.billing.documents.paper import (
    drawing,
    embedded_fonts,
    page_count,
    properties,
    scanned,
    text_starts,
    words,
)

# What template 1 draws for the example. If this fails, issued documents would come out differently: give the
# new look a template version of its own, and keep this one.
TEMPLATE_1 = "55ee7835d7d90d9214cf39c8feb9aeaff7c6e9aa4ff0659dccd861704e9f3dff"


def line(number: int, rate: str = "8", name: str = "Pozycja") -> PrintedLine:
    return PrintedLine(f"{name} {number}", Decimal("1.500"), "m³", Decimal("6.53"), rate, Money(980))


def test_one_page_says_everything_in_the_order_of_reading():
    text = words(render_invoice(printed_invoice()), page=1)

    wanted = [
        "Wodociągi Zdrój woda i ścieki",
        "Faktura FV/2026/11/003950",
        "wystawiona 12 listopada 2026, za okres 1 września – 31 października 2026",
        "Do zapłaty 243,78 zł do soboty, 12 grudnia 2026",
        "58 1090 1014 0000 0003 1108 5261",
        "Odbiorca: Wodociągi Zdrój. Tytuł: FV/2026/11/003950",
        "Anna Źdźbło-Łęcka",
        "12 m³ wody, tyle samo ścieków i 2 miesiące abonamentu.",
        "O 34,20 zł więcej niż za lipiec i sierpień, bo poszło o 2 m³ więcej.",
        "Woda 12 m³ 6,53 zł 8 % 78,36 zł",
        "Abonament, wrzesień i październik 2 mies. 17,88 zł 8 % 35,76 zł",
        "Twoje zużycie",
        "O 2 m³ więcej niż rok temu, średnio 197 litrów na dobę.",
        "8 % 225,72 zł 18,06 zł 243,78 zł",
        "8 % z 225,72 zł = 18,0576 zł, po zaokrągleniu 18,06 zł.",
        "Wodomierz 77 410 233",
        "31 sierpnia 2026 zdalny 806 m³",
        "Zużycie 12 m³",
        "Coś się nie zgadza?",
        "Rozłożymy na raty, zanim pojawią się odsetki.",
        "Sprzedawca: Wodociągi Zdrój, ul. Wodna 1, 57-000 Zdrój, NIP 123-456-32-18.",
        "Nabywca: Anna Źdźbło-Łęcka, ul. Lipowa 3, 57-000 Zdrój.",
        "Koniec okresu dostawy 31.10.2026.",
        "Taryfa W2 Zdrój od 1.01.2026.",
        "Strona 1 z 1",
    ]
    places = [text.find(part) for part in wanted]
    assert -1 not in places, [part for part, place in zip(wanted, places, strict=True) if place < 0]
    assert places == sorted(places)
    assert page_count(render_invoice(printed_invoice())) == 1


def test_the_document_names_itself_and_its_language_and_carries_its_fonts():
    pdf = render_invoice(printed_invoice())

    assert properties(pdf) == {
        "title": "Faktura FV/2026/11/003950",
        "author": "Wodociągi Zdrój",
        "language": "pl-PL",
        "title shown": "true",
    }
    fonts = embedded_fonts(pdf)
    assert len(fonts) == 3
    assert all(fonts.values())
    assert all("+OpenSans" in name for name in fonts), "a subset has a prefix before its name"


def test_the_code_on_the_page_is_the_transfer():
    assert scanned(render_invoice(printed_invoice())) == (
        f"1234563218|PL|{NRB}|024378|Wodociagi Zdroj|FV/2026/11/003950|||"
    )


def test_above_9999_zloty_the_payer_enters_the_amount():
    pdf = render_invoice(printed_invoice(to_pay=Money(1_000_000)))

    assert scanned(pdf).split("|")[3] == "000000"
    assert "10 000,00 zł" in words(pdf)
    assert "Zeskanuj i wpisz kwotę" in words(pdf)


@pytest.mark.parametrize(
    ("grosze", "said"), [(0, "Nic nie musisz teraz płacić."), (-1250, "Do zwrotu 12,50 zł")]
)
def test_where_nothing_is_to_pay_there_is_no_code(grosze, said):
    pdf = render_invoice(printed_invoice(to_pay=Money(grosze)))

    assert said in words(pdf)
    assert "Przelew" not in words(pdf)
    assert scanned(pdf) == ""


def test_an_account_that_no_bank_takes_prints_without_a_code():
    pdf = render_invoice(printed_invoice(payment=PrintedPayment("12 3456", "Wodociągi Zdrój", "FV/1")))

    assert "12 3456" in words(pdf)
    assert "Zeskanuj" not in words(pdf)
    assert scanned(pdf) == ""


@pytest.mark.parametrize("count", [1, 3, 6])
def test_a_usual_invoice_is_one_page(count):
    assert page_count(render_invoice(printed_invoice(*[line(number) for number in range(count)]))) == 1


def test_three_rates_fit_on_one_page_and_the_exemption_names_its_ground():
    pdf = render_invoice(
        printed_invoice(
            line(1, "23"), line(2, "8"), line(3, "ZW"), vat_exemption="art. 43 ust. 1 pkt 36 ustawy o VAT"
        )
    )

    assert page_count(pdf) == 1
    text = words(pdf)
    assert "23 % 9,80 zł 2,25 zł 12,05 zł" in text
    assert "zw. 9,80 zł 0,00 zł 9,80 zł" in text
    assert "Razem 29,40 zł 3,03 zł 32,43 zł" in text
    assert "Zwolnienie z VAT: art. 43 ust. 1 pkt 36 ustawy o VAT" in text


@pytest.mark.parametrize("count", [12, 40, 200])
def test_many_lines_begin_the_second_page_and_none_is_lost(count):
    pdf = render_invoice(printed_invoice(*[line(number, name="Pozycja nr") for number in range(count)]))
    first, rest = words(pdf, page=1), words(pdf)

    assert "Do zapłaty" in first
    assert "Pozycja nr" not in first
    assert "lista od strony 2" in first
    assert "Razem" in first
    for number in range(count):
        assert f"Pozycja nr {number} 1,5 m³" in rest
    pages = page_count(pdf)
    assert f"Strona {pages} z {pages}" in words(pdf, page=pages)
    for number in range(2, pages + 1):
        assert "Faktura FV/2026/11/003950, Wodociągi Zdrój" in words(pdf, page=number)
        assert words(pdf, page=number).count("Wartość netto") == 1


def test_every_meter_is_shown_however_many_there_are():
    readings = tuple(replace(READING, meter_serial=f"7741{number:04}") for number in range(9))
    text = words(render_invoice(printed_invoice(readings=readings)))

    assert all(f"Wodomierz 77 41{number // 10} 00{number % 10}" in text for number in range(9))


def test_long_names_wrap_and_stay_whole():
    name = "Stowarzyszenie Przyjaciół Konstantynopolitańczykowianeczkówny Celiny i Przyległości Zdroju"
    item = "Opłata za wprowadzanie ścieków bytowych do urządzeń kanalizacyjnych według wodomierza ogrodowego"
    pdf = render_invoice(
        printed_invoice(
            replace(WATER, name=item),
            seller=replace(
                SELLER, name="Przedsiębiorstwo Wodociągów i Kanalizacji „Źródło” spółka z o.o.", mark=""
            ),
            buyer=replace(ANNA, name=name, nip="5261040828", premises="ul. Krótka 1, Zdrój"),
        )
    )
    text = words(pdf)

    assert item in text
    assert f"Nabywca: {name}" in text
    assert "NIP 526-104-08-28" in text
    assert "Dotyczy: ul. Krótka 1, Zdrój" in text
    assert max(x for x, _ in text_starts(pdf)) < 545


def test_a_line_of_a_part_of_the_period_names_its_days():
    part = replace(WATER, from_day=date(2026, 9, 16), until_day=date(2026, 10, 31))

    assert "Woda, 16 września – 31 października 12 m³" in words(render_invoice(printed_invoice(part)))


def test_a_first_invoice_without_history_prints():
    text = words(render_invoice(printed_invoice(explanation=PrintedExplanation(), use=None, readings=())))

    assert "Skąd ta kwota" not in text
    assert "Twoje zużycie" not in text
    assert "Razem 225,72 zł" in text


def test_a_correction_shows_before_after_and_the_difference():
    before = printed_invoice()
    after = printed_invoice(
        replace(WATER, quantity=Decimal(10), net=Money(6530)),
        replace(SEWAGE, quantity=Decimal(10), net=Money(9300)),
        STANDING,
        number="KOR/2026/12/000017",
        correction=PrintedCorrection(
            before.number,
            before.issued_on,
            "błędny odczyt",
            before.lines,
            before.vat_rows,
            before.total_gross,
        ),
        to_pay=Money(-3419),
    )
    text = words(render_invoice(after))

    assert "Faktura korygująca KOR/2026/12/000017" in text
    assert "do faktury FV/2026/11/003950 z 12 listopada 2026" in text
    assert "Poprawiamy fakturę FV/2026/11/003950: błędny odczyt." in text
    assert "Było 243,78 zł, jest 209,58 zł, różnica −34,20 zł." in text
    assert (
        text.index("Przed korektą")
        < text.index("Woda 12 m³")
        < text.index("Po korekcie")
        < text.index("Woda 10 m³")
    )
    assert "8 % −31,66 zł −2,54 zł −34,20 zł" in text


def test_letters_outside_the_typeface_leave_a_mark_and_ukrainian_is_inside():
    text = words(render_invoice(printed_invoice(buyer=replace(ANNA, name="Олена Їжак 水"))))

    assert "Олена Їжак ?" in text


def test_a_plain_account_is_not_called_the_customers_own():
    payment = PrintedPayment(NRB, "Wodociągi Zdrój sp. z o.o.", "FV/2026/11/003950", own_account=False)
    text = words(render_invoice(printed_invoice(payment=payment)))

    assert "Przelew na rachunek:" in text
    assert "Odbiorca: Wodociągi Zdrój sp. z o.o. Tytuł:" in text


def test_a_template_we_do_not_have_is_refused():
    with pytest.raises(UnreadableDocument):
        render_invoice(printed_invoice(template_version=2))


def test_bytes_are_the_same_again_from_json_in_threads_and_in_another_process():
    invoice = printed_invoice()
    pdf = render_invoice(invoice)

    assert render_invoice(type(invoice).from_json(invoice.to_json())) == pdf
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(render_invoice, [invoice] * 8)) == {pdf}
    program = (
        "import hashlib; from tests.billing.documents.examples import printed_invoice; "
        "from services.billing.documents.invoices import render_invoice; "
        "print(hashlib.sha256(render_invoice(printed_invoice())).hexdigest())"
    )
    paths = ":".join(path for path in sys.path if path)
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": paths, "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    assert told.stdout.decode().strip() == hashlib.sha256(pdf).hexdigest()


def test_template_1_still_draws_what_it_drew():
    assert hashlib.sha256(drawing(render_invoice(printed_invoice()))).hexdigest() == TEMPLATE_1
