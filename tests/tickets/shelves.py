"""Files are handed in and had, as one person."""

from ebok.tickets.v1 import attachments_pb2
from ebok.tickets.v1.attachments_pb2_grpc import AttachmentServiceStub

from tests.billing.pictures import picture

PIECE = 64 * 1024


def pieces(customer_id, content, file_name="licznik.jpg", *, size=PIECE):
    """The messages of an upload."""
    for begin in range(0, max(len(content), 1), size):
        yield attachments_pb2.UploadAttachmentRequest(
            customer_id=customer_id,
            file_name=file_name if begin == 0 else "",
            chunk=content[begin : begin + size],
        )


class Shelf:
    """Hands files in and gets them, as one person."""

    def __init__(self, served, persona, customer_id):
        self.stub = served.stub(AttachmentServiceStub, persona)
        self.customer_id = customer_id

    def upload(self, content=None, file_name="licznik.jpg"):
        content = picture() if content is None else content
        return self.stub.UploadAttachment(pieces(self.customer_id, content, file_name)).attachment

    def download(self, attachment_id):
        request = attachments_pb2.DownloadAttachmentRequest(
            customer_id=self.customer_id, attachment_id=attachment_id
        )
        answers = list(self.stub.DownloadAttachment(request))
        assert all(not one.HasField("attachment") for one in answers[1:])
        return answers[0].attachment, b"".join(one.chunk for one in answers)
