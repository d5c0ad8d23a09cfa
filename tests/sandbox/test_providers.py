"""What both payment providers share: the published schedule, books that a kill does not lose, faults, switches."""

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from sandbox.payu.config import PayuConfig
from sandbox.payu.config import read_config as read_payu_config
from sandbox.payu.server import open_server as open_payu
from sandbox.przelewy24.config import Przelewy24Config
from sandbox.przelewy24.config import read_config as read_przelewy24_config
from sandbox.przelewy24.server import open_server as open_przelewy24
from tests.sandbox.shop import P24Client, PayuClient, Shop, books, misbehave, press, settle, wait_until

ROOT = Path(__file__).parents[2]
NEVER = 1_000_000_000.0  # Seconds; later than any try of a test.
P24_MINUTES = [0, 3, 5, 15, 30, 60, 150, 450]
PAYU_MINUTES = [
    *(0, 1, 2, 5, 10, 30),
    *(60 * hours for hours in (1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 36, 48, 60, 72)),
]


def tried_at(provider, shop, *, first_at, last_minute):
    """The minutes at which the shop is told, when somebody looks once a minute."""
    minutes = []
    for minute in range(last_minute + 1):
        for _ in range(provider.notifier.deliver_due(first_at + 60 * minute)):
            minutes.append(minute)
    assert len(shop.told) == len(minutes)
    return minutes


def told_by(client, url):
    """The first sending, as its own request says it: (provider, instant of the payment)."""
    provider = client.server.provider
    with provider.books.transaction() as db:
        first_at = db.execute("SELECT min(next_at) FROM notifications WHERE url = ?", (url,)).fetchone()[0]
    return provider, first_at


@pytest.fixture
def still_p24(shop):
    """Przelewy24 at its real pace, whose notifier waits to be called."""
    with open_przelewy24(Przelewy24Config()) as running:
        running.provider.notifier.stop()
        yield P24Client(running, shop.url)


@pytest.fixture
def still_payu(shop):
    """PayU at its real pace, whose notifier waits to be called."""
    with open_payu(PayuConfig()) as running:
        running.provider.notifier.stop()
        yield PayuClient(running, shop.url)


@pytest.mark.parametrize("status", [200, 503])
def test_przelewy24_tells_by_its_schedule_until_it_is_verified(still_p24, shop, status):
    shop.status = status
    still_p24.register()
    settle(still_p24.url, "sesja-1", "approve")
    provider, first_at = told_by(still_p24, f"{shop.url}/webhooks/przelewy24")

    assert tried_at(provider, shop, first_at=first_at, last_minute=500) == P24_MINUTES

    assert len({one.raw for one in shop.told}) == 1
    assert provider.notifier.deliver_due(NEVER * 10) == 0


def test_przelewy24_stops_when_it_is_verified(still_p24, shop):
    still_p24.register()
    settle(still_p24.url, "sesja-1", "approve")
    provider, first_at = told_by(still_p24, f"{shop.url}/webhooks/przelewy24")
    assert tried_at(provider, shop, first_at=first_at, last_minute=4) == [0, 3]

    still_p24.verify("sesja-1", shop.told[0].body["orderId"], 12_345)

    assert provider.notifier.deliver_due(first_at + 600 * 60) == 0


def test_payu_tells_by_its_schedule_until_it_is_answered(still_payu, shop):
    still_payu.create()
    settle(still_payu.url, "zamowienie-1", "cancel")  # One message, not two.
    provider, first_at = told_by(still_payu, f"{shop.url}/webhooks/payu")
    shop.status = 503

    assert tried_at(provider, shop, first_at=first_at, last_minute=80 * 60) == PAYU_MINUTES

    assert provider.notifier.deliver_due(NEVER * 10) == 0


def test_payu_stops_at_the_first_200(still_payu, shop):
    still_payu.create()
    settle(still_payu.url, "zamowienie-1", "cancel")
    provider, first_at = told_by(still_payu, f"{shop.url}/webhooks/payu")
    shop.status = 500
    assert provider.notifier.deliver_due(first_at) == 1
    shop.status = 200

    assert [provider.notifier.deliver_due(first_at + 60 * minute) for minute in (1, 2, 5)] == [1, 0, 0]


def test_a_shop_that_is_away_is_a_failed_try(still_payu):
    gone = "http://127.0.0.1:9/webhooks/payu"
    still_payu.create(notifyUrl=gone)
    settle(still_payu.url, "zamowienie-1", "cancel")
    provider, first_at = told_by(still_payu, gone)

    assert provider.notifier.deliver_due(first_at) == 1

    page = requests.get(f"{still_payu.url}/sandbox/payments/1", timeout=5).text
    assert "bez odpowiedzi" in page
    assert "czeka na następną próbę" in page


