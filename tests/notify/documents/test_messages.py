"""The mails as documents: complete in three languages, safe against what people type, readable everywhere."""

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from bs4 import BeautifulSoup
from hypothesis import given as anything
from hypothesis import settings as runs
from hypothesis import strategies as st
from jinja2 import Environment, meta, nodes

from chassis.ids import new_id
from services.notify.documents import accounts
from services.notify.documents import messages as documents
from services.notify.documents.colours import READABLE, contrast, palette
from services.notify.documents.mails import encode_letter, render_mail, sender_of
from services.notify.documents.messages import Letter, render_letter
from services.notify.storage.messages import Message, Rule
from services.notify.storage.settings import ProviderSettings

NOW = datetime(2026, 11, 22, 16, 5, tzinfo=UTC)
LANGUAGES = ("pl", "en", "uk")
TEXTS = Path(documents.__file__).parent / "texts"
NASTY = "Anna\r\nBcc: zly@poczta.example\r\n\r\n<script>alert(1)</script>{{ 7*7 }}{% raw %}\x00\u2028"

PAYMENT = {
    "payment_id": "01930000-0000-7000-8000-0000000000f1",
    "number": "P-7K3M-Q2XR",
    "amount_grosze": 243_78,
    "payer_email": "anna@poczta.example",
    "happened_at": NOW.isoformat(),
}
DUE = {
    "invoice_id": "01930000-0000-7000-8000-0000000000f2",
    "number": "FV/2026/003950",
    "due_on": "2026-11-12",
    "as_of": "2026-11-20",
    "open_grosze": 243_78,
    "account_number": "58109010140000000311085261",
    "premises_label": "ul. Lipowa 4/2, Zdrój",
    "notes": {"pl": "Rozłożymy na raty.", "en": "We offer instalments.", "uk": "Можлива розстрочка."},
}
CASE = {
    "ticket_id": "01930000-0000-7000-8000-0000000000f3",
    "number": "ZG/2026/1187",
    "ticket_subject": "11/2026",
}
READING = {"commodity": "WATER", "premises_label": "ul. Lipowa 4/2, Zdrój"}


def provider(**changes) -> ProviderSettings:
    values = {
        "provider": 1,
        "version": 1,
        "name": "Wodociągi Zdrój",
        "line": "woda i ścieki",
        "nip": "1234563218",
        "address_line": "ul. Wodna 1",
        "town_line": "57-000 Zdrój",
        "brand_colour": "#0068b8",
        "phone": "75 000 00 00",
        "phone_hours": "pon.–pt. 7–17",
        "emergency_phone": "994",
        "email": "bok@wodociagi-zdroj.example",
        "portal_url": "https://ebok.wodociagi-zdroj.example",
        "languages": ["pl", "en", "uk"],
    }
    return ProviderSettings(**{**values, **changes})


