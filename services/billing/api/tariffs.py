"""The door of tariffs."""

from collections.abc import Iterable
from uuid import UUID

from ebok.billing.v1 import tariffs_pb2 as pb
from ebok.billing.v1 import tariffs_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.rpc.server import Context
from services.billing.api.packing import CHARGE_BASES, COMMODITIES, pack_tariff_version, unpack_word
from services.billing.domain import tariffs
from services.billing.storage import tariffs as stored

VERSION_FIELD = "tariff_version_id"


class TariffService(rpc.TariffServiceServicer):
    """Front door for tariffs: unpack, call the domain, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListTariffs(self, request: pb.ListTariffsRequest, context: Context) -> pb.ListTariffsResponse:
        with self._database.reading() as session:
            known = stored.list_tariffs(session, today=warsaw_date(self._clock.now()))
            versions = stored.list_versions(session, [tariff.tariff_id for tariff in known])
            lines = stored.list_components(session, [version.tariff_version_id for version in versions])
        packed: dict[UUID, list[pb.TariffVersion]] = {}
        for version in versions:
            components = lines.get(version.tariff_version_id, [])
            packed.setdefault(version.tariff_id, []).append(pack_tariff_version(version, components))
        return pb.ListTariffsResponse(
            tariffs=[
                pb.Tariff(
                    tariff_id=wire.pack_id(tariff.tariff_id),
                    code=tariff.code,
                    name=tariff.name,
                    versions=packed.get(tariff.tariff_id, []),
                    contract_count=tariff.contract_count,
                )
                for tariff in known
            ]
        )

    def GetTariffVersion(
        self, request: pb.GetTariffVersionRequest, context: Context
    ) -> pb.GetTariffVersionResponse:
        version_id = wire.unpack_id(request.tariff_version_id, field=VERSION_FIELD)
        with self._database.reading() as session:
            return pb.GetTariffVersionResponse(tariff_version=_load(session, version_id))

    def CreateTariffVersion(
        self, request: pb.CreateTariffVersionRequest, context: Context
    ) -> pb.CreateTariffVersionResponse:
        with self._database.transaction() as session:
            version_id = tariffs.create_version(
                session,
                wire.unpack_id(request.tariff_version_id, field=VERSION_FIELD),
                code=request.tariff_code,
                name=request.tariff_name,
                valid_from=wire.unpack_date(request.valid_from, field="valid_from"),
                decision=request.decision,
                source=request.source,
                components=_unpack_components(request.components),
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.CreateTariffVersionResponse(tariff_version=_load(session, version_id))

    def UpdateTariffVersion(
        self, request: pb.UpdateTariffVersionRequest, context: Context
    ) -> pb.UpdateTariffVersionResponse:
        version_id = wire.unpack_id(request.tariff_version_id, field=VERSION_FIELD)
        with self._database.transaction() as session:
            tariffs.update_version(
                session,
                version_id,
                valid_from=wire.unpack_date(request.valid_from, field="valid_from"),
                decision=request.decision,
                source=request.source,
                components=_unpack_components(request.components),
            )
            return pb.UpdateTariffVersionResponse(tariff_version=_load(session, version_id))

    def PublishTariffVersion(
        self, request: pb.PublishTariffVersionRequest, context: Context
    ) -> pb.PublishTariffVersionResponse:
        version_id = wire.unpack_id(request.tariff_version_id, field=VERSION_FIELD)
        with self._database.transaction() as session:
            tariffs.publish_version(session, version_id, by=context.actor, now=self._clock.now())
            return pb.PublishTariffVersionResponse(tariff_version=_load(session, version_id))

    def DeleteTariffVersion(
        self, request: pb.DeleteTariffVersionRequest, context: Context
    ) -> pb.DeleteTariffVersionResponse:
        version_id = wire.unpack_id(request.tariff_version_id, field=VERSION_FIELD)
        with self._database.transaction() as session:
            tariffs.delete_version(session, version_id)
            return pb.DeleteTariffVersionResponse()


def _load(session: Session, version_id: UUID) -> pb.TariffVersion:
    session.flush()
    version = stored.get_version(session, version_id)
    if version is None:
        raise tariffs.TariffVersionNotFound(tariff_version_id=str(version_id))
    components = stored.list_components(session, [version_id])
    return pack_tariff_version(version, components.get(version_id, []))


def _unpack_components(messages: Iterable[pb.TariffComponent]) -> list[tariffs.Component]:
    return [
        tariffs.Component(
            name=message.name.strip(),
            commodity=unpack_word(message.commodity, COMMODITIES),
            basis=unpack_word(message.basis, CHARGE_BASES),
            price=wire.unpack_decimal(message.price, field=f"components[{place}].price"),
            vat_rate=message.vat_rate,
            ratio=wire.unpack_optional_decimal(message.ratio, field=f"components[{place}].ratio"),
            ratio_of=unpack_word(message.ratio_of, COMMODITIES),
            unit=message.unit,
        )
        for place, message in enumerate(messages)
    ]
