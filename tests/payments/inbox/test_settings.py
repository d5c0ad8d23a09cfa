"""What identity says of the provider: the newest is printed."""

from ebok.identity.v1 import events_pb2, settings_pb2

from services.payments.storage.settings import get_settings


def changed(version, name):
    return events_pb2.SettingsChanged(settings=settings_pb2.Settings(version=version, provider_name=name))


def test_the_newest_settings_stay(served, database):
    for version, name in ((2, "Wodociągi Zdrój"), (1, "Wodociągi"), (3, "Wodociągi Zdrój SA"), (2, "Stare")):
        served.deliver(changed(version, name))
    with database.reading() as session:
        settings = get_settings(session)
    assert settings is not None
    assert (settings.version, settings.name) == (3, "Wodociągi Zdrój SA")
