"""Several people edit, delete and react at once: every answer is true, and all counts are right."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from msgspec import Struct

from tests.flows.test_posts import publish
from tests.flows.town import START_S, Someone, Town, eventually
from tests.stack import Stack

pytestmark = pytest.mark.flows

DEEDS: Final = 240
SEED: Final = 20_260_301


class Told(Struct, frozen=True):
    """Who did what to which comment, or to the post, and how it was answered."""

    who: str
    deed: str
    comment: str
    status: int


class Table:
    """A post of ANA's and comments of BEN's, at which all four do everything."""

    def __init__(self, town: Town) -> None:
        self.ana, self.ben, self.clo, self.dan = (town.newcomer() for _ in range(4))
        self.post = publish(self.ana, "0")
        path = f"/v1/posts/{self.post}"
        eventually(lambda: self.ben.ask("GET", path).status_code == 200)
        self.path = f"{path}/comments"
        self.comments = [
            str(self.ben.do("POST", self.path, json={"body": f"{number}"})["commentId"])
            for number in range(4)
        ]
        self.ben.see(path)

    def deeds(self) -> dict[str, Callable[[Someone, str, int], int]]:
        """What there is to do; each gives the status of its answer."""

        def edit(who: Someone, comment: str, number: int) -> int:
            change = {"updateMask": "body", "body": f"edit {number}"}
            return self.status(self.ana, "PATCH", f"/v1/posts/{self.post}", change)

        def edit_comment(who: Someone, comment: str, number: int) -> int:
            return self.status(
                self.ben, "PATCH", f"{self.path}/{comment}", {"body": f"edit {number}"}
            )

        def delete_comment(who: Someone, comment: str, number: int) -> int:
            by = self.ana if number % 2 else self.ben
            return self.status(by, "DELETE", f"{self.path}/{comment}")

        def react(who: Someone, comment: str, number: int) -> int:
            return self.status(who, "PUT", f"/v1/posts/{self.post}/reaction")

        def take_back(who: Someone, comment: str, number: int) -> int:
            return self.status(who, "DELETE", f"/v1/posts/{self.post}/reaction")

        def react_to_comment(who: Someone, comment: str, number: int) -> int:
            return self.status(who, "PUT", f"{self.path}/{comment}/reaction")

        return {one.__name__: one for one in (
            edit, edit_comment, delete_comment, react, take_back, react_to_comment
        )}  # fmt: skip

    def status(self, who: Someone, verb: str, path: str, json: object = None) -> int:
        """How a command is answered."""
        answer = who.ask(verb, path, json=json)
        if answer.status_code == 200:
            who.position = answer.headers["agora-position"]
        return answer.status_code


def played(table: Table) -> list[Told]:
    """Everything at once, with deletions towards the end."""
    chance, deeds = random.Random(SEED), table.deeds()
    people = [table.ana, table.ben, table.clo, table.dan]
    plan = []
    for number in range(DEEDS):
        names = (
            list(deeds) if number > DEEDS // 2 else [one for one in deeds if "delete" not in one]
        )
        comment = chance.choice(table.comments[:-1])
        plan.append((chance.choice(people), chance.choice(names), comment, number))

    def do(planned: tuple[Someone, str, str, int]) -> Told:
        who, deed, comment, number = planned
        return Told(who.id, deed, comment, deeds[deed](who, comment, number))

    with ThreadPoolExecutor(16) as threads:
        return list(threads.map(do, plan))


def test_every_answer_is_true_and_counts_are_those_of_the_log(town: Town, stack: Stack) -> None:
    table = Table(town)
    told = played(table)
    statuses = {(one.deed, one.status) for one in told}
    of_comments = {"edit_comment", "delete_comment", "react_to_comment"}
    assert {status for deed, status in statuses if deed not in of_comments} == {200}
    # What was deleted is absent from then on; deleting it again is a success to its author.
    assert {status for deed, status in statuses if deed in of_comments} <= {200, 404}
    deleted = {one.comment for one in told if one.deed == "delete_comment" and one.status == 200}
    assert deleted
    check_shown(table, deleted, told)
    check_log(town, stack)


def check_shown(table: Table, deleted: set[str], told: list[Told]) -> None:
    """What readers are told is what became of it, and every count is as long as its list."""
    for who in (table.ana, table.ben, table.clo, table.dan):
        table.dan.see("/v1/account", after=who)
    path = f"/v1/posts/{table.post}"
    shown = table.dan.see(path)
    comments = table.dan.see(table.path)["comments"]
    kept = {one["commentId"] for one in comments}
    assert kept == set(table.comments) - deleted
    assert int(shown["comments"]) == len(kept)
    reactions = table.dan.see(f"{path}/reactions")["reactions"]
    assert int(shown["reactions"]) == len(reactions)
    edits = [one for one in told if one.deed == "edit"]
    earlier = table.dan.see(f"{path}/edits", pageSize=100)["edits"]
    assert len(earlier) == len(edits)
    texts = Counter(one["body"] for one in earlier) + Counter([shown["body"]])
    assert max(texts.values()) == 1


def check_log(town: Town, stack: Stack) -> None:
    """Versions are 1..n in each stream, and all else that a log must be; rows are what it says."""
    for arguments in (("log", "check"), ("projections", "verify", "posts")):
        process = stack.agora(town.settings, *arguments)
        process.start()
        assert process.wait(START_S), process.failure()
        assert process.exit_status == 0, process.failure()
