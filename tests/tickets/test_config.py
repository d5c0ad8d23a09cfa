"""Where files are kept: a directory, or S3 with all that it needs."""

import pytest

from chassis.config import ConfigFaulty, Environment, load_config
from chassis.files import Bucket, Directory
from services.tickets.config import TicketsConfig

S3 = {
    "files_s3_url": "https://s3.example",
    "files_s3_bucket": "cases",
    "files_s3_key_id": "id",
    "files_s3_secret": "secret",
}


def test_files_are_kept_in_a_directory_unless_told_otherwise(tmp_path):
    config = load_config(TicketsConfig, files_dir=tmp_path)
    assert isinstance(config.open_files(), Directory)


def test_with_an_address_of_s3_they_are_kept_there():
    assert isinstance(load_config(TicketsConfig, **S3).open_files(), Bucket)


def test_what_s3_lacks_is_said_at_once():
    with pytest.raises(ConfigFaulty) as faulty:
        load_config(TicketsConfig, files_s3_url="https://s3.example")
    for name in ("EBOK_FILES_S3_BUCKET", "EBOK_FILES_S3_KEY_ID", "EBOK_FILES_S3_SECRET"):
        assert name in str(faulty.value)


@pytest.mark.parametrize("url", ["s3.example", "ftp://s3.example", "http://"])
def test_an_address_of_s3_is_a_url(url):
    with pytest.raises(ConfigFaulty, match="EBOK_FILES_S3_URL"):
        load_config(TicketsConfig, **{**S3, "files_s3_url": url})


def test_production_sends_no_files_in_the_clear():
    plain = {**S3, "files_s3_url": "http://s3.example"}
    with pytest.raises(ConfigFaulty, match="https only"):
        load_config(TicketsConfig, **plain)
    load_config(TicketsConfig, environment=Environment.TEST, **plain)
    load_config(TicketsConfig, **{**S3, "files_s3_url": "http://127.0.0.1:9000"})


def test_the_secret_may_come_from_a_file_and_is_never_shown(tmp_path, monkeypatch):
    path = tmp_path / "secret"
    path.write_text("from-a-file\n")
    monkeypatch.setenv("EBOK_FILES_S3_SECRET_FILE", str(path))
    given = {name: value for name, value in S3.items() if name != "files_s3_secret"}
    config = load_config(TicketsConfig, **given)
    assert config.files_s3_secret.get_secret_value() == "from-a-file"
    assert "from-a-file" not in repr(config)
