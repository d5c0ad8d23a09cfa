"""The OpenAPI document in the hands of tests: its operations, sample addresses, and whether an answer is as it says."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator

from gateway.api.document import document
from tests.gateway import urls
from tests.gateway.world import World

PREFIX = "/api/v1"
UNKNOWN = "01930000-0000-7000-8000-0000000000ff"


@dataclass(frozen=True)
class Said:
    """One operation of the document."""

    method: str
    path: str
    operation: dict[str, Any]

    @property
    def name(self) -> str:
        """Its operationId."""
        return str(self.operation["operationId"])

    @property
    def scope(self) -> str:
        """The scope of clients that it needs; empty for programs of customers."""
        [security] = self.operation["security"] or [{}]
        return next(iter(security.get("client", [])), "")

    @property
    def is_personal(self) -> bool:
        """Whether it is for programs of customers."""
        return "personal" in (self.operation["security"] or [{}])[0]


def operations(app: Flask) -> list[Said]:
    """All operations but the one that gives tokens."""
    with app.app_context():
        spec = document()
    return [
        Said(method.upper(), path, operation)
        for path, found in spec["paths"].items()
        for method, operation in found.items()
        if operation["security"]
    ]


def path_of(world: World, said: Said) -> str:
    """Its path below /api/v1 with samples of Anna's in it."""
    [rule] = [one for one in world.app.url_map.iter_rules() if one.endpoint == f"api.{said.name}"]
    [url] = urls.urls_of(world.app, rule, world)
    return url.removeprefix(PREFIX)


def faults(app: Flask, said: Said, response: Any) -> Iterator[str]:
    """Where an answer is not as the document says; a key that the document does not have is one."""
    with app.app_context():
        spec = document()
    answers = said.operation["responses"]
    status = str(response.status_code)
    if status not in answers:
        yield f"{said.name}: {status} is not said"
        return
    answer = answers[status]
    if "$ref" in answer:
        answer = spec["components"]["responses"][status]
    content = answer.get("content", {})
    if not content:
        if response.data:
            yield f"{said.name}: {status} has a body"
        return
    if response.mimetype not in content:
        yield f"{said.name}: {response.mimetype} is not said"
    elif response.mimetype.endswith("json"):
        schema = {**content[response.mimetype]["schema"], "components": _closed(spec["components"])}
        for error in Draft202012Validator(schema).iter_errors(json.loads(response.data)):
            yield f"{said.name}: {error.json_path} {error.message}"


def surface(spec: dict[str, Any]) -> str:
    """What other systems rely on, a line each: operations with what they take and answer, and the keys of objects."""
    lines = [
        " ".join((method.upper(), path, *sorted(_names(operation))))
        for path, found in spec["paths"].items()
        for method, operation in found.items()
    ]
    for name, schema in spec["components"]["schemas"].items():
        for key, one in schema["properties"].items():
            needed = "" if key in schema.get("required", []) else "?"
            plain = {word: value for word, value in one.items() if word != "description"}
            lines.append(f"{name}.{key}{needed} {json.dumps(plain, sort_keys=True, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _names(operation: dict[str, Any]) -> Iterator[str]:
    for one in operation.get("parameters", []):
        yield f"{one['in']}:{one['name']}{'' if one.get('required') else '?'}"
    yield from (
        f"scope:{scope}" for one in operation["security"] for scopes in one.values() for scope in scopes
    )
    for status, answer in operation["responses"].items():
        if status[0] == "2":
            yield f"{status}:{_named(answer)}"
    if "requestBody" in operation:
        yield f"body:{_named(operation['requestBody'])}"


def _named(said: dict[str, Any]) -> str:
    for media, content in said.get("content", {}).items():
        return str(content["schema"].get("$ref", media)).rsplit("/", maxsplit=1)[-1]
    return "nothing"


def _closed(components: dict[str, Any]) -> dict[str, Any]:
    found = deepcopy(components)
    for schema in found["schemas"].values():
        schema.setdefault("additionalProperties", False)
    return found