def message(
    rule: Rule, language: str = "pl", *, name: str = "Anna Żółć", facts: dict | None = None
) -> Message:
    known: dict[Rule, dict[str, Any]] = {
        Rule.PASSWORD_CHANGED: {"changed_at": NOW.isoformat(), "is_staff": False},
        Rule.NEW_DEVICE: {
            "signed_in_at": NOW.isoformat(),
            "browser": "Firefox, Windows",
            "address": "192.0.2.7",
            "is_staff": False,
        },
        Rule.FACTOR_CHANGED: {
            "changed_at": NOW.isoformat(),
            "change": "RECOVERY_CODE_USED",
            "codes_left": 9,
            "is_staff": False,
        },
        Rule.EMAIL_CHANGED: {"changed_at": NOW.isoformat(), "email_hint": "n…@poczta.example"},
        Rule.EMAIL_SET_BACK: {"changed_at": NOW.isoformat(), "email_hint": "a…@poczta.example"},
        Rule.DELEGATE_INVITED: {
            "inviter": "Anna",
            "customer": "Anna Żółć",
            "scope": "PAY",
            "ends_on": "2027-12-31",
        },
        Rule.GRANT_GIVEN: {
            "delegate": "Bartek (bartek@poczta.example)",
            "customer": "Anna Żółć",
            "scope": "VIEW",
            "ends_on": "2027-12-31",
        },
        Rule.GRANT_REVOKED: {"customer": "Anna Żółć", "ended_by": "owner"},
        Rule.CUSTOMER_CLAIMED: {
            "claimer": "Bartek",
            "claimer_hint": "b…@poczta.example",
            "customer": "Anna Żółć",
            "given_at": NOW.isoformat(),
        },
        Rule.CONTACT_CHANGED: {
            "customer": "Anna Żółć",
            "old_hint": "a…@poczta.example",
            "new_hint": "n…@poczta.example",
            "given_at": NOW.isoformat(),
        },
        Rule.INVOICE_ISSUED: {
            "invoice_id": str(new_id()),
            "number": "FV/2026/003950",
            "total_grosze": 243_78,
            "due_on": "2026-12-12",
            "period_from": "2026-09-01",
            "period_to": "2026-10-31",
            "account_number": "58109010140000000311085261",
            "used": "12.000",
            "unit": "m3",
            "previous_grosze": 209_58,
            "customer_number": "20411085",
            "premises_label": "ul. Lipowa 4/2, Zdrój",
        },
        Rule.PAYMENT_RECEIVED: PAYMENT
        | {"shares": [["FV/2026/003950", 200_00]], "provider": "przelewy24", "method_name": "BLIK"},
        Rule.PAYMENT_FAILED: PAYMENT | {"reason": "EXPIRED", "happened_at": None},
        Rule.PAYMENT_REFUNDED: PAYMENT,
        Rule.PAYMENT_DUE: DUE,
        Rule.PAYMENT_OVERDUE_1: DUE,
        Rule.PAYMENT_OVERDUE_2: DUE,
        Rule.PAYMENT_OVERDUE_3: DUE,
        Rule.TICKET_OPENED: CASE | {"kind": "COMPLAINT", "due_at": NOW.isoformat()},
        Rule.TICKET_ANSWERED: CASE | {"asks": False},
        Rule.TICKET_ADVANCED: CASE
        | {
            "state_names": {
                "pl": "Sprawdzamy licznik",
                "en": "We check the meter",
                "uk": "Перевіряємо лічильник",
            }
        },
        Rule.TICKET_CLOSED: CASE | {"reopen_until": NOW.isoformat()},
        Rule.READING_WINDOW_OPENED: READING
        | {"opens_on": "2026-11-20", "closes_on": "2026-11-30", "meter_count": 2},
        Rule.READING_MISSING: READING | {"closes_on": "2026-11-30", "meter_count": 1},
        Rule.READING_REJECTED: READING
        | {
            "meter": "88 104 627",
            "read_on": "2026-11-21",
            "value": "450.000",
            "unit": "m3",
            "note": "450 → 45",
        },
    }
    return Message(
        message_id=new_id(),
        rule=rule,
        language=language,
        name=name,
        address="anna@poczta.example",
        facts={**known.get(rule, {}), **(facts or {})},
        expires_at=NOW + timedelta(hours=24),
    )


def parsed(content: bytes):
    return email.message_from_bytes(content, policy=email.policy.default)


def mail_of(one: Message, settings: ProviderSettings | None = None, token: str = "t"):  # noqa: S107
    settings = settings or provider()
    letter = render_letter(one, settings, token=token)
    return parsed(render_mail(encode_letter(letter), one, sender_of(settings), now=NOW)), letter


# the three languages


def texts_of(language: str) -> dict:
    return yaml.safe_load((TEXTS / f"{language}.yaml").read_text(encoding="utf-8"))


def placeholders(text: str) -> set[str]:
    return meta.find_undeclared_variables(Environment(autoescape=True).parse(text))


def choices(text: str) -> int:
    return sum(1 for _ in Environment(autoescape=True).parse(text).find_all(nodes.If))


def test_every_rule_is_written_in_every_language_with_the_same_keys_and_values():
    polish = texts_of("pl")
    assert set(polish) == {"common", *(rule.value for rule in Rule)}
    for language in LANGUAGES[1:]:
        other = texts_of(language)
        assert set(other) == set(polish)
        for rule, texts in polish.items():
            assert list(other[rule]) == list(texts), (language, rule)
            for key, text in texts.items():
                assert placeholders(other[rule][key]) == placeholders(text), (language, rule, key)
                assert choices(other[rule][key]) == choices(text), (language, rule, key)
                assert bool(other[rule][key]) == bool(text), (language, rule, key)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", list(Rule))
