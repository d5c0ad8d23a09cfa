"""The door for roles."""

from ebok.identity.v1 import roles_pb2 as pb
from ebok.identity.v1 import roles_pb2_grpc as rpc

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.domain import permissions, roles
from services.identity.domain.roles import ListedRole


class RoleService(rpc.RoleServiceServicer):
    """Front door for roles: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListRoles(self, request: pb.ListRolesRequest, context: Context) -> pb.ListRolesResponse:
        """All roles and all permissions."""
        with self._database.reading() as session:
            found = roles.list_all(session)
        return pb.ListRolesResponse(
            roles=[_pack(one) for one in found], permissions=sorted(permissions.OF_STAFF)
        )

    def SaveRole(self, request: pb.SaveRoleRequest, context: Context) -> pb.SaveRoleResponse:
        """Make a role or change one."""
        wanted = request.role
        with self._database.transaction() as session:
            saved = roles.save(
                session,
                wanted.key,
                name=wanted.name.strip(),
                allowed=wanted.permissions,
                version=wanted.version,
                by=context.actor,
                now=self._clock.now(),
            )
            acts.name_subject(saved.key)
        return pb.SaveRoleResponse(role=_pack(saved))

    def DeleteRole(self, request: pb.DeleteRoleRequest, context: Context) -> pb.DeleteRoleResponse:
        """Take a role away."""
        with self._database.transaction() as session:
            roles.delete(session, request.key, by=context.actor, now=self._clock.now())
            acts.name_subject(request.key)
        return pb.DeleteRoleResponse()


def _pack(role: ListedRole) -> pb.Role:
    return pb.Role(
        key=role.key,
        name=role.name,
        permissions=role.permissions,
        is_own=role.is_own,
        is_fixed=role.is_fixed,
        is_changed=role.is_changed,
        staff_count=role.staff_count,
        version=role.version,
        changed_by=role.changed_by,
        changed_at=wire.pack_optional_instant(role.changed_at),
    )
