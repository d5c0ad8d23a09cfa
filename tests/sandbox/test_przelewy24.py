"""Przelewy24 on trial: what it takes and refuses, an advance until verified, told until then, refunds."""

import time

import pytest
import requests

from tests.sandbox.shop import (
    CRC,
    MERCHANT,
    books,
    misbehave,
    press,
    settle,
    sha384,
    wait_until,
)

INVALID = {"error": "Invalid input data", "code": 400}
PAID_KEYS = (
    *("merchantId", "posId", "sessionId", "amount", "originAmount"),
    *("currency", "orderId", "methodId", "statement"),
)
REFUNDED_KEYS = ("orderId", "sessionId", "refundsUuid", "merchantId", "amount", "currency", "status")


def is_signed(body, keys):
    return body["sign"] == sha384(**{key: body[key] for key in keys}, crc=CRC)


def waiting(p24):
    return requests.get(f"{p24.url}/health", timeout=5).json()["notifications_waiting"]


def test_access_needs_the_right_key(p24):
    good = p24.call("GET", "testAccess")
    bad = p24.call("GET", "testAccess", auth=(str(MERCHANT), "guess"))

    assert (good.status_code, good.json()) == (200, {"data": True, "error": ""})
    assert (bad.status_code, bad.json()) == (401, {"error": "Incorrect authentication", "code": 401})
    for method, path in (
        ("POST", "transaction/register"),
        ("PUT", "transaction/verify"),
        ("GET", "transaction/by/sessionId/x"),
        ("POST", "transaction/refund"),
        ("GET", "refund/by/orderId/1"),
    ):
        assert p24.call(method, path, {}, auth=("1", "2")).status_code == 401, path


def test_paid_is_told_with_a_sign_until_it_is_verified(p24, shop):
    token = p24.register()
    page = requests.get(f"{p24.url}/trnRequest/{token}", timeout=5)
    assert "123,45\u00a0zł" in page.text
    assert "Faktury 1/11/2026 i 2/11/2026 – woda" in page.text

    back = press(page.url, "approve")
    told = shop.wait(3)[0]  # Again after 3 and 5 minutes: a polite 200 is not a verification.

    assert (back.status_code, back.headers["Location"]) == (303, f"{shop.url}/platnosci/1/powrot")
    assert told.path == "/webhooks/przelewy24"
    assert {one.raw for one in shop.told} == {told.raw}
    body = told.body
    assert (body["sessionId"], body["amount"], body["originAmount"]) == ("sesja-1", 12_345, 12_345)
    assert body["orderId"] > 2**31
    assert is_signed(body, PAID_KEYS)
    assert p24.status("sesja-1")["status"] == 1

    answer = p24.verify("sesja-1", body["orderId"], 12_345)

    assert answer.json() == {"data": {"status": "success"}, "responseCode": 0}
    assert p24.status("sesja-1")["status"] == 2
    [payment] = books(p24.url)
    assert (payment["session"], payment["paid"], payment["status"]) == ("sesja-1", 12_345, "PAID")
    assert waiting(p24) == 0


def test_polish_letters_are_signed_as_they_are(p24, shop):
    p24.register("zażółć-gęślą")
    settle(p24.url, "zażółć-gęślą", "approve")

    body = shop.wait(1)[0].body

    assert body["sessionId"] == "zażółć-gęślą"
    assert is_signed(body, PAID_KEYS)
    assert "zażółć".encode() in shop.told[0].raw


@pytest.mark.parametrize(
    "wrong",
    [
        {"sessionId": "s" * 101},
        {"sessionId": ""},
        {"sessionId": None},
        {"amount": "100"},
        {"amount": 100.5},
        {"amount": True},
        {"amount": 0},
        {"amount": -1},
        {"currency": "PL"},
        {"currency": "zł!"},
        {"description": "x" * 1025},
        {"email": "a" * 39 + "@b.example.pl"},
        {"email": "nobody"},
        {"country": "POL"},
        {"language": "xx"},
        {"urlReturn": "javascript:alert(1)"},
        {"urlReturn": "https://a.example/" + "x" * 240},
        {"urlStatus": "ftp://a.example/"},
        {"timeLimit": 100},
        {"client": "x" * 41},
        {"phone": "4" * 13},
        {"transferLabel": "a<b"},
        {"merchantId": 1},
        {"posId": 1},
        {"sign": "0" * 96},
        {"sign": None},
    ],
    ids=str,
)
def test_a_wrong_registration_is_refused_and_nothing_is_kept(p24, wrong):
    answer = p24.call("POST", "transaction/register", p24.registration(**{"amount": 100} | wrong))

    assert (answer.status_code, answer.json()) == (400, INVALID)
    assert books(p24.url) == []


