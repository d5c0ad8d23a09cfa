"""What staff may write in a text, and what is refused with its line; what comes out of it."""

import pytest

from services.notify.documents.sandbox import VALUE_LENGTH_MAX, check_text, is_personal, render_text

VALUES = {
    "customer": {"name": "Anna Żółć", "overdue": "", "town": "Zdrój"},
    "provider": {"name": "Wodociągi"},
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Dzień dobry {{ customer.name }}!", "Dzień dobry Anna Żółć!"),
        ("{% if customer.overdue %}dług{% else %}nic{% endif %}", "nic"),
        ("{% if customer.town == 'Zdrój' and not customer.overdue %}tak{% endif %}", "tak"),
        ("{% if customer.overdue %}a{% elif customer.town != 'Zdrój' %}b{% else %}c{% endif %}", "c"),
        ("{{ customer.name|upper }}", "ANNA ŻÓŁĆ"),
        ("{# dla nas #}50% taniej, 5 { i }", "50% taniej, 5 { i }"),
    ],
)
def test_known_values_and_conditions_pass(source, text):
    assert check_text(source, field="f") == []
    assert render_text(source, VALUES) == text


@pytest.mark.parametrize(
    ("source", "reason", "line"),
    [
        ("a\n{% for x in customer.name %}{{ x }}{% endfor %}", "TEMPLATE_LOOP", 2),
        ("{{ customer.__class__ }}", "TEMPLATE_ATTRIBUTE", 1),
        ("a\nb\n{{ customer.name.__class__.__mro__ }}", "TEMPLATE_ATTRIBUTE", 3),
        ("{{ customer['name'] }}", "TEMPLATE_ATTRIBUTE", 1),
        ("{{ ''.__class__ }}", "TEMPLATE_ATTRIBUTE", 1),
        ("{{ customer.name.upper() }}", "TEMPLATE_CALL", 1),
        ("{{ range(10) }}", "TEMPLATE_CALL", 1),
        ("{% macro a() %}{% endmacro %}", "TEMPLATE_CALL", 1),
        ("{{ customer.pesel }}", "TEMPLATE_UNKNOWN_NAME", 1),
        ("{{ lipsum }}", "TEMPLATE_UNKNOWN_NAME", 1),
        ("{{ self }}", "TEMPLATE_UNKNOWN_NAME", 1),
        ("{{ customer.name|attr('x') }}", "TEMPLATE_FILTER", 1),
        ("{{ customer.name|center(9) }}", "TEMPLATE_FILTER", 1),
        ("{% include 'mail.html' %}", "TEMPLATE_STATEMENT", 1),
        ("{% set a = 'b' %}", "TEMPLATE_STATEMENT", 1),
        ("{{ 'a' * 1000000000 }}", "TEMPLATE_STATEMENT", 1),
        ("{{ 9 ** 9 ** 9 ** 9 }}", "TEMPLATE_STATEMENT", 1),
        ("ok\n{% if customer.name %}", "TEMPLATE_SYNTAX", 2),
        ("{{ " + "(" * 9_000, "TEMPLATE_TOO_COMPLEX", 1),
        ("{{ customer.name }}" * 300, "TEMPLATE_TOO_COMPLEX", 1),
        ("{% if customer.name %}" * 20 + "{% endif %}" * 20, "TEMPLATE_TOO_COMPLEX", 1),
    ],
)
def test_anything_else_is_refused_with_its_line(source, reason, line):
    [fault] = check_text(source, field="texts[pl].email")
    assert (fault.field, fault.reason) == ("texts[pl].email", reason)
    assert fault.description.split()[0] == str(line)
    assert len(fault.description) < 60


def test_where_everybody_reads_the_same_nothing_is_said_of_a_customer():
    assert check_text("{{ provider.name }}", field="f", personal=False) == []
    [fault] = check_text("{% if customer.overdue %}a{% endif %}", field="f", personal=False)
    assert fault.reason == "TEMPLATE_PERSONAL"
    assert is_personal("{{ customer.name }}")
    assert not is_personal("{{ provider.name }}")


def test_a_value_is_cut_and_never_read_as_a_template():
    values = {"customer": {"name": "{{ provider.name }}" + "x" * 1_000}, "provider": {"name": "W"}}
    text = render_text("{{ customer.name }}", values)
    assert text.startswith("{{ provider.name }}xx")
    assert len(text) == VALUE_LENGTH_MAX
