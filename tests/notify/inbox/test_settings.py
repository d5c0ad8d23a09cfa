"""The provider's settings: the newest are kept, and nothing leaves without them."""

from services.notify.storage.messages import MessageStatus


def test_without_settings_messages_wait(given_nothing, send, mails, rows):
    given_nothing.confirmation()

    send()

    assert mails() == []
    assert rows()[0].status is MessageStatus.PLANNED
    given_nothing.settings()
    send()
    assert len(mails()) == 1


def test_older_settings_change_nothing(given_nothing, send, mails):
    given_nothing.settings(version=3, provider_name="Wodociągi Nowe", portal_url="https://nowe.example/")
    given_nothing.settings(version=2, provider_name="Wodociągi Stare")
    given_nothing.confirmation()

    send()

    [mail] = mails()
    assert mail.headers()["From"] == "Wodociągi Nowe <bok@wodociagi-zdroj.example>"
    assert "\nhttps://nowe.example/potwierdzenie?token=" in mail.text()
    assert "Stare" not in mail.text()


def test_a_language_nobody_writes_falls_back_to_the_provider_s_first(given_nothing, send, mails):
    given_nothing.settings(languages=["uk", "pl"])
    given_nothing.confirmation(language="tlh")

    send()

    assert mails()[0].headers()["Content-Language"] == "uk"
