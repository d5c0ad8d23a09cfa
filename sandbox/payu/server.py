"""The provider as a whole: its rules, its pages and a door."""

from sandbox.payu.config import PayuConfig
from sandbox.payu.provider import Payu
from sandbox.payu.web import create_app
from sandbox.providers.server import ProviderServer


def open_server(config: PayuConfig) -> ProviderServer:
    """`with open_server(config) as running:`; `running.url` says where."""
    provider = Payu(config)
    return ProviderServer(provider, create_app(provider), config.http)
