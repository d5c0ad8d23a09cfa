"""Files beside the database: a directory by default, a bucket of S3 in production. The rows say what they are.

A file's name is an id that was made here: nothing that came from outside is ever part of a path. It is written whole or
not at all, and never changed. A file is put before the row that names it is committed, and deleted after the row is
gone: what a crash leaves between is a file that nothing names, for a job that lists the old ones.
"""

import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chassis.errors import Unavailable

PIECE_BYTES = 64 * 1024
ATTEMPTS_MAX = 3
CONNECT_S, ANSWER_S = 3.0, 15.0
MISSING = frozenset({"NoSuchKey", "404"})
PUTTING = ".putting-"  # What a file is called until it is whole.


class FileMissing(Exception):
    """There is no file of that name."""


class FilesAway(Unavailable):
    """The place of the files cannot be reached, or is full."""

    reason = "FILES_AWAY"


class Files(Protocol):
    """Whatever keeps files."""

    def put(self, name: UUID, pieces: Iterable[bytes]) -> None:
        """Keep a file. When the pieces raise, there is none. Raises FilesAway."""

    def get(self, name: UUID) -> Iterator[bytes]:
        """The file, in pieces of PIECE_BYTES at most. Raises FileMissing before the first piece, FilesAway."""

    def delete(self, name: UUID) -> None:
        """Forget a file; one that is not there is forgotten already. Raises FilesAway."""

    def list_old(self, before: datetime) -> Iterator[UUID]:
        """Names of the files that were put before an instant of the machine's clock. Raises FilesAway."""


class Directory:
    """Files in a directory, in 256 folders. It may be shared between replicas."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, name: UUID, pieces: Iterable[bytes]) -> None:
        """Written beside its place and moved there: nobody ever reads half of it."""
        place = self._place(name)
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, made = tempfile.mkstemp(prefix=PUTTING, dir=place.parent)
        except OSError as fault:
            raise FilesAway from fault
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            Path(made).replace(place)
        except OSError as fault:
            raise FilesAway from fault
        finally:
            Path(made).unlink(missing_ok=True)

    def get(self, name: UUID) -> Iterator[bytes]:
        """Opened at once, read as it is wanted."""
        try:
            file = self._place(name).open("rb")
        except FileNotFoundError:
            raise FileMissing(str(name)) from None
        except OSError as fault:
            raise FilesAway from fault
        return _read(file)

    def delete(self, name: UUID) -> None:
        """Only the file: its folder is wanted again."""
        try:
            self._place(name).unlink(missing_ok=True)
        except OSError as fault:
            raise FilesAway from fault

    def list_old(self, before: datetime) -> Iterator[UUID]:
        """Pieces of files that were never finished are thrown away on the way."""
        for place in sorted(self._path.glob("??/*")):
            try:
                changed_at = datetime.fromtimestamp(place.stat().st_mtime, UTC)
            except FileNotFoundError:
                continue  # Deleted by another replica in this moment.
            if changed_at >= before:
                continue
            if place.name.startswith(PUTTING):
                place.unlink(missing_ok=True)
            else:
                yield UUID(hex=place.name)

    def _place(self, name: UUID) -> Path:
        return self._path / name.hex[-2:] / name.hex


class Bucket:
    """Files in a bucket of S3, or of anything that speaks it. The bucket is there already and belongs to one part."""

    def __init__(self, *, url: str, bucket: str, region: str, key_id: str, secret: str) -> None:
        self._bucket = bucket
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=url,
            region_name=region,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=Config(
                connect_timeout=CONNECT_S,
                read_timeout=ANSWER_S,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS_MAX},
                # Other makers' S3 knows no checksums but those it is asked for.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def put(self, name: UUID, pieces: Iterable[bytes]) -> None:
        """S3 shows an object when it is whole."""
        try:
            self._client.upload_fileobj(
                _Pieces(pieces), self._bucket, name.hex, Config=TransferConfig(use_threads=False)
            )
        except (BotoCoreError, ClientError, boto3.exceptions.S3UploadFailedError) as fault:
            raise FilesAway from fault

    def get(self, name: UUID) -> Iterator[bytes]:
        """Asked for at once, read as it is wanted."""
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=name.hex)["Body"]
        except ClientError as fault:
            if fault.response.get("Error", {}).get("Code") in MISSING:
                raise FileMissing(str(name)) from None
            raise FilesAway from fault
        except BotoCoreError as fault:
            raise FilesAway from fault
        return self._read(body)

    def delete(self, name: UUID) -> None:
        """S3 answers the same whether it was there."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=name.hex)
        except (BotoCoreError, ClientError) as fault:
            raise FilesAway from fault

    def list_old(self, before: datetime) -> Iterator[UUID]:
        """A page of a thousand at a time."""
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket):
                for one in page.get("Contents", ()):
                    if one["LastModified"] < before:
                        yield UUID(hex=one["Key"])
        except (BotoCoreError, ClientError) as fault:
            raise FilesAway from fault

    @staticmethod
    def _read(body: Any) -> Iterator[bytes]:
        try:
            yield from body.iter_chunks(PIECE_BYTES)
        except BotoCoreError as fault:
            raise FilesAway from fault


class _Pieces(io.RawIOBase):
    """Pieces as a file to read from."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def read(self, size: int = -1) -> bytes:
        """As a file does: short only at its end."""
        found = bytearray()
        while size < 0 or len(found) < size:
            piece = super().read(PIECE_BYTES if size < 0 else size - len(found))
            if not piece:
                break
            found += piece
        return bytes(found)


def _read(file: Any) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece
