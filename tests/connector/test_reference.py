"""The connector's reference in docs/integrating.md: it names every kind, field, rule and option, and no other."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from connector.__main__ import app
from connector.mapping import KINDS, NEEDED, Rule, Table, read_mapping

DOCS = (Path(__file__).parents[2] / "docs" / "integrating.md").read_text("utf-8")
SECTION = DOCS.partition("\n## Bringing your own data in: the connector\n")[2].partition("\n## REST\n")[0]
ALIASED = [field.alias or name for name, field in Table.model_fields.items()]


def table(head: str) -> list[list[str]]:
    """The rows below a head."""
    lines = SECTION.partition(f"| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    assert lines
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def test_the_example_is_a_mapping_and_shows_every_key_of_a_table(tmp_path: Path):
    example = SECTION.partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "mapping.yaml"
    path.write_text(example, "utf-8")
    [known] = read_mapping(path).tables
    assert known.rows == "readings"
    assert [key for key in ALIASED if f" {key}: " not in example and f" {key}:\n" not in example] == []


@pytest.mark.parametrize("command", ["import", "watch"])
def test_every_option_is_told(command: str):
    called = next(line for line in SECTION.splitlines() if line.startswith(f"python -m connector {command} "))
    told = set(re.findall(r"(--[a-z-]+)", called))
    tables = SECTION.split("| Option | Does |")[1:]
    of_this = tables[["import", "watch"].index(command)].partition("\n\n")[0]
    told |= set(re.findall(r"(?m)^\| `(--[a-z-]+)", of_this))
    params = get_command(app).commands[command].params  # type: ignore[attr-defined]
    assert told == {one.opts[0] for one in params} - {"--help"}


def test_every_rule_of_a_field_is_told():
    said = " ".join(row[0] for row in table("Rule of a field"))
    assert set(re.findall(r"`(\w+):", said)) == set(Rule.model_fields)


def test_every_kind_of_rows_is_told_with_its_fields():
    found = {}
    for kind, needed, further in table("Kind of rows"):
        names = [re.sub(r" \([^)]*\)", "", cell).split(", ") for cell in (needed, further)]
        found[kind.strip("`")] = tuple(set(one) for one in names)
    expected = {
        kind: (set(NEEDED[kind]), {field.name for field in row.DESCRIPTOR.fields} - set(NEEDED[kind]))
        for kind, (_carrier, row) in KINDS.items()
    }
    assert found == expected
