"""Somebody is shut out, and then something is said, while a part of the read side stands still.

Whatever is behind, who was shut out comes to know nothing of it in any answer, count, push, replay
or feed, then or later; and whom it is for does, once all goes on.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final

import psycopg
import pytest
from msgspec import Struct
from psycopg import sql

from tests.flows.awkward.deeds import (
    BLOCKED,
    STORIES,
    Deed,
    Story,
    block,
    block_and_unblock,
    close,
    comment,
    delete_post,
    describe,
    edit,
    leave,
    react,
    remove,
)
from tests.flows.awkward.scene import NARROWER, POST, READER, Places, Scene
from tests.flows.awkward.sight import answers, check, check_taken, check_untold, shows, told_of
from tests.flows.streams import Stream
from tests.flows.town import Someone, Town, eventually

pytestmark = pytest.mark.flows


class Lanes(Struct, frozen=True):
    """A read model or a reaction, in one partition or in all, and to which stories it matters."""

    name: str
    partition: str = ""
    stories: Sequence[Story] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.partition}".strip()


def stories(*deeds: Deed) -> list[Story]:
    """Those that these deeds are in."""
    return [one for one in STORIES if one.shut_out in deeds or one.then in deeds]


LANES: Final = [
    Lanes("graph", "", STORIES),
    Lanes("graph", f"people-{NARROWER}", stories(block_and_unblock, close, leave, remove, comment)),
    Lanes("graph", f"people-{READER}", stories(leave, comment, react)),
    Lanes("accounts", f"people-{NARROWER}", stories(describe, remove, edit)),
    Lanes("posts", f"posts-{POST}", STORIES),
    Lanes("bookmarks", f"people-{READER}", stories(comment, delete_post)),
    Lanes("reaction:mirror-blocks", f"people-{NARROWER}", stories(block, block_and_unblock)),
]

Told = tuple[Scene, Story]


def gathered(places: Places, story: Story) -> Scene:
    """Everything as it is before the story."""
    return Scene(places, story.audience, follows=story.follows)


@pytest.fixture(scope="module")
def places(town: Town) -> Places:
    """Where people and posts of this town are."""
    return Places(town)


@contextmanager
def held(town: Town, lanes: Lanes) -> Iterator[None]:
    """The lanes stand still: somebody else holds their checkpoints."""
    postgres = town.settings.postgres
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(postgres.schema)))
        query = """select 1 from build_checkpoints
                    where model = %s and partition like %s || '%%' for update"""
        assert connection.execute(query, (lanes.name, lanes.partition)).rowcount > 0
        yield
        connection.rollback()


def play(scene: Scene, story: Story) -> None:
    """Tells the story while lanes are held."""
    story.shut_out(scene)
    if scene.everywhere:
        check_taken(scene, story, answers(scene.ben, scene))
    story.then(scene)
    check(scene, story, over=False)


def check_end(scene: Scene, story: Story) -> None:
    """What everybody knows once all goes on."""
    for who, name in ((scene.clo, story.clo), (scene.ben, story.gives)):
        if name:
            eventually(partial(shows, who, scene, getattr(scene, name)))
    if story.told:
        about = scene.own if story.then is edit else scene.others
        [*_, (post, comment)] = scene.said or [(about, "")]
        thing, page = comment or post, scene.pages["clo home"]
        page.until(lambda: story.told in told_of(page, thing), f"{story.told} in {story}")
    # In the partition of what came before, so that it is told after that.
    [*_, marker] = scene.publish(scene.clo, "A marker.")
    check_marked(marker, scene.pages.values())
    check(scene, story, over=True)
    check_counts(scene, story)


def check_marked(marker: str, pages: Iterable[Stream]) -> None:
    """Waits until the pages were told of a post that comes after everything else."""
    for page in pages:
        page.until(lambda: bool(told_of(page, marker)), "marker")  # noqa: B023


def check_counts(scene: Scene, story: Story) -> None:
    """Under CLO's post each is counted what they see there."""

    def counted(who: Someone) -> tuple[int, int]:
        shown = who.see(f"/v1/posts/{scene.others}")
        return int(shown["comments"]), int(shown["reactions"])

    remarks = int("remark" not in story.takes)
    assert counted(scene.ben) == (1 + remarks, 0), str(story)
    if not story.from_all:
        assert counted(scene.clo) == (2 + (story.then is comment), int(story.then is react))
    if story.takes == BLOCKED:
        assert counted(scene.ana)[0] == 1 + (story.then is comment), str(story)


def check_replay(scene: Scene, story: Story, pages: ExitStack) -> None:
    """Who comes back is told what they missed as it is now."""
    ben, clo = (scene.come_back(pages, name) for name in ("ben", "clo"))
    # What was missed is told before all that is new.
    marker = scene.tell(scene.clo, "POST", "/v1/posts", body="Another marker.")["postId"]
    check_marked(marker, (ben, clo))
    check_untold(scene, story, ben)
    for post, one in scene.said:
        assert story.gives or told_of(clo, one or post), str(story)


def all_at_once(work: Callable[[Scene, Story], object], told: Sequence[Told]) -> None:
    """Does it for each of the stories."""
    with ThreadPoolExecutor(len(STORIES)) as threads:
        list(threads.map(work, *zip(*told, strict=True)))


@pytest.mark.parametrize("lanes", LANES, ids=str)
def test_who_was_shut_out_learns_nothing_whatever_stands_still(
    town: Town, places: Places, lanes: Lanes
) -> None:
    with ThreadPoolExecutor(len(STORIES)) as threads:
        scenes = list(threads.map(partial(gathered, places), lanes.stories))
    told = list(zip(scenes, lanes.stories, strict=True))
    with ExitStack() as pages:
        for scene in scenes:
            scene.watch(pages)
        with held(town, lanes):
            all_at_once(play, told)
            backs = [scene.come_back(pages, "ben") for scene in scenes]
        all_at_once(check_end, told)
        for (scene, story), back in zip(told, backs, strict=True):
            check_untold(scene, story, back)
        all_at_once(lambda scene, story: check_replay(scene, story, pages), told)
