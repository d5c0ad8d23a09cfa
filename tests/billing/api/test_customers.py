"""The door of customers."""

import pytest
from ebok.billing.v1 import customers_pb2 as pb
from ebok.billing.v1 import events_pb2
from ebok.billing.v1.customers_pb2_grpc import CustomerServiceStub
from ebok.common.v1 import money_pb2, paging_pb2

from chassis.errors import FailedPrecondition, Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER
from services.billing.storage.customers import CustomerKind
from services.billing.storage.readings import ReadingStatus


def search(stub, query="", **given):
    return stub.SearchCustomers(pb.SearchCustomersRequest(query=query, **given))


def names(response):
    return [found.customer.name for found in response.customers]


# GetCustomer


def test_a_customer_is_shown_with_the_own_word_before_the_providers(billing, as_anna, given):
    given.customer(
        "Anna Zdrojewska",
        customer_id=ANNA_CUSTOMER,
        source_email="stary@poczta.example",
        own_email="anna@poczta.example",
        source_phone="+48600100200",
    )

    answer = billing(CustomerServiceStub, as_anna).GetCustomer(
        pb.GetCustomerRequest(customer_id=str(ANNA_CUSTOMER))
    )

    customer = answer.customer
    assert (customer.email, customer.phone) == ("anna@poczta.example", "+48600100200")
    assert (customer.address_line, customer.town_line) == ("ul. Lipowa 7/2", "57-000 Zdrój")
    assert customer.kind == pb.CUSTOMER_KIND_PERSON


def test_an_unknown_customer_is_not_found(billing, as_daria):
    with pytest.raises(NotFound) as refused:
        billing(CustomerServiceStub, as_daria).GetCustomer(pb.GetCustomerRequest(customer_id=str(new_id())))

    assert refused.value.reason == "CUSTOMER_NOT_FOUND"


def test_celina_may_not_see_or_change_anna(billing, as_celina, given):
    given.customer(customer_id=ANNA_CUSTOMER)
    stub = billing(CustomerServiceStub, as_celina)

    with pytest.raises(PermissionDenied):
        stub.GetCustomer(pb.GetCustomerRequest(customer_id=str(ANNA_CUSTOMER)))
    with pytest.raises(PermissionDenied):
        stub.UpdateContactData(
            pb.UpdateContactDataRequest(customer_id=str(ANNA_CUSTOMER), email="celina@poczta.example")
        )
    with pytest.raises(PermissionDenied):
        search(stub, "Anna")
    with pytest.raises(PermissionDenied):
        stub.GetDesk(pb.GetDeskRequest())


# SearchCustomers


def test_names_are_listed_in_polish_order(billing, as_daria, given):
    ordered = ["Aneta Ćma", "Ąnia", "Bartek", "Ćwikła", "Lis", "Łoś", "Zet", "Źrebak", "Żaba"]
    for name in reversed(ordered):
        given.customer(name)
    given.customer("Łódź Sp. z o.o.", kind=CustomerKind.COMPANY)
    stub = billing(CustomerServiceStub, as_daria)

    assert names(search(stub)) == [*ordered[:5], "Łoś", "Łódź Sp. z o.o.", *ordered[6:]]
    assert names(search(stub, kind=pb.CUSTOMER_KIND_COMPANY)) == ["Łódź Sp. z o.o."]


def test_all_words_are_looked_for_in_any_order_and_without_marks(billing, as_daria, given):
    anna = given.customer("Anna Żółć", number="31108500", source_phone="+48600100200")
    given.supply(anna)
    given.customer("Anna Nowak", number="31108501", address_line="ul. Inna 1")
    stub = billing(CustomerServiceStub, as_daria)

    for query in (
        "zolc anna",
        "ŻÓŁĆ",
        "31108500",
        "lipowa 7/2 anna zol",
        "88 104",
        "600 100 200",
        anna.source_email,
        "ppw",
    ):
        assert names(search(stub, query)) == ["Anna Żółć"], query
    assert search(stub, "anna nikt").customers == []
    assert len(search(stub, "Anna").customers) == 2


