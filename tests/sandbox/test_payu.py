"""PayU on trial: OAuth, orders answered by a redirect, each step told, captures, cancelling, refunds."""

import hashlib
import time

import pytest
import requests

from tests.sandbox.shop import SECOND_KEY, books, misbehave, press, settle, wait_until


def parts_of(told):
    """The parts of OpenPayu-Signature, by name."""
    return dict(part.split("=", 1) for part in told.headers["openpayu-signature"].split(";"))


def md5(raw):
    return hashlib.md5(raw + SECOND_KEY.encode(), usedforsecurity=False).hexdigest()


def code_of(answer):
    return answer.status_code, answer.json()["status"]["statusCode"]


def steps(told):
    return [one.body["order"]["status"] for one in told]


def test_a_token_is_given_to_who_knows_the_secret(payu):
    good = payu.authorize()
    assert good.status_code == 200
    assert good.json() | {"access_token": ""} == {
        "access_token": "",
        "token_type": "bearer",
        "expires_in": 43_199,
        "grant_type": "client_credentials",
    }
    wrong = payu.authorize(client_secret="guess")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert payu.authorize(grant_type="password").status_code == 400
    assert payu.authorize(grant_type="trusted_merchant").status_code == 400
    payu.token = "3e5cac39-7e38-4139-8fd6-30adc06a61bd"
    for method, path in (
        ("POST", "orders"),
        ("GET", "orders/x"),
        ("DELETE", "orders/x"),
        ("POST", "orders/x/refunds"),
        ("GET", "paymethods"),
    ):
        assert code_of(payu.call(method, path, {})) == (401, "UNAUTHORIZED"), path


def test_an_order_is_paid_and_told_in_two_signed_steps(payu, shop):
    answer = payu.call("POST", "orders", payu.order())
    body = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (302, body["redirectUri"])
    assert (body["status"], body["extOrderId"]) == ({"statusCode": "SUCCESS"}, "zamowienie-1")
    assert answer.headers["Correlation-Id"]
    assert payu.status(body["orderId"]) == "NEW"
    assert "99,00\u00a0zł" in requests.get(body["redirectUri"], timeout=5).text

    back = press(body["redirectUri"], "approve")
    told = shop.wait(2)

    assert (back.status_code, back.headers["Location"]) == (303, f"{shop.url}/platnosci/2/powrot?jezyk=pl")
    assert sorted(steps(told)) == ["COMPLETED", "PENDING"]
    for one in told:
        expected = {
            "sender": "checkout",
            "signature": md5(one.raw),
            "algorithm": "MD5",
            "content": "DOCUMENT",
        }
        assert parts_of(one) == expected
        assert one.headers["x-openpayu-signature"] == one.headers["openpayu-signature"]
        assert (one.body["order"]["totalAmount"], one.body["order"]["extOrderId"]) == ("9900", "zamowienie-1")
        assert ("localReceiptDateTime" in one.body) == (one.body["order"]["status"] == "COMPLETED")
    assert payu.status(body["orderId"]) == "COMPLETED"
    [payment] = books(payu.url)
    assert (payment["ext_order"], payment["order_id"]) == ("zamowienie-1", body["orderId"])
    assert (payment["paid"], payment["status"]) == (9_900, "COMPLETED")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"customerIp": None}, "ERROR_VALUE_MISSING"),
        ({"description": ""}, "ERROR_VALUE_MISSING"),
        ({"products": []}, "ERROR_VALUE_MISSING"),
        ({"products": [{"name": "x", "unitPrice": "1"}]}, "ERROR_VALUE_MISSING"),
        ({"customerIp": "0.0.0.0"}, "ERROR_VALUE_INVALID"),
        ({"customerIp": "localhost"}, "ERROR_VALUE_INVALID"),
        ({"totalAmount": 9_900}, "ERROR_VALUE_INVALID"),
        ({"totalAmount": "99.00"}, "ERROR_VALUE_INVALID"),
        ({"totalAmount": "0"}, "ERROR_VALUE_INVALID"),
        ({"totalAmount": "-1"}, "ERROR_VALUE_INVALID"),
        ({"currencyCode": "zł"}, "ERROR_VALUE_INVALID"),
        ({"description": "x" * 4_001}, "ERROR_VALUE_INVALID"),
        ({"extOrderId": "x" * 1_025}, "ERROR_VALUE_INVALID"),
        ({"visibleDescription": "x" * 81}, "ERROR_VALUE_INVALID"),
        ({"statementDescription": "x" * 23}, "ERROR_VALUE_INVALID"),
        ({"notifyUrl": "nowhere"}, "ERROR_VALUE_INVALID"),
        ({"continueUrl": "javascript:alert(1)"}, "ERROR_VALUE_INVALID"),
        ({"validityTime": "soon"}, "ERROR_VALUE_INVALID"),
        ({"buyer": {"email": ""}}, "ERROR_VALUE_INVALID"),
        ({"products": [{"name": "x" * 256, "unitPrice": "1", "quantity": "1"}]}, "ERROR_VALUE_INVALID"),
        ({"products": [{"name": "x", "unitPrice": "1,50", "quantity": "1"}]}, "ERROR_VALUE_INVALID"),
        ({"payMethods": {"payMethod": {"type": "CARD_TOKEN", "value": "TOK_1"}}}, "ERROR_VALUE_INVALID"),
        ({"recurring": "FIRST", "cardOnFile": "FIRST"}, "ERROR_VALUE_INVALID"),
    ],
    ids=str,
)
def test_a_wrong_order_is_refused_and_nothing_is_kept(payu, wrong, code):
    answer = payu.call("POST", "orders", payu.order(**wrong))

    assert code_of(answer) == (400, code)
    assert books(payu.url) == []


