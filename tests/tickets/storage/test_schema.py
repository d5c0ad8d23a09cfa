"""The tables as migrated are the tables as declared, and what is published stays as it is."""

import pytest
import sqlalchemy as sa

from chassis.columns import load_models
from chassis.database import schema_differences
from services.tickets.__main__ import part
from services.tickets.storage.base import Base


@pytest.fixture
def engine(database_url_for):
    engine = sa.create_engine(database_url_for(part))
    yield engine
    engine.dispose()


def test_the_models_say_what_the_migrations_made(database_url_for):
    assert schema_differences(database_url_for(part), load_models(Base, "services.tickets.storage")) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE workflow_versions SET document = '{}'",
        "DELETE FROM workflow_versions",
        "TRUNCATE workflow_versions CASCADE",
    ],
)
def test_a_published_version_is_never_changed(engine, change):
    with pytest.raises(sa.exc.IntegrityError, match="never changed"), engine.begin() as connection:
        connection.execute(sa.text(change))
