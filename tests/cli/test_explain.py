"""`agora projections explain` on real servers: one row, its decisions, and nobody's words."""

import json
from uuid import UUID

import pytest

from cli.main import run
from infra.config import Settings
from infra.log.cloudevents import HIDDEN
from tests.cli import environment
from tests.cli.stage import World
from tests.stack import Stack

EVENTS = 600


@pytest.fixture(scope="module")
def filled(stack: Stack) -> Settings:
    """A generated log, folded by every model: made once, since every test looks at other rows."""
    settings = stack.settings()
    with pytest.MonkeyPatch.context() as monkeypatch:
        environment.use(settings, monkeypatch)
        assert run(["generate", "--events", str(EVENTS), "--seed", "3"]) == 0
        assert run(["projections", "rebuild", "--all", "--yes"]) == 0
    return settings


@pytest.fixture
def built(
    filled: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    environment.use(filled, monkeypatch)
    return World(filled, capsys)


def test_rows_are_explained_without_anybodys_words(built: World) -> None:
    [(post, body)] = built.sql("select post_id, body from posts order by post_id limit 1")
    shown = built.agora("projections", "explain", "posts", str(post))
    assert shown["agrees"]
    assert shown["hidden"] == ["body"]
    assert shown["folded"]["body"] == HIDDEN
    assert shown["causes"][0]["events"] == ["post.published"]
    assert body not in json.dumps(shown)
    revealed = built.agora("projections", "explain", "posts.posts", str(post), "--reveal")
    assert [row["body"] for row in revealed["stored"]] == [body]


def test_a_row_changed_by_hand_is_shown_beside_what_it_should_be(
    built: World, capsys: pytest.CaptureFixture[str]
) -> None:
    [(target, follower)] = built.sql("select target_id, follower_id from follows limit 1")
    key = ["projections", "explain", "follows", str(target), str(follower)]
    built.sql(f"update follows_b1 set state = 'odd' where target_id = '{target}'")
    assert run(key) == 1
    shown = capsys.readouterr()
    assert "state" in shown.out
    assert "odd" in shown.out
    assert "The row is not as the log has it: state." in shown.err


def test_a_row_that_is_not_there_says_why(built: World) -> None:
    nobody = str(UUID(int=1))
    shown = built.agora("projections", "explain", "blocks", nobody, nobody)
    assert shown["agrees"]
    assert "no decision ever made it" in shown["why"]


def test_wrong_names_and_servers_that_are_away(built: World, stack: Stack) -> None:
    said = built.refused("projections", "explain", "folows", status=2)
    assert "Did you mean 'follows'?" in said
    stack.kafka.kill()
    try:
        nobody = str(UUID(int=1))
        said = built.refused("projections", "explain", "blocks", nobody, nobody, status=2)
    finally:
        stack.kafka.start()
        stack.kafka.wait_ready(30)
    assert "log cannot be reached" in said
    assert "Traceback" not in said
