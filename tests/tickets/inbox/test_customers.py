"""What billing says of customers is kept in its newest form."""

from services.tickets.storage import customers


def test_the_newest_stays_in_whatever_order_they_arrive(given, database):
    given.customer("Anna Nowak", version=2, towns=("Zdrój", "Polana"), commodities=("water", "heat"))
    given.customer("Anna Dawna", version=1)

    with database.reading() as session:
        [kept] = session.query(customers.Customer).all()
    assert (kept.name, kept.version) == ("Anna Nowak", 2)
    assert (kept.towns, kept.commodities) == (["Zdrój", "Polana"], ["water", "heat"])


def test_a_case_that_was_there_first_is_found_by_the_customer_afterwards(office, given):
    office.open(subject="Rachunek")
    assert office.subjects(query="nowak") == []
    given.customer("Anna Nowak")
    assert office.subjects(query="nowak rachunek") == ["Rachunek"]
    assert office.subjects(query="K-100200") == ["Rachunek"]
