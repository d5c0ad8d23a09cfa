"""The door for the provider's people."""

from datetime import datetime

from ebok.identity.v1 import staff_pb2 as pb
from ebok.identity.v1 import staff_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.api import recording
from services.identity.domain import staff
from services.identity.storage import factors as stored_factors
from services.identity.storage import staff as stored
from services.identity.storage.staff import StaffMember

STAFF_MAX = 500


class StaffService(rpc.StaffServiceServicer):
    """Front door for staff: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListStaff(self, request: pb.ListStaffRequest, context: Context) -> pb.ListStaffResponse:
        """Everybody by name."""
        with self._database.reading() as session:
            found = stored.list_staff(session, limit=STAFF_MAX)
            since = stored_factors.list_enrolled(session, [one.staff_id for one in found])
        return pb.ListStaffResponse(staff=[_pack(one, since.get(one.staff_id)) for one in found])

    def ChangeStaff(self, request: pb.ChangeStaffRequest, context: Context) -> pb.ChangeStaffResponse:
        """Other roles, another area."""
        with self._database.transaction() as session:
            changed = staff.change(
                session,
                wire.unpack_id(request.staff_id, field="staff_id"),
                roles=request.roles,
                towns=request.towns,
                commodities=request.commodities,
                version=request.version,
                by=context.actor,
                now=self._clock.now(),
            )
            since = stored_factors.list_enrolled(session, [changed.staff_id])
            return pb.ChangeStaffResponse(colleague=_pack(changed, since.get(changed.staff_id)))

    def ResetFactor(self, request: pb.ResetFactorRequest, context: Context) -> pb.ResetFactorResponse:
        """A colleague has lost app and codes."""
        staff_id = wire.unpack_id(request.staff_id, field="staff_id")
        with self._database.transaction() as session:
            if not staff.reset_factor(session, staff_id, by=context.actor, now=self._clock.now()):
                recording.nothing_happened()
        return pb.ResetFactorResponse()


def _pack(member: StaffMember, totp_since: datetime | None) -> pb.Colleague:
    return pb.Colleague(
        staff_id=wire.pack_id(member.staff_id),
        email=member.email,
        name=member.name,
        roles=member.roles,
        towns=member.towns,
        commodities=member.commodities,
        added_at=wire.pack_instant(member.added_at),
        last_login_at=wire.pack_optional_instant(member.last_login_at),
        version=member.version,
        totp_since=wire.pack_optional_instant(totp_since),
    )
