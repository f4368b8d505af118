"""Text of requests becomes NFC, or is refused, whatever field it hides in."""

from typing import cast

import pytest
from google.protobuf import struct_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from infra.rpc.wellformed import FORBIDDEN, compiled, well_formed
from schemas.gen import accounts_pb2, graph_pb2, internal_pb2, options_pb2


def test_text_is_composed_before_anybody_measures_it() -> None:
    request = accounts_pb2.RegisterRequest(first_name="Zoe\u0308")
    assert _problems(request) == {}
    assert request.first_name == "Zo\u00eb"


def test_plain_text_with_lines_and_tabs_stays_as_it_is() -> None:
    request = accounts_pb2.RegisterRequest(about="one\n\ttwo, שלום, 👩\u200d🚀")
    assert _problems(request) == {}
    assert request.about == "one\n\ttwo, שלום, 👩\u200d🚀"


@pytest.mark.parametrize("sign", ["\0", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\ufffe"])
def test_control_characters_are_refused_where_they_are(sign: str) -> None:
    request = accounts_pb2.RegisterRequest(first_name="Ana", about=f"a{sign}b")
    assert _problems(request) == {"about": FORBIDDEN}


def test_each_of_several_texts_is_looked_at() -> None:
    request = accounts_pb2.ReadProfilesRequest(account_ids=["a", "b\0", "e\u0301"])
    assert _problems(request) == {"account_ids[1]": FORBIDDEN}
    assert request.account_ids[2] == "\u00e9"


def test_texts_inside_messages_are_looked_at() -> None:
    answer = graph_pb2.People(
        people=[graph_pb2.Person(), graph_pb2.Person(profile=accounts_pb2.Profile(about="\0"))]
    )
    assert _problems(answer) == {"people[1].profile.about": FORBIDDEN}


def test_a_choice_that_was_not_made_stays_unmade() -> None:
    request = accounts_pb2.ReadProfileRequest(account_id="x")
    assert _problems(request) == {}
    assert request.WhichOneof("who") == "account_id"


def test_keys_of_maps_are_refused_rather_than_renamed() -> None:
    request = internal_pb2.AwaitVisibleRequest(position={"people-3": 1, "e\u0301": 2})
    assert list(_problems(request)) == ["position"]


def test_messages_that_hold_themselves_are_followed_to_the_end() -> None:
    request = struct_pb2.Struct()
    request.update({"a": {"b": ["fine", "not\0fine"]}})
    assert list(_problems(request).values()) == [FORBIDDEN]


def test_a_field_mask_must_name_fields_of_its_request() -> None:
    request = accounts_pb2.UpdateProfileRequest(update_mask=FieldMask(paths=["about", "nonsense"]))
    assert list(_problems(request)) == ["update_mask"]
    request.update_mask.paths[:] = ["about"]
    assert _problems(request) == {}


def test_unknown_numbers_of_enums_are_refused() -> None:
    rules = options_pb2.MethodRules()
    rules.MergeFromString(b"\x08\x63")
    assert list(_problems(rules)) == ["access"]


def test_nothing_is_compiled_for_messages_without_text() -> None:
    assert compiled(accounts_pb2.SetVisibilityRequest.DESCRIPTOR) is None


def _problems(message: Message) -> dict[str, str]:
    return well_formed(message, compiled(cast("Descriptor", message.DESCRIPTOR)))
