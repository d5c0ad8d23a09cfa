"""Which customers' cases somebody of staff works on."""

from chassis.actors import Actor
from services.tickets.storage.areas import Area


def area_of(by: Actor) -> Area:
    """The towns and commodities of a person. Queue, counts and single cases all ask here."""
    return Area(tuple(sorted(by.area.towns)), tuple(sorted(by.area.commodities)))
