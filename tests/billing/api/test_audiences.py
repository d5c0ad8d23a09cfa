"""Who is in a segment, through the door: each field, its refusals, the sample, the stream and who may ask."""

from decimal import Decimal
from uuid import UUID

import pytest
from ebok.billing.v1.audiences_pb2 import (
    CountAudienceRequest,
    ListSegmentChoicesRequest,
    StreamAudienceRequest,
)
from ebok.billing.v1.audiences_pb2_grpc import AudienceServiceStub
from ebok.common.v1 import segments_pb2 as pb
from ebok.common.v1.money_pb2 import Money

from chassis.errors import Invalid, PermissionDenied
from chassis.ids import new_id
from chassis.segments import CHOICES, Field
from chassis.testing import cast
from services.billing.domain import ledger
from services.billing.storage.customers import CustomerKind
from services.billing.storage.service_points import Commodity
from tests.billing.bills import Runs, house, prices

IS, IS_NOT, ABOVE = pb.SEGMENT_OPERATOR_IS, pb.SEGMENT_OPERATOR_IS_NOT, pb.SEGMENT_OPERATOR_ABOVE
TOWN, STREET, COMMODITY = pb.SEGMENT_FIELD_TOWN, pb.SEGMENT_FIELD_STREET, pb.SEGMENT_FIELD_COMMODITY
KIND, ARREARS, E_INVOICE = pb.SEGMENT_FIELD_KIND, pb.SEGMENT_FIELD_ARREARS, pb.SEGMENT_FIELD_E_INVOICE
TARIFF_GROUP, CUSTOMER = pb.SEGMENT_FIELD_TARIFF_GROUP, pb.SEGMENT_FIELD_CUSTOMER


def condition(field, operator, *values, grosze=None):
    amount = None if grosze is None else Money(grosze=grosze)
    return pb.SegmentCondition(field=field, operator=operator, values=values, amount=amount)


@pytest.fixture
def edward(billing, as_edward):
    return billing(AudienceServiceStub, as_edward)


@pytest.fixture
def notify(billing, as_system):
    return billing(AudienceServiceStub, as_system("notify"))


@pytest.fixture
def ask(edward):
    """`ask(condition, …)`: the names in the segment, sampled, which must be as many as are counted."""

    def names(*conditions):
        request = CountAudienceRequest(segment=pb.Segment(conditions=conditions))
        answer = edward.CountAudience(request)
        assert answer.count == len(answer.sample) <= 5
        return sorted(member.name for member in answer.sample)

    return names


@pytest.fixture
def stream(notify):
    def members(*conditions, after=""):
        segment = pb.Segment(conditions=conditions)
        request = StreamAudienceRequest(segment=segment, after_customer_id=after)
        return [list(piece.members) for piece in notify.StreamAudience(request)]

    return members


@pytest.fixture
def town(given):
    """Anna in Zdrój (water), Bartek's bakery in Młyny (heat, W9, no e-invoice), Celina who moved out of Zdrój."""
    anna = given.customer("Anna", customer_id=cast.ANNA_CUSTOMER)
    given.contract(anna, given.service_point())
    bartek = given.customer(
        "Piekarnia Bartek",
        customer_id=cast.BARTEK_CUSTOMER,
        kind=CustomerKind.COMPANY,
        e_invoice=False,
        premises_label="ul. Wodna 1, Młyny",
    )
    bakery = given.premises(town="Młyny", street="ul. Wodna")
    given.contract(
        bartek, given.service_point(bakery, commodity=Commodity.HEAT), tariff=given.tariff("W9", "Firmy")
    )
    celina = given.customer("Celina", customer_id=cast.CELINA_CUSTOMER)
    given.contract(celina, given.service_point(), ends_on="2025-06-30")


def test_a_segment_without_conditions_is_everybody(town, ask):
    assert ask() == ["Anna", "Celina", "Piekarnia Bartek"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (condition(TOWN, IS, "Zdrój"), ["Anna"]),
        (condition(TOWN, IS, "Zdrój", "Młyny"), ["Anna", "Piekarnia Bartek"]),
        (condition(TOWN, IS_NOT, "Zdrój"), ["Celina", "Piekarnia Bartek"]),
        (condition(STREET, IS, "Zdrój, ul. Lipowa"), ["Anna"]),
        (condition(STREET, IS, "Młyny, ul. Lipowa"), []),
        (condition(COMMODITY, IS, "heat"), ["Piekarnia Bartek"]),
        (condition(COMMODITY, IS_NOT, "heat", "water"), ["Celina"]),
        (condition(TARIFF_GROUP, IS, "W9"), ["Piekarnia Bartek"]),
        (condition(KIND, IS, "person"), ["Anna", "Celina"]),
        (condition(KIND, IS_NOT, "person"), ["Piekarnia Bartek"]),
        (condition(E_INVOICE, IS, "no"), ["Piekarnia Bartek"]),
        (condition(CUSTOMER, IS, str(cast.CELINA_CUSTOMER), str(new_id())), ["Celina"]),
        (condition(CUSTOMER, IS_NOT, str(cast.CELINA_CUSTOMER)), ["Anna", "Piekarnia Bartek"]),
        (condition(TOWN, IS, "' OR true --"), []),
    ],
)
def test_each_field_finds_its_own(town, ask, wanted, names):
    assert ask(wanted) == names


def test_all_conditions_hold_at_once(town, ask):
    assert ask(condition(KIND, IS, "person"), condition(TOWN, IS, "Zdrój")) == ["Anna"]
    assert ask(condition(KIND, IS, "person"), condition(TOWN, IS, "Młyny")) == []


