"""The payment providers' own OpenAPI files, when they are there: they are not ours to hand on."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DATA = Path(__file__).parents[3] / "shared" / "data"
JSON = "application/json"


def official(path: str) -> Path:
    """A file beside the checkout. Skips, and says so, when it is not there."""
    found = DATA / path
    if not found.exists():
        pytest.skip(f"the official file {found} is not there; the sandbox was not held against it")
    return found


@cache
def load(path: Path) -> dict[str, Any]:
    """The whole file, with each object closed: a field that the provider does not know is a fault."""
    return _closed(yaml.safe_load(path.read_text("utf-8")))


def _closed(part: Any) -> Any:
    if isinstance(part, list):
        return [_closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    closed = {
        name: _closed(value) for name, value in part.items() if name != "required" or isinstance(value, list)
    }
    if isinstance(closed.get("properties"), dict) and "allOf" not in closed:
        closed.setdefault("additionalProperties", False)
    if isinstance(closed.get("items"), list):
        closed["items"] = {"anyOf": closed["items"]}  # Written as a list, meant as a choice.
    return closed


class Spec:
    """One file: what an answer or a body must look like."""

    def __init__(self, path: str) -> None:
        self._whole = load(official(path))
        resource: Resource[Any] = DRAFT202012.create_resource(self._whole)
        self._registry: Registry[Any] = Registry().with_resource("spec:", resource)

    def schema(self, name: str) -> dict[str, Any]:
        """A named one."""
        return {"$ref": f"spec:#/components/schemas/{name}"}

    def properties(self, name: str) -> dict[str, dict[str, Any]]:
        """The fields of a named one."""
        return self._whole["components"]["schemas"][name]["properties"]

    def answer(self, method: str, path: str, status: int) -> dict[str, Any]:
        """That of an answer. Raises KeyError for a status that the provider does not give."""
        return self._whole["paths"][path][method]["responses"][str(status)]["content"][JSON]["schema"]

    def body(self, method: str, path: str) -> dict[str, Any]:
        """That of a request."""
        return self._whole["paths"][path][method]["requestBody"]["content"][JSON]["schema"]

    def faults(self, schema: dict[str, Any], value: object) -> list[str]:
        """What is wrong with a value, each with its place."""
        schema = json.loads(json.dumps(schema).replace('"#/', '"spec:#/'))
        found = Draft202012Validator(schema, registry=self._registry).iter_errors(value)
        return [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message}" for fault in found]
