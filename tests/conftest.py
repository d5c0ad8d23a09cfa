"""Loads the chassis' fixtures for all tests."""

pytest_plugins = ["chassis.testing.fixtures"]
