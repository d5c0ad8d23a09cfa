"""Files for tests: what people attach, and what they should not."""

import base64
import zipfile
import zlib
from io import BytesIO

# 64 by 48 pixels, blue with a white line, as telephones write them; the description says SECRETPLACE.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAb5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9j"
    "AAAAAERAAAIAAQAAAAAB4gABAAAAAAAAADoAAgAAAAACHAABAAAAAAAAADAAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAA"
    "ABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNg"
    "AAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZE"
    "AcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AA"
    "AAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAAcm1kYXQAAAA2"
    "KAGvE4DlMff/g8RBttI/l8mYNB3fj+jNzxEhYVI+gqS3U3D09bgEXMcO3d7dOC+X70H+POHHAAAABkV4aWYAAE1NACoAAAAIAAEBDgACAAAA"
    "DAAAABoAAAAAU0VDUkVUUExBQ0UA"
)
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


def archive(entries: dict[str, bytes], *, stored_first: str = "") -> bytes:
    """A zip."""
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            way = zipfile.ZIP_STORED if name == stored_first else zipfile.ZIP_DEFLATED
            made.writestr(name, content, way)
    return written.getvalue()


def docx(**more: bytes) -> bytes:
    """A Word document, with further entries; `__` in a name is a slash, `_dot_` a dot."""
    extra = {name.replace("__", "/").replace("_dot_", "."): content for name, content in more.items()}
    return archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>", **extra})


def xlsx() -> bytes:
    """An Excel workbook."""
    return archive({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})


def open_document(kind: str, **more: bytes) -> bytes:
    """An OpenDocument: "text" or "spreadsheet"."""
    told = f"application/vnd.oasis.opendocument.{kind}".encode()
    extra = {name.replace("__", "/"): content for name, content in more.items()}
    return archive({"mimetype": told, "content.xml": b"<office/>", **extra}, stored_first="mimetype")


def packed_pdf(objects: bytes, *, name: bytes = b"/ObjStm", more: bytes = b"") -> bytes:
    """A PDF whose objects lie packed in a stream."""
    packed = zlib.compress(objects)
    head = b"3 0 obj<</Type%s/Filter/FlateDecode%s/Length %d>>stream\r\n" % (name, more, len(packed))
    return PDF.replace(b"trailer", head + packed + b"\nendstream endobj\ntrailer")
