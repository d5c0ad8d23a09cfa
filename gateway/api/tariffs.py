"""Tariffs: price lists in versions."""

from uuid import UUID

from ebok.billing.v1 import tariffs_pb2 as pb
from flask import Response

from gateway.api import api
from gateway.api.answers import one, page
from gateway.api.operations import operation
from gateway.api.presenting import TARIFF, TARIFF_VERSION
from gateway.api.shapes import Page
from gateway.web.calls import call, clients

TARIFFS = Page(TARIFF, paged=False)


@api.get("/tariffs")
@operation("tariffs:read", TARIFFS)
def list_tariffs() -> Response:
    """All tariffs with their versions."""
    return page(TARIFFS, call(clients().billing.tariffs.ListTariffs, pb.ListTariffsRequest()).tariffs)


@api.get("/tariffs/versions/<uuid:tariff_version_id>")
@operation("tariffs:read", TARIFF_VERSION, refuses=[404])
def get_tariff_version(tariff_version_id: UUID) -> Response:
    """One version with its components."""
    request = pb.GetTariffVersionRequest(tariff_version_id=str(tariff_version_id))
    return one(TARIFF_VERSION, call(clients().billing.tariffs.GetTariffVersion, request).tariff_version)
