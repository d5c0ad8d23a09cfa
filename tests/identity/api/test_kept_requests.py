"""Keys of writes through gRPC: a key stands for one request of one caller, for thirty days."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from ebok.identity.v1 import kept_requests_pb2 as pb
from ebok.identity.v1.kept_requests_pb2_grpc import KeptRequestServiceStub

from chassis.errors import Invalid


@pytest.fixture
def keep(served, as_system) -> Any:
    stub = served.stub(KeptRequestServiceStub, as_system("gateway"))

    def ask(key: str, request: str, *, subject: str = "GIS") -> None:
        fingerprint = sha256(request.encode()).digest()
        stub.KeepRequest(pb.KeepRequestRequest(subject=subject, key=key, fingerprint=fingerprint))

    return ask


@pytest.mark.repeats("KeptRequestService/KeepRequest")
def test_the_same_again_is_as_good_and_another_is_refused(keep, count):
    keep("k-1", "POST /runs {}")
    keep("k-1", "POST /runs {}")
    with pytest.raises(Invalid) as refused:
        keep("k-1", "POST /runs {1}")
    assert refused.value.reason == "REQUEST_DIFFERS"
    assert count("kept_requests", "subject = 'GIS'") == 1


def test_a_key_of_one_caller_is_nothing_to_another(keep):
    keep("k-2", "POST /runs {}")
    keep("k-2", "POST /imports {}", subject="ERP")


def test_a_key_is_kept_for_thirty_days(keep, clock):
    keep("k-3", "POST /runs {}")
    clock.advance(timedelta(days=30, seconds=1))
    keep("k-4", "POST /runs {}")  # Each call tidies a little.
    keep("k-3", "POST /imports {}")


def test_what_is_kept_says_nothing_of_the_request(keep, count):
    keep("geheim-77", "POST /runs geheim-77")
    assert count("kept_requests", "kept_requests::text LIKE '%geheim%'") == 0
