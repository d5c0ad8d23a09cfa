"""From the provider's files to the customer's paid bill, in a real browser on a whole suite of processes.

Told once for each carrier of events. The clock is the suite's own: the first month is billed a month ago, the second
one today.
"""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, expect

from tests.billing.documents.paper import scanned, words
from tests.journeys import town
from tests.journeys.company import DARIA, EDWARD, STAFF_PASSWORD, Company
from tests.journeys.conftest import CARRIERS, running_company
from tests.journeys.people import PASSWORD, Visitor, plain, spoken

pytestmark = pytest.mark.browser
HOMES = town.households()
ANNA, CELINA, FAULTY = (HOMES[index] for index in (town.ANNA, town.CELINA, town.FAULTY))
NEW_PASSWORD = "cztery kaczki nad stawem"
PAID = town.total_of(ANNA, 1)
NIP = "1234563218"
ID = "[0-9a-f-]{36}"
NUMBER = re.compile(r"FV/\d{4}/\d{6}")
FIRST_ROWS = 6 * len(HOMES) + 2 * len(HOMES)  # premises, two points, meter, customer, contract; two readings


@dataclass
class Story:
    """What one test hands to the next."""

    browser: Browser
    company: Company
    edward: Visitor
    anna: Visitor
    celina: Visitor
    numbers: list[str] = field(default_factory=list)
    annas: dict[int, str] = field(default_factory=dict)  # addresses of her invoices by month
    payments: list[town.Payment] = field(default_factory=list)
    issued_on: date = date.min


@pytest.fixture(scope="module", params=["direct", pytest.param("amqp", marks=pytest.mark.broker)])
def story(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Story]:
    with running_company(**CARRIERS[request.param]) as (company, _node):
        edward, anna, celina = (Visitor(browser, company.url) for _ in range(3))
        yield Story(browser, company, edward, anna, celina)
        for visitor in (edward, anna, celina):
            visitor.close()


