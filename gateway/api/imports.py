"""Imports: a provider's own data in batches of rows, as the connector brings them; and what became of them."""

from typing import Any
from uuid import UUID

from ebok.billing.v1 import imports_pb2 as pb
from flask import Response, url_for
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from werkzeug.exceptions import NotFound

from chassis import wire
from gateway.api import api
from gateway.api.answers import one, page, page_request
from gateway.api.inputs import Input, Paged, Query, flag, instant, number, text
from gateway.api.keys import request_id
from gateway.api.operations import body, operation, query
from gateway.api.presenting import IMPORT, REJECT
from gateway.api.shapes import Page
from gateway.web.calls import call, clients

IMPORTS = Page(IMPORT)
REJECTS = Page(REJECT)
BATCH_BYTES_MAX = 4 * 1024 * 1024
BATCH_ROWS_MAX = 5_000
BATCHES_MAX = 1_000_000
# The keys of a row by its kind, all texts, as in the connector's mapping: a bad value is a reject of its row.
ROW_KEYS: dict[str, tuple[str, ...]] = {
    "customer": (
        "external_id", "number", "kind", "name", "nip", "email", "phone", "address_line", "postcode", "town",
        "language", "e_invoice", "account_number",
    ),
    "premises": ("external_id", "street", "building", "flat", "postcode", "town"),
    "service_point": ("external_id", "premises_external_id", "commodity", "code"),
    "meter": (
        "external_id", "service_point_external_id", "serial_number", "installed_on", "removed_on", "digits", "unit",
        "purpose",
    ),
    "contract": (
        "external_id", "number", "customer_external_id", "tariff_code", "starts_on", "ends_on", "signed_on",
        "service_point_external_ids",
    ),
    "reading": ("external_id", "meter_external_id", "read_on", "value", "kind"),
    "payment": ("external_id", "customer_external_id", "booked_on", "amount", "title", "invoice_number"),
    "interval": ("meter_external_id", "starts_at", "minutes", "used"),
}  # fmt: skip


def _value(key: str) -> fields.Field:
    if key == "service_point_external_ids":
        return fields.List(fields.String(validate=validate.Length(max=500, error="TOO_LONG")),
                           validate=validate.Length(max=100, error="TOO_MANY"))  # fmt: skip
    return fields.String(validate=validate.Length(max=500, error="TOO_LONG"))


def _row(kind: str, keys: tuple[str, ...]) -> type[Schema]:
    return Input.from_dict({key: _value(key) for key in keys}, name=f"{kind.title().replace('_', '')}Row")


_Kinds = Input.from_dict({kind: fields.Nested(_row(kind, keys)) for kind, keys in ROW_KEYS.items()})


class ImportRow(_Kinds):  # type: ignore[misc, valid-type]
    """A row of one kind; of none it is refused as a row, as one that cannot be read."""

    row_number = number(
        1, 1_000_000_000, "Where it stands in the source, to be quoted in rejects.", required=True
    )

    @validates_schema
    def _check_kind(self, row: dict[str, Any], **_options: Any) -> None:
        if len(row.keys() & ROW_KEYS.keys()) > 1:
            raise ValidationError("TOO_MANY")


class NewImport(Input):
    """An import to be opened."""

    source = text(300, "Where the rows come from, without secrets.", least=1, required=True)
    dry_run = flag("Only try.", load_default=False)
    row_count = number(0, 1_000_000_000, "Rows to come, if known.", load_default=0)
    as_of = instant("The data's own age, if known.")
    since = instant("Only what changed at the source since then will come.")


class Batch(Input):
    """Rows of one batch: of each exactly one kind is set."""

    rows = fields.List(
        fields.Nested(ImportRow, metadata={"maxProperties": 2}),
        required=True,
        validate=validate.Length(1, BATCH_ROWS_MAX, error="TOO_MANY"),
        metadata={"description": "In the order in which they refer to each other."},
    )


class RejectFilter(Paged):
    """Which refused rows are wanted."""

    open_only = flag("Only those that wait.")


@api.get("/imports")
@operation("imports:read", IMPORTS)
@query(Paged)
def list_imports(query_data: Query) -> Response:
    """All imports, the newest first."""
    found = call(clients().billing.imports.ListImports, pb.ListImportsRequest(page=page_request(query_data)))
    return page(IMPORTS, found.imports, found.page)


@api.post("/imports")
@operation("imports:write", IMPORT, status=201, refuses=[409])
@body(NewImport)
def post_import(json_data: dict[str, Any]) -> Response:
    """Open an import."""
    opened = call(
        clients().billing.imports.StartImport,
        pb.StartImportRequest(
            import_id=request_id(),
            source=json_data["source"],
            dry_run=json_data["dry_run"],
            row_count=json_data["row_count"],
            as_of=wire.pack_optional_instant(json_data.get("as_of")),
            since=wire.pack_optional_instant(json_data.get("since")),
        ),
    ).import_state
    return one(IMPORT, opened, 201, location=url_for("api.get_import", import_id=opened.import_id))


@api.get("/imports/<uuid:import_id>")
@operation("imports:read", IMPORT, refuses=[404])
def get_import(import_id: UUID) -> Response:
    """One import with its counts, while it runs and after."""
    request = pb.GetImportRequest(import_id=str(import_id))
    return one(IMPORT, call(clients().billing.imports.GetImport, request).import_state)


@api.put("/imports/<uuid:import_id>/batches/<int:batch_number>")
@operation("imports:write", IMPORT, refuses=[404, 409], body_bytes_max=BATCH_BYTES_MAX)
@body(Batch)
def put_batch(import_id: UUID, batch_number: int, json_data: dict[str, Any]) -> Response:
    """Bring the next batch, in one transaction; one that was taken before is passed over."""
    if not 1 <= batch_number <= BATCHES_MAX:
        raise NotFound
    batch = pb.ImportRowsRequest(
        import_id=str(import_id),
        batch_number=batch_number,
        rows=[pb.ImportRow(**row) for row in json_data["rows"]],
    )
    return one(IMPORT, call(clients().billing.imports.ImportRows, iter([batch]), timeout_s=60).import_state)


@api.post("/imports/<uuid:import_id>/finish")
@operation("imports:write", IMPORT, refuses=[404])
def finish_import(import_id: UUID) -> Response:
    """Close an import; closed already is as good."""
    request = pb.FinishImportRequest(import_id=str(import_id))
    return one(IMPORT, call(clients().billing.imports.FinishImport, request).import_state)


@api.post("/imports/<uuid:import_id>/cancel")
@operation("imports:write", IMPORT, refuses=[404, 409])
def cancel_import(import_id: UUID) -> Response:
    """Stop an import after the batch under way; what came in stays."""
    request = pb.CancelImportRequest(import_id=str(import_id))
    return one(IMPORT, call(clients().billing.imports.CancelImport, request).import_state)


@api.get("/imports/<uuid:import_id>/rejects")
@operation("imports:read", REJECTS, refuses=[404])
@query(RejectFilter)
def list_rejects(import_id: UUID, query_data: Query) -> Response:
    """The refused rows of an import, in the order of the source."""
    request = pb.ListRejectsRequest(
        import_id=str(import_id),
        open_only=query_data.get("open_only", False),
        page=page_request(query_data),
    )
    found = call(clients().billing.imports.ListRejects, request)
    return page(REJECTS, found.rejects, found.page)
