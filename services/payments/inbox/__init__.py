"""What payments listens to."""

from chassis.messaging.inbox import Handlers
from services.payments.inbox import customers, ledger, settings

handlers = Handlers()
for noun in (customers, ledger, settings):
    handlers.include(noun.handlers)
