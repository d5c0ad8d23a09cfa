"""The door of contracts."""

import re
from collections.abc import Collection
from typing import Any
from uuid import UUID

from ebok.billing.v1 import contracts_pb2 as pb
from ebok.billing.v1 import contracts_pb2_grpc as rpc
from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.rpc.server import Context
from services.billing.api.meters import meters_by_point
from services.billing.api.packing import pack_service_point, pack_tariff_version
from services.billing.documents.contract_extracts import contract_extract
from services.billing.documents.contracts import render_contract
from services.billing.domain import contracts, gathering
from services.billing.storage import contracts as stored
from services.billing.storage import customers as stored_customers
from services.billing.storage import service_points as stored_points
from services.billing.storage import settings as stored_settings
from services.billing.storage import tariffs as stored_tariffs

CONTRACTS_MAX = 100
_UNFIT_FOR_FILES = re.compile(r"[^0-9A-Za-z]+")


class ContractService(rpc.ContractServiceServicer):
    """Front door for contracts: unpack, read, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListContracts(self, request: pb.ListContractsRequest, context: Context) -> pb.ListContractsResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        today = warsaw_date(self._clock.now())
        with self._database.reading() as session:
            known = stored.list_contracts(session, customer_id, limit=CONTRACTS_MAX)
            points = _points_by_contract(session, [contract.contract_id for contract in known])
            meters = meters_by_point(
                session, customer_id, {point.service_point_id for some in points.values() for point in some}
            )
            tariff_ids = {contract.tariff_id for contract in known}
            versions = stored_tariffs.list_versions_in_force(session, tariff_ids, today=today)
            lines = stored_tariffs.list_components(
                session, [version.tariff_version_id for version in versions]
            )
        prices = {
            version.tariff_id: pack_tariff_version(version, lines.get(version.tariff_version_id, []))
            for version in versions
        }
        return pb.ListContractsResponse(
            contracts=[
                _pack_contract(contract, points.get(contract.contract_id, []), meters, prices)
                for contract in known
            ]
        )

    def GetContractPdf(
        self, request: pb.GetContractPdfRequest, context: Context
    ) -> pb.GetContractPdfResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        contract_id = wire.unpack_id(request.contract_id, field="contract_id")
        with self._database.reading() as session:
            contract = stored.get_contract(session, contract_id, customer_id=customer_id)
            customer = stored_customers.get_customer(session, customer_id)
            if contract is None or customer is None:
                raise contracts.ContractNotFound(contract_id=request.contract_id)
            points = _points_by_contract(session, [contract_id]).get(contract_id, [])
            meters = meters_by_point(session, customer_id, {point.service_point_id for point in points})
            versions = stored_tariffs.list_versions_in_force(
                session, [contract.tariff_id], today=contract.signed_on or contract.starts_on
            )
            provider = gathering.provider_of(stored_settings.get_settings(session))
        printed = contract_extract(
            contract,
            customer=customer,
            points=points,
            meters=meters,
            version=versions[0] if versions else None,
            seller=provider.seller,
            contact=provider.contact,
        )
        name = _UNFIT_FOR_FILES.sub("-", contract.number).strip("-")
        return pb.GetContractPdfResponse(file_name=f"umowa-{name}.pdf", content=render_contract(printed))


def _points_by_contract(session: Session, contract_ids: Collection[UUID]) -> dict[UUID, list[Row[Any]]]:
    found: dict[UUID, list[Row[Any]]] = {}
    for point in stored_points.list_points_of_contracts(session, contract_ids):
        found.setdefault(point.contract_id, []).append(point)
    return found


def _pack_contract(
    contract: Row[Any], points: list[Row[Any]], meters: dict[UUID, Any], prices: dict[UUID, Any]
) -> pb.Contract:
    return pb.Contract(
        contract_id=wire.pack_id(contract.contract_id),
        number=contract.number,
        customer_id=wire.pack_id(contract.customer_id),
        starts_on=wire.pack_date(contract.starts_on),
        ends_on=wire.pack_optional_date(contract.ends_on),
        signed_on=wire.pack_optional_date(contract.signed_on),
        tariff_code=contract.tariff_code,
        tariff_name=contract.tariff_name,
        service_points=[
            pack_service_point(point, meters.get(point.service_point_id, ())) for point in points
        ],
        tariff_version=prices.get(contract.tariff_id),
    )
