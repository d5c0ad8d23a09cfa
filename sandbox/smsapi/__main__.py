"""`python -m sandbox.smsapi --http 127.0.0.1:8029 --store var/smsapi`"""

import signal
import sys
import threading

from sandbox.smsapi.config import read_config
from sandbox.smsapi.server import SmsApiServer


def main() -> int:
    """Run until told to stop."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with SmsApiServer(read_config()) as running:
        sys.stdout.write(f"smsapi: {running.url}\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
