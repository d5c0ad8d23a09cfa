"""The pay page as somebody fills it in: what it offers, changed in some fields, and sent."""

from typing import Any

from bs4 import BeautifulSoup
from ebok.payments.v1 import payments_pb2
from sqlalchemy import text
from werkzeug.test import TestResponse

from tests.gateway.visitors import Visitor
from tests.gateway.world import World

PAY = "/zaplac"


class PayForm:
    """The form on a page; `send(ile="inna", kwota="50")` sends it with other values."""

    def __init__(self, visitor: Visitor, url: str = PAY, *, page: str = "") -> None:
        self._visitor = visitor
        self.soup = BeautifulSoup(page or visitor.page(url), "lxml")
        form = self.soup.select_one("form[data-pay]")
        assert form is not None, f"{url} has no form to pay with"
        self.offered = {
            str(one["name"]): str(one["value"]) for one in form.select("input[type=hidden], input[type=text]")
            if one.has_attr("value")
        }  # fmt: skip
        for one in form.select("input[type=radio][checked]"):
            self.offered[str(one["name"])] = str(one["value"])
        self.ticked = [str(one["value"]) for one in form.select("input[name=faktura][checked]")]
        self.listed = [str(one["value"]) for one in form.select("input[name=faktura]")]
        self.ways = [str(one["value"]) for one in form.select("input[name=sposob]")]

    @property
    def request_id(self) -> str:
        """The intention."""
        return self.offered["request_id"]

    @property
    def shown(self) -> int:
        """Grosze that the button names."""
        return int(self.offered["razem"])

    def way(self, provider: str) -> str:
        """The choice that is made on the provider's own page."""
        return next(one for one in self.ways if one == f"{provider}:")

    def send(self, **changes: Any) -> TestResponse:
        """Press the button."""
        return self._visitor.post(PAY, data={**self.offered, "faktura": self.ticked, **changes})


def payment_of(town: World, response: TestResponse) -> payments_pb2.Payment:
    """The payment that a sent form led to, as far as a till needs it."""
    assert response.status_code == 303, response.text
    payment_id = str(response.location).split("/")[2]
    with town.payments.database.reading() as session:
        provider = session.execute(
            text("SELECT provider FROM payments WHERE payment_id = :id"), {"id": payment_id}
        ).scalar_one()
    return payments_pb2.Payment(payment_id=payment_id, provider=provider)


def count_payments(town: World) -> int:
    """How many there are of everybody."""
    with town.payments.database.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM payments")).scalar_one())