class TestTheJourney:
    """In the order of life."""

    story = True

    def test_the_provider_comes_in_once_however_often_it_is_brought(self, story: Story):
        company, edward = story.company, story.edward
        company.go_to(company.months.first_issued_at)
        company.begin()
        company.publish_prices()
        files = town.write_first_delivery(company.files / "first", company.months)

        assert company.bring_in(files).counts == (FIRST_ROWS, 0, 0, 0)
        assert company.bring_in(files).counts == (0, 0, FIRST_ROWS, 0)

        edward.log_in_to_console(EDWARD, STAFF_PASSWORD, story.company.doors.code)
        edward.open("/konsola/import")
        rows = edward.page.locator("tbody tr").all()
        counts = [[cell.inner_text() for cell in row.locator("td").all()[-4:]] for row in rows]
        assert counts == [["0", "0", str(FIRST_ROWS), "0"], [str(FIRST_ROWS), "0", "0", "0"]]
        for path in edward.links(f"/konsola/import/{ID}"):
            edward.open(path)
        assert len(edward.links(f"/konsola/klienci/{ID}", at="/konsola/klienci")) == len(HOMES)

    def test_the_manager_issues_the_first_month(self, story: Story):
        company, edward = story.company, story.edward
        run_id = calculate(edward, company, company.months.first)

        issue(edward, run_id, count=len(HOMES))

        story.numbers += numbers_of(edward, run_id)
        assert len(story.numbers) == len(HOMES)
        company.post.wait_for(about="Nowa faktura", count=sum(map(town.gets_mail, HOMES)))

    def test_a_month_later_a_customer_without_a_reading_is_parked_and_the_others_are_issued(
        self, story: Story
    ):
        company, edward = story.company, story.edward
        company.go_to(None)
        grosze = int(PAID * 100)
        payment = ("W000001", f"O{ANNA.index}", company.today - timedelta(days=1), grosze, story.numbers[0])
        story.payments.append(payment)
        files = town.write_second_delivery(company.files / "second", company.months, payments=story.payments)

        imported = company.bring_in(files)

        assert imported.counts == (len(HOMES), 0, 6 * len(HOMES), 1)
        assert imported.status == 2
        assert town.MISREAD_DAY in imported.rejects
        edward.log_in_to_console(EDWARD, STAFF_PASSWORD, story.company.doors.code)
        run_id = calculate(edward, company, company.months.second)
        said = edward.open(f"/konsola/rozliczenia/{run_id}")
        assert FAULTY.name in said
        assert any(words in said for words in ("Brak odczytu", "No reading")), said
        preview = edward.open(f"/konsola/rozliczenia/{run_id}/faktury")
        assert town.printed(town.total_of(ANNA, 2)) in preview
        assert FAULTY.name not in preview

        issue(edward, run_id, count=len(HOMES) - 1)

        story.issued_on = company.today
        story.numbers += numbers_of(edward, run_id)
        assert [int(number.rpartition("/")[2]) for number in story.numbers] == list(range(1, 2 * len(HOMES)))

    def test_once_the_reading_is_mended_the_parked_customer_gets_the_next_number(self, story: Story):
        company, edward = story.company, story.edward
        files = town.write_second_delivery(
            company.files / "mended", company.months, payments=story.payments, mended=True
        )

        assert company.bring_in(files).counts == (1, 0, 7 * len(HOMES), 0)

        run_id = calculate(edward, company, company.months.second)
        issue(edward, run_id, count=1)
        [number] = numbers_of(edward, run_id)
        story.numbers.append(number)
        assert int(number.rpartition("/")[2]) == 2 * len(HOMES)
        assert town.printed(town.total_of(FAULTY, 2)) in edward.read()

    def test_the_mail_about_the_invoice_says_how_much_and_until_when(self, story: Story):
        story.company.post.wait_for(about="Nowa faktura", count=mails_of_invoices())

        for home, month in ((ANNA, 2), (CELINA, 2)):
            letters = story.company.post.letters(home.email, about=town.printed(town.total_of(home, month)))
            assert len(letters) == 1
            [letter] = letters
            assert spoken(due_on(story)) in letter.subject
            assert f"Do zapłaty: {town.printed(town.total_of(home, month))} zł" in letter.words
            assert f"{spoken(due_on(story))} {due_on(story).year}" in letter.words

    def test_a_new_user_registers_and_a_wrong_proof_is_refused_and_slowed_down(self, story: Story):
        anna, company = story.anna, story.company
        total, number = town.printed(town.total_of(ANNA, 2)), annas_number(story)
        wrong = town.printed(town.total_of(ANNA, 2) + Decimal("0.01"))
        anna.register("Anna", ANNA.email, company.post)
        anna.log_in(ANNA.email)
        anna.at("/dodaj-konto")

        for _ in range(3):
            anna.claim(ANNA.number, number, wrong)
            expect(anna.page.get_by_role("alert")).to_be_visible()
            assert anna.path == "/dodaj-konto"
        said = anna.claim(ANNA.number, number, total)

        assert anna.path == "/dodaj-konto"
        assert any(word in said for word in ("minut", "a minute")), said
        assert anna.form_with("invoice_total").locator('[name="invoice_total"]').input_value() == total
        company.suite.move_clock(minutes=2)
        anna.claim(f"{ANNA.number[:3]} {ANNA.number[3:]}", number, total)
        anna.at("/start")

    def test_start_shows_what_is_owed_and_used(self, story: Story):
        anna, total = story.anna, town.total_of(ANNA, 2)

        said = anna.open("/start")

        assert town.printed(total) in said
        assert spoken(due_on(story)) in said
        assert town.printed(PAID) in said  # The payment of the first month, and its invoice.
        assert anna.page.get_by_role("img").filter(visible=True).count() >= 1
        assert "5,4 m³" in anna.open("/zuzycie")
        said = anna.open("/rozliczenia")
        assert town.printed(total) in said
        assert town.printed(PAID) in said
        said = anna.open("/umowy")
        assert "UM/2022/0001" in said
        for path in ("/profil", "/wiecej", "/pomoc", "/prywatnosc", "/dostepnosc"):
            anna.open(path)
        for path in anna.links(f"/umowy/[0-9a-f-]{36}/pdf", at="/umowy"):
            assert anna.fetch(path).body().startswith(b"%PDF")
        assert anna.complaints == []

    def test_the_invoices_and_their_files_say_the_same(self, story: Story):
        anna = story.anna
        said = anna.open("/faktury")
        second, first = anna.links(f"/faktury/{ID}")
        story.annas = {1: first, 2: second}
        for month in (1, 2):
            assert town.printed(town.total_of(ANNA, month)) in said
        said = anna.follow(second)
        assert town.printed(town.total_of(ANNA, 2)) in said
        assert annas_number(story) in said
        assert spoken(due_on(story)) in said
        anna.open(first)

        text = words(anna.fetch(f"{second}/pdf").body())

        assert all(letter in text for letter in "ąęł"), text
        assert town.printed(town.total_of(ANNA, 2)) in plain(text)
        assert annas_number(story) in text
        assert f"{spoken(due_on(story))} {due_on(story).year}" in plain(text)
        assert town.printed(town.total_of(ANNA, 1)) in plain(words(anna.fetch(f"{first}/pdf").body()))

    def test_the_code_on_the_invoice_is_the_transfer(self, story: Story):
        content = story.anna.fetch(f"{story.annas[2]}/pdf").body()

        grosze = int(town.total_of(ANNA, 2) * 100)
        number = annas_number(story)
        transfer = f"{NIP}|PL|{ANNA.account_number}|{grosze:06d}|Wodociagi Zdroj|{number}|||"
        assert scanned(content) == transfer

    def test_several_invoices_come_as_one_file_and_lists_as_tables(self, story: Story):
        anna = story.anna
        anna.open("/faktury")
        for box in anna.page.locator('[name="id"]').all():
            box.press("Space")
            expect(box).to_be_checked()
        with anna.page.expect_download() as download:
            anna.form_with("id").get_by_role("button", name="Pobierz zaznaczone").click()
        archive = zipfile.ZipFile(download.value.path())
        assert len(archive.namelist()) == 2
        texts = [plain(words(archive.read(name))) for name in archive.namelist()]
        for month in (1, 2):
            assert any(town.printed(town.total_of(ANNA, month)) in text for text in texts)
        anna.note(download.value.url)

        for path, expected in (
            ("/faktury.csv", [annas_number(story), town.printed(town.total_of(ANNA, 2))]),
            ("/rozliczenia.csv", [town.printed(town.total_of(ANNA, 2)), town.printed(PAID)]),
            ("/zuzycie.csv", ["5,4"]),
        ):
            answer = anna.fetch(path)
            assert answer.status == 200, path
            table = answer.body().decode("utf-8-sig")
            assert all(words_ in table for words_ in expected), table
        for path in ("/faktury.xlsx", "/rozliczenia.xlsx", "/zuzycie.xlsx"):
            assert zipfile.ZipFile(io.BytesIO(anna.fetch(path).body())).testzip() is None

    def test_a_forgotten_password_is_set_anew_and_ends_the_old_session(self, story: Story):
        post, elsewhere = story.company.post, Visitor(story.browser, story.company.url)
        for _ in range(2):
            elsewhere.open("/haslo")
            elsewhere.send(email=ANNA.email)
            elsewhere.at("/haslo/wyslano")
        second, first = (
            letter.link("/nowe-haslo") for letter in post.wait_for(ANNA.email, about="Nowe hasło", count=2)
        )

        elsewhere.page.goto(second)
        elsewhere.send(password=NEW_PASSWORD)

        elsewhere.at("/logowanie")
        for link in (second, first):
            elsewhere.page.goto(link)
            elsewhere.send(password="inne dobre hasło do eBOK")
            elsewhere.at("/nowe-haslo")
            expect(elsewhere.page.get_by_role("alert")).to_be_visible()
        story.anna.open("/start")
        story.anna.at("/logowanie")
        story.anna.send(email=ANNA.email, password=PASSWORD)
        story.anna.at("/logowanie")
        elsewhere.log_in(ANNA.email, NEW_PASSWORD)
        elsewhere.at("/start")
        elsewhere.close()
        post.wait_for(ANNA.email, about="Hasło do eBOK zostało zmienione")

    def test_celina_finds_nothing_of_annas(self, story: Story):
        company, celina = story.company, story.celina
        celina.register("Celina", CELINA.email, company.post)
        celina.log_in(CELINA.email)
        [letter] = company.post.letters(CELINA.email, about=town.printed(town.total_of(CELINA, 2)))
        celina.claim(CELINA.number, number_in(letter.words), town.printed(town.total_of(CELINA, 2)))
        celina.at("/start")
        assert town.printed(town.total_of(CELINA, 2)) in celina.read()
        annas = secrets_of_anna(story)
        paths = list(story.anna.visited)
        assert len(paths) >= 20, paths
        story.anna.log_in(ANNA.email, NEW_PASSWORD)
        told = [path for path in paths if tells(story.anna, path, annas)]
        assert len(told) >= 12, (
            told
        )  # What is looked for can be found: it stands on Anna's own pages and files.

        for path in paths:
            answer = celina.fetch(path, redirects=0)
            body = readable(answer.headers.get("content-type", ""), answer.body())
            if any(mark in path for mark in ("/faktury/", "/umowy/")):
                assert answer.status in (303, 403, 404), (path, answer.status)
            assert answer.status < 500, path
            for secret in annas:
                assert secret not in body, (path, secret)

    def test_strangers_and_customers_see_nothing_of_the_console(self, story: Story):
        paths = [path for path in story.edward.visited if path != "/konsola/logowanie"]
        assert len(paths) >= 6
        stranger = Visitor(story.browser, story.company.url)

        for visitor in (stranger, story.celina):
            for path in paths:
                answer = visitor.fetch(path, redirects=0)
                assert answer.status in (302, 303, 401, 403, 404), (path, answer.status)
                assert ANNA.number not in answer.text()
        for path in story.anna.visited:
            answer = stranger.fetch(path, redirects=0)
            body = readable(answer.headers.get("content-type", ""), answer.body())
            assert not [secret for secret in secrets_of_anna(story) if secret in body], path
        stranger.close()

    def test_each_mail_came_once(self, story: Story):
        expected = Counter(
            {
                (ANNA.email, "Potwierdź"): 1,
                (CELINA.email, "Potwierdź"): 1,
                (ANNA.email, "Nowe hasło"): 2,
                (ANNA.email, "Hasło do"): 1,
                (ANNA.email, "Nowe urządzenie"): 1,
                (EDWARD, "Nowe urządzenie"): 1,
                (EDWARD, "Logujesz się teraz także kodem"): 1,
                (DARIA, "Logujesz się teraz także kodem"): 1,
            }
        )
        for home in filter(town.gets_mail, HOMES):
            for month in (1, 2):
                expected[home.email, town.printed(town.total_of(home, month))] += 1

        marks = {mark for _, mark in expected}
        came = Counter(
            (letter.to, next((mark for mark in marks if mark in letter.subject), letter.subject))
            for letter in story.company.post.letters()
        )

        assert came == expected

    def test_the_audit_log_says_who_did_what(self, story: Story):
        daria, edward = Visitor(story.browser, story.company.url), story.edward
        daria.log_in_to_console(DARIA, STAFF_PASSWORD, story.company.doors.code)
        daria.open(f"/konsola/klienci?q={ANNA.number}")
        daria.at(re.compile(f"/konsola/klienci/{ID}"))
        daria.close()
        edward.log_in_to_console(EDWARD, STAFF_PASSWORD, story.company.doors.code)

        assert who_did(edward, "identity.v1.GrantService/ClaimCustomer", count=2) == ["Anna", "Celina"]
        assert who_did(edward, "billing.v1.BillingRunService/IssueBillingRun", count=3) == ["Edward"] * 3
        about_anna = "billing.v1.CustomerService/GetCustomer"
        assert who_did(edward, about_anna, count=1, about=ANNA.number) == ["Daria"]
        assert who_did(edward, about_anna, count=0, about=CELINA.number) == []


