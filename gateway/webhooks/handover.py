"""Handing providers' messages over to payments: those that come while a call runs go together into the next."""

from collections.abc import Sequence

from ebok.payments.v1 import notifications_pb2 as pb
from flask import current_app
from flask.blueprints import BlueprintSetupState

from chassis.errors import Refusal, Unavailable
from chassis.rpc.errors import RemoteFault
from chassis.together import Together
from gateway.web.calls import as_gateway, clients
from gateway.webhooks import webhooks

TOGETHER_MAX = 64  # As many as a call may hold; bodies of 64 KiB each fit into a message of gRPC.
HANDOVER = "ebok_handover"
Handover = Together[pb.ReceiveNotificationRequest, bool]


def hand_over(message: pb.ReceiveNotificationRequest) -> None:
    """Return when it is stored. Raises the refusal that is its own, or that payments is away."""
    handover: Handover = current_app.extensions[HANDOVER]
    [is_stored] = handover.do([message])
    if not is_stored:
        as_gateway(clients().payments.notifications.ReceiveNotification, message)


def _keep(messages: Sequence[pb.ReceiveNotificationRequest]) -> Sequence[bool]:
    """Whether each is stored. What is not goes alone, and hears why."""
    request = pb.KeepNotificationsRequest(notifications=messages)
    try:
        answer = as_gateway(clients().payments.notifications.KeepNotifications, request)
    except Unavailable:
        raise
    except (Refusal, RemoteFault) as fault:  # One that is malformed; or payments is older than this call.
        current_app.logger.warning("%d messages not stored together: %s", len(messages), fault)
        return [False] * len(messages)
    return [bool(exchange_id) for exchange_id in answer.exchange_ids]


@webhooks.record
def _prepare(state: BlueprintSetupState) -> None:
    """One for each application: all its threads hand over together."""
    state.app.extensions[HANDOVER] = Together(_keep, items_max=TOGETHER_MAX)
