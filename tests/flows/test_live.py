"""What open pages are told as it happens: soon, once, and never what their viewer may not see."""

import pytest

from tests.flows.streams import Stream, watching
from tests.flows.test_posts import act, publish
from tests.flows.town import Someone, Town

pytestmark = pytest.mark.flows


def react(who: Someone, post: str, after: Someone) -> None:
    """Reacts to a post."""
    act(who, "PUT", f"/v1/posts/{post}/reaction", after)


def told(stream: Stream, by: Someone, post: str | None = None) -> None:
    """Waits for a post that the stream is surely told of: what came before it was told by then."""
    marker = post or publish(by, "Marker.")
    stream._until(
        lambda: any(one["postId"] == marker for one in stream.of("post")), 15.0, "the marker"
    )


def test_a_follower_is_told_of_a_post_within_a_second(town: Town) -> None:
    ana, ben = town.newcomer(), town.newcomer()
    ben.follow(ana)
    with watching(ben, feed="home") as stream:
        post = publish(ana)
        told_of = stream.wait("post", within_s=5.0)
    assert (told_of["postId"], told_of["authorId"]) == (post, ana.id)
    ben.position = told_of["position"]
    assert ben.see(f"/v1/posts/{post}")["postId"] == post
