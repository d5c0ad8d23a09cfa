"""A bare sender: `python -m bench.bare.smtp_sender PORT CONNECTIONS COUNT SAMPLE` – smtplib, a thread for each connection.

SAMPLE is one mail as we send it, with `@NAME@`, `@NUMBER@`, `@ID@` and `@TO@` where it is personal: as much to write out and to hand
over, without a database, a template or a word about what became of it. Prints the seconds it took.
"""

import smtplib
import sys
import threading
import time
import uuid
from pathlib import Path


def _send(port: int, first: int, count: int, sample: str) -> None:
    smtp = smtplib.SMTP("127.0.0.1", port)
    smtp.ehlo()
    for number in range(first, first + count):
        to = f"klient{number}@poczta.example"
        mail = (
            sample.replace("@NAME@", f"Klient {number}")
            .replace("@NUMBER@", f"{number:08d}")
            .replace("@ID@", uuid.uuid4().hex)
            .replace("@TO@", to)
        )
        smtp.sendmail("biuro@wodociagi.example", to, mail.encode())
    smtp.quit()


def main(port: int, connections: int, count: int, sample: str) -> None:
    """Send them all, as many threads as connections."""
    share = count // connections
    threads = [
        threading.Thread(target=_send, args=(port, place * share, share, sample))
        for place in range(connections)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(f"{time.perf_counter() - began}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]).read_text(encoding="utf-8"))
