"""What a file is and what of it is kept."""

import os
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageStat

from chassis.errors import Invalid
from services.tickets.domain import archives
from services.tickets.domain.contents import FILE_BYTES_MAX, keep
from tests.billing.pictures import PLACE, bomb, picture
from tests.tickets.samples import HEIC, PDF, archive, docx, open_document, packed_pdf, xlsx


def refused(content, file_name="plik"):
    with pytest.raises(Invalid) as caught:
        keep(content, file_name)
    [one] = caught.value.violations
    return one.field, one.reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_photos_are_drawn_anew_without_where_they_were_taken(kind):
    given = picture(kind)
    assert PLACE.encode() in given

    kept = keep(given, "zdjęcie.png")

    assert kept.media_type == "image/jpeg"
    assert kept.file_name == "zdjęcie.jpg"
    assert PLACE.encode() not in kept.content
    with Image.open(BytesIO(kept.content)) as drawn:
        assert drawn.size == (120, 60)
        assert not drawn.getexif()


def test_photos_of_telephones_become_what_every_browser_shows():
    assert b"SECRETPLACE" in HEIC
    kept = keep(HEIC, "IMG_0001.HEIC")
    assert (kept.media_type, kept.file_name) == ("image/jpeg", "IMG_0001.jpg")
    assert b"SECRETPLACE" not in kept.content
    with Image.open(BytesIO(kept.content)) as drawn:
        assert drawn.format == "JPEG"
        assert drawn.size == (64, 48)
        # Blue: what is red in it is dark, what is blue is bright.
        red, _green, blue = ImageStat.Stat(drawn).mean
        assert red + 80 < blue


def test_an_upright_photo_stays_upright():
    with Image.open(BytesIO(keep(picture(orientation=6), "x.jpg").content)) as drawn:
        assert drawn.size == (60, 120)


def test_a_picture_that_swells_is_too_large():
    assert refused(bomb(30_000, 30_000)) == ("chunk", "TOO_LARGE")


def test_a_broken_picture_is_not_readable():
    assert refused(picture()[:200]) == ("chunk", "IMAGE_NOT_READABLE")
    assert refused(b"\x89PNG\r\n\x1a\n" + os.urandom(100)) == ("chunk", "IMAGE_NOT_READABLE")
    assert refused(HEIC[:300]) == ("chunk", "IMAGE_NOT_READABLE")


@pytest.mark.parametrize(
    ("content", "media_type", "suffix"),
    [
        (PDF, "application/pdf", ".pdf"),
        (docx(), archives.DOCX, ".docx"),
        (xlsx(), archives.XLSX, ".xlsx"),
        (open_document("text"), archives.ODT, ".odt"),
        (open_document("spreadsheet"), archives.ODS, ".ods"),
        ("Zażółć gęślą jaźń\n".encode(), "text/plain", ".txt"),
    ],
)
def test_documents_are_kept_as_they_are_under_a_true_ending(content, media_type, suffix):
    kept = keep(content, "umowa.exe")
    assert (kept.content, kept.media_type, kept.file_name) == (content, media_type, f"umowa{suffix}")


def test_old_polish_texts_are_read_and_kept_as_utf_8():
    assert keep("Zażółć".encode("cp1250"), "x.txt").content.decode() == "Zażółć"


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<!DOCTYPE html><html><body>x</body></html>",
        b"   \n<HTML>",
        b"\xef\xbb\xbf<?xml version='1.0'?><svg/>",
        b"some text first <ScRiPt>alert(1)</sCrIpT>",
        b"MZ\x90\x00" + bytes(200),
        b"\x7fELF" + bytes(200),
        b"GIF89a" + bytes(200),
        b"Rar!\x1a\x07\x00" + bytes(100),
        bytes(range(256)) * 10,
        "tekst".encode("utf-16"),
        archive({"readme.txt": b"x"}),
        open_document("presentation"),
        archive({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"x"}),
    ],
)
def test_what_is_none_of_ours_is_refused_whatever_it_is_called(content):
    assert refused(content, "zdjecie.jpg") == ("chunk", "TYPE_NOT_ALLOWED")


