"""Identity by itself with one person in it, for figures about log-ins."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import argon2
import psycopg
from ebok.identity.v1 import sessions_pb2

from bench.serving import ROOT, free_port, served
from chassis import database as databases
from chassis.actors import SYSTEM_ACTOR
from chassis.clock import SystemClock
from chassis.ids import new_id
from chassis.keys import generate, load_signer
from chassis.rpc.client import as_actor
from chassis.rpc.tokens import LIFETIME_MAX, ActorTokens
from deploy.local.postgres import EmbeddedPostgres
from services.identity.config import IdentityConfig

EMAIL, PASSWORD = "anna@poczta.example", "zielony rower pod lipą"
MIGRATIONS = ROOT / "services" / "identity" / "storage" / "migrations"
FILL = """
    INSERT INTO users (user_id, email, name, language, password_hash, registered_at, confirmed_at, password_changed_at)
    VALUES (%(user_id)s, %(email)s, 'Anna', 'pl', %(hash)s, now(), now(), now());
"""
FILL_GRANTS = """
    INSERT INTO customers (customer_id, version, number, name, premises_label)
    SELECT customer_id, 1, 'K-1001', 'Anna Nowak', 'ul. Wodna 7/2, Zdrój' FROM unnest(%(customers)s::uuid[]) customer_id;
"""
FILL_HELD = """
    INSERT INTO grants (grant_id, user_id, customer_id, scope, given_by, valid_from)
    SELECT gen_random_uuid(), %(user_id)s, customer_id, 'MANAGE', 'PROOF', now() FROM unnest(%(customers)s::uuid[]) customer_id
"""


@dataclass(frozen=True)
class Identity:
    """Where it is, its database, what the gateway says of itself, and Anna's password as it is kept."""

    address: str
    url: str
    metadata: Any
    password_hash: str

    @property
    def log_in(self) -> sessions_pb2.LogInRequest:
        """Anna, from a browser that is known after the first time."""
        return sessions_pb2.LogInRequest(
            email=EMAIL,
            password=PASSWORD,
            realm=sessions_pb2.REALM_PORTAL,
            address="192.0.2.7",
            user_agent="bench",
            device_token="b" * 43,
        )


def hasher() -> argon2.PasswordHasher:
    """As identity hashes by default."""
    fields = IdentityConfig.model_fields
    return argon2.PasswordHasher(
        time_cost=fields["argon2_time_cost"].default,
        memory_cost=fields["argon2_memory_kib"].default,
        parallelism=fields["argon2_parallelism"].default,
    )


@contextmanager
def serving_identity() -> Iterator[Identity]:
    """Identity with Anna, who holds two customers."""
    with tempfile.TemporaryDirectory(prefix="ebok-bench-", dir="/var/tmp") as directory, ExitStack() as stack:
        keys = Path(directory) / "keys"
        generate(keys)
        postgres = EmbeddedPostgres(Path(directory) / "postgres", free_port())
        postgres.start()
        stack.callback(postgres.remove)
        url = postgres.create_database("identity")
        databases.migrate(url, MIGRATIONS)
        plain = url.replace("postgresql+psycopg://", "postgresql://")
        kept = hasher().hash(PASSWORD)
        values = {"user_id": new_id(), "email": EMAIL, "hash": kept, "customers": [new_id(), new_id()]}
        with psycopg.connect(plain, autocommit=True) as connection:
            for statement in (FILL, FILL_GRANTS, FILL_HELD):
                connection.execute(statement, values)
            connection.execute("VACUUM ANALYZE")
        address = stack.enter_context(served("identity", url, keys, peers="billing=127.0.0.1:9"))
        signer = load_signer("gateway", keys / "private" / "gateway.key")
        token, _ends = ActorTokens(signer, SystemClock()).mint(SYSTEM_ACTOR("gateway"), lifetime=LIFETIME_MAX)
        yield Identity(address, plain, as_actor(token), kept)
