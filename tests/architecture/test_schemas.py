"""The migrations of every service make what its models say."""

from importlib import import_module

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from chassis.columns import load_models
from chassis.database import schema_differences
from tests.architecture.sources import ROOT, SERVICES


def of(service):
    return import_module(f"services.{service}.__main__").part


@pytest.mark.parametrize("service", SERVICES)
def test_models_and_migrations_agree(service, database_url_for):
    package = f"services.{service}.storage"
    metadata = load_models(import_module(f"{package}.base").Base, package)
    assert {"inbox", "outbox"} < set(metadata.tables)
    assert schema_differences(database_url_for(of(service)), metadata) == []


@pytest.mark.parametrize("service", SERVICES)
def test_revisions_stand_in_one_row(service):
    config = Config()
    config.set_main_option("script_location", str(of(service).migrations))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    [_] = script.get_heads()
    [_] = script.get_bases()


def test_one_template_of_migrations_serves_all():
    assert list((ROOT / "services").rglob("*.mako")) == []