def test_arrears_are_what_the_ledger_has_past_its_day(given, served, as_edward, ask, stream, clock, database):
    given.settings()
    prices(given)
    house(given, {"2025-10-31": "806", "2025-12-31": "818"}, customer_id=cast.ANNA_CUSTOMER)
    Runs(served, as_edward).bill("2025-11-01", "2025-12-31")
    assert ask(condition(ARREARS, ABOVE, grosze=0)) == []
    [[before]] = stream()
    assert before.overdue.grosze == 0 < before.balance.grosze
    assert (before.next_due_on.month, before.next_due_on.day) == (3, 30)

    clock.set(clock.now().replace(month=4, day=1))

    [[due]] = stream(condition(ARREARS, ABOVE, grosze=before.balance.grosze - 1))
    assert due.overdue == due.balance == before.balance
    assert not due.HasField("next_due_on")
    assert stream(condition(ARREARS, ABOVE, grosze=before.balance.grosze)) == []
    with database.transaction() as session:
        part = ledger.Payment(
            customer_id=cast.ANNA_CUSTOMER,
            external_id="w-1",
            amount=ledger.Money.rounded(Decimal("1.00")),
            booked_on=clock.now().date(),
        )
        ledger.post_payment(session, part, now=clock.now())
    assert ask(condition(ARREARS, ABOVE, grosze=before.balance.grosze - 100)) == []
    assert len(ask(condition(ARREARS, ABOVE, grosze=before.balance.grosze - 101))) == 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (condition(KIND, IS, "ghost"), "NOT_A_CHOICE"),
        (condition(E_INVOICE, IS, "maybe"), "NOT_A_CHOICE"),
        (condition(COMMODITY, IS, "steam"), "NOT_A_CHOICE"),
        (condition(CUSTOMER, IS, "17"), "NOT_A_CHOICE"),
        (condition(STREET, IS, "ul. Lipowa"), "NOT_A_CHOICE"),
        (condition(TOWN, IS, " "), "NOT_A_CHOICE"),
        (condition(TOWN, IS), "REQUIRED"),
        (condition(ARREARS, ABOVE), "REQUIRED"),
        (condition(ARREARS, ABOVE, grosze=-1), "OUT_OF_RANGE"),
        (condition(ARREARS, IS, "5", grosze=5), "NOT_COMPARABLE"),
        (condition(TOWN, ABOVE, grosze=5), "NOT_COMPARABLE"),
    ],
)
def test_a_condition_that_cannot_be_is_refused_where_it_stands(edward, notify, wrong, reason):
    segment = pb.Segment(conditions=[condition(TOWN, IS, "Zdrój"), wrong])
    for ask in (
        lambda: edward.CountAudience(CountAudienceRequest(segment=segment)),
        lambda: list(notify.StreamAudience(StreamAudienceRequest(segment=segment))),
    ):
        with pytest.raises(Invalid) as refused:
            ask()
        [violation] = refused.value.violations
        assert (violation.field, violation.reason) == ("segment.conditions[1]", reason)


def test_the_sample_is_five_by_chance(given, edward):
    for place in range(120):
        given.customer(f"Klient {place}")
    request = CountAudienceRequest(segment=pb.Segment())
    answers = [edward.CountAudience(request) for _ in range(4)]
    assert {answer.count for answer in answers} == {120}
    assert {len({member.customer_id for member in answer.sample}) for answer in answers} == {5}
    assert len({member.customer_id for answer in answers for member in answer.sample}) > 5


def test_the_stream_has_everybody_once_and_goes_on_where_it_was_left(given, stream):
    ids = sorted(str(given.customer(f"Klient {place}").customer_id) for place in range(1_003))
    pieces = stream()
    assert [len(piece) for piece in pieces] == [500, 500, 3]
    assert [member.customer_id for piece in pieces for member in piece] == ids

    rest = stream(after=ids[700])
    assert [member.customer_id for piece in rest for member in piece] == ids[701:]


def test_a_member_is_said_with_what_a_letter_may_say(town, stream):
    [[anna, bartek, celina]] = stream()
    assert (anna.name, anna.premises_label, anna.town, anna.tariff_group) == (
        "Anna",
        "ul. Lipowa 7/2, Zdrój",
        "Zdrój",
        "W1",
    )
    assert (bartek.town, bartek.tariff_group) == ("Młyny", "W9")
    assert (celina.town, celina.tariff_group) == ("", "")
    assert anna.balance.grosze == 0
    assert UUID(anna.customer_id) == cast.ANNA_CUSTOMER


def test_choices_are_what_there_is(town, given, edward):
    given.premises(town="Łąki", street="")
    given.premises(town="Zdrój", street="ul. Ćwiartki")
    given.premises(town="", street="")
    choices = edward.ListSegmentChoices(ListSegmentChoicesRequest())
    assert choices.towns == ["Łąki", "Młyny", "Zdrój"]
    assert choices.streets == ["Młyny, ul. Wodna", "Zdrój, ul. Ćwiartki", "Zdrój, ul. Lipowa"]
    assert choices.tariff_groups == ["W1", "W9"]
    assert choices.commodities == ["water", "heat"]


def test_commodities_of_segments_are_those_of_billing():
    assert CHOICES[Field.COMMODITY] == {one.value.lower() for one in Commodity}


def test_only_notify_has_the_whole_audience(billing, as_edward, as_anna, as_system):
    for stranger in (as_edward, as_anna, as_system("payments")):
        with pytest.raises(PermissionDenied):
            list(billing(AudienceServiceStub, stranger).StreamAudience(StreamAudienceRequest()))
    with pytest.raises(PermissionDenied):
        billing(AudienceServiceStub, as_anna).CountAudience(CountAudienceRequest())
    clerk = as_edward.without("billing.audiences.read")
    with pytest.raises(PermissionDenied):
        billing(AudienceServiceStub, clerk).CountAudience(CountAudienceRequest())
