"""The SMTP side: takes every mail for anybody, unless a fault is switched on."""

# ruff: noqa: ARG001, ARG002 - the signatures are those of aiosmtpd

import asyncio
import logging
import ssl
import threading
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from chassis.clock import machine_now
from sandbox.mailbox.faults import FaultSwitch
from sandbox.mailbox.messages import Mails

MAIL_BYTES_MAX = 10 * 1024 * 1024
RECIPIENTS_MAX = 100
START_S_MAX = 10


class _Handler:
    """What aiosmtpd calls at each step of a conversation."""

    def __init__(self, mails: Mails, faults: FaultSwitch) -> None:
        self._mails = mails
        self._faults = faults

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """550 for a refused address, 452 above the bound on recipients."""
        if address.lower() in self._faults.current().refuse_recipients:
            return "550 5.1.1 No such mailbox here"
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the mail; the faults of the moment decide what the sender hears."""
        faults = self._faults.current()
        if faults.delay_s:
            await asyncio.sleep(faults.delay_s)
        if self._faults.take("temporary_for"):
            return "451 4.3.0 Come again later"
        content = envelope.original_content or b""
        mail_id = self._mails.add(
            envelope.mail_from or "", list(envelope.rcpt_tos), content, now=machine_now()
        )
        if self._faults.take("lose_answer_for"):
            self._close(server)
            return "250 nobody hears this"
        if faults.answer_delay_s:
            await asyncio.sleep(faults.answer_delay_s)
        taken = int(getattr(session, "mails_taken", 0)) + 1
        session.mails_taken = taken  # type: ignore[attr-defined]
        if faults.close_after and taken >= faults.close_after:
            # Once the answer is written, and before anything more is read: no mail is in doubt.
            asyncio.get_running_loop().call_soon(self._close, server)
        return f"250 OK kept as {mail_id}"

    @staticmethod
    def _close(server: SMTP) -> None:
        if server.transport is not None:
            server.transport.close()


def _let_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth_data: Any) -> AuthResult:
    """Anybody may log in, with the password `wrong` nobody can."""
    refused = isinstance(auth_data, LoginPassword) and auth_data.password == b"wrong"
    return AuthResult(success=not refused, handled=False)


class SmtpServer:
    """Runs on an event loop and a thread of its own.

    `tls` offers STARTTLS, or with `tls_at_once` speaks TLS first.
    """

    def __init__(
        self,
        address: tuple[str, int],
        mails: Mails,
        faults: FaultSwitch,
        *,
        tls: ssl.SSLContext | None = None,
        tls_at_once: bool = False,
    ) -> None:
        self._wanted = address
        self._handler = _Handler(mails, faults)
        self._tls = tls
        self._tls_at_once = tls_at_once
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="smtp", daemon=True)
        self._server: asyncio.Server | None = None
        self.connections = 0

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("not started")
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    def start(self) -> None:
        """Listen; raises what the socket raises, for example that the port is taken."""
        logging.getLogger("mail.log").setLevel(
            logging.CRITICAL
        )  # It would log each lost connection as an error.
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(START_S_MAX)

    def stop(self) -> None:
        """Close the door and every conversation."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(START_S_MAX)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_S_MAX)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(
            self._conversation, *self._wanted, ssl=self._tls if self._tls_at_once else None
        )

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        current = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not current]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _conversation(self) -> SMTP:
        self.connections += 1
        return SMTP(
            self._handler,
            data_size_limit=MAIL_BYTES_MAX,
            enable_SMTPUTF8=True,
            hostname="mailbox.example",
            ident="eBOK mailbox",
            tls_context=None if self._tls_at_once else self._tls,
            authenticator=_let_in,
            auth_require_tls=False,
            loop=self._loop,
        )