def test_what_is_no_json_object_is_refused(p24):
    for body in (b"", b"{", b"[1]", b'"text"'):
        answer = requests.post(
            f"{p24.url}/api/v1/transaction/register",
            data=body,
            headers={"Content-Type": "application/json"},
            auth=p24.auth,
            timeout=5,
        )
        assert (answer.status_code, answer.json()) == (400, INVALID), body


def test_the_same_session_is_one_payment(p24):
    token = p24.register()
    assert p24.register() == token
    other = p24.call("POST", "transaction/register", p24.registration(amount=1))
    settle(p24.url, "sesja-1", "lost")
    paid = p24.call("POST", "transaction/register", p24.registration())

    assert (other.status_code, paid.status_code) == (400, 400)
    assert len(books(p24.url)) == 1


@pytest.mark.parametrize(("how", "status"), [("decline", "DECLINED"), ("cancel", "CANCELLED")])
def test_a_payment_not_made_is_not_told_and_can_be_made_afterwards(p24, shop, how, status):
    page = f"{p24.url}/trnRequest/{p24.register()}"

    assert press(page, how).headers["Location"] == f"{shop.url}/platnosci/1/powrot"
    assert (books(p24.url)[0]["status"], books(p24.url)[0]["paid"]) == (status, 0)
    assert (p24.status("sesja-1")["status"], waiting(p24), shop.told) == (0, 0, [])

    press(page, "approve")
    assert shop.wait(1)[0].body["amount"] == 12_345


def test_a_double_click_and_the_back_button_pay_once(p24):
    page = f"{p24.url}/trnRequest/{p24.register()}"
    first = press(page, "lost")

    again = [press(page, how) for how in ("lost", "approve", "decline")]

    assert {one.headers["Location"] for one in again} == {first.headers["Location"]}
    [payment] = books(p24.url)
    assert (payment["paid"], payment["status"], payment["how"]) == (12_345, "ADVANCE", "lost")
    assert "nie można już zmienić" in requests.get(page, timeout=5).text
    assert waiting(p24) == 0


def test_told_late(p24, shop):
    p24.register()
    started = time.monotonic()
    settle(p24.url, "sesja-1", "late")

    assert p24.status("sesja-1")["status"] == 1
    assert shop.told == []
    shop.wait(1)
    assert time.monotonic() - started >= 0.6


def test_told_twice(p24, shop):
    requests.post(f"{p24.url}/sandbox/pace", json={"speed": 1}, timeout=5)
    p24.register()
    settle(p24.url, "sesja-1", "twice")

    first, second = shop.wait(2)

    assert first.raw == second.raw


def test_told_late_and_twice(p24, shop):
    requests.post(f"{p24.url}/sandbox/pace", json={"speed": 1}, timeout=5)
    p24.register()
    started = time.monotonic()
    settle(p24.url, "sesja-1", "late_twice")

    assert shop.told == []
    first, second = shop.wait(2)
    assert time.monotonic() - started >= 0.6
    assert first.raw == second.raw


def test_told_with_a_wrong_sign(p24, shop):
    p24.register()
    settle(p24.url, "sesja-1", "wrong_sign")

    body = shop.wait(1)[0].body

    assert len(body["sign"]) == 96
    assert not is_signed(body, PAID_KEYS)
    assert p24.status("sesja-1")["status"] == 1


def test_told_with_a_wrong_amount_that_is_signed_well(p24, shop):
    p24.register()
    settle(p24.url, "sesja-1", "wrong_amount")

    body = shop.wait(1)[0].body

    assert (body["amount"], body["originAmount"]) == (12_344, 12_345)
    assert is_signed(body, PAID_KEYS)
    assert p24.status("sesja-1")["amount"] == 12_345


def test_a_lost_notification_is_found_by_asking(p24, shop):
    p24.register()
    settle(p24.url, "sesja-1", "lost")

    found = p24.status("sesja-1")

    assert (found["status"], found["amount"], found["currency"]) == (1, 12_345, "PLN")
    assert (shop.told, waiting(p24)) == ([], 0)
    assert p24.verify("sesja-1", found["orderId"], 12_345).status_code == 200


def test_verifying_needs_a_payment_its_amount_and_a_sign(p24):
    p24.register()
    order_id = p24.status("sesja-1")["orderId"]
    unpaid = p24.verify("sesja-1", order_id, 12_345)
    settle(p24.url, "sesja-1", "lost")
    forged = p24.verification("sesja-1", order_id, 12_345) | {"sign": "0" * 96}
    wrong = [
        p24.verify("sesja-1", order_id, 12_344),
        p24.verify("sesja-1", order_id + 1, 12_345),
        p24.verify("sesja-2", order_id, 12_345),
        p24.call("PUT", "transaction/verify", forged),
    ]

    assert [(one.status_code, one.json()) for one in [unpaid, *wrong]] == [(400, INVALID)] * 5
    assert p24.status("sesja-1")["status"] == 1
    assert [p24.verify("sesja-1", order_id, 12_345).status_code for _ in range(2)] == [200, 200]
    assert p24.status("sesja-1")["status"] == 2


