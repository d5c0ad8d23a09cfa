"""Rows and plain values as messages."""

from typing import Any

from ebok.identity.v1 import audit_pb2, grants_pb2, invitations_pb2, sessions_pb2, settings_pb2, users_pb2

from chassis import wire
from chassis.actors import Actor
from services.identity.domain.challenges import Challenged
from services.identity.domain.settings import Provider
from services.identity.domain.standing import Person
from services.identity.storage.audit import AuditEntry
from services.identity.storage.challenges import ChallengeKind
from services.identity.storage.customers import Customer
from services.identity.storage.factor_resets import FactorReset
from services.identity.storage.grants import GivenBy, Grant, Scope, last_day
from services.identity.storage.invitations import Invitation
from services.identity.storage.sessions import LoginSession, Realm
from services.identity.storage.users import Look, User

_LOOKS: dict[Look, users_pb2.Look] = {
    Look.SYSTEM: users_pb2.LOOK_SYSTEM,
    Look.LIGHT: users_pb2.LOOK_LIGHT,
    Look.DARK: users_pb2.LOOK_DARK,
}
_LOOK_OF: dict[int, Look] = {number: look for look, number in _LOOKS.items()}
_SCOPES: dict[str, grants_pb2.Scope] = {
    Scope.VIEW: grants_pb2.SCOPE_VIEW,
    Scope.PAY: grants_pb2.SCOPE_PAY,
    Scope.MANAGE: grants_pb2.SCOPE_MANAGE,
}
_SCOPE_OF: dict[int, Scope] = {number: Scope(scope) for scope, number in _SCOPES.items()}
_ORIGINS: dict[str, grants_pb2.GrantOrigin] = {
    GivenBy.PROOF: grants_pb2.GRANT_ORIGIN_PROOF,
    GivenBy.INVITATION: grants_pb2.GRANT_ORIGIN_INVITATION,
}
_REALM_OF: dict[int, Realm] = {
    sessions_pb2.REALM_PORTAL: Realm.PORTAL,
    sessions_pb2.REALM_CONSOLE: Realm.CONSOLE,
}

_CHALLENGES = {
    ChallengeKind.CODE: sessions_pb2.CHALLENGE_KIND_CODE,
    ChallengeKind.ENROL: sessions_pb2.CHALLENGE_KIND_ENROL,
}


def pack_realm(realm: Realm) -> "sessions_pb2.Realm":
    """The door."""
    return next(number for number, one in _REALM_OF.items() if one is realm)  # type: ignore[return-value]


def pack_challenge(asked: Challenged) -> sessions_pb2.Challenge:
    """A question, with what an app is told when one is to be set up."""
    return sessions_pb2.Challenge(
        challenge_token=asked.token,
        kind=_CHALLENGES[asked.kind],
        expires_at=wire.pack_instant(asked.expires_at),
        secret=asked.secret,
        uri=asked.uri,
    )


def pack_open_session(session: LoginSession, *, is_this: bool) -> sessions_pb2.OpenSession:
    """Where somebody is logged in."""
    return sessions_pb2.OpenSession(
        session_id=str(session.session_id),
        opened_at=wire.pack_instant(session.opened_at),
        last_seen_at=wire.pack_instant(session.last_seen_at),
        address=session.address,
        user_agent=session.user_agent,
        is_this=is_this,
    )


def unpack_realm(number: int) -> Realm:
    """The door. The field's rule has refused what is none."""
    return _REALM_OF[number]


def unpack_scope(number: int) -> Scope:
    """The scope. The field's rule has refused what is none."""
    return _SCOPE_OF[number]


def unpack_look(number: int) -> Look:
    """The look. The field's rule has refused what is none."""
    return _LOOK_OF[number]


def pack_user(user: User) -> users_pb2.User:
    """An account."""
    return users_pb2.User(
        user_id=str(user.user_id),
        email=user.email,
        name=user.name,
        language=user.language,
        look=_LOOKS[user.look],
        registered_at=wire.pack_instant(user.registered_at),
    )


def pack_person_as_user(person: Person) -> users_pb2.User:
    """Whoever a session of the portal belongs to."""
    return users_pb2.User(
        user_id=person.person_id,
        email=person.email,
        name=person.name,
        language=person.language,
        look=_LOOKS[person.look],
        registered_at=wire.pack_optional_instant(person.registered_at),
    )


