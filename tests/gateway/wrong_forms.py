"""Forms sent wrong in every way, and what may not be said of the answers.

Nothing here names a form: they are found on the pages (`forms.py`), the wrong values follow from what a field is
(`wrongs.py`), and what cannot be read from a page stands with its reason in `form_samples.py`. The town is one of its
own for each file of tests, because forms that are filled in right change it.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from bs4 import BeautifulSoup, Tag
from ebok.billing.v1 import imports_pb2, imports_pb2_grpc
from sqlalchemy import text
from werkzeug.test import TestResponse

from chassis.actors import Actor, ActorKind
from chassis.ids import new_id
from tests.gateway import delegations, pages, wrongs
from tests.gateway import form_samples as samples
from tests.gateway.forms import Crawl, Field, Form, Pairs, Value, crawl, forms_of, shown, soup_of
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

# Two fields that are wrong only together: the fault may be said at either.
PLAIN_KINDS = ("text", "search", "email", "tel")
PAIRS = {"od": {"do"}, "do": {"od"}} | {
    f"{one}_{language}": {f"{other}_{language}"}
    for language in ("pl", "en", "uk")
    for one, other in (("subject", "email"), ("email", "subject"))
}
OTHERS = {"anna": "celinas", "bartek": "celinas", "celina": "annas", "newcomer": "annas"}


class Town:
    """The town, who visits it, and what stands on its pages."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.join("nowa@poczta.example", "Nowa")
        delegations.let_in(world)
        self._start_an_import()
        self.visitors = {who: self._visitor(who) for who in pages.PEOPLE}
        links = [
            pages.Page("portal.confirm", "nobody", "/potwierdzenie?token=abcdefgh"),
            pages.Page("portal.switcher", "bartek", "/start"),
            pages.Page("console.new_tariff-known", "edward", "/konsola/taryfy/nowa?kod=WS-E"),
        ]
        self.found: Crawl = crawl(world, self.visitors, links)

    def _visitor(self, who: str) -> Visitor:
        email, staff = pages.PEOPLE[who]
        return self.world.visitor(email, staff=staff)

    def _start_an_import(self) -> None:
        """One that runs, so that there is one to stop."""
        connector = self.world.persona(Actor(ActorKind.SYSTEM, "connector", "connector"))
        stub: Any = self.world.billing.stub(imports_pb2_grpc.ImportServiceStub, connector)
        self.world.import_ids.append(str(new_id()))
        started = imports_pb2.StartImportRequest(
            import_id=self.world.import_ids[-1], source="trwa", row_count=5
        )
        stub.StartImport(started)

    def get(self, who: str, url: str) -> TestResponse:
        """A page as somebody."""
        return self.visitors[who].get(url)

    def send(self, form: Form, pairs: Pairs) -> TestResponse:
        """A form as a browser sends it from our own page."""
        with self.world.identity.database.transaction() as session:
            # Waiting is proven elsewhere; here it would hide faults. Each code takes half a minute of the town's clock.
            session.execute(text("DELETE FROM attempts"))
            session.execute(text("UPDATE challenges SET expires_at = expires_at + interval '1 hour'"))
        if form.method == "GET":
            return self.get(form.who, form.action + "?" + urlencode(pairs))
        return self.visitors[form.who].post(
            form.action,
            data=urlencode(pairs),
            content_type="application/x-www-form-urlencoded",
            headers={"Sec-Fetch-Site": "same-origin"},
        )

    def _give_payments_up(self) -> None:
        """Twenty under way are the most that one may have: those that cases began make room for the next."""
        with self.world.payments.database.transaction() as session:
            session.execute(
                text(
                    "UPDATE payments SET status = 'FAILED', reason = 'CANCELLED', next_check_at = NULL,"
                    " redirect_url = '' WHERE status = 'PENDING' AND payment_id <> :kept"
                ),
                {"kept": self.world.pending_payment.payment_id},
            )

    def after_success(self, form: Form, response: TestResponse) -> None:
        """Where an accepted form leads must open; then what it did is undone as far as the next case needs it."""
        location = response.location or ""
        opened = self.get(form.who, location)
        assert opened.status_code in (200, 303), (form.name, location, opened.status_code)
        assert wrongs.RAW_MARKUP not in opened.text, (form.name, location)
        if form.endpoint in samples.UNDO:
            token = forms_of(self.world.app, soup_of(opened), page=location, who=form.who)[0]
            csrf = token.field("csrf_token")
            assert csrf
            samples.UNDO[form.endpoint](self.visitors[form.who], urlsplit(location).path, csrf.offered[0])
        if form.endpoint in samples.ANEW:
            samples.ANEW[form.endpoint](self.world)
        self._give_payments_up()
        if form.who in ("nobody", "halfway"):
            self.visitors[form.who] = self._visitor(form.who)

    def again(self, form: Form) -> Form | None:
        """The same form, opened anew."""
        soup = soup_of(self.get(form.who, form.page))
        return same_form(form, forms_of(self.world.app, soup, page=form.page, who=form.who))

    def snapshot(self, form: Form) -> list[list[object]]:
        """What the form's page, and others that tell what it does, show now."""
        watched = (form.page, *samples.WATCHED.get(form.endpoint, ()))
        return [shown(soup_of(self.get(form.who, url))) for url in watched]

    def foreign_ids(self, who: str) -> list[str]:
        """Somebody else's ids; for staff, ids of the wrong kind."""
        house = getattr(self.world, OTHERS.get(who, "annas"))
        ids = [house.customer_id, house.last_invoice.invoice_id, house.contracts[0].contract_id]
        points = [point.service_point_id for point in house.service_points]
        return [*ids, points[0], self.world.run_ids[-1]] if who in OTHERS else [self.world.run_ids[-2]]