@pytest.mark.parametrize(
    "content",
    [
        docx(word__vbaProject_dot_bin=b"x"),
        docx(word__activeX__activeX1_dot_xml=b"x"),
        docx(word__embeddings__oleObject1_dot_bin=b"x"),
        open_document("text", Basic__Standard__script=b"x"),
        open_document("spreadsheet", Scripts__python__x=b"x"),
        archive(
            {
                "[Content_Types].xml": b"application/vnd.ms-word.document.macroEnabled.main+xml",
                "word/document.xml": b"x",
            }
        ),
        docx(word__media__x=bytes(20_000_000)),
        docx(**{f"word__media__{number}": b"x" for number in range(2_001)}),
    ],
    ids=["vba", "activex", "ole", "basic", "scripts", "macros", "swells", "entries"],
)
def test_documents_that_run_or_swell_are_refused(content):
    assert refused(content, "umowa.docx") == ("chunk", "CONTENT_SUSPICIOUS")


def test_an_archive_that_lies_about_its_size_is_broken():
    honest = docx(word__media__x=bytes(1_000_000))
    lying = honest.replace((1_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little"))
    assert refused(lying) == ("chunk", "MALFORMED")


def test_a_locked_or_broken_archive_is_refused():
    content = bytearray(docx())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1  # The first entry says that it wants a password.
    assert refused(bytes(content)) == ("chunk", "CONTENT_SUSPICIOUS")
    assert refused(docx()[:-30]) == ("chunk", "MALFORMED")


@pytest.mark.parametrize(
    "content",
    [
        PDF.replace(b"/Type/Catalog", b"/Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>"),
        PDF.replace(b"/Type/Catalog", b"/OpenAction<</S/J#61vaScript/JS(x)>>"),
        PDF.replace(b"/Type/Catalog", b"/OpenAction<</S/Launch/F(cmd.exe)>>"),
        packed_pdf(b"4 0 <</S/JavaScript/JS(x)>>"),
        packed_pdf(b"4 0 <</S/Java#53cript/JS(x)>>", name=b"/Obj#53tm"),
        packed_pdf(b"4 0 <<>>", more=b"/DecodeParms<</Predictor 12>>"),
        packed_pdf(b"4 0 <<>>").replace(b"%%EOF", b"<</Encrypt 5 0 R>>%%EOF"),
        packed_pdf(bytes(60_000_000)),
        PDF.replace(
            b"trailer", b"3 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\nnot packed\nendstream\ntrailer"
        ),
    ],
    ids=[
        "plain",
        "escaped",
        "launch",
        "packed",
        "packed-escaped",
        "predictor",
        "locked",
        "swells",
        "unreadable",
    ],
)
def test_documents_that_run_something_when_they_are_opened_are_refused(content):
    assert refused(content, "umowa.pdf") == ("chunk", "CONTENT_SUSPICIOUS")


def test_a_harmless_packed_document_is_kept():
    content = packed_pdf(b"4 0 <</Type/Page/Names(Launch JavaScript)>>")
    assert keep(content, "x.pdf").content == content
    picture_in_it = packed_pdf(os.urandom(1_000), name=b"/XObject")
    assert keep(picture_in_it, "x.pdf").content == picture_in_it


def test_nothing_and_too_much_are_refused():
    assert refused(b"") == ("chunk", "EMPTY")
    assert refused(b" \n ") == ("chunk", "EMPTY")
    assert refused(bytes(FILE_BYTES_MAX + 1)) == ("chunk", "TOO_LARGE")
    assert refused(b"x", "") == ("file_name", "REQUIRED")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("wodomierz-rano.jpg", "wodomierz-rano.txt"),
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\Users\\Anna\\Pismo.TXT", "Pismo.txt"),
        ("a\r\nContent-Type: text.txt", "aContent-Type_ text.txt"),
        ("pismo\u202efdp.exe", "pismofdp.txt"),
        ('<b>"x"?*|.txt', "_b__x____.txt"),
        (".htaccess", "htaccess.txt"),
        ("x" * 180 + ".txt", "x" * 96 + ".txt"),
    ],
)
def test_names_are_cleaned(given, kept):
    assert keep(b"tekst", given).file_name == kept


@pytest.mark.parametrize("given", ["...", "/", "\u202e", " . "])
def test_a_name_of_which_nothing_is_left_is_refused(given):
    assert refused(b"tekst", given) == ("file_name", "MALFORMED")


def test_the_sums_of_an_archive_are_looked_at():
    content = bytearray(docx())
    crc = zlib.crc32(b"<w:document/>").to_bytes(4, "little")
    broken = bytes(content).replace(crc, b"\x00\x00\x00\x00")
    assert refused(broken) == ("chunk", "MALFORMED")
