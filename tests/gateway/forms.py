"""The forms of the gateway as a browser finds them: read from the pages, so that a new one is there at once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from tests.gateway import pages, urls
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

ORIGIN = "http://localhost"
TOKENS = {"csrf_token", "request_id"}
_ROW = re.compile(r"-\d+\Z")
_SPACES = re.compile(r"\s+")
Value = str | bytes
Pairs = list[tuple[str, Value]]


@dataclass(frozen=True)
class Field:
    """One name in a form: what it takes, and what the page has put into it."""

    name: str
    kind: str
    offered: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    required: bool = False
    invalid: bool = False

    @property
    def base(self) -> str:
        """The name without the number of its row."""
        return _ROW.sub("", self.name)

    @property
    def typed(self) -> bool:
        """Whether a person fills it in."""
        return self.kind not in ("hidden", "button")


@dataclass(frozen=True)
class Form:
    """A form, where it stands and whom it was shown to."""

    who: str
    page: str
    action: str
    method: str
    endpoint: str
    fields: tuple[Field, ...] = field(default=())

    @property
    def signature(self) -> tuple[object, ...]:
        """What makes it the same form on another page: the view, the names, and which of a page's forms it is."""
        names = frozenset(one.base for one in self.fields if one.kind != "button" and one.base != "rok")
        which = next((one.offered for one in self.fields if one.name == "form"), ())
        return self.endpoint, self.method, names, which

    @property
    def name(self) -> str:
        """For people who read a fault."""
        return f"{self.method} {self.endpoint} on {self.page} as {self.who}"

    def field(self, name: str) -> Field | None:
        """The field of a name."""
        return next((one for one in self.fields if one.name == name), None)

    def tried(self) -> list[Field]:
        """The fields worth trying: of rows that are alike, the first."""
        seen: dict[str, Field] = {}
        for one in self.fields:
            seen.setdefault(one.base, one)
        return list(seen.values())


def only(soup: Tag, selector: str) -> Tag:
    """The element that must be there."""
    found = soup.select_one(selector)
    assert found is not None, selector
    return found


def soup_of(response: TestResponse) -> BeautifulSoup:
    """The page as a tree."""
    return BeautifulSoup(response.text, "lxml")


def forms_of(app: Flask, soup: BeautifulSoup, *, page: str, who: str) -> list[Form]:
    """Every form of a page; an action that leads to no view is a fault of the page."""
    found = []
    for tag in soup.find_all("form"):
        method = str(tag.get("method", "get")).upper()
        action = urlsplit(str(tag.get("action") or "").partition("#")[0] or page)
        path = action.path or urlsplit(page).path
        target = path + (f"?{action.query}" if action.query and method == "POST" else "")
        endpoint = endpoint_of(app, path, method)
        assert endpoint, f"a form on {page} leads nowhere: {method} {path}"
        found.append(Form(who, page, target, method, endpoint, tuple(_fields(soup, tag))))
    return found


def endpoint_of(app: Flask, path: str, method: str = "GET") -> str:
    """The view behind an address; empty when there is none."""
    try:
        return str(app.url_map.bind("localhost").match(path, method=method)[0])
    except RequestRedirect as moved:
        return endpoint_of(app, urlsplit(moved.new_url).path, method)
    except HTTPException:
        return ""


def _fields(soup: BeautifulSoup, form: Tag) -> Iterator[Field]:
    controls = [*form.find_all(["input", "select", "textarea", "button"])]
    if form.get("id"):
        controls += soup.find_all(["input", "select", "textarea", "button"], attrs={"form": form["id"]})
    groups: dict[str, list[Tag]] = {}
    for tag in controls:
        if tag.get("name") and not tag.has_attr("disabled"):
            groups.setdefault(str(tag["name"]), []).append(tag)
    for name, tags in groups.items():
        yield _field(name, tags)


