"""The customer beside a case: what is owed, the last invoices, the meter. The case opens without them, too."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ebok.billing.v1 import customers_pb2, ledger_pb2, meters_pb2, readings_pb2

from gateway.web.amounts import decimal_of
from gateway.web.calls import ahead, clients

SPARK_WIDTH, SPARK_HEIGHT, BAR_WIDTH, BAR_STEP = 240, 56, 14, 20


@dataclass(frozen=True)
class Facts:
    """What is known; None where billing is away."""

    customer: customers_pb2.Customer | None
    overview: ledger_pb2.GetOverviewResponse | None
    point: meters_pb2.ServicePoint | None
    meter: meters_pb2.Meter | None
    bars: list[tuple[int, str, str, bool]]  # x, y, height, and whether it is the last one known.


def begin_facts(customer_id: str) -> Callable[[], Facts]:
    """Begin the calls at the same time; what comes back waits for their answers."""
    billing = clients().billing
    customer = ahead(billing.customers.GetCustomer, customers_pb2.GetCustomerRequest(customer_id=customer_id))
    overview = ahead(billing.ledger.GetOverview, ledger_pb2.GetOverviewRequest(customer_id=customer_id))
    points = ahead(
        billing.meters.ListServicePoints, meters_pb2.ListServicePointsRequest(customer_id=customer_id)
    )

    def answer() -> Facts:
        found, known, served = customer(), overview(), points()
        point, meter = _meter(served)
        return Facts(
            customer=found.customer if found is not None else None,
            overview=known,
            point=point,
            meter=meter,
            bars=_bars(known.usage) if known is not None and known.HasField("usage") else [],
        )

    return answer


def _meter(
    served: meters_pb2.ListServicePointsResponse | None,
) -> tuple[meters_pb2.ServicePoint | None, meters_pb2.Meter | None]:
    """The first meter that is in use, and where."""
    for point in served.service_points if served is not None else []:
        for meter in point.meters:
            if not meter.HasField("removed_on"):
                return point, meter
    return None, None


def _bars(usage: readings_pb2.GetUsageResponse) -> list[tuple[int, str, str, bool]]:
    """The months of the year as small bars, the last known one strong."""
    values = [decimal_of(bucket.used) for bucket in usage.buckets]
    most = max((value for value in values if value is not None), default=Decimal(0))
    known = [place for place, value in enumerate(values) if value is not None]
    if not known or most <= 0:
        return []
    room = SPARK_HEIGHT - 6
    bars = []
    for place in known:
        height = max(Decimal(1), (values[place] or Decimal(0)) / most * room)
        top = f"{SPARK_HEIGHT - 3 - height:.1f}"
        bars.append((2 + BAR_STEP * place, top, f"{height:.1f}", place == known[-1]))
    return bars
