"""Actor tokens, remembered until a minute before they end: signing one for each page would cost more than the query."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from chassis.actors import Actor
from chassis.clock import Clock
from chassis.rpc.access import ActorTokens

RENEW_BEFORE = timedelta(minutes=1)
REMEMBERED_MAX = 10_000

Token = tuple[str, datetime]


class RememberedTokens:
    """The key is the whole actor – session, customer, address, permissions – so whatever changes makes a new token.

    Whether the session still stands is asked of the database before, each time.
    """

    def __init__(self, tokens: ActorTokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock
        self._lock = threading.Lock()
        self._remembered: OrderedDict[Actor, tuple[Token, datetime]] = OrderedDict()
        self.minted = 0

    def token_for(self, actor: Actor) -> Token:
        """A token that lasts at least a minute, and the instant it ends."""
        now = self._clock.now()
        with self._lock:
            found = self._remembered.get(actor)
            if found is not None and found[1] <= now < found[0][1] - RENEW_BEFORE:
                self._remembered.move_to_end(actor)
                return found[0]
        token = self._tokens.mint(actor)
        with self._lock:
            self.minted += 1
            self._remembered[actor] = (token, now)
            self._remembered.move_to_end(actor)
            while len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return token
