"""Who may call what: every kind of caller at every kind of door, and tokens that are not what they say."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis import keys
from chassis.actors import Actor, ActorKind
from chassis.errors import PermissionDenied, Refusal, Unauthenticated
from chassis.ids import new_id
from chassis.keys import KeyRing, Signer
from chassis.rpc.access import RuleFaulty
from chassis.rpc.server import build_server
from chassis.rpc.tokens import ActorTokens, SystemCredential, TokenRefused, TokenVerifier
from chassis.testing import cast
from tests.chassis.example import faulty_pb2_grpc, notes_pb2
from tests.chassis.notes import part

ANNA = str(cast.ANNA_CUSTOMER)
HELLO = notes_pb2.HelloRequest(name="x")


@pytest.fixture
def everyone(as_anna, as_daria, as_system):
    return {
        "nobody": None,
        "user": as_anna.without_customer(),
        "customer": as_anna,
        "staff": as_daria,
        "gateway": as_system("gateway"),
        "billing": as_system("billing"),
    }


DOORS = {
    "public": lambda stub: stub.Hello(HELLO),
    "user": lambda stub: stub.WhoAmI(HELLO),
    "customer or staff": lambda stub: stub.AddNote(notes_pb2.AddNoteRequest(customer_id=ANNA, text="x")),
    "answers": lambda stub: list(stub.ListNotes(notes_pb2.ListNotesRequest(customer_id=ANNA))),
    "upload": lambda stub: stub.ImportNotes(iter([notes_pb2.AddNoteRequest(customer_id=ANNA, text="x")])),
    "both ways": lambda stub: list(stub.Echo(iter([notes_pb2.AddNoteRequest(customer_id=ANNA, text="x")]))),
    "system": lambda stub: stub.Report(HELLO),
}
LET_IN = {
    "public": {"nobody", "user", "customer", "staff", "gateway", "billing"},
    "user": {"user", "customer"},
    "customer or staff": {"customer", "staff"},
    "answers": {"customer", "staff"},
    "upload": {"customer", "staff"},
    "both ways": {"customer", "staff"},
    "system": {"gateway"},
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("who", ["nobody", "user", "customer", "staff", "gateway", "billing"])
def test_each_door_lets_in_whom_it_names(notes, everyone, door, who):
    stub = notes(everyone[who])
    if who in LET_IN[door]:
        DOORS[door](stub)
        return
    with pytest.raises(Unauthenticated if who == "nobody" else PermissionDenied):
        DOORS[door](stub)


@pytest.mark.parametrize("door", ["customer or staff", "answers", "upload", "both ways"])
def test_customer_needs_the_permission_of_the_scope(notes, as_anna, door):
    with pytest.raises(PermissionDenied):
        DOORS[door](notes(as_anna.allowed("example.other")))


def test_staff_needs_the_permission_of_the_role(notes, as_daria):
    with pytest.raises(PermissionDenied) as caught:
        DOORS["customer or staff"](notes(as_daria.without("example.notes.add")))
    assert caught.value.metadata == {"permission": "example.notes.add"}
    DOORS["answers"](notes(as_daria.allowed("example.notes.read")))


@pytest.mark.parametrize("door", ["customer or staff", "answers", "upload", "both ways"])
def test_celina_is_not_let_in_to_anna(notes, as_celina, door):
    with pytest.raises(PermissionDenied):
        DOORS[door](notes(as_celina))


def test_refusal_does_not_tell_whether_a_customer_exists(notes, as_anna, as_celina):
    DOORS["customer or staff"](notes(as_anna))
    told = []
    for customer_id in (ANNA, str(new_id()), "", "nonsense"):
        with pytest.raises(PermissionDenied) as caught:
            notes(as_celina).GetNote(notes_pb2.GetNoteRequest(customer_id=customer_id, note_id=str(new_id())))
        told.append(
            (caught.value.reason, caught.value.message, caught.value.metadata, caught.value.violations)
        )
    assert len({repr(one) for one in told}) == 1


def test_customer_may_not_change_in_the_middle_of_a_stream(served, notes, as_anna):
    requests = [
        notes_pb2.AddNoteRequest(customer_id=one, text="x") for one in (ANNA, str(cast.CELINA_CUSTOMER))
    ]
    with pytest.raises(PermissionDenied):
        notes(as_anna).ImportNotes(iter(requests))
    assert served.announced(notes_pb2.NoteAdded) == []


def test_empty_stream_of_a_customer_is_refused(notes, as_anna, as_daria):
    with pytest.raises(PermissionDenied):
        notes(as_anna).ImportNotes(iter([]))
    assert notes(as_daria).ImportNotes(iter([])).count == 0


def test_actor_reaches_the_servicer(notes, as_anna):
    assert notes(as_anna).Hello(HELLO).kind == "CUSTOMER"
    assert notes().Hello(HELLO).kind == "NOBODY"


# Tokens.


@pytest.fixture
def present(served):
    """Call the public door, which anybody may, with a token: only the token itself can be refused."""
    from chassis.rpc.client import as_actor
    from tests.chassis.example import notes_pb2_grpc

    stub = served.stub(notes_pb2_grpc.NoteServiceStub)
    return lambda token: stub.Hello(HELLO, metadata=as_actor(token)).kind


@pytest.fixture
def signer(keys_dir):
    return lambda name: keys.load_signer(name, keys_dir / "private" / f"{name}.key")


@pytest.fixture
def claims(clock):
    now = int(clock.now().timestamp())
    return {
        "iss": "identity",
        "aud": "ebok",
        "sub": str(cast.ANNA_USER),
        "kind": "CUSTOMER",
        "cid": ANNA,
        "iat": now,
        "exp": now + 300,
    }


def signed(claims, signer, **headers):
    return jwt.encode(claims, signer.key, algorithm="EdDSA", headers={"kid": signer.kid, **headers})


def test_sound_token_is_taken(present, signer, claims):
    assert present(signed(claims, signer("identity"))) == "CUSTOMER"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "billing"},
        {"kind": "WIZARD"},
        {"kind": "NOBODY"},
        {"kind": "USER"},  # A user's token with a customer is a contradiction.
        {"kind": "STAFF"},
        {"cid": ""},
        {"cid": "nonsense"},
        {"aud": "another-suite"},
        {"aud": None},
        {"aud": ""},
        {"sub": ""},
        {"sub": None},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
        {"kind": None},
    ],
)
def test_claims_that_do_not_fit_are_refused(present, signer, claims, change):
    altered = {key: value for key, value in {**claims, **change}.items() if value is not None}
    with pytest.raises(Unauthenticated):
        present(signed(altered, signer("identity")))


def test_expired_and_early_and_overlong_tokens_are_refused(present, signer, claims):
    for change in (
        {"iat": claims["iat"] - 600, "exp": claims["iat"] - 1},
        {"iat": claims["iat"] + 3600, "exp": claims["iat"] + 3900},
        {"exp": claims["iat"] + 86_400},
        {"exp": claims["iat"]},
    ):
        with pytest.raises(Unauthenticated):
            present(signed({**claims, **change}, signer("identity")))


def test_token_ends_by_the_suites_clock_although_it_is_remembered(present, signer, claims, clock):
    token = signed(claims, signer("identity"))
    assert present(token) == "CUSTOMER"
    clock.advance(timedelta(minutes=4, seconds=59))
    assert present(token) == "CUSTOMER"
    clock.advance(timedelta(seconds=2))
    with pytest.raises(Unauthenticated):
        present(token)


@pytest.mark.parametrize("kind", ["USER", "CUSTOMER", "STAFF"])
def test_only_identity_speaks_for_people(present, signer, claims, kind):
    forged = {**claims, "iss": "billing", "kind": kind}
    if kind != "CUSTOMER":
        forged.pop("cid")
    with pytest.raises(Unauthenticated):
        present(signed(forged, signer("billing")))


def test_part_speaks_for_itself_alone(present, signer, claims):
    base = {**claims, "kind": "SYSTEM", "iss": "billing"}
    base.pop("cid")
    assert present(signed({**base, "sub": "billing"}, signer("billing"))) == "SYSTEM"
    with pytest.raises(Unauthenticated):
        present(signed({**base, "sub": "gateway"}, signer("billing")))


def test_foreign_key_is_refused(present, signer, claims):
    stranger = Signer("identity", Ed25519PrivateKey.generate())
    for kid in (stranger.kid, signer("identity").kid):
        with pytest.raises(Unauthenticated):
            present(jwt.encode(claims, stranger.key, algorithm="EdDSA", headers={"kid": kid}))


def test_unsigned_and_resigned_tokens_are_refused(present, signer, claims, keys_dir):
    def part_of(content):
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    kid = signer("identity").kid
    sound = signed(claims, signer("identity"))
    head, _, mark = sound.split(".")
    # The public key as an HMAC secret: the classic confusion of algorithms.
    secret = (keys_dir / "public" / "identity.pem").read_bytes()
    import hashlib
    import hmac

    hs_head = part_of({"alg": "HS256", "kid": kid, "typ": "JWT"})
    hs_body = part_of(claims)
    hs_mark = base64.urlsafe_b64encode(
        hmac.new(secret, f"{hs_head}.{hs_body}".encode(), hashlib.sha256).digest()
    ).rstrip(b"=")
    forged = [
        f"{part_of({'alg': 'none', 'kid': kid})}.{part_of(claims)}.",
        f"{part_of({'alg': 'NONE', 'kid': kid})}.{part_of(claims)}.{mark}",
        f"{hs_head}.{hs_body}.{hs_mark.decode()}",
        f"{head}.{part_of({**claims, 'kind': 'STAFF', 'perms': ['example.notes.add']})}.{mark}",
        f"{head}.{part_of(claims)}.",
        sound[:-4] + "AAAA",
        signed(claims, signer("identity"), kid="identity.0000"),
        f"{part_of({'alg': 'EdDSA', 'kid': ['identity']})}.{part_of(claims)}.{mark}",
        jwt.encode(claims, signer("identity").key, algorithm="EdDSA"),
        "nonsense",
        "a.b.c",
        "",
        "x" * 9000,
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            present(token)


def test_other_schemes_are_refused(served):
    from tests.chassis.example import notes_pb2_grpc

    stub = served.stub(notes_pb2_grpc.NoteServiceStub)
    for header in ("Basic YTpi", "bearer x", "x"):
        with pytest.raises(Unauthenticated):
            stub.Hello(HELLO, metadata=(("authorization", header),))


def test_withdrawn_key_is_forgotten_with_its_tokens(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(keys, "RELOAD_AFTER_S", 0.0)
    keys.generate(tmp_path, ["identity", "billing"], [])
    verifier = TokenVerifier(KeyRing(tmp_path), clock)
    old = keys.load_signer("identity", tmp_path / "private" / "identity.key")
    token, _ = ActorTokens(old, clock).mint(Actor(ActorKind.USER, "anna"))
    assert verifier.verify(token).actor_id == "anna"

    (tmp_path / "public" / "identity.pem").unlink()
    with pytest.raises(TokenRefused):
        verifier.verify(token)


def test_two_keys_of_a_part_are_both_known_while_one_replaces_the_other(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(keys, "RELOAD_AFTER_S", 0.0)
    keys.generate(tmp_path, ["identity"], [])
    other = tmp_path / "other"
    keys.generate(other, ["identity"], [])
    (tmp_path / "public" / "identity.next.pem").write_bytes((other / "public" / "identity.pem").read_bytes())
    verifier = TokenVerifier(KeyRing(tmp_path), clock)
    for directory in (tmp_path, other):
        own = keys.load_signer("identity", directory / "private" / "identity.key")
        assert (
            verifier.verify(ActorTokens(own, clock).mint(Actor(ActorKind.USER, "anna"))[0]).actor_id == "anna"
        )


def test_remembered_tokens_are_bounded(keys_dir, clock, signer, monkeypatch):
    monkeypatch.setattr("chassis.rpc.tokens.REMEMBERED_MAX", 3)
    verifier = TokenVerifier(KeyRing(keys_dir), clock)
    tokens = ActorTokens(signer("identity"), clock)
    for number in range(10):
        verifier.verify(tokens.mint(Actor(ActorKind.USER, str(number)))[0])
    assert len(verifier._remembered) == 3


def test_system_credential_is_renewed_before_it_ends_and_when_the_clock_goes_back(
    config_for, keys_dir, clock
):
    credential = SystemCredential(config_for(part), clock)
    verifier = TokenVerifier(KeyRing(keys_dir), clock)
    first = credential.token()
    clock.advance(timedelta(minutes=2))
    assert credential.token() == first
    clock.advance(timedelta(minutes=1, seconds=1))
    second = credential.token()
    assert second != first
    clock.advance(timedelta(days=-30))
    assert verifier.verify(credential.token()).actor_id == "notify"


# Starting.


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("NoOption", "no access option"),
        ("NoCustomer", "no customer_id"),
        ("NoPermission", "names no permission"),
        ("NoSystems", "name systems"),
        ("NoAudience", "names no audience"),
        ("Bytes", "without length_max"),
    ],
)
def test_faulty_method_stops_the_server_from_starting(config_for, clock, service, words):
    add = getattr(faulty_pb2_grpc, f"add_{service}ServiceServicer_to_server")
    servicer = getattr(faulty_pb2_grpc, f"{service}ServiceServicer")()
    with pytest.raises(RuleFaulty, match=words):
        build_server(config_for(part), clock, None, [(add, servicer)])


def test_second_server_on_the_same_port_does_not_start(served, config_for, clock):
    from chassis.rpc.server import AddressTaken

    with pytest.raises(AddressTaken):
        build_server(config_for(part, listen=served.address), clock, None, [])


def test_refusal_has_no_words_about_the_token(present):
    with pytest.raises(Refusal) as caught:
        present("nonsense")
    assert (caught.value.reason, caught.value.message, caught.value.metadata) == ("TOKEN_REFUSED", "", {})
