"""The one table of permissions, against what the protos ask."""

import importlib
import pkgutil
from itertools import pairwise

import ebok
from ebok.common.v1 import access_pb2

from services.identity.domain import permissions, scopes
from services.identity.storage.grants import GivenBy, Scope
from tests.security.methods import all_methods


def declared() -> dict[str, set[int]]:
    """Every permission the protos name, with the audiences of its methods."""
    found: dict[str, set[int]] = {}
    for module in pkgutil.walk_packages(ebok.__path__, "ebok."):
        if not module.name.endswith("_pb2"):
            continue
        descriptor = importlib.import_module(module.name).DESCRIPTOR
        for service in descriptor.services_by_name.values():
            for method in service.methods:
                access = method.GetOptions().Extensions[access_pb2.access]
                if access.permission:
                    found.setdefault(access.permission, set()).update(access.audiences)
                if access.client_permission:
                    found.setdefault(access.client_permission, set()).add(access_pb2.AUDIENCE_CLIENT)
    return found


def test_every_permission_that_is_asked_for_is_somebodys():
    of_users = permissions.of_user(Scope.MANAGE, GivenBy.PROOF)
    of_staff = permissions.of_staff(permissions.OWN_ROLES, {})
    for permission, audiences in declared().items():
        if audiences & {access_pb2.AUDIENCE_USER, access_pb2.AUDIENCE_CUSTOMER}:
            assert permission in of_users, permission
        if access_pb2.AUDIENCE_STAFF in audiences:
            assert permission in of_staff, permission


def test_every_permission_of_the_table_is_asked_for():
    everything = permissions.of_user(Scope.MANAGE, GivenBy.PROOF) | permissions.of_staff(
        permissions.OWN_ROLES, {}
    )
    assert everything <= set(declared()) | permissions.OF_TRANSITIONS


def asked_of_clients() -> set[str]:
    """What the protos ask of API clients."""
    found = set()
    for module in pkgutil.walk_packages(ebok.__path__, "ebok."):
        if module.name.endswith("_pb2"):
            for service in importlib.import_module(module.name).DESCRIPTOR.services_by_name.values():
                options = [method.GetOptions().Extensions[access_pb2.access] for method in service.methods]
                found |= {
                    one.client_permission or one.permission
                    for one in options
                    if access_pb2.AUDIENCE_CLIENT in one.audiences
                }
    return found


def test_the_scopes_of_clients_are_what_the_protos_ask_of_them():
    assert frozenset().union(*scopes.OF_CLIENTS.values()) == asked_of_clients()


def test_a_scope_that_reads_changes_nothing():
    changing = {
        access.client_permission or access.permission
        for method in all_methods()
        if (access := method.access).audit == access_pb2.AUDIT_CHANGE
        and access_pb2.AUDIENCE_CLIENT in access.audiences
    }
    for name, allowed in scopes.OF_CLIENTS.items():
        if name.endswith(":read"):
            assert not allowed & changing, name


def test_a_personal_token_reads_within_its_owners_grant():
    for name, allowed in scopes.OF_PERSONAL_TOKENS.items():
        for scope in Scope:
            assert scopes.of_personal_token([name], scope) == allowed <= permissions.OF_SCOPE[scope]
    assert scopes.of_personal_token(["everything"], Scope.MANAGE) == frozenset()


def test_each_scope_contains_the_one_before():
    delegate, owner = GivenBy.INVITATION, GivenBy.PROOF
    of_scope = [permissions.of_user(scope, delegate) for scope in (Scope.VIEW, Scope.PAY, Scope.MANAGE)]
    grown = [permissions.EVERY_USER, *of_scope, permissions.of_user(Scope.MANAGE, owner)]
    assert all(less < more for less, more in pairwise(grown))


def test_no_scope_lets_a_delegate_say_who_else_has_access():
    for scope in Scope:
        assert not permissions.of_user(scope, GivenBy.INVITATION) & permissions.OF_OWNER


def test_no_user_has_what_only_staff_is_asked_for():
    staff_only = {
        permission for permission, audiences in declared().items() if audiences == {access_pb2.AUDIENCE_STAFF}
    }
    assert not permissions.of_user(Scope.MANAGE, GivenBy.PROOF) & staff_only


def test_clerk_neither_issues_nor_publishes_nor_reads_the_log():
    clerk = permissions.of_staff(["clerk"], {})
    assert not clerk & {"billing.runs.issue", "billing.tariffs.publish", "identity.audit.read"}
    assert permissions.of_staff(["clerk", "manager"], {}) == permissions.of_staff(["manager"], {})
