"""What stops an import before or between rows; a bad row never does."""


class CannotImport(Exception):
    """The import cannot begin or go on; the sentence says what to do."""


class BillingAway(CannotImport):
    """Billing does not answer; what came in stays."""


class Stopped(BaseException):
    """The operator wants an end, whatever is under way: it goes on at the next start.

    Like KeyboardInterrupt no Exception, so that nothing on the way takes it for a fault.
    """
