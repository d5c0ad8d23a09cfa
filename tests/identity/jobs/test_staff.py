"""The provider's people are entered by the operator."""

import pytest
import sqlalchemy as sa
from ebok.identity.v1.sessions_pb2 import REALM_CONSOLE

from chassis.errors import Invalid, Refusal

DARIA = "daria@wodociagi.example"
PASSWORD = "turbina nad jeziorem"


def test_same_job_again_changes_nothing(identity, hire, daria, database, count):
    with database.reading() as session:
        before = session.execute(sa.text("SELECT * FROM staff")).one()
    hire(DARIA, "Daria", "clerk")
    with database.reading() as session:
        assert session.execute(sa.text("SELECT * FROM staff")).one() == before
    assert identity.check_staff(daria).staff.name == "Daria"


def test_changed_password_ends_the_sessions(identity, hire, daria):
    hire(DARIA.upper(), "Daria", "clerk", "latarnia za mgłą")
    with pytest.raises(Refusal, match="SESSION_ENDED"):
        identity.check_staff(daria)
    with pytest.raises(Refusal, match="LOGIN_REFUSED"):
        identity.log_in(DARIA, PASSWORD, realm=REALM_CONSOLE)
    assert identity.log_in(DARIA, "latarnia za mgłą", realm=REALM_CONSOLE)


def test_name_and_roles_can_change_without_ending_a_session(identity, hire, daria):
    hire(DARIA, "Daria Kos", "clerk, manager")
    staff = identity.check_staff(daria).staff
    assert (staff.name, list(staff.roles)) == ("Daria Kos", ["clerk", "manager"])


def test_hash_is_the_only_thing_kept_of_the_password(hire, database):
    hire(DARIA, "Daria", "clerk")
    with database.reading() as session:
        row = session.execute(sa.text("SELECT * FROM staff")).one()
    assert PASSWORD not in str(row)
    assert row.password_hash.startswith("$argon2id$v=19$m=64,t=1,p=1$")


@pytest.mark.parametrize(
    ("values", "field", "reason"),
    [
        ({"email": "daria"}, "email", "MALFORMED"),
        ({"email": "da ria@wodociagi.example"}, "email", "MALFORMED"),
        ({"name": " "}, "name", "REQUIRED"),
        ({"role": "boss"}, "role", "UNKNOWN"),
        ({"role": ""}, "role", "UNKNOWN"),
        ({"password": "krótkie"}, "password_file", "TOO_SHORT"),
        ({"password": "x" * 129}, "password_file", "TOO_LONG"),
        ({"password": "haslo123456"}, "password_file", "COMMON"),
        ({"password": ""}, "password_file", "REQUIRED"),
    ],
)
def test_fault_is_refused_at_its_field(hire, count, values, field, reason):
    good = {"email": DARIA, "name": "Daria", "role": "clerk", "password": PASSWORD}
    with pytest.raises(Invalid) as caught:
        hire(**(good | values))
    assert [(one.field, one.reason) for one in caught.value.violations] == [(field, reason)]
    assert count("staff") == 0


def test_password_file_that_is_not_there_is_refused(served, tmp_path):
    with pytest.raises(Invalid) as caught:
        served.run_job(
            "staff.add", email=DARIA, name="Daria", role="clerk", password_file=str(tmp_path / "no")
        )
    assert caught.value.violations[0].field == "password_file"
