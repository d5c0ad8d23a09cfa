"""Identity: users, sessions, grants, staff and their roles, audit log, settings."""

from ebok.identity.v1 import (
    api_clients_pb2_grpc,
    audit_pb2_grpc,
    consents_pb2_grpc,
    factors_pb2_grpc,
    grants_pb2_grpc,
    invitations_pb2_grpc,
    kept_requests_pb2_grpc,
    limits_pb2_grpc,
    personal_tokens_pb2_grpc,
    roles_pb2_grpc,
    sessions_pb2_grpc,
    settings_pb2_grpc,
    staff_pb2_grpc,
    tokens_pb2_grpc,
    users_pb2_grpc,
)

from chassis.rpc.client import Channel


class Identity:
    """The stubs of identity."""

    def __init__(self, channel: Channel) -> None:
        self.users = channel.stub(users_pb2_grpc.UserServiceStub)
        self.sessions = channel.stub(sessions_pb2_grpc.SessionServiceStub)
        self.factors = channel.stub(factors_pb2_grpc.FactorServiceStub)
        self.grants = channel.stub(grants_pb2_grpc.GrantServiceStub)
        self.invitations = channel.stub(invitations_pb2_grpc.InvitationServiceStub)
        self.consents = channel.stub(consents_pb2_grpc.ConsentServiceStub)
        self.audit = channel.stub(audit_pb2_grpc.AuditServiceStub)
        self.settings = channel.stub(settings_pb2_grpc.SettingsServiceStub)
        self.staff = channel.stub(staff_pb2_grpc.StaffServiceStub)
        self.roles = channel.stub(roles_pb2_grpc.RoleServiceStub)
        self.tokens = channel.stub(tokens_pb2_grpc.TokenServiceStub)
        self.limits = channel.stub(limits_pb2_grpc.LimitServiceStub)
        self.kept_requests = channel.stub(kept_requests_pb2_grpc.KeptRequestServiceStub)
        self.api_clients = channel.stub(api_clients_pb2_grpc.ApiClientServiceStub)
        self.personal_tokens = channel.stub(personal_tokens_pb2_grpc.PersonalTokenServiceStub)
