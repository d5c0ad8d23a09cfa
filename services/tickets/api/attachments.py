"""The door for files of cases."""

from collections.abc import Iterator
from uuid import UUID

from ebok.tickets.v1 import attachments_pb2 as pb
from ebok.tickets.v1 import attachments_pb2_grpc as rpc

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.files import PIECE_BYTES, FileMissing, Files
from chassis.ids import new_id
from chassis.rpc.server import Context
from services.tickets.api.packing import pack_attachment
from services.tickets.domain import cases, contents, files
from services.tickets.domain.contents import FILE_BYTES_MAX
from services.tickets.domain.threads import AttachmentNotFound


class AttachmentService(rpc.AttachmentServiceServicer):
    """Front door for files: what comes is judged and put away before its row is written."""

    def __init__(self, database: Database, clock: Clock, kept_in: Files) -> None:
        self._database = database
        self._clock = clock
        self._files = kept_in

    def UploadAttachment(
        self, request_iterator: Iterator[pb.UploadAttachmentRequest], context: Context
    ) -> pb.UploadAttachmentResponse:
        first = next(request_iterator, None)
        if first is None:
            raise wire.fault("customer_id", "REQUIRED")
        customer_id = wire.unpack_id(first.customer_id, field="customer_id")
        with self._database.reading() as session:
            if context.actor.is_of_provider:
                cases.check_customer(session, customer_id, by=context.actor)
            files.check_waiting(session, customer_id)
        kept = contents.keep(_collected(first, request_iterator), first.file_name)

        attachment_id = new_id()
        self._files.put(attachment_id, _pieces(kept.content))
        with self._database.transaction() as session:
            files.check_waiting(session, customer_id)
            attachment = files.add(
                session,
                attachment_id,
                kept,
                customer_id=customer_id,
                by=context.actor,
                now=self._clock.now(),
            )
            acts.name_subject(wire.pack_id(attachment_id))
            return pb.UploadAttachmentResponse(attachment=pack_attachment(attachment))

    def DownloadAttachment(
        self, request: pb.DownloadAttachmentRequest, context: Context
    ) -> Iterator[pb.DownloadAttachmentResponse]:
        attachment_id = wire.unpack_id(request.attachment_id, field="attachment_id")
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        with self._database.reading() as session:
            if context.actor.is_of_provider:
                cases.check_customer(session, customer_id, by=context.actor)
            attachment = files.get(session, attachment_id, customer_id=customer_id, by=context.actor)
        pieces = self._pieces_of(attachment_id)
        yield pb.DownloadAttachmentResponse(attachment=pack_attachment(attachment), chunk=next(pieces, b""))
        for piece in pieces:
            yield pb.DownloadAttachmentResponse(chunk=piece)

    def _pieces_of(self, attachment_id: UUID) -> Iterator[bytes]:
        """Refuses ATTACHMENT_NOT_FOUND, too, when the row is there and the file was lost."""
        try:
            return self._files.get(attachment_id)
        except FileMissing:
            raise AttachmentNotFound from None


def _collected(first: pb.UploadAttachmentRequest, rest: Iterator[pb.UploadAttachmentRequest]) -> bytes:
    """The whole content. What is too large is not read to its end: refusing it ends the call."""
    content = bytearray(first.chunk)
    for request in rest:
        if request.customer_id not in ("", first.customer_id):
            raise wire.fault("customer_id", "DIFFERS", "one file is of one customer")
        content += request.chunk
        if len(content) > FILE_BYTES_MAX:
            raise wire.fault("chunk", "TOO_LARGE")
    return bytes(content)


def _pieces(content: bytes) -> Iterator[bytes]:
    whole = memoryview(content)
    for begin in range(0, len(content), PIECE_BYTES):
        yield bytes(whole[begin : begin + PIECE_BYTES])
