"""A complaint from the first photo to the last word, in a real browser on a whole suite of processes.

Told once for each carrier of events: a customer asks, a clerk asks back, answers and closes; mails say so; the customer
rates, and opens it again. Another customer finds nothing of it.
"""

import http.client
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ebok.identity.v1 import sessions_pb2
from ebok.tickets.v1 import attachments_pb2, attachments_pb2_grpc, tickets_pb2, tickets_pb2_grpc
from PIL import Image
from playwright.sync_api import Browser

from chassis.errors import NotFound, PermissionDenied
from demo.people import PASSWORD
from tests.billing.pictures import PLACE, picture
from tests.journeys import town
from tests.journeys.company import DARIA, STAFF_PASSWORD, Company
from tests.journeys.conftest import CARRIERS, running_company
from tests.journeys.people import Visitor, plain

pytestmark = pytest.mark.browser
ANNA, CELINA = (town.households()[index] for index in (town.ANNA, town.CELINA))
ID = "[0-9a-f-]{36}"
SUBJECT = "Za wysoki rachunek za wodę"
QUESTION = "Czy może Pani zakręcić wodę na noc?"
REPLY = "Zakręciłam, rano stan ten sam."
ANSWER = "To była nieszczelna spłuczka, rachunek korygujemy."
NOTE = "W nocy płyną 3 litry na godzinę."


@dataclass
class Story:
    """What one test hands to the next."""

    company: Company
    anna: Visitor
    celina: Visitor
    daria: Visitor
    url: str = ""
    file_url: str = ""
    number: str = ""

    @property
    def case_id(self) -> str:
        """The case, as addresses name it."""
        return self.url.rpartition("/")[2]


@pytest.fixture(scope="module", params=["direct", pytest.param("amqp", marks=pytest.mark.broker)])
def story(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Story]:
    with running_company(**CARRIERS[request.param]) as (company, _node):
        company.live_through()
        anna, celina, daria = (Visitor(browser, company.url) for _ in range(3))
        anna.log_in(ANNA.email, PASSWORD)
        celina.log_in(CELINA.email, PASSWORD)
        daria.log_in_to_console(DARIA, STAFF_PASSWORD, company.doors.code)
        yield Story(company, anna, celina, daria)
        for visitor in (anna, celina, daria):
            visitor.close()


