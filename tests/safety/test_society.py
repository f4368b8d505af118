"""People at random, with every read model behind in its own way: all see what they should.

`SAFETY_EXAMPLES` says how many stories are played; `make society EXAMPLES=2000` plays many.
"""

import os
import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.safety.plants import PLANTS
from tests.safety.walk import Walk

EXAMPLES = int(os.environ.get("SAFETY_EXAMPLES", "60"))
STEPS = 50
WALKS = 120
WALK_STEPS = 120


DRAWN = st.integers(0, (1 << 32) - 1)


class Society(RuleBasedStateMachine):
    """One story. Each step has a chance of its own, so that a story may lose any other step."""

    walk: Walk | None = None

    @initialize(drawn=DRAWN)
    def begin(self, drawn: int) -> None:
        self.walk = Walk(random.Random(drawn))

    def story(self, drawn: int) -> Walk:
        assert self.walk is not None
        self.walk.chance.seed(drawn)
        return self.walk

    @rule(drawn=DRAWN)
    def two_people(self, drawn: int) -> None:
        self.story(drawn).tie()

    @rule(drawn=DRAWN)
    def somebody_alone(self, drawn: int) -> None:
        self.story(drawn).profile()

    @rule(drawn=DRAWN)
    def an_author(self, drawn: int) -> None:
        self.story(drawn).author()

    @rule(drawn=DRAWN)
    def a_commenter(self, drawn: int) -> None:
        self.story(drawn).under_post()

    @rule(drawn=DRAWN)
    def a_reader(self, drawn: int) -> None:
        self.story(drawn).mark()

    @rule(drawn=DRAWN)
    def lanes(self, drawn: int) -> None:
        self.story(drawn).advance()

    @rule()
    def blocks_are_mirrored(self) -> None:
        assert self.walk is not None
        self.walk.world.react_to_blocks()

    @invariant()
    def everybody_is_told_what_they_should_be(self) -> None:
        if self.walk is not None:
            self.walk.world.compare()

    def teardown(self) -> None:
        if self.walk is not None:
            self.walk.world.society.lanes.catch_up()
            self.walk.world.compare()


def test_everybody_sees_what_they_should_and_nothing_else() -> None:
    story = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Society, settings=story)


@pytest.mark.parametrize("seed", range(20))
def test_long_stories_too(seed: int) -> None:
    Walk(random.Random(seed)).go(WALK_STEPS)


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_is_found(plant: str) -> None:
    with PLANTS[plant].planted():
        for seed in range(WALKS):
            try:
                Walk(random.Random(seed)).go(WALK_STEPS)
            except AssertionError as found:
                print(f"{plant}: {seed + 1} stories, {str(found).splitlines()[0]}")
                return
    pytest.fail(f"{PLANTS[plant].wrong} Not found in {WALKS} stories.")


def test_nothing_stays_planted() -> None:
    def walk() -> None:
        Walk(random.Random(0)).go(WALK_STEPS)

    with PLANTS["blocks-ignored"].planted(), pytest.raises(AssertionError):
        walk()
    walk()
