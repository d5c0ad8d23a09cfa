from chassis.database import run_migrations
from tests.chassis.notes import Base

run_migrations(Base.metadata)
