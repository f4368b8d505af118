"""The description says what the gateway does: routes, bounds of the rules, words of comments."""

from pathlib import Path
from typing import Any

import pytest

from gateway.openapi import document
from gateway.operations import operations_of
from schemas.reasons import REASONS
from tests.gateway.stage import Scene, scene


@pytest.fixture
def described(tmp_path: Path) -> Any:
    """The description of the product's API."""
    made = scene(tmp_path)
    return document(operations_of(made.backends(), made.ids))


def test_what_a_request_must_have_follows_from_the_rules(described: Any) -> None:
    schema = described["components"]["schemas"]["RegisterRequest"]
    assert schema["required"] == ["email", "password", "firstName", "lastName", "birthDate"]
    assert schema["additionalProperties"] is False
    password = schema["properties"]["password"]
    assert (password["minLength"], password["maxLength"]) == (10, 128)
    assert password["description"].startswith("10 to 128 characters")
    assert schema["properties"]["handle"]["pattern"] == "^$|^[a-z0-9_]{3,30}$"


def test_what_an_answer_always_has_is_required(described: Any) -> None:
    schema = described["components"]["schemas"]["Profile"]
    assert "handle" in schema["required"]
    assert "relation" not in schema["required"]
    assert schema["properties"]["accountId"]["pattern"] == "^1[A-Za-z0-9_-]{22}$"
    assert schema["properties"]["followers"]["type"] == "string"
    assert schema["properties"]["relation"] == {
        "$ref": "#/components/schemas/Relation",
        "description": "How they and the viewer relate.",
    }


def test_a_method_with_two_routes_has_two_operations(described: Any) -> None:
    paths = described["paths"]
    assert paths["/v1/people/{accountId}"]["get"]["operationId"] == "ReadProfile"
    by_handle = paths["/v1/handles/{handle}"]["get"]
    assert by_handle["operationId"] == "ReadProfileByHandle"
    assert [one["name"] for one in by_handle["parameters"] if "name" in one] == ["handle"]


def test_a_query_is_described_with_its_bounds(described: Any) -> None:
    parameters = described["paths"]["/v1/account/muted"]["get"]["parameters"]
    size = next(one for one in parameters if one.get("name") == "pageSize")
    assert (size["in"], size["schema"]["minimum"], size["schema"]["maximum"]) == ("query", 0, 100)
    assert "required" not in size
    listed = described["paths"]["/v1/people"]["get"]["parameters"][0]
    assert listed["required"]
    assert listed["schema"]["maxItems"] == 100


def test_access_errors_and_header_fields_are_described(described: Any) -> None:
    follow = described["paths"]["/v1/people/{accountId}/follow"]["put"]
    assert follow["security"] == [{"token": []}]
    assert follow["responses"]["409"] == {"$ref": "#/components/responses/Refused409"}
    refused = described["components"]["responses"]["Refused409"]
    assert "application/problem+json" in refused["content"]
    assert "Agora-Position" in follow["responses"]["200"]["headers"]
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in follow["parameters"]
    assert "security" not in described["paths"]["/v1/sessions"]["post"]


def test_every_reason_is_told(described: Any) -> None:
    assert {one["reason"] for one in described["x-reasons"]} == {*REASONS, "INTERNAL"}


async def test_the_description_and_its_page_are_served(stage: Scene) -> None:
    answer = await stage.http.get("/openapi.json")
    assert answer.json()["openapi"] == "3.1.0"
    page = await stage.http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert 'id="SIGN_IN_FAILED"' in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
