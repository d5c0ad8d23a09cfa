"""What billing listens to."""

from chassis.messaging.inbox import Handlers
from services.billing.inbox import access, consents, payments, settings

handlers = Handlers()
for noun in (access, settings, consents, payments):
    handlers.include(noun.handlers)
