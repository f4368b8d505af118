"""Every refusal in the code has its reason in the catalogue, of the right kind."""

import ast
from collections.abc import Iterator

import pytest

from schemas.reasons import REASONS
from schemas.refusals import KINDS
from tests.house.sources import Source, python

NAMES = {kind.__name__: kind for kind in KINDS}


def refusals(source: Source) -> Iterator[tuple[str, str]]:
    """The kind and the reason of each refusal that the file spells out."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Name(id=kind), args=[ast.Constant(value=str(reason)), *_]):
                if kind in NAMES:
                    yield kind, reason


@pytest.mark.parametrize(
    "source",
    [source for source in python() if not source.path.startswith("tests/")],
    ids=lambda source: source.path,
)
def test_the_reasons_of_the_file_are_in_the_catalogue(source: Source) -> None:
    unknown = [
        f"{kind}({reason})"
        for kind, reason in refusals(source)
        if reason not in REASONS or REASONS[reason].kind is not NAMES[kind]
    ]
    assert not unknown


def test_reasons_read_alike() -> None:
    for name, reason in REASONS.items():
        assert name == name.upper()
        assert reason.remedy.endswith(".")
        assert not reason.title.endswith(".")


def test_a_refusal_that_is_missing_is_found() -> None:
    source = Source(path="events/a.py", text='raise Conflict("NEVER_HEARD_OF", "No.")')
    assert list(refusals(source)) == [("Conflict", "NEVER_HEARD_OF")]
