"""Rows and plain values as messages."""

from ebok.identity.v1 import audit_pb2, grants_pb2, sessions_pb2, settings_pb2, users_pb2

from chassis import wire
from chassis.actors import Actor
from services.identity.domain.sessions import HeldCustomer, Person
from services.identity.domain.settings import Provider
from services.identity.storage.audit import AuditEntry
from services.identity.storage.customers import Customer
from services.identity.storage.grants import Grant, Scope
from services.identity.storage.sessions import Realm
from services.identity.storage.users import Look, User

_LOOKS: dict[Look, users_pb2.Look] = {
    Look.SYSTEM: users_pb2.LOOK_SYSTEM,
    Look.LIGHT: users_pb2.LOOK_LIGHT,
    Look.DARK: users_pb2.LOOK_DARK,
}
_LOOK_OF: dict[int, Look] = {number: look for look, number in _LOOKS.items()}
_SCOPES: dict[Scope, grants_pb2.Scope] = {
    Scope.VIEW: grants_pb2.SCOPE_VIEW,
    Scope.PAY: grants_pb2.SCOPE_PAY,
    Scope.MANAGE: grants_pb2.SCOPE_MANAGE,
}
_REALM_OF: dict[int, Realm] = {
    sessions_pb2.REALM_PORTAL: Realm.PORTAL,
    sessions_pb2.REALM_CONSOLE: Realm.CONSOLE,
}


def unpack_realm(number: int) -> Realm:
    """The door. The field's rule has refused what is none."""
    return _REALM_OF[number]


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
        user_id=str(person.person_id),
        email=person.email,
        name=person.name,
        language=person.language,
        look=_LOOKS[person.look],
        registered_at=wire.pack_optional_instant(person.registered_at),
    )


def pack_person_as_staff(person: Person, actor: Actor) -> sessions_pb2.StaffMember:
    """Whoever a session of the console belongs to, with what the roles allow and where."""
    return sessions_pb2.StaffMember(
        staff_id=str(person.person_id),
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


def pack_held(held: HeldCustomer) -> grants_pb2.Grant:
    """A grant as its holder sees it."""
    return grants_pb2.Grant(
        grant_id=str(held.grant_id),
        user_id=str(held.user_id),
        customer_id=str(held.customer_id),
        customer_number=held.customer_number,
        customer_name=held.customer_name,
        premises_label=held.premises_label,
        scope=_SCOPES[held.scope],
        valid_from=wire.pack_instant(held.valid_from),
        valid_until=wire.pack_optional_instant(held.valid_until),
    )


def pack_grant(grant: Grant, customer: Customer | None, user: User | None = None) -> grants_pb2.Grant:
    """A grant with the customer's labels; with the user for staff only."""
    packed = grants_pb2.Grant(
        grant_id=str(grant.grant_id),
        user_id=str(grant.user_id),
        customer_id=str(grant.customer_id),
        scope=_SCOPES[grant.scope],
        valid_from=wire.pack_instant(grant.valid_from),
        valid_until=wire.pack_optional_instant(grant.valid_until),
    )
    if customer is not None:
        packed.customer_number = customer.number
        packed.customer_name = customer.name
        packed.premises_label = customer.premises_label
    if user is not None:
        packed.user_email = user.email
        packed.user_name = user.name
        if user.last_login_at is not None:
            packed.last_seen_at.CopyFrom(wire.pack_instant(user.last_login_at))
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
