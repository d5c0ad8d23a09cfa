"""The OpenAPI document `/api/v1/openapi.json` and the page that shows it, `/api/v1/docs`, without a third-party host.

APIFlask knows paths and inputs; what all operations have in common, and the shapes of answers, are written in here.
"""

import json
from typing import Any, cast

from apiflask import APIFlask
from flask import Response, current_app, render_template
from markupsafe import Markup

from gateway.api import api
from gateway.api.answers import tagged
from gateway.api.keys import HEADER, PATTERN
from gateway.api.operations import READS, Operation
from gateway.api.problems import MEDIA_TYPE, STATUS_TEXTS
from gateway.api.scopes import SCOPES
from gateway.api.shapes import Page, Shape

TITLE = "eBOK REST API"
VERSION = "1.0"
DESCRIPTION = (
    "For other systems of the provider, and for customers' own programs under `/my`. Amounts are decimal strings with "
    "two places, in złoty; quantities and prices are decimal strings; days are `2026-11-30`; instants are RFC 3339. "
    "Keys are only ever added: ignore those that you do not know, and words of lists that you do not know."
)
EXTENSION = "ebok_api_document"
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "reason", "trace_id"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "description": "The HTTP status in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened, for people."},
        "reason": {"type": "string", "description": "What happened, for machines: INVOICE_NOT_FOUND …"},
        "trace_id": {"type": "string", "description": "What to quote when you ask us."},
        "violations": {
            "type": "array",
            "description": "The fields that were refused.",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
        "facts": {
            "type": "object",
            "description": "What the refusal is about, by name.",
            "additionalProperties": {"type": "string"},
        },
    },
}
TOKEN_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "const": "client_credentials"},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string"},
        "scope": {
            "type": "string",
            "description": "Some of the client's scopes, with spaces between; empty: all.",
        },
    },
}
TOKEN: dict[str, Any] = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"type": "string", "const": "Bearer"},
        "expires_in": {"type": "integer", "description": "Seconds."},
        "scope": {"type": "string"},
    },
}
TOKEN_ERROR: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 6749, 5.2).",
    "required": ["error", "error_description"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}
HEADERS: dict[str, Any] = {
    "ETag": {"description": "The version of the answer, for If-None-Match.", "schema": {"type": "string"}},
    "Link": {"description": "The pages before and after (RFC 8288).", "schema": {"type": "string"}},
    "Location": {"description": "The address of what was made.", "schema": {"type": "string"}},
    "RateLimit": {
        "description": "Requests left and seconds to the next window.",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {"description": "Requests in a window of seconds.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
}
KEY_PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "Yours to choose, one for each write: sent again, the work is done once.",
    "schema": {"type": "string", "pattern": PATTERN, "minLength": 1, "maxLength": 200},
}
TAG_PARAMETER: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag that you have: 304 when it still holds.",
    "schema": {"type": "string"},
}


@api.get("/openapi.json")
@api.doc(hide=True)
def openapi() -> Response:
    """The document, for machines."""
    return _public(Response(json.dumps(document(), ensure_ascii=False), mimetype="application/json"))


@api.get("/docs")
@api.doc(hide=True)
def docs() -> Response:
    """The document, for people."""
    page = render_template("api/docs.html", document=document(), groups=_groups(document()), marked=with_code)
    return _public(Response(page))


def document() -> dict[str, Any]:
    """The OpenAPI document; made once."""
    found: dict[str, Any] = current_app.extensions[EXTENSION]
    if not found:
        found.update(cast(dict[str, Any], cast(APIFlask, current_app).spec))
    return found


def with_code(text: str) -> Markup:
    """A description for a page: what stands between backticks, as descriptions in Markdown have it, is code."""
    pieces = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(one) if at % 2 else one for at, one in enumerate(pieces)
    )


