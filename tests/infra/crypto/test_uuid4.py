"""Random ids that are what they say, and never the same."""

from uuid import RFC_4122

from infra.crypto.uuid4 import DRAWN_AT_ONCE, drawing, drawn


def test_ids_are_of_version_4_and_differ() -> None:
    ids = drawn(1000)
    assert {(each.version, each.variant) for each in ids} == {(4, RFC_4122)}
    assert len(set(ids)) == 1000


def test_all_other_bits_are_random() -> None:
    ids = [each.int for each in drawn(200)]
    always, ever = ids[0], ids[0]
    for each in ids:
        always, ever = always & each, ever | each
    assert (always, ever) == (4 << 76 | 2 << 62, 2**128 - 1 - (0xB << 76) - (1 << 62))


def test_drawing_goes_on_for_ever() -> None:
    draw = drawing()
    assert len({draw() for _ in range(3 * DRAWN_AT_ONCE)}) == 3 * DRAWN_AT_ONCE
