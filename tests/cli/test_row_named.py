"""Rows named on the command line: by table and key, and with an answer to what is misspelt."""

from uuid import UUID

import pytest

from cli.output import UNUSABLE, Failure
from cli.row_named import row_named
from projections.models.graph import FOLLOWING_COUNTS, FOLLOWS

ANA = "0190a5d0-ac96-774b-bcce-b302099a8057"
BEN = "0190a5d0-ac96-774b-bcce-b302099a8058"


@pytest.mark.parametrize(
    "words", [(ANA, BEN), (f"follower_id={BEN}", f"target_id={ANA}")], ids=["in order", "by name"]
)
@pytest.mark.parametrize("name", ["follows", "graph.follows"])
def test_a_row_is_named_by_table_and_key(name: str, words: tuple[str, ...]) -> None:
    found = row_named(name, words)
    assert (found.model.name, found.table) == ("graph", FOLLOWS)
    assert found.key == (UUID(ANA), UUID(BEN))


def test_keys_that_are_no_ids() -> None:
    assert row_named("following_counts", (ANA, "people-0")).key == (UUID(ANA), "people-0")
    assert row_named("following_counts", (ANA, "people-0")).table == FOLLOWING_COUNTS
    assert row_named("post_edits", (ANA, "42")).key == (UUID(ANA), 42)


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("folows", (ANA, BEN), "Did you mean 'follows'?"),
        ("grap.follows", (ANA, BEN), "Did you mean 'graph'?"),
        ("graph.block", (ANA, BEN), "Did you mean 'blocks'?"),
        ("graph", (ANA,), "takes one of its tables"),
        ("follows", (), "The key of follows is target_id, follower_id."),
        ("follows", (ANA,), "The key of follows is target_id, follower_id."),
        ("follows", (f"target_id={ANA}", "x=1"), "The key of follows is"),
        ("follows", (ANA, "ben"), "'ben' is no value for follower_id, which is a uuid."),
        ("post_edits", (ANA, "first"), "'first' is no value for edit, which is a bigint."),
    ],
)
def test_what_names_no_row_is_refused(name: str, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(Failure) as refused:
        row_named(name, words)
    assert said in refused.value.message
    assert refused.value.status == UNUSABLE
    assert refused.value.advice
