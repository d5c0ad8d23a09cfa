"""What billing listens to."""

from chassis.messaging.inbox import Handlers
from services.billing.inbox import payments, settings

handlers = Handlers()
for noun in (settings, payments):
    handlers.include(noun.handlers)
