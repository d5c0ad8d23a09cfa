"""deploy/k8s as these tests read it: kustomizations, what they list, pods, settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.manifests import K8S, ROOT, Document, read

KUSTOMIZATION = "kustomization.yaml"
POD_KINDS = ("Deployment", "StatefulSet", "Job", "CronJob")


@cache
def kustomizations() -> tuple[Path, ...]:
    """The directories that have one."""
    return tuple(sorted(path.parent for path in K8S.rglob(KUSTOMIZATION)))


@cache
def kustomization(directory: Path) -> dict[str, Any]:
    """What it says."""
    found: dict[str, Any] = yaml.safe_load((directory / KUSTOMIZATION).read_text("utf-8"))
    return found


def listed(directory: Path) -> Iterator[Path]:
    """Every file and directory that a kustomization names."""
    said = kustomization(directory)
    names = [*said.get("resources", ()), *said.get("components", ())]
    names += [patch["path"] for patch in said.get("patches", ()) if "path" in patch]
    for generator in said.get("configMapGenerator", ()):
        names += [*generator.get("envs", ()), *generator.get("files", ())]
    yield from ((directory / name).resolve() for name in names)


def documents(directory: Path) -> list[Document]:
    """What a kustomization brings in, near and far, as it is before patches."""
    said = kustomization(directory)
    found: list[Document] = []
    for name in [*said.get("resources", ()), *said.get("components", ())]:
        place = (directory / name).resolve()
        found += documents(place) if place.is_dir() else read(place)
    return found


@cache
def files() -> tuple[Path, ...]:
    """Every file of manifests; those that are listed as resources."""
    resources = {
        (directory / name).resolve()
        for directory in kustomizations()
        for name in kustomization(directory).get("resources", ())
    }
    return tuple(sorted(path for path in resources if path.is_file()))


def everything() -> list[Document]:
    """The documents of all files."""
    return [document for path in files() for document in read(path)]


def pod(document: Document) -> Document:
    """The template's `spec` of something that has pods."""
    spec = document["spec"]
    if document["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    found: Document = spec["template"]["spec"]
    return found


def labels(document: Document) -> dict[str, str]:
    """The labels of its pods."""
    spec = document["spec"]
    if document["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    found: dict[str, str] = spec["template"]["metadata"]["labels"]
    return found


def with_pods() -> list[Document]:
    """All that has pods."""
    return [document for document in everything() if document["kind"] in POD_KINDS]


@dataclass(frozen=True)
class Place:
    """An installation whose settings are looked at: an overlay, or compose."""

    name: str
    settings: dict[str, dict[str, str]]


def _env_file(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    pairs = [line.split("=", 1) for line in lines]
    assert len({name for name, _ in pairs}) == len(pairs), f"{path.name}: a knob is set twice"
    return dict(pairs)


@cache
def settings() -> dict[str, dict[str, str]]:
    """What deploy/k8s/settings says, by part; kustomize refuses a knob that two files set, and so does this."""
    place = K8S / "settings"
    found: dict[str, dict[str, str]] = {}
    for generator in kustomization(place)["configMapGenerator"]:
        merged: dict[str, str] = {}
        for name in generator["envs"]:
            more = _env_file(place / name)
            assert not set(more) & set(merged), f"{generator['name']}: {set(more) & set(merged)} twice"
            merged |= more
        found[generator["name"]] = merged
    return found


def overlay_settings(overlay: Path) -> dict[str, dict[str, str]]:
    """The settings as an overlay changes them."""
    merged = {part: dict(values) for part, values in settings().items()}
    for generator in kustomization(overlay).get("configMapGenerator", ()):
        assert generator["behavior"] == "merge"
        for literal in generator["literals"]:
            name, _, value = literal.partition("=")
            merged[generator["name"]][name] = value
    return merged


@cache
def compose() -> dict[str, Any]:
    """deploy/compose.yaml."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
    return found


def compose_settings() -> dict[str, dict[str, str]]:
    """The settings of each part under compose, with the values that stand after `:-`."""
    found = {}
    for part, service in compose()["services"].items():
        if not service.get("env_file"):
            continue
        merged: dict[str, str] = {}
        for name in service["env_file"]:
            merged |= _env_file(ROOT / "deploy" / name)
        for name, value in service.get("environment", {}).items():
            merged[name] = (
                str(value).partition(":-")[2].removesuffix("}") if "${" in str(value) else str(value)
            )
        found[part] = merged
    return found
