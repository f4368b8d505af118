"""The public API as the people of the runs use it: each rpc's address, and what goes along."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

AUDIENCES: Final = {
    "public": "AUDIENCE_PUBLIC",
    "followers": "AUDIENCE_FOLLOWERS",
    "selected": "AUDIENCE_SELECTED",
}
REPLIES: Final = {"everybody": "REPLIES_EVERYBODY", "followers": "REPLIES_FOLLOWERS"}
PAGE: Final = "pageSize=100"
FEED: Final = "pageSize=10"


class Route(Struct, frozen=True):
    """Where one rpc is. `writes` tells a command; `query` is sent as it is."""

    verb: str
    path: str
    writes: bool = True
    query: str = ""

    def address(self, about: Mapping[str, Any]) -> str:
        """Path and query for what is asked."""
        path = self.path.format_map(about)
        return f"{path}?{self.query}" if self.query else path


def _read(path: str, query: str = "") -> Route:
    return Route("GET", path, writes=False, query=query)


POST: Final = "/v1/posts/{post}"
PERSON: Final = "/v1/people/{person}"
COMMENT: Final = "/v1/posts/{post}/comments/{comment}"
REQUEST: Final = "/v1/account/requests/{person}"

ROUTES: Final[Mapping[str, Route]] = {
    "Register": Route("POST", "/v1/accounts"),
    "SignIn": Route("POST", "/v1/sessions"),
    "SignOut": Route("DELETE", "/v1/sessions/current"),
    "UpdateProfile": Route("PATCH", "/v1/account"),
    "SetVisibility": Route("PUT", "/v1/account/visibility"),
    "Follow": Route("PUT", f"{PERSON}/follow"),
    "Unfollow": Route("DELETE", f"{PERSON}/follow"),
    "CancelRequest": Route("DELETE", f"{PERSON}/follow-request"),
    "AcceptRequest": Route("PUT", f"{REQUEST}/acceptance"),
    "DeclineRequest": Route("DELETE", REQUEST),
    "RemoveFollower": Route("DELETE", "/v1/account/followers/{person}"),
    "Block": Route("PUT", f"{PERSON}/block"),
    "Unblock": Route("DELETE", f"{PERSON}/block"),
    "Mute": Route("PUT", f"{PERSON}/mute"),
    "Unmute": Route("DELETE", f"{PERSON}/mute"),
    "PublishPost": Route("POST", "/v1/posts"),
    "EditPost": Route("PATCH", POST),
    "DeletePost": Route("DELETE", POST),
    "React": Route("PUT", f"{POST}/reaction"),
    "TakeBackReaction": Route("DELETE", f"{POST}/reaction"),
    "Bookmark": Route("PUT", f"{POST}/bookmark"),
    "RemoveBookmark": Route("DELETE", f"{POST}/bookmark"),
    "PublishComment": Route("POST", f"{POST}/comments"),
    "EditComment": Route("PATCH", COMMENT),
    "DeleteComment": Route("DELETE", COMMENT),
    "OwnAccount": _read("/v1/account"),
    "ReadProfile": _read(PERSON),
    "ReadRelation": _read(f"{PERSON}/relation"),
    "ListFollowers": _read(f"{PERSON}/followers", PAGE),
    "ListFollowing": _read(f"{PERSON}/following", PAGE),
    "ListIncomingRequests": _read("/v1/account/requests", PAGE),
    "ListOutgoingRequests": _read("/v1/account/requests/sent", PAGE),
    "ListBlocked": _read("/v1/account/blocked", PAGE),
    "ReadHome": _read("/v1/feeds/home", FEED),
    "ReadExplore": _read("/v1/feeds/explore", FEED),
    "ListPostsOf": _read(f"{PERSON}/posts", FEED),
    "ListBookmarks": _read("/v1/account/bookmarks", FEED),
    "ReadPost": _read(POST),
    "ListComments": _read(f"{POST}/comments", f"{PAGE}&order=ORDER_NEWEST"),
    "ListReactions": _read(f"{POST}/reactions", PAGE),
    "ListEdits": _read(f"{POST}/edits", PAGE),
}
"""Every rpc that the runs use, by its name."""


def body_of(deed: str, about: Mapping[str, Any]) -> dict[str, Any] | None:
    """The JSON that goes along with a command; None where nothing does."""
    match deed:
        case "Register":
            return {
                "email": about["email"],
                "password": about["password"],
                "firstName": "Ana",
                "lastName": "Lima",
                "birthDate": "1990-12-31",
                "handle": about["handle"],
            }
        case "SignIn":
            return {"login": about["handle"], "password": about["password"]}
        case "UpdateProfile":
            return {"updateMask": "about", "about": about["text"]}
        case "SetVisibility":
            return {"private": about["private"]}
        case "PublishPost":
            return {
                "body": about["text"],
                "audience": AUDIENCES[about["audience"]],
                "chosenIds": about["chosen"],
                "replies": REPLIES[about["replies"]],
            }
        case "EditPost" if "audience" in about:
            return {"updateMask": "audience", "audience": AUDIENCES[about["audience"]]}
        case "EditPost":
            return {"updateMask": "body", "body": about["text"]}
        case "PublishComment" if about.get("parent"):
            return {"body": about["text"], "parentId": about["parent"]}
        case "PublishComment" | "EditComment":
            return {"body": about["text"]}
        case _:
            return None
