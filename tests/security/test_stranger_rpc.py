"""Nobody gets what is not theirs: every RPC of the protos, by itself, called by all who should not.

The list comes from the protos' access options, so a new RPC is covered the day it is written. A customer's RPC that
names a further thing by an id the sample lacks fails here until `annas` has one.
"""

from typing import Any

import pytest
from ebok.common.v1 import access_pb2
from google.protobuf.message import Message

from chassis.errors import FailedPrecondition, NotFound, PermissionDenied, Refusal, Unauthenticated
from chassis.testing import cast
from tests.security.methods import Method, all_methods, sound_request

METHODS = all_methods()
# After giving the access up one is a stranger: that comes last.
OF_CUSTOMERS = sorted(
    (method for method in METHODS if method.lets_in(access_pb2.AUDIENCE_CUSTOMER)),
    key=lambda method: method.name == "GiveUpGrant",
)
SERVED = ("identity", "billing", "notify", "payments", "tickets")
NOT_IDS_OF_THINGS = {"customer_id", "request_id", "import_id", "run_id"}


def refused(whole: Any, method: Method, persona: Any, request: Message, *kinds: type[Refusal]) -> Refusal:
    """The refusal of a call that must be refused in one of these ways."""
    part = method.part if method.part != "common" else "notify"
    with pytest.raises(kinds) as caught:
        method.call(whole.stub(part, method.stub_class, persona), request)
    return caught.value


def test_the_protos_were_found():
    assert len(METHODS) > 40
    assert len(OF_CUSTOMERS) >= 12
    assert {method.part for method in METHODS} == {*SERVED, "common"}


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_a_method_says_who_may_call_it(method):
    access = method.access
    assert access.audiences
    assert access_pb2.AUDIENCE_UNSPECIFIED not in access.audiences
    person = {access_pb2.AUDIENCE_USER, access_pb2.AUDIENCE_CUSTOMER, access_pb2.AUDIENCE_STAFF} & set(
        access.audiences
    )
    others = person | (
        {access_pb2.AUDIENCE_CLIENT} & set(access.audiences) if not access.client_permission else set()
    )
    assert bool(access.permission) == bool(others), "a permission exactly where people or clients are let in"
    assert not access.client_permission or method.lets_in(access_pb2.AUDIENCE_CLIENT)
    assert bool(access.systems) == method.lets_in(access_pb2.AUDIENCE_SYSTEM)


def test_without_a_token_nothing_but_the_public_answers(whole):
    for method in METHODS:
        if not method.lets_in(access_pb2.AUDIENCE_PUBLIC):
            refused(whole, method, None, sound_request(method, {}), Unauthenticated)


def test_somebody_logged_in_without_a_customer_gets_no_customers_data(whole, as_celina):
    user = as_celina.without_customer().allowed(*cast.declared_permissions(as_celina.actor.kind))
    for method in OF_CUSTOMERS:
        refused(
            whole,
            method,
            user,
            sound_request(method, {"customer_id": str(cast.CELINA_CUSTOMER)}),
            PermissionDenied,
        )


def test_customers_and_users_are_not_let_into_staffs_and_systems_methods(whole, as_celina):
    people = {access_pb2.AUDIENCE_PUBLIC, access_pb2.AUDIENCE_USER, access_pb2.AUDIENCE_CUSTOMER}
    everything = {method.access.permission for method in METHODS if method.access.permission}
    mighty = as_celina.allowed(*everything)
    for method in METHODS:
        if not people & set(method.access.audiences):
            values = {"customer_id": str(cast.CELINA_CUSTOMER)} if "customer_id" in _names(method) else {}
            refused(whole, method, mighty, sound_request(method, values), PermissionDenied)


def test_staff_without_the_permission_are_refused(whole, as_daria):
    for method in METHODS:
        if method.lets_in(access_pb2.AUDIENCE_STAFF):
            without = as_daria.without(method.access.permission)
            refused(whole, method, without, sound_request(method, {}), PermissionDenied)


def test_another_part_is_let_in_only_where_it_is_named(whole, as_system):
    parts = {"gateway", "identity", "billing", "notify", "payments", "tickets", "connector", "demo"}
    for method in METHODS:
        if method.lets_in(access_pb2.AUDIENCE_PUBLIC):
            continue
        for part in sorted(parts - set(method.access.systems)):
            refused(whole, method, as_system(part), sound_request(method, {}), PermissionDenied)


