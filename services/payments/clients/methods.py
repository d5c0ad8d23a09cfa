"""The ways to pay at one provider, asked now and then: its list changes by the hour, a page is drawn each second."""

import threading
import time
from collections.abc import Callable, Sequence

from chassis.errors import Refusal
from chassis.telemetry import logger
from services.payments.clients.lines import Line, Reply
from services.payments.domain.providers import Method
from services.payments.storage.exchanges import Verdict

REMEMBERED_S = 600.0
ASKED_AGAIN_S = 30.0  # After an answer that was none.

AskMethods = Callable[[str], tuple[Reply, list[Method] | None]]


class RememberedMethods:
    """Lists by language. While a provider does not answer, the last list stands."""

    def __init__(self, line: Line, ask: AskMethods, *, wait_s: float) -> None:
        self._line = line
        self._ask = ask
        self._wait_s = wait_s
        self._lists: dict[str, tuple[float, Sequence[Method]]] = {}
        self._lock = threading.Lock()

    def of(self, language: str) -> Sequence[Method]:
        """The list; empty when the provider never said. A page waits a little for a new one, and not for ever."""
        with self._lock:
            until, known = self._lists.get(language, (0.0, ()))
            if time.monotonic() < until:
                return known
            # Whoever comes meanwhile gets the list there is: one question at a time.
            self._lists[language] = (time.monotonic() + ASKED_AGAIN_S, known)
        asking = threading.Thread(target=self._renew, args=(language,), name="methods", daemon=True)
        asking.start()
        asking.join(self._wait_s)
        return self._lists[language][1]

    def _renew(self, language: str) -> None:
        try:
            reply, found = self._ask(language)
            malformed = found is None and reply.verdict is Verdict.ACCEPTED
            self._line.judge(reply, Verdict.MALFORMED if malformed else reply.verdict)
        except Refusal as refusal:  # Our own database is away: what was said could not be kept.
            logger("providers").warning("methods not asked", reason=refusal.reason)
            return
        if found is not None:
            with self._lock:
                self._lists[language] = (time.monotonic() + REMEMBERED_S, found)

    def name_of(self, method_id: str, language: str = "pl", *, known: bool) -> str:
        """The name of one; empty when it is not listed. `known`: by the list there is, without asking for one."""
        if not method_id:
            return ""
        listed = self._lists.get(language, (0.0, ()))[1] if known else self.of(language)
        return next((method.name for method in listed if method.method_id == method_id), "")