def test_every_mail_is_in_its_language_alone(rule, language):
    mail, letter = mail_of(message(rule, language))

    soup = BeautifulSoup(letter.html, "html.parser")
    assert soup.html is not None
    assert soup.html["lang"] == language == mail["Content-Language"]
    # A name may be broken at the end of a line.
    words = " ".join(re.sub(r"https?://\S+", "", letter.subject + letter.text).split())
    for fact in (
        "Wodociągi Zdrój",
        "Anna Żółć",
        "ul. Lipowa 4/2, Zdrój",
        "ul. Wodna 1, 57-000",
        "eBOK",
        "Zdrój",
    ):
        words = words.replace(fact, "")
    words = words.replace("pon.–pt.", "").replace("\u00a0zł", "").replace(" zł", "")
    polish, cyrillic = set("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ") & set(words), re.search("[а-яіїєґ]", words)
    assert bool(polish) == (language == "pl")
    assert bool(cyrillic) == (language == "uk")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", list(Rule))
def test_the_twins_say_the_same(rule, language):
    _, letter = mail_of(message(rule, language))

    soup = BeautifulSoup(letter.html, "html.parser")
    said = [soup.get_text(" "), *(str(link["href"]) for link in soup.find_all("a"))]
    html = " ".join(" ".join(said).split()).lower()
    for line in letter.text.splitlines():
        for word in line.lower().split():
            if word.strip("-"):
                assert word.rstrip(":") in html, word


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", sorted(accounts.RULES - accounts.OF_USERS))
def test_staff_are_led_to_the_console_and_to_the_administrator_who_helps(rule, language):
    administrator = {"pl": "administrator", "en": "administrator", "uk": "адміністратор"}[language]
    told = {
        is_staff: render_letter(message(rule, language, facts={"is_staff": is_staff}), provider()).text
        for is_staff in (False, True)
    }

    assert administrator in told[True]
    assert f"{provider().portal_url}/konsola/" in told[True]
    assert "/konsola" not in told[False]
    assert administrator not in told[False]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_about_an_app_says_who_took_it_away_and_what_is_next(language):
    """Customers need no app; staff set one up at the next log-in."""
    said = {
        (change, is_staff): render_letter(
            message(Rule.FACTOR_CHANGED, language, facts={"change": change, "is_staff": is_staff}), provider()
        ).text
        for change in ("RESET", "UNDONE", "RECOVERY_CODES_VOIDED")
        for is_staff in (False, True)
    }
    security = {"pl": "„Bezpieczeństwo”", "en": "“Security”", "uk": "«Безпека»"}[language]
    assert len(set(said.values())) == len(said)
    for change in ("RESET", "UNDONE"):
        assert security in said[change, False]
        assert security not in said[change, True]
    assert security in said["RECOVERY_CODES_VOIDED", True]


def test_days_and_amounts_are_those_of_the_language():
    subjects = [render_letter(message(Rule.INVOICE_ISSUED, one), provider()) for one in LANGUAGES]

    assert [one.subject for one in subjects] == [
        "Nowa faktura: 243,78 zł do 12 grudnia",
        "New invoice: 243.78 zł by 12 December",
        "Новий рахунок: 243,78 zł до 12 грудня",
    ]
    plain = [one.text.replace("\u00a0", " ") for one in subjects]
    assert "do soboty, 12 grudnia 2026" in plain[0]
    assert "by Saturday, 12 December 2026" in plain[1]
    assert "до суботи, 12 грудня 2026" in plain[2]


# what people type


@pytest.mark.parametrize("rule", list(Rule))
def test_names_can_put_nothing_into_headers_or_markup(rule):
    one = message(rule, name=NASTY, facts={"premises_label": NASTY, "number": NASTY, "unit": NASTY})
    mail, letter = mail_of(one, provider(name=NASTY, address_line=NASTY, phone=NASTY))

    assert mail["Bcc"] is None
    assert [address.addr_spec for address in mail["To"].addresses] == ["anna@poczta.example"]
    assert [address.addr_spec for address in mail["From"].addresses] == ["bok@wodociagi-zdroj.example"]
    assert "<script" not in letter.html
    assert "{{ 7*7 }}" in letter.text.replace("\u00a0", " ")
    assert "\x00" not in letter.html + letter.text + letter.subject


@runs(max_examples=60, deadline=None)
@anything(
    name=st.text(max_size=80), premises=st.text(max_size=80), provider_name=st.text(min_size=1, max_size=80)
)
def test_any_name_makes_a_mail_with_two_parts_and_the_same_headers(name, premises, provider_name):
    one = message(Rule.INVOICE_ISSUED, name=name, facts={"premises_label": premises})
    mail, letter = mail_of(one, provider(name=provider_name))

    assert sorted({header.lower() for header in mail}) == HEADERS
    assert [address.addr_spec for address in mail["To"].addresses] == ["anna@poczta.example"]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert BeautifulSoup(letter.html, "html.parser").find(["script", "img", "iframe", "link"]) is None


