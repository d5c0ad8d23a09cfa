"""Przelewy24 as it answers: REST API v1, its pay page and its notifications, with no money behind it."""
