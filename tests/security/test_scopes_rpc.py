"""What the grant of a customer lets somebody call: written down here once more, RPC by RPC, and tried at the doors."""

from typing import Any

import pytest
from ebok.common.v1 import access_pb2

from chassis.errors import PermissionDenied, Refusal
from services.identity.domain import permissions
from services.identity.storage.grants import GivenBy, Scope
from tests.security.methods import Method, all_methods, sound_request

OF_CUSTOMERS = {
    str(method): method for method in all_methods() if method.lets_in(access_pb2.AUDIENCE_CUSTOMER)
}
# What each adds to the one before; whatever is not named here may be called with the smallest scope.
PAY = {"payments.v1.PaymentService/ListPaymentMethods", "payments.v1.PaymentService/StartPayment"}
MANAGE = {
    "billing.v1.CustomerService/UpdateContactData",
    "billing.v1.ReadingService/SubmitReading",
    "identity.v1.ConsentService/SaveConsents",
    "notify.v1.PreferenceService/SavePreferences",
    "tickets.v1.AttachmentService/UploadAttachment",
    "tickets.v1.TicketService/OpenTicket",
    "tickets.v1.TicketService/RateTicket",
    "tickets.v1.TicketService/ReopenTicket",
    "tickets.v1.TicketService/WriteMessage",
}
OWNER = {
    "identity.v1.GrantService/ListCustomerGrants",
    "identity.v1.GrantService/ChangeGrantEnd",
    "identity.v1.GrantService/RevokeGrant",
    "identity.v1.InvitationService/InviteDelegate",
    "identity.v1.InvitationService/ListInvitations",
    "identity.v1.InvitationService/CancelInvitation",
}
CLOSED = {
    (Scope.VIEW, GivenBy.INVITATION): PAY | MANAGE | OWNER,
    (Scope.PAY, GivenBy.INVITATION): MANAGE | OWNER,
    (Scope.MANAGE, GivenBy.INVITATION): OWNER,
    (Scope.MANAGE, GivenBy.PROOF): set(),
}
CHANGING = {name for name, method in OF_CUSTOMERS.items() if method.access.audit == access_pb2.AUDIT_CHANGE}


@pytest.mark.parametrize(("scope", "given_by"), CLOSED)
def test_a_scope_opens_what_is_written_here_and_nothing_else(whole, as_anna, scope, given_by):
    person = as_anna.allowed(*permissions.of_user(scope, given_by))

    def refused(method: Method) -> bool:
        request: Any = sound_request(method, {"customer_id": person.customer_id})
        try:
            method.call(whole.stub(method.part, method.stub_class, person), request)
        except PermissionDenied as refusal:
            return refusal.reason == "ACCESS_REFUSED"
        except Refusal:
            return False
        return False

    assert {name for name, method in OF_CUSTOMERS.items() if refused(method)} == CLOSED[scope, given_by]


def test_who_may_only_look_changes_nothing_but_the_own_access():
    assert {"identity.v1.GrantService/GiveUpGrant"} == CHANGING - PAY - MANAGE - OWNER
