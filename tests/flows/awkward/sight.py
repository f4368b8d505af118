"""What somebody comes to know of a scene: by reading, by asking to act, and by being told."""

from collections.abc import Mapping

from tests.flows.awkward.deeds import BLOCKED, Story
from tests.flows.awkward.scene import Scene
from tests.flows.streams import Stream
from tests.flows.town import Someone

Answers = Mapping[str, str]


def answers(viewer: Someone, scene: Scene) -> Answers:
    """Everything that the viewer can read of it, by where."""
    person = f"/v1/people/{scene.ana.id}"
    posts = {scene.own, scene.others, *(post for post, _ in scene.said)}
    threads = [f"/v1/posts/{post}/comments/{one}" for post, one in scene.said if one]
    paths = [
        "/v1/feeds/home", "/v1/feeds/explore", "/v1/account/bookmarks", person,
        f"/v1/handles/{scene.ana.handle}", f"{person}/posts", f"{person}/followers",
        f"/v1/people/{viewer.id}/followers",
        *(f"/v1/posts/{post}{more}" for post in posts
          for more in ("", "/edits", "/comments", "/reactions")),
        *(f"{thread}/replies" for thread in threads),
    ]  # fmt: skip
    found = {path: viewer.ask("GET", path) for path in paths}
    assert all(answer.status_code in (200, 403, 404) for answer in found.values())
    return {path: answer.text for path, answer in found.items()}


def shows(viewer: Someone, scene: Scene, text: str) -> bool:
    """Whether one of the likeliest places shows the viewer the text."""
    posts = {scene.own, scene.others, *(post for post, _ in scene.said)}
    paths = [f"/v1/people/{scene.ana.id}/posts"]
    paths += [f"/v1/posts/{post}{more}" for post in posts for more in ("/edits", "/comments")]
    return any(text in viewer.ask("GET", path).text for path in paths)


def where(found: Answers, text: str) -> list[str]:
    """Which answers have the text."""
    return [path for path, answer in found.items() if text in answer]


def leave_to_act(viewer: Someone, post: str, comment: str) -> list[int]:
    """What the viewer is answered who wants to do something with a post or comment."""
    path = f"/v1/posts/{post}"
    reply: dict[str, str] = {"parentId": comment} if comment else {}
    thing = f"{path}/comments/{comment}" if comment else path
    asked = [
        viewer.ask("POST", f"{path}/comments", json={"body": "May I?", **reply}),
        viewer.ask("PUT", f"{thing}/reaction"),
    ]
    if not comment:
        asked.append(viewer.ask("PUT", f"{path}/bookmark"))
    return [answer.status_code for answer in asked]


def told_of(page: Stream, thing: str) -> list[str]:
    """By which events a page was told of a post or comment, but for those that take it away."""
    return [
        event.name
        for event in list(page.events)
        if event.name != "gone" and thing in (event.data.get("postId"), event.data.get("commentId"))
    ]


def check(scene: Scene, story: Story, *, over: bool) -> None:
    """BEN knows nothing of what was said and, once he is shut out for certain, of what was there.

    `over` says that nothing rests any more.
    """
    found = answers(scene.ben, scene)
    if story.gives != "secret":
        check_unread(scene, story, found)
        for name, page in scene.pages.items():
            if name.startswith("ben"):
                check_untold(scene, story, page)
    if over or scene.everywhere:
        check_taken(scene, story, found)
        if story.from_all:
            check_taken(scene, story, answers(scene.clo, scene))


def check_unread(scene: Scene, story: Story, found: Answers) -> None:
    """Nowhere is the text, and nobody may do anything with what they may not read."""
    seen = where(found, scene.secret)
    assert not seen, f"{story}: BEN reads it at {seen}"
    assert scene.ana.id not in found[f"/v1/posts/{scene.others}/reactions"], str(story)
    hidden = [(post, "") for post in (scene.own, scene.others) if is_absent(found, post)]
    for said in {*scene.said, *hidden}:
        assert set(leave_to_act(scene.ben, *said)) == {404}, str(story)


def check_untold(scene: Scene, story: Story, page: Stream) -> None:
    """A page of BEN's was told of nothing that was said, nor of what it was told is gone."""
    if story.gives == "secret":
        return
    for post, comment in scene.said:
        assert not told_of(page, comment or post), f"{story}: {page.events}"
    if not story.gives:
        later = [event.data.get("postId") for event in list(page.events)]
        gone = [event.name == "gone" for event in list(page.events)]
        if (scene.own, True) in zip(later, gone, strict=False):
            assert later[gone.index(True) + 1 :].count(scene.own) == 0, f"{story}: {page.events}"


def check_taken(scene: Scene, story: Story, found: Answers) -> None:
    """What was there before is out of sight, too."""
    for name in story.takes:
        seen = where(found, getattr(scene, name))
        assert not seen, f"{story}: {name} is read at {seen}"
    if story.takes == BLOCKED:
        assert not is_known(scene.ana, found), str(story)
        # Nor does ANA see what BEN had said before.
        assert not is_known(scene.ben, answers(scene.ana, scene)), str(story)


def is_absent(found: Answers, post: str) -> bool:
    """Whether the viewer was told that there is no such post."""
    return "NOT_FOUND" in found[f"/v1/posts/{post}"]


def is_known(person: Someone, found: Answers) -> bool:
    """Whether any answer tells that there is such a person at all."""
    return bool(where(found, person.id))
