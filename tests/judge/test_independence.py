"""The judge stands apart from what it judges, and knows all that it should."""

import ast
from pathlib import Path
from typing import Final

import pytest

from events import catalog
from projections.model import tables_of
from projections.models import MODELS
from projections.tables import column_names
from tests.judge.fold import RULES
from tests.judge.ledger import SEALED
from tests.judge.tables import VIEWS

HERE: Final = Path(__file__).parent
PRODUCT: Final = {
    *("cli", "commands", "events", "gateway", "infra", "projections", "queries", "schemas"),
}
NOT_LIVED_THROUGH: Final[frozenset[str]] = frozenset()
"""Tables that the people of the runs do not fill yet, and so nobody judges. Keep it short."""


def imported(module: Path) -> set[str]:
    """The first words of everything that the module imports; `tests.x` counts as two."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            words = name.split(".")
            found.add(".".join(words[:2]) if words[0] == "tests" else words[0])
    return found


JUDGES: Final = sorted(one for one in HERE.glob("*.py") if not one.name.startswith("test_"))


@pytest.mark.parametrize("module", JUDGES, ids=lambda module: module.stem)
def test_no_judge_asks_the_product(module: Path) -> None:
    ours = imported(module)
    assert not ours & PRODUCT
    assert {one for one in ours if one.startswith("tests")} <= {"tests.judge"}


def test_every_table_is_judged_with_all_its_columns() -> None:
    kept = {
        table.name: (model.name, set(column_names(table)))
        for model in MODELS
        for table in tables_of(model)
        if table.name not in NOT_LIVED_THROUGH
    }
    assert {name: (view.model, set(view.columns)) for name, view in VIEWS.items()} == kept


def test_every_event_type_has_a_rule() -> None:
    folded = {name for model in MODELS for event in model.events for name in [_type(event)]}
    assert folded <= RULES.keys()
    assert RULES.keys() <= catalog.TYPES.keys()


def test_every_personal_field_is_opened() -> None:
    fields = {
        name: {field for field, about in _properties(name).items() if "x-personal" in about}
        for name in RULES
    }
    assert {name: set(sealed) for name, sealed in SEALED.items()} == {
        name: personal for name, personal in fields.items() if personal
    }


def _type(event: type) -> str:
    [name] = [known for known, kind in catalog.TYPES.items() if kind is event]
    return name


def _properties(name: str) -> dict[str, dict[str, object]]:
    import msgspec

    root = HERE.parents[1] / "schemas" / "events" / f"{name}.json"
    schema = msgspec.json.decode(root.read_bytes())
    [definition] = [
        one for one in schema["$defs"].values() if one["title"] == schema["$ref"].split("/")[-1]
    ]
    properties: dict[str, dict[str, object]] = definition["properties"]
    return properties
