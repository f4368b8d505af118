"""`agora projections explain` on real servers: one row, its decisions, and nobody's words."""

import asyncio
import json
from uuid import UUID

import pytest

from cli.main import run
from infra.log.cloudevents import HIDDEN
from tests.cli.stage import World
from tests.stack import Stack


def test_rows_are_explained_without_anybodys_words(folded: World) -> None:
    [(post, body)] = folded.sql("select post_id, body from posts order by post_id limit 1")
    shown = folded.agora("projections", "explain", "posts", str(post))
    assert shown["agrees"]
    assert shown["hidden"] == ["body"]
    assert shown["folded"]["body"] == HIDDEN
    assert shown["causes"][0]["events"] == ["post.published"]
    assert body not in json.dumps(shown)
    revealed = folded.agora("projections", "explain", "posts.posts", str(post), "--reveal")
    assert [row["body"] for row in revealed["stored"]] == [body]


def test_a_row_changed_by_hand_is_shown_beside_what_it_should_be(
    folded: World, capsys: pytest.CaptureFixture[str]
) -> None:
    [(target, follower, state)] = folded.sql(
        "select target_id, follower_id, state from follows limit 1"
    )
    [(build,)] = folded.sql("select build from builds where model = 'graph' and state = 'live'")
    change = (
        f"update follows_b{build} set state = '{{}}' "
        f"where target_id = '{target}' and follower_id = '{follower}'"
    )
    folded.sql(change.format("odd"))
    try:
        assert run(["projections", "explain", "follows", str(target), str(follower)]) == 1
    finally:
        folded.sql(change.format(state))
    shown = capsys.readouterr()
    assert "state" in shown.out
    assert "odd" in shown.out
    assert "The row is not as the log has it: state." in shown.err


def test_a_row_that_is_not_there_says_why(folded: World) -> None:
    nobody = str(UUID(int=1))
    shown = folded.agora("projections", "explain", "blocks", nobody, nobody)
    assert shown["agrees"]
    assert "no decision ever made it" in shown["why"]


def test_wrong_names_and_servers_that_are_away(folded: World, stack: Stack) -> None:
    said = folded.refused("projections", "explain", "folows", status=2)
    assert "Did you mean 'follows'?" in said
    stack.kafka.kill()
    try:
        nobody = str(UUID(int=1))
        said = folded.refused("projections", "explain", "blocks", nobody, nobody, status=2)
    finally:
        asyncio.run(stack.bring_back_kafka())
    assert "log cannot be reached" in said
    assert "Traceback" not in said
