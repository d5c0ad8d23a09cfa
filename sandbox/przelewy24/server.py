"""The provider as a whole: its rules, its pages and a door."""

from sandbox.providers.server import ProviderServer
from sandbox.przelewy24.config import Przelewy24Config
from sandbox.przelewy24.provider import Przelewy24
from sandbox.przelewy24.web import create_app


def open_server(config: Przelewy24Config) -> ProviderServer:
    """`with open_server(config) as running:`; `running.url` says where."""
    provider = Przelewy24(config)
    return ProviderServer(provider, create_app(provider), config.http)