def pack_person_as_staff(person: Person, actor: Actor) -> sessions_pb2.StaffMember:
    """Whoever a session of the console belongs to, with what the roles allow and where."""
    return sessions_pb2.StaffMember(
        staff_id=person.person_id,
        email=person.email,
        name=person.name,
        roles=person.roles,
        language=person.language,
        look=_LOOKS[person.look],
        permissions=sorted(actor.permissions),
        towns=sorted(actor.area.towns),
        commodities=sorted(actor.area.commodities),
        role_names=person.role_names,
    )


def pack_held(row: Any) -> dict[str, Any]:
    """The fields of a grant as its holder sees it: a message that is put into another is copied.

    A customer that is not known yet – the event is on its way – has no words.
    """
    return {
        "grant_id": row.grant_id,
        "user_id": row.user_id,
        "customer_id": row.customer_id,
        "customer_number": row.number,
        "customer_name": row.customer_name,
        "premises_label": row.premises_label,
        "scope": _SCOPES[row.scope],
        "valid_from": wire.pack_instant(row.valid_from),
        "valid_until": wire.pack_optional_instant(row.valid_until),
        "origin": _ORIGINS[row.given_by],
        "ends_on": wire.pack_optional_date(last_day(row.valid_until) if row.valid_until else None),
    }


def pack_grant(
    grant: Grant, customer: Customer | None, user: User | None = None, *, with_last_seen: bool = False
) -> grants_pb2.Grant:
    """A grant with the customer's labels; with the user for those who may know, when last seen for staff only."""
    packed = grants_pb2.Grant(
        grant_id=str(grant.grant_id),
        user_id=str(grant.user_id),
        customer_id=str(grant.customer_id),
        scope=_SCOPES[grant.scope],
        valid_from=wire.pack_instant(grant.valid_from),
        valid_until=wire.pack_optional_instant(grant.valid_until),
        origin=_ORIGINS[grant.given_by],
        ends_on=wire.pack_optional_date(grant.ends_on),
    )
    if customer is not None:
        packed.customer_number = customer.number
        packed.customer_name = customer.name
        packed.premises_label = customer.premises_label
    if user is not None:
        packed.user_email = user.email
        packed.user_name = user.name
        if with_last_seen and user.last_login_at is not None:
            packed.last_seen_at.CopyFrom(wire.pack_instant(user.last_login_at))
    return packed


def pack_factor_reset(reset: FactorReset, user: User) -> grants_pb2.FactorReset:
    """What staff did for somebody who had lost app and codes."""
    return grants_pb2.FactorReset(
        user_name=user.name,
        user_email=user.email,
        reason=reset.reason,
        made_by=reset.made_by,
        made_at=wire.pack_instant(reset.made_at),
    )


def pack_invitation(
    invitation: Invitation, customer: Customer | None, inviter: User | None
) -> invitations_pb2.Invitation:
    """An invitation with the customer's labels and the name of who invited."""
    packed = invitations_pb2.Invitation(
        invitation_id=str(invitation.invitation_id),
        customer_id=str(invitation.customer_id),
        email=invitation.email,
        scope=_SCOPES[invitation.scope],
        ends_on=wire.pack_date(invitation.ends_on),
        invited_at=wire.pack_instant(invitation.invited_at),
        expires_at=wire.pack_instant(invitation.expires_at),
        inviter_name=inviter.name if inviter else "",
    )
    if customer is not None:
        packed.customer_number = customer.number
        packed.customer_name = customer.name
        packed.premises_label = customer.premises_label
    return packed


def pack_settings(provider: Provider, version: int) -> settings_pb2.Settings:
    """The provider."""
    return settings_pb2.Settings(
        provider_name=provider.provider_name,
        provider_line=provider.provider_line,
        nip=provider.nip,
        address_line=provider.address_line,
        town_line=provider.town_line,
        account_number=provider.account_number,
        brand_colour=provider.brand_colour,
        phone=provider.phone,
        phone_hours=provider.phone_hours,
        emergency_phone=provider.emergency_phone,
        email=provider.email,
        portal_url=provider.portal_url,
        languages=provider.languages,
        version=version,
        provider_data_editable=provider.provider_data_editable,
    )


def pack_entry(entry: AuditEntry) -> audit_pb2.AuditEntry:
    """One act."""
    return audit_pb2.AuditEntry(
        act_id=str(entry.act_id),
        happened_at=wire.pack_instant(entry.happened_at),
        actor_kind=entry.actor_kind,
        actor_id=entry.actor_id,
        actor_name=entry.actor_name,
        address=entry.address,
        act=entry.act,
        customer_id=entry.customer_id,
        subject_id=entry.subject_id,
        changed=entry.changed,
        trace_id=entry.trace_id,
    )
