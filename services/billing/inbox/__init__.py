"""What billing listens to."""

from chassis.messaging.inbox import Handlers
from services.billing.inbox import access, payments, settings

handlers = Handlers()
for noun in (access, settings, payments):
    handlers.include(noun.handlers)