@dataclass(frozen=True)
class Case:
    """One sending of a form."""

    form: Form
    field: Field
    wrong: wrongs.Wrong
    sent: dict[str, tuple[Value, ...]]


def same_form(form: Form, among: list[Form], wrong: Field | None = None) -> Form | None:
    """The form on another page, by its view and the fields that people fill in; rather the one that marks a field."""
    names = {one.base for one in form.fields if one.typed}
    same = [
        one
        for one in among
        if (one.endpoint, one.method) == (form.endpoint, form.method)
        and names <= {other.base for other in one.fields}
    ]
    marked = [one for one in same if wrong and (found := one.field(wrong.name)) and found.invalid]
    return next(iter([*marked, *same]), None)


def sound_pairs(town: Town, form: Form) -> dict[str, tuple[Value, ...]]:
    """The whole form, filled in as it should be."""
    return {one.name: samples.sound_values(town.world, form, one) for one in form.fields}


def pairs_of(values: dict[str, tuple[Value, ...]]) -> Pairs:
    return [(name, value) for name, several in values.items() for value in several]


def page_faults(response: TestResponse) -> list[str]:
    """What no answer may be, whatever was sent."""
    found = []
    if response.status_code >= 500:
        found.append(f"answers {response.status_code}")
    if response.mimetype == "text/html":
        if wrongs.RAW_MARKUP in response.text:
            found.append("gives the markup back as markup")
        if "Traceback (most recent" in response.text:
            found.append("shows a traceback")
    location = response.location or ""
    if location and (urlsplit(location).netloc not in ("", "localhost") or "\n" in location):
        found.append(f"leads away to {location}")
    return found


def dead_links(soup: BeautifulSoup, alert: Tag | None) -> list[str]:
    """What a summary names without leading there: fields of no form, or of another one."""
    if alert is None:
        return []
    scope = alert.find_parent("form") or soup
    links = [str(one["href"]) for one in alert.select("a[href^='#']")]
    return [link for link in links if scope.find(id=link[1:]) is None]


def message_faults(soup: BeautifulSoup, form: Form | None, field: Field) -> list[str]:
    """A refusal says so at the field, or above the form when the field is none that people see."""
    alert = soup.select_one("[role=alert]")
    if alert is not None and not alert.get_text(strip=True):
        return ["shows an empty message"]
    if dead := dead_links(soup, alert):
        return [f"names fields that are not in the form: {dead}"]
    if form is None:
        return [] if soup.h1 and soup.h1.get_text(strip=True) else ["refuses without a word"]
    marked = {one.name for one in form.fields if one.invalid}
    own = form.field(field.name)
    if own is not None and own.invalid:
        words = soup.select(f'[name="{field.name}"][aria-invalid=true]')
        said = [soup.find(id=id_) for tag in words for id_ in str(tag.get("aria-describedby", "")).split()]
        return (
            [] if any(one and one.get_text(strip=True) for one in said) else ["marks the field, says nothing"]
        )
    blamed = marked - PAIRS.get(field.name, set())
    if blamed and field.typed:
        return [f"blames {sorted(blamed)}"]
    return [] if alert is not None or marked else ["refuses without a word"]


