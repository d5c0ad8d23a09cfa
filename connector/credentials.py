"""Who the connector is: this part, by its key, or an API client, by a secret that an administrator has made."""

import threading
from datetime import UTC, datetime, timedelta

from ebok.identity.v1 import tokens_pb2
from ebok.identity.v1.tokens_pb2_grpc import TokenServiceStub

from chassis.clock import Clock
from chassis.rpc.client import Channel
from chassis.rpc.tokens import SystemCredential
from connector.config import ConnectorConfig

SCOPE = "imports:write"
RENEW_BEFORE = timedelta(minutes=1)


class ClientCredential:
    """Tokens of an API client, got anew a minute before one ends."""

    def __init__(self, identity: Channel, client_id: str, secret: str, clock: Clock) -> None:
        self._tokens = identity.stub(TokenServiceStub)
        self._request = tokens_pb2.IssueTokenRequest(client_id=client_id, client_secret=secret, scope=SCOPE)
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._got_at = self._renew_at = datetime.min.replace(tzinfo=UTC)

    def token(self) -> str:
        """The current token. Refuses CLIENT_REFUSED, TOO_MANY_ATTEMPTS, SCOPE_NOT_GRANTED."""
        now = self._clock.now()
        with self._lock:
            if not self._got_at <= now < self._renew_at:
                answer = self._tokens.IssueToken(self._request)
                self._token, self._got_at = answer.access_token, now
                self._renew_at = now + timedelta(seconds=answer.expires_in) - RENEW_BEFORE
            return self._token


def credential_of(config: ConnectorConfig, clock: Clock) -> SystemCredential | ClientCredential:
    """An API client's where one is named, otherwise this part's own."""
    if not config.client_id:
        return SystemCredential(config, clock)
    return ClientCredential(
        Channel(config.identity_address), config.client_id, config.client_secret.get_secret_value(), clock
    )
