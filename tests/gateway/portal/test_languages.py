"""Every page in three languages; titles, headings, headers."""

import re

import pytest

from tests.gateway import pages
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import HALFWAY, World

POLISH = re.compile(r"[ąćęłńóśźż]", re.IGNORECASE)
# Names, places and what the provider itself wrote are in its language on every page.
DATA = re.compile(
    r"Wodociągi Zdrój|Zdrój|zł\b|ul\. \S+|Łąkowa|Odprowadzenie ścieków|Woda i ścieki|pon\.–pt\.|Młynarska|Stanisława|"
    r"Leśna|Zapłata|złoty|Pełnomocnik|Zdrojewska|Klient|gospodarstwa domowe, e-faktura"
)
# What people wrote: announcements, pages, cases, and mails that went out in the language of their day.
WRITTEN = re.compile(
    r"Płukanie sieci w czwartek|Biuro w Wigilię do 12:00|W czwartek od 22:00.*?kilka minut|Jak do nas trafić|"
    r"wejście od podwórza|Mamy pytanie do zgłoszenia|Mamy Twoje zgłoszenie|"
    r"Odpowiedzieliśmy (?:na|i zamknęliśmy) zgłoszenie|"
    r"Zgłoszenie ZG/\S+(?: jest zamknięte|: [A-Z][a-ząćęłńóśźż ]+)|Płatność \S+ zł nie doszła do skutku|"
    r"do \d+ (?:stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia)|"
    r"Dwie faktury za wrzesień|Za wysokie zużycie w październiku|Skąd opłata stała\?|Kopia faktur za ubiegły rok|"
    r"Proszę o kopie faktur|Druga jest korektą|Dzień dobry, w październiku.*?sprawdzić wodomierz|"
    r"Czy może Pani zakręcić.*?wodomierza\?|Zakręciłam\..*?załączniku"
)


@pytest.mark.parametrize("language", ["en", "uk"])
def test_no_polish_is_left(world: World, language: str):
    listed = [page for page in pages.pages(world) if page.name.startswith("portal.")]
    people = {who: email for who, (email, staff) in pages.PEOPLE.items() if email and not staff}
    speaking = [
        email for email in people.values() if email != HALFWAY
    ]  # Who is not in yet has the browser's.
    faults = []
    try:
        for email in speaking:
            world.speak(email, language)
        for page in listed:
            visitor = world.visitor(people.get(page.who, ""))
            visitor.set_cookie("ebok_language", language)
            text = plain(visitor.get(page.url).text.split("<body")[1].replace("Polski", ""))
            left = DATA.sub("", WRITTEN.sub("", text))
            if found := POLISH.search(left):
                faults.append((page.name, left[max(found.start() - 40, 0) : found.end() + 20]))
    finally:
        for email in speaking:
            world.speak(email, "pl")
    assert faults == []


def test_every_page_has_one_heading_its_title_and_its_headers(world: World):
    faults = []
    for page in pages.pages(world):
        if not page.name.startswith("portal."):
            continue
        email, staff = pages.PEOPLE[page.who]
        response = world.visitor(email, staff=staff).get(page.url)
        headers = response.headers
        good = (
            len(re.findall(r"<h1\b", response.text)) == 1
            and re.search(r"<title>[^<]+ – Wodociągi Zdrój</title>", response.text)
            and "style=" not in response.text
            and not re.search(r"<script(?![^>]*\bsrc=)", response.text)
            and "'unsafe-inline'" not in headers["Content-Security-Policy"]
            and headers["Cache-Control"] == "no-store"
            and headers["X-Content-Type-Options"] == "nosniff"
            and headers["Referrer-Policy"] == "same-origin"
            and "Cookie" in headers.get("Vary", "")
        )
        if not good:
            faults.append(page.name)
    assert faults == []


def test_documents_are_not_kept_by_browsers(world: World, anna: Visitor):
    invoice = world.annas.last_invoice.invoice_id
    for url in (f"/faktury/{invoice}/pdf", "/faktury.csv", "/rozliczenia.xlsx"):
        headers = anna.get(url).headers
        assert headers["Cache-Control"] == "no-store", url
        assert headers["X-Content-Type-Options"] == "nosniff", url
        assert headers["Content-Disposition"].startswith("attachment; "), url


@pytest.mark.parametrize("path", ["/pomoc", "/dostepnosc", "/prywatnosc"])
@pytest.mark.parametrize("language", ["pl", "en", "uk"])
def test_the_texts_name_the_provider(nobody: Visitor, path: str, language: str):
    nobody.set_cookie("ebok_language", language)
    text = nobody.text(path)
    assert "75 000 00 00" in text
    assert "ebok@wodociagi-zdroj.example" in text
    assert len(text) > 1500
