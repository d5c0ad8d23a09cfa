"""What payments listens to."""

from chassis.messaging.inbox import Handlers
from services.payments.inbox import access, customers, ledger, settings

handlers = Handlers()
for noun in (access, customers, ledger, settings):
    handlers.include(noun.handlers)
