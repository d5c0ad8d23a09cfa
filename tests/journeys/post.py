"""The sandbox's mailbox, as somebody looks into it."""

import json
import re
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass

WAIT_S = 30.0
LINK = re.compile(r"https?://\S+")
SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Letter:
    """One mail."""

    to: str
    subject: str
    text: str

    @property
    def words(self) -> str:
        """Subject and text with single ordinary spaces."""
        return SPACES.sub(" ", f"{self.subject} {self.text}")

    def link(self, path: str) -> str:
        """The link that leads to a path."""
        for found in LINK.findall(self.text):
            if urllib.parse.urlsplit(found).path == path:
                return str(found)
        raise AssertionError(f"no link to {path} in: {self.text}")


@dataclass(frozen=True)
class Post:
    """Everybody's letters."""

    url: str

    def letters(self, to: str = "", *, about: str = "") -> list[Letter]:
        """The newest first; `about` is a part of the subject."""
        query = urllib.parse.urlencode({"to": to} if to else {})
        with urllib.request.urlopen(f"{self.url}/api/messages?{query}", timeout=10) as answer:  # noqa: S310
            found = json.load(answer)
        letters = [Letter(", ".join(one["to"]), one["subject"], one["text"]) for one in found]
        return [letter for letter in letters if about in SPACES.sub(" ", letter.subject)]

    def wait_for(self, to: str = "", *, about: str = "", count: int = 1) -> list[Letter]:
        """Letters that come within half a minute, the newest first."""
        deadline = time.monotonic() + WAIT_S
        while len(found := self.letters(to, about=about)) < count:
            there = [f"{letter.to}: {letter.subject}" for letter in self.letters()]
            assert time.monotonic() < deadline, (
                f"{count} letters to '{to}' about '{about}', there are {there}"
            )
            time.sleep(0.1)
        return found
