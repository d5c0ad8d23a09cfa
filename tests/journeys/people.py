"""Somebody with a browser: opens pages, reads them, fills forms in by the names of their fields."""

import re
import time
from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

from playwright.sync_api import APIResponse, Browser, Locator, Page, Response, expect

from tests.journeys.post import Post

SPACES = re.compile(r"\s+")
PASSWORD = "zielony rower pod lipą"
WAIT_MS = 20_000
MONTHS = (
    "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca",
    "lipca", "sierpnia", "września", "października", "listopada", "grudnia",
)  # fmt: skip


def plain(text: str) -> str:
    """With single ordinary spaces."""
    return SPACES.sub(" ", text)


def spoken(day: date) -> str:
    """`12 grudnia`."""
    return f"{day.day} {MONTHS[day.month - 1]}"


class Visitor:
    """One browser context with one page. `visited` has every address of ours that it opened."""

    def __init__(self, browser: Browser, url: str, *, javascript: bool = True) -> None:
        self.url = url
        self.context = browser.new_context(
            base_url=url,
            locale="pl-PL",
            timezone_id="Europe/Warsaw",
            viewport={"width": 1280, "height": 900},
            java_script_enabled=javascript,
        )
        self.context.set_default_timeout(WAIT_MS)
        self.page: Page = self.context.new_page()
        self.visited: list[str] = []
        self.complaints: list[str] = []
        self.page.on("response", self._remember)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _remember(self, response: Response) -> None:
        request = response.request
        if (
            request.resource_type == "document"
            and request.method == "GET"
            and response.url.startswith(self.url)
        ):
            self.note(response.url)

    def note(self, url: str) -> None:
        """Remember an address as visited."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if path not in self.visited:
            self.visited.append(path)

    # Looking

    def open(self, path: str, *, status: int = 200) -> str:
        """Open an address; answers what the page says."""
        response = self.page.goto(path)
        assert response is not None
        assert response.status == status, f"{path} answered {response.status}: {self.read()[:600]}"
        return self.read()

    def read(self) -> str:
        """What the page says."""
        return plain(self.page.locator("body").inner_text())

    @property
    def path(self) -> str:
        """Where the browser stands."""
        return urlsplit(self.page.url).path

    def at(self, path: str | re.Pattern[str]) -> None:
        """Wait until the browser has come to a path."""
        pattern = path.pattern if isinstance(path, re.Pattern) else re.escape(path)
        expect(self.page).to_have_url(re.compile(rf"^https?://[^/]+{pattern}(\?.*)?(#.*)?$"), timeout=WAIT_MS)

    def follow(self, href: str) -> str:
        """Click the first visible link to an address."""
        self.page.locator(f'a[href="{href}"]:visible').first.click()
        self.at(urlsplit(href).path)
        return self.read()

    def fetch(self, path: str, *, redirects: int = 20) -> APIResponse:
        """A file, with this browser's cookies."""
        response = self.context.request.get(path, max_redirects=redirects)
        self.note(response.url)
        return response

    def links(self, pattern: str, *, at: str = "") -> list[str]:
        """The addresses of a shape that the page links to, each once, in their order."""
        if at:
            self.open(at)
        found = [link.get_attribute("href") or "" for link in self.page.locator("a[href]").all()]
        return list(dict.fromkeys(href for href in found if re.fullmatch(pattern, href)))

    def until(self, path: str, done: Callable[[], bool], *, wait_s: float = 60) -> None:
        """Open a page again and again until it shows what happens in the background; a part may be away meanwhile."""
        deadline = time.monotonic() + wait_s
        self.page.goto(path)
        while not done():
            assert time.monotonic() < deadline, f"{path} says after {wait_s:.0f} s: {self.read()[:1000]}"
            time.sleep(0.3)
            self.page.goto(path)

    # Doing

    def form_with(self, field: str) -> Locator:
        """The form that has a field."""
        return self.page.locator("form", has=self.page.locator(f'[name="{field}"]')).first

    def send(self, **fields: str) -> str:
        """Fill in the form that has the first of these fields, and press its button."""
        form = self.form_with(next(iter(fields)))
        for name, value in fields.items():
            form.locator(f'[name="{name}"]').first.fill(value)
        self.press(form)
        return self.read()

    def press(self, form: Locator) -> None:
        """Press the form's button and wait for the page that follows."""
        with self.page.expect_navigation():
            form.locator('button[type="submit"]:visible').first.click()

    # What everybody does

    def log_in(self, email: str, password: str = PASSWORD) -> None:
        """By the form, wherever it leads."""
        if "/logowanie" not in self.path:
            self.open("/logowanie")
        self.send(email=email, password=password)
        expect(self.page.locator('[name="password"]')).to_have_count(0)

    def log_in_to_console(self, email: str, password: str, code: Callable[[str], str]) -> None:
        """Staff's own door, with a code of the app; whoever is in already is led on."""
        self.open("/konsola/logowanie")
        if self.path != "/konsola/logowanie":
            return
        self.send(email=email, password=password)
        self.at("/konsola/logowanie/kod")
        self.send(code=code(email))
        expect(self.page.locator('[name="code"]')).to_have_count(0)

    def register(self, name: str, email: str, post: Post) -> None:
        """The form, the mail, its link, the button."""
        self.open("/rejestracja")
        self.send(name=name, email=email, password=PASSWORD)
        self.at("/rejestracja/wyslano")
        [letter] = post.wait_for(email, about="Potwierdź")
        self.page.goto(letter.link("/potwierdzenie"))
        self.press(self.form_with("token"))
        self.at("/logowanie")

    def claim(self, number: str, invoice: str, total: str) -> str:
        """Send the proof."""
        if self.path != "/dodaj-konto":
            self.open("/dodaj-konto")
        return self.send(customer_number=number, invoice_number=invoice, invoice_total=total)

    def close(self) -> None:
        """Close the browser window."""
        self.context.close()
