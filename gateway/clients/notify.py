"""Notify: what was sent to whom, and all that staff write for many or for one."""

from ebok.notify.v1 import (
    announcements_pb2_grpc,
    campaigns_pb2_grpc,
    messages_pb2_grpc,
    pages_pb2_grpc,
    preferences_pb2_grpc,
    reminders_pb2_grpc,
    reports_pb2_grpc,
    segments_pb2_grpc,
    templates_pb2_grpc,
)

from chassis.rpc.client import Channel


class Notify:
    """The stubs of notify."""

    def __init__(self, channel: Channel) -> None:
        self.messages = channel.stub(messages_pb2_grpc.MessageServiceStub)
        self.announcements = channel.stub(announcements_pb2_grpc.AnnouncementServiceStub)
        self.campaigns = channel.stub(campaigns_pb2_grpc.CampaignServiceStub)
        self.segments = channel.stub(segments_pb2_grpc.SegmentServiceStub)
        self.templates = channel.stub(templates_pb2_grpc.TemplateServiceStub)
        self.pages = channel.stub(pages_pb2_grpc.PageServiceStub)
        self.preferences = channel.stub(preferences_pb2_grpc.PreferenceServiceStub)
        self.reminders = channel.stub(reminders_pb2_grpc.ReminderServiceStub)
        self.reports = channel.stub(reports_pb2_grpc.ReportServiceStub)
