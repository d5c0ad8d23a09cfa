"""Notify: what was sent to whom."""

from ebok.notify.v1 import messages_pb2_grpc

from chassis.rpc.client import Channel


class Notify:
    """The stubs of notify."""

    def __init__(self, channel: Channel) -> None:
        self.messages = channel.stub(messages_pb2_grpc.MessageServiceStub)