# What Edward does in the console.


def calculate(edward: Visitor, company: Company, month: date) -> str:
    """Start the run of a month from its form; answers its id once it can be issued."""
    edward.open("/konsola/rozliczenia")
    edward.send(
        name=f"Woda i ścieki, {month:%m.%Y}",
        od=month.isoformat(),
        do=company.months.end(month).isoformat(),
        dni=str(town.PAYMENT_DAYS),
    )
    run_id = edward.path.rpartition("/")[2]
    edward.until(f"/konsola/rozliczenia/{run_id}", lambda: edward.page.locator('[name="count"]').count() > 0)
    return run_id


def issue(edward: Visitor, run_id: str, *, count: int) -> None:
    """Type the count and issue; a wrong count is refused before."""
    page = f"/konsola/rozliczenia/{run_id}"
    edward.open(page)
    edward.send(count=str(count + 1))
    expect(edward.page.locator('[name="count"]')).to_be_visible()
    edward.send(count=str(count))
    edward.until(f"{page}/faktury", lambda: len(set(NUMBER.findall(edward.read()))) == count)


def numbers_of(edward: Visitor, run_id: str) -> list[str]:
    """The numbers that the run's list shows, in order."""
    said = edward.open(f"/konsola/rozliczenia/{run_id}/faktury")
    return sorted(set(NUMBER.findall(said)))


