"""Static files: ours and those of Bootstrap that pages use, from this machine only and without a build step.

All are read once, compressed once, and served below one digest of their contents:
`/assets/<digest>/app.css`. The address changes with any of them, so browsers keep each for a year and style
sheets may name fonts relatively.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import flask_bootstrap
from flask import Flask, Response, current_app, request, url_for
from werkzeug.exceptions import NotFound

OWN = Path(__file__).parent.parent / "static"
BOOTSTRAP = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5" / "css"
BOOTSTRAP_FILES = (
    "bootstrap.min.css",
    "font/bootstrap-icons.min.css",
    "font/fonts/bootstrap-icons.woff2",
    "font/fonts/bootstrap-icons.woff",
)
ASSETS_EXTENSION = "ebok_assets"
AGE_S = 365 * 24 * 3600
COMPRESSED = (".css", ".js", ".svg")
TYPES = {".woff2": "font/woff2", ".woff": "font/woff", ".js": "text/javascript", ".css": "text/css"}


@dataclass(frozen=True)
class Asset:
    """One file as it goes over the wire."""

    body: bytes
    packed: bytes | None
    mimetype: str


@dataclass
class Assets:
    """All files by name, and the digest of the whole."""

    files: dict[str, Asset] = field(default_factory=dict)
    digest: str = ""

    @classmethod
    @cache
    def read(cls, own: Path = OWN) -> "Assets":
        """Read our folder and the listed files of Bootstrap; once for each process."""
        paths = {path.relative_to(own).as_posix(): path for path in own.rglob("*") if path.is_file()}
        paths |= {f"bootstrap/{name}": BOOTSTRAP / name for name in BOOTSTRAP_FILES}
        files = {name: _asset(path) for name, path in sorted(paths.items())}
        whole = hashlib.sha256()
        for name, asset in files.items():
            whole.update(name.encode() + b"\0" + hashlib.sha256(asset.body).digest())
        return cls(files, whole.hexdigest()[:16])


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    if path.name == "bootstrap.min.css":
        # The map is not served; a browser with its tools open would ask for it in vain.
        body = body.replace(b"/*# sourceMappingURL=bootstrap.min.css.map */", b"")
    mimetype = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(body, 9, mtime=0) if path.suffix in COMPRESSED else None
    return Asset(body, packed, mimetype)


def asset_url(name: str) -> str:
    """The address of a static file; a name that does not exist is a fault of the template."""
    assets: Assets = current_app.extensions[ASSETS_EXTENSION]
    if name not in assets.files:
        raise LookupError(f"there is no static file {name!r}")
    return url_for("web.asset", digest=assets.digest, name=name)


def _asset_view(digest: str, name: str) -> Response:
    assets: Assets = current_app.extensions[ASSETS_EXTENSION]
    asset = assets.files.get(name)
    if asset is None:
        raise NotFound
    packed = asset.packed if request.accept_encodings["gzip"] > 0 else None
    response = Response(packed or asset.body, mimetype=asset.mimetype)
    if packed is not None:
        response.headers["Content-Encoding"] = "gzip"
    if asset.packed is not None:
        response.vary.add("Accept-Encoding")
    # During a roll-out an old page may ask a new server: it gets today's file, which is not kept under the
    # old name.
    kept = digest == assets.digest
    response.headers["Cache-Control"] = f"public, max-age={AGE_S}, immutable" if kept else "no-cache"
    response.set_etag(f"{assets.digest}-{'gz' if packed else 'id'}")
    response.make_conditional(request)
    return response


def init_assets(app: Flask) -> None:
    """Read the files and register their address and the template function `asset`."""
    app.extensions[ASSETS_EXTENSION] = Assets.read()
    app.add_url_rule("/assets/<digest>/<path:name>", "web.asset", _asset_view, methods=["GET"])
    app.jinja_env.globals["asset"] = asset_url