def test_an_order_for_another_point_of_sale_is_forbidden(payu):
    answer = payu.call("POST", "orders", payu.order(merchantPosId="145227"))

    assert code_of(answer) == (403, "ERROR_VALUE_INVALID")
    assert answer.json()["status"]["codeLiteral"] == "INVALID_AUTH_FOR_THIS_ORDER"


def test_what_is_no_json_is_a_syntax_error(payu):
    payu.status(payu.create()["orderId"])
    headers = {"Authorization": f"Bearer {payu.token}", "Content-Type": "application/json"}

    answer = requests.post(f"{payu.url}/api/v2_1/orders", data=b"{", headers=headers, timeout=5)

    assert code_of(answer) == (400, "ERROR_SYNTAX")


def test_an_ext_order_id_is_used_once(payu):
    payu.create()

    assert code_of(payu.call("POST", "orders", payu.order())) == (400, "ERROR_ORDER_NOT_UNIQUE")
    assert len(books(payu.url)) == 1
    for _ in range(2):
        payu.create(extOrderId=None)
    assert len(books(payu.url)) == 3


@pytest.mark.parametrize("how", ["decline", "cancel"])
def test_who_does_not_pay_comes_back_with_an_error_and_the_order_is_canceled(payu, shop, how):
    order = payu.create()

    back = press(order["redirectUri"], how)

    assert back.headers["Location"] == f"{shop.url}/platnosci/2/powrot?jezyk=pl&error=501"
    assert steps(shop.wait(1)) == ["CANCELED"]
    assert payu.status(order["orderId"]) == "CANCELED"
    press(order["redirectUri"], "approve")
    assert [(one["status"], one["paid"]) for one in books(payu.url)] == [("CANCELED", 0)]


def test_told_late_both_steps(payu, shop):
    order = payu.create()
    started = time.monotonic()
    settle(payu.url, "zamowienie-1", "late")

    assert payu.status(order["orderId"]) == "COMPLETED"
    assert shop.told == []
    shop.wait(2)
    assert time.monotonic() - started >= 0.6


def test_told_twice(payu, shop):
    payu.create()
    settle(payu.url, "zamowienie-1", "twice")

    told = shop.wait(3)

    assert sorted(steps(told)) == ["COMPLETED", "COMPLETED", "PENDING"]
    assert len({one.raw for one in told}) == 2


