"""The API description (OpenAPI 3.1), generated from the operations that are served."""

from collections.abc import Awaitable, Callable, Iterable
from importlib.metadata import version
from typing import Any, Final

import orjson
from google.protobuf.descriptor import FieldDescriptor
from starlette.requests import Request
from starlette.responses import Response

from gateway.comments import comments
from gateway.live.events import MEDIA_TYPE as EVENT_STREAM
from gateway.openapi_schemas import REFERENCE, Schema, Schemas, is_required
from gateway.operations import Route
from gateway.problems import INTERNAL, INTERNAL_TITLE, MEDIA_TYPE
from schemas.gen import options_pb2
from schemas.reasons import REASONS

Document = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

UUID7: Final = (
    "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"
)
PARAMETERS: Final[dict[str, Schema]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A UUIDv7. A repeat with the same one has the same effect: one.",
        "schema": {"type": "string", "pattern": UUID7},
    },
    "Position": {
        "name": "Agora-Position",
        "in": "header",
        "description": "A position that a command answered, or a list of them with commas between: "
        "the answer is no older than any of them.",
        "schema": {"type": "string"},
    },
    "LastEventId": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The id of the last event that was read: what came after it is told.",
        "schema": {"type": "string"},
    },
    "Traceparent": {
        "name": "traceparent",
        "in": "header",
        "description": "W3C Trace Context.",
        "schema": {"type": "string"},
    },
}
HEADERS: Final[dict[str, Schema]] = {
    "Position": {
        "description": "The position that the command reached.",
        "schema": {"type": "string"},
    },
    "Correlation": {
        "description": "Names this request in the logs.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "RetryAfter": {
        "description": "Seconds to wait before another try.",
        "schema": {"type": "integer"},
    },
}
PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "Why the answer is no (RFC 9457). Branch on `reason`: it never changes.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string", "description": "The reason, for people."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "This case, for people."},
        "reason": {"type": "string", "description": "The reason, for programs."},
        "correlationId": {"type": "string", "format": "uuid"},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "What is wrong, by path in the request.",
        },
    },
    "required": ["type", "title", "status", "detail", "reason", "correlationId"],
}
REFUSED: Final = {
    "400": "The input is wrong.",
    "401": "Nobody is signed in, or the token does not count.",
    "404": "It does not exist, or not for the viewer.",
    "409": "The state does not allow it.",
    "429": "Too many requests.",
    "503": "Not now; try again with the same request id.",
    "default": "Anything else.",
}
RETRIED: Final = ("429", "503")
JSON: Final = "application/json"


def document(operations: Iterable[Route]) -> Document:
    """The whole description. Raises Misrouted for names that clash."""
    texts = comments()
    schemas = Schemas(texts)
    paths: dict[str, dict[str, Schema]] = {}
    ids: set[str] = set()
    for operation in operations:
        path = _path(operation)
        described = _operation(operation, schemas, texts)
        if described["operationId"] in ids:
            described["operationId"] += "By" + "And".join(map(_capital, _variables(operation)))
        ids.add(described["operationId"])
        paths.setdefault(path, {})[operation.binding.verb.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Agora",
            "version": version("agora"),
            "summary": "People who follow each other, over HTTP and JSON.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted((schemas.components | {"Problem": PROBLEM}).items())),
            "responses": {_refused_name(one): _refused(one, text) for one, text in REFUSED.items()},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
        "x-reasons": _reasons(),
    }


def endpoint(described: Document) -> Endpoint:
    """Serves the description."""
    body = orjson.dumps(described)

    async def answer(_request: Request) -> Response:
        headers = {"cache-control": "no-cache"}
        return Response(body, media_type="application/json", headers=headers)

    return answer


