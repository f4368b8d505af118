"""The token of Agora's own processes: whoever has the key, for as long as it is fresh."""

import pytest

from infra.rpc.internal import LIFE_S, InternalTokens

NOW = 1_700_000_000.0


def at(seconds: float, key: bytes = bytes(32)) -> InternalTokens:
    return InternalTokens(key, clock=lambda: seconds)


def test_processes_with_the_same_key_know_each_other() -> None:
    assert at(NOW).accepts(at(NOW).issue())


def test_clocks_may_differ_by_an_hour_either_way() -> None:
    token = at(NOW).issue()
    assert at(NOW + 3600).accepts(token)
    assert at(NOW - 3600).accepts(token)


def test_an_old_token_is_worthless() -> None:
    assert not at(NOW + LIFE_S + 1).accepts(at(NOW).issue())


def test_another_key_makes_another_deployment() -> None:
    assert not at(NOW).accepts(at(NOW, key=b"\1" * 32).issue())


@pytest.mark.parametrize("odd", ["", ".", "1", "1.", f"{int(NOW)}.", "9" * 400, "é.é", "1.\n"])
def test_anything_else_is_not_a_token(odd: str) -> None:
    assert not at(NOW).accepts(odd)


def test_a_changed_time_or_signature_is_noticed() -> None:
    made_at, _, signature = at(NOW).issue().partition(".")
    assert not at(NOW).accepts(f"{int(made_at) + 1}.{signature}")
    assert not at(NOW).accepts(f"{made_at}.{signature[:-1]}{'0' if signature[-1] != '0' else '1'}")


def test_a_token_is_made_once_a_minute() -> None:
    moment = [NOW]
    tokens = InternalTokens(bytes(32), clock=lambda: moment[0])
    first = tokens.issue()
    moment[0] += 59
    assert tokens.issue() == first
    moment[0] += 1
    assert tokens.issue() != first
