"""Events between services: written into the outbox with the change, carried by a relay, handled once by the
inbox.
"""
