"""`python -m sandbox.mailbox --smtp 127.0.0.1:2525 --http 127.0.0.1:8025 --store var/mailbox`"""

import signal
import sys
import threading

from sandbox.mailbox.config import read_config
from sandbox.mailbox.server import Mailbox


def main() -> int:
    """Run until told to stop."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with Mailbox(read_config()) as mailbox:
        print(f"mailbox: mail to {mailbox.smtp_url}, look at {mailbox.http_url}", flush=True)
        stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