def test_nobody_knows_a_session_that_was_not_registered(p24):
    answer = p24.call("GET", "transaction/by/sessionId/sesja-9")

    assert (answer.status_code, answer.json()) == (404, {"error": "Transaction not found", "responseCode": 0})


def test_methods_come_in_polish_and_english(p24):
    answer = p24.call("GET", "payment/methods/pl?amount=100&currency=PLN").json()

    assert {"BLIK"} < {method["name"] for method in answer["data"]}
    assert all(method["status"] is True for method in answer["data"])
    assert p24.call("GET", "payment/methods/de").status_code == 404


def test_the_time_to_pay_ends(p24):
    page = f"{p24.url}/trnRequest/{p24.register(timeLimit=1)}"
    assert "how-approve" in requests.get(page, timeout=5).text

    p24.server.provider.notifier.deliver_due(time.time() + 61)

    assert "how-approve" not in requests.get(page, timeout=5).text
    press(page, "approve")
    assert [(one["status"], one["paid"]) for one in books(p24.url)] == [("EXPIRED", 0)]


def test_a_refund_is_taken_in_carried_out_and_told(p24, shop):
    order_id = p24.paid()

    answer = p24.refund(order_id, 2_345)

    item = {"orderId": order_id, "sessionId": "sesja-1", "amount": 2_345, "description": "Nadpłata"}
    expected = {"data": [{**item, "status": True, "message": "success"}], "responseCode": 0}
    assert (answer.status_code, answer.json()) == (201, expected)
    told = shop.wait(1)[0]
    assert told.path == "/webhooks/przelewy24/zwrot"
    assert (told.body["status"], told.body["amount"], told.body["refundsUuid"]) == (0, 2_345, "zwrot-1")
    assert is_signed(told.body, REFUNDED_KEYS)
    found = p24.call("GET", f"refund/by/orderId/{order_id}").json()["data"]
    assert [(one["requestId"], one["amount"], one["status"]) for one in found["refunds"]] == [
        ("zwrot-1", 2_345, 1)
    ]
    assert (books(p24.url)[0]["refunded"], p24.status("sesja-1")["status"]) == (2_345, 2)


def test_parts_are_given_back_until_nothing_is_left(p24):
    order_id = p24.paid()

    first, second = p24.refund(order_id, 12_000, "a"), p24.refund(order_id, 345, "b")
    too_much = p24.refund(order_id, 1, "c")

    assert (first.status_code, second.status_code) == (201, 201)
    assert too_much.status_code == 409
    [item] = too_much.json()["error"]
    assert item["message"] == "The amount of refund exceeds available amount for the transaction"
    assert item["status"] is False
    wait_until(lambda: books(p24.url)[0]["refunded"] == 12_345, "both refunds")
    assert p24.status("sesja-1")["status"] == 3


def test_the_same_refund_is_not_made_twice(p24):
    order_id = p24.paid()
    p24.refund(order_id, 100, "a")

    again = p24.refund(order_id, 100, "a")
    same_uuid = p24.refund(order_id, 100, "b", refundsUuid="a")

    for answer in (again, same_uuid):
        assert (answer.status_code, answer.json()) == (400, {"error": "Request already exists", "code": 400})
    wait_until(lambda: books(p24.url)[0]["refunded"] == 100, "the one refund")


def test_only_verified_payments_are_given_back(p24):
    p24.register()
    settle(p24.url, "sesja-1", "lost")
    order_id = p24.status("sesja-1")["orderId"]

    advance = p24.refund(order_id, 100)
    unknown = p24.refund(order_id + 1, 100)

    assert advance.json()["error"][0]["message"] == "Transaction in wrong status - cannot refund"
    assert unknown.json()["error"][0]["message"] == "Transaction not found"
    assert (advance.status_code, unknown.status_code) == (409, 409)
    assert p24.call("GET", f"refund/by/orderId/{order_id}").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"refundsUuid": "0" * 36},
        {"requestId": "0" * 46},
        {"refunds": []},
        {"refunds": "all"},
        {"item": {"amount": 0}},
        {"item": {"amount": "100"}},
        {"item": {"description": "x" * 36}},
        {"urlStatus": "nowhere"},
    ],
    ids=str,
)
def test_a_wrong_refund_is_refused(p24, wrong):
    answer = p24.refund(p24.paid(), 100, **wrong)

    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid input parameters", "code": 400})


def test_a_refund_can_be_rejected_later(p24, shop):
    order_id = p24.paid()
    misbehave(p24.url, call="refund", how="rejected")

    assert p24.refund(order_id, 100).status_code == 201

    body = shop.wait(1)[0].body
    assert (body["status"], is_signed(body, REFUNDED_KEYS)) == (1, True)
    assert books(p24.url)[0]["refunded"] == 0
    assert p24.refund(order_id, 12_345, "again").status_code == 201
