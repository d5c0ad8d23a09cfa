"""Static files: local, compressed, kept for a year under an address that changes with them."""

import gzip
import re

from gateway.web.assets import Assets


def test_pages_name_only_files_that_are_served(client):
    for path in ("/", "/konsola/"):
        html = client.get(path).get_data(as_text=True)
        for address in re.findall(r'(?:href|src)="(/(?:assets|brand|favicon)[^"]+)"', html):
            assert client.get(address.replace("&amp;", "&")).status_code == 200


def test_files_are_immutable_under_their_digest_only(client):
    digest = Assets.read().digest
    kept = client.get(f"/assets/{digest}/app.css").headers
    assert kept["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/assets/0000/app.css").headers["Cache-Control"] == "no-cache"
    assert client.get(f"/assets/{digest}/../conftest.py").status_code == 404


def test_style_sheets_travel_compressed_and_fonts_do_not(client):
    digest = Assets.read().digest
    address = f"/assets/{digest}/bootstrap/bootstrap.min.css"
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == client.get(address).data
    assert len(packed.data) < 45_000
    font = client.get(
        f"/assets/{digest}/bootstrap/font/fonts/bootstrap-icons.woff2", headers={"Accept-Encoding": "gzip"}
    )
    assert "Content-Encoding" not in font.headers
    assert font.mimetype == "font/woff2"


def test_an_unchanged_file_is_not_sent_again(client):
    address = f"/assets/{Assets.read().digest}/app.js"
    tag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_style_sheets_ask_no_other_host():
    for name, asset in Assets.read().files.items():
        if name.endswith(".css"):
            assert not re.search(rb"url\([\"']?(?:https?:)?//", asset.body), name
            assert b"@import" not in asset.body
            assert b"sourceMappingURL" not in asset.body
