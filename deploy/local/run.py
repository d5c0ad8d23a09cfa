"""`make run`: start the suite, say where it is, stay until Ctrl-C, stop everything.

`python -m deploy.local.run --directory DIR --ports auto` starts another one beside it.
"""

import argparse
import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from deploy.local.parts import PORT_BASE, port_table
from deploy.local.suite import ROOT, Suite, SuiteNotStarted

WATCH_EVERY_S = 0.5


class Stopped(Exception):
    """Somebody asked us to end."""


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _listen_to_signals(suite: Suite) -> None:
    def stop(*_: object) -> None:
        # While it stops, a further Ctrl-C changes nothing: that takes seconds and leaves nothing behind.
        if not suite.is_stopping:
            raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup and `&` in a script ignore some of them for us, and mean it.
        if signal.getsignal(number) is not signal.SIG_IGN or number is signal.SIGTERM:
            signal.signal(number, stop)
    if "MAKELEVEL" in os.environ and sys.platform == "linux":
        # When make is killed, nobody would be left to stop us.
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _number(text: str, variable: str) -> int:
    if not text.isdigit():
        sys.exit(f"run: {variable} must be a port number, not '{text}'")
    return int(text)


def _read_ports(given: argparse.Namespace) -> dict[str, int] | None:
    if given.ports == "auto":
        return None
    base = _number(given.ports or os.environ.get("EBOK_PORT_BASE", "") or str(PORT_BASE), "EBOK_PORT_BASE")
    return port_table(base, gateway=_number(given.port, "PORT") if given.port else None)


def _announce(info: dict[str, Any], seconds: float) -> None:
    _say(f"\neBOK is up ({seconds:.0f} s)\n")
    _say(f"  portal     {info['gateway']}")
    _say(f"  console    {info['console']}")
    _say(f"  mailbox    {info['mailbox']}   every mail and text message the suite sends")
    for name in ("przelewy24", "payu"):
        _say(f"  {name:<10} http://{info['parts'][name]}/sandbox   payments on trial")
    _say(f"  logs       {info['log']}")
    if info["logins"]:
        _say("\n  demo logins")
        for login in info["logins"]:
            _say("    " + "  ".join(f"{value}" for value in login.values()))
        _say("    the console asks for a code as well: `make code` in another terminal")
    _say("\nCtrl-C stops it; the data stays in var/ for the next start.")


def main() -> int:
    """Start, announce, watch, stop."""
    parser = argparse.ArgumentParser(prog="make run", description="Start the whole suite in the foreground.")
    parser.add_argument("--directory", type=Path, default=ROOT / "var", help="where its data is")
    parser.add_argument("--ports", default="", help="'auto' for any free ones, or the base of all")
    parser.add_argument("--port", default="", help="the gateway's port")
    parser.add_argument("--broker", default="", help="amqp:// URL of RabbitMQ; empty: none is needed")
    parser.add_argument("--no-demo", action="store_true", help="start with empty databases")
    given = parser.parse_args()
    broker = given.broker or os.environ.get("EBOK_BROKER_URL", "")
    suite = Suite(given.directory, broker, demo=not given.no_demo, ports=_read_ports(given), report=_say)
    _listen_to_signals(suite)
    started = time.monotonic()
    try:
        info = suite.start()
        _announce(info, time.monotonic() - started)
        while suite.is_running():
            time.sleep(WATCH_EVERY_S)
    except Stopped:
        _say("\nstopping …")
        suite.stop()
        _say("stopped; nothing runs any more")
        return 0
    except SuiteNotStarted as sentence:
        sys.stderr.write(f"run: {sentence}\n")
        return 1
    suite.stop()
    sys.stderr.write("run: the supervisor was ended by somebody else; everything is stopped\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
