"""Files are handed in, sent with a message, and had by those they are for."""

import boto3
import pytest
from ebok.tickets.v1 import attachments_pb2, events_pb2
from ebok.tickets.v1.attachments_pb2_grpc import AttachmentServiceStub
from ebok.tickets.v1.tickets_pb2_grpc import TicketServiceStub
from moto.server import ThreadedMotoServer

from chassis.errors import FailedPrecondition, Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from tests.billing.pictures import PLACE, picture
from tests.tickets.office import NOTE
from tests.tickets.samples import PDF
from tests.tickets.shelves import PIECE, Shelf, pieces


@pytest.fixture
def annas(served, as_anna):
    return Shelf(served, as_anna, as_anna.customer_id)


@pytest.fixture
def celinas(served, as_celina):
    return Shelf(served, as_celina, as_celina.customer_id)


@pytest.fixture
def darias(served, as_daria, as_anna):
    return Shelf(served, as_daria, as_anna.customer_id)


def test_a_photo_is_handed_in_sent_and_seen_by_staff(office, annas, darias):
    handed_in = annas.upload()
    assert (handed_in.media_type, handed_in.file_name) == ("image/jpeg", "licznik.jpg")
    ticket = office.open(attachment_ids=[handed_in.attachment_id])

    [message] = office.case(ticket).messages
    assert list(message.attachments) == [handed_in]
    what, content = darias.download(handed_in.attachment_id)

    assert what == handed_in
    assert content[:3] == b"\xff\xd8\xff"
    assert len(content) == handed_in.size_bytes
    assert PLACE.encode() not in content
    assert annas.download(handed_in.attachment_id)[1] == content


def test_a_large_document_comes_back_as_it_was(office, annas):
    content = PDF + b"%" + b"x" * 3_000_000
    handed_in = annas.upload(content, "umowa.pdf")
    assert annas.download(handed_in.attachment_id)[1] == content


@pytest.mark.repeats("AttachmentService/UploadAttachment")
def test_each_time_it_is_handed_in_is_a_file_of_its_own_until_a_message_names_one(office, annas):
    first, second = annas.upload(PDF, "umowa.pdf"), annas.upload(PDF, "umowa.pdf")
    assert first.attachment_id != second.attachment_id
    ticket = office.open()
    request = office.writing(ticket, "W załączeniu.", attachment_ids=[first.attachment_id])
    assert office.own.WriteMessage(request) == office.own.WriteMessage(request)
    [_, message] = office.read(ticket).messages
    assert [one.attachment_id for one in message.attachments] == [first.attachment_id]


def test_an_upload_without_an_end_is_cut_off_early(served, as_anna):
    sent = 0

    def endless():
        nonlocal sent
        for _ in range(16_384):  # A gigabyte.
            sent += PIECE
            yield attachments_pb2.UploadAttachmentRequest(
                customer_id=as_anna.customer_id, file_name="film.mp4", chunk=bytes(PIECE)
            )

    with pytest.raises(Invalid, match="chunk: TOO_LARGE"):
        served.stub(AttachmentServiceStub, as_anna).UploadAttachment(endless())
    assert sent < 40 * 1024 * 1024


