"""Wodociągi Zdrój on a whole suite of processes: what its operator and its people do besides looking at pages."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from ebok.billing.v1 import runs_pb2

from chassis import wire
from chassis.clock import SystemClock, warsaw_date
from demo.doors import Suite as Doors
from demo.office import Office
from demo.people import PASSWORD, STAFF, add_staff, claim, register
from demo.tariffs import components
from deploy.local.suite import ROOT, Suite
from tests.journeys import town
from tests.journeys.post import Post

STAFF_PASSWORD = PASSWORD
DARIA, EDWARD = (email for _, email, _, _ in STAFF)
COUNTS = re.compile(r"(\d+) new, (\d+) changed, (\d+) unchanged, (\d+) refused")


@dataclass(frozen=True)
class Imported:
    """What the connector's command said."""

    status: int
    new: int
    changed: int
    unchanged: int
    refused: int
    rejects: str

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """New, changed, unchanged, refused."""
        return self.new, self.changed, self.unchanged, self.refused


@dataclass
class Company:
    """The provider, its suite and its files."""

    suite: Suite
    files: Path
    months: town.Months = field(default_factory=lambda: town.Months(warsaw_date(datetime.now(UTC))))
    newest: dict[str, Any] = field(default_factory=dict)  # invoices of the second month by customer number

    @property
    def url(self) -> str:
        """Where people go."""
        return str(self.suite.info["gateway"])

    @property
    def post(self) -> Post:
        """The letters the suite has sent."""
        return Post(str(self.suite.info["mailbox"]))

    @property
    def doors(self) -> Doors:
        """The doors of the services."""
        return Doors(self.suite.info)

    @property
    def today(self) -> date:
        """By the suite's clock."""
        return warsaw_date(self.doors.clock.now())

    # What the operator does.

    def go_to(self, instant: datetime | None) -> None:
        """Set the suite's clock; None is the present."""
        self.doors.set_clock(instant - SystemClock().now() if instant else timedelta())

    def begin(self) -> None:
        """Settings, Daria and Edward, by the operator's jobs."""
        add_staff(self.doors, self.files)

    def bring_in(self, directory: Path, *, mapping: Path | None = None) -> Imported:
        """The connector's command over a directory of CSV files, by the town's mapping or another."""
        mapping = mapping or town.write_mapping(self.files / "mapping.yaml")
        rejects = self.files / "rejects.csv"
        rejects.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "connector", "import", "--mapping", str(mapping), "--source", str(directory),
             "--to", self.suite.info["parts"]["billing"], "--rejects", str(rejects)],
            cwd=ROOT, env=self._connector_environment(), capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        found = COUNTS.search(done.stderr)
        assert found, f"the connector ended with {done.returncode}: {done.stderr[-2000:]}"
        new, changed, unchanged, refused = (int(count) for count in found.groups())
        said = rejects.read_text(encoding="utf-8") if rejects.exists() else ""
        return Imported(done.returncode, new, changed, unchanged, refused, said)

    def _connector_environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
        return inherited | {
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'gen'}",
            "EBOK_ENVIRONMENT": "demo",
            "EBOK_KEYS_DIR": str(self.suite.info["keys_dir"]),
            "EBOK_CLOCK_OFFSET_FILE": str(self.suite.info["clock_offset_file"]),
        }

    # What Edward does where a journey is not about it.

    @cached_property
    def office(self) -> Office:
        """Edward at work."""
        return Office(self.doors, EDWARD, STAFF_PASSWORD)

    def publish_prices(self) -> None:
        """The town's one price list, valid from the first month that is billed."""
        lines = components(water=town.WATER, sewage=town.SEWAGE, subscription=town.SUBSCRIPTION)
        self.office.publish(
            town.TARIFF,
            town.TARIFF_NAME,
            list(lines),
            valid_from=self.months.first,
            decision="WR.RZT.70.12.2024",
            source="https://bip.example/taryfa",
        )

    def calculate(self, month: date) -> runs_pb2.BillingRun:
        """A run for a month, ready to be issued."""
        name = f"Woda i ścieki, {month:%m.%Y}"
        return self.office.calculate(name, month, self.months.end(month), payment_days=town.PAYMENT_DAYS)

    def invoices(self, run: runs_pb2.BillingRun) -> dict[str, Any]:
        """The invoices of a run by customer number."""
        return {invoice.customer_number: invoice for invoice in self.office.invoices(run)}

    def live_through(self) -> None:
        """Both months through the services' doors, without anybody looking; Anna and Celina get their accounts."""
        self.go_to(self.months.first_issued_at)
        self.begin()
        self.publish_prices()
        self.bring_in(town.write_first_delivery(self.files / "first", self.months))
        self.office.issue(self.calculate(self.months.first))
        self.post.wait_for(about="Nowa faktura", count=sum(map(town.gets_mail, town.households())))
        self.go_to(None)
        self.bring_in(town.write_second_delivery(self.files / "second", self.months))
        self.newest = self.invoices(self.office.issue(self.calculate(self.months.second)))
        for home in town.households():
            if home.index in (town.ANNA, town.CELINA):
                invoice = self.newest[home.number]
                login = register(self.doors, home.name, home.email)
                claim(self.doors, login, home.number, invoice.number, wire.unpack_money(invoice.total_gross))

    # Where things are looked up when a test fails.

    def log(self, part: str) -> str:
        """What a part has logged so far."""
        path = Path(self.suite.info["log"]) / f"{part}.log"
        return path.read_text(errors="replace") if path.exists() else ""
