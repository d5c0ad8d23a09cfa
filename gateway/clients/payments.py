"""Payments: paying, refunds, and what payment providers tell us."""

from ebok.payments.v1 import notifications_pb2_grpc, payments_pb2_grpc, refunds_pb2_grpc

from chassis.rpc.client import Channel


class Payments:
    """The stubs of payments."""

    def __init__(self, channel: Channel) -> None:
        self.payments = channel.stub(payments_pb2_grpc.PaymentServiceStub)
        self.refunds = channel.stub(refunds_pb2_grpc.RefundServiceStub)
        self.notifications = channel.stub(notifications_pb2_grpc.NotificationServiceStub)
