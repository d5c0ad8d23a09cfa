"""Loads the chassis' fixtures for all tests, and lets the files that take minutes begin."""

import pytest

pytest_plugins = ["chassis.testing.fixtures"]

# Workers take whole files in this order: with the long ones first, none of them waits for another at the end.
LONGEST = ("test_bad_forms_console.py", "test_axe.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the rest as they stand."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
