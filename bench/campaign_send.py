"""`campaign-send`: mails of a campaign a second, from its recipients to the mail server, against bare smtplib.

Ours is notify as it runs, one process: recipients become messages, are taken in hand, written out with each customer's values in the layout of
our mails, handed over, noted one by one, and reported together with their events. Bare fills names and numbers into one such mail and hands it
over with `smtplib`, a thread for each of as many connections. Both to one sink, a process of its own, in the same run; the median of three. As
many as a town has: the second in which jobs notice a campaign is not what is measured.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from bench.figures import Figure
from bench.import_readings import free_port
from chassis import database as databases
from chassis.ids import new_id
from chassis.keys import generate
from chassis.rpc.client import Channel
from deploy.local.postgres import EmbeddedPostgres
from services.notify.documents.campaigns import write_mail
from services.notify.documents.mails import encode_letter, render_mail, sender_of
from services.notify.documents.messages import render_letter
from services.notify.storage.messages import Channel as By
from services.notify.storage.messages import Message, Rule
from services.notify.storage.settings import ProviderSettings

ROOT = Path(__file__).resolve().parents[1]
MIGRATIONS = ROOT / "services" / "notify" / "storage" / "migrations"
MAILS, CONNECTIONS, ROUNDS = 20_000, 4, 3
READY_TIMEOUT_S, WAIT_S = 60.0, 300.0
SETTINGS: dict[str, Any] = {
    "provider": 1,
    "version": 1,
    "name": "Wodociągi Zdrój",
    "line": "woda i ścieki",
    "nip": "1234563218",
    "address_line": "ul. Wodna 1",
    "town_line": "57-000 Zdrój",
    "brand_colour": "#0068b8",
    "phone": "75 000 00 00",
    "phone_hours": "pon.–pt. 7–17",
    "emergency_phone": "994",
    "email": "biuro@wodociagi.example",
    "portal_url": "https://ebok.example",
    "languages": ["pl", "en", "uk"],
}
TEXTS = {
    "pl": {
        "subject": "Przerwa w dostawie wody: {{ customer.address }}",
        "email": "Dzień dobry {{ customer.name }},\n\nw środę od 8:00 do 12:00 pod adresem {{ customer.address }} nie będzie "
        "wody. Prosimy przygotować zapas i zakręcić kurki.{% if customer.overdue %}\n\nPrzy okazji: po terminie jest "
        "{{ customer.overdue }}.{% endif %}\n\nPrzepraszamy za kłopot. Numer klienta: {{ customer.number }}.",
    }
}
CONTACTS = """
    INSERT INTO contacts (customer_id, version, number, name, email, phone, language, e_invoice, premises_label)
    SELECT gen_random_uuid(), 1, lpad(n::text, 8, '0'), 'Klient ' || n, 'klient' || n || '@poczta.example', '', 'pl',
           true, 'ul. Lipowa ' || n || ', Zdrój'
      FROM generate_series(1, %(count)s) n
"""
CAMPAIGN = """
    INSERT INTO campaigns (campaign_id, name, segment, is_marketing, by_email, by_sms, by_portal, texts, rate_per_hour, status,
                           version, written_by, written_at, began_at, gathered_at)
    VALUES (%(id)s, 'Przerwa', '{}', false, true, false, false, %(texts)s, 0, 'PAUSED', 1, 'Edward', now(), now(), now())
"""
RECIPIENTS = """
    INSERT INTO campaign_recipients (campaign_id, customer_id, channel, reason, number, name, facts)
    SELECT %(id)s, customer_id, 'email', '', number, name,
           jsonb_build_object('name', name, 'number', number, 'address', premises_label, 'town', 'Zdrój', 'tariff_group', 'W1',
                              'balance', 12345, 'overdue', 4321, 'due_on', '')
      FROM contacts
"""
BEGIN = "UPDATE campaigns SET status = 'RUNNING' WHERE campaign_id = %(id)s"
DONE = "SELECT count(*) FROM campaigns WHERE campaign_id = %(id)s AND status = 'DONE'"
# Asked often, so by what has an index: a count over all messages would be a third of the database's work.
LEFT = """
    SELECT EXISTS (SELECT FROM campaign_recipients WHERE campaign_id = %(id)s AND released_at IS NULL AND channel <> '')
        OR EXISTS (SELECT FROM messages WHERE status IN ('PLANNED', 'SENDING'))
