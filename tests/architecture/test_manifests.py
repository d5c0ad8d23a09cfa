"""deploy/k8s: every file is listed and valid, pods may do little, and they speak to whom docs/architecture.md says."""

import re
import shutil
from importlib import import_module

import pytest

from chassis.keys import SEALED_FOR
from deploy.credentials import PARTS
from deploy.local.parts import find, services
from deploy.manifests import (
    K8S,
    KUBECTL_MISSING,
    ROOT,
    CannotRender,
    faults,
    main,
    name,
    overlays,
    read,
    render,
    supported,
)
from tests.architecture import manifests
from tests.architecture.sources import SERVICES

COMPONENT = "app.kubernetes.io/component"
NAME = "app.kubernetes.io/name"

RPC = 7000
rendered = pytest.mark.skipif(shutil.which("kubectl") is None, reason=KUBECTL_MISSING)


# Kustomizations.


def test_what_a_kustomization_lists_is_there_and_what_is_there_is_listed():
    listed = {path for directory in manifests.kustomizations() for path in manifests.listed(directory)}
    assert {str(path) for path in listed if not path.exists()} == set()
    there = {
        path.resolve() for path in K8S.rglob("*") if path.is_file() and path.name != manifests.KUSTOMIZATION
    }
    assert there - listed == set()


def test_every_kustomization_is_used_by_an_overlay():
    used = {path for directory in manifests.kustomizations() for path in manifests.listed(directory)}
    by_itself = {*overlays(), K8S / "base" / "connector"}  # An overlay of one's own may want it.
    assert set(manifests.kustomizations()) - used == by_itself


def test_a_patch_changes_something_that_is_there():
    for directory in manifests.kustomizations():
        around = manifests.everything() if "components" in directory.parts else manifests.documents(directory)
        for patch in manifests.kustomization(directory).get("patches", ()):
            target = patch["target"]
            found = [
                document
                for document in around
                if document["kind"] == target["kind"]
                and re.fullmatch(target.get("name", ".*"), document["metadata"]["name"])
            ]
            assert found, f"{directory.name}: {patch['path']}"


@rendered
@pytest.mark.outside
@pytest.mark.parametrize("directory", [*overlays(), K8S / "base" / "connector"], ids=lambda path: path.name)
def test_a_rendered_overlay_is_valid_for_the_oldest_and_the_newest_kubernetes(directory):
    documents = render(directory)
    assert len({(name(one), one["metadata"].get("namespace")) for one in documents}) == len(documents)
    for version in supported():
        assert faults(documents, version) == []


@rendered
@pytest.mark.outside
@pytest.mark.parametrize("overlay", overlays(), ids=lambda path: path.name)
def test_a_rendered_overlay_has_its_settings_and_a_tag_for_every_image(overlay):
    documents = render(overlay)
    said = {
        document["data"]["EBOK_PART"]: document
        for document in documents
        if document["kind"] == "ConfigMap" and "EBOK_PART" in document["data"]
    }
    assert {part: document["data"] for part, document in said.items()} == manifests.overlay_settings(overlay)
    for document in documents:
        if document["kind"] in manifests.POD_KINDS:
            for container in manifests.pod(document)["containers"]:
                assert ":" in container["image"], name(document)
                for source in container.get("envFrom", ()):
                    part = manifests.labels(document)[NAME]
                    assert source["configMapRef"]["name"] == said[part]["metadata"]["name"]


@rendered
@pytest.mark.outside
def test_one_command_renders_and_checks(capsys):
    assert main() == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("k8s: valid for Kubernetes 1.25")


def test_without_kubectl_it_is_said(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotRender, match="kubectl is not installed"):
        render(overlays()[0])


# Files.


@pytest.mark.parametrize("version", supported())
def test_every_file_is_valid_by_itself(version):
    assert faults(manifests.everything(), version) == []


def test_an_unknown_field_is_found():
    [service] = [one for one in manifests.everything() if name(one) == "Service/billing"]
    odd = {**service, "spec": {**service["spec"], "portz": []}}
    assert len(faults([odd], supported()[1])) == 1