class TestAComplaint:
    """In the order of life."""

    story = True

    def test_anna_complains_with_a_photo(self, story: Story, tmp_path: Path):
        anna, invoice = story.anna, story.company.newest[ANNA.number]
        photo = tmp_path / "wodomierz.jpg"
        photo.write_bytes(picture("JPEG", (1600, 1200)))
        assert PLACE.encode() in photo.read_bytes()
        anna.open("/zgloszenia")
        anna.follow("/zgloszenia/nowe")
        anna.page.get_by_role("link", name="Za wysoki rachunek").click()
        page = anna.page
        page.locator('[name="medium"]').select_option("water")
        page.locator('[name="pole_invoice"]').select_option(invoice.number)
        page.locator('[name="pole_cause"]').select_option("use")
        page.locator('[name="zalaczniki"]').set_input_files(photo)
        said = anna.send(temat="", tresc="Nikt nowy z nami nie mieszka. Proszę sprawdzić wodomierz.")
        assert "Uzupełnij" in said or "Wypełnij" in said, "the subject is missing, the photo stays"
        assert "wodomierz.jpg" in said

        said = anna.send(temat=SUBJECT)

        assert "Odpowiemy najpóźniej" in said
        story.url = anna.path
        [story.file_url] = anna.links(f"/zgloszenia/pliki/{ID}")
        found = re.search(r"ZG/\d{4}/\d+", said)
        assert found
        story.number = found[0]
        [letter] = story.company.post.wait_for(ANNA.email, about="Mamy Twoje zgłoszenie")
        assert story.number in letter.words
        assert "Nikt nowy" not in letter.words, "what was written stays in the portal"

    def test_the_photo_is_kept_without_its_place(self, story: Story):
        shown = story.anna.fetch(story.file_url)
        assert shown.headers["content-type"] == "image/jpeg"
        assert PLACE.encode() not in shown.body()
        assert not Image.open(io.BytesIO(shown.body())).getexif()
        kept = [path for path in Path(story.company.suite.info["log"]).parent.rglob("*") if path.is_file()]
        assert shown.body() in [
            path.read_bytes() for path in kept if path.stat().st_size == len(shown.body())
        ]
        assert not [path for path in kept if "tickets" in path.parts and PLACE.encode() in path.read_bytes()]

    def test_daria_takes_it_notes_something_and_asks(self, story: Story):
        daria = story.daria
        daria.open("/konsola/zgloszenia?widok=wolne")
        assert SUBJECT in daria.read()
        daria.page.keyboard.press("j")
        daria.page.keyboard.press("Enter")
        daria.at(f"/konsola/zgloszenia/{story.case_id}")
        daria.page.wait_for_load_state("load")  # Keys are there when the page is.
        with daria.page.expect_navigation():
            daria.page.keyboard.press("a")
            daria.page.keyboard.press("Enter")
        assert "Zgłoszenie jest Twoje." in daria.read()

        daria.page.wait_for_load_state("load")
        daria.page.keyboard.press("i")
        daria.page.wait_for_selector('[name="tresc"]:focus')
        daria.page.keyboard.type(NOTE)
        with daria.page.expect_navigation():
            daria.page.keyboard.press("Control+Enter")
        assert NOTE in daria.read()

        daria.page.locator('label[for="tryb-pytanie"]').click()
        daria.page.locator('[name="tresc"]').fill(QUESTION)
        with daria.page.expect_navigation():
            daria.page.locator('[name="co"][value="nastepne"]').click()
        assert "pytanie wysłane" in daria.read()

    def test_anna_reads_of_it_in_a_mail_and_answers(self, story: Story):
        anna = story.anna
        [letter] = story.company.post.wait_for(ANNA.email, about="Mamy pytanie do zgłoszenia")
        assert QUESTION not in letter.words
        anna.page.goto(letter.link(story.url))
        said = anna.read()
        assert QUESTION in said
        assert NOTE not in said
        said = anna.send(tresc=REPLY)
        assert "Wysłano." in said
        assert REPLY in said

    def test_daria_answers_and_closes(self, story: Story):
        daria = story.daria
        daria.open("/konsola/zgloszenia")
        assert "Nowa wiadomość:" in daria.page.content()
        daria.open(f"/konsola/zgloszenia/{story.case_id}")
        assert REPLY in daria.read()
        daria.page.locator('[name="tresc"]').fill(ANSWER)
        with daria.page.expect_navigation():
            daria.page.locator('[name="co"][value="zamknij"]').click()
        assert "zgłoszenie zamknięte" in daria.read()

    def test_anna_is_told_rates_and_opens_it_again(self, story: Story):
        anna, post = story.anna, story.company.post
        [letter] = post.wait_for(ANNA.email, about="zamknęliśmy")
        anna.page.goto(letter.link(story.url))
        assert ANSWER in anna.read()
        anna.page.locator("label", has_text=re.compile("^bardzo dobrze")).click()
        said = anna.send(komentarz="Szybko i uprzejmie")
        assert "Dziękujemy za ocenę." in said

        anna.page.get_by_text("To jeszcze nie koniec?").click()
        with anna.page.expect_navigation():
            form = anna.page.locator("form", has=anna.page.locator('[value="wznow"]'))
            form.locator('[name="tresc"]').fill("Korekta nie przyszła.")
            form.locator('button[type="submit"]').click()
        assert "jest otwarte" in anna.read()
        story.daria.open(f"/konsola/zgloszenia/{story.case_id}")
        said = story.daria.read()
        assert "Ocena klienta: 5 z 5" in said
        assert "Korekta nie przyszła." in said

    def test_celina_finds_nothing_of_it(self, story: Story):
        celina = story.celina
        celina.open(story.url, status=404)
        assert celina.fetch(story.file_url).status == 404
        assert SUBJECT not in celina.open("/zgloszenia")
        assert SUBJECT not in celina.open("/start")
        assert not story.company.post.letters(CELINA.email, about=story.number)

    def test_celinas_token_opens_nothing_of_it(self, story: Story):
        doors = story.company.doors
        acting = doors.log_in(CELINA.email, PASSWORD, sessions_pb2.REALM_PORTAL)
        channel = doors.channel("tickets", speaking_for="gateway")
        cases: Any = channel.stub(tickets_pb2_grpc.TicketServiceStub)
        files: Any = channel.stub(attachments_pb2_grpc.AttachmentServiceStub)
        annas = story.company.newest[ANNA.number].customer_id
        celinas = story.company.newest[CELINA.number].customer_id
        file_id = story.file_url.rpartition("/")[2]
        for customer_id in (annas, celinas):
            with pytest.raises((NotFound, PermissionDenied)):
                asked = tickets_pb2.GetTicketRequest(customer_id=customer_id, ticket_id=story.case_id)
                cases.GetTicket(asked, metadata=acting)
            with pytest.raises((NotFound, PermissionDenied)):
                wanted = attachments_pb2.DownloadAttachmentRequest(
                    customer_id=customer_id, attachment_id=file_id
                )
                next(files.DownloadAttachment(wanted, metadata=acting))

    def test_a_gigabyte_is_turned_away_before_it_is_sent(self, story: Story):
        cookies = "; ".join(f"{one['name']}={one['value']}" for one in story.anna.context.cookies())
        parts = urlsplit(story.company.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        connection.putrequest("POST", story.url)
        connection.putheader("Cookie", cookies)
        connection.putheader("Content-Type", "multipart/form-data; boundary=granica")
        connection.putheader("Content-Length", str(1024**3))
        connection.endheaders(b'--granica\r\nContent-Disposition: form-data; name="tresc"\r\n\r\n')
        answer = connection.getresponse()
        assert answer.status == 413
        assert "To jest za duże" in plain(answer.read().decode())
        connection.close()

    def test_no_page_complained(self, story: Story):
        for visitor in (story.anna, story.celina, story.daria):
            assert visitor.complaints == []
