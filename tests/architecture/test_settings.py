"""Every knob of every part is in deploy/k8s/settings, and nothing else is: for Kubernetes and for compose."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from chassis.config import PREFIX, load_config
from deploy import credentials
from deploy.local.parts import services
from deploy.manifests import overlays
from tests.architecture import manifests

PARTS = credentials.PARTS
PRIVATE, PUBLIC = "/run/ebok/private", "/run/ebok/public"
# Where the settings say something else than the code: pods listen to others, and find each other by name.
DIFFERENT = {
    "keys_dir", "listen", "metrics_listen", "peers", "send_journal_dir", "files_dir", "proxies", *services(),
}  # fmt: skip


def knob(name: str) -> str:
    """The field that a variable sets: `EBOK_SMTP_URL_FILE` → `smtp_url`."""
    return name.removeprefix(PREFIX).lower()


def secret_files(part: str) -> dict[str, str]:
    """The secrets that come as files, with the path that is said."""
    fields = credentials.config_of(part).model_fields
    return {
        knob(name).removesuffix("_file"): value
        for name, value in manifests.settings()[part].items()
        if name.endswith("_FILE") and knob(name) not in fields
    }


@pytest.mark.parametrize("part", PARTS)
def test_every_knob_of_a_part_is_set_and_nothing_else_is(part):
    fields = credentials.config_of(part).model_fields
    said = manifests.settings()[part]
    names = [knob(name) if knob(name) in fields else knob(name).removesuffix("_file") for name in said]
    assert len(set(names)) == len(names)
    missing = sorted(PREFIX + name.upper() for name in set(fields) - set(names))
    unknown = sorted(set(names) - set(fields))
    assert not missing, f"add to deploy/k8s/settings/{part}.env (docs/recipes.md, A knob): {missing}"
    assert not unknown, f"{part} knows no such knob: {unknown}"


def test_every_part_has_settings_and_no_other():
    assert set(manifests.settings()) == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_secrets_come_as_files_or_are_empty(part):
    for name, field in credentials.config_of(part).model_fields.items():
        if field.annotation is SecretStr and name not in secret_files(part):
            assert manifests.settings()[part][PREFIX + name.upper()] == "", name
    assert secret_files(part) == {name: f"{PRIVATE}/{name}" for name in credentials.secrets_of(part)}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Keys and secrets as an operator makes them."""
    place = tmp_path_factory.mktemp("credentials")
    credentials.make(place, postgres="postgres:5432", rabbitmq="rabbitmq:5672", smtp="smtp://mailbox:2525")
    return place


def loaded(part: str, said: dict[str, str], made: Path, monkeypatch: pytest.MonkeyPatch):
    """The configuration that a part gets from these settings, its files where an operator made them."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    for name, value in said.items():
        monkeypatch.setenv(name, value.replace(PRIVATE, str(made / part / "private")))
    return load_config(credentials.config_of(part))


@pytest.mark.parametrize("part", PARTS)
def test_a_setting_says_what_the_code_says_unless_it_has_to(part, made, monkeypatch):
    from_settings = loaded(part, manifests.settings()[part], made, monkeypatch)
    for name in manifests.settings()[part]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("EBOK_SECRET_KEY", "x" * 32)  # The one knob that has no default.
    by_itself = load_config(credentials.config_of(part))
    differing = {
        name
        for name in type(by_itself).model_fields
        if getattr(from_settings, name) != getattr(by_itself, name)
        and not isinstance(getattr(by_itself, name), SecretStr)
    }
    assert differing <= DIFFERENT


@pytest.mark.parametrize("overlay", overlays(), ids=lambda path: path.name)
@pytest.mark.parametrize("part", PARTS)
def test_an_overlay_starts_with_the_secrets_that_were_made(overlay, part, made, monkeypatch, tmp_path):
    said = manifests.overlay_settings(overlay)[part]
    assert set(said) == set(manifests.settings()[part])
    # What only a provider of payments or texts can give; the connector has its key instead of a client's secret.
    for name in secret_files(part) if part != "connector" else ():
        path = made / part / "private" / name
        (tmp_path / name).write_text(path.read_text("utf-8") or "given-by-the-provider", "utf-8")
        said[f"{PREFIX}{name.upper()}_FILE"] = str(tmp_path / name)
    config = loaded(part, said, made, monkeypatch)
    assert config.part == part
    assert config.environment == ("production" if overlay.name == "production" else "demo")


@pytest.mark.parametrize("container", sorted(manifests.compose_settings()))
def test_compose_starts_with_the_secrets_that_were_made(container, made, monkeypatch):
    said, part = manifests.compose_settings()[container], container.removesuffix("-migrate")
    assert set(said) == set(manifests.settings()[part])
    assert loaded(part, said, made, monkeypatch).part == part


def test_every_part_gets_its_own_secrets_and_the_public_keys_alone(made):
    private = {
        path.parent.name: sorted(one.name for one in path.iterdir()) for path in made.glob("*/private")
    }
    assert set(private) == {*PARTS, "postgres", "rabbitmq"}
    for part in PARTS:
        keys = [name for name in private[part] if name.endswith(".key")]
        assert set(keys) <= {f"{part}.key", f"{part}.sealing.key"}
        assert set(private[part]) - set(keys) == set(credentials.secrets_of(part))
    assert {path.stem for path in (made / "public").glob("*.pem")} == set(PARTS)
    assert all(path.stat().st_mode & 0o077 == 0 for path in made.glob("*/private/*"))


def test_secrets_made_again_stay_as_they_are(made):
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    credentials.make(made, postgres="elsewhere:5432", rabbitmq="elsewhere:5672", smtp="smtp://elsewhere:25")
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before


def test_the_manifests_of_secrets_hold_what_was_made(made):
    found = {document["metadata"]["name"]: document for document in credentials.manifests(made)}
    assert set(found) == {*PARTS, "postgres", "rabbitmq", "public-keys", "public-sealing-keys"}
    assert found["public-keys"]["data"]["billing.pem"] == (made / "public" / "billing.pem").read_text()
    assert set(found["billing"]["data"]) == {"billing.key", "database_url", "broker_url"}