HEADERS = sorted(
    [
        *("auto-submitted", "content-language", "content-type", "date", "from", "list-id", "message-id"),
        *("mime-version", "subject", "to", "x-auto-response-suppress"),
    ]
)


def test_a_token_and_an_id_cannot_leave_their_place_in_a_link():
    _, letter = mail_of(message(Rule.PASSWORD_RESET), token='x"&next=https://evil.example/#')

    assert "/nowe-haslo?token=x%22%26next%3Dhttps%3A%2F%2Fevil.example%2F%23" in letter.text
    assert 'href="https://ebok.wodociagi-zdroj.example/nowe-haslo?token=x%22' in letter.html


@pytest.mark.parametrize("rule", list(Rule))
def test_every_link_leads_to_the_portal_and_nothing_is_fetched(rule):
    _, letter = mail_of(message(rule))

    soup = BeautifulSoup(letter.html, "html.parser")
    assert soup.find_all("a")
    for link in soup.find_all("a"):
        assert str(link["href"]).startswith("https://ebok.wodociagi-zdroj.example/")
    assert soup.find_all(["img", "link", "script", "iframe", "object", "form", "base"]) == []
    assert "url(" not in letter.html
    assert soup.find_all(src=True) == []


# headers


def test_the_headers_of_a_mail():
    one = message(Rule.INVOICE_ISSUED, "uk")
    mail, _ = mail_of(one)

    assert mail["From"] == "Wodociągi Zdrój <bok@wodociagi-zdroj.example>"
    assert mail["To"] == "Anna Żółć <anna@poczta.example>"
    assert mail["Message-ID"] == f"<{one.message_id}@wodociagi-zdroj.example>"
    assert mail["Date"] == "Sun, 22 Nov 2026 17:05:00 +0100"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<invoice-issued.wodociagi-zdroj.example>"


def test_another_sender_lets_answers_go_to_the_office():
    settings, one = provider(), message(Rule.PASSWORD_CHANGED)
    letter = render_letter(one, settings)

    mail = parsed(
        render_mail(encode_letter(letter), one, sender_of(settings, "ebok@poczta.zdroj.example"), now=NOW)
    )

    assert mail["From"] == "Wodociągi Zdrój <ebok@poczta.zdroj.example>"
    assert mail["Reply-To"] == "bok@wodociagi-zdroj.example"
    assert mail["Message-ID"].endswith("@poczta.zdroj.example>")


def test_what_is_sent_is_what_was_written_and_no_line_is_too_long():
    one = message(Rule.INVOICE_ISSUED)
    letter = Letter(
        "pl", "x", "Zażółć = gęślą\n.\nFrom tu\n" + "ź" * 300 + "\n", "<p>.</p>\n" + "<b>ą</b>" * 400
    )

    content = render_mail(encode_letter(letter), one, sender_of(provider()), now=NOW)

    plain, html = parsed(content).iter_parts()
    assert plain.get_content().replace("\r\n", "\n").rstrip() == letter.text.rstrip()
    assert html.get_content().replace("\r\n", "\n").rstrip() == letter.html.rstrip()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert content.isascii()


# colours


@anything(st.integers(min_value=0, max_value=0xFFFFFF))
def test_any_brand_colour_can_be_read(number):
    made = palette(f"#{number:06x}")

    read = [
        tuple(bytes.fromhex(one[1:])) for one in (made.accent, made.accent_dark, made.soft, made.soft_dark)
    ]
    assert contrast(read[0], (255, 255, 255)) >= READABLE  # type: ignore[arg-type]
    assert contrast(read[1], (20, 28, 36)) >= READABLE  # type: ignore[arg-type]
    assert contrast(read[1], (4, 24, 43)) >= READABLE - 0.5  # type: ignore[arg-type]
    assert contrast(read[2], (16, 32, 46)) >= READABLE  # type: ignore[arg-type]
    assert contrast(read[3], (237, 242, 247)) >= READABLE  # type: ignore[arg-type]


def test_what_is_no_colour_becomes_the_default():
    assert palette("red; } body { display: none") == palette("#0068b8")


# lines


@anything(st.text(alphabet="ab \t\n\u00a0ż", max_size=300))
def test_wrapped_lines_are_short_and_say_every_word(text):
    made = documents.wrapped(text)

    assert re.split("[\t-\r ]+", made.strip("\t\n ")) == re.split("[\t-\r ]+", text.strip("\t\n "))
    assert all(len(line) <= documents.LINE_WIDTH or " " not in line for line in made.split("\n"))
    assert all(line == line.strip(" ") for line in made.split("\n"))
