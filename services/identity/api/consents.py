"""Front door for consents: what holds, what was said, and what is said now."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from ebok.identity.v1 import consents_pb2 as pb
from ebok.identity.v1 import consents_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import wire
from chassis.actors import ActorKind
from chassis.clock import Clock
from chassis.database import Database
from chassis.keyset import Key
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.identity.domain import consents, settings
from services.identity.domain.consents import State, Told, Word
from services.identity.outbox.consents import CHANNELS, KINDS
from services.identity.storage import consents as stored
from services.identity.storage.consents import Consent, ConsentText

LIST = "consents"
_KIND_OF = {number: kind for kind, number in KINDS.items()}
_CHANNEL_OF = {number: channel for channel, number in CHANNELS.items()}


class ConsentService(rpc.ConsentServiceServicer):
    """What customers agreed to."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def GetConsents(self, request: pb.GetConsentsRequest, context: Context) -> pb.GetConsentsResponse:
        """Every kind with the text in force."""
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        with self._database.reading() as session:
            return pb.GetConsentsResponse(consents=_states(session, customer_id))

    def ListConsentChanges(
        self, request: pb.ListConsentChangesRequest, context: Context
    ) -> pb.ListConsentChangesResponse:
        """The newest first."""
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        window = unpack_window(request.page, of=LIST, kinds=[datetime, UUID])
        for_staff = context.actor.kind is ActorKind.STAFF
        with self._database.reading() as session:
            page = stored.list_changes(session, customer_id, window=window)
            name = _provider(session)
        changes = [_pack_change(one, text, name, for_staff=for_staff) for one, text in page.rows]
        return pb.ListConsentChangesResponse(
            changes=changes, page=pack_page(page, of=LIST, key_of=lambda row: _key_of(row[0]))
        )

    def SaveConsents(self, request: pb.SaveConsentsRequest, context: Context) -> pb.SaveConsentsResponse:
        """Keep what the customer says."""
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        words = [Word(_KIND_OF[one.kind], one.is_given, one.text_version) for one in request.choices]
        with self._database.transaction() as session:
            consents.save(session, customer_id, words, by=context.actor, now=self._clock.now())
            return pb.SaveConsentsResponse(consents=_states(session, customer_id))

    def RecordConsent(self, request: pb.RecordConsentRequest, context: Context) -> pb.RecordConsentResponse:
        """Write down what the customer said to staff."""
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        told = Told(
            change_id=wire.unpack_id(request.change_id, field="change_id"),
            kind=_KIND_OF[request.kind],
            is_given=request.is_given,
            channel=_CHANNEL_OF[request.channel],
            said_on=wire.unpack_date(request.said_on, field="said_on"),
            note=request.note.strip(),
        )
        with self._database.transaction() as session:
            consents.record(session, customer_id, told, by=context.actor, now=self._clock.now())
            return pb.RecordConsentResponse(consents=_states(session, customer_id))


def _states(session: Session, customer_id: UUID) -> Iterable[pb.Consent]:
    name = _provider(session)
    return [_pack_state(one, name) for one in consents.states_of(session, customer_id)]


def _provider(session: Session) -> str:
    provider, _ = settings.find(session)
    return provider.provider_name


def _texts(text: ConsentText, provider: str) -> dict[str, str]:
    return {language: words.replace("{provider}", provider) for language, words in text.by_language.items()}


def _pack_state(state: State, provider: str) -> pb.Consent:
    packed = pb.Consent(
        kind=KINDS[state.kind],
        text_version=state.text.version,
        texts=_texts(state.text, provider),
    )
    if state.last is not None:
        packed.is_given = state.last.is_given
        packed.said_at.CopyFrom(wire.pack_instant(state.last.said_at))
        packed.channel = CHANNELS[state.last.channel]
        packed.given_text_version = state.last.text_version if state.last.is_given else 0
    return packed


def _pack_change(change: Consent, text: ConsentText, provider: str, *, for_staff: bool) -> pb.ConsentChange:
    """Customers are not told who of staff wrote it down, from where, and what they noted."""
    shown = for_staff or change.actor_kind != ActorKind.STAFF.value.lower()
    return pb.ConsentChange(
        change_id=str(change.change_id),
        kind=KINDS[change.kind],
        is_given=change.is_given,
        said_at=wire.pack_instant(change.said_at),
        channel=CHANNELS[change.channel],
        text_version=change.text_version,
        texts=_texts(text, provider),
        actor_kind=change.actor_kind,
        actor_name=change.actor_name if shown else "",
        address=change.address if shown else "",
        note=change.note if for_staff else "",
    )


def _key_of(change: Consent) -> Key:
    return change.kept_at, change.change_id
