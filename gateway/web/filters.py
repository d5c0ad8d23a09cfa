"""What templates print through. One line for each filter and test; the work is in `amounts`, `days`,
`typography`.

{{ invoice.total_gross|zloty }}        1 234,56 zł in a span that never breaks (`|zloty_plain` for attributes)
{{ change|zloty_signed }}              +15,03 zł          {{ due|zloty_hero }}   the page's one amount
{{ line.quantity|quantity("m3") }}     12,5 m³            {{ line.price|price("m3") }}   5,58 zł/m³
{{ vat.rate|percent }}                 8%                 {{ account|nrb }}      61 1090 1014 0000 …
{{ customer.number|digits }}           204 118            {{ file.size|file_size }}      1,2 MB
{{ invoice.due_on|day }}               12 grudnia 2026    |day_short 12 grudnia   |day_brief 12 gru
{{ ticket.due_on|day_weekday }}        wtorek 1 grudnia   |iso 2026-12-12         |days_until 18
{{ issued_at|moment }}                 16 listopada 2026, 8:16   |moment_short   |hour
{{ from|months(to) }}                  wrzesień i październik    {{ from|period(to) }}  1 września – 31 …
{{ 9|month_name }} |month_short |month_year
{{ reading.reason|reason }}            why, in words     {{ invoice|enum_name("paid_state") }}  PAID_STATE_DUE
{{ title|nbsp }}                       one-letter words stay with the next word
{% if invoice is given("paid_on") %}   presence of a protobuf field; never test a message bare
"""

from functools import cache
from typing import Any

from flask import Flask

from gateway.web import amounts, days, reasons, texts, typography
from gateway.web.languages import language

FILTERS = {
    "zloty": amounts.zloty,
    "zloty_plain": amounts.zloty_plain,
    "zloty_signed": amounts.zloty_signed,
    "zloty_hero": amounts.zloty_hero,
    "quantity": amounts.quantity,
    "price": amounts.price,
    "percent": amounts.percent,
    "nrb": amounts.nrb,
    "digits": amounts.digits_grouped,
    "file_size": amounts.file_size,
    "unit": amounts.unit_name,
    "day": days.day,
    "day_short": days.day_short,
    "day_brief": days.day_brief,
    "day_weekday": days.day_weekday,
    "days_until": days.days_until,
    "iso": days.iso,
    "hour": days.hour,
    "moment": days.moment,
    "moment_short": days.moment_short,
    "month_name": days.month_name,
    "month_short": days.month_short,
    "month_year": days.month_year,
    "months": days.months,
    "period": days.period,
    "reason": reasons.words,
}


def nbsp(text: Any) -> str:
    """Text from data with its short words and numbers bound to what follows."""
    return bind(str(text))


def bind(text: str) -> str:
    """`typography.bind_spaces` in the language of the page."""
    return typography.bind_spaces(text, language())


def capital(text: Any) -> str:
    """The first letter large, the rest as it is: `Wrzesień i październik`."""
    plain = str(text)
    return plain[:1].upper() + plain[1:]


def given(message: Any, field: str) -> bool:
    """Whether a protobuf field with presence is set (an unset message is truthy in Jinja)."""
    return message is not None and bool(message.HasField(field))


def enum_name(message: Any, field: str) -> str:
    """The name of an enum field's value: `invoice|enum_name("paid_state")` → `PAID_STATE_DUE`."""
    number = getattr(message, field)
    return _enum_names(message.DESCRIPTOR, field).get(number, str(number))


@cache
def _enum_names(descriptor: Any, field: str) -> dict[int, str]:
    return {
        number: value.name
        for number, value in descriptor.fields_by_name[field].enum_type.values_by_number.items()
    }


def init_filters(app: Flask) -> None:
    """Register all filters, the test `given` and the globals `today` and `now`."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.filters["nbsp"] = nbsp
    app.jinja_env.filters["capital"] = capital
    app.jinja_env.filters["enum_name"] = enum_name
    app.jinja_env.filters.update(
        in_language=texts.in_language, said=texts.said, html_in_language=texts.html_in_language
    )
    app.jinja_env.tests["given"] = given
    app.jinja_env.globals["today"] = days.today
    app.jinja_env.globals["now"] = days.now
