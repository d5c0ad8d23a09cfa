"""What is there before a test of cases begins: a workflow, categories, customers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ebok.billing.v1 import events_pb2

from chassis.clock import Clock
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER
from chassis.testing.served import Served
from services.tickets.storage import categories, workflows
from services.tickets.storage.categories import Category, Choice, Field, FieldType
from services.tickets.storage.kinds import TicketKind, TicketStatus
from services.tickets.storage.workflows import State, Transition, Trigger, WorkflowVersion

STATES = (
    State("new", {"pl": "Nowe", "en": "New"}, TicketStatus.NEW),
    State("checking", {"pl": "Sprawdzamy", "en": "We check"}, TicketStatus.IN_PROGRESS),
    State("asked", {"pl": "Czekamy na Ciebie", "en": "We wait for you"}, TicketStatus.WAITING),
    State("answered", {"pl": "Odpowiedziane", "en": "Answered"}, TicketStatus.ANSWERED),
    State("closed", {"pl": "Zamknięte", "en": "Closed"}, TicketStatus.CLOSED),
)


def way(key: str, begin: str, end: str, trigger: Trigger, **more: Any) -> Transition:
    """A transition whose button says its key."""
    return Transition(key, {"pl": key, "en": key}, begin, end, trigger, **more)


WAYS = (
    way("take", "new", "checking", Trigger.TAKEN),
    way("ask", "checking", "asked", Trigger.ASK),
    way("reply", "asked", "checking", Trigger.CUSTOMER_WRITES),
    way("answer", "checking", "answered", Trigger.ANSWER),
    way("object", "answered", "checking", Trigger.CUSTOMER_WRITES),
    way("inspect", "new", "checking", Trigger.CLERK, tells_customer=True),
    way("reject", "checking", "closed", Trigger.CLERK, permission="tickets.tickets.decide"),
    way("close", "answered", "closed", Trigger.CLERK),
    way("quiet", "answered", "closed", Trigger.AFTER_DAYS, after_days=14),
    way("reopen", "closed", "checking", Trigger.REOPEN),
)
SEEN_ON = Field("seen_on", FieldType.DATE, {"pl": "Kiedy", "en": "When"}, {}, is_required=True)
USED = Field("used", FieldType.NUMBER, {"pl": "Zużycie", "en": "Use"}, {}, unit="m³")
LEAKS = Field("leaks", FieldType.YES_NO, {"pl": "Przecieka", "en": "It leaks"}, {})
WHERE = Field(
    "where",
    FieldType.CHOICE,
    {"pl": "Gdzie", "en": "Where"},
    {},
    choices=(Choice("home", {"pl": "w domu", "en": "at home"}), Choice("yard", {"pl": "na podwórku"})),
)


class Given:
    """Writes straight into the database of a served part."""

    def __init__(self, served: Served, clock: Clock) -> None:
        self._served = served
        self._clock = clock

    @property
    def now(self) -> datetime:
        return self._clock.now()

    def workflow(self, *, states: tuple[State, ...] = STATES, ways: tuple[Transition, ...] = WAYS) -> UUID:
        """A workflow in force."""
        workflow_id = new_id()
        self.version(workflow_id, 1, states=states, ways=ways)
        return workflow_id

    def version(
        self,
        workflow_id: UUID,
        version: int,
        *,
        states: tuple[State, ...] = STATES,
        ways: tuple[Transition, ...] = WAYS,
    ) -> None:
        """A version of a workflow, in force from now on."""
        made = WorkflowVersion(workflow_id, version, {"pl": "Reklamacja"}, states, ways)
        with self._served.database.transaction() as session:
            workflows.add_workflow(session, workflow_id, saved_at=self.now, saved_by="")
            session.flush()
            workflows.add_version(session, made, revision=1, published_at=self.now, published_by="")
            session.get_one(workflows.WorkflowRow, workflow_id).current_version = version

    def category(self, *, workflow_id: UUID | None = None, **more: Any) -> UUID:
        """A category; a complaint about a bill, with thirty calendar days, unless told otherwise."""
        values: dict[str, Any] = {
            "category_id": new_id(),
            "key": f"k{new_id().hex}",
            "kind": TicketKind.COMPLAINT,
            "names": {"pl": "Zawyżony rachunek", "en": "A bill too high"},
            "hints": {},
            "commodities": ("water",),
            "fields": (),
            "workflow_id": workflow_id or self.workflow(),
            "days": 30,
            "working_days": False,
            "sentences": {"pl": "Po terminie reklamacja jest uznana."},
            "reopen_days": 14,
            "for_customers": True,
            "is_active": True,
            "position": 0,
            "version": 1,
            **more,
        }
        with self._served.database.transaction() as session:
            categories.put_category(session, Category(**values), version=values["version"])
        return values["category_id"]

    def customer(
        self,
        name: str = "Anna Nowak",
        *,
        customer_id: UUID = ANNA_CUSTOMER,
        number: str = "K-100200",
        version: int = 1,
        towns: tuple[str, ...] = ("Zdrój",),
        commodities: tuple[str, ...] = ("water",),
        language: str = "pl",
    ) -> None:
        """Billing has announced a customer."""
        self._served.deliver(
            events_pb2.CustomerChanged(
                customer_id=str(customer_id),
                version=version,
                number=number,
                name=name,
                towns=towns,
                commodities=commodities,
                language=language,
            )
        )