def test_told_late_and_twice(payu, shop):
    payu.create()
    started = time.monotonic()
    settle(payu.url, "zamowienie-1", "late_twice")

    assert shop.told == []
    told = shop.wait(3)
    assert time.monotonic() - started >= 0.6
    assert sorted(steps(told)) == ["COMPLETED", "COMPLETED", "PENDING"]


def test_told_in_the_wrong_order(payu, shop):
    payu.create()
    settle(payu.url, "zamowienie-1", "reversed")

    assert steps(shop.wait(2)) == ["COMPLETED", "PENDING"]


def test_told_with_a_wrong_sign(payu, shop):
    payu.create()
    settle(payu.url, "zamowienie-1", "wrong_sign")

    for one in shop.wait(2):
        assert len(parts_of(one)["signature"]) == 32
        assert parts_of(one)["signature"] != md5(one.raw)


def test_told_with_a_wrong_amount_that_is_signed_well(payu, shop):
    order = payu.create()
    settle(payu.url, "zamowienie-1", "wrong_amount")

    for one in shop.wait(2):
        assert one.body["order"]["totalAmount"] == "9899"
        assert parts_of(one)["signature"] == md5(one.raw)
    found = payu.call("GET", f"orders/{order['orderId']}").json()["orders"][0]
    assert found["totalAmount"] == "9900"


def test_a_lost_notification_is_found_by_asking(payu, shop):
    order = payu.create()
    settle(payu.url, "zamowienie-1", "lost")

    found = payu.call("GET", f"orders/{order['orderId']}").json()

    assert (found["orders"][0]["status"], found["status"]["statusCode"]) == ("COMPLETED", "SUCCESS")
    assert found["properties"][0]["name"] == "PAYMENT_ID"
    assert shop.told == []


def test_the_shop_may_take_the_money_itself(payu, shop):
    for ext_order in ("all", "part", "old"):
        payu.create(ext_order)
        settle(payu.url, ext_order, "hold")
    ids = {one["ext_order"]: one["order_id"] for one in books(payu.url)}
    assert [one["paid"] for one in books(payu.url)] == [0, 0, 0]
    assert payu.status(ids["all"]) == "WAITING_FOR_CONFIRMATION"
    part = f"orders/{ids['part']}/captures"
    wrong = [
        payu.call("POST", part, {"amount": "9901", "currencyCode": "PLN"}),
        payu.call("POST", part, {"amount": "1", "currencyCode": "EUR"}),
    ]

    assert [one.status_code for one in wrong] == [400, 400]
    assert code_of(payu.call("POST", f"orders/{ids['all']}/captures")) == (200, "SUCCESS")
    assert code_of(payu.call("POST", part, {"amount": "900", "currencyCode": "PLN"})) == (200, "SUCCESS")
    old = {"orderId": ids["old"], "orderStatus": "COMPLETED"}
    assert code_of(payu.call("PUT", f"orders/{ids['old']}/status", old)) == (200, "SUCCESS")
    assert [one["paid"] for one in books(payu.url)] == [9_900, 900, 9_900]
    assert steps(shop.wait(9)).count("COMPLETED") == 3


def test_the_shop_may_cancel_what_is_not_completed(payu, shop):
    order_id = payu.create()["orderId"]
    paid_id = payu.create("zamowienie-2")["orderId"]
    settle(payu.url, "zamowienie-2", "lost")

    answers = [payu.call("DELETE", f"orders/{order_id}") for _ in range(2)]

    expected = {"orderId": order_id, "status": {"statusCode": "SUCCESS"}, "extOrderId": "zamowienie-1"}
    assert [one.json() for one in answers] == [expected, expected]
    assert steps(shop.wait(1)) == ["CANCELED"]
    assert code_of(payu.call("DELETE", f"orders/{paid_id}")) == (400, "ERROR_VALUE_INVALID")
    assert code_of(payu.call("DELETE", "orders/unknown")) == (404, "DATA_NOT_FOUND")


