"""What can be set of the mailbox, on the command line or in the environment as EBOK_MAILBOX_<NAME>."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

KEPT_DEFAULT = 10_000
PORT_MAX = 65_535


@dataclass(frozen=True)
class MailboxConfig:
    """The knobs; port 0 means any free port."""

    smtp: tuple[str, int] = ("127.0.0.1", 0)
    http: tuple[str, int] = ("127.0.0.1", 0)
    store: Path | None = None
    kept_max: int = KEPT_DEFAULT
    sms: str = ""
    """Where the simulated SMSAPI is, to show its text messages beside the mails; empty: none are shown."""


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > PORT_MAX:
        raise argparse.ArgumentTypeError(f"'{text}' is not host:port")
    return host, int(port)


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above zero")
    return int(text)


def read_config(arguments: Sequence[str] | None = None) -> MailboxConfig:
    """The command line wins over the environment."""
    env = {name: os.environ.get(f"EBOK_MAILBOX_{name}") for name in ("SMTP", "HTTP", "STORE", "KEPT", "SMS")}
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.mailbox", description="A mail server to try with."
    )
    parser.add_argument(
        "--smtp", type=_address, default=env["SMTP"] or "127.0.0.1:2525", help="host:port mail is taken on"
    )
    parser.add_argument(
        "--http",
        type=_address,
        default=env["HTTP"] or "127.0.0.1:8025",
        help="host:port of pages and JSON",
    )
    parser.add_argument(
        "--store", type=Path, default=env["STORE"] or None, help="directory to keep mail in over a restart"
    )
    parser.add_argument(
        "--kept",
        type=_count,
        default=env["KEPT"] or str(KEPT_DEFAULT),
        help="how many mails are kept",
    )
    parser.add_argument("--sms", default=env["SMS"] or "", help="http://host:port of sandbox.smsapi")
    given = parser.parse_args(arguments)
    return MailboxConfig(
        smtp=given.smtp,
        http=given.http,
        store=given.store,
        kept_max=given.kept,
        sms=given.sms.rstrip("/"),
    )
