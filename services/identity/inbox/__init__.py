"""What identity listens to."""

from chassis.messaging.inbox import Handlers
from services.identity.inbox import acts, customers

handlers = Handlers()
for noun in (acts, customers):
    handlers.include(noun.handlers)