def kept_faults(again: Form, case: Case) -> list[str]:
    """What was typed into the other fields is there again; the wrong text too, where it can be seen as it was."""
    found = []
    for name, values in case.sent.items():
        one = again.field(name)
        if one is None or one.kind in ("password", "hidden", "button"):
            continue
        if name == case.field.name and (case.wrong.what != "markup" or one.kind not in PLAIN_KINDS):
            continue
        if tuple(filter(None, values)) != tuple(filter(None, one.offered)):
            found.append(f"{name} held {values!r} and shows {one.offered!r}")
    return found


def resend_faults(again: Form, sent: dict[str, tuple[Value, ...]]) -> list[str]:
    """When the token was wrong, what was typed stands behind the button that sends it again; but no secrets."""
    held = {one.name: one.offered for one in again.fields}
    secrets = {"csrf_token", "password", "token", "code"}
    return [
        f"{name} was lost or kept against the rule: {held.get(name)}"
        for name, values in sent.items()
        if name != "csrf_token" and values and (held.get(name) == values) == (name in secrets)
    ]


def case_faults(town: Town, case: Case, response: TestResponse) -> list[str]:
    """Everything that is wrong with one answer."""
    found = page_faults(response)
    if found or response.mimetype != "text/html":
        return found
    if response.status_code < 400:
        may = case.form.method == "GET" or (
            case.wrong.verdict == "may" and (response.status_code == 303 or case.field.kind == "button")
        )
        return [] if may else [f"answers {response.status_code}"]
    return refusal_faults(town, case, response)


def refusal_faults(town: Town, case: Case, response: TestResponse) -> list[str]:
    """A refusal comes with the form, a message and what was typed; for what nobody types, a page in words will do."""
    soup, typed = soup_of(response), case.field.typed
    again = same_form(
        case.form, forms_of(town.world.app, soup, page=case.form.action, who=case.form.who), case.field
    )
    if soup.select_one(".eb-error-page"):
        if typed and case.form.method == "POST":
            return [f"answers {response.status_code} without the form"]
        found = [] if soup.select_one(".eb-error-page p") else ["refuses without a word"]
        return found + (resend_faults(again, case.sent) if case.field.name == "csrf_token" and again else [])
    if typed and again is None:
        return [f"answers {response.status_code} without the form"]
    found = message_faults(soup, again, case.field)
    return found + (kept_faults(again, case) if again is not None and typed else [])


def field_faults(town: Town, form: Form, field: Field) -> list[str]:
    """One field in all its ways, the rest sound; what the pages show is the same as long as everything is refused."""
    found, form = [], town.again(form) or form
    before: object = town.snapshot(form) if form.method == "POST" else None
    sound = samples.sound_values(town.world, form, field)
    for wrong in wrongs.wrongs(field, sound, town.foreign_ids(form.who)):
        sent = {**sound_pairs(town, form), field.name: wrong.values}
        response = town.send(form, pairs_of(sent))
        case = Case(form, field, wrong, sent)
        where = f"{form.name}: {field.name} {wrong.what}"
        found += [f"{where}: {fault}" for fault in case_faults(town, case, response)]
        if form.method == "POST" and response.status_code < 400:
            before = None
            if response.status_code == 303:
                town.after_success(form, response)
                opened = town.again(form)
                if opened is None:
                    return [*found, f"{where}: the form is gone afterwards"]
                form = opened
    if before is not None and town.snapshot(form) != before:
        found.append(f"{form.name}: {field.name}: a refused form changed what the pages show")
    return found


def wrong_fields(town: Town, blueprint: str, method: str) -> list[str]:
    """Each field of each form of some pages, wrong in each way; answers what was not as it should be."""
    forms = [
        form
        for form in town.found.forms
        if form.endpoint.startswith(f"{blueprint}.") and form.method == method
    ]
    assert forms
    return [fault for form in forms for field in form.tried() for fault in field_faults(town, form, field)]
