"""The API's documentation page, generated from its description: no script, no third parties."""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from html import escape
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.openapi import JSON, Document

Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(described: Document) -> Endpoint:
    """Serves the page."""
    style = (files("gateway") / "docs_page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    headers = {
        "cache-control": "no-cache",
        "content-security-policy": f"{policy}; frame-ancestors 'none'",
    }
    body = page(described, style)

    async def answer(_request: Request) -> Response:
        return HTMLResponse(body, headers=headers)

    return answer


def page(described: Document, style: str) -> str:
    """The whole page as HTML."""
    info = described["info"]
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{escape(info['title'])} API</title><style>{style}</style></head><body>",
            f"<header><h1>{escape(info['title'])} API</h1>",
            f"<p>{escape(info['summary'])} Version {escape(info['version'])}, ",
            '<a href="/openapi.json">OpenAPI 3.1</a>.</p></header>',
            '<nav aria-label="On this page"><a href="#operations">Operations</a> ',
            '<a href="#schemas">Schemas</a> <a href="#reasons">Reasons</a></nav><main>',
            '<section id="operations"><h2>Operations</h2>',
            *_operations(described),
            '</section><section id="schemas"><h2>Schemas</h2>',
            *_schemas(described),
            '</section><section id="reasons"><h2>Reasons</h2>',
            *_reasons(described),
            "</section></main></body></html>",
        ]
    )


def _operations(described: Document) -> Iterator[str]:
    for path, verbs in described["paths"].items():
        for verb, operation in verbs.items():
            yield f'<details id="{escape(operation["operationId"])}"><summary>'
            yield f'<b class="verb {verb}">{verb.upper()}</b> <code>{escape(path)}</code> '
            yield f"<span>{escape(operation['summary'])}</span></summary>"
            yield f"<p>{escape(operation['description'])}</p>"
            yield _access(operation)
            yield from _parameters(described, operation)
            if body := operation.get("requestBody"):
                yield f"<p>Body: {_type(body['content']['application/json']['schema'])}</p>"
            [(media_type, answer)] = operation["responses"]["200"]["content"].items()
            kind = "Answer" if media_type == JSON else f"Answer, as {escape(media_type)}"
            yield f"<p>{kind}: {_type(answer['schema'])}</p></details>"


def _access(operation: Document) -> str:
    who = "Signed in" if operation.get("security") else "Anybody"
    return f'<p class="access">{who} · limited as {escape(operation["x-rate"])}</p>'


def _parameters(described: Document, operation: Document) -> Iterator[str]:
    shared = described["components"]["parameters"]
    resolved = [
        shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        for one in operation["parameters"]
    ]
    yield "<table><thead><tr><th>Parameter</th><th>In</th><th>Type</th><th>Meaning</th></tr>"
    yield "</thead><tbody>"
    for one in resolved:
        needed = " <em>required</em>" if one.get("required") else ""
        yield f"<tr><td><code>{escape(one['name'])}</code>{needed}</td><td>{one['in']}</td>"
        yield f"<td>{_type(one['schema'])}</td><td>{escape(one.get('description', ''))}</td></tr>"
    yield "</tbody></table>"


def _schemas(described: Document) -> Iterator[str]:
    for name, schema in described["components"]["schemas"].items():
        yield f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code> '
        yield f"<span>{escape(schema.get('description', ''))}</span></summary>"
        if "enum" in schema:
            yield f"<p>One of {', '.join(map(escape, schema['enum']))}.</p>"
        if properties := schema.get("properties"):
            required = schema.get("required", ())
            yield "<table><thead><tr><th>Field</th><th>Type</th><th>Meaning</th></tr></thead>"
            yield "<tbody>"
            for field, inner in properties.items():
                needed = " <em>required</em>" if field in required else ""
                yield f"<tr><td><code>{escape(field)}</code>{needed}</td><td>{_type(inner)}</td>"
                yield f"<td>{escape(inner.get('description', ''))}</td></tr>"
            yield "</tbody></table>"
        yield "</details>"


def _reasons(described: Document) -> Iterator[str]:
    yield "<table><thead><tr><th>Reason</th><th>Status</th><th>Meaning</th><th>What to do</th>"
    yield "</tr></thead><tbody>"
    for one in described["x-reasons"]:
        name = escape(one["reason"])
        yield f'<tr id="{name}"><td><code>{name}</code></td><td>{one["status"]}</td>'
        yield f"<td>{escape(one['title'])}</td><td>{escape(one['remedy'])}</td></tr>"
    yield "</tbody></table>"


def _type(schema: dict[str, Any]) -> str:
    if reference := schema.get("$ref"):
        name = escape(reference.rpartition("/")[2])
        return f'<a href="#schema-{name}"><code>{name}</code></a>'
    kind = schema.get("type", "")
    text = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if kind == "array":
        return f"list of {_type(schema['items'])}{_bounds(schema)}"
    return f"{escape(text)}{_bounds(schema)}"


def _bounds(schema: dict[str, Any]) -> str:
    words = (
        "format", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "pattern",
        "enum",
    )  # fmt: skip
    told = [f"{word} {schema[word]}" for word in words if word in schema]
    return f" <small>{escape(', '.join(told))}</small>" if told else ""
