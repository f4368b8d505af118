"""What a run came to, for people to read."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from statistics import median

from tests.faults.whole.run import Outcome, Struck
from tests.judge.findings import LAWS, told
from tests.judge.pushes import PREFIX


def report(outcome: Outcome) -> str:
    """The whole report: faults and recoveries, calls and outcomes, findings."""
    return "\n".join(
        (
            *_head(outcome),
            "",
            *_faults(outcome),
            *_takeovers(outcome),
            "",
            *_calls(outcome),
            "",
            *_laws(outcome),
        )
    )


def _head(outcome: Outcome) -> Iterator[str]:
    struck = [one for one in outcome.struck if not one.missed]
    yield f"seed {outcome.seed}: {len(struck)} faults in {outcome.seconds:.0f} s"
    for one in outcome.struck:
        if one.missed:
            yield f"  not struck: {one.fault}: {one.missed}"


def _faults(outcome: Outcome) -> Iterator[str]:
    kinds: defaultdict[str, list[float]] = defaultdict(list)
    for one in outcome.struck:
        if not one.missed:
            # Of a point, whose; of a cut, whose and to what.
            upto = " " if one.fault.kind == "kill at" else ","
            kinds[f"{one.fault.kind} {one.fault.where.partition(upto)[0]}"].append(one.healthy_s)
    yield f"{'fault':<42}{'times':>6}{'served again after (s): p50':>30}{'max':>8}"
    for kind, seconds in sorted(kinds.items()):
        yield f"{kind:<42}{len(seconds):>6}{median(seconds):>30.2f}{max(seconds):>8.2f}"


def _takeovers(outcome: Outcome) -> Iterator[str]:
    """How long nobody served some partition after kill -9 of a command process."""
    seconds = sorted(one.healthy_s for one in outcome.struck if not one.missed and _killed(one))
    if not seconds:
        return
    p99 = seconds[max(0, math.ceil(0.99 * len(seconds)) - 1)]
    yield (
        f"kill -9 of command processes: {len(seconds)}, all served again after (s): "
        f"p50 {median(seconds):.2f}, p99 {p99:.2f}, max {seconds[-1]:.2f}"
    )


def _killed(one: Struck) -> bool:
    return one.fault.kind.startswith("kill") and one.fault.where.startswith("commands")


def _calls(outcome: Outcome) -> Iterator[str]:
    assert outcome.evidence is not None
    history = [one for one in outcome.evidence.history if not one.deed.startswith(PREFIX)]
    outcomes = Counter(
        (
            "write" if one.request else "read",
            "ok" if one.ok else "fail" if one.refused else "unknown",
        )
        for one in history
    )
    yield f"{'calls':<12}{'ok':>10}{'fail':>10}{'unknown':>10}"
    for kind in ("read", "write"):
        counts = (outcomes[kind, name] for name in ("ok", "fail", "unknown"))
        yield f"{kind:<12}" + "".join(f"{count:>10}" for count in counts)
    reasons = Counter(
        one.reason or "no answer" for one in history if not one.ok and not one.refused
    )
    yield "unknown: " + ", ".join(f"{name} {count}" for name, count in reasons.most_common())
    pushed = (f"{name} {count}" for name, count in sorted(outcome.told.items()))
    yield f"pushed: {', '.join(pushed) or 'nothing'}"
    records = sum(map(len, outcome.evidence.log.values()))
    yield f"{records} records, {len(outcome.evidence.snapshots)} looks at the tables"


def _laws(outcome: Outcome) -> Iterator[str]:
    broken = Counter(one.law for one in outcome.findings)
    for law, text in LAWS.items():
        yield f"{'BROKEN' if broken[law] else 'held':<8}{text}"
    if outcome.findings:
        yield ""
        yield told(outcome.findings)
