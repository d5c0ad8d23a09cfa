"""Roles as sets of permissions, who has them and where they work, through gRPC."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from ebok.identity.v1 import roles_pb2 as pb
from ebok.identity.v1 import sessions_pb2, staff_pb2
from ebok.identity.v1.events_pb2 import AccessRevoked
from ebok.identity.v1.roles_pb2_grpc import RoleServiceStub
from ebok.identity.v1.staff_pb2_grpc import StaffServiceStub

from chassis import errors, revocations
from chassis.rpc.client import as_actor
from chassis.testing import cast
from chassis.testing.cast import EDWARD_STAFF
from services.identity.domain import permissions
from services.identity.storage.staff import Role

PASSWORD = "turbina nad jeziorem"


class Office:
    """Staff of the provider and who manages them."""

    def __init__(self, served: Any, edward: Any, identity: Any, directory: Any) -> None:
        self.served, self.identity, self._directory = served, identity, directory
        self.roles = served.stub(RoleServiceStub, edward)
        self.staff = served.stub(StaffServiceStub, edward)

    def add(self, name: str, role: str) -> str:
        file = self._directory / f"{name}.password"
        file.write_text(PASSWORD)
        email = f"{name.lower()}@wodociagi-zdroj.example"
        self.served.run_job("staff.add", email=email, name=name, role=role, password_file=str(file))
        return next(one.staff_id for one in self.everybody() if one.email == email)

    def everybody(self) -> Any:
        return self.staff.ListStaff(staff_pb2.ListStaffRequest()).staff

    def one(self, staff_id: str) -> staff_pb2.Colleague:
        return next(one for one in self.everybody() if one.staff_id == staff_id)

    def change(self, staff_id: str, **values: Any) -> staff_pb2.Colleague:
        request = staff_pb2.ChangeStaffRequest(
            staff_id=staff_id, **{"version": self.one(staff_id).version, **values}
        )
        return self.staff.ChangeStaff(request).colleague

    def role(self, key: str) -> pb.Role:
        return next(one for one in self.roles.ListRoles(pb.ListRolesRequest()).roles if one.key == key)

    def save(self, key: str, *allowed: str, name: str = "", version: int | None = None) -> pb.Role:
        known = {one.key: one.version for one in self.roles.ListRoles(pb.ListRolesRequest()).roles}
        begun = known.get(key, 0) if version is None else version
        role = pb.Role(key=key, name=name, permissions=allowed, version=begun)
        return self.roles.SaveRole(pb.SaveRoleRequest(role=role)).role

    def log_in(self, name: str) -> str:
        email = f"{name.lower()}@wodociagi-zdroj.example"
        return self.identity.log_in(email, PASSWORD, realm=sessions_pb2.REALM_CONSOLE)

    def check(self, secret: str) -> sessions_pb2.CheckSessionResponse:
        return self.identity.sessions.CheckSession(
            sessions_pb2.CheckSessionRequest(session_token=secret, realm=sessions_pb2.REALM_CONSOLE)
        )


@pytest.fixture
def office(served, persona, clock, identity, tmp_path) -> Office:
    """Edward has just proven who he is."""
    edward = replace(cast.staff(EDWARD_STAFF, "Edward"), stepped_up_at=clock.now())
    return Office(served, persona(edward), identity, tmp_path)


def test_the_suites_own_roles_are_there_with_what_they_came_with(office):
    answer = office.roles.ListRoles(pb.ListRolesRequest())

    assert [one.key for one in answer.roles] == ["clerk", "manager", "administrator"]
    assert set(answer.permissions) == permissions.OF_STAFF
    clerk, _manager, administrator = answer.roles
    assert "tickets.tickets.work" in clerk.permissions
    assert "identity.staff.manage" not in clerk.permissions
    assert set(administrator.permissions) == permissions.OF_STAFF
    assert administrator.is_fixed
    assert not clerk.is_changed


@pytest.mark.repeats("RoleService/SaveRole")
def test_a_role_made_here_gives_what_it_names_from_the_next_request_on(office):
    made = office.save("cash-desk", "billing.ledger.read", "billing.customers.read", name="Kasa")
    assert office.save("cash-desk", "billing.ledger.read", "billing.customers.read", name="Kasa") == made
    staff_id = office.add("Daria", "clerk")
    secret = office.log_in("Daria")
    assert "tickets.tickets.work" in office.check(secret).staff.permissions

    office.change(staff_id, roles=["cash-desk"])

    assert list(office.check(secret).staff.permissions) == ["billing.customers.read", "billing.ledger.read"]
    assert office.role("cash-desk").staff_count == 1
    office.save("cash-desk", "billing.ledger.read", name="Kasa")
    assert list(office.check(secret).staff.permissions) == ["billing.ledger.read"]


@pytest.mark.repeats("RoleService/DeleteRole")
def test_a_changed_role_of_the_suite_gets_its_first_permissions_back(office):
    changed = office.save("clerk", "billing.customers.read")
    assert changed.is_changed
    assert changed.changed_by == "Edward"

    for _ in range(2):
        office.roles.DeleteRole(pb.DeleteRoleRequest(key="clerk"))

    assert set(office.role("clerk").permissions) == permissions.OF_ROLE[Role.CLERK]


def test_a_role_that_somebody_has_stays(office):
    office.save("cash-desk", "billing.ledger.read", name="Kasa")
    staff_id = office.add("Daria", "clerk")
    office.change(staff_id, roles=["cash-desk"])
    with pytest.raises(errors.FailedPrecondition, match="ROLE_IN_USE"):
        office.roles.DeleteRole(pb.DeleteRoleRequest(key="cash-desk"))


def test_nobody_takes_anything_from_the_administrator(office):
    with pytest.raises(errors.FailedPrecondition, match="ROLE_FIXED"):
        office.save("administrator", "billing.ledger.read")
    with pytest.raises(errors.FailedPrecondition, match="ROLE_FIXED"):
        office.roles.DeleteRole(pb.DeleteRoleRequest(key="administrator"))


@pytest.mark.parametrize("key", ["Kasa", "a b", "-a", "1a", "a--b", "ą"])
def test_a_key_is_lower_case_words(office, key):
    with pytest.raises(errors.Invalid) as refused:
        office.save(key, "billing.ledger.read")
    assert [(one.field, one.reason) for one in refused.value.violations] == [("role.key", "MALFORMED")]


def test_who_gives_rights_has_just_proven_who_they_are(office, served, persona, clock):
    staff_id = office.add("Daria", "clerk")
    office.save("manager", "billing.ledger.read")
    edward = cast.staff(EDWARD_STAFF, "Edward")
    for proven_at in (None, clock.now() - timedelta(minutes=10)):
        late = persona(replace(edward, stepped_up_at=proven_at))
        roles, staff = served.stub(RoleServiceStub, late), served.stub(StaffServiceStub, late)
        role = pb.Role(key="cash-desk", name="Kasa", permissions=["billing.ledger.read"])
        for act, request in (
            (staff.ChangeStaff, staff_pb2.ChangeStaffRequest(staff_id=staff_id, roles=["administrator"])),
            (roles.SaveRole, pb.SaveRoleRequest(role=role)),
            (roles.DeleteRole, pb.DeleteRoleRequest(key="manager")),
        ):
            with pytest.raises(errors.FailedPrecondition, match="STEP_UP_REQUIRED"):
                act(request)
    assert list(office.one(staff_id).roles) == ["clerk"]
    assert [one.key for one in office.roles.ListRoles(pb.ListRolesRequest()).roles if not one.is_own] == []
    assert office.role("manager").is_changed


def test_a_permission_that_is_none_is_refused(office):
    with pytest.raises(errors.Invalid) as refused:
        office.save("cash-desk", "billing.everything.do")
    assert [one.reason for one in refused.value.violations] == ["UNKNOWN_PERMISSION"]


def test_of_two_who_change_a_role_the_slower_is_told(office):
    office.save("cash-desk", "billing.ledger.read", name="Kasa")
    with pytest.raises(errors.Conflict, match="ROLE_CHANGED"):
        office.save("cash-desk", "billing.customers.read", name="Kasa", version=0)


@pytest.mark.repeats("StaffService/ChangeStaff")
def test_a_clerk_is_limited_to_a_town_and_her_token_says_so(office, served, clock):
    staff_id = office.add("Daria", "clerk")
    secret = office.log_in("Daria")
    values = {"roles": ["clerk"], "towns": ["Zdrój"], "commodities": ["water", "sewage"]}
    changed = office.change(staff_id, **values)
    assert office.change(staff_id, **values) == changed
    assert (list(changed.towns), list(changed.commodities)) == (["Zdrój"], ["sewage", "water"])

    from chassis.keys import KeyRing
    from chassis.rpc.tokens import TokenVerifier

    actor = TokenVerifier(KeyRing(served.config.keys_dir), clock).verify(office.check(secret).actor_token)
    assert actor.area.towns == {"Zdrój"}
    assert actor.area.commodities == {"water", "sewage"}


@pytest.mark.parametrize("roles", [["manager"], []])
def test_what_was_given_for_other_roles_is_refused_at_once(office, served, clock, monkeypatch, roles):
    monkeypatch.setattr(revocations, "READ_EVERY_S", 0.0)
    staff_id = office.add("Daria", "administrator")
    token = office.check(office.log_in("Daria")).actor_token
    office.add("Bartek", "administrator")
    hers = served.stub(StaffServiceStub)
    assert hers.ListStaff(staff_pb2.ListStaffRequest(), metadata=as_actor(token))
    clock.advance(timedelta(seconds=1))
    office.change(staff_id, roles=roles)
    with pytest.raises(errors.Unauthenticated):
        hers.ListStaff(staff_pb2.ListStaffRequest(), metadata=as_actor(token))
    assert staff_id in [one.subject_id for one in served.announced(AccessRevoked)]


def test_without_a_role_there_is_no_way_in(office):
    staff_id = office.add("Daria", "clerk")
    secret = office.log_in("Daria")
    office.change(staff_id, roles=[])
    with pytest.raises(errors.Unauthenticated):
        office.check(secret)
    with pytest.raises(errors.Unauthenticated):
        office.log_in("Daria")


def test_the_last_administrator_stays_one(office):
    first = office.add("Edward", "administrator")
    with pytest.raises(errors.FailedPrecondition, match="LAST_ADMINISTRATOR"):
        office.change(first, roles=["manager"])
    with pytest.raises(errors.FailedPrecondition, match="LAST_ADMINISTRATOR"):
        office.change(first, roles=["administrator"], towns=["Zdrój"])

    office.add("Daria", "administrator")
    assert list(office.change(first, roles=["manager"]).roles) == ["manager"]


@pytest.mark.parametrize(
    ("values", "field", "reason"),
    [
        ({"roles": ["boss"]}, "roles", "UNKNOWN"),
        ({"roles": ["clerk"], "commodities": ["gold"]}, "commodities", "NOT_A_CHOICE"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(office, values, field, reason):
    staff_id = office.add("Daria", "clerk")
    with pytest.raises(errors.Invalid) as refused:
        office.change(staff_id, **values)
    assert [(one.field, one.reason) for one in refused.value.violations] == [(field, reason)]


def test_of_two_who_change_somebody_the_slower_is_told(office):
    staff_id = office.add("Daria", "clerk")
    office.change(staff_id, roles=["manager"])
    with pytest.raises(errors.Conflict, match="STAFF_CHANGED"):
        office.change(staff_id, roles=["clerk"], towns=["Zdrój"], version=1)
    with pytest.raises(errors.NotFound, match="STAFF_NOT_FOUND"):
        office.staff.ChangeStaff(staff_pb2.ChangeStaffRequest(staff_id=str(EDWARD_STAFF), roles=["clerk"]))


def test_a_permission_that_the_suite_knows_no_more_is_left_out(office, database, clock):
    office.save("cash-desk", "billing.ledger.read", name="Kasa")
    with database.transaction() as session:
        session.execute(sa.text("UPDATE roles SET permissions = permissions || '{gone.thing.do}'::text[]"))
    staff_id = office.add("Daria", "clerk")
    office.change(staff_id, roles=["cash-desk"])
    clock.advance(timedelta(minutes=1))
    assert list(office.check(office.log_in("Daria")).staff.permissions) == ["billing.ledger.read"]
