"""One colour in, a readable page out."""

import random
import re

import pytest

from gateway.web import colours
from gateway.web.brand import brand_css

RANDOM = random.Random(20261124)
MANY = [f"#{RANDOM.randrange(1 << 24):06x}" for _ in range(300)]
EDGES = [
    "#000000",
    "#ffffff",
    "#ff0000",
    "#00ff00",
    "#0000ff",
    "#ffff00",
    "#00ffff",
    "#ff00ff",
    "#808080",
    "#0068b8",
    "#fefefe",
    "#010101",
]


@pytest.mark.parametrize("colour", EDGES)
def test_every_pair_is_readable_for_edge_colours(colour):
    assert colours.unreadable_pairs(colour) == []


def test_every_pair_is_readable_for_many_colours():
    assert [colour for colour in MANY if colours.unreadable_pairs(colour)] == []


def test_roles_of_the_default_are_the_fallbacks_in_the_style_sheet(site):
    """app.css holds hex values for browsers without relative colours; they are these roles, to a rounding."""
    css = site.app.test_client().get(_asset(site, "app.css")).get_data(as_text=True)
    light, dark = css.split('[data-bs-theme="dark"] {', 1)
    for text, palette in ((light, colours.roles("#0068b8")), (dark, colours.roles("#0068b8", dark=True))):
        for name, value in palette.items():
            found = re.search(rf"--{name}:\s*(#[0-9a-f]{{6}})", text)
            assert found, name
            for start in (1, 3, 5):
                assert abs(int(found[1][start : start + 2], 16) - int(value[start : start + 2], 16)) <= 3, (
                    name
                )


def _asset(site, name):
    with site.app.test_request_context():
        return site.app.jinja_env.globals["asset"](name)


@pytest.mark.parametrize("colour", [*EDGES, *MANY[:40]])
def test_oklch_goes_there_and_back(colour):
    back = colours.from_oklch(*colours.oklch(colour))
    for start in (1, 3, 5):
        assert abs(int(back[start : start + 2], 16) - int(colour[start : start + 2], 16)) <= 1


def test_contrast_is_that_of_wcag():
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_brand_css_holds_only_the_colour_and_its_roles():
    css = brand_css("#0a7d3c")
    assert ":root{--provider:#0a7d3c}" in css
    assert css.count("--accent:") == 2
    assert re.fullmatch(r"[\w\s:;{}()#\-@\[\]=\",.%]+", css)


def test_brand_css_follows_the_settings_and_ignores_what_is_no_colour(site, client):
    site.settings.brand_colour = "#aa3300"
    assert "--provider:#aa3300" in client.get("/brand.css").get_data(as_text=True)
    site.settings.brand_colour = "red;}body{display:none"
    assert "--provider:#0068b8" in client.get("/brand.css").get_data(as_text=True)
    assert not colours.is_colour("#12345")
    assert not colours.is_colour("#123456\n")


def test_brand_is_kept_for_ever_only_under_its_own_address(client):
    assert "max-age=31536000" in client.get("/brand.css?c=0068b8").headers["Cache-Control"]
    assert "max-age=0" in client.get("/brand.css?c=123456").headers["Cache-Control"]
    assert client.get("/favicon.svg").mimetype == "image/svg+xml"


def test_pages_outlive_an_absent_identity(site, client):
    client.get("/")
    site.away = True
    page = client.get("/")
    assert page.status_code == 200
    assert "Wodociągi Zdrój" in page.get_data(as_text=True)
