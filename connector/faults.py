"""What stops an import before or between rows; a bad row never does."""


class CannotImport(Exception):
    """The import cannot begin or go on; the sentence says what to do."""
