"""What to fill in where a page offers nothing, or where keeping is only seen when something else is typed.

A field without a sample and without anything offered fails the tests, so a new form is covered or noticed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from bs4 import BeautifulSoup
from ebok.billing.v1 import runs_pb2
from ebok.identity.v1 import events_pb2, sessions_pb2, users_pb2
from sqlalchemy import text

from tests.gateway import access_work, casework, delegations, offers, settings_work, town
from tests.gateway.forms import Field, Form
from tests.gateway.visitors import Visitor, somewhere
from tests.gateway.world import ADDRESS, HALFWAY, PASSWORD, STAFF_PASSWORD, World

_numbers = count(1)


@dataclass(frozen=True)
class Sample:
    """A sound value, made anew for each sending, and why the page cannot offer it."""

    make: Callable[[World], str]
    why: str


def _fixed(text: str, why: str) -> Sample:
    return Sample(lambda _world: text, why)


def _email(_world: World) -> str:
    return f"ktos{next(_numbers)}@poczta.example"


def _confirm_token(world: World) -> str:
    email, address = _email(world), somewhere()["REMOTE_ADDR"]
    world.users.Register(
        users_pb2.RegisterRequest(email=email, password=PASSWORD, name="Ktoś", language="pl", address=address)
    )
    return world.mailed_token(email)


def _reset_token(world: World) -> str:
    email, address = _joined(world), somewhere()["REMOTE_ADDR"]
    world.users.RequestPasswordReset(users_pb2.RequestPasswordResetRequest(email=email, address=address))
    return world.mailed_token(email, events_pb2.PasswordResetRequested)


def _email_token(world: World) -> str:
    email = _joined(world)
    asked = users_pb2.RequestEmailChangeRequest(
        session_token=world.log_in(email), new_email=_email(world), address=ADDRESS
    )
    world.users.RequestEmailChange(asked)
    return world.mailed_token(email, events_pb2.EmailChangeRequested)


def _undoing_token(world: World) -> str:
    email, new_email = _joined(world), _email(world)
    asked = users_pb2.RequestEmailChangeRequest(
        session_token=world.log_in(email), new_email=new_email, address=ADDRESS
    )
    world.users.RequestEmailChange(asked)
    link = world.mailed_token(email, events_pb2.EmailChangeRequested)
    world.users.ConfirmEmailChange(users_pb2.ConfirmEmailChangeRequest(token=link))
    return world.mailed_token(new_email, events_pb2.EmailChanged)


def _denial_token(world: World) -> str:
    email = _joined(world)
    for device in ("a", "b"):
        asked = sessions_pb2.LogInRequest(
            email=email,
            password=PASSWORD,
            realm=sessions_pb2.REALM_PORTAL,
            address=ADDRESS,
            device_token=device * 43,
        )
        world.sessions.LogIn(asked)
    return world.mailed_token(email, events_pb2.NewDeviceSignedIn)


def _joined(world: World) -> str:
    email = _email(world)
    world.join(email, "Ktoś")
    return email


def _draft_count(world: World) -> str:
    asked = runs_pb2.GetBillingRunRequest(run_id=world.run_ids[-1])
    return str(world.runs.GetBillingRun(asked).run.invoice_count)


EDWARD = "edward@wodociagi-zdroj.example"
ONCE = "a link works once, and only the mail has it"
PERSON = "only the person knows it"
OTHER = "differs from what is saved, so that one sees whether it is kept"
PROOF = "stands on the paper invoice"
CONFIRMS = "typed to confirm, so the page must not fill it in"
FREE_DAYS = "the page offers days that the town has billed already"
NEW = "a new thing has no values yet"
CHOSEN = "chosen from a list that offers others, too"
SAMPLES: dict[tuple[str, str], Sample] = {
    ("portal.log_in", "email"): _fixed("celina@poczta.example", PERSON),
    ("portal.log_in", "password"): _fixed(PASSWORD, PERSON),
    ("portal.register", "name"): _fixed("Hanna", PERSON),
    ("portal.register", "email"): Sample(_email, PERSON),
    ("portal.register", "password"): _fixed("trzy kubki na parapecie", PERSON),
    ("portal.reset", "email"): Sample(_email, PERSON),
    ("portal.confirm", "token"): Sample(_confirm_token, ONCE),
    ("portal.new_password", "token"): Sample(_reset_token, ONCE),
    ("portal.confirm_new_email", "token"): Sample(_email_token, ONCE),
    ("portal.deny_sign_in", "token"): Sample(_denial_token, ONCE),
    ("portal.undo_email_change", "token"): Sample(_undoing_token, ONCE),
    ("portal.new_password", "password"): _fixed("cztery kubki na parapecie", PERSON),
    ("portal.check_message", "numer"): _fixed("K7QM-2XRP", PERSON),
    ("portal.unsubscribe", "t"): Sample(offers.offer_token, ONCE),
    ("portal.delegates", "email"): Sample(_email, PERSON),
    ("portal.consents", "zgoda"): _fixed("1", OTHER),
    ("console.customer_consents", "zgoda"): _fixed("4", NEW),
    ("console.customer_consents", "slowo"): _fixed("tak", NEW),
    ("console.customer_consents", "jak"): _fixed("telefon", NEW),
    ("portal.claim", "customer_number"): Sample(lambda world: world.bakery.number, PROOF),
    ("portal.claim", "invoice_number"): Sample(lambda world: world.bakery.last_invoice.number, PROOF),
    ("portal.claim", "invoice_total"): Sample(
        lambda world: f"{world.bakery.last_invoice.total_gross.grosze / 100:.2f}".replace(".", ","), PROOF
    ),
    ("portal.select_customer", "customer_id"): Sample(
        lambda world: world.bartek.customer_id, "one of several buttons is pressed"
    ),
    ("portal.profile", "contact_email"): _fixed("inna@poczta.example", OTHER),
    ("portal.profile", "contact_phone"): _fixed("500 600 700", OTHER),
    ("portal.profile", "name"): _fixed("Hania", OTHER),
    ("portal.reading", "value"): _fixed("145,5", PERSON),
    ("console.customer_readings", "licznik"): Sample(lambda world: world.garden_meter_id, PERSON),
    ("console.customer_readings", "stan"): _fixed("145,5", PERSON),
    ("console.customer_readings", "jak"): _fixed("klient", PERSON),
    ("console.replace_meter", "numer"): _fixed("77 000 123", PERSON),
    ("console.correct_reading", "stan"): _fixed("206,9", OTHER),
    ("console.reading_windows", "medium"): _fixed("1", NEW),
    ("console.reading_windows", "od"): _fixed("2027-02-01", NEW),
    ("console.reading_windows", "do"): _fixed("2027-02-10", NEW),
    ("console.reading_windows", "przypomnij"): _fixed("5", OTHER),
    ("console.reading_window", "przypomnij"): _fixed("4", OTHER),
    ("portal.invoices_zip", "id"): Sample(
        lambda world: world.annas.last_invoice.invoice_id, "nothing is ticked at first"
    ),
    ("portal.pay", "ile"): _fixed("inna", "so that the amount counts"),
    ("portal.pay", "kwota"): _fixed("1,23", "the page offers all that is open"),
    ("portal.pay", "razem"): _fixed("123", "JavaScript puts the sum there"),
    ("portal.pay", "sposob"): _fixed("payu:", "a way that the operator's own page leads on from"),
    ("console.refund_payment", "ile"): _fixed("czesc", "so that something is left for the next case"),
    ("console.refund_payment", "kwota"): _fixed("0,10", "the page offers all that is left"),
    ("console.refund_payment", "powod"): _fixed("Zapłacono dwa razy", PERSON),
    ("console.refund_payment", "suma"): _fixed("0,10", CONFIRMS),
    **{(endpoint, name): sample for endpoint in ("portal.new_ticket", "console.new_case") for name, sample in (
        ("temat", _fixed("Za wysoki rachunek", PERSON)), ("tresc", _fixed("Proszę sprawdzić.", PERSON)),
        ("medium", _fixed("water", CHOSEN)), ("pole_cause", _fixed("price", CHOSEN)),
        ("pole_invoice", Sample(lambda world: world.annas.last_invoice.number, CHOSEN)),
        ("pole_state_now", _fixed("145,5", PERSON)),
    )},
    ("portal.ticket", "tresc"): _fixed("Dziękuję, jest jeszcze pytanie.", PERSON),
    ("portal.ticket", "ocena"): _fixed("4", PERSON),
    ("console.ticket", "tresc"): _fixed("Sprawdzimy to jutro.", PERSON),
    ("console.customer_contacts", "czego"): _fixed("1", "one of several buttons is pressed"),
    ("console.new_ticket_category", "name_pl"): Sample(lambda _world: f"Próbna {next(_numbers)}", NEW),
    ("console.new_ticket_category", "workflow"): _fixed(settings_work.DRAFTED_WORKFLOW, CHOSEN),
    ("console.new_ticket_workflow", "name_pl"): _fixed("Obieg próbny", NEW),
    ("console.new_role", "nazwa"): Sample(lambda _world: f"Inkasenci {next(_numbers)}", NEW),
    ("console.new_role", "uprawnienia"): _fixed("billing.customers.read", NEW),
    ("console.role", "uprawnienia"): _fixed("billing.meters.read", OTHER),
    ("console.colleague", "media"): _fixed("water", OTHER),
    ("console.customer_grants", "osoba"): Sample(delegations.grant_id, CHOSEN),
    ("console.customer_grants", "powod"): _fixed("Była w biurze z dowodem.", PERSON),
    ("console.new_api_client", "nazwa"): Sample(lambda _world: f"System {next(_numbers)}", NEW),
    ("console.new_api_client", "zakresy"): _fixed("invoices:read", NEW),
    ("console.api_client", "zakresy"): _fixed("ledger:read", OTHER),
    ("portal.api_tokens", "nazwa"): _fixed("Dom", NEW),
    ("portal.step_up", "password"): _fixed(PASSWORD, PERSON),
    ("console.step_up", "code"): Sample(lambda world: world.code(EDWARD), PERSON),
    ("portal.log_in_code", "code"): Sample(lambda world: world.code(HALFWAY), PERSON),
    ("portal.change_password", "current_password"): _fixed(PASSWORD, PERSON),
    ("portal.change_password", "new_password"): _fixed(PASSWORD, PERSON),
    ("console.change_password", "current_password"): _fixed(STAFF_PASSWORD, PERSON),
    ("console.change_password", "new_password"): _fixed(STAFF_PASSWORD, PERSON),
    ("portal.change_email", "new_email"): Sample(_email, NEW),
    ("portal.set_up_app", "code"): Sample(lambda world: world.setup_code("PORTAL"), PERSON),
    ("console.set_up_app", "code"): Sample(lambda world: world.setup_code("CONSOLE"), PERSON),
    ("console.log_in", "email"): _fixed("daria@wodociagi-zdroj.example", PERSON),
    ("console.log_in", "password"): _fixed(STAFF_PASSWORD, PERSON),
    ("console.runs", "name"): _fixed("Próba", OTHER),
    ("console.runs", "od"): _fixed("2024-09-01", FREE_DAYS),
    ("console.runs", "do"): _fixed("2024-09-30", FREE_DAYS),
    ("console.runs", "dni"): _fixed("17", OTHER),
    ("console.issue_run", "count"): Sample(_draft_count, CONFIRMS),
    ("console.new_tariff", "code"): Sample(lambda _world: f"PROBA-{next(_numbers)}", NEW),
    ("console.new_tariff", "name"): _fixed("Taryfa próbna", NEW),
    ("console.new_tariff", "valid_from"): _fixed("2028-01-01", NEW),
    ("console.new_tariff", "decision"): _fixed("WR.RZT.1", NEW),
    ("console.new_tariff", "source"): _fixed("https://bip.example/proba", NEW),
    ("console.tariff", "name"): _fixed("Nazwa inna", OTHER),
    ("console.tariff", "price"): _fixed("7,77", OTHER),
    ("console.tariff", "decision"): _fixed("WR.RZT.2", OTHER),
    ("console.segment", "segment"): Sample(lambda _world: f"Segment {next(_numbers)}", NEW),
    ("console.template", "nazwa"): Sample(lambda _world: f"Szablon {next(_numbers)}", NEW),
    ("console.template", "subject_pl"): _fixed("Przerwa", NEW),
    ("console.template", "email_pl"): _fixed("W środę nie będzie wody.", NEW),
    ("console.publish_tariff", "code"): Sample(
        lambda world: world.tariff_versions[-1].tariff_code, CONFIRMS
    ),
    **{("console.new_customer", name): sample for name, sample in (
        ("number", Sample(lambda _world: f"N-{next(_numbers)}", NEW)), ("name", _fixed("Klient próbny", NEW)),
    )},
    ("console.import_row", "meter_external_id"): _fixed(town.CORNER, "the row was refused for its unknown meter"),
    ("console.exchange_meter", "numer"): Sample(lambda _world: f"78 {next(_numbers)}", NEW),
    ("console.exchange_meter", "stan_koncowy"): _fixed("12", NEW),
    ("console.new_premises", "building"): _fixed("17", NEW),
    ("console.new_premises", "town"): _fixed("Zdrój", NEW),
    ("console.new_service_point", "premises_external_id"): Sample(lambda world: world.made["premises_id"], CHOSEN),
    ("console.new_meter", "service_point_external_id"): Sample(lambda world: world.made["service_point_id"], CHOSEN),
    ("console.new_meter", "serial_number"): Sample(lambda _world: f"77 {next(_numbers)}", NEW),
    ("console.new_meter", "installed_on"): _fixed("2026-11-03", NEW),
    ("console.new_contract", "customer_external_id"): Sample(lambda world: world.made["customer_id"], CHOSEN),
    ("console.new_contract", "service_point_external_ids"): Sample(
        lambda world: world.made["service_point_id"], CHOSEN
    ),
    ("console.new_contract", "number"): Sample(lambda _world: f"U-{next(_numbers)}", NEW),
    ("console.new_contract", "tariff_code"): _fixed("W-E", NEW),
    ("console.new_contract", "starts_on"): _fixed("2026-11-03", NEW),
}  # fmt: skip
# Where the same name in every row would make the rows alike, the sample goes into the first one only.
FIRST_ROW_ONLY = {("console.tariff", "name"), ("console.tariff", "price")}
# Where the page's own value is the better one when it has one: the code of a tariff that is known.
OFFERED_FIRST = {("console.new_tariff", "code")}

# Views that take a POST and stand on no page as the town is, each with its reason.
WITHOUT_FORM: dict[str, str] = {
    "console.log_in_code": "stands there after a password",
    "console.rotate_secret": "stands there for a client with one secret",
    "portal.invitation": "stands there for who was invited",
    "portal.give_up_grant": "stands there for a delegate",
    "portal.renew_codes": "stands there for who has an app",
    "portal.remove_app": "stands there for who has an app",
    "console.end_session": "stands there for who is logged in twice",
    "console.end_others": "stands there for who is logged in twice",
    "webhooks.przelewy24": "payment providers send it",
    "webhooks.przelewy24_refund": "payment providers send it",
    "webhooks.payu": "payment providers send it",
    "webhooks.smsapi": "the provider of text messages sends it",
    "webhooks.unsubscribe_at_once": "mail programs send it",
}


def undo_run(visitor: Visitor, location: str, token: str) -> None:
    """A run that was started by a case goes, or it would cover the days of the next."""
    assert visitor.post(f"{location}/porzuc", data={"csrf_token": token}).status_code == 303


def undo_tariff(visitor: Visitor, location: str, token: str) -> None:
    """A draft that was made by a case goes, or its day would be taken for the next."""
    assert visitor.post(f"{location}/usun", data={"csrf_token": token}).status_code == 303


def undo_window(visitor: Visitor, location: str, token: str) -> None:
    """A window that was planned by a case goes, or its days would be taken for the next."""
    rows = BeautifulSoup(visitor.get(location).text, "lxml").select("tr")
    [row] = [one for one in rows if "lutego" in one.text]
    form = row.form
    assert form is not None
    assert visitor.post(str(form["action"]), data={"csrf_token": token}).status_code == 303


# What answers on the spot: recovery codes are shown once, and led to by no address.
ON_THE_SPOT = {"portal.set_up_app", "console.set_up_app"}
UNDO: dict[str, Callable[[Visitor, str, str], None]] = {
    "console.runs": undo_run,
    "console.new_tariff": undo_tariff,
    "console.reading_windows": undo_window,
}
# Pages beside the form's own that would show what a form has changed.
WATCHED = {
    "portal.claim": ("/profil",),
    "portal.select_customer": ("/profil",),
    "portal.pay": ("/platnosci",),
    "portal.reading": ("/zuzycie",),
    "portal.new_ticket": ("/zgloszenia",),
    "console.new_case": ("/konsola/zgloszenia?widok=zespol",),
    "console.reading_window": ("/konsola/odczyty/okna",),
    "console.new_tariff": ("/konsola/taryfy",),
    "console.publish_tariff": ("/konsola/taryfy",),
    "console.delete_tariff": ("/konsola/taryfy",),
    "console.discard_run": ("/konsola/rozliczenia",),
    "console.issue_run": ("/konsola/rozliczenia",),
    "console.cancel_import": ("/konsola/import",),
    "console.dismiss_row": ("/konsola/import",),
}


class SampleMissing(AssertionError):
    """A form has a field that nothing sound is known for."""


def sound_values(world: World, form: Form, field: Field) -> tuple[str, ...]:
    """What a person who makes no mistake sends. Raises SampleMissing."""
    key = form.endpoint, field.base
    sample = SAMPLES.get(key)
    if key in FIRST_ROW_ONLY and field.name not in (field.base, f"{field.base}-0"):
        sample = None
    if key in OFFERED_FIRST and any(field.offered):
        sample = None
    if sample is not None:
        return (sample.make(world),)
    if any(field.offered) or not field.required:
        return field.offered
    raise SampleMissing(
        f"{form.name}: add a sample of {(form.endpoint, field.base)} to tests/gateway/form_samples.py"
    )


def begin_readings_anew(world: World) -> None:
    """What a case decided waits again, or the form would be gone with the first case that is taken."""
    with world.billing.database.transaction() as session:
        for statement in _ANEW:
            session.execute(text(statement), {"corner": town.CORNER, "begin": town.DOUBTFUL_FROM})


_ANEW = (
    "DELETE FROM readings WHERE made_here AND meter_id IN (SELECT m.meter_id FROM meters m LEFT JOIN meters o"
    " ON o.meter_id = m.succeeds_meter_id WHERE :corner IN (m.external_id, o.external_id))",
    "UPDATE readings r SET meter_id = m.succeeds_meter_id FROM meters m JOIN meters o"
    " ON o.meter_id = m.succeeds_meter_id WHERE r.meter_id = m.meter_id AND o.external_id = :corner",
    "DELETE FROM meters m USING meters o WHERE o.meter_id = m.succeeds_meter_id AND o.external_id = :corner",
    "UPDATE meters SET removed_on = NULL, office_fields = '{}' WHERE external_id = :corner",
    "UPDATE readings r SET status = 'SUBMITTED', reason = 'BELOW_PREVIOUS', decided_at = NULL, note = '' FROM meters m"
    " WHERE m.meter_id = r.meter_id AND m.external_id = :corner AND r.read_on >= CAST(:begin AS date)",
)


def open_rejects_anew(world: World) -> None:
    """A refused row that a case settled waits again."""
    with world.billing.database.transaction() as session:
        session.execute(text("UPDATE import_rejects SET status = 'OPEN', settled_at = NULL, settled_by = ''"))


def exchange_anew(world: World) -> None:
    """A meter that a case replaced stands there again."""
    with world.billing.database.transaction() as session:
        for statement in _EXCHANGE_ANEW:
            session.execute(text(statement), {"meter": world.made["meter_id"]})


_EXCHANGE_ANEW = (
    "DELETE FROM readings WHERE made_here AND meter_id IN"
    " (SELECT meter_id FROM meters WHERE meter_id = :meter OR succeeds_meter_id = :meter)",
    "DELETE FROM meters WHERE succeeds_meter_id = :meter",
    "UPDATE meters SET removed_on = NULL, office_fields = '{}' WHERE meter_id = :meter",
)


def begin_cases_anew(world: World) -> None:
    """A case that was answered, closed or opened by a form stands as before, and those that came are gone."""
    casework.begin_anew(world.tickets)


def begin_settings_anew(world: World) -> None:
    """A category, a workflow, a ready answer that a form made is gone, and one that it changed stands as before."""
    settings_work.begin_anew(world.tickets)


def begin_reminders_anew(world: World) -> None:
    """Every rule is off, as at first."""
    with world.notify.database.transaction() as session:
        session.execute(text("DELETE FROM reminders"))


def begin_staff_anew(world: World) -> None:
    """Daria is a clerk for everybody, the suite's roles are as they came, and the cash desk's is there."""
    with world.identity.database.transaction() as session:
        session.execute(text("DELETE FROM roles"))
        session.execute(
            text("UPDATE staff SET roles = '{clerk}', towns = '{}', commodities = '{}' WHERE name = 'Daria'")
        )
    world.put_role()


def forget_annas_app(world: World) -> None:
    """Anna logs in with her password alone again."""
    with world.identity.database.transaction() as session:
        for table in ("recovery_codes", "totp_factors"):
            session.execute(
                text(
                    f"DELETE FROM {table} WHERE owner_id = "  # noqa: S608 - names of ours
                    "(SELECT user_id FROM users WHERE email = 'anna@poczta.example')"
                )
            )


def begin_passwords_anew(world: World) -> None:
    """Everybody has the password of the town again."""
    with world.identity.database.transaction() as session:
        for table, somebody in (("staff", "Daria"), ("users", "Celina")):
            session.execute(
                text(
                    f"UPDATE {table} SET password_hash ="  # noqa: S608 - names of ours
                    f" (SELECT password_hash FROM {table} WHERE name = :somebody)"
                ),
                {"somebody": somebody},
            )


ANEW: dict[str, Callable[[World], None]] = {
    **dict.fromkeys(("portal.change_password", "console.change_password"), begin_passwords_anew),
    **dict.fromkeys(
        (
            "console.new_api_client",
            "console.api_client",
            "console.rotate_secret",
            "console.revoke_secret",
            "console.revoke_api_client",
            "portal.api_tokens",
            "portal.revoke_api_token",
        ),
        access_work.begin_anew,
    ),
    **dict.fromkeys(
        ("console.colleague", "console.role", "console.new_role", "console.delete_role"), begin_staff_anew
    ),
    **{
        f"console.{name}": begin_settings_anew
        for name in (
            "new_ticket_category",
            "ticket_category",
            "new_ticket_workflow",
            "ticket_workflow",
            "publish_ticket_workflow",
            "discard_ticket_workflow",
            "canned_answer",
            "delete_canned_answer",
        )
    },
    **dict.fromkeys(
        ("portal.ticket", "portal.new_ticket", "console.ticket", "console.new_case"), begin_cases_anew
    ),
    "console.accept_reading": begin_readings_anew,
    "console.reject_reading": begin_readings_anew,
    "console.correct_reading": begin_readings_anew,
    "console.replace_meter": begin_readings_anew,
    "console.import_row": open_rejects_anew,
    "console.dismiss_row": open_rejects_anew,
    "console.exchange_meter": exchange_anew,
    "console.reminder": begin_reminders_anew,
}