def who_did(edward: Visitor, act: str, *, count: int, about: str = "") -> list[str]:
    """The names beside an act in the audit log, sorted, once there are that many: acts arrive as events."""
    rows = edward.page.locator("tbody tr")
    query = urlencode({"czynnosc": f"ebok.{act}"} | ({"klient": about} if about else {}))
    edward.until(f"/konsola/audyt?{query}", lambda: rows.count() >= count)
    return sorted(row.locator("td a").first.inner_text() for row in rows.all())


# What is to be expected.


def due_on(story: Story) -> date:
    return story.issued_on + timedelta(days=town.PAYMENT_DAYS)


def mails_of_invoices() -> int:
    return 2 * sum(map(town.gets_mail, HOMES))


def annas_number(story: Story) -> str:
    [letter] = story.company.post.letters(ANNA.email, about=town.printed(town.total_of(ANNA, 2)))
    return number_in(letter.words)


def number_in(text: str) -> str:
    found = re.search(r"FV/\d{4}/\d{6}", text)
    assert found, text
    return found[0]


def secrets_of_anna(story: Story) -> list[str]:
    """What identifies Anna or tells of her bill, as pages and files may print it."""
    spaced = f"{ANNA.number[:3]}\u00a0{ANNA.number[3:]}"
    amounts = [town.printed(town.total_of(ANNA, month)) for month in (1, 2)]
    numbers = [annas_number(story), story.numbers[0]]
    return [
        ANNA.number,
        spaced,
        ANNA.email,
        ANNA.account_number,
        "Gęsia Łąka",
        "UM/2022/0001",
        *amounts,
        *numbers,
    ]


def tells(visitor: Visitor, path: str, secrets: list[str]) -> bool:
    """Whether a page or file says any of these to this visitor."""
    answer = visitor.fetch(path)
    said = readable(answer.headers.get("content-type", ""), answer.body())
    return any(secret in said for secret in secrets)


def readable(kind: str, body: bytes) -> str:
    """The words of a page, a table, a PDF, a ZIP of PDFs, a workbook."""
    if body.startswith(b"%PDF"):
        return plain(words(body))
    if body.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(body))
        return " ".join(readable("", archive.read(name)) for name in archive.namelist())
    return body.decode("utf-8", errors="replace")
