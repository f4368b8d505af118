"""The whole judgement of a run."""

from collections.abc import Iterator

from tests.judge import calls, tables
from tests.judge.answers import Answers
from tests.judge.commands import Commands
from tests.judge.eras import Eras
from tests.judge.evidence import Evidence
from tests.judge.findings import Finding
from tests.judge.fold import Fold
from tests.judge.ledger import Ledger
from tests.judge.moments import Moments
from tests.judge.seals import Public


def findings_of(evidence: Evidence) -> list[Finding]:
    """Every breach of every law, in the order of the laws."""
    return sorted(_found(evidence))


def _found(evidence: Evidence) -> Iterator[Finding]:
    ledger = Ledger(evidence)
    yield from ledger.findings
    fold = Fold(ledger, evidence.harmless)
    public = Public(evidence.id_key)
    moments = Moments(ledger, evidence.history, public)
    yield from tables.judged(evidence, fold)
    yield from calls.judged(evidence.history, Eras(evidence.set_back))
    commands = Commands(evidence.history, ledger, fold, moments, public)
    yield from commands.judged()
    yield from Answers(evidence.history, fold, moments, public).judged()
