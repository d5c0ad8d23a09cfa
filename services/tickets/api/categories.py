"""The door for what cases can be about."""

from typing import Any
from uuid import UUID

from ebok.tickets.v1 import categories_pb2 as pb
from ebok.tickets.v1 import categories_pb2_grpc as rpc

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.ids import new_id
from chassis.rpc.server import Context
from chassis.texts import kept_texts
from services.tickets.api.packing import KINDS, KINDS_BACK
from services.tickets.domain import categories
from services.tickets.domain.categories import CATEGORIES_MAX
from services.tickets.storage import categories as stored
from services.tickets.storage.categories import Category, Choice, Field, FieldType

FIELD_TYPES: dict[FieldType, Any] = {
    type_: pb.CategoryFieldType.Value(f"CATEGORY_FIELD_TYPE_{type_}") for type_ in FieldType
}
FIELD_TYPE_OF = {number: type_ for type_, number in FIELD_TYPES.items()}


class CategoryService(rpc.CategoryServiceServicer):
    """Front door for what cases can be about: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListCategories(
        self, request: pb.ListCategoriesRequest, context: Context
    ) -> pb.ListCategoriesResponse:
        by_staff = context.actor.is_of_provider
        with self._database.reading() as session:
            found = stored.list_categories(
                session,
                everything=by_staff and request.all,
                for_customers=not by_staff,
                limit=CATEGORIES_MAX,
            )
            open_counts = stored.count_open_cases(session) if by_staff and request.counted else {}
        return pb.ListCategoriesResponse(
            categories=[_pack(one, open_counts.get(one.category_id, 0)) for one in found]
        )

    def SaveCategory(self, request: pb.SaveCategoryRequest, context: Context) -> pb.SaveCategoryResponse:
        wanted = _unpack(request.category)
        with self._database.transaction() as session:
            saved = categories.save(session, wanted, is_new=not request.category.category_id)
            acts.name_subject(wire.pack_id(saved.category_id))
            open_count = stored.count_open_cases(session).get(saved.category_id, 0)
        return pb.SaveCategoryResponse(category=_pack(saved, open_count))


def _pack(category: Category, open_count: int) -> pb.Category:
    return pb.Category(
        category_id=wire.pack_id(category.category_id),
        key=category.key,
        kind=KINDS[category.kind],
        names=category.names,
        hints=category.hints,
        commodities=category.commodities,
        fields=[_pack_field(field) for field in category.fields],
        workflow_id=wire.pack_id(category.workflow_id),
        days=category.days,
        working_days=category.working_days,
        sentences=category.sentences,
        reopen_days=category.reopen_days,
        for_customers=category.for_customers,
        is_active=category.is_active,
        position=category.position,
        version=category.version,
        open_count=open_count,
    )


def _pack_field(field: Field) -> pb.CategoryField:
    return pb.CategoryField(
        key=field.key,
        type=FIELD_TYPES[field.type],
        labels=field.labels,
        hints=field.hints,
        is_required=field.is_required,
        choices=[pb.CategoryChoice(key=choice.key, labels=choice.labels) for choice in field.choices],
        unit=field.unit,
    )


def _unpack(message: pb.Category) -> Category:
    """What is wanted; choices and unit only where the type of the field has them."""
    return Category(
        category_id=_unpack_own_id(message),
        key=message.key,
        kind=KINDS_BACK[message.kind],
        names=kept_texts(message.names),
        hints=kept_texts(message.hints),
        commodities=tuple(message.commodities),
        fields=tuple(_unpack_field(field) for field in message.fields),
        workflow_id=wire.unpack_id(message.workflow_id, field="category.workflow_id"),
        days=message.days,
        working_days=message.working_days,
        sentences=kept_texts(message.sentences),
        reopen_days=message.reopen_days,
        for_customers=message.for_customers,
        is_active=message.is_active,
        position=message.position,
        version=message.version,
    )


def _unpack_own_id(message: pb.Category) -> UUID:
    if not message.category_id:
        return new_id()
    return wire.unpack_id(message.category_id, field="category.category_id")


def _unpack_field(field: pb.CategoryField) -> Field:
    type_ = FIELD_TYPE_OF[field.type]
    choices = field.choices if type_ is FieldType.CHOICE else []
    return Field(
        key=field.key,
        type=type_,
        labels=kept_texts(field.labels),
        hints=kept_texts(field.hints),
        is_required=field.is_required,
        choices=tuple(Choice(choice.key, kept_texts(choice.labels)) for choice in choices),
        unit=field.unit.strip() if type_ is FieldType.NUMBER else "",
    )
