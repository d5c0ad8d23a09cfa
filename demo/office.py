"""The manager's office: what Edward does at the console, through the same doors of billing and notify."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from ebok.billing.v1 import (
    invoices_pb2,
    meters_pb2,
    reading_windows_pb2,
    reading_windows_pb2_grpc,
    runs_pb2,
    runs_pb2_grpc,
    tariffs_pb2,
    tariffs_pb2_grpc,
)
from ebok.identity.v1 import sessions_pb2
from ebok.notify.v1 import messages_pb2, messages_pb2_grpc

from chassis import wire
from chassis.ids import new_id
from chassis.rpc.client import Metadata
from demo.doors import Suite, until

TOKEN_KEPT = timedelta(minutes=2)  # Of the suite's clock; it is good for five.
PAGE_SIZE = 100


class Office:
    """Edward at work. He logs in again when the suite's clock has moved on, as he would on another day."""

    def __init__(self, suite: Suite, email: str, password: str) -> None:
        self._suite = suite
        self._email = email
        self._password = password
        self._acting: Metadata | None = None
        self._logged_in_at = suite.clock.now()
        billing = suite.channel("billing", speaking_for="gateway")
        notify = suite.channel("notify", speaking_for="gateway")
        self._runs = billing.stub(runs_pb2_grpc.BillingRunServiceStub)
        self._tariffs = billing.stub(tariffs_pb2_grpc.TariffServiceStub)
        self._windows = billing.stub(reading_windows_pb2_grpc.ReadingWindowServiceStub)
        self._messages = notify.stub(messages_pb2_grpc.MessageServiceStub)

    def acting(self) -> Metadata:
        """Edward's token for calls."""
        now = self._suite.clock.now()
        if self._acting is None or not timedelta() <= now - self._logged_in_at < TOKEN_KEPT:
            self._acting = self._suite.log_in(self._email, self._password, sessions_pb2.REALM_CONSOLE)
            self._logged_in_at = now
        return self._acting

    def publish(
        self,
        code: str,
        name: str,
        components: Sequence[tariffs_pb2.TariffComponent],
        *,
        valid_from: date,
        decision: str,
        source: str,
    ) -> None:
        """A version of a price list, written and published."""
        version_id = str(new_id())
        self._tariffs.CreateTariffVersion(
            tariffs_pb2.CreateTariffVersionRequest(
                tariff_version_id=version_id,
                tariff_code=code,
                tariff_name=name,
                valid_from=wire.pack_date(valid_from),
                decision=decision,
                source=source,
                components=components,
            ),
            metadata=self.acting(),
        )
        request = tariffs_pb2.PublishTariffVersionRequest(tariff_version_id=version_id)
        self._tariffs.PublishTariffVersion(request, metadata=self.acting())

    def plan_window(self, first: date, last: date) -> None:
        """The days on which customers hand in readings of water, again every quarter."""
        request = reading_windows_pb2.SaveReadingWindowRequest(
            window_id=str(new_id()),
            commodity=meters_pb2.COMMODITY_WATER,
            opens_on=wire.pack_date(first),
            closes_on=wire.pack_date(last),
            remind_days=3,
            repeat_months=3,
        )
        self._windows.SaveReadingWindow(request, metadata=self.acting())

    def calculate(self, name: str, first: date, end: date, *, payment_days: int) -> runs_pb2.BillingRun:
        """A run for the days, ready to be issued. Raises DemoStuck."""
        run_id = str(new_id())
        request = runs_pb2.CreateBillingRunRequest(
            run_id=run_id,
            name=name,
            period_from=wire.pack_date(first),
            period_to=wire.pack_date(end),
            payment_days=payment_days,
        )
        self._runs.CreateBillingRun(request, metadata=self.acting())
        return self.wait_for_run(run_id, runs_pb2.RUN_STATUS_READY)

    def order_issue(self, run: runs_pb2.BillingRun) -> None:
        """Have the run issued; it happens in the background."""
        request = runs_pb2.IssueBillingRunRequest(run_id=run.run_id, invoice_count=run.invoice_count)
        self._runs.IssueBillingRun(request, metadata=self.acting())

    def issue(self, run: runs_pb2.BillingRun) -> runs_pb2.BillingRun:
        """Issue the run and wait until it is. Raises DemoStuck."""
        self.order_issue(run)
        return self.wait_for_run(run.run_id, runs_pb2.RUN_STATUS_ISSUED)

    def wait_for_run(self, run_id: str, status: "runs_pb2.RunStatus") -> runs_pb2.BillingRun:
        """The run once it has a status. Raises DemoStuck."""

        def look() -> runs_pb2.BillingRun | None:
            request = runs_pb2.GetBillingRunRequest(run_id=run_id)
            run: runs_pb2.BillingRun = self._runs.GetBillingRun(request, metadata=self.acting()).run
            return run if run.status == status else None

        return until(look, f"the billing run {run_id} to be {runs_pb2.RunStatus.Name(status)}")

    def invoices(self, run: runs_pb2.BillingRun) -> Iterator[invoices_pb2.Invoice]:
        """The invoices of a run, page after page."""
        request = runs_pb2.ListRunInvoicesRequest(run_id=run.run_id)
        request.page.page_size = PAGE_SIZE
        while True:
            answer = self._runs.ListRunInvoices(request, metadata=self.acting())
            yield from answer.invoices
            if not answer.page.next_cursor:
                return
            request.page.cursor = answer.page.next_cursor

    def newest_mail(self, customer_id: str) -> str:
        """The id of the customer's newest mail if it has left; empty otherwise."""
        request = messages_pb2.ListMessagesRequest(customer_id=customer_id)
        newest = self._messages.ListMessages(request, metadata=self.acting()).messages[:1]
        return next((one.message_id for one in newest if one.status == messages_pb2.MESSAGE_STATUS_SENT), "")
