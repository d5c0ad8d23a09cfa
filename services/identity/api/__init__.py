"""The doors of identity: a noun each."""

from typing import Any

from chassis import keys
from chassis.app import Runtime
from chassis.revocations import Revocations
from chassis.rpc.access import ActorTokens
from chassis.rpc.server import Service
from services.identity.api import (
    api_clients,
    audit,
    consents,
    factors,
    grants,
    invitations,
    kept_requests,
    limits,
    personal_tokens,
    roles,
    sessions,
    settings,
    staff,
    users,
)
from services.identity.api import tokens as access_tokens
from services.identity.api.proofs import Proofs
from services.identity.api.sealed import sealer_for
from services.identity.api.tokens import RememberedTokens
from services.identity.clients.billing import BillingCustomers


def doors(runtime: Runtime) -> list[Service]:
    """All of them, made of what the process has."""
    database, clock, config = runtime.database, runtime.clock, runtime.config
    hasher: Any = runtime.resources["hasher"]
    signer = keys.load_signer(config.part, config.private_key_path)
    minting = ActorTokens(signer, clock)
    tokens = RememberedTokens(minting, clock, revoked=Revocations(database, clock).covers)
    token_door = access_tokens.TokenService(database, clock, minting=minting, remembered=tokens)
    proofs = Proofs(config.keys_dir, hasher=hasher)
    knobs: Any = {"hasher": hasher, "lifetimes": config.lifetimes}
    leaked: Any = runtime.resources["leaked"]
    user_door = users.UserService(database, clock, **knobs, seal=proofs.seals.mail, leaked=leaked)
    session_door = sessions.SessionService(database, clock, **knobs, proofs=proofs, tokens=tokens)
    factor_door = factors.FactorService(database, clock, **knobs, proofs=proofs, leaked=leaked)
    grant_door = grants.GrantService(database, clock, billing=BillingCustomers(runtime.channel("billing")))
    invitation_door = invitations.InvitationService(
        database, clock, seal=sealer_for("notify", config.keys_dir)
    )
    limit_door = limits.LimitService(database, clock, calls_a_minute=config.calls_a_minute)
    return [
        (access_tokens.rpc.add_TokenServiceServicer_to_server, token_door),
        (limits.rpc.add_LimitServiceServicer_to_server, limit_door),
        (
            kept_requests.rpc.add_KeptRequestServiceServicer_to_server,
            kept_requests.KeptRequestService(database, clock),
        ),
        (
            api_clients.rpc.add_ApiClientServiceServicer_to_server,
            api_clients.ApiClientService(database, clock),
        ),
        (
            personal_tokens.rpc.add_PersonalTokenServiceServicer_to_server,
            personal_tokens.PersonalTokenService(database, clock),
        ),
        (users.rpc.add_UserServiceServicer_to_server, user_door),
        (sessions.rpc.add_SessionServiceServicer_to_server, session_door),
        (factors.rpc.add_FactorServiceServicer_to_server, factor_door),
        (grants.rpc.add_GrantServiceServicer_to_server, grant_door),
        (invitations.rpc.add_InvitationServiceServicer_to_server, invitation_door),
        (consents.rpc.add_ConsentServiceServicer_to_server, consents.ConsentService(database, clock)),
        (audit.rpc.add_AuditServiceServicer_to_server, audit.AuditService(database)),
        (roles.rpc.add_RoleServiceServicer_to_server, roles.RoleService(database, clock)),
        (staff.rpc.add_StaffServiceServicer_to_server, staff.StaffService(database, clock)),
        (settings.rpc.add_SettingsServiceServicer_to_server, settings.SettingsService(database)),
    ]
