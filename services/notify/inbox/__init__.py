"""What notify listens to."""

from chassis.messaging.inbox import Handlers
from services.notify.inbox import (
    access,
    consents,
    customers,
    grants,
    invoices,
    payments,
    readings,
    settings,
    tickets,
    users,
)

handlers = Handlers()
for noun in (access, users, grants, consents, settings, customers, invoices, payments, readings, tickets):
    handlers.include(noun.handlers)