@pytest.mark.parametrize(
    ("content", "file_name", "told"),
    [
        (b"", "x.txt", "chunk: EMPTY"),
        (b"<svg/>", "x.svg", "chunk: TYPE_NOT_ALLOWED"),
        (picture()[:100], "x.jpg", "chunk: IMAGE_NOT_READABLE"),
        (PDF.replace(b"/Catalog", b"/Catalog/S/JavaScript"), "x.pdf", "chunk: CONTENT_SUSPICIOUS"),
        (b"tekst", "", "file_name: REQUIRED"),
        (b"tekst", "...", "file_name: MALFORMED"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(annas, served, content, file_name, told):
    with pytest.raises(Invalid, match=told):
        annas.upload(content, file_name)
    assert [path for path in served.config.files_dir.rglob("*") if path.is_file()] == []


def test_one_upload_is_of_one_customer(served, as_daria, as_anna, as_celina):
    mixed = [
        *pieces(as_anna.customer_id, b"tekst"),
        attachments_pb2.UploadAttachmentRequest(customer_id=as_celina.customer_id, chunk=b"x"),
    ]
    with pytest.raises(Invalid, match="customer_id: DIFFERS"):
        served.stub(AttachmentServiceStub, as_daria).UploadAttachment(iter(mixed))
    with pytest.raises(PermissionDenied):
        served.stub(AttachmentServiceStub, as_anna).UploadAttachment(iter(mixed))


def test_celina_neither_gets_nor_sends_annas_files(office, served, annas, celinas, as_celina):
    handed_in = annas.upload()
    with pytest.raises(NotFound, match="ATTACHMENT_NOT_FOUND"):
        celinas.download(handed_in.attachment_id)
    stub = served.stub(TicketServiceStub, as_celina)
    with pytest.raises(NotFound, match="ATTACHMENT_NOT_FOUND"):
        stub.OpenTicket(
            office.opening(customer_id=as_celina.customer_id, attachment_ids=[handed_in.attachment_id])
        )
    office.open(attachment_ids=[handed_in.attachment_id])
    with pytest.raises(NotFound, match="ATTACHMENT_NOT_FOUND"):
        celinas.download(handed_in.attachment_id)
    with pytest.raises(NotFound, match="ATTACHMENT_NOT_FOUND"):
        annas.download(str(new_id()))


def test_files_of_notes_and_those_staff_have_not_sent_are_for_staff_alone(office, annas, darias):
    ticket = office.open()
    waiting, noted, sent = (darias.upload(PDF, f"{name}.pdf") for name in ("a", "b", "c"))
    office.answer(ticket, "Notatka", NOTE, attachment_ids=[noted.attachment_id])
    office.answer(ticket, "Odpowiedź", attachment_ids=[sent.attachment_id])

    assert annas.download(sent.attachment_id)[0] == sent
    for hidden in (waiting, noted):
        with pytest.raises(NotFound, match="ATTACHMENT_NOT_FOUND"):
            annas.download(hidden.attachment_id)
        assert darias.download(hidden.attachment_id)[0] == hidden
    assert noted.attachment_id not in str(office.read(ticket))


def test_a_file_is_sent_once_and_by_its_own_side(office, annas, darias, announced):
    ticket = office.open()
    handed_in = annas.upload()
    with pytest.raises(NotFound, match="ATTACHMENT_NOT_FOUND"):
        office.answer(ticket, "x", attachment_ids=[handed_in.attachment_id])
    assert announced(events_pb2.TicketAnswered) == []
    office.write(ticket, attachment_ids=[handed_in.attachment_id])
    with pytest.raises(NotFound, match="ATTACHMENT_NOT_FOUND"):
        office.write(ticket, attachment_ids=[handed_in.attachment_id])


def test_thirty_files_may_wait(office, annas):
    waiting = [annas.upload(b"tekst", "x.txt") for _ in range(30)]
    with pytest.raises(FailedPrecondition, match="TOO_MANY_ATTACHMENTS"):
        annas.upload(b"tekst", "x.txt")
    office.open(attachment_ids=[waiting[0].attachment_id])
    annas.upload(b"tekst", "x.txt")


def test_a_case_has_a_hundred_files_at_most(office, annas):
    ticket = office.open()
    for _ in range(20):
        files = [annas.upload(b"tekst", "x.txt").attachment_id for _ in range(5)]
        office.write(ticket, attachment_ids=files)
    with pytest.raises(FailedPrecondition, match="TOO_MANY_ATTACHMENTS"):
        office.write(ticket, attachment_ids=[annas.upload(b"tekst", "x.txt").attachment_id])


def test_a_file_that_was_lost_is_not_found(office, annas, served):
    handed_in = annas.upload()
    [path] = [path for path in served.config.files_dir.rglob("*") if path.is_file()]
    path.unlink()
    with pytest.raises(NotFound, match="ATTACHMENT_NOT_FOUND"):
        annas.download(handed_in.attachment_id)


def test_files_are_kept_in_s3_all_the_same(serve, as_anna):
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        url = "http://{}:{}".format(*server.get_host_and_port())
        account = {"aws_access_key_id": "id", "aws_secret_access_key": "secret"}
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **account)
        client.create_bucket(Bucket="cases")
        served = serve(
            files_s3_url=url,
            files_s3_bucket="cases",
            files_s3_region="us-east-1",
            files_s3_key_id="id",
            files_s3_secret="secret",
        )
        shelf = Shelf(served, as_anna, as_anna.customer_id)
        handed_in = shelf.upload(PDF, "umowa.pdf")
        assert shelf.download(handed_in.attachment_id)[1] == PDF
        [kept] = client.list_objects_v2(Bucket="cases")["Contents"]
        assert kept["Key"] == handed_in.attachment_id.replace("-", "")
        assert not served.config.files_dir.exists()
    finally:
        server.stop()
