"""A clerk limited to a town, or to a commodity: every RPC for staff, generated from the protos.

Whatever names a customer elsewhere is refused, whatever names nobody in particular is refused unless its proto says
that it keeps to areas by itself, and what those answer has nothing of anybody elsewhere in it.
"""

from typing import Any

import pytest
from ebok.common.v1 import access_pb2

from chassis.actors import Actor, ActorKind, Area
from chassis.errors import Invalid, NotFound, OutsideArea, PermissionDenied, Refusal
from chassis.testing import cast
from tests.security.methods import Method, all_methods, sound_request

OF_STAFF = [method for method in all_methods() if method.lets_in(access_pb2.AUDIENCE_STAFF)]
ELSEWHERE = [Area(towns=frozenset({"Lipowiec"})), Area(commodities=frozenset({"electricity"}))]
COUNTS = {"page", "counts", "stuck_count"}  # What a list says when nothing is in it.


def names_customer(method: Method) -> bool:
    return "customer_id" in method.request_class.DESCRIPTOR.fields_by_name


def keeps(method: Method, rule: int) -> bool:
    return method.access.area == rule


@pytest.fixture(params=ELSEWHERE, ids=["town", "commodity"])
def ask(request, persona, whole) -> Any:
    """`ask(method, values)` as Daria, who works elsewhere: the answer or the refusal."""
    daria = persona(Actor(ActorKind.STAFF, str(cast.DARIA_STAFF), "Daria", area=request.param))

    def asked(method: Method, values: dict[str, str]) -> Any:
        try:
            return method.call(
                whole.stub(method.part, method.stub_class, daria), sound_request(method, values)
            )
        except Refusal as refusal:
            return refusal

    return asked


def test_there_are_methods_of_each_kind():
    rules = {method.access.area for method in OF_STAFF}
    assert rules == {
        access_pb2.AREA_RULE_UNSPECIFIED,
        access_pb2.AREA_RULE_FILTERED,
        access_pb2.AREA_RULE_OPEN,
    }


def test_what_names_a_customer_elsewhere_is_refused(ask):
    asked = [method for method in OF_STAFF if names_customer(method)]
    answers = {str(method): ask(method, {"customer_id": str(cast.ANNA_CUSTOMER)}) for method in asked}
    assert {
        name: answer
        for name, answer in answers.items()
        if getattr(answer, "reason", "") != OutsideArea.reason
    } == {}
    assert len(answers) > 20


def test_what_names_nobody_and_keeps_to_no_area_is_refused(ask):
    asked = [
        method
        for method in OF_STAFF
        if not names_customer(method) and keeps(method, access_pb2.AREA_RULE_UNSPECIFIED)
    ]
    answers = {str(method): ask(method, {}) for method in asked}
    assert {
        name: answer
        for name, answer in answers.items()
        if getattr(answer, "reason", "") != OutsideArea.reason
    } == {}
    assert len(answers) > 40


def test_what_keeps_to_areas_by_itself_tells_nothing_of_elsewhere(ask):
    """With ids that nobody has: no bug, no word on whether they exist, and empty lists."""
    told = {}
    for method in (one for one in OF_STAFF if keeps(one, access_pb2.AREA_RULE_FILTERED)):
        answer = ask(method, {})
        if isinstance(answer, PermissionDenied | NotFound | Invalid):
            continue
        for one in answer if isinstance(answer, list) else [answer]:
            said = {"refusal": one} if isinstance(one, Refusal) else dict(one.ListFields())
            if {getattr(field, "name", field) for field in said} - COUNTS:
                told[str(method)] = one
    assert told == {}
