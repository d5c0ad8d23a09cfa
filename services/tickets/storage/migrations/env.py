"""Alembic's entry: the metadata is needed to compare, never to migrate."""

from chassis.columns import load_models
from chassis.database import run_migrations
from services.tickets.storage.base import Base

run_migrations(load_models(Base, "services.tickets.storage"))
