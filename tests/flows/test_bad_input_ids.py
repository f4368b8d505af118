"""Ids of what is hidden, deleted or absent, and cursors that are not for what they are shown to.

Over gRPC and over HTTP, for every method that takes such an id or a cursor.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.json_format import MessageToDict

from infra.crypto.uuid7 import new_uuid7
from schemas.gen.options_pb2 import ID_ACCOUNT, ID_COMMENT, ID_POST
from tests.flows.api import Api, Fields, Outcome, kind_of, methods
from tests.flows.test_posts import act, comment, publish
from tests.flows.town import Someone, Town, eventually

pytestmark = pytest.mark.flows

Ask = Callable[[MethodDescriptor, Someone, Fields], Outcome]

OTHER_FIELDS: Final[Fields] = {"body": "Words.", "update_mask": "body", "audience": 1}


@pytest.fixture(scope="module")
def api(town: Town) -> Iterator[Api]:
    """All methods."""
    opened = Api(town)
    yield opened
    opened.close()


def said(outcome: Outcome) -> object:
    """An outcome without what is new in every answer, and without the ids that were asked for."""
    answer = outcome.answer
    if not isinstance(answer, dict | tuple):
        answer = MessageToDict(answer)
    if isinstance(answer, dict):
        asked = ("correlationId", "receipt", "postId", "commentId")
        answer = {name: value for name, value in answer.items() if name not in asked}
    return outcome.status, outcome.reason, answer


def absent() -> str:
    """An id that nothing has."""
    return str(new_uuid7(datetime.now(UTC)))


class Things:
    """What EVE cannot see, by the kind of its id, for each a reason why; and a post that she can.

    ANA blocks her, DAN's post is for his followers, and what was deleted is nobody's.
    """

    def __init__(self, town: Town, api: Api) -> None:
        self.eve, ana, clo, dan = (town.newcomer() for _ in range(4))
        seen, other, deleted = (publish(clo, body) for body in ("Seen.", "Other.", "Deleted."))
        kept, shown = comment(clo, other), comment(clo, seen)
        gone = comment(clo, seen)
        hidden = publish(ana)
        by_hidden = comment(ana, seen, after=clo)
        for_few = publish(dan, audience="AUDIENCE_FOLLOWERS")
        act(clo, "DELETE", f"/v1/posts/{deleted}")
        act(clo, "DELETE", f"/v1/posts/{seen}/comments/{gone}")
        ana.do("PUT", f"/v1/people/{self.eve.id}/block")
        for who in (clo, dan, ana):
            self.eve.see("/v1/account", after=who)
        eventually(lambda: self.eve.ask("GET", f"/v1/posts/{seen}").status_code == 200)
        self.seen: dict[int, str] = {
            ID_POST: api.opened(ID_POST, seen),
            ID_COMMENT: api.opened(ID_COMMENT, shown),
        }
        self.unseen: Mapping[int, list[str]] = {
            ID_ACCOUNT: [absent(), api.opened(ID_ACCOUNT, ana.id)],
            ID_POST: [absent(), *(api.opened(ID_POST, one) for one in (hidden, deleted, for_few))],
            ID_COMMENT: [
                absent(), *(api.opened(ID_COMMENT, one) for one in (gone, by_hidden, kept))
            ],
        }  # fmt: skip


def asked(method: MethodDescriptor, things: Things, tried: str, thing: str) -> dict[str, Any]:
    """A request about the thing, else about what EVE sees."""
    fields: dict[str, Any] = {}
    for field in method.input_type.fields:
        if field.name == tried:
            fields[field.name] = [thing] if field.is_repeated else thing
        elif kind_of(field) in things.seen:
            fields[field.name] = things.seen[kind_of(field)]
        elif field.name in OTHER_FIELDS:
            fields[field.name] = OTHER_FIELDS[field.name]
    if tried == "chosen_ids":
        fields["audience"], fields["update_mask"] = 3, "chosen_ids"
    return {name: value for name, value in fields.items() if takes(method, name)}


def takes(method: MethodDescriptor, name: str) -> bool:
    return name in method.input_type.fields_by_name


def test_what_is_hidden_is_answered_as_what_does_not_exist(town: Town, api: Api) -> None:
    things = Things(town, api)
    wrong = []
    for method in methods():
        for field in method.input_type.fields:
            for ask in (api.grpc, api.http):
                fields = [
                    asked(method, things, field.name, thing)
                    for thing in things.unseen.get(kind_of(field), [])
                ]
                answers = [said(ask(method, things.eve, one)) for one in fields]
                judged = not answers or "INVALID" not in str(answers[0])
                if not judged or any(one != answers[0] for one in answers):
                    wrong.append((method.name, field.name, ask.__name__, answers))
    assert not wrong


class Lists:
    """ANA, of whom every list has two entries at least, and BEN, who sees some of them."""

    def __init__(self, town: Town, api: Api) -> None:
        ana, ben, clo = (town.newcomer() for _ in range(3))
        self.ana, self.ben = ana, ben
        others = [town.newcomer(private=number < 2) for number in range(6)]
        for one in (ben, clo):
            one.follow(ana)
            ana.follow(one)
        for verb, pair in (("follow", others[:2]), ("mute", others[2:4]), ("block", others[4:])):
            for one in pair:
                ana.do("PUT", f"/v1/people/{one.id}/{verb}")
        post, another = publish(ana, "One."), publish(ana, "Another.")
        for body in ("Two.", "Three."):
            act(ana, "PATCH", f"/v1/posts/{post}", updateMask="body", body=body)
        eventually(lambda: ben.ask("GET", f"/v1/posts/{post}").status_code == 200)
        thread = comment(ana, post)
        comment(ana, post)
        for one in (ana, ben):
            act(one, "PUT", f"/v1/posts/{post}/reaction", ana)
            act(one, "PUT", f"/v1/posts/{post}/comments/{thread}/reaction", ana)
            act(one, "POST", f"/v1/posts/{post}/comments", ana, body="So.", parentId=thread)
        for each in (post, another):
            act(ana, "PUT", f"/v1/posts/{each}/bookmark")
        ana.do("PUT", "/v1/account/visibility", json={"private": True})
        for one in others[2:4]:
            one.follow(ana)
            ana.see("/v1/account", after=one)
        ana.see("/v1/account", after=ben)
        self.things: dict[int, str] = {
            ID_ACCOUNT: api.opened(ID_ACCOUNT, ana.id),
            ID_POST: api.opened(ID_POST, post),
            ID_COMMENT: api.opened(ID_COMMENT, thread),
        }

    def fields(self, method: MethodDescriptor, cursor: str = "") -> dict[str, Any]:
        """A request for one entry of a list about ANA or hers."""
        kinds = {field.name: kind_of(field) for field in method.input_type.fields}
        named = {name: self.things[kind] for name, kind in kinds.items() if kind}
        return {**named, "page_size": 1, **({"cursor": cursor} if cursor else {})}


def bent(cursor: str) -> Iterator[str]:
    """The cursor in ways in which nobody gave it out."""
    for place in (0, 1, len(cursor) // 2, len(cursor) - 2):
        letter = "A" if cursor[place] != "A" else "B"
        yield cursor[:place] + letter + cursor[place + 1 :]
    yield from (cursor[:-1], cursor[: len(cursor) // 2], cursor[1:], cursor + "A", cursor * 2)


def test_a_cursor_is_for_one_viewer_and_one_list_and_as_it_was_given(town: Town, api: Api) -> None:
    lists = Lists(town, api)
    paged = [one for one in methods() if takes(one, "cursor")]
    cursors = {one.name: following(api.grpc(one, lists.ana, lists.fields(one))) for one in paged}
    assert all(cursors.values()), cursors
    for ask in (api.grpc, api.http):
        for method in paged:
            cursor = cursors[method.name]
            assert ask(method, lists.ana, lists.fields(method, cursor)).done, method.name
            others = {one for name, one in cursors.items() if name != method.name}
            for tried in {*others, *bent(cursor)}:
                refused = ask(method, lists.ana, lists.fields(method, tried))
                assert refused.reason in ("CURSOR_INVALID", "INVALID_FIELDS"), method.name
                assert refused.reason == "CURSOR_INVALID" or len(tried) > 1024
            by_another = ask(method, lists.ben, lists.fields(method, cursor))
            assert by_another.reason == "CURSOR_INVALID", method.name


def following(outcome: Outcome) -> str:
    """The cursor that an answer ends with."""
    return str(getattr(outcome.answer, "next_cursor", ""))
