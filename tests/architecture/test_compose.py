"""deploy/compose.yaml: every part is there, may do little, and starts after what it needs."""

import re
import shutil
import subprocess

import pytest

from deploy.local.parts import services
from deploy.manifests import ROOT
from tests.architecture import manifests

OURS = (*services(), *(f"{service}-migrate" for service in services()), "gateway", "mailbox")


def test_every_part_is_there():
    assert set(manifests.compose()["services"]) == {*OURS, "postgres", "rabbitmq"}


@pytest.mark.parametrize("name", [*OURS, "postgres", "rabbitmq"])
def test_a_container_may_do_little(name):
    service = manifests.compose()["services"][name]
    assert service["read_only"] is True
    assert service["user"] == "10001:10001"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(mount.endswith(":ro") for mount in service.get("volumes", ()) if mount.startswith((".", "$")))
    assert all(
        port.startswith(("127.0.0.1:", "${EBOK_GATEWAY:-127.0.0.1:")) for port in service.get("ports", ())
    )


@pytest.mark.parametrize("service", services())
def test_a_service_starts_after_its_stores_and_its_migration(service):
    found = manifests.compose()["services"]
    assert found[service]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "rabbitmq": {"condition": "service_healthy"},
        f"{service}-migrate": {"condition": "service_completed_successfully"},
    }
    assert found[f"{service}-migrate"]["command"] == ["migrate"]
    assert found[f"{service}-migrate"]["env_file"] == found[service]["env_file"]


@pytest.mark.parametrize("name", [*services(), "gateway", "mailbox", "postgres", "rabbitmq"])
def test_whatever_runs_on_is_asked_how_it_is(name):
    assert manifests.compose()["services"][name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", [one for one in OURS if one != "mailbox"])
def test_a_part_is_given_its_own_secrets_alone(name):
    mounts = manifests.compose()["services"][name]["volumes"]
    given = [re.sub(r"^\$\{.*?\}/", "", mount) for mount in mounts if mount.startswith("$")]
    part = name.removesuffix("-migrate")
    assert given == [f"{part}/private:/run/ebok/private:ro", "public:/run/ebok/public:ro"]


def test_databases_are_made_for_every_service_and_no_other():
    script = ROOT / "deploy" / "k8s" / "components" / "local-postgres" / "databases.sh"
    [line] = [one for one in script.read_text("utf-8").splitlines() if one.startswith("for service in")]
    assert set(line.removeprefix("for service in ").removesuffix("; do").split()) == set(services())


@pytest.mark.skipif(
    not shutil.which("docker")
    or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0,
    reason="docker compose is not installed",
)
def test_compose_itself_reads_it():
    subprocess.run(
        ["docker", "compose", "--file", "deploy/compose.yaml", "config", "--quiet"], cwd=ROOT, check=True
    )
