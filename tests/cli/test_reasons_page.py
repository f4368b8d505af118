"""The page of reasons holds all of them, with the statuses that they are answered with."""

import inspect

from cli.reasons_page import AT_THE_EDGE, reasons_page
from gateway import refusals
from schemas.reasons import REASONS
from schemas.refusals import KINDS, Refusal


def test_every_reason_has_its_line() -> None:
    page = reasons_page()
    assert [name for name in REASONS if f"| `{name}`" not in page] == []


def test_every_status_that_the_edge_gives_is_told() -> None:
    kinds = {kind.http_status for kind in KINDS}
    own = {
        kind
        for _, kind in inspect.getmembers(refusals, inspect.isclass)
        if issubclass(kind, Refusal) and kind.http_status not in kinds
    }
    assert own == {type(refusal) for refusal in AT_THE_EDGE}
    assert "`METHOD_NOT_ALLOWED` (HTTP 405)" in reasons_page()