def start(part, store):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "EBOK_SANDBOX_SPEED": "600"}
    process = subprocess.Popen(
        [sys.executable, "-m", f"sandbox.{part}", "--http", "127.0.0.1:0", "--store", str(store)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found = re.search(r"http://\S+:\d+", process.stdout.readline())
    assert found
    return process, found[0]


class Address:
    """A server that runs elsewhere."""

    def __init__(self, url):
        self.url = url


def test_killed_in_the_middle_it_tells_after_its_restart(tmp_path):
    with Shop() as shop:
        shop.status = 503
        process, url = start("przelewy24", tmp_path)
        p24 = P24Client(Address(url), shop.url)
        p24.register()
        settle(url, "sesja-1", "approve")
        shop.wait(1)
        before = books(url)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        shop.told.clear()
        shop.status = 200

        process, url = start("przelewy24", tmp_path)
        try:
            told = shop.wait(1)[0]
            assert books(url) == before
            assert (
                P24Client(Address(url), shop.url).verify("sesja-1", told.body["orderId"], 12_345).status_code
                == 200
            )
        finally:
            process.terminate()
            assert process.wait(10) == 0


def test_payu_knows_its_tokens_and_refunds_after_a_restart(tmp_path):
    with Shop() as shop:
        process, url = start("payu", tmp_path)
        payu = PayuClient(Address(url), shop.url)
        order_id = payu.create()["orderId"]
        settle(url, "zamowienie-1", "approve")
        payu.refund(order_id, amount="100", extRefundId="a")
        os.kill(process.pid, signal.SIGKILL)  # Before the refund is carried out.
        process.wait(10)

        process, url = start("payu", tmp_path)
        try:
            again = PayuClient(Address(url), shop.url, token=payu.token)
            assert again.status(order_id) == "COMPLETED"
            wait_until(lambda: books(url)[0]["refunded"] == 100, "the refund")
        finally:
            process.terminate()
            assert process.wait(10) == 0


def registered(p24):
    return p24.call("POST", "transaction/register", p24.registration())


def test_a_500_is_answered_once_and_nothing_is_done(p24):
    misbehave(p24.url, call="register", how="500")

    assert (registered(p24).status_code, books(p24.url)) == (500, [])
    assert registered(p24).status_code == 200


def test_a_500_after_it_was_done(p24, payu):
    misbehave(p24.url, call="register", how="after", times=2)
    misbehave(payu.url, call="order", how="after")

    assert [registered(p24).status_code for _ in range(3)] == [500, 500, 200]
    lost = payu.call("POST", "orders", payu.order())
    again = payu.call("POST", "orders", payu.order())

    assert (len(books(p24.url)), len(books(payu.url))) == (1, 1)
    assert (lost.status_code, "redirectUri" in lost.json()) == (500, False)
    assert again.json()["status"]["statusCode"] == "ERROR_ORDER_NOT_UNIQUE"


@pytest.mark.parametrize(("how", "kept"), [("timeout", 0), ("timeout_after", 1)])
def test_no_answer_for_a_while(p24, how, kept):
    misbehave(p24.url, call="register", how=how, seconds=0.5)
    address = f"{p24.url}/api/v1/transaction/register"

    with pytest.raises(requests.ReadTimeout):
        requests.post(address, json=p24.registration(), auth=p24.auth, timeout=0.2)

    assert len(books(p24.url)) == kept
    misbehave(p24.url, call="register", how=how, seconds=0.1)
    assert registered(p24).status_code == 504


def test_half_an_answer_and_a_slow_one(p24):
    misbehave(p24.url, call="status", how="malformed")
    misbehave(p24.url, call="status", how="slow", seconds=0.3)
    p24.register()

    half = p24.call("GET", "transaction/by/sessionId/sesja-1")
    slow = p24.call("GET", "transaction/by/sessionId/sesja-1")

    assert half.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        half.json()
    assert (slow.json()["data"]["sessionId"], slow.elapsed.total_seconds() >= 0.3) == ("sesja-1", True)


def test_faults_are_listed_and_taken_back(payu):
    misbehave(payu.url, call="oauth", how="500", times=5)
    assert payu.authorize().status_code == 500

    listed = requests.get(f"{payu.url}/sandbox/behaviour", timeout=5).json()
    assert [(one["call"], one["how"], one["times"]) for one in listed] == [("oauth", "500", 4)]
    requests.delete(f"{payu.url}/sandbox/behaviour", timeout=5)
    assert payu.authorize().status_code == 200


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("behaviour", []),
        ("behaviour", {}),
        ("behaviour", {"call": "pay", "how": "500"}),
        ("behaviour", {"call": "refund", "how": "badly"}),
        ("behaviour", {"call": "status", "how": "rejected"}),
        ("behaviour", {"call": "status", "how": "500", "times": 0}),
        ("behaviour", {"call": "status", "how": "500", "times": True}),
        ("behaviour", {"call": "status", "how": "slow", "seconds": 601}),
        ("behaviour", {"call": "status", "how": "500", "when": "now"}),
        ("settle", []),
        ("settle", {"how": "approve"}),
        ("settle", {"session": "sesja-1"}),
        ("settle", {"session": "sesja-1", "how": "gladly"}),
        ("pace", {}),
        ("pace", {"speed": 0}),
        ("pace", {"speed": "fast"}),
        ("pace", {"late_s": -1}),
        ("pace", {"colour": 1}),
    ],
    ids=str,
)
def test_a_switch_says_what_is_wrong_with_a_wish(p24, path, wrong):
    answer = requests.post(f"{p24.url}/sandbox/{path}", json=wrong, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_settling_what_nobody_registered_is_not_found(p24, payu):
    wishes = [(p24, {"session": "x"}), (payu, {"ext_order": "x"}), (payu, {"order_id": "x"})]

    for client, wish in wishes:
        answer = requests.post(f"{client.url}/sandbox/settle", json=wish | {"how": "approve"}, timeout=5)
        assert answer.status_code == 404


def test_settling_does_what_the_button_does_and_says_so(payu, shop):
    order = payu.create()
    wish = {"ext_order": "zamowienie-1", "how": "decline"}

    first, again = (requests.post(f"{payu.url}/sandbox/settle", json=wish, timeout=5).json() for _ in "12")

    assert first["return_url"].startswith(f"{shop.url}/platnosci/2/powrot")
    assert (first["status"], first["changed"], again["changed"]) == ("CANCELED", True, False)
    assert first["order_id"] == order["orderId"]


def test_a_foreign_page_cannot_press_the_button(p24, payu):
    for page in (f"{p24.url}/trnRequest/{p24.register()}", payu.create()["redirectUri"]):
        answer = requests.post(
            page, data={"how": "approve"}, headers={"Sec-Fetch-Site": "cross-site"}, timeout=5
        )
        assert answer.status_code == 403
        assert press(page, "gladly").status_code == 400
    assert books(p24.url)[0]["paid"] == books(payu.url)[0]["paid"] == 0


def test_the_pages_show_payments_calls_and_notifications(p24, shop):
    order_id = p24.paid(how="approve")
    shop.wait(1)
    p24.refund(order_id, 100)
    p24.refund(order_id, 100_000, "zwrot-2")
    wait_until(lambda: books(p24.url)[0]["refunded"] == 100, "the refund")

    def page(path):
        answer = requests.get(f"{p24.url}{path}", timeout=5)
        assert "script" not in answer.headers["Content-Security-Policy"]
        return answer.text

    assert "zapłacona" in page("/")
    assert str(order_id) in page("/sandbox/payments/1")
    assert "POST /api/v1/transaction/refund" in page("/sandbox/calls")
    assert "The amount of refund exceeds" in page("/sandbox/calls")
    assert "dotarło" in page("/sandbox/notifications")
    assert "sesja-1" in page("/sandbox/payments/1")
    assert "sesja-1" not in page("/sandbox?szukaj=nikt")
    assert requests.get(f"{p24.url}/sandbox/payments/99", timeout=5).status_code == 404


def test_no_page_shows_a_secret(p24, payu):
    p24.register()
    payu.create()

    shown = [
        requests.get(f"{one.url}/sandbox/{path}", timeout=5).text
        for one in (p24, payu)
        for path in ("calls", "payments/1")
    ]

    for secret in ("sandbox-api-key", "2ee86a66e5d97e3fadc400c9f19b065d", "d27e4cb580e9bbfe"):
        assert not any(secret in text for text in shown)


def test_the_command_line_wins_over_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("EBOK_SANDBOX_SPEED", "600")
    monkeypatch.setenv("EBOK_SANDBOX_LATE_S", "3")
    monkeypatch.setenv("EBOK_CLOCK_OFFSET_FILE", str(tmp_path / "clock"))

    config = read_przelewy24_config(["--http", "127.0.0.1:8700", "--speed", "10"])

    assert (config.http, config.speed, config.late_s) == (("127.0.0.1", 8700), 10.0, 3.0)
    assert config.clock_file == tmp_path / "clock"
    assert read_payu_config([]).http == ("127.0.0.1", 8027)


@pytest.mark.parametrize(
    "wrong", [["--http", "0.0.0.0:8026"], ["--http", "nowhere"], ["--speed", "0"], ["--late-s", "x"]], ids=str
)
def test_a_wrong_knob_is_named_and_nobody_outside_is_served(wrong, capsys):
    with pytest.raises(SystemExit):
        read_przelewy24_config(wrong)
    assert f"'{wrong[1].removesuffix(':8026')}'" in capsys.readouterr().err


def test_dates_follow_the_clock_of_the_suite(tmp_path, shop):
    clock = tmp_path / "clock"
    clock.write_text(str(365 * 24 * 3600))
    with open_payu(PayuConfig(clock_file=clock, speed=60_000)) as running:
        payu = PayuClient(running, shop.url)
        order = payu.create()
        settle(payu.url, "zamowienie-1", "approve")
        told = shop.wait(2)

        created = payu.call("GET", f"orders/{order['orderId']}").json()["orders"][0]["orderCreateDate"]

    in_a_year = datetime.now(UTC) + timedelta(days=365)
    assert abs(datetime.fromisoformat(created) - in_a_year) < timedelta(minutes=5)
    assert len(told) == 2
