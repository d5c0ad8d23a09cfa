"""The identity service: users, sessions, staff, grants, audit log, settings."""

from pathlib import Path

from chassis import areas
from chassis.app import Part, Runtime
from services.identity import api, inbox, jobs
from services.identity.clients.leaked_passwords import RangeApi
from services.identity.config import IdentityConfig
from services.identity.domain.passwords import Passwords
from services.identity.storage.areas import CustomerArea


def resources(runtime: Runtime) -> dict[str, object]:
    """One hasher for the whole process, as the bound on hashes at once is the process's; who knows leaked passwords."""
    words = ("password_hashes_total", "Passwords hashed, checked, turned away", "outcome")
    work = runtime.metrics.counter(*words)
    hasher = Passwords(**runtime.config.hashing, note=lambda outcome: work.labels(outcome).inc())
    return {"hasher": hasher, "leaked": leaked_passwords(runtime.config)}


def leaked_passwords(config: IdentityConfig) -> RangeApi | None:
    """None where the operator wants nobody to be asked."""
    url, timeout_s = config.leaked_passwords_url, config.leaked_passwords_timeout_s
    return RangeApi(url, timeout_s=timeout_s) if url else None


part = Part(
    "identity",
    IdentityConfig,
    migrations=Path(__file__).parent / "storage" / "migrations",
    services=api.doors,
    handlers=inbox.handlers,
    jobs=jobs.jobs,
    resources=resources,
    areas=areas.guard(CustomerArea),
)

if __name__ == "__main__":
    part.main()
