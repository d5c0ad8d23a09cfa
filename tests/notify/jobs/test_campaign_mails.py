"""Mails of campaigns on their way: several processes send one campaign, and servers that read ahead refuse and end."""

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ebok.notify.v1.events_pb2 import MessageFailed, MessageSent

from services.billing.__main__ import part as billing_part
from services.notify.__main__ import part
from services.notify.storage.messages import Message
from tests.notify.conftest import Given
from tests.notify.jobs.test_messages import wait_until
from tests.notify.mail_server import ReadsAhead, reads_ahead
from tests.notify.town import Town

COUNT = 80


@pytest.fixture
def town(serving, mailbox, as_edward, clock, keys_dir) -> Town:
    billing = serving(billing_part)
    notify = serving(part, peers={"billing": billing.address}, smtp_url=mailbox.smtp_url)
    Given(notify, keys_dir).settings()
    return Town(billing, notify, as_edward, clock)


def planned(town: Town, *addresses: str) -> Any:
    """A campaign whose messages are planned and wait to be sent."""
    for place, address in enumerate(addresses):
        town.customer(f"Klient {place}", source_email=address)
    campaign = town.started()
    town.run("campaigns.gather", "campaigns.release")
    with town.notify.database.transaction() as session:  # Processes live today, the tests' clock in March.
        session.execute(sa.update(Message).values(expires_at=datetime(2100, 1, 1, tzinfo=UTC)))
    return campaign


def process(town: Town, url: str, journal: Path) -> subprocess.Popen[bytes]:
    """Notify's sending as a process of its own, with one connection."""
    config = town.notify.config
    env = {
        **os.environ,
        "EBOK_ENVIRONMENT": "test",
        "EBOK_DATABASE_URL": town.notify.database.engine.url.render_as_string(hide_password=False),
        "EBOK_KEYS_DIR": str(config.keys_dir),
        "EBOK_PEERS": "billing=127.0.0.1:1",
        "EBOK_SMTP_URL": url,
        "EBOK_SEND_WORKERS": "1",
        "EBOK_SEND_BATCH": "10",
        "EBOK_SEND_JOURNAL_DIR": str(journal),
        "PYTHONPATH": ".:gen",
    }
    return subprocess.Popen([sys.executable, "-m", "services.notify", "job", "messages.send"], env=env)


def test_two_processes_send_one_campaign_and_one_that_is_killed_leaves_nothing_out(
    town, mailbox, faults, tmp_path
):
    """The real kill: what the dead one had handed over stands in its journal and goes to nobody again.

    One mail may have been on the way in the very moment: that one comes again, under the same Message-ID.
    """
    addresses = [f"k{place}@poczta.example" for place in range(COUNT)]
    campaign = planned(town, *addresses)
    mails = lambda: mailbox.mails.find(to="", limit=1_000)  # noqa: E731
    faults(delay_s=0.05)
    one, other = (process(town, mailbox.smtp_url, tmp_path / name) for name in ("one", "other"))
    wait_until(lambda: len(mails()) >= COUNT // 2)
    assert mailbox.connections == 2, "they share the work"
    one.kill()
    one.wait()
    assert other.wait(60) == 0
    with town.notify.database.transaction() as session:  # The lease of the dead ends.
        session.execute(sa.text("UPDATE messages SET leased_until = now() WHERE status = 'SENDING'"))

    assert process(town, mailbox.smtp_url, tmp_path / "one").wait(60) == 0

    ids = Counter((mail.recipients[0], mail.headers()["Message-ID"]) for mail in mails())
    assert sorted(address for address, _ in ids) == sorted(addresses)
    assert sorted(ids.values())[:-1] == [1] * (COUNT - 1)
    assert max(ids.values()) <= 2, "at most the one that was on the way"
    assert town.get(campaign).progress.sent == COUNT
    assert [*(tmp_path / "one").iterdir(), *(tmp_path / "other").iterdir()] == []


def test_a_server_that_reads_ahead_refuses_and_ends_in_the_middle_and_each_has_its_own_word(
    serving, town, tmp_path
):
    names = ["anna", "nobody", "bartek", "gone", "celina", "never", "daria"]
    campaign = planned(town, *(f"{name}@poczta.example" for name in names))
    with reads_ahead() as url:
        notify = serving(
            part,
            database=town.notify.database,
            peers={"billing": town.billing.address},
            smtp_url=url,
            send_workers=1,
            send_journal_dir=tmp_path,
        )
        notify.run_job("messages.send")
        notify.run_job("messages.send")
        kept = len(ReadsAhead.kept)

    states = {one.name: one.reason for one in town.recipients(campaign)}
    refused = {"Klient 1": "REFUSED_BY_SERVER", "Klient 5": "REFUSED_BY_SERVER", "Klient 3": "SERVER_BUSY"}
    assert states == dict.fromkeys((f"Klient {place}" for place in range(7)), "") | refused
    assert kept == len(notify.announced(MessageSent)) == town.get(campaign).progress.sent == 4
    assert len(notify.announced(MessageFailed)) == 2
    assert list(tmp_path.iterdir()) == []
