"""Notify: what was sent to whom, announcements, pages."""

from ebok.notify.v1 import announcements_pb2_grpc, messages_pb2_grpc, pages_pb2_grpc

from chassis.rpc.client import Channel


class Notify:
    """The stubs of notify."""

    def __init__(self, channel: Channel) -> None:
        self.messages = channel.stub(messages_pb2_grpc.MessageServiceStub)
        self.announcements = channel.stub(announcements_pb2_grpc.AnnouncementServiceStub)
        self.pages = channel.stub(pages_pb2_grpc.PageServiceStub)
