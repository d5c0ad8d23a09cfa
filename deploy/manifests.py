"""`make k8s`: render the overlays with `kubectl kustomize` into var/k8s, and check each document strictly against the
schemas of the oldest and the newest version of Kubernetes that kubernetes-validate knows.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from kubernetes_validate.utils import all_versions

ROOT = Path(__file__).resolve().parents[1]
K8S = ROOT / "deploy" / "k8s"
KUBECTL_MISSING = "kubectl is not installed: it renders the overlays (1.21 or newer)"
Document = dict[str, Any]


class CannotRender(Exception):
    """What kubectl said, or that it is not there."""


def overlays() -> list[Path]:
    """The directories that are rendered."""
    return sorted(path.parent for path in (K8S / "overlays").glob("*/kustomization.yaml"))


def supported() -> tuple[str, str]:
    """The oldest and the newest version that is checked."""
    known = all_versions()
    return known[0], known[-1]


def read(path: Path) -> list[Document]:
    """The documents of a file."""
    return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]


def render(directory: Path) -> list[Document]:
    """What a kustomization comes to. Raises CannotRender."""
    if shutil.which("kubectl") is None:
        raise CannotRender(KUBECTL_MISSING)
    command = ["kubectl", "kustomize", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRender(done.stderr.strip())
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def name(document: Document) -> str:
    """`Deployment/billing`."""
    return f"{document['kind']}/{document['metadata']['name']}"


def faults(documents: Iterable[Document], version: str) -> list[str]:
    """A sentence for each document that is not as this version of Kubernetes wants it; unknown fields count."""
    found = []
    for document in documents:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as fault:
            place = ".".join(str(step) for step in fault.path)
            found.append(f"{name(document)} in {version}: {place}: {fault.message}")
        except kubernetes_validate.SchemaNotFoundError as fault:
            found.append(f"{name(document)} in {version}: {fault.message}")
    return found


def main() -> int:
    """Render and check everything."""
    oldest, newest = supported()
    found: list[str] = []
    try:
        for overlay in overlays():
            documents = render(overlay)
            target = ROOT / "var" / "k8s" / f"{overlay.name}.yaml"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(yaml.safe_dump_all(documents, sort_keys=False), encoding="utf-8")
            found += [fault for version in (oldest, newest) for fault in faults(documents, version)]
            sys.stdout.write(
                f"k8s: {overlay.name}: {len(documents)} documents in {target.relative_to(ROOT)}\n"
            )
    except CannotRender as sentence:
        sys.exit(f"k8s: {sentence}")
    sys.stderr.writelines(f"k8s: {fault}\n" for fault in found)
    if not found:
        sys.stdout.write(f"k8s: valid for Kubernetes {oldest} and {newest}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
