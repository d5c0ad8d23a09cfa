"""Knobs that would do harm are refused, in words and without repeating what was typed."""

import pytest

from chassis.config import ConfigFaulty, describe, load_config
from services.notify.config import NotifyConfig


def faults(**values: object) -> str:
    with pytest.raises(ConfigFaulty) as faulty:
        load_config(NotifyConfig, part="notify", **values)
    return str(faulty.value)


def test_a_password_in_clear_is_refused_in_production():
    words = faults(environment="production", smtp_url="smtp://bok:tajne@mail.example:25")

    assert "password in clear" in words
    assert "tajne" not in words
    load_config(NotifyConfig, part="notify", smtp_url="smtps://bok:tajne@mail.example")
    load_config(NotifyConfig, part="notify", smtp_url="smtp+starttls://bok:tajne@mail.example:587")


@pytest.mark.parametrize(
    "url", ["http://mail.example", "mail.example:25", "smtp://", "smtp://mail:0", "smtp://m:99999"]
)
def test_an_address_that_is_no_mail_server_is_refused(url):
    assert "EBOK_SMTP_URL" in faults(smtp_url=url)


def test_a_lease_shorter_than_a_mail_may_take_is_refused():
    assert "EBOK_SEND_LEASE_S" in faults(send_lease_s=60, smtp_timeout_s=20)


def test_a_sender_that_could_carry_a_header_is_refused():
    assert "EBOK_SENDER" in faults(sender="bok@zdroj.example\r\nBcc: x@y.example")


def test_every_knob_has_its_sentence_and_the_password_is_hidden():
    lines = describe(load_config(NotifyConfig, part="notify", smtp_url="smtps://bok:tajne@mail.example"))

    assert all("  # " in line and len(line.partition("  # ")[2]) > 10 for line in lines)
    assert "tajne" not in "".join(lines)
