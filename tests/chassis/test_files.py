"""Files in a directory and in a bucket: the same promises of both. S3 is moto's server."""

import os
import time
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from chassis.clock import machine_now
from chassis.files import PIECE_BYTES, PUTTING, Bucket, Directory, FileMissing, FilesAway
from chassis.ids import new_id

ACCOUNT = {"region": "eu-central-1", "key_id": "id", "secret": "secret"}


@pytest.fixture(scope="module")
def s3_url():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_url):
    name = f"files-{new_id().hex[-12:]}"
    client = boto3.client(
        "s3",
        endpoint_url=s3_url,
        region_name="eu-central-1",
        aws_access_key_id="id",
        aws_secret_access_key="secret",
    )
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return Bucket(url=s3_url, bucket=name, **ACCOUNT)


@pytest.fixture(params=["directory", "s3"])
def files(request, tmp_path):
    return request.getfixturevalue("bucket") if request.param == "s3" else Directory(tmp_path / "files")


def soon():
    return machine_now() + timedelta(minutes=1)


@pytest.mark.parametrize("size", [1, PIECE_BYTES, 3 * PIECE_BYTES + 7, 9 * 1024 * 1024])
def test_what_was_put_is_got_in_small_pieces(files, size):
    content = os.urandom(size)
    name = new_id()
    files.put(name, (content[begin : begin + 50_000] for begin in range(0, size, 50_000)))

    pieces = list(files.get(name))

    assert b"".join(pieces) == content
    assert max(len(piece) for piece in pieces) <= PIECE_BYTES


def test_a_file_whose_pieces_end_early_is_not_there(files):
    def broken():
        yield b"half"
        raise RuntimeError

    name = new_id()
    with pytest.raises(RuntimeError):
        files.put(name, broken())
    with pytest.raises(FileMissing):
        files.get(name)
    assert list(files.list_old(soon())) == []


def test_a_deleted_file_is_gone_and_may_be_deleted_again(files):
    name = new_id()
    files.put(name, [b"x"])
    files.delete(name)
    files.delete(name)
    with pytest.raises(FileMissing):
        files.get(name)


def test_old_files_are_listed_by_name(files):
    names = {new_id() for _ in range(3)}
    for name in names:
        files.put(name, [b"x"])
    assert set(files.list_old(soon())) == names
    assert list(files.list_old(machine_now() - timedelta(days=1))) == []


def test_what_a_crash_left_half_written_is_thrown_away_when_it_is_old(tmp_path):
    files = Directory(tmp_path)
    files.put(new_id(), [b"x"])
    [folder] = [one for one in tmp_path.iterdir() if one.is_dir()]
    left = folder / f"{PUTTING}x"
    left.write_bytes(b"half")
    yesterday = time.time() - 86_400
    os.utime(left, (yesterday, yesterday))

    assert list(files.list_old(machine_now() - timedelta(hours=1))) == []
    assert not left.exists()


def test_a_directory_is_for_its_owner_alone(tmp_path):
    Directory(tmp_path / "files").put(new_id(), [b"x"])
    for path in (tmp_path / "files").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_place_that_cannot_be_written_is_away(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(FilesAway):
        Directory(blocked).put(new_id(), [b"x"])


def test_an_s3_that_is_not_there_is_away():
    files = Bucket(url="http://127.0.0.1:9", bucket="none", **ACCOUNT)
    for act in (
        lambda: files.put(new_id(), [b"x"]),
        lambda: files.get(new_id()),
        lambda: files.delete(new_id()),
        lambda: list(files.list_old(soon())),
    ):
        with pytest.raises(FilesAway):
            act()


def test_a_bucket_that_is_not_there_is_away(s3_url):
    files = Bucket(url=s3_url, bucket="nothing-here", **ACCOUNT)
    with pytest.raises(FilesAway):
        files.put(new_id(), [b"x"])
    with pytest.raises(FilesAway):
        files.get(new_id())


def test_a_name_leads_nowhere_but_below_the_directory(tmp_path):
    files = Directory(tmp_path / "files")
    name = new_id()
    files.put(name, [b"x"])
    [place] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert place.relative_to(tmp_path) == Path("files") / name.hex[-2:] / name.hex
