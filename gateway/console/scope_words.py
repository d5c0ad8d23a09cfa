"""Every scope of API clients in plain words, by noun: what reading and what writing it is. The one table."""

from dataclasses import dataclass

from flask_babel import LazyString

from gateway.web.languages import lazy_gettext as _l


@dataclass(frozen=True)
class Noun:
    """What a scope is about, and its two words; None where there is no such scope."""

    key: str
    title: LazyString
    read: LazyString | None = None
    write: LazyString | None = None

    @property
    def words(self) -> dict[str, LazyString]:
        """The scopes with their words."""
        both = {f"{self.key}:read": self.read, f"{self.key}:write": self.write}
        return {name: word for name, word in both.items() if word is not None}


NOUNS = (
    Noun(
        "customers",
        _l("Customers"),
        _l("see data and find customers"),
        _l("change e-mail and telephone"),
    ),
    Noun("premises", _l("Premises"), _l("see addresses and points")),
    Noun("meters", _l("Meters"), _l("see meters"), _l("replace meters")),
    Noun("contracts", _l("Contracts"), _l("see contracts, also as PDF")),
    Noun("records", _l("Master data"), _l("see records as staff do")),
    Noun("readings", _l("Readings"), _l("see readings and use"), _l("write readings down")),
    Noun("invoices", _l("Invoices"), _l("see invoices, also as PDF")),
    Noun("ledger", _l("Ledger"), _l("see balances and statements")),
    Noun("payments", _l("Payments"), _l("see payments")),
    Noun("tariffs", _l("Tariffs"), _l("see tariffs")),
    Noun("runs", _l("Billing runs"), _l("see billing runs"), _l("prepare, issue and discard them")),
    Noun("tickets", _l("Cases"), _l("see cases"), _l("open, answer and advance cases")),
    Noun(
        "announcements",
        _l("Announcements"),
        _l("see announcements"),
        _l("write, publish and withdraw them"),
    ),
    Noun("messages", _l("Messages"), _l("see which messages went out")),
    Noun("imports", _l("Imports"), _l("see imports and refused rows"), _l("send data in")),
)
WORDS: dict[str, LazyString] = {name: word for noun in NOUNS for name, word in noun.words.items()}
