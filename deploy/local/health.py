"""Whether a part is ready: each kind is asked in its own way."""

import urllib.error
import urllib.request

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local.parts import Health, Part
from deploy.local.postgres import EmbeddedPostgres, PostgresNotStarted

ASK_SECONDS_MAX = 3.0
SERVER_FAULT = 500


def is_ready(part: Part, address: str, postgres: EmbeddedPostgres) -> bool:
    """One question, one answer, within a few seconds."""
    if part.health is Health.RPC:
        return _rpc_serves(address)
    if part.health is Health.HTTP:
        return _http_answers(f"http://{address}{part.health_path}")
    try:
        postgres.wait(ASK_SECONDS_MAX)
    except PostgresNotStarted:
        return False
    return True


def _rpc_serves(address: str) -> bool:
    with grpc.insecure_channel(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=ASK_SECONDS_MAX
            )
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _http_answers(url: str) -> bool:
    # Straight to the part: a proxy that the environment names is for the world outside.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ASK_SECONDS_MAX) as answer:
            return bool(answer.status < SERVER_FAULT)
    except urllib.error.HTTPError as refused:
        return bool(refused.code < SERVER_FAULT)
    except OSError:
        return False
