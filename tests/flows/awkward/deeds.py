"""How BEN is shut out, what is said then, and the stories that come of it."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from tests.flows.awkward.scene import Scene

Deed = Callable[[Scene], None]


def block(scene: Scene) -> None:
    scene.narrow(scene.ana, "PUT", f"/v1/people/{scene.ben.id}/block")


def block_and_unblock(scene: Scene) -> None:
    block(scene)
    scene.tell(scene.ana, "DELETE", f"/v1/people/{scene.ben.id}/block")


def close(scene: Scene) -> None:
    scene.narrow(scene.ana, "PUT", "/v1/account/visibility", private=True)


def leave(scene: Scene) -> None:
    scene.narrow(scene.ben, "DELETE", f"/v1/people/{scene.ana.id}/follow")


def remove(scene: Scene) -> None:
    scene.narrow(scene.ana, "DELETE", f"/v1/account/followers/{scene.ben.id}")


def narrow_to_followers(scene: Scene) -> None:
    _address(scene, "FOLLOWERS")


def narrow_to_clo(scene: Scene) -> None:
    _address(scene, "SELECTED", scene.clo.id)


def _address(scene: Scene, audience: str, *chosen: str) -> None:
    change = {"audience": f"AUDIENCE_{audience}", "chosenIds": list(chosen)}
    mask = "audience,chosenIds" if chosen else "audience"
    scene.narrow(scene.ana, "PATCH", f"/v1/posts/{scene.own}", updateMask=mask, **change)


def delete_post(scene: Scene) -> None:
    scene.narrow(scene.ana, "DELETE", f"/v1/posts/{scene.own}")


def delete_comment(scene: Scene) -> None:
    path = f"/v1/posts/{scene.others}/comments/{scene.comment}"
    scene.narrow(scene.ana, "DELETE", path)


def nothing(_scene: Scene) -> None:
    pass


def post(scene: Scene) -> None:
    scene.said += [(each, "") for each in scene.publish(scene.ana, scene.secret)]


def post_to_followers(scene: Scene) -> None:
    audience = "AUDIENCE_FOLLOWERS"
    posts = scene.publish(scene.ana, scene.secret, audience=audience)
    scene.said += [(each, "") for each in posts]


def name_ben(scene: Scene) -> None:
    posts = scene.publish(scene.ana, f"@{scene.ben.handle}: {scene.secret}")
    scene.said += [(each, "") for each in posts]


def comment(scene: Scene) -> None:
    _comment(scene, scene.others)


def comment_under_own(scene: Scene) -> None:
    _comment(scene, scene.own)


def _comment(scene: Scene, under: str) -> None:
    answer = scene.tell(scene.ana, "POST", f"/v1/posts/{under}/comments", body=scene.secret)
    scene.said.append((under, str(answer["commentId"])))


def edit(scene: Scene) -> None:
    path = f"/v1/posts/{scene.own}"
    scene.tell(scene.ana, "PATCH", path, updateMask="body", body=scene.secret)


def edit_and_reopen(scene: Scene) -> None:
    """Once the post is for everybody again, its text of meanwhile still is not."""
    path = f"/v1/posts/{scene.own}"
    scene.tell(scene.ana, "PATCH", path, updateMask="body", body=scene.secret)
    change = {"body": scene.reopened, "audience": "AUDIENCE_PUBLIC"}
    scene.tell(scene.ana, "PATCH", path, updateMask="body,audience", **change)


def describe(scene: Scene) -> None:
    scene.tell(scene.ana, "PATCH", "/v1/account", updateMask="about", about=scene.secret)


def react(scene: Scene) -> None:
    scene.tell(scene.ana, "PUT", f"/v1/posts/{scene.others}/reaction")


class Story(Struct, frozen=True, kw_only=True):
    """One of them.

    `audience` is that of ANA's post before, `follows` whether BEN follows her then. `takes` names
    what of the scene BEN does not see once he is shut out, `from_all` whether nobody does. `gives`
    names what he does see in the end, and `clo` is what CLO sees then, `told` by which event.
    """

    shut_out: Deed
    then: Deed = nothing
    audience: str = "PUBLIC"
    follows: bool = True
    takes: tuple[str, ...] = ("before",)
    from_all: bool = False
    gives: str = ""
    clo: str = "secret"
    told: str = ""

    def __str__(self) -> str:
        return f"{self.shut_out.__name__} then {self.then.__name__}"


BLOCKED: Final = ("before", "remark")
"""What a block takes."""

STORIES: Final = [
    Story(shut_out=block, then=post, takes=BLOCKED, told="post"),
    Story(shut_out=block, then=name_ben, takes=BLOCKED, told="post"),
    Story(shut_out=block, then=comment, takes=BLOCKED, told="comment"),
    Story(shut_out=block, then=edit, takes=BLOCKED, told="edited"),
    Story(shut_out=block, then=describe, takes=BLOCKED, clo=""),
    Story(shut_out=block, then=react, takes=BLOCKED, clo="", told="counts"),
    Story(shut_out=block_and_unblock, then=post, takes=(), gives="secret"),
    Story(shut_out=close, then=post, follows=False, told="post"),
    Story(shut_out=close, then=describe, follows=False, clo=""),
    Story(shut_out=leave, then=post_to_followers, audience="FOLLOWERS", told="post"),
    Story(shut_out=remove, then=post_to_followers, audience="FOLLOWERS", told="post"),
    Story(shut_out=remove, then=edit, audience="SELECTED", told="edited"),
    Story(shut_out=narrow_to_followers, then=edit, follows=False, told="edited"),
    Story(shut_out=narrow_to_clo, then=edit, told="edited"),
    Story(shut_out=narrow_to_clo, then=comment_under_own, told="comment"),
    Story(shut_out=narrow_to_clo, then=edit_and_reopen, takes=(), gives="reopened"),
    Story(shut_out=narrow_to_clo, then=edit, audience="SELECTED", told="edited"),
    Story(shut_out=delete_post, from_all=True, clo=""),
    Story(shut_out=delete_comment, takes=("remark",), from_all=True, clo=""),
]  # fmt: skip