def test_a_part_has_the_files_of_its_commands():
    for part in SERVICES:
        there = {path.name for path in (K8S / "base" / part).iterdir()}
        assert {"serve.yaml", "work.yaml", "migrate.yaml"} <= there <= {
            "serve.yaml", "work.yaml", "migrate.yaml", "jobs.yaml", "kustomization.yaml",
        }  # fmt: skip
        for path in sorted((K8S / "base" / part).glob("*.yaml")):
            if path.name in ("serve.yaml", "work.yaml", "migrate.yaml"):
                [pods] = [one for one in read(path) if one["kind"] in manifests.POD_KINDS]
                assert manifests.pod(pods)["containers"][0]["args"] == [path.stem]
    assert {path.name for path in (K8S / "base").iterdir() if path.is_dir()} == set(PARTS)


def test_the_base_says_neither_values_nor_secrets_nor_tags():
    for path in manifests.files():
        if "base" not in path.parts:
            continue
        for document in read(path):
            assert document["kind"] not in ("Secret", "ConfigMap", "Namespace")
            assert "namespace" not in document["metadata"]
            if document["kind"] in manifests.POD_KINDS:
                for container in manifests.pod(document)["containers"]:
                    assert "env" not in container
                    assert container["image"] == f"ebok/{manifests.labels(document)[NAME]}"


# Pods.


@pytest.mark.parametrize("document", manifests.with_pods(), ids=name)
def test_a_pod_may_do_little(document):
    pod = manifests.pod(document)
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        for kind in ("requests", "limits"):
            assert set(container["resources"][kind]) == {"cpu", "memory"}
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        claimed = {claim["metadata"]["name"] for claim in document["spec"].get("volumeClaimTemplates", ())}
        assert mounted == {volume["name"] for volume in pod["volumes"]} | claimed


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_given_its_own_secrets_and_the_public_keys(part):
    own = [one for one in manifests.with_pods() if manifests.labels(one)[NAME] == part]
    assert own
    for document in own:
        volumes = {volume["name"]: volume for volume in manifests.pod(document)["volumes"]}
        assert [one["secret"]["secretName"] for one in volumes.values() if "secret" in one] == [part]
        keys, sealing = volumes["public"]["projected"]["sources"]
        assert keys == {"configMap": {"name": "public-keys"}}
        assert sealing["configMap"]["items"] == [
            {"key": f"{reader}.pem", "path": f"sealing/{reader}.pem"} for reader in sorted(SEALED_FOR)
        ]


@pytest.mark.parametrize("document", [one for one in manifests.with_pods() if one["kind"] != "Job"], ids=name)
def test_what_runs_on_is_asked_how_it_is_and_ends_in_order(document):
    part, component = (manifests.labels(document).get(key, "") for key in (NAME, COMPONENT))
    if document["kind"] == "CronJob" or part == "connector":
        return
    pod = manifests.pod(document)
    [container] = pod["containers"]
    assert "startupProbe" in container
    assert "livenessProbe" in container
    if component != "work":
        assert "readinessProbe" in container
    if component == "serve" and part in services():
        assert container["readinessProbe"]["grpc"] == {"port": RPC}
        assert container["livenessProbe"]["grpc"] == {"port": RPC, "service": "live"}
    if part in manifests.settings():
        drain_s = float(manifests.settings()[part]["EBOK_DRAIN_S"])
        pause = (
            container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
        )
        assert pod["terminationGracePeriodSeconds"] > float(pause[1]) + drain_s + 15


def test_whatever_has_several_pods_keeps_some_and_whatever_serves_grows():
    documents = [one for path in manifests.files() if "base" in path.parts for one in read(path)]
    kept = {
        tuple(one["spec"]["selector"]["matchLabels"].values())
        for one in documents
        if one["kind"] == "PodDisruptionBudget"
    }
    grown = {
        one["spec"]["scaleTargetRef"]["name"] for one in documents if one["kind"] == "HorizontalPodAutoscaler"
    }
    deployments = [
        one for one in documents if one["kind"] == "Deployment" and manifests.labels(one)[NAME] != "connector"
    ]
    assert kept == {(manifests.labels(one)[NAME], manifests.labels(one)[COMPONENT]) for one in deployments}
    assert grown == {
        one["metadata"]["name"] for one in deployments if manifests.labels(one)[COMPONENT] == "serve"
    }


