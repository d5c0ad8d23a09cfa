"""The secrets of an installation: `python -m deploy.credentials make DIR` once, then
`python -m deploy.credentials manifests DIR | kubectl --namespace ebok apply --server-side -f -`.

`DIR/<part>/private` is what that part alone knows: its own key, and a file for each secret of its configuration; an
empty one is not used. `DIR/public` are the public keys of all. Each is mounted as it is, by compose and by
Kubernetes, at `/run/ebok/private` and `/run/ebok/public`. What is there is never made anew.
"""

import argparse
import base64
import secrets
import shutil
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from chassis.config import PartConfig
from chassis.keys import SEALED_FOR, generate
from deploy.local.parts import services
from deploy.local.supervising import write_private

PARTS = (*services(), "gateway", "connector")
Document = dict[str, Any]
OF_SERVICES_ALONE = ("database_url", "broker_url")


def config_of(part: str) -> type[PartConfig]:
    """The class of a part's configuration."""
    module = import_module(f"services.{part}.config" if part in services() else f"{part}.config")
    [found] = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, PartConfig) and one.__module__ == module.__name__
    ]
    return found


def secrets_of(part: str) -> list[str]:
    """The names of the secrets in a part's configuration."""
    names = [name for name, field in config_of(part).model_fields.items() if field.annotation is SecretStr]
    return [name for name in names if part in services() or name not in OF_SERVICES_ALONE]


def make(place: Path, *, postgres: str, rabbitmq: str, smtp: str) -> None:
    """Make what is not there yet: keys, passwords, a file for each secret."""
    for part in PARTS:
        generate(place / part, (part,), (part,) if part in SEALED_FOR else ())
        shutil.copytree(place / part / "public", place / "public", dirs_exist_ok=True)
    _write(place / "postgres", {"superuser_password": secrets.token_urlsafe(24)})
    password = _kept(place / "rabbitmq", "password", secrets.token_urlsafe(24))
    _write(
        place / "rabbitmq",
        {"ebok.conf": f"default_user = ebok\ndefault_pass = {password}\nlog.console = true\n"},
    )
    for part in PARTS:
        made = dict.fromkeys(secrets_of(part), "")
        if part in services():
            own = _kept(place / "postgres", f"{part}_password", secrets.token_urlsafe(24))
            made["database_url"] = f"postgresql+psycopg://{part}:{own}@{postgres}/{part}"
            made["broker_url"] = f"amqp://ebok:{password}@{rabbitmq}/"
        made |= {
            name: value
            for name, value in {
                "secret_key": secrets.token_urlsafe(48),
                "smtp_url": smtp,
                "smsapi_report_token": secrets.token_urlsafe(24),
            }.items()
            if name in made
        }
        _write(place / part, made)


def manifests(place: Path) -> list[Document]:
    """The Secrets and ConfigMaps of an installation."""
    private = sorted(path for path in place.glob("*/private") if path.is_dir())
    return [
        *(_document("Secret", path.parent.name, path) for path in private),
        _document("ConfigMap", "public-keys", place / "public"),
        _document("ConfigMap", "public-sealing-keys", place / "public" / "sealing"),
    ]


def _document(kind: str, name: str, directory: Path) -> Document:
    content = {path.name: path.read_bytes() for path in sorted(directory.iterdir()) if path.is_file()}
    labels = {"app.kubernetes.io/part-of": "ebok"}
    document: Document = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels},
    }
    if kind == "Secret":
        return document | {"data": {key: base64.b64encode(value).decode() for key, value in content.items()}}
    return document | {"data": {key: value.decode() for key, value in content.items()}}


def _kept(place: Path, name: str, fresh: str) -> str:
    """What a file says, made first if it is not there."""
    _write(place, {name: fresh})
    return (place / "private" / name).read_text(encoding="utf-8").strip()


def _write(place: Path, files: Mapping[str, str]) -> None:
    directory = place / "private"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in files.items():
        if not (directory / name).exists():
            write_private(directory / name, text)


def main() -> int:
    """Make, or print as manifests."""
    parser = argparse.ArgumentParser(prog="python -m deploy.credentials", description="Secrets and keys.")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make", help="make what is not there yet")
    making.add_argument("directory", type=Path)
    making.add_argument("--postgres", default="postgres:5432", help="host:port of PostgreSQL")
    making.add_argument("--rabbitmq", default="rabbitmq:5672", help="host:port of RabbitMQ")
    making.add_argument(
        "--smtp",
        default="smtp://mailbox:2525",
        help="mail server; a password belongs into notify/private/smtp_url",
    )
    printing = commands.add_parser("manifests", help="print them as Secrets and ConfigMaps")
    printing.add_argument("directory", type=Path)
    given = parser.parse_args()
    if given.command == "make":
        make(given.directory, postgres=given.postgres, rabbitmq=given.rabbitmq, smtp=given.smtp)
    else:
        yaml.safe_dump_all(manifests(given.directory), sys.stdout, sort_keys=False, allow_unicode=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
