"""The provider's settings: loaded by the operator's job, read by everybody."""

import pytest
from ebok.common.v1.acts_pb2 import ActRecorded
from ebok.identity.v1 import events_pb2 as events
from ebok.identity.v1.settings_pb2 import GetSettingsRequest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from services.identity.domain import settings as domain
from tests.identity.conftest import SETTINGS


def read(identity):
    return identity.settings.GetSettings(GetSettingsRequest()).settings


def test_before_any_were_loaded_there_are_plain_defaults(identity):
    settings = read(identity)
    assert (settings.provider_name, settings.version) == ("eBOK", 0)
    assert list(settings.languages) == ["pl", "en", "uk"]


def test_loaded_settings_are_shown_to_anybody_and_announced_once(identity, served, load_settings):
    load_settings()
    load_settings()

    settings = read(identity)
    assert (settings.provider_name, settings.version) == ("Wodociągi Zdrój", 1)
    assert (settings.nip, settings.brand_colour) == ("1234563218", "#0068b8")
    assert settings.account_number == "61109010140000071219812874"
    assert settings.portal_url == "https://ebok.wodociagi.example"
    [event] = served.announced(events.SettingsChanged)
    assert event.settings == settings
    act, *_ = [one for one in served.announced(ActRecorded) if one.act == "settings.load"]
    assert (act.actor_kind, act.actor_id) == ("system", "identity")


def test_change_is_a_new_version(identity, served, load_settings):
    load_settings()
    load_settings(SETTINGS.replace("Wodociągi Zdrój", "Wodociągi i Kanalizacja Zdrój"))
    settings = read(identity)
    assert (settings.provider_name, settings.version) == ("Wodociągi i Kanalizacja Zdrój", 2)
    assert [one.settings.version for one in served.announced(events.SettingsChanged)] == [1, 2]


def test_staff_may_not_change_the_providers_data_unless_the_file_says_so(identity, served, load_settings):
    load_settings()
    assert read(identity).provider_data_editable is False

    load_settings(SETTINGS + "provider_data_editable: true\n")

    assert read(identity).provider_data_editable is True
    said = [one.settings.provider_data_editable for one in served.announced(events.SettingsChanged)]
    assert said == [False, True]


@pytest.mark.parametrize(
    ("wrong", "field", "reason"),
    [
        ({"nip": "1234563219"}, "nip", "MALFORMED"),
        ({"account_number": "61109010140000071219812875"}, "account_number", "MALFORMED"),
        ({"account_number": "DE89370400440532013000"}, "account_number", "MALFORMED"),
        ({"brand_colour": "red"}, "brand_colour", "MALFORMED"),
        ({"town_line": "Zdrój"}, "town_line", "MALFORMED"),
        ({"email": "office"}, "email", "MALFORMED"),
        ({"portal_url": "http://ebok.example"}, "portal_url", "MALFORMED"),
        ({"portal_url": "https://a:b@ebok.example"}, "portal_url", "MALFORMED"),
        ({"portal_url": "javascript:alert(1)"}, "portal_url", "MALFORMED"),
        ({"languages": ["pl", "de"]}, "languages", "MALFORMED"),
        ({"languages": []}, "languages", "MALFORMED"),
        ({"languages": [["pl"]]}, "languages", "MALFORMED"),
        ({"provider_name": ""}, "provider_name", "REQUIRED"),
        ({"provider_name": ["a"]}, "provider_name", "MALFORMED"),
        ({"provider_name": "x" * 121}, "provider_name", "TOO_LONG"),
        ({"provider_data_editable": "yes"}, "provider_data_editable", "MALFORMED"),
        ({"provider_data_editable": 1}, "provider_data_editable", "MALFORMED"),
        ({"colour": "#ffffff"}, "colour", "UNKNOWN"),
    ],
)
def test_fault_is_refused_at_its_field(wrong, field, reason):
    with pytest.raises(Invalid) as caught:
        domain.read(GOOD | wrong)
    assert [(one.field, one.reason) for one in caught.value.violations] == [(field, reason)]


def test_all_faults_are_told_at_once_and_nothing_is_kept(identity, load_settings, served):
    with pytest.raises(Invalid) as caught:
        load_settings("nip: 1\nbrand_colour: blue\nunknown: 1\n")
    fields = [one.field for one in caught.value.violations]
    assert {"nip", "brand_colour", "unknown", "provider_name", "account_number"} <= set(fields)
    assert read(identity).version == 0
    assert served.announced(events.SettingsChanged) == []


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "a: [", "\x00", "x" * 70_000])
def test_file_that_is_no_settings_is_refused(load_settings, text):
    with pytest.raises(Invalid) as caught:
        load_settings(text)
    assert caught.value.violations[0].field == "file"


def test_http_is_for_this_machine_alone():
    assert domain.read(GOOD | {"portal_url": "http://localhost:8080"}).portal_url == "http://localhost:8080"


@given(
    st.dictionaries(
        st.sampled_from([*domain.Provider.__dataclass_fields__, "x"]),
        st.one_of(
            st.none(),
            st.text(max_size=130),
            st.integers(),
            st.booleans(),
            st.lists(st.text(max_size=3), max_size=3),
        ),
    )
)
def test_whatever_a_file_holds_is_read_or_refused(given_values):
    try:
        provider = domain.read(GOOD | given_values)
    except Invalid:
        return
    assert provider.provider_name


GOOD = {
    "provider_name": "Wodociągi Zdrój",
    "nip": "1234563218",
    "address_line": "ul. Wodna 1",
    "town_line": "57-000 Zdrój",
    "account_number": "61109010140000071219812874",
    "brand_colour": "#0068b8",
    "email": "ebok@wodociagi.example",
    "portal_url": "https://ebok.wodociagi.example",
}
