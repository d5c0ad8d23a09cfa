"""Daily use derived from readings, and interval readings."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MARK = """
  ON CONFLICT (meter_id) DO UPDATE SET from_day = excluded.from_day WHERE u.from_day > excluded.from_day;
"""
# Whoever writes readings, in whatever way, has marked what is to be derived anew: nobody can forget it, and the code of
# the release before does it as well. Meters in one order, so that no two writers wait for each other. A mark that stands is held until the
# writer is done, and not written again: an import comes by a meter with every batch.
OF_NEW_READINGS = f"""
CREATE FUNCTION mark_use_of_new_readings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO use_to_derive AS u (meter_id, from_day)
  SELECT meter_id, min(read_on) FROM added WHERE status = 'ACCEPTED' AND register = 'main'
   GROUP BY meter_id ORDER BY meter_id
  {MARK}
  RETURN NULL;
END $$
"""  # noqa: S608 - parts of our own, no input
OF_CHANGED_READING = f"""
CREATE FUNCTION mark_use_of_changed_reading() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO use_to_derive AS u (meter_id, from_day)
  SELECT meter_id, min(read_on)
    FROM (VALUES (OLD.meter_id, OLD.read_on, OLD.register), (NEW.meter_id, NEW.read_on, NEW.register))
         AS one (meter_id, read_on, register)
   WHERE register = 'main'
   GROUP BY meter_id ORDER BY meter_id
  {MARK}
  RETURN NULL;
END $$
"""  # noqa: S608
OF_METER = f"""
CREATE FUNCTION mark_use_of_meter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO use_to_derive AS u (meter_id, from_day)
  SELECT meter_id, min(read_on) FROM readings WHERE meter_id = NEW.meter_id AND status = 'ACCEPTED' GROUP BY meter_id
  {MARK}
  RETURN NULL;
END $$
"""  # noqa: S608
OF_INTERVALS = f"""
CREATE FUNCTION mark_use_of_intervals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO use_to_derive AS u (meter_id, from_day)
  SELECT meter_id, min((starts_at AT TIME ZONE 'Europe/Warsaw')::date) FROM written
   GROUP BY meter_id ORDER BY meter_id
  {MARK}
  RETURN NULL;
END $$
"""  # noqa: S608
TRIGGERS = """
CREATE TRIGGER readings_mark_use_added AFTER INSERT ON readings REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION mark_use_of_new_readings();
CREATE TRIGGER readings_mark_use_changed
  AFTER UPDATE OF status, value, read_on, meter_id, register ON readings
  FOR EACH ROW WHEN (OLD.status = 'ACCEPTED' OR NEW.status = 'ACCEPTED')
  EXECUTE FUNCTION mark_use_of_changed_reading();
CREATE TRIGGER meters_mark_use AFTER UPDATE OF digits ON meters
  FOR EACH ROW WHEN (OLD.digits <> NEW.digits) EXECUTE FUNCTION mark_use_of_meter();
CREATE TRIGGER intervals_mark_use_added AFTER INSERT ON interval_readings REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_use_of_intervals();
CREATE TRIGGER intervals_mark_use_changed AFTER UPDATE ON interval_readings REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION mark_use_of_intervals();
"""
ALL_THERE_IS = """
INSERT INTO use_to_derive (meter_id, from_day)
SELECT meter_id, min(read_on) FROM readings WHERE status = 'ACCEPTED' AND register = 'main' GROUP BY meter_id
"""


def upgrade() -> None:
    """The tables, the marks that writers leave, and a mark for every meter that was read before."""
    op.create_table(
        "daily_use",
        sa.Column("meter_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.Column("measured", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "meter_id", "day", name=op.f("pk_daily_use"), postgresql_include=["used", "measured"]
        ),
    )
    op.create_table(
        "use_to_derive",
        sa.Column("meter_id", sa.Uuid(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("meter_id", name=op.f("pk_use_to_derive")),
    )
    op.create_table(
        "interval_readings",
        sa.Column("meter_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.Column("used", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.CheckConstraint("minutes IN (15, 30, 60)", name=op.f("ck_interval_readings_minutes")),
        sa.CheckConstraint("used >= 0", name=op.f("ck_interval_readings_used")),
        sa.ForeignKeyConstraint(
            ["meter_id"], ["meters.meter_id"], name=op.f("fk_interval_readings_meter_id")
        ),
        sa.PrimaryKeyConstraint("meter_id", "starts_at", name=op.f("pk_interval_readings")),
    )
    for function in (OF_NEW_READINGS, OF_CHANGED_READING, OF_METER, OF_INTERVALS):
        op.execute(function)
    for trigger in TRIGGERS.split(";")[:-1]:
        op.execute(trigger)
    op.execute(ALL_THERE_IS)
