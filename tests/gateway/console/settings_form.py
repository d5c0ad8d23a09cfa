"""A form of rows as a browser holds it: read from the page, changed, sent with the button that was pressed."""

from collections.abc import Iterator

from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from tests.gateway.forms import forms_of, soup_of
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

Typed = dict[str, list[str]]


class Editor:
    """The form of one page; buttons send it and what comes back is the form from then on."""

    def __init__(self, world: World, visitor: Visitor, url: str, endpoint: str) -> None:
        self._app, self._visitor, self._url, self._endpoint = world.app, visitor, url, endpoint
        self.typed: Typed = {}
        self.soup: BeautifulSoup = soup_of(visitor.get(url))
        self._read()

    def _read(self) -> None:
        found = [
            one
            for one in forms_of(self._app, self.soup, page=self._url, who="edward")
            if one.endpoint == self._endpoint and len(one.fields) > 3
        ]
        [form] = found
        self.typed = {one.name: list(one.offered) for one in form.fields if one.kind != "button"}

    def fill(self, **values: str) -> None:
        """Type into fields; `label_pl_0` is `label_pl-0`, an empty string unticks a box."""
        for name, value in values.items():
            begin, _, end = name.partition("__")
            self.typed[begin + (f"-{end.replace('_', '-')}" if end else "")] = [value] if value else []

    def press(self, **button: str) -> None:
        """A button of the rows: nothing is saved, the page comes back."""
        response = self._send(button)
        assert response.status_code == 200, response.status_code
        self.soup = soup_of(response)
        self._read()

    def save(self, *, status: int = 303) -> TestResponse:
        """The form is sent; refused ones come back with what was typed."""
        response = self._send({})
        assert response.status_code == status, list(self.errors(soup_of(response)))
        if status != 303:
            self.soup = soup_of(response)
            self._read()
        return response

    def errors(self, soup: BeautifulSoup | None = None) -> Iterator[tuple[str, str]]:
        """Names of marked fields with what is said at them."""
        for tag in (soup or self.soup).select("[aria-invalid=true]"):
            said = (soup or self.soup).find(id=f"{tag['id']}-e")
            yield str(tag["name"]), said.get_text(" ", strip=True) if said else ""

    def words(self) -> str:
        """The page as a person reads it."""
        return " ".join(self.soup.get_text(" ").replace("\u00a0", " ").split())

    def _send(self, button: dict[str, str]) -> TestResponse:
        data = {name: values for name, values in {**self.typed, **button}.items() if values}
        return self._visitor.post(self._url, data=data)
