"""Fixtures for the tests of every part; load them with `pytest_plugins = ["chassis.testing.fixtures"]`."""
