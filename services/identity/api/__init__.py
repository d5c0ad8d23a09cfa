"""The doors of identity: a noun each."""

from typing import Any

from chassis import keys
from chassis.app import Runtime
from chassis.rpc.access import ActorTokens
from chassis.rpc.server import Service
from services.identity.api import audit, grants, roles, sessions, settings, staff, users
from services.identity.api.sealed import sealer_for
from services.identity.api.tokens import RememberedTokens
from services.identity.clients.billing import BillingCustomers


def doors(runtime: Runtime) -> list[Service]:
    """All of them, made of what the process has."""
    database, clock, config = runtime.database, runtime.clock, runtime.config
    hasher: Any = runtime.resources["hasher"]
    signer = keys.load_signer(config.part, config.private_key_path)
    tokens = RememberedTokens(ActorTokens(signer, clock), clock)
    user_door = users.UserService(database, clock, hasher=hasher, seal=sealer_for("notify", config.keys_dir))
    knobs: Any = {"hasher": hasher, "tokens": tokens, "lifetimes": config.lifetimes}
    session_door = sessions.SessionService(database, clock, **knobs)
    grant_door = grants.GrantService(database, clock, billing=BillingCustomers(runtime.channel("billing")))
    return [
        (users.rpc.add_UserServiceServicer_to_server, user_door),
        (sessions.rpc.add_SessionServiceServicer_to_server, session_door),
        (grants.rpc.add_GrantServiceServicer_to_server, grant_door),
        (audit.rpc.add_AuditServiceServicer_to_server, audit.AuditService(database)),
        (roles.rpc.add_RoleServiceServicer_to_server, roles.RoleService(database, clock)),
        (staff.rpc.add_StaffServiceServicer_to_server, staff.StaffService(database, clock)),
        (settings.rpc.add_SettingsServiceServicer_to_server, settings.SettingsService(database)),
    ]
