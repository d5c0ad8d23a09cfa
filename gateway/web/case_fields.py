"""The typed fields of a category: what is offered in them, read and put on the wire. The same in both doors."""

from dataclasses import dataclass, field

from ebok.billing.v1 import invoices_pb2, meters_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.tickets.v1 import categories_pb2 as pb
from ebok.tickets.v1 import tickets_pb2

from chassis.errors import Refusal
from gateway.web import attachments, case_words, reasons
from gateway.web.amounts import digits_grouped, zloty_plain
from gateway.web.calls import ahead, call, clients
from gateway.web.days import months
from gateway.web.filters import capital
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.texts import in_language

SUBJECT_LENGTH_MAX = 120
BODY_LENGTH_MAX = 8_000
LONG_TEXT_LENGTH_MAX = 4_000
INVOICES_MAX = 24  # To choose from, the newest.
MULTILINE = frozenset({pb.CATEGORY_FIELD_TYPE_LONG_TEXT})
Options = list[tuple[str, str]]


@dataclass(frozen=True)
class Offered:
    """What the fields of a category offer to choose, by the key of the field; without an entry one types."""

    options: dict[str, Options] = field(default_factory=dict)
    media: Options = field(default_factory=list)


def name_of(key: str) -> str:
    """The form's name of a category's field."""
    return f"pole_{key}"


def offered(category: pb.Category, customer_id: str) -> Offered:
    """Choices of the category itself; invoices, meters and what is delivered are asked of billing, where it matters."""
    types = {one.type for one in category.fields}
    billing = clients().billing
    invoices = served = None
    if pb.CATEGORY_FIELD_TYPE_INVOICE in types:
        asked = invoices_pb2.ListInvoicesRequest(
            customer_id=customer_id, page=PageRequest(page_size=INVOICES_MAX)
        )
        invoices = ahead(billing.invoices.ListInvoices, asked)
    if pb.CATEGORY_FIELD_TYPE_METER in types or len(category.commodities) > 1:
        points = meters_pb2.ListServicePointsRequest(customer_id=customer_id)
        served = ahead(billing.meters.ListServicePoints, points)
    listed, delivered = invoices() if invoices else None, served() if served else None
    known = {
        pb.CATEGORY_FIELD_TYPE_YES_NO: [(key, str(word)) for key, word in case_words.YES_NO.items()],
        pb.CATEGORY_FIELD_TYPE_INVOICE: _invoices(listed),
        pb.CATEGORY_FIELD_TYPE_METER: _meters(delivered),
    }
    options = {}
    for one in category.fields:
        choices = [(choice.key, in_language(choice.labels)) for choice in one.choices]
        if found := known.get(one.type, choices):
            options[one.key] = found
    return Offered(options, _media(category, delivered))


def _media(category: pb.Category, served: meters_pb2.ListServicePointsResponse | None) -> Options:
    """What a category of several commodities can concern: those that the customer has, all where none is known."""
    several = list(category.commodities) if len(category.commodities) > 1 else []
    own = {
        meters_pb2.Commodity.Name(point.commodity).removeprefix("COMMODITY_").lower()
        for point in (served.service_points if served is not None else [])
    }
    media = [one for one in several if one in own] or several
    return [(one, case_words.medium_word(one)) for one in media]


def _invoices(answer: invoices_pb2.ListInvoicesResponse | None) -> Options:
    return [
        (one.number, f"{capital(months(one.period_from, one.period_to))}, {zloty_plain(one.total_gross)}")
        for one in (answer.invoices if answer is not None else [])
    ]


def _meters(answer: meters_pb2.ListServicePointsResponse | None) -> Options:
    points = answer.service_points if answer is not None else []
    return [
        (meter.serial_number, f"{digits_grouped(meter.serial_number)}, {point.premises.address_line}")
        for point in points
        for meter in point.meters
    ]


def read(form: Form, category: pb.Category, choices: Offered) -> list[tickets_pb2.Answer]:
    """What was filled in; what is wrong is marked at its field."""
    found = [(one, _value(form, one, choices.options.get(one.key))) for one in category.fields]
    return [tickets_pb2.Answer(key=one.key, value=value) for one, value in found if value]


def _value(form: Form, one: pb.CategoryField, options: Options | None) -> str:
    name, required = name_of(one.key), one.is_required
    if options is not None:
        return form.choice(name, [value for value, _word in options], required=required)
    if one.type == pb.CATEGORY_FIELD_TYPE_LONG_TEXT:
        return form.lines(name, required=required, length_max=LONG_TEXT_LENGTH_MAX)
    if one.type == pb.CATEGORY_FIELD_TYPE_NUMBER:
        number = form.number(name, required=required)
        if number is not None and number < 0:
            form.fail(
                name, reasons.field_sentence("OUT_OF_RANGE")
            )  # Meters, persons, days: none is below nothing.
        return "" if number is None else f"{number:f}"
    if one.type == pb.CATEGORY_FIELD_TYPE_DATE:
        day = form.day(name, required=required)
        return "" if day is None else day.isoformat()
    return form.text(name, required=required)


@dataclass(frozen=True)
class Written:
    """A new case as it was filled in."""

    subject: str
    body: str
    commodity: str
    answers: list[tickets_pb2.Answer]
    attachment_ids: list[str]


def read_case(form: Form, category: pb.Category, choices: Offered, customer_id: str) -> Written:
    """All of the form of a new case, but for what only one of the doors asks; files are handed in."""
    subject = form.text("temat", length_max=SUBJECT_LENGTH_MAX)
    body = form.lines("tresc", length_max=BODY_LENGTH_MAX)
    media = [one for one, _word in choices.media]
    medium = form.choice("medium", media) if len(media) > 1 else "".join(media)
    answers = read(form, category, choices)
    files = attachments.attach(form, customer_id)
    if form.ok and not form.has_sound_request_id:
        form.stop(_("Open the page anew, please."), status=422)
    return Written(subject, body, medium, answers, [one.attachment_id for one in files])


def refuse_case(form: Form, refusal: Refusal, category: pb.Category) -> None:
    """Say what is wrong with a new case at its fields."""
    if attachments.refuse_files(form, refusal):
        return
    fields = {f"answers.{one.key}": name_of(one.key) for one in category.fields}
    form.refuse(refusal, fields={**fields, "subject": "temat", "body": "tresc", "commodity": "medium"})


def category_of(category_id: str, *, customer_id: str = "") -> pb.Category | None:
    """A category that can be chosen now; None for any other."""
    asked = pb.ListCategoriesRequest(customer_id=customer_id)
    found = call(clients().tickets.categories.ListCategories, asked).categories
    return next((one for one in found if one.category_id == category_id), None)
