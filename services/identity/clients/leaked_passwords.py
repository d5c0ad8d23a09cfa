"""Passwords that leaked, by the range API of Have I Been Pwned: five of forty digits of a SHA-1 leave us, no more.

What comes back is padded, so its length tells nothing. When it is not answered we go on without: the list at hand was
looked at before. A service that is away is left alone for a minute, so that nobody else waits for it.
"""

import hashlib
import time
from http import HTTPStatus

import requests

from chassis.telemetry import logger

PREFIX_LENGTH = 5
LEFT_ALONE_S = 60.0
HEADERS = {"Add-Padding": "true", "User-Agent": "eBOK"}


class RangeApi:
    """The service at an address."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._away_until = float("-inf")

    def contains(self, password: str) -> bool:
        """Whether the password leaked; no when the service does not say."""
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        if time.monotonic() < self._away_until:
            return False
        url = f"{self._url}/range/{digest[:PREFIX_LENGTH]}"
        try:
            answer = requests.get(url, headers=HEADERS, timeout=self._timeout_s, allow_redirects=False)
            if answer.status_code != HTTPStatus.OK:  # Of a redirect, too: nobody else hears of a password.
                raise requests.HTTPError(str(answer.status_code))
        except requests.RequestException as fault:
            self._away_until = time.monotonic() + LEFT_ALONE_S
            logger("leaked_passwords").warning("the list is not answered", fault=type(fault).__name__)
            return False
        return any(_is_hit(line, digest[PREFIX_LENGTH:]) for line in answer.text.splitlines())


def _is_hit(line: str, suffix: str) -> bool:
    """`SUFFIX:COUNT`; lines that are there for the length alone have the count 0."""
    found, _, count = line.strip().partition(":")
    return found.upper() == suffix and count.isdigit() and int(count) > 0
