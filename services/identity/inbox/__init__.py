"""What identity listens to."""

from chassis.messaging.inbox import Handlers
from services.identity.inbox import acts, customers, messages

handlers = Handlers()
for noun in (acts, customers, messages):
    handlers.include(noun.handlers)
