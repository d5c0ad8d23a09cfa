"""One notion, one word; and every reason that can reach people has words."""

import ast
import re
from importlib import import_module

import pytest
from ebok.common.v1 import access_pb2

from chassis.errors import Refusal
from gateway.web import reasons
from tests.architecture import protos
from tests.architecture.sources import ROOT, SERVICES, dotted, files, tree
from tests.security.methods import all_methods

# Nouns of the wire itself, which no person says.
NOT_IN_THE_GLOSSARY = {
    "access": "the rule of an RPC",
    "delivery": "how events travel without a broker",
    "fields": "the rules of fields",
    "paging": "how lists are cut",
}
IRREGULAR = {
    "settings": "settings",
    "premises": "premises",
    "audit": "audit",
    "money": "balance",
    "runs": "run",
    "categories": "category",
}
# Reasons that end before anybody sees them: caught by our own code, or told to another part alone.
NEVER_SHOWN = {
    "EVENT_MALFORMED": "an event that is parked; the operator reads it in the log",
    "EVENT_UNREADABLE": "a message of the broker that goes to the dead letters",
    "CHARGES_UNSOUND": "a tariff and readings that were checked before; a bug when it is raised",
    "UNKNOWN_VAT_RATE": "a rate that the tariff's door would have refused; a bug when it is raised",
    "NO_PRICE_FOR_DAY": "caught where drafts are made: the customer is parked NO_PRICE",
    "PAYMENT_NOT_BOOKED": "a refund's event that came before its payment's; it is tried again",
    "REFUND_DIFFERS": "an event that is parked; the operator reads it in the log",
    "CORRECTION_DIFFERS": "no page posts corrections yet",
    "BATCH_OUT_OF_ORDER": "told to the connector alone",
    "CLIENT_REFUSED": "told to other systems alone",
    "SCOPE_NOT_GRANTED": "told to other systems alone",
    "TRANSFER_UNSOUND": "caught where the invoice is drawn: it has no code to scan then",
}
TOLD_TO_CONNECTORS_ONLY = {"connector", "identity"}


@pytest.fixture(scope="module", autouse=True)
def pages():
    """Pages add the words of their own reasons when they are imported."""
    import_module("gateway.app")


def glossary():
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    rows = [line.split("|")[2:4] for line in text.splitlines() if line.startswith("|")]
    return " ".join(" ".join(row) for row in rows).lower()


def test_every_noun_of_the_wire_is_in_the_glossary():
    known = glossary()
    for package, nouns in protos.nouns().items():
        for noun in nouns:
            if noun in NOT_IN_THE_GLOSSARY:
                continue
            word = IRREGULAR.get(noun, noun.removesuffix("s")).replace("_", " ")
            assert re.search(rf"\b{word}\b", known), f"{package}/{noun}.proto has no row"


def refusals():
    """`{"INVOICE_NOT_FOUND": "services/billing/domain/invoices.py"}`: every reason a class of ours gives."""
    return {
        node.value.value: str(path)
        for path in files("chassis", "services")
        for owner in ast.walk(tree(path))
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.Assign)
        and [dotted(target) for target in node.targets] == ["reason"]
        and isinstance(node.value, ast.Constant)
    }


def violations(*, of_rows):
    """Reasons given to a field: by `Violation` and `wire.fault` of a request, by `reader.fault` of an imported row."""
    found = {}
    for path in files("chassis", "services"):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            name = dotted(node.func)
            by_reader = name.endswith(".fault") and name != "wire.fault"
            if (by_reader if of_rows else name in ("Violation", "wire.fault", "fault")) and len(
                node.args
            ) > 1:
                for given in ast.walk(node.args[1]):
                    if (
                        isinstance(given, ast.Constant)
                        and isinstance(given.value, str)
                        and given.value.isupper()
                    ):
                        found[given.value] = f"{path}:{node.lineno}"
    return found


# Told to the connector about its stream, not to somebody about a form.
FIELDS_OF_STREAMS = {"DIFFERS"}


def in_words(reason):
    return reason in reasons.REASONS or reason in reasons.FIELDS


def test_every_reason_of_a_service_has_words():
    families: set[str] = {Refusal.reason, *(family.reason for family in reasons.FAMILY)}  # Said by class.
    rows = import_module("gateway.console.reject_words").REASONS
    found = refusals()
    assert len(found) > 40
    wordless = {
        f"{reason} ({path})"
        for reason, path in found.items()
        if not in_words(reason) and reason not in families | set(NEVER_SHOWN) | set(rows)
    }
    assert wordless == set()


def test_every_reason_a_comment_of_the_protos_names_has_words():
    shown_by = {
        f"{method.service}/{method.name}": bool(
            set(method.access.audiences) - {access_pb2.AUDIENCE_SYSTEM}
            or set(method.access.systems) - TOLD_TO_CONNECTORS_ONLY
        )
        for method in all_methods()
    }
    named = {
        (reason, method.name)
        for method in protos.methods()
        if "Refuses" in method.comment and shown_by[method.name]
        for reason in protos.reasons_in(method.comment)
    }
    assert len(named) > 40
    assert {pair for pair in named if not in_words(pair[0]) and pair[0] not in NEVER_SHOWN} == set()


def test_every_reason_a_message_carries_has_words():
    rows = import_module("gateway.console.reject_words").REASONS
    shown = [
        field
        for field in protos.reason_fields()
        if "Request" not in field.name
        and "Failed" not in field.name
        and "clerk's words" not in field.comment  # Written by a person, and shown as written.
    ]
    carriers = {field.name.split(".")[-2] for field in shown}
    assert carriers == {"Parked", "Message", "Reading", "RejectReason", "Payment", "Recipient"}
    for field in shown:
        named = protos.reasons_in(field.comment)
        assert named, f"{field.name} names no reasons"
        wordless = {one for one in named if not in_words(one) and one not in rows}
        assert wordless == set(), field.name


def test_every_reason_of_a_field_has_words():
    known = set(reasons.FIELDS) | FIELDS_OF_STREAMS
    assert {
        f"{reason} ({place})" for reason, place in violations(of_rows=False).items() if reason not in known
    } == set()


def test_every_reason_of_an_imported_row_has_words():
    rows = set(import_module("gateway.console.reject_words").REASONS)
    found = violations(of_rows=True)
    assert len(found) > 6
    assert {f"{reason} ({place})" for reason, place in found.items() if reason not in rows} == set()


def test_no_exception_is_left_over():
    given = set(refusals())
    assert set(NEVER_SHOWN) <= given
    assert {noun for nouns in protos.nouns().values() for noun in nouns} >= set(NOT_IN_THE_GLOSSARY)
    assert len(SERVICES) >= 3
