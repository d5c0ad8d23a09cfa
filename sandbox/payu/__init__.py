"""PayU (Europe) as it answers: REST API 2.1, its pay page and its notifications, with no money behind it."""
