"""The format of events: what the HTML standard calls server-sent events."""

import json
from uuid import UUID

import pytest

from gateway.live.events import FIELDS, encoder, heartbeat, identified, opening
from gateway.live.place import Place
from infra.crypto.public_ids import PublicIds
from schemas.gen import live_pb2 as pb
from schemas.gen.options_pb2 import ID_ACCOUNT, ID_POST
from tests.gateway.stage import ANA, BEN

IDS = PublicIds(bytes(32))
POST = UUID("0197f1f0-0000-7000-8000-000000000001")
encode = encoder(IDS)


def fields(event: bytes) -> list[tuple[str, str]]:
    """The fields of one event, which ends with a blank line and has no other."""
    text = event.decode()
    assert text.endswith("\n\n")
    lines = text.removesuffix("\n\n").split("\n")
    assert all(lines)
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def test_an_event_has_an_id_a_name_and_one_line_of_data() -> None:
    post = pb.LivePost(post_id=str(POST), author_id=str(BEN), position="p")
    event = identified(Place(255, 7, (3, 5)), encode(post))
    (_, place), (_, name), (_, data) = told = fields(event)
    assert [field for field, _ in told] == ["id", "event", "data"]
    assert (place, name) == ("ff-7.3.5", "post")
    assert json.loads(data) == {
        "postId": IDS.seal(ID_POST, POST),
        "authorId": IDS.seal(ID_ACCOUNT, BEN),
        "position": "p",
    }


@pytest.mark.parametrize("name", FIELDS)
def test_every_event_of_the_contract_can_be_told(name: str) -> None:
    message = getattr(pb.LiveEvent(), name)
    (_, told), (_, data) = fields(encode(message))
    assert told == name
    assert isinstance(json.loads(data), dict)


def test_the_names_are_those_of_the_contract() -> None:
    assert set(FIELDS) == {
        "hello", "post", "comment", "counts", "gone", "notification", "reset", "closed",
        "edited",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["a\nb", "a\r\ndata: x\r\n\r\n", "\u2028\u2029\x85", "</script>"])
def test_no_text_breaks_out_of_its_line(text: str) -> None:
    person = pb.LivePerson(account_id=str(ANA), handle="ana", first_name=text, last_name=text)
    notification = pb.LiveNotification(kind="follow.requested", person=person)
    event = encode(notification)
    assert b"\r" not in event
    _, (_, data) = fields(event)
    assert json.loads(data)["person"]["firstName"] == text


def test_a_heartbeat_is_a_comment_that_tells_nothing() -> None:
    assert heartbeat(None) == b": alive\n\n"
    assert heartbeat(Place(1, 2)) == b": alive\nid: 1-2\n\n"
    assert opening().startswith(b"retry: ")
