"""Personal tokens that were exchanged a moment ago: a program asks several things in a row, one answer serves them."""

import threading
import time
from collections import OrderedDict
from hashlib import sha256

from ebok.identity.v1 import tokens_pb2

from gateway.web.calls import as_gateway, clients

GOOD_FOR_S = 1.0
REMEMBERED_MAX = 4_096

Answer = tokens_pb2.ExchangePersonalTokenResponse


class Exchanges:
    """What identity answered within the last second, by token and address. Refusals are not remembered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[bytes, str], tuple[float, Answer]] = OrderedDict()

    def of(self, token: str, address: str) -> Answer:
        """What to act with. Refuses PERSONAL_TOKEN_REFUSED, TOO_MANY_ATTEMPTS."""
        key, now = (sha256(token.encode()).digest(), address), time.monotonic()
        with self._lock:
            found = self._answers.get(key)
        if found is not None and now - found[0] < GOOD_FOR_S:
            return found[1]
        answer: Answer = as_gateway(
            clients().identity.tokens.ExchangePersonalToken,
            tokens_pb2.ExchangePersonalTokenRequest(token=token, address=address),
        )
        with self._lock:
            self._answers[key] = (now, answer)
            self._answers.move_to_end(key)
            while len(self._answers) > REMEMBERED_MAX:
                self._answers.popitem(last=False)
        return answer