def test_a_selector_finds_the_pods_of_its_document():
    for document in manifests.with_pods():
        if document["kind"] in ("Deployment", "StatefulSet"):
            wanted = document["spec"]["selector"]["matchLabels"]
            assert wanted.items() <= manifests.labels(document).items()


def test_a_cronjob_runs_a_job_that_no_worker_runs():
    for document in manifests.with_pods():
        if document["kind"] == "CronJob":
            part = manifests.labels(document)[NAME]
            command, job = manifests.pod(document)["containers"][0]["args"]
            assert command == "job"
            assert import_module(f"services.{part}.__main__").part.jobs.find(job).every_s is None
            assert document["metadata"]["name"] == f"{part}-{job.replace('.', '-').replace('_', '-')}"


# Who may speak to whom.


def policies():
    return {
        one["metadata"]["name"]: one["spec"]
        for path in sorted((K8S / "components" / "network-policies").glob("*.yaml"))
        for one in read(path)
        if one["kind"] == "NetworkPolicy"
    }


def allowed():
    """`{("identity", "billing"), …}`: the picture and the table of docs/architecture.md."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = text.split("## Allowed reads between services")[1].split("\n## ")[0]
    reads = set(re.findall(r"^\| (\w+) \| (\w+) `", table, re.MULTILINE))
    assert reads
    return reads | {("gateway", service) for service in SERVICES} | {("connector", "billing")}


def pods_of(rules, side):
    return {
        place["podSelector"]["matchLabels"][NAME]
        for rule in rules
        for place in rule.get(side, ())
        if "podSelector" in place
    }


def test_nobody_speaks_to_anybody_who_is_not_listed():
    closed = policies()["deny-all"]
    assert closed["podSelector"] == {}
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in closed
    assert {port["port"] for rule in closed["egress"] for port in rule["ports"]} == {53}


def test_the_policies_are_the_allowed_reads():
    own = {part: spec for part, spec in policies().items() if part != "deny-all"}
    assert set(own) == set(PARTS)
    assert all(spec["podSelector"]["matchLabels"] == {NAME: part} for part, spec in own.items())
    let_in = {(who, part) for part, spec in own.items() for who in pods_of(spec.get("ingress", ()), "from")}
    let_out = {(part, whom) for part, spec in own.items() for whom in pods_of(spec.get("egress", ()), "to")}
    assert let_in == let_out == allowed()


def test_the_settings_and_make_run_read_from_whom_the_policies_let_them():
    for part in SERVICES:
        reads = {whom for who, whom in allowed() if who == part}
        peers = manifests.settings()[part]["EBOK_PEERS"]
        assert {pair.partition("=")[0] for pair in peers.split(",") if pair} == reads == set(find(part).peers)


def test_prometheus_alone_asks_for_metrics_and_may_ask_each_part_that_has_any():
    served = {part for part, said in manifests.settings().items() if said["EBOK_METRICS_LISTEN"]}
    assert served == {*SERVICES, "gateway"}
    let_in = {
        part: rule["from"]
        for part, spec in policies().items()
        for rule in spec.get("ingress", ())
        if 9090 in [port["port"] for port in rule["ports"]]
    }
    monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    assert let_in == {part: [monitoring] for part in served}
    for document in manifests.with_pods():
        if document["kind"] == "Deployment" and manifests.labels(document)[NAME] in served:
            ports = {
                one["name"]: one["containerPort"] for one in manifests.pod(document)["containers"][0]["ports"]
            }
            assert ports["metrics"] == 9090, document["metadata"]["name"]


def test_only_these_speak_to_the_world():
    """Payment providers; SMSAPI and the mail server; leaked passwords; S3. The gateway and billing do not."""
    outside = {
        part: {
            port["port"]
            for rule in spec.get("egress", ())
            for port in rule["ports"]
            if "ipBlock" in rule["to"][0]
        }
        for part, spec in policies().items()
    }
    assert {part: ports for part, ports in outside.items() if ports} == {
        "payments": {443},
        "notify": {443, 25, 465, 587},
        "identity": {443},
        "tickets": {443, 9000},
    }
