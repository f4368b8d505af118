"""Whether the log bears out what clients were told of their commands."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from tests.judge.deeds import ACTOR, DEEDS, Asked
from tests.judge.findings import Finding
from tests.judge.fold import Fold
from tests.judge.history import Try
from tests.judge.ledger import Decision, Ledger
from tests.judge.moments import Moments
from tests.judge.possible import Possible
from tests.judge.seals import ACCOUNT, COMMENT, POST, Public

KINDS: Final = {"person": ACCOUNT, "post": POST, "comment": COMMENT, "parent": COMMENT}
"""The kinds of the public ids in what was asked."""
REUSED: Final = "REQUEST_ID_REUSED"
BY_THEMSELVES: Final = ("reactions.", "accounts.")
"""Rpcs that decide without a request of anybody: reactions, and the steps of registering."""


def opened(about: Mapping[str, Any], public: Public) -> dict[str, Any]:
    """What was asked, with the ids that the log has."""
    found = dict(about)
    for name, kind in KINDS.items():
        if found.get(name):
            found[name] = public.id(kind, found[name])
    if "chosen" in found:
        found["chosen"] = [public.id(ACCOUNT, each) for each in found["chosen"]]
    return found


class Commands:
    """Judges all tries of commands, request by request."""

    def __init__(
        self, history: Iterable[Try], ledger: Ledger, fold: Fold, moments: Moments, public: Public
    ) -> None:
        self._requests: defaultdict[str, list[Try]] = defaultdict(list)
        for one in history:
            if one.request:
                self._requests[one.request].append(one)
        self._ledger = ledger
        self._fold = fold
        self._moments = moments
        self._public = public

    def judged(self) -> Iterator[Finding]:
        """Every breach."""
        for request, tries in self._requests.items():
            landed = self._ledger.by_request.get(request)
            for one in tries:
                asked = self._asked(one)
                fits = landed is not None and not _misfit(landed, asked)
                if one.ok:
                    yield from self._done(one, asked, landed)
                elif one.refused:
                    yield from self._refused(one, asked, tries, fits=fits)
            if landed is not None:
                yield from self._one_answer(tries, landed)
        yield from self._unasked()

    def _asked(self, one: Try) -> Asked:
        actor = self._public.id(ACCOUNT, one.actor) if one.actor else ""
        return Asked(
            one.deed,
            actor,
            opened(one.about, self._public),
            Possible(self._fold, self._moments, actor, self._moments.decided(one)),
            Possible(self._fold, self._moments, actor, self._moments.read(one)),
        )

    def _done(self, one: Try, asked: Asked, landed: Decision | None) -> Iterator[Finding]:
        position = self._public.position(one.answer["receipt"]["position"])
        for partition, offset in position.items():
            if offset >= self._ledger.ends.get(partition, 0):
                yield Finding("durable", f"{one} says {partition}/{offset}, beyond its end")
        if landed is None:
            if not DEEDS[one.deed].idle(asked):
                yield Finding("idle", f"{one} is not in the log, and there was something to do")
            return
        if misfit := _misfit(landed, asked):
            yield Finding("durable", f"{one} is recorded otherwise: {landed}: {misfit}")
        sent = self._public.position(one.position).get(landed.partition, -1)
        if position.get(landed.partition, -1) != max(sent, landed.offset):
            yield Finding("durable", f"{one} was told {position}, and stands at {landed}")

    def _refused(
        self, one: Try, asked: Asked, tries: Sequence[Try], *, fits: bool
    ) -> Iterator[Finding]:
        if fits:
            yield Finding("refused", f"{one}, but it took effect")
        if one.reason == REUSED:
            if all(each.about == one.about for each in tries):
                yield Finding("refused", f"{one}, but nobody used the id otherwise")
            return
        holds = DEEDS[one.deed].refusals.get(one.reason)
        if holds is None:
            yield Finding("refused", f"{one}: nothing is refused so")
        elif not holds(asked):
            yield Finding("refused", f"{one}, which was so at no moment")

    def _one_answer(self, tries: Sequence[Try], landed: Decision) -> Iterator[Finding]:
        ids = {
            answer[name]
            for one in tries
            if one.ok
            for answer in [one.answer]
            for name in ("accountId", "commentId" if "commentId" in answer else "postId")
            if name in answer
        }
        if len(ids) > 1:
            yield Finding("once", f"{landed} was answered with several ids: {ids}")

    def _unasked(self) -> Iterator[Finding]:
        """Decisions that nobody in the history asked for."""
        for decision in self._ledger:
            if decision.request is None:
                place = decision.partition, decision.offset
                alone = decision.rpc.startswith(BY_THEMSELVES) or place in self._ledger.planted
                if not alone:
                    yield Finding("asked", f"{decision} came of no request")
                continue
            tries = self._requests.get(decision.request)
            if not tries:
                yield Finding("asked", f"{decision} came of a request that nobody sent")
            elif decision.actor is not None:
                actors = {self._public.id(ACCOUNT, one.actor) for one in tries}
                if decision.actor not in actors:
                    yield Finding("asked", f"{decision} names {decision.actor}, not {actors}")


def _misfit(landed: Decision, asked: Asked) -> str:
    """What the decision says otherwise than the request; empty if nothing."""
    deed, fact = DEEDS[asked.deed], landed.facts[0]
    if fact.type not in deed.facts:
        return f"{fact.type} for {asked.deed}"
    for field, name in deed.fields.items():
        if name != ACTOR and name not in asked.about:
            continue
        wanted = asked.actor if name == ACTOR else asked.about[name]
        found = fact.data.get(field)
        if isinstance(wanted, list):
            wanted, found = sorted(wanted), sorted(found or [])
        if found != wanted:
            return f"{field} is {found!r}, not {wanted!r}"
    return ""
