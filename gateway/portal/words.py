"""Words that several pages of the portal share, for templates."""

from ebok.billing.v1 import contracts_pb2, invoices_pb2, ledger_pb2, meters_pb2
from ebok.common.v1.money_pb2 import Money

from gateway.portal import portal
from gateway.web.amounts import NBSP, decimal_of, percent
from gateway.web.days import date_of
from gateway.web.languages import LANGUAGES
from gateway.web.languages import gettext as _

POLISH_PREFIX = "+48"


@portal.app_template_global()
def commodity_word(commodity: "meters_pb2.Commodity") -> str:
    """Water, sewage …, as a bill names it."""
    return {
        meters_pb2.COMMODITY_WATER: _("Water"),
        meters_pb2.COMMODITY_SEWAGE: _("Sewage"),
        meters_pb2.COMMODITY_HEAT: _("Heat"),
        meters_pb2.COMMODITY_HOT_WATER: _("Hot water"),
        meters_pb2.COMMODITY_ELECTRICITY: _("Electricity"),
        meters_pb2.COMMODITY_GAS: _("Gas"),
    }.get(commodity, _("Other"))


@portal.app_template_global()
def entry_word(entry: ledger_pb2.LedgerEntry) -> str:
    """What an entry of the ledger is."""
    return {
        ledger_pb2.ENTRY_KIND_CHARGE: _("Invoice %(number)s", number=entry.invoice_number),
        ledger_pb2.ENTRY_KIND_PAYMENT: _("Payment"),
        ledger_pb2.ENTRY_KIND_REFUND: _("Refund"),
        ledger_pb2.ENTRY_KIND_CORRECTION: _("Correction"),
    }.get(entry.kind, _("Entry"))


@portal.app_template_global()
def balance_word(balance: Money) -> str:
    """What a balance means."""
    if balance.grosze == 0:
        return _("nothing to pay")
    return _("to pay") if balance.grosze > 0 else _("paid ahead")


@portal.app_template_global()
def places_of(contract: contracts_pb2.Contract) -> str:
    """The served addresses of a contract, each once."""
    places = [f"{one.premises.address_line}, {one.premises.town_line}" for one in contract.service_points]
    return "; ".join(dict.fromkeys(places)) or "–"


@portal.app_template_global()
def deliveries_of(contract: contracts_pb2.Contract) -> str:
    """What a contract delivers: `Woda, ścieki`."""
    points = sorted(contract.service_points, key=lambda point: point.commodity)
    words = dict.fromkeys(commodity_word(one.commodity) for one in points)
    return ", ".join(word if index == 0 else word.lower() for index, word in enumerate(words)) or "–"


@portal.app_template_global()
def vat_rates_of(contract: contracts_pb2.Contract) -> str:
    """The VAT rates of a contract's prices."""
    return ", ".join(dict.fromkeys(vat_rate(one.vat_rate) for one in contract.tariff_version.components))


@portal.app_template_global()
def language_options() -> list[tuple[str, str]]:
    """For a choice of language."""
    return list(LANGUAGES.items())


@portal.app_template_global()
def is_part_of(line: invoices_pb2.InvoiceLine, invoice: invoices_pb2.Invoice) -> bool:
    """Whether a line is for other days than the whole invoice, so that its own have to be told."""
    days = (date_of(getattr(line, "from")), date_of(line.until))
    return None not in days and days != (date_of(invoice.period_from), date_of(invoice.period_to))


@portal.app_template_filter()
def vat_rate(rate: str) -> str:
    """`8%` of "8"; what is exempt is said in a word."""
    return percent(rate) if decimal_of(rate) is not None else _("exempt")


@portal.app_template_filter()
def share(ratio: str) -> str:
    """`90%` of "0.9"."""
    number = decimal_of(ratio)
    return "–" if number is None else percent(number * 100)


@portal.app_template_filter()
def phone(number: str) -> str:
    """`600 100 200` of "+48600100200"; a number of another country as it is."""
    digits = number.removeprefix(POLISH_PREFIX)
    if digits == number or len(digits) != 9:
        return number
    return NBSP.join((digits[:3], digits[3:6], digits[6:]))