def _public(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    return tagged(response)


def _groups(spec: dict[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    """Operations by their tag, in the order of paths: method, path, operation."""
    groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return dict(sorted(groups.items()))


def complete(app: APIFlask, spec: dict[str, Any]) -> dict[str, Any]:
    """What APIFlask wrote, with what all operations have in common."""
    components = spec.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.update({"Problem": PROBLEM, "Token": TOKEN, "TokenError": TOKEN_ERROR})
    components["headers"] = HEADERS
    components["responses"] = {str(status): _problem(status) for status in STATUS_TEXTS}
    components["securitySchemes"] = {
        "client": {
            "type": "oauth2",
            "description": "An API client's token of five minutes.",
            "flows": {"clientCredentials": {"tokenUrl": "/api/v1/oauth/token", "scopes": SCOPES}},
        },
        "personal": {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal token `ebok_…` that a customer made in the portal.",
        },
    }
    for operations in spec["paths"].values():
        for method, operation in operations.items():
            view = app.view_functions[f"api.{operation['operationId']}"]
            said: Operation | None = getattr(view, "operation", None)
            if said is None:
                _write_token(operation)
            else:
                _write(operation, said, schemas, reads=method.upper() in READS)
    spec["paths"] = dict(sorted(spec["paths"].items()))
    components["schemas"] = dict(sorted(schemas.items()))
    return spec


def _write(operation: dict[str, Any], said: Operation, schemas: dict[str, Any], *, reads: bool) -> None:
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            parameter["required"] = True
            if parameter["schema"]["type"] == "string":
                parameter["schema"]["format"] = "uuid"
            else:
                parameter["schema"].update(minimum=1, maximum=1_000_000)
    operation["parameters"].append(TAG_PARAMETER if reads else KEY_PARAMETER)
    operation["security"] = [{"personal": []}] if said.personal else [{"client": [said.scope]}]
    operation["description"] = f"Scope `{said.scope}`."
    refuses = {401, 403, 429, 503, *said.refuses}
    if any(one["in"] == "path" for one in operation["parameters"]):
        refuses.add(404)  # Of an id that is none, too.
    if not reads:
        refuses |= {400, 408, 413, 415, 422}
    elif len(operation["parameters"]) > 1:
        refuses |= {400, 422}
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    responses: dict[str, Any] = {str(said.status): _answer(said, schemas, reads=reads)}
    if reads:
        responses["304"] = {"description": "Nothing is new."}
    responses.update({str(one): {"$ref": f"#/components/responses/{one}"} for one in sorted(refuses)})
    operation["responses"] = responses


def _answer(said: Operation, schemas: dict[str, Any], *, reads: bool) -> dict[str, Any]:
    names = ["RateLimit", "RateLimit-Policy"]
    if reads:
        names.append("ETag")
    if isinstance(said.answers, Page) and said.answers.paged:
        names.append("Link")
    if said.status == 201:
        names.append("Location")
    found: dict[str, Any] = {
        "description": "It is done." if said.answers is None else "The answer.",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    if isinstance(said.answers, str):
        found["content"] = {said.answers: {"schema": {"type": "string", "contentMediaType": said.answers}}}
    elif isinstance(said.answers, Shape | Page):
        _register(said.answers, schemas)
        found["content"] = {"application/json": {"schema": said.answers.ref}}
    return found


def _register(kind: Shape | Page, schemas: dict[str, Any]) -> None:
    """Keep the schema of a shape and of all that it is made of."""
    if kind.name not in schemas:
        schemas[kind.name] = kind.schema()
        for part in kind.parts:
            _register(part, schemas)


def _problem(status: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "description": STATUS_TEXTS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 503):
        found["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return found


def _write_token(operation: dict[str, Any]) -> None:
    operation["security"] = []
    operation["description"] = (
        "Client credentials (RFC 6749, 4.4). The client says who it is in the Authorization header (Basic) or in the "
        "form."
    )
    operation["requestBody"] = {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": TOKEN_FORM}},
    }
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/TokenError"}}}
    operation["responses"] = {
        "200": {
            "description": "The token.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Token"}}},
        },
        "400": {"description": "invalid_request, unsupported_grant_type, invalid_scope", "content": error},
        "401": {"description": "invalid_client", "content": error},
        "413": {"description": "invalid_request: too large", "content": error},
        "429": {"description": "temporarily_unavailable: too many attempts", "content": error},
        "503": {"$ref": "#/components/responses/503"},
    }


def init_document(app: APIFlask) -> None:
    """Tell APIFlask what is ours; after all blueprints are registered."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_200_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_OPERATION_DESCRIPTION=False,
    )
    app.description = DESCRIPTION
    app.tags = [
        {"name": name} for name in sorted({*(one.split(":")[0] for one in SCOPES), "tokens", "usage"})
    ]
    app.servers = [{"url": app.config["PUBLIC_URL"]}]
    app.extensions[EXTENSION] = {}
    for blueprint in app.blueprints.values():
        if blueprint is not api:
            blueprint.enable_openapi = False  # type: ignore[attr-defined] # APIFlask asks each; Flask's own have no answer.
    app.spec_processor(lambda spec: complete(app, cast(dict[str, Any], spec)))
