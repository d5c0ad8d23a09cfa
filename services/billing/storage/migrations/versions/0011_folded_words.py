"""Words and order of master data, folded with the row."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

HOUSE = "building || CASE WHEN flat <> '' THEN '/' || flat ELSE '' END"
WORDS = {
    "premises": f"street || ' ' || {HOUSE} || ' ' || postcode || ' ' || town",
    "service_points": "code",
    "meters": "serial_number || ' ' || replace(serial_number, ' ', '')",
    "contracts": "number",
}
ORDER = {
    "premises": ("premises_id", f"town || ' ' || street || ' ' || {HOUSE}"),
    "meters": ("meter_id", "serial_number"),
    "contracts": ("contract_id", "number"),
}


def folded(text: str) -> str:
    return f"lower(translate({text}, 'ĄĆĘŁŃÓŚŹŻąćęłńóśźż', 'acelnoszzacelnoszz'))"


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    for table, text in WORDS.items():
        op.add_column(
            table, sa.Column("search", sa.Text(), sa.Computed(folded(text), persisted=True), nullable=False)
        )
    for table, (identity, text) in ORDER.items():
        key = sa.Computed(f"left({folded(text)}, 96)", persisted=True)
        op.add_column(table, sa.Column("sort_key", sa.Text(collation="C"), key, nullable=False))
        op.create_index(f"{table}_by_sort_key", table, ["sort_key", identity], unique=False)
