"""`agora generate`: a log that is as it must be, and the same again for the same seed."""

import pytest

from cli.generated_history import history
from events.catalog import stream_of
from tests.cli import environment
from tests.cli.stage import GENERATED, World
from tests.stack import Stack


def test_a_generated_log_is_clean_and_the_same_again(
    world: World, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = world.agora("log", "check")
    assert sum(one["counts"]["events"] for one in checked) == GENERATED
    environment.use(stack.settings(), monkeypatch)
    again = world.agora("generate", "-n", str(GENERATED), "--seed", "3")
    assert again["by_type"]["reaction.set"] > again["by_type"]["follow.established"] > 0
    assert [one["counts"] for one in world.agora("log", "check")] == [
        one["counts"] for one in checked
    ]


def test_a_log_with_records_is_added_to_only_when_asked(world: World) -> None:
    assert "records already" in world.refused("generate", "-n", "10", status=2)
    world.agora("generate", "-n", "300", "--seed", "3", "--add")
    assert sum(one["counts"]["events"] for one in world.agora("log", "check")) == GENERATED + 300


@pytest.mark.parametrize("events", [1, 50, 300, 20_000])
def test_every_stream_goes_up_by_one(events: int) -> None:
    versions: dict[str, int] = {}
    for happening in history(events, seed=5):
        stream = stream_of(happening.event)
        assert happening.version == versions.get(stream, 0) + 1
        versions[stream] = happening.version
    assert sum(versions.values()) == events


def test_the_seed_gives_the_history() -> None:
    assert list(history(500, seed=1)) == list(history(500, seed=1))
    assert list(history(500, seed=1)) != list(history(500, seed=2))


def test_a_few_get_most_of_it() -> None:
    likes: dict[object, int] = {}
    for happening in history(50_000, seed=1):
        if happening.event.__struct_config__.tag == "reaction.set":
            likes[happening.shard] = likes.get(happening.shard, 0) + 1
    counts = sorted(likes.values(), reverse=True)
    assert sum(counts[: len(counts) // 10]) > sum(counts) / 2