def _field(name: str, tags: list[Tag]) -> Field:
    first = tags[0]
    kind = _kind(first)
    offered: tuple[str, ...]
    options: tuple[str, ...] = ()
    if kind == "select":
        options = tuple(str(one.get("value", one.text)) for one in first.find_all("option"))
        chosen = tuple(str(one.get("value", one.text)) for one in first.find_all("option", selected=True))
        offered = chosen or options[:1]
    elif kind in ("radio", "checkbox", "button"):
        options = tuple(str(one.get("value", "on")) for one in tags)
        offered = tuple(str(one.get("value", "on")) for one in tags if one.has_attr("checked"))
    elif kind == "textarea":
        offered = (first.text.removeprefix("\n"),)
    else:
        offered = tuple(str(one.get("value", "")) for one in tags)
    return Field(
        name=name,
        kind=kind,
        offered=offered,
        options=options,
        required=first.has_attr("required"),
        invalid=any(one.get("aria-invalid") == "true" for one in tags),
    )


def _kind(tag: Tag) -> str:
    if tag.name != "input":
        return str(tag.name)
    kind = str(tag.get("type", "text"))
    return "number" if kind == "text" and tag.get("inputmode") in ("decimal", "numeric") else kind


def shown(soup: BeautifulSoup) -> list[object]:
    """What a page shows: its words, and what stands in its fields; without what is new at every opening."""
    main = soup.find("main") or soup
    for tag in main.find_all(["script", "svg"]):
        tag.decompose()
    fields = [
        (one.name, one.offered)
        for form in soup.find_all("form")
        for one in _fields(soup, form)
        if one.name not in TOKENS
    ]
    return [_SPACES.sub(" ", main.get_text(" ")).strip(), *fields]


@dataclass
class Crawl:
    """What was found on all pages."""

    forms: list[Form]
    # Endpoint and parameter of every address that a page links to, with one such address and who saw it.
    queries: dict[tuple[str, str], tuple[str, str]]
    # Every page that was opened: endpoint, address, who.
    opened: dict[str, tuple[str, str]]


def crawl(world: World, visitors: dict[str, Visitor], more: list[pages.Page]) -> Crawl:
    """Open every page there is and note its forms and its links."""
    forms: dict[tuple[object, ...], Form] = {}
    found = Crawl([], {}, {})
    for page in [*_addresses(world), *pages.states(world), *more]:
        response = visitors[page.who].get(page.url)
        if response.status_code != 200 or response.mimetype != "text/html":
            continue
        soup = soup_of(response)
        found.opened.setdefault(endpoint_of(world.app, urlsplit(page.url).path), (page.url, page.who))
        for form in forms_of(world.app, soup, page=page.url, who=page.who):
            forms.setdefault(form.signature, form)
        for link in soup.find_all("a", href=True):
            _note_link(world.app, found, str(link["href"]), page)
    found.forms = list(forms.values())
    return found


def _addresses(world: World) -> Iterator[pages.Page]:
    """The addresses of the URL map as nobody, and as the one they are for; what is a file has no form."""
    for rule in urls.rules(world.app):
        if (
            rule.endpoint.startswith(("web.", "api."))
            or "kind" in rule.arguments
            or rule.rule.endswith(("pdf", "zip"))
        ):
            continue
        for url in urls.urls_of(world.app, rule, world):
            yield pages.Page(rule.endpoint, "nobody", url)
            yield pages.Page(rule.endpoint, "edward" if url.startswith("/konsola") else "anna", url)


def _note_link(app: Flask, found: Crawl, href: str, page: pages.Page) -> None:
    parts = urlsplit(href)
    if parts.scheme or parts.netloc or not parts.query:
        return
    path = parts.path or urlsplit(page.url).path
    endpoint = endpoint_of(app, path)
    for name, _value in parse_qsl(parts.query, keep_blank_values=True):
        found.queries.setdefault((endpoint, name), (f"{path}?{parts.query}", page.who))


def with_query(url: str, changes: dict[str, list[Value]]) -> str:
    """An address with other values of some parameters; broken bytes go as they are."""
    parts = urlsplit(url)
    kept: Pairs = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in changes
    ]
    kept += [(name, value) for name, values in changes.items() for value in values]
    return parts.path + ("?" + urlencode(kept) if kept else "")
