"""A whole suite to measure: the demo with few customers, its last run issued, and Anna logged in."""

import http.cookiejar
import re
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from ebok.billing.v1 import runs_pb2, runs_pb2_grpc
from ebok.identity.v1 import sessions_pb2

from demo import doors
from demo.life import live
from demo.people import PASSWORD, STAFF
from deploy.local.suite import Suite

CUSTOMERS = 20
SEED = 7


@contextmanager
def running_suite(*, with_demo: bool = True, broker_url: str = "") -> Iterator[dict[str, Any]]:
    """What `run.json` says of a suite with 24 invoices and 24 months for Anna, or of an empty one."""
    directory = Path(tempfile.mkdtemp(prefix="ebok-bench-", dir="/var/tmp"))
    suite = Suite(directory, broker_url=broker_url, demo=False)
    try:
        with suite:
            if with_demo:
                inside = doors.Suite.read(directory / "run.json")
                live(inside, seed=SEED, customers=CUSTOMERS, say=lambda _: None)
                _issue_the_last_run(inside)
                for url in suite.info["databases"].values():
                    settle(url)
            yield suite.info
    finally:
        suite.remove()  # Its database may be elsewhere: see `EmbeddedPostgres`.


def settle(url: str) -> None:
    """Leave a database as it is after an hour, when it was vacuumed and its tables counted."""
    with psycopg.connect(
        url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True
    ) as connection:
        connection.execute("VACUUM ANALYZE")


def _issue_the_last_run(suite: doors.Suite) -> None:
    acting = suite.log_in(STAFF[-1][1], PASSWORD, sessions_pb2.REALM_CONSOLE)
    runs = suite.channel("billing", speaking_for="gateway").stub(runs_pb2_grpc.BillingRunServiceStub)
    run = runs.ListBillingRuns(runs_pb2.ListBillingRunsRequest(), metadata=acting).runs[0]
    request = runs_pb2.IssueBillingRunRequest(run_id=run.run_id, invoice_count=run.invoice_count)
    runs.IssueBillingRun(request, metadata=acting)
    asked = runs_pb2.GetBillingRunRequest(run_id=run.run_id)
    doors.until(
        lambda: runs.GetBillingRun(asked, metadata=acting).run.status == runs_pb2.RUN_STATUS_ISSUED,
        "the last run to be issued",
    )


def cookie_of(gateway: str, email: str) -> str:
    """Log in through the form, as a browser does; answers the cookie header."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    form = opener.open(f"{gateway}/logowanie", timeout=30).read().decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    fields = {"csrf_token": token[1] if token else "", "email": email, "password": PASSWORD}
    request = urllib.request.Request(f"{gateway}/logowanie", urllib.parse.urlencode(fields).encode())
    request.add_header("Referer", f"{gateway}/logowanie")
    page = opener.open(request, timeout=30).read().decode()
    if "wyloguj" not in page:
        raise RuntimeError("the log-in did not lead to a page of somebody logged in")
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
