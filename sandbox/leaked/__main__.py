"""`python -m sandbox.leaked --http 127.0.0.1:8030`"""

import argparse
import signal
import sys
import threading

from sandbox.leaked.server import LeakedServer


def main() -> int:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.leaked")
    parser.add_argument("--http", default="127.0.0.1:8030", help="host:port")
    host, _, port = parser.parse_args().http.rpartition(":")
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with LeakedServer(host, int(port)) as running:
        sys.stdout.write(f"leaked: {running.url}\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
