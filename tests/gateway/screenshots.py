"""`make screenshots`: a picture of every page, phone and desktop, light and dark, in var/screenshots.

The pages are those that axe looks at: all of the URL map and the states of `pages.py`, on the small town of these
tests, so no suite has to run. `make screenshots W="invoice desk"` draws only pages whose name has one of the words.
"""

import logging
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from chassis.keys import generate
from chassis.telemetry import configure_logging
from chassis.testing.databases import Databases, running_postgres
from deploy.local.system import CHROMIUM_FLAGS, NEEDS, chromium
from tests.gateway.pages import cookies_of, pages, serving
from tests.gateway.world import World, making_world

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
LOOKS = ("light", "dark")


def draw(world: World, executable: Path, directory: Path, words: list[str]) -> int:
    """All pictures; answers how many."""
    wanted = [one for one in pages(world) if not words or any(word in one.name for word in words)]
    with serving(world) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        for size, viewport in SIZES.items():
            for look in LOOKS:
                for who in dict.fromkeys(page.who for page in wanted):
                    context = browser.new_context(viewport=viewport, color_scheme=look, locale="pl-PL")  # type: ignore[arg-type]
                    context.add_cookies(cookies_of(world, who, address))  # type: ignore[arg-type]
                    tab = context.new_page()
                    for page in (one for one in wanted if one.who == who):
                        tab.goto(address + page.url)
                        tab.screenshot(path=directory / f"{page.name}-{size}-{look}.png", full_page=True)
                    context.close()
        browser.close()
    return len(wanted) * len(SIZES) * len(LOOKS)


def forget_pictures(directory: Path) -> None:
    """Those of an earlier call: a page that is gone must not look as if it were there."""
    for size in SIZES:
        for look in LOOKS:
            for picture in directory.glob(f"*-{size}-{look}.png"):
                picture.unlink()


def main(directory: Path, words: list[str]) -> None:
    """Build the town, draw, tidy up."""
    executable = chromium()
    if executable is None:
        sys.exit(f"screenshots: {next(need.missing for need in NEEDS if need.name == 'Chromium')}")
    directory.mkdir(parents=True, exist_ok=True)
    if not words:
        forget_pictures(directory)
    configure_logging("screenshots", "WARNING")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as scratch, running_postgres() as url:
        keys = Path(scratch) / "keys"
        generate(keys)
        databases = Databases(url)
        with making_world(databases, keys, Path(scratch)) as world:
            count = draw(world, executable, directory, words)
        databases.drop_all()
    if not count:
        sys.exit(f"screenshots: no page has {' or '.join(words)} in its name")
    sys.stdout.write(f"screenshots: {count} pictures in {directory}\n")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tests.gateway.screenshots DIRECTORY [word…]")
    main(Path(sys.argv[1]), sys.argv[2:])
