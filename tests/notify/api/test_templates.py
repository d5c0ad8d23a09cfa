"""Templates through their door: kept, changed, taken away; what may not be written."""

from typing import Any

import pytest
from ebok.notify.v1 import templates_pb2 as pb
from ebok.notify.v1.templates_pb2_grpc import TemplateServiceStub

from chassis.errors import Conflict, Invalid, NotFound, PermissionDenied
from chassis.ids import new_id

LETTER = pb.Text(language="pl", subject="Dzień dobry {{ customer.name }}", email="Treść")


@pytest.fixture
def desk(served, as_edward) -> Any:
    return served.stub(TemplateServiceStub, as_edward)


def template(*texts: pb.Text, **fields: Any) -> pb.Template:
    values = {"template_id": str(new_id()), "name": "Przerwa", "texts": texts or [LETTER]} | fields
    return pb.Template(**values)


def save(desk, wanted):
    return desk.SaveTemplate(pb.SaveTemplateRequest(template=wanted)).template


@pytest.mark.repeats("TemplateService/SaveTemplate")
def test_a_template_is_kept_once_and_changed_by_who_saw_it(desk):
    wanted = template()
    first = save(desk, wanted)
    assert save(desk, wanted) == first
    assert (first.version, first.written_by) == (1, "Edward")

    first.name = "Przerwa w wodzie"
    changed = save(desk, first)
    assert changed.version == 2
    first.name = "Inaczej"
    with pytest.raises(Conflict) as refused:
        save(desk, first)
    assert refused.value.reason == "TEMPLATE_CHANGED"
    asked = pb.GetTemplateRequest(template_id=changed.template_id)
    assert desk.GetTemplate(asked).template == changed


def test_a_name_is_taken_once(desk):
    save(desk, template())
    with pytest.raises(Conflict) as refused:
        save(desk, template())
    assert refused.value.reason == "TEMPLATE_NAME_TAKEN"


def test_templates_are_listed_by_name(desk):
    for name in ("C", "A", "B"):
        save(desk, template(name=name))
    found = desk.ListTemplates(pb.ListTemplatesRequest()).templates
    assert [one.name for one in found] == ["A", "B", "C"]


@pytest.mark.repeats("TemplateService/RemoveTemplate")
def test_a_template_is_taken_away(desk):
    kept = save(desk, template())
    wanted = pb.RemoveTemplateRequest(template_id=kept.template_id)
    desk.RemoveTemplate(wanted)
    with pytest.raises(NotFound):
        desk.RemoveTemplate(wanted)
    with pytest.raises(NotFound):
        desk.GetTemplate(pb.GetTemplateRequest(template_id=kept.template_id))


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        (pb.Text(language="pl", subject="s", email="{% for x in y %}{% endfor %}"), "email", "TEMPLATE_LOOP"),
        (
            pb.Text(language="pl", subject="{{ customer.__class__ }}", email="e"),
            "subject",
            "TEMPLATE_ATTRIBUTE",
        ),
        (pb.Text(language="pl", sms="{{ open('x') }}"), "sms", "TEMPLATE_CALL"),
        (
            pb.Text(language="pl", portal_title="t", portal="{{ customer.name }}"),
            "portal",
            "TEMPLATE_PERSONAL",
        ),
        (pb.Text(language="pl", email="bez tematu"), "subject", "REQUIRED"),
    ],
)
def test_a_text_that_cannot_be_is_refused_where_it_stands(desk, text, field, reason):
    with pytest.raises(Invalid) as refused:
        save(desk, template(text))
    [violation] = refused.value.violations
    assert (violation.field, violation.reason) == (f"template.texts[pl].{field}", reason)


@pytest.mark.parametrize("subject", ["Dobry\r\nBcc: ktos@poczta.example", "Dobry\nX: y", "Dobry\x00"])
def test_a_subject_with_a_line_break_is_refused(desk, subject):
    with pytest.raises(Invalid) as refused:
        save(desk, template(pb.Text(language="pl", subject=subject, email="e")))
    assert [one.reason for one in refused.value.violations] == ["MALFORMED"]


def test_a_language_twice_or_no_text_is_refused(desk):
    with pytest.raises(Invalid) as refused:
        save(desk, template(LETTER, LETTER))
    assert [one.reason for one in refused.value.violations] == ["MALFORMED"]
    with pytest.raises(Invalid) as refused:
        save(desk, template(pb.Text(language="pl")))
    assert [(one.field, one.reason) for one in refused.value.violations] == [("template.texts", "REQUIRED")]


def test_only_who_may_writes_templates(served, as_daria, as_anna):
    clerk = served.stub(TemplateServiceStub, as_daria.without("notify.templates.change"))
    with pytest.raises(PermissionDenied):
        save(clerk, template())
    with pytest.raises(PermissionDenied):
        served.stub(TemplateServiceStub, as_anna).ListTemplates(pb.ListTemplatesRequest())
