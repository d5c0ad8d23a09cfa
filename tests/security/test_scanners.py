"""Scanners of others, logged in as Anna and as Edward, find nothing: wapiti in pages, sqlmap in what asks databases.

They meet a suite of their own on this machine and nothing else: modules that call a service of theirs are left out, and
so is what is about TLS, which ends in front of the gateway (tests/security/gateway/test_sessions.py has the cookies).
"""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from deploy.local import outside, system
from tests.journeys.company import EDWARD, STAFF_PASSWORD, Company
from tests.journeys.conftest import running_company

pytestmark = [pytest.mark.long, pytest.mark.outside, pytest.mark.timeout(1800)]
MODULES = "exec,file,sql,xss,permanentxss,redirect,crlf,csrf,http_headers,csp,htaccess"
SCAN_S, MODULE_S = 90, 20
SQLMAP_S = 300
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
# What ends the scanner's own session, or gives its account away.
SPARED = ("wyloguj", "bezpieczenstwo*", "jezyk*", "wyglad*")
PORTAL = [
    "/faktury?rok=2026&stan=oplacone",
    "/faktury?cursor=abc",
    "/rozliczenia?od=2026-01-01&do=2026-11-01",
    "/zuzycie?krok=miesiace",
    "/czy-to-my?numer=K7QM",
]
CONSOLE = [
    "/konsola/klienci?q=a&kolejnosc=nazwa",
    "/konsola/zgloszenia?szukaj=woda",
    "/konsola/audyt?kto=anna&od=2026-01-01&do=2026-11-30",
    "/konsola/audyt?klient=20411085",
    "/konsola/platnosci?q=1&od=2026-01-01&operator=payu",
]


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with running_company(with_broker=False) as (running, _node):
        running.live_through()
        yield running


def log_in(company: Company, *, console: bool) -> str:
    """The cookie of a browser that has logged in."""
    door, session = ("/konsola" if console else ""), requests.Session()
    session.trust_env = False
    page = session.get(f"{company.url}{door}/logowanie", timeout=20)
    email, password = (EDWARD, STAFF_PASSWORD) if console else ("anna@poczta.example", STAFF_PASSWORD)
    fields = {"email": email, "password": password, "csrf_token": TOKEN.findall(page.text)[0]}
    answer = session.post(page.url, data=fields, timeout=20)
    if console:
        fields = {"code": company.doors.code(EDWARD), "csrf_token": TOKEN.findall(answer.text)[0]}
        answer = session.post(answer.url, data=fields, timeout=20)
    assert answer.url.endswith("/konsola/" if console else "/start"), answer.url
    return "; ".join(f"{one.name}={one.value}" for one in session.cookies)


@pytest.mark.parametrize("console", [False, True], ids=["portal", "console"])
def test_wapiti_finds_nothing(company: Company, tmp_path: Path, console: bool):
    try:
        program = outside.wapiti()
    except outside.NotToBeHad as sentence:
        pytest.skip(str(sentence))
    base, report = company.url + ("/konsola/" if console else "/"), tmp_path / "report.json"
    spared = [word for name in SPARED for word in ("-x", base + name)]
    if not console:
        spared += ["-x", f"{company.url}/konsola*"]
    command = [
        *(str(program), "-u", base, "--scope", "folder", "-m", MODULES),
        *("--cookie-value", log_in(company, console=console)),
        *("--no-bugreport", "--flush-session", "-v", "0", "-d", "3", "-S", "polite", "-t", "20"),
        *("--max-scan-time", str(SCAN_S), "--max-attack-time", str(MODULE_S), "--store-session", str(tmp_path)),
        *("--store-config", str(tmp_path), "-f", "json", "-o", str(report), *spared),
    ]  # fmt: skip
    done = _run(command, tmp_path, seconds=SCAN_S + 20 * MODULE_S)
    assert report.exists(), done[-2000:]
    said = json.loads(report.read_text("utf-8"))
    found = [
        (kind, one["method"], one["path"], one["info"])
        for group in ("vulnerabilities", "anomalies")
        for kind, several in said[group].items()
        for one in several
    ]
    assert pages_of(tmp_path) >= (
        {base + "klienci", base + "taryfy"} if console else {base + "faktury", base + "start"}
    )
    assert found == []


def pages_of(directory: Path) -> set[str]:
    """What the scanner has seen: pages that open for nobody but who is logged in are among it."""
    [kept] = directory.glob("*.db")
    query = "SELECT path FROM paths JOIN responses USING (response_id) WHERE status_code = 200"
    with closing(sqlite3.connect(kept)) as connection:
        return {path for (path,) in connection.execute(query)}


@pytest.mark.parametrize("console", [False, True], ids=["portal", "console"])
def test_sqlmap_finds_nothing(company: Company, tmp_path: Path, console: bool):
    if not system.SQLMAP.is_there():
        pytest.skip(system.SQLMAP.missing)
    cookie = log_in(company, console=console)
    for path in CONSOLE if console else PORTAL:
        command = [
            *("sqlmap", "--batch", "--disable-coloring", "--flush-session", "--output-dir", str(tmp_path)),
            *("-u", company.url + path, "--cookie", cookie, "--drop-set-cookie", "--dbms", "PostgreSQL"),
            *("--level", "1", "--risk", "1", "--technique", "BEUS", "--timeout", "20"),
            *("--ignore-code", "400,403,404,409,422"),
        ]  # fmt: skip
        said = _run(command, tmp_path, seconds=SQLMAP_S)
        assert "testing URL" in said or "testing connection" in said, said[-2000:]
        assert not re.search(r"(?m)^Parameter: |is vulnerable", said), said[-3000:]
        assert "all tested parameters do not appear to be injectable" in said, said[-2000:]


def _run(command: list[str], directory: Path, *, seconds: float) -> str:
    environment = outside.environment() | {"HOME": str(directory), "NO_PROXY": "*"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=seconds, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr
