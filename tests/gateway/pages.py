"""Every page there is: all GET addresses of the URL map that answer HTML, and the states that an address does not show.

`pages(world)` is what axe and the screenshots walk through. Nothing is left out by hand.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.serving import make_server

from chassis.ids import new_id
from tests.gateway import access_work, delegations, urls
from tests.gateway.offers import sent_number
from tests.gateway.visitors import Visitor
from tests.gateway.world import HALFWAY, World

PEOPLE = {
    "anna": ("anna@poczta.example", False),
    "celina": ("celina@poczta.example", False),
    "bartek": ("bartek@poczta.example", False),
    "newcomer": ("nowa@poczta.example", False),
    "halfway": (HALFWAY, False),
    "delegate": (delegations.EMAIL, False),
    "edward": ("edward@wodociagi-zdroj.example", True),
    "daria": ("daria@wodociagi-zdroj.example", True),
    "nobody": ("", False),
}


@dataclass(frozen=True)
class Page:
    """Who opens what; the name is that of a picture."""

    name: str
    who: str
    url: str


def offered(world: World) -> str:
    """The link of an invitation to the newcomer."""
    newcomer, _ = PEOPLE["newcomer"]
    delegations.invite(world, newcomer)
    return delegations.link(world, newcomer)


def states(world: World) -> list[Page]:
    """What the bare addresses do not show: other people's, filtered, empty, refused."""
    late = next(one for one in world.celinas.invoices if one.due_on.month == 10)
    access_work.personal_token_id(world)
    return [
        Page("portal.api_tokens-none", "celina", "/bezpieczenstwo/tokeny"),
        Page("portal.check_message-ours", "nobody", f"/czy-to-my?numer={sent_number(world)}"),
        Page("portal.check_message-not_ours", "nobody", "/czy-to-my?numer=K7QM-2XRP"),
        Page("portal.preferences-view", "celina", "/profil/powiadomienia"),
        Page("portal.start-overdue", "celina", "/start"),
        Page("portal.start-calm", "bartek", "/start"),
        Page("portal.invoice-overdue", "celina", f"/faktury/{late.invoice_id}"),
        Page("portal.invoice-paid", "anna", f"/faktury/{world.annas.invoices[-1].invoice_id}"),
        Page("portal.invoices-none", "anna", "/faktury?stan=po-terminie"),
        Page("portal.transfer-nothing", "bartek", "/przelew"),
        Page("portal.pay-overdue", "celina", "/zaplac"),
        Page("portal.pay-nothing", "bartek", "/zaplac"),
        Page("portal.payments-none", "celina", "/platnosci"),
        Page("portal.payment-pending", "anna", f"/platnosci/{world.pending_payment.payment_id}"),
        Page(
            "portal.payment-waiting", "anna", f"/platnosci/{world.pending_payment.payment_id}/powrot?raz=99"
        ),
        Page("portal.payment-failed", "anna", f"/platnosci/{world.failed_payment.payment_id}"),
        Page("portal.ledger-wrong", "anna", "/rozliczenia?od=2026-12-01&do=2026-01-01"),
        Page("portal.ledger-empty", "anna", "/rozliczenia?od=2020-01-01&do=2020-02-01"),
        Page("portal.usage-years", "anna", "/zuzycie?krok=rok"),
        Page("portal.usage-days", "celina", "/zuzycie?krok=dzien"),
        Page("portal.usage-days-spread", "anna", "/zuzycie?krok=dzien&rok=2026&miesiac=3"),
        Page("portal.usage-days-unknown", "anna", "/zuzycie?krok=dzien&rok=2020&miesiac=3"),
        Page("portal.usage-hours", "celina", "/zuzycie?krok=godzina&rok=2026&miesiac=10&dzien=25"),
        Page("portal.reading-remote", "anna", f"/odczyt/{remote_meter(world)}"),
        Page("console.reading_windows-clerk", "daria", "/konsola/odczyty/okna"),
        Page("portal.claim-first", "newcomer", "/dodaj-konto"),
        Page("portal.start-delegate", "delegate", "/start"),
        Page("portal.delegates-own", "delegate", "/profil/pelnomocnicy"),
        Page("portal.consents-delegate", "delegate", "/profil/zgody"),
        Page("portal.invitation-stranger", "nobody", "/zaproszenie?token=abcdefgh"),
        Page("portal.invitation-offer", "newcomer", f"/zaproszenie?token={offered(world)}"),
        Page("portal.invitation-dead", "celina", "/zaproszenie?token=abcdefgh"),
        Page("portal.tickets-none", "bartek", "/zgloszenia"),
        Page("portal.ticket-answered", "anna", f"/zgloszenia/{world.answered_case.ticket_id}"),
        Page("portal.ticket-closed", "anna", f"/zgloszenia/{world.closed_case.ticket_id}"),
        Page("portal.ticket-late", "celina", f"/zgloszenia/{world.celinas_case.ticket_id}"),
        Page("console.tickets-team", "daria", "/konsola/zgloszenia?widok=zespol"),
        Page(
            "console.tickets-filtered",
            "daria",
            "/konsola/zgloszenia?widok=zespol&rodzaj=reklamacja&stan=w-toku",
        ),
        Page("console.tickets-nothing", "daria", "/konsola/zgloszenia?widok=zespol&szukaj=kosmos"),
        Page(
            "console.ticket-ready", "daria", f"/konsola/zgloszenia/{world.open_case.ticket_id}?widok=zespol"
        ),
        Page("console.ticket-closed", "daria", f"/konsola/zgloszenia/{world.closed_case.ticket_id}"),
        Page("console.find_caller-found", "daria", "/konsola/zgloszenia/nowe?kto=Anna"),
        Page("console.find_caller-nobody", "daria", "/konsola/zgloszenia/nowe?kto=kosmos"),
        Page(
            "console.customer_tickets-none",
            "daria",
            f"/konsola/klienci/{world.bakery.customer_id}/zgloszenia",
        ),
        Page(
            "console.customer_contacts-none", "daria", f"/konsola/klienci/{world.bakery.customer_id}/kontakty"
        ),
        Page("portal.profile-alone", "newcomer", "/profil"),
        Page("portal.confirm-link", "nobody", "/potwierdzenie?token=abcdefgh"),
        Page("portal.new_password-link", "nobody", "/nowe-haslo?token=abcdefgh"),
        Page("portal.confirm_new_email-link", "nobody", "/nowy-adres?token=abcdefgh"),
        Page("portal.deny_sign_in-link", "nobody", "/to-nie-ja?token=abcdefgh"),
        Page("portal.undo_email_change-link", "nobody", "/poprzedni-adres?token=abcdefgh"),
        Page("portal.log_in_code", "halfway", "/logowanie/kod"),
        Page("portal.log_in_code-spare", "halfway", "/logowanie/kod?zapasowy=1"),
        Page("portal.security-alone", "newcomer", "/bezpieczenstwo"),
        Page("portal.messages-celina", "celina", "/wiadomosci"),
        Page("portal.announcement-urgent", "celina", f"/wiadomosci/komunikat/{world.board.everybodys}"),
        Page("portal.page-public", "nobody", f"/strony/{world.board.slug}"),
        Page("console.announcements-drafts", "edward", "/konsola/komunikacja?stan=szkice"),
        Page("console.announcement-published", "edward", f"/konsola/komunikacja/{world.board.annas}"),
        Page("console.announcement-new", "edward", f"/konsola/komunikacja/{new_id()}"),
        Page(
            "console.campaign-running", "edward", f"/konsola/komunikacja/kampanie/{world.mailings.running_id}"
        ),
        Page(
            "console.campaign-paused",
            "edward",
            f"/konsola/komunikacja/kampanie/{world.mailings.paused_id}",
        ),
        Page(
            "console.campaign-scheduled",
            "edward",
            f"/konsola/komunikacja/kampanie/{world.mailings.scheduled_id}",
        ),
        Page("console.campaign-done", "edward", f"/konsola/komunikacja/kampanie/{world.mailings.done_id}"),
        Page(
            "console.campaign-sms",
            "edward",
            f"/konsola/komunikacja/kampanie/{world.mailings.draft_id}?pokaz=sms-en",
        ),
        Page(
            "console.campaign-new",
            "edward",
            f"/konsola/komunikacja/kampanie/{new_id()}?szablon={world.mailings.template_id}",
        ),
        Page("console.campaigns-paused", "edward", "/konsola/komunikacja/kampanie?stan=wstrzymane"),
        Page("console.template-new", "edward", f"/konsola/komunikacja/szablony/{new_id()}"),
        Page("console.written_page-new", "edward", f"/konsola/komunikacja/strony/{new_id()}"),
        Page("errors.missing", "anna", "/nie-ma-takiej-strony"),
        Page("console.run-issued", "edward", f"/konsola/rozliczenia/{world.run_ids[-2]}"),
        Page("console.customer-company", "edward", f"/konsola/klienci/{world.bakery.customer_id}"),
        Page("console.customers-found", "edward", "/konsola/klienci?q=Zdrój"),
        Page("console.payment-pending", "daria", console_payment(world)),
        Page("console.payments-stuck", "daria", "/konsola/platnosci?utknely=1"),
        Page("console.payments-none", "daria", f"/konsola/klienci/{world.bakery.customer_id}/platnosci"),
        Page("console.desk-clerk", "daria", "/konsola/"),
        Page("console.customer_data-provider", "daria", f"/konsola/klienci/{world.annas.customer_id}/dane"),
        Page(
            "console.contract-provider",
            "daria",
            f"/konsola/kartoteka/umowy/{world.annas.contracts[0].contract_id}",
        ),
        Page(
            "console.new_contract-known",
            "daria",
            f"/konsola/kartoteka/umowy/nowa?klient={world.made['customer_id']}&punkt={world.made['service_point_id']}",
        ),
        Page(
            "console.new_service_point-known",
            "daria",
            f"/konsola/kartoteka/punkty/nowy?klient={world.made['customer_id']}&lokal={world.made['premises_id']}",
        ),
    ]