"""
SENT = "SELECT count(*) FROM messages WHERE subject_id = %(id)s::text AND status = 'SENT'"


def measure(_: list[str]) -> list[Figure]:
    """Mails a second on as many connections."""
    with tempfile.TemporaryDirectory(prefix="ebok-bench-", dir="/var/tmp") as directory:
        place = Path(directory)
        postgres = EmbeddedPostgres(place / "postgres")
        postgres.start()
        try:
            url = postgres.create_database("bench", "bench")
            databases.migrate(url, MIGRATIONS)
            sample = place / "mail.txt"
            sample.write_text(_sample(), encoding="utf-8", newline="")
            with _sink() as port, psycopg.connect(_plain(url), autocommit=True) as connection:
                _fill(connection)
                bare = median(_send_bare(port, sample) for _ in range(ROUNDS))
                with _notify(url, port, place):
                    ours = median(_send(connection) for _ in range(ROUNDS))
        finally:
            postgres.remove()
    return [Figure("campaign-send", MAILS / ours, MAILS / bare, "mails/s", "≥ 0.5")]


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _fill(connection: Any) -> None:
    columns, values = ", ".join(SETTINGS), ", ".join(f"%({name})s" for name in SETTINGS)
    given = SETTINGS | {"languages": psycopg.types.json.Jsonb(SETTINGS["languages"])}
    connection.execute(f"INSERT INTO provider_settings ({columns}) VALUES ({values})", given)  # noqa: S608
    connection.execute(CONTACTS, {"count": MAILS})
    connection.execute("ANALYZE")


def _send(connection: Any) -> float:
    """One campaign from its recipients to the last report; the seconds it took."""
    named = {"id": new_id(), "texts": psycopg.types.json.Jsonb(TEXTS)}
    connection.execute(CAMPAIGN, named)
    connection.execute(RECIPIENTS, named)
    connection.execute("ANALYZE campaign_recipients")
    began = time.perf_counter()
    connection.execute(BEGIN, named)
    until = began + WAIT_S
    while connection.execute(LEFT, named).fetchone()[0]:
        if time.perf_counter() > until:
            raise RuntimeError("the campaign was not sent in time")
        time.sleep(0.05)
    taken = time.perf_counter() - began
    if connection.execute(SENT, named).fetchone()[0] != MAILS:
        raise RuntimeError("not all mails were sent")
    while not connection.execute(DONE, named).fetchone()[0]:
        time.sleep(0.1)
    return taken


def _send_bare(port: int, sample: Path) -> float:
    command = [
        sys.executable,
        "-m",
        "bench.bare.smtp_sender",
        str(port),
        str(CONNECTIONS),
        str(MAILS),
        str(sample),
    ]
    said = subprocess.run(command, cwd=ROOT, env=_environment(), check=True, capture_output=True, text=True)
    return float(said.stdout)


def _sample() -> str:
    """A mail of the campaign with marks where it is personal."""
    settings = ProviderSettings(**SETTINGS)
    now = datetime.now(UTC)
    facts = {"name": "@NAME@", "number": "@NUMBER@", "address": "ul. Lipowa 7", "overdue": 4321, "balance": 1}
    message = Message(
        message_id=new_id(),
        rule=Rule.CAMPAIGN,
        channel=By.EMAIL,
        address="klient@poczta.example",
        name="@NAME@",
        language="pl",
        facts={"customer": facts},
        expires_at=now + timedelta(days=7),
    )
    written = write_mail(facts, TEXTS, settings, "pl")
    letter = render_letter(message, settings, written=written)
    mail = render_mail(encode_letter(letter), message, sender_of(settings), now=now).decode()
    return mail.replace(str(message.message_id), "@ID@").replace("klient@poczta.example", "@TO@")


def _environment(**more: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'gen'}", **more}


@contextmanager
def _sink() -> Iterator[int]:
    """The mail server, as a process."""
    command = [sys.executable, "-m", "bench.bare.smtp_sink"]
    process = subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("the sink has no output")
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _notify(url: str, port: int, place: Path) -> Iterator[None]:
    """Notify as it runs, its worker included."""
    keys = place / "keys"
    generate(keys)
    address = f"127.0.0.1:{free_port()}"
    environment = _environment(
        EBOK_ENVIRONMENT="test",
        EBOK_KEYS_DIR=str(keys),
        EBOK_LOG_LEVEL="WARNING",
        EBOK_DATABASE_URL=url,
        EBOK_LISTEN=address,
        EBOK_SMTP_URL=f"smtp://127.0.0.1:{port}",
        EBOK_SEND_WORKERS=str(CONNECTIONS),
        EBOK_QUIET_HOURS="",
        EBOK_SEND_JOURNAL_DIR=str(place / "journal"),
        EBOK_PEERS="billing=127.0.0.1:1",
    )
    process = subprocess.Popen([sys.executable, "-m", "services.notify", "run"], env=environment, cwd=ROOT)
    try:
        channel = Channel(address)
        if not channel.is_ready(READY_TIMEOUT_S):
            raise RuntimeError("notify did not start")
        channel.close()
        yield
    finally:
        process.terminate()
        process.wait(30)
