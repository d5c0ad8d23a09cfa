"""SMSAPI.pl, through its own library: text messages handed over, and asked after.

Errors come with HTTP 200 and a code. A message goes under an id of ours (`idx`) that SMSAPI refuses a second time
within a day (`check_idx`): whoever lost an answer hands it over once more and learns from the refusal that it was
taken.
"""

from dataclasses import dataclass
from uuid import UUID

import requests
from requests.auth import AuthBase
from smsapi.client import Client
from smsapi.endpoint import bind_api_endpoint
from smsapi.exception import EndpointException
from smsapi.models import SendResult
from smsapi.sms.api import Sms
from smsapi.sms.model import SmsSendResult
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from services.notify.domain.messages import (
    IN_DOUBT,
    NO_FUNDS,
    NUMBER_REFUSED,
    REFUSED_BY_SERVER,
    SENDER_REFUSED,
    SERVER_BUSY,
)
from services.notify.domain.receipts import Outcome, Receipt
from services.notify.domain.reports import Fate

DUPLICATE_ID = 53
NUMBER_FAULTY = 13
SENDER_UNKNOWN = 14
NO_POINTS = 103
ID_UNKNOWN = 301
ACCOUNT_FAULTY = frozenset(
    {101, 102, 105, 110, 1000, 1001}
)  # Ours to mend: as long, none can be handed over.
BUSY = frozenset({200, 201, 202, 203, 999})
# What does not get better by itself: the text, its length, the parameters.
REFUSED = frozenset(
    {8, 11, 12, 17, 18, 19, 20, 25, 26, 27, 28, 30, 40, 41, 42, 50, 51, 52, 54, 55, 56, 57, 60, 61}
)
# The words that SMSAPI has for where a message is; the numbers are those of its reports.
FATES = {
    "NOT_FOUND": Fate.UNKNOWN,
    "EXPIRED": Fate.NEVER_REACHED,
    "SENT": Fate.UNDERWAY,
    "DELIVERED": Fate.DELIVERED,
    "UNDELIVERED": Fate.NOT_DELIVERED,
    "FAILED": Fate.NOT_DELIVERED,
    "REJECTED": Fate.NOT_DELIVERED,
    "UNKNOWN": Fate.UNKNOWN,
    "QUEUE": Fate.UNDERWAY,
    "ACCEPTED": Fate.UNDERWAY,
    "RENEWAL": Fate.UNDERWAY,
    "STOP": Fate.NOT_DELIVERED,
}


class ProviderAway(Exception):
    """It is not reached, does not let us in, or we have nothing left to pay with: none can be handed over now."""


@dataclass(frozen=True)
class Settings:
    """How SMSAPI is asked. `normalize`: letters beyond the short alphabet become plain ones, which saves parts."""

    url: str
    token: str
    sender: str
    timeout_s: float
    parts_max: int
    normalize: bool
    report_url: str


class _HereAlone(AuthBase):
    """The token, for the address of the settings alone: a redirect is followed nowhere, it is a status like another.

    The library cannot be told so; `requests` follows where there is a `Location`.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put it into the header, and see the answer first."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        request.register_hook("response", _lead_nowhere)
        return request


class _Texts(Sms):
    """The library's calls, and the one it lacks: what became of a message."""

    ask = bind_api_endpoint(
        method="GET",
        path=Sms.path,
        mapping=(SendResult, SmsSendResult),
        accept_parameters=["status"],
        force_parameters={"format": "json"},
        exception_class=EndpointException,
    )


class SmsApi:
    """SMSAPI as one account. Never called inside a transaction."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        client = Client(settings.url.rstrip("/") + "/", access_token=settings.token)
        client.auth = _HereAlone(settings.token)
        self._texts = _Texts(client)

    def hand_over(self, message_id: UUID, phone: str, text: str) -> Receipt:
        """Give one text message and say what became of it; `phone` is E.164. Raises ProviderAway."""
        settings = self._settings
        given = {
            "to": phone.removeprefix("+"),
            "message": text,
            "encoding": "utf-8",
            "idx": message_id.hex,
            "check_idx": 1,
            "details": 1,
            "max_parts": settings.parts_max,
            **({"normalize": 1} if settings.normalize else {}),
            **({"from_": settings.sender} if settings.sender else {}),
            **({"notify_url": settings.report_url} if settings.report_url else {}),
        }
        try:
            answer = self._texts.send(**given, timeout=settings.timeout_s)
            [taken] = answer.results
            provider_id = str(taken.id or "")
        except EndpointException as fault:
            return _receipt_of(fault)
        except requests.RequestException as fault:
            if _never_left(fault):
                raise ProviderAway(type(fault).__name__) from None
            return Receipt(Outcome.LATER, IN_DOUBT)
        except (AttributeError, KeyError, TypeError, ValueError):  # An answer that is none.
            return Receipt(Outcome.LATER, IN_DOUBT)
        return Receipt(Outcome.TAKEN, provider_id=provider_id)

    def ask(self, provider_id: str) -> Fate:
        """What became of a message. Raises ProviderAway."""
        try:
            answer = self._texts.ask(status=provider_id, timeout=self._settings.timeout_s)
            return FATES.get(str(answer.results[0].status).upper(), Fate.UNDERWAY)
        except EndpointException as fault:
            if fault.code == ID_UNKNOWN:
                return Fate.UNKNOWN
            raise ProviderAway(f"code {fault.code}") from None
        except requests.RequestException as fault:
            raise ProviderAway(type(fault).__name__) from None
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            raise ProviderAway("no answer") from None


def _receipt_of(fault: EndpointException) -> Receipt:
    """What an error says of one message. The library tells of HTTP's own status in the same place as of a code."""
    code = fault.code if isinstance(fault.code, int) else 0
    if fault.url is not None:
        return _receipt_of_status(code)
    if code == DUPLICATE_ID:
        return Receipt(Outcome.TAKEN, code=code)
    if code in ACCOUNT_FAULTY or code == NO_POINTS:
        raise ProviderAway(NO_FUNDS if code == NO_POINTS else f"code {code}")
    if code == NUMBER_FAULTY:
        return Receipt(Outcome.NEVER, NUMBER_REFUSED, code)
    if code == SENDER_UNKNOWN:
        return Receipt(Outcome.LATER, SENDER_REFUSED, code)
    if code in REFUSED:
        return Receipt(Outcome.NEVER, REFUSED_BY_SERVER, code)
    return Receipt(Outcome.LATER, SERVER_BUSY, code)


def _receipt_of_status(status: int) -> Receipt:
    if status >= 500:  # It may have been done before the fault.
        return Receipt(Outcome.LATER, IN_DOUBT, status)
    if status == requests.codes.too_many_requests:
        return Receipt(Outcome.LATER, SERVER_BUSY, status)
    raise ProviderAway(f"HTTP {status}")


def _lead_nowhere(answer: requests.Response, **_: object) -> None:
    answer.headers.pop("Location", None)


def _never_left(fault: requests.RequestException) -> bool:
    """Whether the connection was never there, so that nothing can have been taken."""
    if isinstance(fault, requests.exceptions.ConnectTimeout):
        return True
    cause = getattr(fault.args[0], "reason", None) if fault.args else None
    return isinstance(cause, NewConnectionError | ConnectTimeoutError)
