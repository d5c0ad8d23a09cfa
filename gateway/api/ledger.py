"""What a customer owes, and the entries it is the sum of."""

from uuid import UUID

from ebok.billing.v1 import ledger_pb2 as pb
from flask import Response

from gateway.api import api
from gateway.api.answers import one
from gateway.api.inputs import Input, Query, day, pack_day
from gateway.api.operations import operation, query
from gateway.api.presenting import BALANCE, STATEMENT
from gateway.web.calls import call, clients


class StatementFilter(Input):
    """Between which days."""

    from_ = day("First day; not given: a year before `until`.", data_key="from")
    until = day("Last day; not given: today.")


@api.get("/customers/<uuid:customer_id>/balance")
@operation("ledger:read", BALANCE)
def get_balance(customer_id: UUID) -> Response:
    """What is owed, until when, and what is credit."""
    request = pb.GetBalanceRequest(customer_id=str(customer_id))
    return one(BALANCE, call(clients().billing.ledger.GetBalance, request).balance)


@api.get("/customers/<uuid:customer_id>/ledger")
@operation("ledger:read", STATEMENT, refuses=[409])
@query(StatementFilter)
def get_statement(customer_id: UUID, query_data: Query) -> Response:
    """The ledger between two days, at most 2,000 entries."""
    request = pb.GetStatementRequest(
        customer_id=str(customer_id),
        until=pack_day(query_data.get("until")),
        **{"from": pack_day(query_data.get("from_"))},
    )
    return one(STATEMENT, call(clients().billing.ledger.GetStatement, request))
