"""Words that several pages of the console share: roles, kinds, commodities, fields of the provider's data."""

from typing import Any

from ebok.billing.v1 import meters_pb2
from flask_babel import LazyString

from gateway.console import console
from gateway.web.languages import lazy_gettext as _l

ROLES = {
    "clerk": _l("customer service"),
    "manager": _l("manager"),
    "administrator": _l("administrator"),
}

ROLE_SENTENCES = {
    "clerk": _l("serves customers: data, readings, payments, cases"),
    "manager": _l(
        "all of that, and issues invoices, publishes tariffs, writes to customers, reads the audit log"
    ),
    "administrator": _l("everything, and manages staff and roles"),
}

COMMODITIES = {
    meters_pb2.COMMODITY_WATER: _l("Water"),
    meters_pb2.COMMODITY_SEWAGE: _l("Sewage"),
    meters_pb2.COMMODITY_HEAT: _l("Heat"),
    meters_pb2.COMMODITY_HOT_WATER: _l("Hot water"),
    meters_pb2.COMMODITY_ELECTRICITY: _l("Electricity"),
    meters_pb2.COMMODITY_GAS: _l("Gas"),
}
COMMODITY_ICONS = {
    meters_pb2.COMMODITY_WATER: "droplet",
    meters_pb2.COMMODITY_SEWAGE: "moisture",
    meters_pb2.COMMODITY_HEAT: "thermometer-half",
    meters_pb2.COMMODITY_HOT_WATER: "droplet-half",
    meters_pb2.COMMODITY_ELECTRICITY: "lightning-charge",
    meters_pb2.COMMODITY_GAS: "fire",
}

ENTRY_KINDS = {
    "ENTRY_KIND_CHARGE": _l("Invoice"),
    "ENTRY_KIND_PAYMENT": _l("Payment"),
    "ENTRY_KIND_REFUND": _l("Refund"),
    "ENTRY_KIND_CORRECTION": _l("Correction"),
}

MESSAGE_RULES = {
    "invoice_issued": _l("New invoice"),
    "reading_window_opened": _l("Time to read the meter"),
    "reading_missing": _l("A reading is missing"),
    "reading_rejected": _l("A reading was not accepted"),
    "payment_received": _l("The payment came"),
    "payment_failed": _l("The payment failed"),
    "payment_refunded": _l("Money was given back"),
    "payment_due": _l("Reminder before the due day"),
    "payment_overdue_1": _l("First reminder after the due day"),
    "payment_overdue_2": _l("Second reminder after the due day"),
    "payment_overdue_3": _l("Last reminder after the due day"),
    "email_confirmation": _l("Confirmation of the e-mail address"),
    "registration_repeated": _l("Registration of an address that has an account"),
    "password_reset": _l("New password"),
    "password_changed": _l("The password was changed"),
    "new_device": _l("Log-in from a new device"),
    "factor_changed": _l("App with codes or recovery codes changed"),
    "email_change_link": _l("Confirmation of a new e-mail address"),
    "email_change_notice": _l("Notice of another e-mail address"),
    "email_changed": _l("Another address to log in with"),
    "email_set_back": _l("The former address to log in with is back"),
    "delegate_invited": _l("Invitation of a delegate"),
    "grant_given": _l("A delegate accepted the invitation"),
    "grant_revoked": _l("Access to an account ended"),
    "customer_claimed": _l("Somebody proved to be the customer"),
    "contact_changed": _l("Another contact address of a customer"),
    "campaign": _l("Campaign"),
    "campaign_test": _l("Test of a campaign"),
}
CHANNELS = {"email": _l("e-mail"), "sms": _l("SMS"), "portal": _l("portal")}

SCOPES = {
    "SCOPE_VIEW": _l("sees everything"),
    "SCOPE_PAY": _l("sees everything and pays"),
    "SCOPE_MANAGE": _l("full access"),
}


POLISH_LENGTH = 12  # of +48 and nine digits


def word_of(table: dict[Any, LazyString], key: Any) -> str:
    """The word of a value; one that nobody put into words prints as it is, so that nothing disappears."""
    word = table.get(key)
    return str(key) if word is None else str(word)


def role_word(key: str, name: str) -> str:
    """What a role is called: by the name it was given here, by our word, or by its key."""
    return name or word_of(ROLES, key)


@console.app_template_filter("phone_words")
def phone_words(number: str) -> str:
    """`600 100 200` of "+48600100200"; a number from elsewhere as it is."""
    home = number.removeprefix("+48") if number.startswith("+48") and len(number) == POLISH_LENGTH else ""
    return "\u00a0".join((home[:3], home[3:6], home[6:])) if home.isdigit() else number


@console.app_template_filter("commodity_word")
def commodity_word(commodity: int) -> str:
    """`Woda`."""
    return str(COMMODITIES.get(commodity, "–"))  # type: ignore[call-overload]


@console.app_template_filter("commodity_icon")
def commodity_icon(commodity: int) -> str:
    """The icon before it."""
    return COMMODITY_ICONS.get(commodity, "dot")  # type: ignore[call-overload]


@console.app_template_filter("entry_word")
def entry_word(kind: str) -> str:
    """What a ledger entry is, by the name of its kind."""
    return word_of(ENTRY_KINDS, kind)


@console.app_template_filter("rule_word")
def rule_word(rule: str) -> str:
    """Why a message was sent."""
    return word_of(MESSAGE_RULES, rule)


@console.app_template_filter("channel_word")
def channel_word(channel: str) -> str:
    """How it was sent."""
    return word_of(CHANNELS, channel)


@console.app_template_filter("scope_word")
def scope_word(scope: str) -> str:
    """How far a grant goes."""
    return word_of(SCOPES, scope)
