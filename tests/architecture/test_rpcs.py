"""Every RPC says who may call it, and each that changes something was called twice by a test."""

import ast

import pytest
from ebok.common.v1 import access_pb2

from chassis.rpc.access import read_rule
from tests.architecture import protos
from tests.architecture.sources import dotted, files, tree
from tests.security.methods import all_methods

METHODS = all_methods()
# Changes without an act for each call: of the thousand batches of an import only its start and end are acts; which of
# one's customers a session looks at is a click, and so is that a thread or an announcement was seen; a token that is
# got and permits of calls that are taken are no acts of their own; what a payment provider sends is nobody's act, and
# is kept as it came, and what the provider of text messages reports is none either; a connector that looked at its
# source and found nothing new did nothing.
CHANGES_WITHOUT_AN_ACT = {
    "ImportService/TouchFeed",
    "ImportService/ImportRows",
    "SessionService/SelectCustomer",
    "TokenService/IssueToken",
    "TokenService/ExchangePersonalToken",
    "LimitService/LeasePermits",
    "FactorService/BeginTotp",  # Nothing counts before a code of the app was given.
    "KeptRequestService/KeepRequest",
    "NotificationService/ReceiveNotification",
    "NotificationService/KeepNotifications",
    "ReportService/ReceiveReports",
    "TicketService/MarkTicketRead",
    "AnnouncementService/MarkAnnouncementRead",
}
ELSEWHERE = {"DeliveryService/Deliver"}  # The inbox: tests/chassis/messaging, for every carrier.


def short(method):
    return f"{method.service.rpartition('.')[2]}/{method.name}"


def repeated():
    """`{"InvoiceService/IssueInvoice"}`: what tests marked `repeats` call; the fixture `serving` counts the calls."""
    return {
        argument.value
        for path in files("tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and dotted(mark.func) == "pytest.mark.repeats"
        for argument in mark.args
        if isinstance(argument, ast.Constant)
    }


def test_the_list_is_whole():
    assert {f"{method.service}/{method.name}" for method in METHODS} == {one.name for one in protos.methods()}


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_an_rpc_has_an_access_rule_that_can_be_kept(method):
    assert read_rule(method.service, method.name).method == f"{method.service}/{method.name}"


def test_every_rpc_that_changes_something_is_called_twice_by_a_test():
    changing = {short(method) for method in METHODS if method.access.audit == access_pb2.AUDIT_CHANGE}
    assert changing | CHANGES_WITHOUT_AN_ACT == repeated()


def test_an_rpc_whose_name_is_a_change_leaves_an_act():
    reading = ("Get", "List", "Search", "Check", "Count", "Download", "Find", "Preview", "Stream", "Suggest")
    silent = {
        short(method)
        for method in METHODS
        if not method.name.startswith(reading) and method.access.audit != access_pb2.AUDIT_CHANGE
    }
    assert silent == CHANGES_WITHOUT_AN_ACT | ELSEWHERE


def test_a_permission_is_named_service_noun_verb():
    for method in METHODS:
        if method.access.permission:
            service, noun, verb = method.access.permission.split(".")
            assert service == method.part, short(method)
            assert noun
            assert verb
