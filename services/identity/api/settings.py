"""Front door for the provider's settings."""

from ebok.identity.v1 import settings_pb2 as pb
from ebok.identity.v1 import settings_pb2_grpc as rpc

from chassis.database import Database
from chassis.rpc.server import Context
from services.identity.api.packing import pack_settings
from services.identity.domain import settings


class SettingsService(rpc.SettingsServiceServicer):
    """What every page shows of the provider."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def GetSettings(self, request: pb.GetSettingsRequest, context: Context) -> pb.GetSettingsResponse:
        """The settings in force; plain defaults with version 0 before any were loaded."""
        with self._database.reading() as session:
            provider, version = settings.find(session)
        return pb.GetSettingsResponse(settings=pack_settings(provider, version))
