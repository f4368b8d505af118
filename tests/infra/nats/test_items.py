"""Items between projections and gateways: ids only, and nothing but ids gets into a subject."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from infra.config_servers import NatsSettings
from infra.nats.items import (
    Address,
    Item,
    MalformedItem,
    Scope,
    encoded,
    lost_subject,
    opened,
    subject_of,
    subjects_of,
)

ANA = UUID("0197f1f0-0000-7000-8000-00000000000a")
ITEM = Item("follow.requested", "people-0", 7, datetime(2026, 3, 1, 12, tzinfo=UTC), (ANA,))
SETTINGS = NatsSettings(prefix="t1_")


@pytest.mark.parametrize("scope", Scope)
def test_an_item_arrives_as_it_was_sent(scope: Scope) -> None:
    subject = subject_of(SETTINGS, Address(scope, ANA))
    assert subject == f"t1_live.{scope.value}.{ANA}"
    assert opened(SETTINGS, subject, encoded(ITEM)) == (Address(scope, ANA), ITEM)


def test_a_message_has_ids_and_no_content() -> None:
    assert set(msgspec.json.decode(encoded(ITEM))) == {"kind", "partition", "offset", "at", "ids"}


def test_the_mark_of_a_loss_is_no_item() -> None:
    assert opened(SETTINGS, lost_subject(SETTINGS), b"") is None
    assert lost_subject(SETTINGS).startswith(subjects_of(SETTINGS).removesuffix(">"))


@pytest.mark.parametrize(
    "subject",
    [
        "t1_live.account.*",
        "t1_live.account.>",
        "t1_live.account",
        "t1_live.account.",
        f"t1_live.account.{ANA}.more",
        f"t1_live.account.{{{ANA}}}",
        f"t1_live.account.{ANA.hex}",
        f"t1_live.account.{str(ANA).upper()}",
        f"t1_live.group.{ANA}",
        f"other_live.account.{ANA}",
        "t1_live.lost.more",
    ],
)
def test_what_is_not_an_address_is_no_item(subject: str) -> None:
    with pytest.raises(MalformedItem):
        opened(SETTINGS, subject, encoded(ITEM))


@pytest.mark.parametrize(
    "payload", [b"", b"null", b"{}", b"\xff", encoded(ITEM)[:-1], b"[" * 100_000]
)
def test_what_no_projection_sends_is_no_item(payload: bytes) -> None:
    with pytest.raises(MalformedItem):
        opened(SETTINGS, subject_of(SETTINGS, Address(Scope.POST, ANA)), payload)
