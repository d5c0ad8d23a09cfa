"""Pracownicy i role: given, limited, taken back; what follows is said before, and Dziennik tells of it after."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from ebok.identity.v1 import roles_pb2, roles_pb2_grpc
from sqlalchemy import text

from gateway.console.permission_words import GROUPS
from gateway.console.roles import role_key_of
from tests.gateway.console.conftest import DARIA, EDWARD
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

LIST = "/konsola/pracownicy"
ROLES = "/konsola/pracownicy/role"
NEW = "/konsola/pracownicy/nowa-rola"


@pytest.fixture(autouse=True)
def as_before(busy_town: World):
    """Whatever a test gave or took, the next one finds the town as it was."""
    yield
    with busy_town.identity.database.transaction() as session:
        session.execute(text("DELETE FROM roles"))
        for name, roles in (("Daria", "{clerk}"), ("Edward", "{administrator,manager}")):
            session.execute(
                text("UPDATE staff SET roles = :roles, towns = '{}', commodities = '{}' WHERE name = :name"),
                {"roles": roles, "name": name},
            )


def page_of(world: World, name: str) -> str:
    return f"{LIST}/{world.colleague(name).staff_id}"


def version_of(world: World, name: str) -> int:
    return world.colleague(name).version


def make_role(manager: Visitor, name: str, *permissions: str) -> str:
    assert manager.submit(NEW, nazwa=name, uprawnienia=list(permissions)).status_code == 303
    return f"{ROLES}/{role_key_of(name)}"


def test_everybody_is_listed_with_roles_and_area(manager: Visitor, busy_town: World):
    page = manager.text(LIST)
    assert "Daria daria@wodociagi-zdroj.example obsługa klienta wszędzie" in page
    with busy_town.limited(towns=("Zdrój",), commodities=("water",)):
        assert "Zdrój, woda" in manager.text(LIST)


def test_a_clerk_is_limited_and_sees_it_at_once(manager: Visitor, busy_town: World):
    url, version = page_of(busy_town, "Daria"), version_of(busy_town, "Daria")
    sent = manager.submit(url, role=["clerk"], miejscowosci=["Zdrój"], media=["water"], wersja=version)
    assert sent.status_code == 303
    assert "Zapisano role i obszar: Daria" in manager.text(LIST)
    assert "Twój obszar: Zdrój, woda" in busy_town.visitor(DARIA, staff=True).text("/konsola/")
    form = manager.page(url)
    assert 'value="Zdrój" checked' in form
    assert 'value="water" checked' in form
    busy_town.deliver()
    log = manager.text("/konsola/audyt?czynnosc=ebok.identity.v1.StaffService/ChangeStaff")
    assert "zmieniono czyjeś role lub obszar" in log


def test_what_follows_is_shown_and_nothing_is_saved(manager: Visitor, busy_town: World):
    url, version = page_of(busy_town, "Daria"), version_of(busy_town, "Daria")
    shown = manager.submit(url, role=["clerk", "manager"], miejscowosci=["Zdrój"], wersja=version, pokaz="1")
    assert shown.status_code == 200
    assert "Widzi tylko klientów z obszaru: Zdrój" in shown.text.replace("\u00a0", " ")
    assert "wystawiać faktury z przebiegu" in shown.text.replace("\u00a0", " ")
    assert list(busy_town.colleague("Daria").roles) == ["clerk"]
    none = manager.submit(url, wersja=version, pokaz="1")
    assert "otwarte sesje kończą się od razu" in none.text.replace("\u00a0", " ")


def test_without_a_role_there_is_no_way_in(manager: Visitor, busy_town: World):
    daria = busy_town.visitor(DARIA, staff=True)
    assert daria.get("/konsola/").status_code == 200
    url, version = page_of(busy_town, "Daria"), version_of(busy_town, "Daria")
    assert manager.submit(url, wersja=version).status_code == 303
    assert daria.get("/konsola/").status_code == 303
    assert "bez dostępu" in manager.text(LIST)


def test_who_was_slower_is_told(manager: Visitor, busy_town: World):
    url, version = page_of(busy_town, "Daria"), version_of(busy_town, "Daria")
    assert manager.submit(url, role=["clerk"], media=["gas"], wersja=version).status_code == 303
    late = manager.submit(url, role=["clerk"], media=["heat"], wersja=version)
    assert late.status_code == 409
    assert "Ktoś inny zmienił w międzyczasie tę osobę" in late.text.replace("\u00a0", " ")
    assert list(busy_town.colleague("Daria").commodities) == ["gas"]
    for version_sent in ("x", "", "9" * 30):
        refused = manager.submit(url, role=["clerk"], wersja=version_sent)
        assert refused.status_code == 409


def test_the_last_administrator_stays(manager: Visitor, busy_town: World):
    url, version = page_of(busy_town, "Edward"), version_of(busy_town, "Edward")
    wrong: list[Any] = [{"role": ["manager"]}, {"role": ["manager", "administrator"], "media": ["water"]}]
    for values in wrong:
        refused = manager.submit(url, wersja=version, **values)
        assert refused.status_code == 422
        assert "Nikt nie mógłby tego cofnąć" in refused.text.replace("\u00a0", " ")
    assert "administrator" in busy_town.colleague("Edward").roles


def test_a_value_that_is_not_offered_widens_nothing(manager: Visitor, busy_town: World):
    """Left out in silence, an unknown town would leave none: everywhere."""
    url, version = page_of(busy_town, "Daria"), version_of(busy_town, "Daria")
    wrong: list[Any] = [{"miejscowosci": ["Atlantyda"]}, {"media": ["coal"]}, {"role": ["clerk", "king"]}]
    for values in wrong:
        refused = manager.submit(url, **{"role": ["clerk"], "wersja": version, **values})
        assert refused.status_code == 422
        assert "aria-describedby" in refused.text
    assert version_of(busy_town, "Daria") == version


def test_a_role_is_made_given_and_deleted(manager: Visitor, busy_town: World):
    url = make_role(manager, "Kasa, okienko 2", "billing.customers.search", "billing.customers.read")
    assert "Kasa, okienko 2 własna" in manager.text(ROLES)
    page, version = page_of(busy_town, "Daria"), version_of(busy_town, "Daria")
    assert "Kasa, okienko 2" in manager.text(page)
    assert manager.submit(page, role=["kasa-okienko-2"], wersja=version).status_code == 303
    daria = busy_town.visitor(DARIA, staff=True)
    assert "Kasa, okienko 2" in daria.text("/konsola/ja")
    assert daria.get("/konsola/klienci").status_code == 200
    assert daria.get("/konsola/taryfy").status_code == 403

    assert "Można ją usunąć, gdy nikt nie będzie jej miał" in manager.text(url)
    refused = manager.submit(f"{url}/usun", at=url)
    assert refused.status_code == 409
    assert "Ktoś ma tę rolę" in refused.text.replace("\u00a0", " ")
    version = version_of(busy_town, "Daria")
    assert manager.submit(page, role=["clerk"], wersja=version).status_code == 303
    assert manager.submit(f"{url}/usun", at=url).status_code == 303
    assert "Kasa, okienko 2" not in manager.text(ROLES)
    assert manager.get(url).status_code == 404


def test_the_suites_own_role_is_changed_and_set_back(manager: Visitor, busy_town: World):
    url = f"{ROLES}/clerk"
    assert manager.submit(url, uprawnienia=["billing.tariffs.read"], wersja="0").status_code == 303
    assert "zmieniona" in manager.text(ROLES)
    assert busy_town.visitor(DARIA, staff=True).get("/konsola/klienci").status_code == 403
    slower = manager.submit(url, uprawnienia=["billing.customers.read"], wersja="0")
    assert slower.status_code == 409
    assert "Ktoś inny zmienił w międzyczasie tę rolę" in slower.text.replace("\u00a0", " ")
    assert manager.submit(f"{url}/usun", at=url).status_code == 303
    assert "zmieniona" not in manager.text(ROLES)
    assert busy_town.visitor(DARIA, staff=True).get("/konsola/klienci").status_code == 200
    busy_town.deliver()
    log = manager.page("/konsola/audyt?zmiany=1")
    assert "utworzono lub zmieniono rolę" in log.replace("\u00a0", " ")
    assert f'href="{url}"' in log


def test_the_administrators_role_is_only_shown(manager: Visitor):
    url = f"{ROLES}/administrator"
    page = manager.text(url)
    assert "Nie można jej zmienić" in page
    refused = manager.submit(url, at=NEW, uprawnienia=["billing.customers.read"], wersja="0")
    assert refused.status_code == 409
    assert manager.submit(f"{url}/usun", at=NEW).status_code == 409


def test_what_is_wrong_with_a_role_is_said_and_the_rest_kept(manager: Visitor):
    make_role(manager, "Kasa", "billing.customers.read")
    wrong: list[Any] = [
        {"nazwa": ""},
        {"nazwa": "x" * 81},
        {"nazwa": "Clerk"},  # Its key would be that of the suite's own.
        {"nazwa": "Kasa", "uprawnienia": ["billing.meters.read"]},
        {"uprawnienia": []},
        {"uprawnienia": ["billing.customers.read", "billing.everything.do"]},
    ]
    for values in wrong:
        sent = {"nazwa": "Inkasenci", "uprawnienia": ["billing.meters.read"], **values}
        refused = manager.submit(NEW, **sent)
        assert refused.status_code == 422, values
    assert manager.submit(NEW, nazwa="Inkasenci", uprawnienia=["billing.meters.read"]).status_code == 303


def test_no_more_than_fifty_roles(manager: Visitor, busy_town: World):
    roles = busy_town.identity.stub(roles_pb2_grpc.RoleServiceStub, busy_town.administrator())
    for number in range(50):
        role = roles_pb2.Role(key=f"r-{number}", name=f"R {number}", permissions=["billing.meters.read"])
        roles.SaveRole(roles_pb2.SaveRoleRequest(role=role))
    refused = manager.submit(NEW, nazwa="Jeszcze jedna", uprawnienia=["billing.meters.read"])
    assert refused.status_code == 409
    assert "Jest już pięćdziesiąt ról" in refused.text.replace("\u00a0", " ")


@pytest.fixture
def unproven(busy_town: World, manager: Visitor):
    """Edward, who proved who he is ten minutes ago."""
    prove(busy_town, busy_town.clock.now() - timedelta(minutes=10))
    yield manager
    prove(busy_town, busy_town.clock.now())


def prove(world: World, at: datetime) -> None:
    statement = text(
        "UPDATE sessions SET stepped_up_at = :at FROM staff m"
        " WHERE m.staff_id = sessions.staff_id AND m.email = :email"
    )
    with world.identity.database.transaction() as session:
        session.execute(statement, {"at": at, "email": EDWARD})


def proven(world: World, manager: Visitor, led: Any, back: str) -> None:
    assert led.location == f"/konsola/bezpieczenstwo/potwierdz?next={back}"
    assert manager.submit(led.location, code=world.code(EDWARD)).location == back


def test_after_ten_minutes_rights_ask_for_a_proof_and_nothing_is_lost(busy_town: World, unproven: Visitor):
    page, version = page_of(busy_town, "Daria"), version_of(busy_town, "Daria")
    with busy_town.limited(towns=("Zdrój",), commodities=("water",)):
        version = version_of(busy_town, "Daria")
        led = unproven.submit(page, role=["manager"], media=["gas"], wersja=version)
        proven(busy_town, unproven, led, page)
        form = unproven.page(page)
        for chosen in ('value="manager" checked', 'value="gas" checked', f'value="{version}"'):
            assert chosen in form, chosen
        for unticked in ('value="clerk" checked', 'value="water" checked', 'value="Zdrój" checked'):
            assert unticked not in form, unticked
        assert list(busy_town.colleague("Daria").roles) == ["clerk"]


def test_a_role_of_all_permissions_comes_back_whole_after_the_proof(busy_town: World, unproven: Visitor):
    every = [name for group in GROUPS for name in group.words]
    name = "Zastępstwo łączące wszystkie obowiązki – Żółć, Gęśl, Jaźń" + "ż" * 20
    proven(busy_town, unproven, unproven.submit(NEW, nazwa=name, uprawnienia=every), NEW)
    form = unproven.page(NEW)
    assert name in form
    assert form.count(" checked") == len(every)
    assert name not in unproven.text(ROLES)


def test_a_role_is_set_back_after_a_proof_alone(busy_town: World, unproven: Visitor):
    url = f"{ROLES}/clerk"
    proven(busy_town, unproven, unproven.submit(f"{url}/usun", at=url), url)
    assert unproven.submit(f"{url}/usun", at=url).location == ROLES


def test_a_clerk_finds_none_of_it(clerk: Visitor, busy_town: World):
    assert LIST not in clerk.page("/konsola/")
    for url in (LIST, ROLES, NEW, f"{ROLES}/clerk", page_of(busy_town, "Daria")):
        assert clerk.get(url).status_code == 403
    assert clerk.submit(page_of(busy_town, "Daria"), at="/konsola/ja", role=["manager"]).status_code == 403


def test_nobody_of_this_id(manager: Visitor, busy_town: World):
    assert manager.get(f"{LIST}/{busy_town.annas.customer_id}").status_code == 404
    assert manager.get(f"{ROLES}/nie-ma").status_code == 404
    assert EDWARD in manager.text(LIST)


@pytest.mark.parametrize(
    ("name", "key"),
    [("Kasa, okienko 2", "kasa-okienko-2"), ("Ćma", "cma"), ("2 zmiana", "role-2-zmiana"), ("!!!", "role")],
)
def test_a_key_is_made_of_the_name(name: str, key: str):
    assert role_key_of(name) == key