def _operation(operation: Route, schemas: Schemas, texts: Any) -> Schema:
    method = operation.binding.method
    comment = texts.get(method.full_name, "")
    described: Schema = {
        "operationId": method.name,
        "summary": comment.split(". ")[0].rstrip("."),
        "description": comment,
        "tags": [method.containing_service.file.package.split(".")[-2]],
        "parameters": _parameters(operation, schemas),
        "x-rate": _rate(operation.rate),
    }
    if operation.binding.body:
        schema = schemas.request(method.input_type, operation.binding.variables)
        content = {"application/json": {"schema": schema}}
        described["requestBody"] = {"required": True, "content": content}
    described["responses"] = _responses(operation, schemas)
    if operation.signed_in:
        described["security"] = [{"token": []}]
    return described


def _rate(number: int) -> str:
    name = options_pb2.Rate.DESCRIPTOR.values_by_number[number].name
    return str(name).removeprefix("RATE_").lower()


def _path(operation: Route) -> str:
    parts = [
        f"{{{_json_name(operation, part.text)}}}" if part.variable else part.text
        for part in operation.binding.segments
    ]
    return "/" + "/".join(parts)


def _variables(operation: Route) -> list[str]:
    return [_json_name(operation, name) for name in operation.binding.variables]


def _json_name(operation: Route, name: str) -> str:
    return str(operation.binding.method.input_type.fields_by_name[name].json_name)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _parameters(operation: Route, schemas: Schemas) -> list[Schema]:
    binding = operation.binding
    fields = binding.method.input_type.fields_by_name
    found = [_parameter(fields[name], "path", schemas) for name in binding.variables]
    if not binding.body:
        # A field that excludes one of the path's cannot be given beside it.
        spoken_for = {fields[name].containing_oneof for name in binding.variables} - {None}
        found += [
            _parameter(field, "query", schemas)
            for field in binding.method.input_type.fields
            if field.name not in binding.variables and field.containing_oneof not in spoken_for
        ]
    if binding.method.server_streaming:
        return [*found, {"$ref": "#/components/parameters/LastEventId"}]
    if operation.receipt:
        found.append({"$ref": "#/components/parameters/IdempotencyKey"})
    return [
        *found,
        {"$ref": "#/components/parameters/Position"},
        {"$ref": "#/components/parameters/Traceparent"},
    ]


def _parameter(field: FieldDescriptor, place: str, schemas: Schemas) -> Schema:
    schema = schemas.field(field, asked=True)
    parameter: Schema = {"name": field.json_name, "in": place}
    if comment := schema.pop("description", ""):
        parameter["description"] = comment
    if place == "path" or is_required(field):
        parameter["required"] = True
    return parameter | {"schema": schema}


def _responses(operation: Route, schemas: Schemas) -> Schema:
    output = operation.binding.method.output_type
    headers = {"Agora-Correlation-Id": {"$ref": "#/components/headers/Correlation"}}
    if operation.receipt:
        headers["Agora-Position"] = {"$ref": "#/components/headers/Position"}
    if operation.binding.method.server_streaming:
        description = "Events: the name of each is that of a member of this, its data the member."
        media_type = EVENT_STREAM
    else:
        description = "Done." if operation.receipt else "What was asked for."
        media_type = JSON
    answered: Schema = {
        "200": {
            "description": description,
            "headers": headers,
            "content": {media_type: {"schema": schemas.answer(output)}},
        }
    }
    return answered | {
        status: {"$ref": f"#/components/responses/{_refused_name(status)}"} for status in REFUSED
    }


def _refused_name(status: str) -> str:
    return f"Refused{status.capitalize()}"


def _refused(status: str, text: str) -> Schema:
    schema = {"$ref": f"{REFERENCE}Problem"}
    refused: Schema = {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}
    if status in RETRIED:
        refused["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    return refused


def _reasons() -> list[Schema]:
    known = [
        {"reason": name, "title": one.title, "remedy": one.remedy, "status": one.kind.http_status}
        for name, one in REASONS.items()
    ]
    return [*known, {"reason": INTERNAL, "title": INTERNAL_TITLE, "remedy": "", "status": 500}]
