"""When something is to happen by itself: the next try, the end of a token, of the time to pay, of a refund's way."""

from chassis.clock import machine_now


def seconds_now() -> float:
    """By the machine's time: a suite whose clock is moved does not make banks faster."""
    return machine_now().timestamp()
