"""The identity service: users, sessions, staff, grants, audit log, settings."""

from pathlib import Path
from typing import Any

from chassis import areas, keys
from chassis.app import Part, Runtime
from chassis.rpc.access import ActorTokens
from chassis.rpc.server import Service
from services.identity import inbox, jobs
from services.identity.api import audit, grants, roles, sessions, settings, staff, users
from services.identity.api.sealed import sealer_for
from services.identity.api.tokens import RememberedTokens
from services.identity.clients.billing import BillingCustomers
from services.identity.config import IdentityConfig
from services.identity.domain.passwords import Passwords
from services.identity.storage.areas import CustomerArea


def services(runtime: Runtime) -> list[Service]:
    """The front doors."""
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


def resources(runtime: Runtime) -> dict[str, object]:
    """One hasher for the whole process: the bound on hashes at once is the process's."""
    words = ("password_hashes_total", "Passwords hashed, checked, turned away", "outcome")
    work = runtime.metrics.counter(*words)
    return {"hasher": Passwords(**runtime.config.hashing, note=lambda outcome: work.labels(outcome).inc())}


part = Part(
    "identity",
    IdentityConfig,
    migrations=Path(__file__).parent / "storage" / "migrations",
    services=services,
    handlers=inbox.handlers,
    jobs=jobs.jobs,
    resources=resources,
    areas=areas.guard(CustomerArea),
)

if __name__ == "__main__":
    part.main()
