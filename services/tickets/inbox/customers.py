"""What billing says of customers: names for the queue, towns and commodities for a clerk's area."""

from chassis.messaging.inbox import Handlers

handlers = Handlers()
