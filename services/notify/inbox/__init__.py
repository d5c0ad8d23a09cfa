"""What notify listens to."""

from chassis.messaging.inbox import Handlers
from services.notify.inbox import customers, invoices, payments, readings, settings, tickets, users

handlers = Handlers()
for noun in (users, settings, customers, invoices, payments, readings, tickets):
    handlers.include(noun.handlers)
