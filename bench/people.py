"""Identity by itself with some people in it, for figures about log-ins."""

import tempfile
from collections.abc import Iterator, Sequence
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

PEOPLE, ADDRESSES, PASSWORD = 200, 20, "zielony rower pod lipą"
MIGRATIONS = ROOT / "services" / "identity" / "storage" / "migrations"
FILL = """
    INSERT INTO users (user_id, email, name, language, password_hash, registered_at, confirmed_at, password_changed_at)
    SELECT gen_random_uuid(), 'anna' || n || '@poczta.example', 'Anna', 'pl', hash, now(), now(), now()
      FROM unnest(%(hashes)s::text[]) WITH ORDINALITY AS one (hash, n)
"""
FILL_GRANTS = """
    INSERT INTO customers (customer_id, version, number, name, premises_label)
    SELECT customer_id, 1, 'K-1001', 'Anna Nowak', 'ul. Wodna 7/2, Zdrój' FROM unnest(%(customers)s::uuid[]) customer_id;
"""
FILL_HELD = """
    INSERT INTO grants (grant_id, user_id, customer_id, scope, given_by, valid_from)
    SELECT gen_random_uuid(), user_id, customer_id, 'MANAGE', 'PROOF', now()
      FROM users, unnest(%(customers)s::uuid[]) customer_id
"""
# What a month of log-ins leaves behind, half of which they ended by themselves. Of empty tables PostgreSQL would plan to
# read all.
FILL_SESSIONS = """
    INSERT INTO sessions (session_id, token_hash, realm, user_id, opened_at, expires_at, last_seen_at, ended_at,
                          address, user_agent)
    SELECT gen_random_uuid(), sha256((user_id::text || n)::bytea), 'PORTAL', user_id, at, at + interval '12 hours', at,
           CASE WHEN mod(n, 2) = 0 THEN at END, '203.0.113.1', 'bench'
      FROM users, generate_series(1, 20) n, LATERAL (SELECT now() - n * interval '30 hours' AS at) one
"""
FILL_DEVICES = """
    INSERT INTO devices (owner_id, token_hash, first_seen_at, last_seen_at)
    SELECT user_id, sha256(token::bytea), now() - interval '60 days', now() - interval '30 hours'
      FROM users, unnest(ARRAY [lpad(substring(email FROM '[0-9]+'), 43, '0'), 'another']) token
"""
FILL_ATTEMPTS = """
    INSERT INTO attempts (kind, subject, source, count, last_at, succeeded_at)
    SELECT kind, sha256((kind || user_id)::bytea), '203.0.113.1', 0, now() - interval '30 hours',
           CASE WHEN kind = 'login' THEN now() - interval '30 hours' END
      FROM users, unnest(ARRAY ['login', 'login_account', 'login_address']) kind
"""
FILLING = (FILL, FILL_GRANTS, FILL_HELD, FILL_SESSIONS, FILL_DEVICES, FILL_ATTEMPTS)


@dataclass(frozen=True)
class Identity:
    """Where it is, its database, what the gateway says of itself, and everybody's password as it is kept."""

    address: str
    url: str
    metadata: Any
    password_hashes: Sequence[str]

    @property
    def log_ins(self) -> list[sessions_pb2.LogInRequest]:
        """One of each, from a browser they have logged in with before; some share an address."""
        return [
            sessions_pb2.LogInRequest(
                email=f"anna{n}@poczta.example",
                password=PASSWORD,
                realm=sessions_pb2.REALM_PORTAL,
                address=f"192.0.2.{n % ADDRESSES + 1}",
                user_agent="bench",
                device_token=f"{n:043}",
            )
            for n in range(1, PEOPLE + 1)
        ]


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
    """Identity with people who hold two customers each and have logged in before."""
    with tempfile.TemporaryDirectory(prefix="ebok-bench-", dir="/var/tmp") as directory, ExitStack() as stack:
        keys = Path(directory) / "keys"
        generate(keys)
        postgres = EmbeddedPostgres(Path(directory) / "postgres", free_port())
        postgres.start()
        stack.callback(postgres.remove)
        url = postgres.create_database("identity")
        databases.migrate(url, MIGRATIONS)
        plain = url.replace("postgresql+psycopg://", "postgresql://")
        hashes = [hasher().hash(PASSWORD) for _ in range(PEOPLE)]
        values = {"hashes": hashes, "customers": [new_id(), new_id()]}
        with psycopg.connect(plain, autocommit=True) as connection:
            for statement in FILLING:
                connection.execute(statement, values)
            connection.execute("VACUUM ANALYZE")
        address = stack.enter_context(served("identity", url, keys, peers="billing=127.0.0.1:9"))
        signer = load_signer("gateway", keys / "private" / "gateway.key")
        token, _ends = ActorTokens(signer, SystemClock()).mint(SYSTEM_ACTOR("gateway"), lifetime=LIFETIME_MAX)
        yield Identity(address, plain, as_actor(token), hashes)
