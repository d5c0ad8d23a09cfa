"""Billing keeps the newest settings, in whatever order they arrive."""

from ebok.identity.v1 import events_pb2, settings_pb2

from chassis.ids import new_id
from services.billing.storage import settings as stored


def event(version, name):
    return events_pb2.SettingsChanged(
        settings=settings_pb2.Settings(
            version=version,
            provider_name=name,
            provider_line="woda i ścieki",
            nip="1234563218",
            address_line="ul. Wodna 1",
            town_line="57-000 Zdrój",
            account_number="61109010140000071219812874",
            email="biuro@wodociagi-zdroj.example",
            portal_url="https://ebok.example",
        )
    )


def settings_of(database):
    with database.reading() as session:
        settings = stored.get_settings(session)
    assert settings is not None
    return settings


def kept(database):
    settings = settings_of(database)
    return settings.version, settings.name


def test_the_first_settings_are_kept(served, database):
    assert served.deliver(event(1, "Wodociągi Zdrój"))

    assert kept(database) == (1, "Wodociągi Zdrój")


def test_an_older_version_that_comes_later_is_passed_over(served, database):
    served.deliver(event(2, "Nowa"))
    served.deliver(event(1, "Stara"))

    assert kept(database) == (2, "Nowa")


def test_whether_staff_may_change_the_providers_data_is_kept(served, database):
    first = event(1, "Wodociągi Zdrój")
    served.deliver(first)
    assert settings_of(database).provider_data_editable is False

    second = event(2, "Wodociągi Zdrój")
    second.settings.provider_data_editable = True
    served.deliver(second)

    assert settings_of(database).provider_data_editable is True


def test_the_same_event_twice_is_handled_once(served, database):
    event_id = new_id()

    assert served.deliver(event(1, "Wodociągi Zdrój"), event_id=event_id)
    assert not served.deliver(event(1, "Wodociągi Zdrój"), event_id=event_id)
    assert kept(database) == (1, "Wodociągi Zdrój")
