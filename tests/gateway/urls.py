"""A sample for each parameter of a URL: a rule without one fails the tests, so a new page is covered or noticed.

Samples of customers' things are Anna's. `QUERIES` are the ids that a page takes in its query.
"""

from collections.abc import Callable
from itertools import product
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from werkzeug.routing import Rule

from tests.gateway import access_work, delegations, settings_work
from tests.gateway.world import World

Sample = Callable[[World], Any]


def metered_point(world: World) -> str:
    """A service point of Anna's that has a meter."""
    return next(point.service_point_id for point in world.annas.service_points if point.meters)


SAMPLES: dict[str, Sample] = {
    "customer_id": lambda world: world.annas.customer_id,
    "invoice_id": lambda world: world.annas.last_invoice.invoice_id,
    "contract_id": lambda world: world.annas.contracts[0].contract_id,
    "premises_id": lambda world: world.made["premises_id"],
    "service_point_id": lambda world: world.made["service_point_id"],
    "run_id": lambda world: world.run_ids[-1],
    "import_id": lambda world: world.import_ids[-1],
    "reject_id": lambda world: world.rejects[0].reject_id,
    "tariff_version_id": lambda world: world.tariff_versions[-1].tariff_version_id,
    "payment_id": lambda world: world.paid_payment.payment_id,
    "entry_id": lambda world: world.paid_entry_id,
    "meter_id": lambda world: world.garden_meter_id,
    "reading_id": lambda world: world.photographed.reading_id,
    "window_id": lambda world: world.window_ids[-1],
    "announcement_id": lambda world: world.board.annas,
    "page_id": lambda world: world.board.page_id,
    "campaign_id": lambda world: world.mailings.draft_id,
    "reminder": lambda _world: "po-terminie-1",
    "token": lambda _world: "K7QM2XRPK7QM2XRP",
    "secret": lambda _world: "secret-of-the-address",
    "segment_id": lambda world: world.mailings.segment_id,
    "template_id": lambda world: world.mailings.template_id,
    "slug": lambda world: world.board.slug,
    "version": lambda _world: 1,
    "batch_number": lambda _world: 1,
    "ticket_id": lambda world: world.open_case.ticket_id,
    "staff_id": lambda world: world.colleague("Daria").staff_id,
    "role_key": lambda world: world.put_role(),
    "client_id": access_work.client_id,
    "secret_id": access_work.secret_id,
    "personal_token_id": access_work.personal_token_id,
    "workflow_id": lambda _world: settings_work.DRAFTED_WORKFLOW,
    "canned_answer_id": lambda _world: settings_work.CANNED_ANSWER,
    "category_id": lambda world: world.open_case.category_id,
    "attachment_id": lambda world: world.case_file_id,
    "grant_id": delegations.grant_id,
    "invitation_id": delegations.invitation_id,
    "kind": lambda _world: ("csv", "xlsx"),
    "session_id": lambda world: world.other_session(),
    "code": lambda _world: ("pl", "en", "uk"),
    "look": lambda _world: ("auto", "light", "dark"),
    "name": lambda _world: "app.css",
    "digest": lambda world: world.app.extensions["ebok_assets"].digest,
}
# Where a sample of its own is needed: an invoice belongs to the run that issued it.
SPECIAL: dict[tuple[str, str], Sample] = {
    ("console.run_invoice", "run_id"): lambda world: world.run_ids[-2],
    # What was made here can be changed here.
    ("console.customer_data", "customer_id"): lambda world: world.made["customer_id"],
    ("console.meter", "meter_id"): lambda world: world.made["meter_id"],
    ("console.announcement", "announcement_id"): lambda world: world.board.draft_id,
    ("console.publish_announcement", "announcement_id"): lambda world: world.board.draft_id,
    **{
        (f"console.{endpoint}", "campaign_id"): lambda world: world.mailings.running_id
        for endpoint in (
            "campaign_recipients",
            "campaign_recipients_export",
            "pause_campaign",
            "cancel_campaign",
        )
    },
    ("console.resume_campaign", "campaign_id"): lambda world: world.mailings.paused_id,
    ("console.unschedule_campaign", "campaign_id"): lambda world: world.mailings.scheduled_id,
    ("console.exchange_meter", "meter_id"): lambda world: world.made["meter_id"],
    ("console.contract", "contract_id"): lambda world: world.made["contract_id"],
    ("console.import_row", "import_id"): lambda world: world.refusing_import_id,
    ("console.reading_case", "reading_id"): lambda world: world.waiting_reading(),
}
# Ids in the query: each is tried alone.
QUERIES: dict[str, list[tuple[str, Sample]]] = {
    "portal.invoices_zip": [("id", SAMPLES["invoice_id"])],
    "portal.pay": [("faktura", SAMPLES["invoice_id"]), ("id", SAMPLES["invoice_id"])],
    "portal.usage": [("punkt", metered_point)],
    "portal.usage_export": [("punkt", metered_point)],
    "portal.usage_green_button": [("punkt", metered_point)],
    "portal.usage_json": [("punkt", metered_point)],
}


class SampleMissing(AssertionError):
    """A URL has a parameter that no sample is known for."""


def urls_of(app: Flask, rule: Rule, world: World) -> list[str]:
    """The rule's addresses with samples in them. Raises SampleMissing."""
    names, values = sorted(rule.arguments), []
    for name in names:
        sample = SPECIAL.get((rule.endpoint, name)) or SAMPLES.get(name)
        if sample is None:
            raise SampleMissing(f"{rule.rule}: add a sample of '{name}' to tests/gateway/urls.py")
        found = sample(world)
        values.append(found if isinstance(found, tuple) else (found,))
    with app.test_request_context():
        return [
            app.url_for(rule.endpoint, **dict(zip(names, chosen, strict=True))) for chosen in product(*values)
        ]


def with_foreign_query(rule: Rule, url: str, world: World) -> list[str]:
    """The address with each of the ids that the page takes in its query."""
    return [f"{url}?{urlencode({name: sample(world)})}" for name, sample in QUERIES.get(rule.endpoint, [])]


def rules(app: Flask, prefix: str = "", *, method: str = "GET") -> list[Rule]:
    """The rules whose endpoint begins so and that answer a method."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(prefix) and method in (rule.methods or ())
    ]


def names_anna(rule: Rule) -> bool:
    """Whether the address itself names something of a customer's."""
    return bool(
        {
            "customer_id",
            "invoice_id",
            "contract_id",
            "service_point_id",
            "payment_id",
            "meter_id",
            "reading_id",
            "announcement_id",
            "ticket_id",
            "attachment_id",
            "grant_id",
            "invitation_id",
        }
        & set(rule.arguments)
    )
