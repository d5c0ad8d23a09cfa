"""Letters of a campaign, cast: the layout is rendered and encoded once, and each letter is filled in.

A mould is a whole letter with marks where those of one campaign differ: subject, paragraphs, reference, link to
unsubscribe. Lines without a mark are encoded when it is cast, the others when it is filled, which gives the very letter
that rendering would, at a tenth of the time.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

from markupsafe import escape

from services.notify.documents.campaigns import Written
from services.notify.documents.mails import Encoded, encode_ended
from services.notify.documents.messages import linked, render_letter, wrapped
from services.notify.domain.messages import reference
from services.notify.domain.preferences import MARKETING_FACT
from services.notify.storage.messages import Message, Rule
from services.notify.storage.settings import ProviderSettings

SUBJECT, BODY, TOKEN = "QQSUBJECTQQ", "QQBODYQQ", "QQTOKENQQ"
MARKED = UUID("01930000-0000-7000-8000-5a5a5a5a5a5a")
REFERENCE = reference(MARKED)


def _cut(text: str, marks: Sequence[str]) -> str:
    """A text with each mark as `%(mark)s`; what is put in its place is never looked through for marks."""
    pattern = "|".join(re.escape(mark) for mark in marks)
    return re.sub(f"({pattern})|%", lambda found: f"%({found[1]})s" if found[1] else "%%", text)


@dataclass(frozen=True)
class _Cast:
    """A text, in turn lines that are encoded already and lines with marks."""

    pieces: list[bytes | str]

    def fill(self, values: Mapping[str, str]) -> bytes:
        """The encoded text with values where the marks were. Lines within a value end in CRLF."""
        return b"".join(
            piece if isinstance(piece, bytes) else encode_ended(piece % values) for piece in self.pieces
        )


def _cast(text: str, marks: Sequence[str]) -> _Cast:
    pieces: list[bytes | str] = []
    for marked, lines in groupby(text.splitlines(), lambda line: any(mark in line for mark in marks)):
        piece = "".join(f"{line}\r\n" for line in lines)
        pieces.append(_cut(piece, marks) if marked else encode_ended(piece))
    return _Cast(pieces)


@dataclass(frozen=True)
class Mould:
    """The letters of one campaign in one language. `paragraph` is what stands around one, `link` around an address."""

    language: str
    portal_url: str
    text: _Cast
    html: _Cast
    one_click_url: str
    paragraph: tuple[str, str]
    link: tuple[str, str, str]

    def fill(self, message: Message, written: Written, unsubscribe: str) -> Encoded:
        """The letter to one recipient."""
        opening, closing = self.paragraph
        html = "\r\n".join(
            opening + "<br>".join(self._line(line) for line in lines) + closing
            for lines in written.paragraphs
        )
        text = "\n\n".join(
            "\n".join(wrapped(line) for line in lines) for lines in written.paragraphs
        ).replace("\n", "\r\n")
        common = {REFERENCE: reference(message.message_id), TOKEN: unsubscribe}
        return Encoded(
            language=written.language,
            subject=written.subject,
            text=self.text.fill({**common, SUBJECT: written.subject, BODY: text}),
            html=self.html.fill(
                {**common, SUBJECT: str(escape(written.subject)), opening + BODY + closing: html}
            ),
            one_click_url=self.one_click_url % common,
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
    return Mould(
        language=language,
        portal_url=settings.portal_url,
        text=_cast(plain.text, (REFERENCE, TOKEN, SUBJECT, BODY)),
        html=_cast(plain.html, (REFERENCE, TOKEN, SUBJECT, paragraph[0] + BODY + paragraph[1])),
        one_click_url=_cut(plain.one_click_url, (REFERENCE, TOKEN)),
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
