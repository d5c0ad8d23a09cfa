"""A message that has left, and a marketing one with the token that its link carries."""

from typing import Any

from ebok.billing.v1 import events_pb2
from sqlalchemy import select

from chassis.ids import new_id
from services.notify.domain.messages import reference
from services.notify.domain.preferences import MARKETING_FACT
from services.notify.domain.references import key_of, token_of
from services.notify.storage.messages import Message
from tests.gateway.world import World


def sent_to_celina(world: World) -> Message:
    """A mail to Celina about a missing reading, sent."""
    window_id = str(new_id())
    event = events_pb2.ReadingMissing(
        window_id=window_id, customer_id=world.celinas.customer_id, meter_count=1
    )
    event.closes_on.year, event.closes_on.month, event.closes_on.day = 2026, 12, 20
    world.notify.deliver(event)
    assert world.notify.run_job("messages.send")
    with world.notify.database.reading() as session:
        return session.scalars(select(Message).where(Message.subject_id == window_id)).one()


def sent_number(world: World) -> str:
    """The number printed in a message of ours."""
    return reference(sent_to_celina(world).message_id)


def offer_token(world: World) -> str:
    """Of a message to Celina, as if it were an offer."""
    with world.notify.database.transaction() as session:
        found = session.get_one(Message, sent_to_celina(world).message_id)
        found.facts = {**found.facts, MARKETING_FACT: True}
        room: Any = world.notify.runtime.resources["room"]
        key = key_of(room.seal_key.private_bytes_raw())
        return token_of(found.message_id, key)
