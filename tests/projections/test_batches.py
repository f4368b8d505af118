"""Operations of several partitions as groups: each row once, each partition in its own order."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from events.topics import Partition
from projections.batches import Group, Part, Single, groups
from projections.operations import Delete, DeleteWhere, Operation, SetOperation, Update, Upsert
from projections.tables import Table, Value

HERE, THERE = Partition("people", 0), Partition("people", 1)
ANA, BEN = UUID(int=1), UUID(int=2)
NOTES = Table("notes", key=("person",), columns="person uuid not null, text text, kept boolean")
COLUMNS = ("person", "text", "kept")

Told = tuple[type[Operation], Partition, tuple[Value, ...]]


def put(person: UUID, text: str) -> Upsert:
    return Upsert(NOTES, {"person": person, "text": text, "kept": False})


def keep(person: UUID) -> Update:
    return Update(NOTES, {"person": person}, {"kept": True})


def clear(person: UUID) -> DeleteWhere:
    return DeleteWhere(NOTES, {"person": person})


def told(steps: Iterable[Group | Single]) -> list[list[Told]]:
    """The rows of each step, with what becomes of them and whose they are."""
    return [list(_told(step)) for step in steps]


def _told(step: Group | Single) -> Sequence[Told]:
    if isinstance(step, Group):
        rows = zip(step.partitions, step.values, strict=True)
        return [(step.kind, partition, values) for partition, values in rows]
    operation: SetOperation = step.operation
    assert isinstance(operation, DeleteWhere)
    return [(DeleteWhere, step.partition, tuple(operation.where.values()))]


def test_rows_of_several_partitions_are_one_group() -> None:
    [group] = groups([Part(HERE, [put(ANA, "a")]), Part(THERE, [put(BEN, "b")])])
    assert group == Group(
        Upsert, NOTES, COLUMNS, [(ANA, "a", False), (BEN, "b", False)], [HERE, THERE]
    )


def test_what_becomes_of_a_row_in_the_end_is_written_once() -> None:
    steps = groups([Part(HERE, [put(ANA, "a"), put(ANA, "b"), keep(ANA)]), Part(THERE, [])])
    assert told(steps) == [[(Upsert, HERE, (ANA, "b", True))]]


def test_whatever_is_done_to_rows_differently_is_a_group_of_its_own() -> None:
    parts = [Part(HERE, [put(ANA, "a")]), Part(THERE, [Delete(NOTES, {"person": BEN})])]
    assert told(groups(parts)) == [[(Upsert, HERE, (ANA, "a", False))], [(Delete, THERE, (BEN,))]]


def test_a_set_wise_operation_keeps_its_place_and_splits_no_other_partition() -> None:
    here = Part(HERE, [put(ANA, "before"), clear(ANA), put(ANA, "after")])
    there = Part(THERE, [put(BEN, "once"), keep(BEN)])
    assert told(groups([here, there])) == [
        [(Upsert, HERE, (ANA, "before", False)), (Upsert, THERE, (BEN, "once", True))],
        [(DeleteWhere, HERE, (ANA,))],
        [(Upsert, HERE, (ANA, "after", False))],
    ]


def test_each_partition_is_as_far_as_its_own_set_wise_operations() -> None:
    here = Part(HERE, [clear(ANA), put(ANA, "a")])
    there = Part(THERE, [put(BEN, "b"), clear(BEN)])
    assert told(groups([here, there])) == [
        [(Upsert, THERE, (BEN, "b", False))],
        [(DeleteWhere, HERE, (ANA,))],
        [(DeleteWhere, THERE, (BEN,))],
        [(Upsert, HERE, (ANA, "a", False))],
    ]


def test_of_nothing_come_no_groups() -> None:
    assert list(groups([])) == list(groups([Part(HERE, [])])) == []