def test_wildcards_and_quotes_of_a_query_are_plain_text(billing, as_daria, given):
    given.customer("Anna")
    stub = billing(CustomerServiceStub, as_daria)

    for query in ("%", "_", "\\", "'; DROP TABLE customers; --", "a%a"):
        assert names(search(stub, query)) == []
    assert names(search(stub)) == ["Anna"]


@pytest.mark.parametrize("order", [pb.CUSTOMER_ORDER_NAME, pb.CUSTOMER_ORDER_NUMBER])
def test_pages_lead_forth_and_back_through_equal_names(billing, as_daria, given, order):
    for _ in range(7):
        given.customer("Jan Kowalski")
    stub = billing(CustomerServiceStub, as_daria)

    def page(cursor=""):
        return search(stub, order=order, page=paging_pb2.PageRequest(page_size=3, cursor=cursor))

    first = page()
    second = page(first.page.next_cursor)
    third = page(second.page.next_cursor)

    ids = [[found.customer.customer_id for found in one.customers] for one in (first, second, third)]
    assert [len(one) for one in ids] == [3, 3, 1]
    assert len({one for part in ids for one in part}) == 7
    assert (first.page.previous_cursor, third.page.next_cursor) == ("", "")
    assert page(third.page.previous_cursor).customers == second.customers
    back = page(second.page.previous_cursor)
    assert back.customers == first.customers
    assert back.page.previous_cursor == ""


@pytest.mark.parametrize("cursor", ["x", "bnVsbA==", "WyJjdXN0b21lcnMubmFtZSIsdHJ1ZSwieCJd", "W10=", "ż"])
def test_a_cursor_that_is_none_is_malformed(billing, as_daria, cursor):
    with pytest.raises(Invalid) as refused:
        search(billing(CustomerServiceStub, as_daria), page=paging_pb2.PageRequest(cursor=cursor))

    assert refused.value.violations[0].reason == "MALFORMED"


def test_a_cursor_of_another_order_is_malformed(billing, as_daria, given):
    for _ in range(2):
        given.customer("Jan")
    stub = billing(CustomerServiceStub, as_daria)
    first = search(stub, page=paging_pb2.PageRequest(page_size=1))

    with pytest.raises(Invalid):
        search(
            stub,
            order=pb.CUSTOMER_ORDER_NUMBER,
            page=paging_pb2.PageRequest(page_size=1, cursor=first.page.next_cursor),
        )


def test_who_owes_nothing_is_not_in_arrears(billing, as_daria, given):
    given.customer("Anna")

    assert names(search(billing(CustomerServiceStub, as_daria), in_arrears_only=True)) == []


# UpdateContactData


@pytest.mark.repeats("CustomerService/UpdateContactData")
def test_contact_data_are_normalised_announced_and_found(billing, served, as_anna, as_daria, given):
    given.customer("Anna", customer_id=ANNA_CUSTOMER, source_email="stary@poczta.example")
    stub = billing(CustomerServiceStub, as_anna)
    request = pb.UpdateContactDataRequest(
        customer_id=str(ANNA_CUSTOMER), email="Anna@Poczta.Example", phone="600 100 200"
    )

    first = stub.UpdateContactData(request).customer
    again = stub.UpdateContactData(request).customer

    assert again == first
    assert (first.email, first.phone) == ("Anna@poczta.example", "+48600100200")
    [event] = served.announced(events_pb2.CustomerChanged)
    assert (event.version, event.email, event.e_invoice) == (2, "Anna@poczta.example", True)
    assert names(search(billing(CustomerServiceStub, as_daria), "600100200")) == ["Anna"]


