"""What notify has for every page: the menu of the provider's own pages, and announcements shown before log-in.

Both are remembered for a while; a page goes without them while notify was never reached.
"""

from collections.abc import Sequence
from typing import Any

from ebok.notify.v1.announcements_pb2 import Announcement, ListPublicAnnouncementsRequest
from ebok.notify.v1.pages_pb2 import ListMenuRequest, Page
from flask import Flask, current_app

from chassis.errors import Refusal
from gateway.clients import Clients
from gateway.web.remembered import Remembered

MENU, PUBLIC = "ebok_menu", "ebok_public_announcements"


def menu_pages() -> Sequence[Page]:
    """The provider's own pages that have a place in the menu."""
    return _current(MENU)


def menu_key() -> tuple[tuple[str, int], ...]:
    """What a kept piece with the menu in it depends on."""
    return tuple((page.slug, page.published_at.seconds) for page in menu_pages())


def public_announcements() -> Sequence[Announcement]:
    """Announcements that are shown before log-in."""
    return _current(PUBLIC)


def _current(name: str) -> Sequence[Any]:
    remembered: Remembered[Sequence[Any]] | None = current_app.extensions.get(name)
    try:
        return remembered.current() if remembered is not None else ()
    except Refusal as refusal:
        current_app.logger.warning("left out of a page: %s", refusal.reason)
        return ()


def init_board(app: Flask, clients: Clients, *, seconds: int) -> None:
    """Ask notify at most every `seconds`."""
    notify = clients.notify
    app.extensions[MENU] = Remembered(lambda: notify.pages.ListMenu(ListMenuRequest()).pages, seconds=seconds)
    app.extensions[PUBLIC] = Remembered(
        lambda: notify.announcements.ListPublicAnnouncements(ListPublicAnnouncementsRequest()).announcements,
        seconds=seconds,
    )
