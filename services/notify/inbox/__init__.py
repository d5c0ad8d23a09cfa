"""What notify listens to."""

from chassis.messaging.inbox import Handlers
from services.notify.inbox import access, customers, invoices, payments, readings, settings, tickets, users

handlers = Handlers()
for noun in (access, users, settings, customers, invoices, payments, readings, tickets):
    handlers.include(noun.handlers)
