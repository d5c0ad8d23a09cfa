"""Tickets: cases, their files, categories, workflows, canned answers, the contact log."""

from ebok.tickets.v1 import (
    attachments_pb2_grpc,
    canned_answers_pb2_grpc,
    categories_pb2_grpc,
    contacts_pb2_grpc,
    desk_pb2_grpc,
    tickets_pb2_grpc,
    workflows_pb2_grpc,
)

from chassis.rpc.client import Channel


class Tickets:
    """The stubs of tickets."""

    def __init__(self, channel: Channel) -> None:
        self.tickets = channel.stub(tickets_pb2_grpc.TicketServiceStub)
        self.desk = channel.stub(desk_pb2_grpc.TicketDeskServiceStub)
        self.attachments = channel.stub(attachments_pb2_grpc.AttachmentServiceStub)
        self.categories = channel.stub(categories_pb2_grpc.CategoryServiceStub)
        self.workflows = channel.stub(workflows_pb2_grpc.WorkflowServiceStub)
        self.canned_answers = channel.stub(canned_answers_pb2_grpc.CannedAnswerServiceStub)
        self.contacts = channel.stub(contacts_pb2_grpc.ContactServiceStub)