def test_another_system_is_let_in_only_where_clients_are_named(whole, as_client):
    everything = {method.access.permission for method in METHODS}
    mighty = as_client.allowed(*everything, *(method.access.client_permission for method in METHODS))
    refused_ones = 0
    for method in METHODS:
        if not {access_pb2.AUDIENCE_PUBLIC, access_pb2.AUDIENCE_CLIENT} & set(method.access.audiences):
            refused(whole, method, mighty, sound_request(method, {}), PermissionDenied)
            refused_ones += 1
    assert refused_ones > 60


def test_another_system_without_the_scope_is_refused(whole, as_client):
    let_in = [method for method in METHODS if method.lets_in(access_pb2.AUDIENCE_CLIENT)]
    assert len(let_in) > 50
    for method in let_in:
        access = method.access
        without = as_client.without(access.client_permission or access.permission)
        refused(whole, method, without, sound_request(method, {}), PermissionDenied)


def test_what_another_system_reads_and_changes_is_recorded_under_its_name(whole, annas, as_client):
    from ebok.common.v1 import acts_pb2

    from chassis.testing.served import announced_in

    asked = set()
    for method in METHODS:
        if method.lets_in(access_pb2.AUDIENCE_CLIENT) and method.access.audit == access_pb2.AUDIT_READ:
            values = {"customer_id": annas["customer_id"], **_things_there(method, annas)}
            if refusal_of(whole, method, as_client, sound_request(method, values)) is None:
                asked.add(f"{method.service}/{method.name}")
    told = [
        act
        for served in whole.parts.values()
        for act in announced_in(served.database, acts_pb2.ActRecorded)
        if act.actor_kind == "client"
    ]
    assert len(asked) > 20
    assert {act.act for act in told if not act.changed} == asked
    assert {(act.actor_id, act.actor_name) for act in told} == {(str(cast.API_CLIENT), cast.API_CLIENT_NAME)}


def test_celina_naming_anna_as_the_customer_is_refused_in_the_same_words_as_for_nobody(
    whole, annas, as_celina
):
    for method in OF_CUSTOMERS:
        things = _things(method, annas)
        anna = sound_request(method, {"customer_id": annas["customer_id"], **things})
        nobody = sound_request(method, {"customer_id": "01930000-0000-7000-8000-00000000ffff", **things})
        told = [
            (refusal.reason, str(refusal), dict(refusal.metadata))
            for refusal in (
                refused(whole, method, as_celina, request, PermissionDenied) for request in (anna, nobody)
            )
        ]
        assert told[0] == told[1], str(method)


def test_celina_naming_annas_things_under_her_own_name_finds_nothing(whole, annas, as_celina):
    not_found = 0
    for method in OF_CUSTOMERS:
        request = sound_request(method, {"customer_id": str(cast.CELINA_CUSTOMER), **_things(method, annas)})
        try:
            answers = method.call(whole.stub(method.part, method.stub_class, as_celina), request)
        except (NotFound, FailedPrecondition) as nothing:
            answers = [nothing, nothing.metadata]
            not_found += 1
        _says_nothing("".join(str(answer) for answer in answers), annas, method)
    assert not_found >= 5


def test_anna_herself_gets_an_answer_from_each(whole, annas, as_anna):
    for method in OF_CUSTOMERS:
        request = sound_request(method, {"customer_id": annas["customer_id"], **_things(method, annas)})
        if hasattr(request, "phone"):
            request.phone = "600 100 200"
        assert method.call(whole.stub(method.part, method.stub_class, as_anna), request), str(method)


def refusal_of(whole: Any, method: Method, persona: Any, request: Message) -> Refusal | None:
    """The refusal of a call, if it was refused."""
    try:
        method.call(whole.stub(method.part, method.stub_class, persona), request)
    except Refusal as refusal:
        return refusal
    return None


def _things_there(method: Method, annas: dict[str, Any]) -> dict[str, Any]:
    """Anna's ids for the fields that the sample has one for."""
    return {name: annas[name] for name in _names(method) & set(annas)}


def _names(method: Method) -> set[str]:
    return {field.name for field in method.request_class.DESCRIPTOR.fields}


def _things(method: Method, annas: dict[str, Any]) -> dict[str, Any]:
    """Anna's ids for every field that names a thing by an id; a method may want another thing than the rest."""
    wanted = {
        name for name in _names(method) if name.endswith(("_id", "_ids")) and name not in NOT_IDS_OF_THINGS
    }
    lacking = wanted - set(annas)
    assert not lacking, f"{method}: give `annas` a sample of {', '.join(lacking)}"
    own = annas | annas.get(str(method), {})
    return {
        name: own[name]
        for name in wanted | (_names(method) & {"provider", "value", "file_name", "chunk", "ends_on"})
    }


def _says_nothing(text: str, annas: dict[str, Any], method: Method) -> None:
    for secret in annas["secrets"]:
        assert secret not in text, f"{method} told Celina {secret}"
