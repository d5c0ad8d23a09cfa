"""Letters of a campaign, cast: the layout is rendered and encoded once, and each letter is filled in.

A mould is a whole letter with marks where those of one campaign differ: subject, paragraphs, reference, link to
unsubscribe. What is around them is encoded when it is cast, what takes their place when it is filled, which says the
very letter that rendering would, at a tenth of the time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from markupsafe import escape

from services.notify.documents.campaigns import Written
from services.notify.documents.mails import Encoded, encode_ended, encode_open
from services.notify.documents.messages import linked, render_letter, wrapped
from services.notify.domain.messages import reference
from services.notify.domain.preferences import MARKETING_FACT
from services.notify.storage.messages import AnyMessage, Message, Rule
from services.notify.storage.settings import ProviderSettings

SUBJECT, BODY, TOKEN = "QQSUBJECTQQ", "QQBODYQQ", "QQTOKENQQ"
MARKED = UUID("01930000-0000-7000-8000-5a5a5a5a5a5a")
REFERENCE = reference(MARKED)


def _cast(text: str, marks: Mapping[str, str]) -> bytes:
    """An encoded text with `%(name)s` where the mark of that name was."""
    lines = "".join(f"{line}\r\n" for line in text.splitlines())
    names = {mark: name for name, mark in marks.items()}
    pieces = re.split(f"({'|'.join(re.escape(mark) for mark in names)})", lines)
    return b"".join(
        f"%({names[piece]})s".encode() if piece in names else encode_open(piece).replace(b"%", b"%%")
        for piece in pieces
    )


@dataclass(frozen=True)
class Mould:
    """The letters of one campaign in one language. `paragraph` is what stands around one, `link` around an address."""

    language: str
    portal_url: str
    text: bytes
    html: bytes
    one_click_url: str
    paragraph: tuple[str, str]
    link: tuple[str, str, str]

    def fill(self, message: AnyMessage, written: Written, unsubscribe: str) -> Encoded:
        """The letter to one recipient."""
        opening, closing = self.paragraph
        html = "".join(
            f"{opening}{'<br>'.join(map(self._line, lines))}{closing}\r\n" for lines in written.paragraphs
        )
        text = "\n\n".join("\n".join(map(wrapped, lines)) for lines in written.paragraphs) + "\n"
        common = {
            b"reference": encode_open(reference(message.message_id)),
            b"token": encode_open(unsubscribe),
        }
        subject, body = encode_open(written.subject), encode_ended(text.replace("\n", "\r\n"))
        shown_subject, shown_body = encode_open(str(escape(written.subject))), encode_ended(html)
        return Encoded(
            language=written.language,
            subject=written.subject,
            text=self.text % {**common, b"subject": subject, b"body": body},
            html=self.html % {**common, b"subject": shown_subject, b"body": shown_body},
            one_click_url=self.one_click_url.replace(TOKEN, unsubscribe),
        )

    def _line(self, line: str) -> str:
        if self.portal_url not in line:
            return str(escape(line))
        before, between, after = self.link
        return "".join(
            f"{before}{escape(piece)}{between}{escape(piece)}{after}" if is_link else str(escape(piece))
            for piece, is_link in linked(line, self.portal_url)
        )


def cast(settings: ProviderSettings, language: str, *, marketing: bool) -> Mould:
    """The mould of a campaign's letters in one language."""
    link = f"{settings.portal_url}/{BODY}"
    message = Message(
        message_id=MARKED,
        rule=Rule.CAMPAIGN,
        language=language,
        name="",
        facts={MARKETING_FACT: True} if marketing else {},
        expires_at=datetime(2000, 1, 1, tzinfo=UTC),
    )
    token = TOKEN if marketing else ""
    plain, with_link = (
        render_letter(message, settings, written=Written(language, SUBJECT, [[body]]), unsubscribe=token)
        for body in (BODY, link)
    )
    paragraph = _around(plain.html, BODY, "<p")
    marks = {"reference": REFERENCE, "token": TOKEN, "subject": SUBJECT}
    return Mould(
        language=language,
        portal_url=settings.portal_url,
        text=_cast(plain.text, {**marks, "body": f"{BODY}\r\n"}),
        html=_cast(plain.html, {**marks, "body": f"{paragraph[0]}{BODY}{paragraph[1]}\r\n"}),
        one_click_url=plain.one_click_url,
        paragraph=paragraph,
        link=_link(with_link.html, link),
    )


def _around(html: str, mark: str, begin: str) -> tuple[str, str]:
    """What stands around a mark in its paragraph."""
    at = html.index(mark)
    opening = html[html.rindex(begin, 0, at) : at]
    return opening, html[at + len(mark) : html.index("</p>", at) + len("</p>")]


def _link(html: str, link: str) -> tuple[str, str, str]:
    """What stands before, between and after the two places of an address in its link."""
    first = html.index(link)
    second = html.index(link, first + 1)
    before = html[html.rindex("<a", 0, first) : first]
    end = second + len(link)
    return before, html[first + len(link) : second], html[end : html.index("</a>", end) + len("</a>")]
