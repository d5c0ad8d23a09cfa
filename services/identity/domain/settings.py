"""The provider's settings: checked whole before they are kept, one version after the other."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from urllib.parse import urlsplit

from sqlalchemy.orm import Session
from stdnum.exceptions import ValidationError
from stdnum.pl import nip

from chassis.database import Transaction
from chassis.errors import Violation, refuse_if
from services.identity.outbox import settings as announce
from services.identity.storage import settings as stored
from services.identity.storage.settings import THE_PROVIDER, Settings

LANGUAGES = ("pl", "en", "uk")
TEXT_LENGTH_MAX = 120
ACCOUNT_DIGITS = 26
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_TOWN_LINE = re.compile(r"[0-9]{2}-[0-9]{3} \S.*")
_EMAIL = re.compile(r"[^@\s<>\"',;:\\]{1,64}@[^@\s<>\"',;:\\]+\.[^@\s<>\"',;:\\.]{2,}")
_OPTIONAL = frozenset({"provider_line", "phone", "phone_hours", "emergency_phone"})


@dataclass(frozen=True)
class Provider:
    """What the suite knows of the provider. The defaults are what pages show before any settings were loaded."""

    provider_name: str = "eBOK"
    provider_line: str = ""
    nip: str = ""
    address_line: str = ""
    town_line: str = ""
    account_number: str = ""
    brand_colour: str = "#0068b8"
    phone: str = ""
    phone_hours: str = ""
    emergency_phone: str = ""
    email: str = ""
    portal_url: str = ""
    languages: tuple[str, ...] = LANGUAGES
    provider_data_editable: bool = False


def find(session: Session) -> tuple[Provider, int]:
    """The provider and the version; version 0 are the defaults."""
    row = stored.find_settings(session)
    if row is None:
        return Provider(), 0
    values = {one.name: getattr(row, one.name) for one in fields(Provider)}
    return Provider(**{**values, "languages": tuple(row.languages)}), row.version


def find_name(transaction: Transaction) -> str:
    """The provider's name alone."""
    return stored.find_provider_name(transaction) or Provider.provider_name


def change(session: Session, provider: Provider) -> int:
    """Keep the settings and tell the others; answers the version. The same settings again change nothing."""
    row = stored.lock_settings(session)
    values = asdict(provider) | {"languages": list(provider.languages)}
    if row is None:
        row = Settings(provider=THE_PROVIDER, version=1, **values)
        session.add(row)
    else:
        if all(getattr(row, name) == value for name, value in values.items()):
            return row.version
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
    session.flush()
    announce.settings_changed(session, row)
    return row.version


def read(given: Mapping[str, object]) -> Provider:
    """The provider out of a file's content. Refuses with every fault at once, each at its field."""
    names = {one.name for one in fields(Provider)}
    violations = [Violation(str(name), "UNKNOWN") for name in given if name not in names]
    values: dict[str, object] = {}
    for name in sorted(names - {"languages", "provider_data_editable"}):
        value = given.get(name)
        readable = isinstance(value, str | int) and not isinstance(value, bool)
        text = " ".join(str(value).split()) if readable else ""
        if value is not None and not readable:
            violations.append(Violation(name, "MALFORMED", "a text is expected"))
        elif not text and name not in _OPTIONAL:
            violations.append(Violation(name, "REQUIRED"))
        elif len(text) > TEXT_LENGTH_MAX:
            violations.append(Violation(name, "TOO_LONG", f"at most {TEXT_LENGTH_MAX} characters"))
        else:
            values[name] = _read_value(name, text, violations)
    values["languages"] = _read_languages(given.get("languages"), violations)
    values["provider_data_editable"] = _read_switch(given, "provider_data_editable", violations)
    refuse_if(violations)
    return Provider(**values)  # type: ignore[arg-type]


def _read_value(name: str, text: str, violations: list[Violation]) -> str:
    if not text:
        return ""
    if name == "nip":
        return _read_nip(text, violations)
    if name == "account_number":
        return _read_account(text, violations)
    fault = {
        "brand_colour": "" if _COLOUR.fullmatch(text) else "#rrggbb is expected",
        "town_line": "" if _TOWN_LINE.fullmatch(text) else "00-000 Town is expected",
        "email": "" if _EMAIL.fullmatch(text) else "an e-mail address is expected",
        "portal_url": "" if _is_url(text) else "https://host is expected",
    }.get(name, "")
    if fault:
        violations.append(Violation(name, "MALFORMED", fault))
    return text.lower() if name == "brand_colour" else text.rstrip("/") if name == "portal_url" else text


def _read_nip(text: str, violations: list[Violation]) -> str:
    try:
        return str(nip.validate(text))
    except ValidationError:
        violations.append(Violation("nip", "MALFORMED", "ten digits with a right check digit are expected"))
        return ""


def _read_account(text: str, violations: list[Violation]) -> str:
    # Loading the register of banks takes a while and much memory; only this job needs it.
    from schwifty import IBAN
    from schwifty.exceptions import SchwiftyException

    digits = re.sub(r"[\s-]", "", text).upper().removeprefix("PL")
    right = bool(re.fullmatch(f"[0-9]{{{ACCOUNT_DIGITS}}}", digits))
    try:
        right = right and bool(IBAN(f"PL{digits}"))
    except SchwiftyException:
        right = False
    if not right:
        violations.append(
            Violation("account_number", "MALFORMED", "26 digits with a right checksum are expected")
        )
    return digits


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    local = parts.hostname in ("localhost", "127.0.0.1")
    safe = parts.scheme == "https" or (parts.scheme == "http" and local)
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    return safe and plain and bool(parts.hostname) and (port is None or port > 0)


def _read_languages(value: object, violations: list[Violation]) -> tuple[str, ...]:
    if value is None:
        return LANGUAGES
    wanted = value if isinstance(value, list) else []
    if not wanted or any(one not in LANGUAGES for one in wanted) or len(set(wanted)) != len(wanted):
        violations.append(Violation("languages", "MALFORMED", "a list out of pl, en, uk is expected"))
        return LANGUAGES
    return tuple(wanted)


def _read_switch(given: Mapping[str, object], name: str, violations: list[Violation]) -> bool:
    value = given.get(name)
    if value is not None and not isinstance(value, bool):
        violations.append(Violation(name, "MALFORMED", "true or false is expected"))
    return value is True
