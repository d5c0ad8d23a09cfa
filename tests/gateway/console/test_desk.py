"""Pulpit: figures, what waits, and a menu of what one may do."""

import re

from tests.gateway.visitors import Visitor
from tests.gateway.world import World


def test_the_desk_says_what_there_is_and_what_waits(world: World, daria: Visitor):
    text = daria.text("/konsola/")
    listed = daria.get("/konsola/klienci.csv").text.splitlines()
    assert f"Klienci {len(listed) - 1} " in text
    for words in (
        "Należności",
        "Po terminie",
        "Woda i ścieki, październik 2026, uzupełnienie",
        "Podgląd, nic nie wystawiono",
        "odczyty-reczne-2026-11.csv",
        "Najnowsze dane z systemów dostawcy: 2",
    ):
        assert words in text
    assert re.search(r"Odrzucone wiersze [1-9]\d* do poprawienia albo odłożenia", text)
    assert world.run_ids[-1] in daria.page("/konsola/")


def test_the_menu_shows_what_the_role_opens(daria: Visitor, edward: Visitor):
    clerk, manager = daria.page("/konsola/"), edward.page("/konsola/")
    for path in ("/konsola/klienci", "/konsola/rozliczenia", "/konsola/taryfy", "/konsola/import"):
        assert f'href="{path}"' in clerk
    assert 'href="/konsola/audyt"' not in clerk
    assert 'href="/konsola/audyt"' in manager
