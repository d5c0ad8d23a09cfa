"""What SMSAPI reports: through the gateway to notify, unread; limits, senders and a secret address."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.gateway.world import REPORT_TOKEN, World

REPORT = "MsgId=A1&status=404&idx=00000000000000000000000000000000"


def ask(app: Flask, path: str, *, at: str = "203.0.113.9", **options: Any) -> Any:
    return FlaskClient(app).get(path, environ_base={"REMOTE_ADDR": at}, **options)


def test_a_report_is_taken_at_the_secret_address_as_query_and_as_form(world: World):
    answer = ask(world.app, f"/webhooks/smsapi/{REPORT_TOKEN}?{REPORT}")
    assert (answer.status_code, answer.text) == (200, "OK")
    form = FlaskClient(world.app).post(
        f"/webhooks/smsapi/{REPORT_TOKEN}",
        data=REPORT,
        content_type="application/x-www-form-urlencoded",
    )
    assert (form.status_code, form.text) == (200, "OK")


def test_whoever_does_not_know_the_address_is_told_nothing(world: World):
    answer = ask(world.app, f"/webhooks/smsapi/guessed?{REPORT}")
    assert (answer.status_code, answer.text) == (404, "REPORT_REFUSED")


def test_what_is_empty_too_large_or_no_report_is_refused(world: World):
    address = f"/webhooks/smsapi/{REPORT_TOKEN}"
    assert ask(world.app, address).status_code == 400
    assert ask(world.app, f"{address}?MsgId=A1").status_code == 400
    assert ask(world.app, f"{address}?{REPORT}&x={'x' * 9000}").status_code == 413
    assert ask(world.app, f"/webhooks/smsapi/{'x' * 300}?{REPORT}").status_code == 400


def test_only_listed_senders_may_report_where_there_is_a_list(world: World):
    app = world.make_app(webhook_senders="smsapi=89.174.81.98")
    address = f"/webhooks/smsapi/{REPORT_TOKEN}?{REPORT}"
    assert ask(app, address).status_code == 403
    assert ask(app, address, at="89.174.81.98").status_code == 200


def test_while_notify_is_away_smsapi_is_to_come_again(world: World):
    app = world.make_app(notify="127.0.0.1:9", call_timeout_s=1)
    answer = ask(app, f"/webhooks/smsapi/{REPORT_TOKEN}?{REPORT}")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
