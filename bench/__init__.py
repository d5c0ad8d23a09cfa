"""The figures we claim, each one command, each with its limit beside it: `make bench`, `make bench B=start-page`."""
