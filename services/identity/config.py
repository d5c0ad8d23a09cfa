"""The knobs of identity."""

from datetime import timedelta

from pydantic import Field

from chassis.config import PartConfig
from services.identity.domain.limits import CallerKind
from services.identity.domain.standing import Lifetimes
from services.identity.storage.sessions import Realm


class IdentityConfig(PartConfig):
    """What an operator may want to turn; the defaults suit production."""

    part: str = Field(default="identity", description="The name of this part.")
    argon2_time_cost: int = Field(
        default=2, ge=1, le=20, description="Passes of argon2id; a raised one is taken up at the next log-in."
    )
    argon2_memory_kib: int = Field(
        default=19 * 1024, ge=8, le=1024 * 1024, description="Memory of argon2id for each hash, in KiB."
    )
    argon2_parallelism: int = Field(default=1, ge=1, le=16, description="Lanes of argon2id.")
    hashes_at_once: int = Field(
        default=2, ge=1, le=64, description="Passwords hashed at the same time; about one for each core."
    )
    hashes_waiting: int = Field(
        default=6,
        ge=0,
        le=1000,
        description="Log-ins that may wait for a hash; keep it below rpc_threads, or a flood stops everything.",
    )
    portal_session_hours: float = Field(
        default=12, gt=0, le=720, description="A customer's session ends at the latest after this long."
    )
    portal_idle_minutes: float = Field(
        default=30, ge=2, le=10080, description="A customer's session ends after this long without a page."
    )
    console_session_hours: float = Field(
        default=10, gt=0, le=24, description="A staff member's session ends at the latest after this long."
    )
    console_idle_minutes: float = Field(
        default=30, ge=2, le=1440, description="A staff member's session ends after this long without a page."
    )
    sessions_kept_days: int = Field(
        default=30, ge=0, le=365, description="How long ended sessions are kept, with address and browser."
    )
    unconfirmed_kept_days: int = Field(
        default=7, ge=2, le=90, description="How long registrations are kept that nobody confirmed."
    )
    leaked_passwords_url: str = Field(
        default="https://api.pwnedpasswords.com",
        description="Where new passwords are looked up among leaked ones, five digits of a hash each; empty: nowhere.",
    )
    leaked_passwords_timeout_s: float = Field(
        default=2,
        gt=0,
        le=10,
        description="How long a new password waits for that; then it is taken without.",
    )

    client_calls_a_minute: int = Field(
        default=600, ge=1, le=1_000_000, description="Requests an API client may make over REST in a minute."
    )
    personal_calls_a_minute: int = Field(
        default=60,
        ge=1,
        le=1_000_000,
        description="Requests a customer's personal token may make in a minute.",
    )
    address_calls_a_minute: int = Field(
        default=120,
        ge=1,
        le=1_000_000,
        description="Requests without a token that one address may make of the REST API in a minute.",
    )

    @property
    def calls_a_minute(self) -> dict[CallerKind, int]:
        """How many requests each kind of caller may make."""
        return {
            CallerKind.CLIENT: self.client_calls_a_minute,
            CallerKind.PERSONAL_TOKEN: self.personal_calls_a_minute,
            CallerKind.ADDRESS: self.address_calls_a_minute,
        }

    @property
    def hashing(self) -> dict[str, int]:
        """How passwords are hashed."""
        return {
            "time_cost": self.argon2_time_cost,
            "memory_kib": self.argon2_memory_kib,
            "parallelism": self.argon2_parallelism,
            "at_once": self.hashes_at_once,
            "waiting_max": self.hashes_waiting,
        }

    @property
    def lifetimes(self) -> dict[Realm, Lifetimes]:
        """How long sessions last, by door."""
        return {
            Realm.PORTAL: Lifetimes(
                timedelta(hours=self.portal_session_hours), timedelta(minutes=self.portal_idle_minutes)
            ),
            Realm.CONSOLE: Lifetimes(
                timedelta(hours=self.console_session_hours), timedelta(minutes=self.console_idle_minutes)
            ),
        }