def test_another_email_is_told_with_the_one_until_now_and_another_telephone_is_not(
    billing, served, as_anna, given
):
    given.customer("Anna", customer_id=ANNA_CUSTOMER, source_email="stary@poczta.example")
    stub = billing(CustomerServiceStub, as_anna)

    def change(email: str, phone: str = "") -> None:
        stub.UpdateContactData(
            pb.UpdateContactDataRequest(customer_id=str(ANNA_CUSTOMER), email=email, phone=phone)
        )

    for _ in range(2):
        change("nowy@poczta.example")
    change("nowy@poczta.example", "600 100 200")
    change("")
    told = served.announced(events_pb2.ContactEmailChanged)
    assert [(one.old_email, one.new_email) for one in told] == [
        ("stary@poczta.example", "nowy@poczta.example"),
        ("nowy@poczta.example", "stary@poczta.example"),
    ]
    assert {(one.customer_id, one.customer_name) for one in told} == {(str(ANNA_CUSTOMER), "Anna")}
    assert len({one.change_id for one in told}) == 2


def test_empty_contact_data_let_the_providers_hold(billing, served, as_anna, given):
    given.customer(
        customer_id=ANNA_CUSTOMER,
        source_email="stary@poczta.example",
        own_email="a@poczta.example",
        own_phone="+48600100200",
    )

    customer = (
        billing(CustomerServiceStub, as_anna)
        .UpdateContactData(pb.UpdateContactDataRequest(customer_id=str(ANNA_CUSTOMER)))
        .customer
    )

    assert (customer.email, customer.phone) == ("stary@poczta.example", "")
    [event] = served.announced(events_pb2.CustomerChanged)
    assert event.email == "stary@poczta.example"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"phone": "123"}, ["phone"]),
        ({"phone": "600-KWIATY"}, ["phone"]),
        ({"email": "anna..zdrojewska@poczta.example"}, ["email"]),
        ({"email": "anna@-.example", "phone": "000"}, ["email", "phone"]),
        ({"email": "anna@localhost"}, ["email"]),
    ],
)
def test_what_cannot_be_reached_is_refused_field_by_field(billing, served, as_anna, given, fields, named):
    given.customer(customer_id=ANNA_CUSTOMER)

    with pytest.raises(Invalid) as refused:
        billing(CustomerServiceStub, as_anna).UpdateContactData(
            pb.UpdateContactDataRequest(customer_id=str(ANNA_CUSTOMER), **fields)
        )

    assert [(one.field, one.reason) for one in refused.value.violations] == [
        (name, "MALFORMED") for name in named
    ]
    assert served.announced(events_pb2.CustomerChanged) == []


# CheckProof


def test_a_proof_of_nobody_is_refused_in_the_same_words(billing, as_system, given):
    given.customer(number="31108500")
    stub = billing(CustomerServiceStub, as_system("identity"))
    words = set()
    for number in ("31108500", "99999999"):
        with pytest.raises(FailedPrecondition) as refused:
            stub.CheckProof(
                pb.CheckProofRequest(
                    customer_number=number,
                    invoice_number="FV/2026/000001",
                    invoice_total=money_pb2.Money(grosze=0),
                )
            )
        words.add((refused.value.reason, refused.value.message, tuple(refused.value.metadata.items())))

    assert words == {("PROOF_NOT_ACCEPTED", "", ())}


def test_only_identity_asks_for_proofs(billing, as_system, as_edward):
    request = pb.CheckProofRequest(
        customer_number="1", invoice_number="1", invoice_total=money_pb2.Money(grosze=1)
    )
    for persona in (as_system("notify"), as_edward):
        with pytest.raises(PermissionDenied):
            billing(CustomerServiceStub, persona).CheckProof(request)


# GetDesk


def test_the_desk_counts_what_there_is_and_what_waits(billing, as_daria, given):
    meter = given.supply(given.customer())
    given.meter(removed_on=meter.installed_on)
    given.reading(meter, "2026-01-31", "100")
    given.reading(meter, "2026-02-28", "90", status=ReadingStatus.SUBMITTED, reason="BELOW_PREVIOUS")

    desk = billing(CustomerServiceStub, as_daria).GetDesk(pb.GetDeskRequest())

    assert (desk.customer_count, desk.meter_count, desk.readings_waiting) == (1, 1, 1)
    assert (desk.parked_count, desk.invoices_this_month, desk.receivable.grosze) == (0, 0, 0)
    assert not desk.HasField("newest_data_at")