def remote_meter(world: World) -> str:
    """Anna's meter that sends its readings by itself."""
    meters = [meter for point in world.annas.service_points for meter in point.meters]
    return next(meter.meter_id for meter in meters if meter.meter_id != world.garden_meter_id)


def console_payment(world: World) -> str:
    """The payment that Anna did not finish, as the staff sees it."""
    return f"/konsola/klienci/{world.annas.customer_id}/platnosci/{world.pending_payment.payment_id}"


def pages(world: World) -> list[Page]:
    """All of them."""
    world.join("nowa@poczta.example", "Nowa")
    delegations.let_in(world)
    visitors = {who: world.visitor(email, staff=staff) for who, (email, staff) in PEOPLE.items()}
    found = []
    for rule in urls.rules(world.app):
        for url in urls.urls_of(world.app, rule, world):
            for who in ("nobody", "edward" if url.startswith("/konsola") else "anna"):
                if _is_page(visitors[who], url):
                    found.append(Page(rule.endpoint, who, url))
                    break
    return found + states(world)


def _is_page(visitor: Visitor, url: str) -> bool:
    response = visitor.get(url)
    return response.status_code == 200 and response.mimetype == "text/html"


@contextmanager
def serving(world: World) -> Iterator[str]:
    """The gateway on a port of its own; answers its address."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="gateway", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(10)


def cookies_of(world: World, who: str, address: str) -> list[dict[str, str]]:
    """A browser's cookies for somebody of the town."""
    email, staff = PEOPLE[who]
    if not email:
        return []
    path, name = ("/konsola", "ebok_konsola") if staff else ("/", "ebok")
    cookie = world.visitor(email, staff=staff).get_cookie(name, path=path)
    assert cookie is not None
    return [
        {
            "name": name,
            "value": cookie.value,
            "domain": address.split("/")[2].split(":", maxsplit=1)[0],
            "path": path,
        }
    ]