def test_the_time_to_pay_ends(payu, shop):
    order = payu.create(validityTime="60")

    payu.server.provider.notifier.deliver_due(time.time() + 61)

    assert payu.status(order["orderId"]) == "CANCELED"
    assert steps(shop.wait(1)) == ["CANCELED"]


def test_a_refund_is_taken_in_carried_out_and_told_without_an_order(payu, shop):
    order_id = payu.create()["orderId"]
    settle(payu.url, "zamowienie-1", "lost")

    answer = payu.refund(order_id, amount="1000", extRefundId="zwrot-1").json()

    assert (answer["orderId"], answer["refund"]["status"]) == (order_id, "PENDING")
    assert (answer["refund"]["amount"], answer["refund"]["extRefundId"]) == ("1000", "zwrot-1")
    told = shop.wait(1)[0]
    assert set(told.body) == {"orderId", "extOrderId", "refund"}
    assert (told.body["refund"]["status"], told.body["refund"]["amount"]) == ("FINALIZED", "1000")
    assert parts_of(told)["signature"] == md5(told.raw)
    [listed] = payu.call("GET", f"orders/{order_id}/refunds").json()
    one = payu.call("GET", f"orders/{order_id}/refunds/{listed['refundId']}").json()
    assert (one["status"], one["refundId"]) == ("FINALIZED", answer["refund"]["refundId"])
    assert books(payu.url)[0]["refunded"] == 1_000


def test_the_same_refund_gives_the_earlier_one_and_the_sum_is_limited(payu):
    order_id = payu.create()["orderId"]
    settle(payu.url, "zamowienie-1", "lost")

    ids = [payu.refund(order_id, amount="9000", extRefundId="a").json()["refund"]["refundId"] for _ in "12"]
    other = payu.refund(order_id, amount="1", extRefundId="a")
    too_much = payu.refund(order_id, amount="901", extRefundId="b")
    rest = payu.refund(order_id, amount="900", extRefundId="c")

    assert ids[0] == ids[1]
    assert code_of(other) == (400, "ERROR_VALUE_INVALID")
    assert code_of(too_much) == (400, "OPENPAYU_BUSINESS_ERROR")
    assert rest.status_code == 200
    wait_until(lambda: books(payu.url)[0]["refunded"] == 9_900, "both refunds")


def test_a_refund_without_an_amount_is_the_whole(payu):
    order_id = payu.create()["orderId"]
    unpaid = payu.refund(order_id)
    settle(payu.url, "zamowienie-1", "lost")

    assert code_of(unpaid) == (400, "OPENPAYU_BUSINESS_ERROR")
    assert payu.refund(order_id).json()["refund"]["amount"] == "9900"
    assert code_of(payu.refund(order_id, description="")) == (400, "ERROR_VALUE_MISSING")
    assert code_of(payu.refund(order_id, amount="1.50")) == (400, "ERROR_VALUE_INVALID")
    assert code_of(payu.refund(order_id, currencyCode="EUR")) == (400, "ERROR_INCONSISTENT_CURRENCIES")
    assert code_of(payu.refund("unknown")) == (404, "DATA_NOT_FOUND")


def test_a_refund_can_be_refused_later(payu, shop):
    order_id = payu.create()["orderId"]
    settle(payu.url, "zamowienie-1", "lost")
    misbehave(payu.url, call="refund", how="rejected")

    assert payu.refund(order_id).status_code == 200

    assert shop.wait(1)[0].body["refund"]["status"] == "CANCELED"
    assert books(payu.url)[0]["refunded"] == 0
    assert payu.refund(order_id, description="Jeszcze raz").status_code == 200


def test_methods_and_transactions_are_listed(payu):
    order_id = payu.create()["orderId"]
    assert payu.call("GET", f"orders/{order_id}/transactions").json() == {"transactions": []}
    settle(payu.url, "zamowienie-1", "lost")

    [made] = payu.call("GET", f"orders/{order_id}/transactions").json()["transactions"]
    methods = payu.call("GET", "paymethods?lang=pl").json()

    assert made["payMethod"] == {"value": "m"}
    assert "blik" in {link["value"] for link in methods["payByLinks"]}
