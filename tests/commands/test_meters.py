"""What a command process tells of its partitions."""

from msgspec import Struct

from commands.meters import metered
from events.topics import Partition
from infra.telemetry.metrics import REGISTRY

PLACE = Partition("people", 77)


class Writer(Struct):
    """A writer that says of itself what a test wants to hear."""

    serving: bool = False
    halted: str = ""


def told(metric: str) -> float | None:
    return REGISTRY.get_sample_value(metric, {"partition": str(PLACE)})


def test_a_partition_shows_as_served_while_it_is() -> None:
    writer = Writer()
    with metered({PLACE: writer}):
        assert (told("agora_partition_serving"), told("agora_partition_halted")) == (0, 0)
        writer.serving = True
        assert told("agora_partition_serving") == 1


def test_a_halted_partition_shows() -> None:
    with metered({PLACE: Writer(halted="Partition people-77 is halted: a gap")}):
        assert (told("agora_partition_serving"), told("agora_partition_halted")) == (0, 1)


def test_nothing_is_told_of_partitions_that_the_process_has_left() -> None:
    with metered({PLACE: Writer(serving=True)}):
        pass
    assert (told("agora_partition_serving"), told("agora_partition_halted")) == (None, None)
