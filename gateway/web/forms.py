"""A form that keeps what was typed. It reads, it remembers, it shows; the rules live in the services.

form = Form.of_request(initial={"email": user.email})
if form.sent:
    email = form.text("email")                       # required unless required=False
    amount = form.money("own", required=False)       # grosze
    if form.ok:
        try:
            client.Change(ChangeRequest(email=email))
        except Refusal as refusal:
            form.refuse(refusal, fields={"email_address": "email"})
        else:
            notices.ok(…); return redirect(…, 303)
return render_template("…", form=form), form.status
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from flask import request
from werkzeug.datastructures import FileStorage, MultiDict

from chassis.errors import RateLimited, Refusal
from chassis.ids import new_id
from gateway.web import reasons
from gateway.web.languages import gettext as _

STEP_UP_REQUIRED = "STEP_UP_REQUIRED"
TEXT_LENGTH_MAX = 200
LINES_LENGTH_MAX = 8_000
GROSZE_MAX = 10**13
YEARS = range(1900, 2201)
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_DECIMAL = re.compile(r"[+\-]?\d{1,15}([.,]\d{1,6})?\Z", re.ASCII)
_POLISH_DAY = re.compile(r"(\d{1,2})[.\-/](\d{1,2})[.\-/](\d{4})\Z", re.ASCII)


class Form:
    """What was typed (or the initial values), the errors by field, and one sentence about the whole."""

    def __init__(
        self,
        typed: MultiDict[str, str] | None = None,
        *,
        files: MultiDict[str, FileStorage] | None = None,
        initial: Mapping[str, str | Iterable[str]] | None = None,
    ) -> None:
        self.sent = typed is not None
        self._typed: MultiDict[str, str] = typed if typed is not None else MultiDict()
        self._files: MultiDict[str, FileStorage] = files if files is not None else MultiDict()
        self._initial = dict(initial or {})
        self.errors: dict[str, str] = {}
        self.problem = ""
        self.reason = ""  # Of the refusal that was taken over.
        self.status = 200
        self._new_request_id = ""

    @classmethod
    def of_request(cls, *, initial: Mapping[str, str | Iterable[str]] | None = None) -> "Form":
        """The form of this request: typed when it was posted, initial when it was opened."""
        if request.method == "POST":
            return cls(request.form, files=request.files, initial=initial)
        return cls(initial=initial)

    # Showing

    def value(self, name: str) -> str:
        """What the field shows."""
        if self.sent:
            return self._typed.get(name, "")
        initial = self._initial.get(name, "")
        return initial if isinstance(initial, str) else next(iter(initial), "")

    def values(self, name: str) -> list[str]:
        """What is ticked in a group of checkboxes."""
        if self.sent:
            return self._typed.getlist(name)
        initial = self._initial.get(name, ())
        return [initial] if isinstance(initial, str) else list(initial)

    @property
    def request_id(self) -> str:
        """One id for one intention: a double click or a reload repeats it, and the service does the work once."""
        if self.sent and self._typed.get("request_id"):
            return self._typed["request_id"]
        self._new_request_id = self._new_request_id or self.value("request_id") or str(new_id())
        return self._new_request_id

    @property
    def has_sound_request_id(self) -> bool:
        """Whether the id that was sent is one of ours; without one a double click would do the work twice."""
        sent = self._typed.get("request_id", "")
        try:
            return str(UUID(sent)) == sent
        except ValueError:
            return False

    def renew(self) -> None:
        """What is sent from here on is another intention: the form shows a new id and keeps the rest."""
        self._typed, self._new_request_id = MultiDict(self._typed), str(new_id())
        self._typed.poplist("request_id")

    def put(self, name: str, values: Iterable[str]) -> None:
        """What the field holds from here on, where the page itself has made something of what was sent."""
        self._typed = MultiDict(self._typed)
        self._typed.setlist(name, list(values))

    @property
    def ok(self) -> bool:
        """Nothing wrong so far."""
        return not self.errors and not self.problem

    # Failing

    def fail(self, name: str, sentence: str) -> None:
        """Mark a field; the first error of a field stays."""
        self.errors.setdefault(name, sentence)
        self.status = 422

    def stop(self, sentence: str, *, status: int = 409) -> None:
        """Say what is wrong with the whole."""
        self.problem, self.status = sentence, status

    def refuse(self, refusal: Refusal, *, fields: Mapping[str, str] | None = None) -> None:
        """Take over a service's refusal: violations go to their fields, the rest is said above the form.

        `fields` maps the message's field names to the form's where they differ; a path counts by its last
        name. What needs a proof of who one is leaves the form: `gateway.web.errors` leads there and back.
        """
        if refusal.reason == STEP_UP_REQUIRED:
            raise refusal
        self.reason = refusal.reason
        renamed, shown = dict(fields or {}), False
        for violation in refusal.violations:
            path = re.sub(r"\[\d+\]", "", violation.field)
            name = renamed.get(path) or renamed.get(path.rpartition(".")[2]) or path.rpartition(".")[2]
            if name in self._typed or name in self._files or name in renamed.values():
                self.fail(name, reasons.field_sentence(violation.reason))
                shown = True
        if not shown:
            wait = ""
            if isinstance(refusal, RateLimited):
                wait = " " + wait_sentence(refusal.retry_after_s)
            self.stop(reasons.sentence(refusal) + wait, status=429 if wait else 409)

    # Reading; each marks its own field and answers an empty value when it cannot be read.

    def text(self, name: str, *, required: bool = True, length_max: int = TEXT_LENGTH_MAX) -> str:
        """One line, without the spaces around it."""
        value = self._typed.get(name, "").strip()
        if required and not value:
            self.fail(name, reasons.field_sentence("REQUIRED"))
        elif len(value) > length_max:
            self.fail(name, _("This is too long: at most %(most)d characters.", most=length_max))
        return value

    def lines(self, name: str, *, required: bool = True, length_max: int = LINES_LENGTH_MAX) -> str:
        """Several lines; browsers end each with CR LF, we keep LF."""
        value = self.text(name, required=required, length_max=length_max)
        return value.replace("\r\n", "\n").replace("\r", "\n")

    def secret(self, name: str, *, length_max: int = TEXT_LENGTH_MAX) -> str:
        """A password: required, and its spaces are part of it."""
        value = self._typed.get(name, "")
        if not value:
            self.fail(name, reasons.field_sentence("REQUIRED"))
        elif len(value) > length_max:
            self.fail(name, _("This is too long: at most %(most)d characters.", most=length_max))
        return value

    def digits(self, name: str, *, required: bool = True) -> str:
        """Digits typed in any grouping: a code, an account, a tax number."""
        value = re.sub(r"[\s\u00a0\-]", "", self.text(name, required=required))
        if (value and not value.isascii()) or (value and not value.isdigit()):
            self.fail(name, _("Type digits only."))
            return ""
        return value

    def number(self, name: str, *, required: bool = True) -> Decimal | None:
        """A number with a comma or a point: `1 234,5`."""
        value = _SPACES.sub("", self.text(name, required=required)).replace("\u2212", "-")
        if not value:
            return None
        if not _DECIMAL.match(value):
            self.fail(name, _("Type a number, for example 38 or 12,5."))
            return None
        return Decimal(value.replace(",", "."))

    def money(self, name: str, *, required: bool = True) -> int | None:
        """Grosze of `1 234,56` or `1234.56 zł`; more than two places or nothing positive is an error."""
        value = _SPACES.sub("", self.text(name, required=required)).removesuffix("zł")
        if not value:
            return None
        grosze = Decimal(value.replace(",", ".")).scaleb(2) if _DECIMAL.match(value) else None
        if grosze is None or grosze != grosze.to_integral_value() or not 0 < grosze <= GROSZE_MAX:
            self.fail(name, _("Type an amount in złoty, for example 120 or 120,50."))
            return None
        return int(grosze)

    def day(self, name: str, *, required: bool = True) -> date | None:
        """A day from a date field, or typed as 12.12.2026."""
        value = self.text(name, required=required)
        if not value:
            return None
        polish = _POLISH_DAY.match(value)
        try:
            day = (
                date(int(polish[3]), int(polish[2]), int(polish[1])) if polish else date.fromisoformat(value)
            )
        except ValueError:
            self.fail(name, _("Type a day, for example 12.12.2026."))
            return None
        if day.year not in YEARS:
            self.fail(name, reasons.field_sentence("OUT_OF_RANGE"))
            return None
        return day

    def choice(self, name: str, allowed: Iterable[str], *, required: bool = True) -> str:
        """One of the offered values."""
        value = self.text(name, required=required)
        if value and value not in set(allowed):
            self.fail(name, reasons.field_sentence("UNKNOWN"))
            return ""
        return value

    def choices(self, name: str, allowed: Iterable[str], *, required: bool = True) -> list[str]:
        """Some of the offered values."""
        known = set(allowed)
        picked = [value for value in dict.fromkeys(self._typed.getlist(name)) if value in known]
        if required and not picked:
            self.fail(name, _("Choose at least one."))
        return picked

    def ticked(self, name: str) -> bool:
        """Whether a single checkbox is ticked."""
        return bool(self._typed.get(name))

    def file(self, name: str, *, size_max: int, required: bool = False) -> tuple[str, bytes] | None:
        """Name and content of an uploaded file within its limit."""
        upload = self._files.get(name)
        if self._typed.get(name):
            self.fail(name, _("Choose a file."))  # Only its name came: the form was sent as plain text.
            return None
        if upload is None or not upload.filename:
            if required:
                self.fail(name, _("Choose a file."))
            return None
        content = upload.stream.read(size_max + 1)
        if len(content) > size_max:
            self.fail(name, reasons.field_sentence("TOO_LARGE"))
            return None
        return upload.filename, content

    def files(self, name: str, *, size_max: int) -> list[tuple[str, bytes]]:
        """Name and content of each uploaded file within its limit; one that is beyond it marks the field."""
        if self._typed.get(name):
            self.fail(name, _("Choose a file."))
        found = []
        for upload in self._files.getlist(name):
            if not upload.filename:
                continue
            content = upload.stream.read(size_max + 1)
            if len(content) > size_max:
                self.fail(name, f"{upload.filename}: {reasons.field_sentence('TOO_LARGE')}")
            else:
                found.append((upload.filename, content))
        return found


def wait_sentence(seconds: int) -> str:
    """When to come back, in words."""
    if seconds < 90:
        return _("Try again in a minute.")
    if seconds < 3600:
        return _("Try again in %(minutes)d min.", minutes=-(-seconds // 60))
    return _("Try again in %(hours)d h.", hours=-(-seconds // 3600))
