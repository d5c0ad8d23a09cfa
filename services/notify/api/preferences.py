"""Front door for preferences: unpack, choose, pack."""

from collections.abc import Iterable
from uuid import UUID

from ebok.notify.v1 import preferences_pb2 as pb
from ebok.notify.v1 import preferences_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Violation, refuse_if
from chassis.rpc.server import Context
from services.notify.documents.formats import shorten
from services.notify.domain import preferences, references
from services.notify.domain.preferences import Choice, Manner, Topic
from services.notify.storage.contacts import Contact, find_contacts
from services.notify.storage.messages import Channel

KINDS = {
    Manner.ON: pb.PREFERENCE_KIND_FREE,
    Manner.OFF: pb.PREFERENCE_KIND_FREE,
    Manner.ALWAYS: pb.PREFERENCE_KIND_ALWAYS,
    Manner.BY_E_INVOICE: pb.PREFERENCE_KIND_BY_E_INVOICE,
    Manner.BY_CONSENT: pb.PREFERENCE_KIND_BY_CONSENT,
}


class PreferenceService(rpc.PreferenceServiceServicer):
    """What customers want to be told. `key` signs links; `has_sms`: text messages are sent here."""

    def __init__(self, database: Database, clock: Clock, *, key: bytes, has_sms: bool) -> None:
        self._database = database
        self._clock = clock
        self._key = key
        self._has_sms = has_sms

    def GetPreferences(
        self, request: pb.GetPreferencesRequest, context: Context
    ) -> pb.GetPreferencesResponse:
        """The whole table; of a customer who is not known yet with nowhere to write to."""
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        with self._database.reading() as session:
            contact = find_contacts(session, [customer_id]).get(customer_id)
            choices = _choices(session, customer_id=customer_id, contact=contact)
        return pb.GetPreferencesResponse(
            preferences=choices,
            email_hint=shorten(contact.email) if contact else "",
            phone_hint=shorten(contact.phone) if contact else "",
            has_sms=self._has_sms,
        )

    def SavePreferences(
        self, request: pb.SavePreferencesRequest, context: Context
    ) -> pb.SavePreferencesResponse:
        """Keep what was chosen."""
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        wanted = _unpack(request.choices)
        with self._database.transaction() as session:
            preferences.choose(session, customer_id, wanted, now=self._clock.now())
            contact = find_contacts(session, [customer_id]).get(customer_id)
            return pb.SavePreferencesResponse(
                preferences=_choices(session, customer_id=customer_id, contact=contact)
            )

    def Unsubscribe(self, request: pb.UnsubscribeRequest, context: Context) -> pb.UnsubscribeResponse:
        """Whoever holds the message speaks for the customer, in this one thing."""
        with self._database.transaction() as session:
            channel = references.unsubscribe(session, request.token, key=self._key, now=self._clock.now())
        return pb.UnsubscribeResponse(channel=channel.value)


def _choices(session: Session, *, customer_id: UUID, contact: Contact | None) -> list[pb.Preference]:
    e_invoice = contact is not None and contact.e_invoice
    return [_pack(one) for one in preferences.choices_of(session, customer_id, e_invoice=e_invoice)]


def _unpack(choices: Iterable[pb.Preference]) -> dict[tuple[Topic, Channel], bool]:
    wanted: dict[tuple[Topic, Channel], bool] = {}
    faults = []
    for place, choice in enumerate(choices):
        try:
            wanted[Topic(choice.topic), Channel(choice.channel)] = choice.is_on
        except ValueError:
            faults.append(Violation(f"choices[{place}]", "NOT_A_CHOICE"))
    refuse_if(faults)
    return wanted


def _pack(choice: Choice) -> pb.Preference:
    return pb.Preference(
        topic=choice.topic.value,
        channel=choice.channel.value,
        is_on=choice.is_on,
        kind=KINDS[choice.manner],
        chosen_at=wire.pack_optional_instant(choice.changed_at),
    )
