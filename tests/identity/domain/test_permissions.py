"""The one table of permissions, against what the protos ask."""

import importlib
import pkgutil
from itertools import pairwise

import ebok
from ebok.common.v1 import access_pb2

from services.identity.domain import permissions
from services.identity.storage.grants import Scope


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
    return found


def test_every_permission_that_is_asked_for_is_somebodys():
    of_users = permissions.of_user(Scope.MANAGE)
    of_staff = permissions.of_staff(permissions.OWN_ROLES, {})
    for permission, audiences in declared().items():
        if audiences & {access_pb2.AUDIENCE_USER, access_pb2.AUDIENCE_CUSTOMER}:
            assert permission in of_users, permission
        if access_pb2.AUDIENCE_STAFF in audiences:
            assert permission in of_staff, permission


def test_every_permission_of_the_table_is_asked_for():
    everything = permissions.of_user(Scope.MANAGE) | permissions.of_staff(permissions.OWN_ROLES, {})
    assert everything <= set(declared()) | permissions.OF_TRANSITIONS


def test_each_scope_contains_the_one_before():
    of_scope = [permissions.of_user(scope) for scope in (None, Scope.VIEW, Scope.PAY, Scope.MANAGE)]
    assert all(less <= more for less, more in pairwise(of_scope))


def test_no_user_has_what_only_staff_is_asked_for():
    staff_only = {
        permission for permission, audiences in declared().items() if audiences == {access_pb2.AUDIENCE_STAFF}
    }
    assert not permissions.of_user(Scope.MANAGE) & staff_only


def test_clerk_neither_issues_nor_publishes_nor_reads_the_log():
    clerk = permissions.of_staff(["clerk"], {})
    assert not clerk & {"billing.runs.issue", "billing.tariffs.publish", "identity.audit.read"}
    assert permissions.of_staff(["clerk", "manager"], {}) == permissions.of_staff(["manager"], {})
