"""What the log comes to: every row of every read model, at every offset, in plain dicts.

Written anew from docs/behaviour.md and the names in the log; nothing of `events` or `projections`
is asked. A row keeps its whole past, so that the same fold says what a table must hold at a
checkpoint, and what a viewer could be shown at some moment.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from tests.judge.ledger import Decision, Fact, Ledger
from tests.judge.past import Past, Row

Key = tuple[Any, ...]

PROFILE: Final = ("first_name", "last_name", "birth_date", "about")
REGISTERED: Final = (
    *("account_id", "email", "email_hash", "first_name", "last_name", "birth_date", "handle"),
    *("handle_hash", "about"),
)


class Unfoldable(ValueError):
    """An event of a type that this fold was not written for."""


class Fold:
    """The pasts of all rows, by table and key. Decisions are folded in the order of each partition.

    `harmless` are event types that change nothing. Raises Unfoldable.
    """

    def __init__(self, ledger: Ledger, harmless: Iterable[str] = ()) -> None:
        self.tables: defaultdict[str, dict[Key, Past]] = defaultdict(dict)
        self._harmless = frozenset(harmless)
        self._partition = ""
        self._offset = -1
        for decision in ledger:
            self._fold(decision)

    def past(self, table: str, *key: Any) -> Past | None:
        """The past of one row; None if there never was one."""
        return self.tables[table].get(key)

    def rows(self, table: str, reached: Mapping[str, int]) -> Iterator[Row]:
        """The rows of a table at a checkpoint, given as partition to offset."""
        for past in self.tables[table].values():
            row = past.at(reached.get(past.partition, -1))
            if row is not None:
                yield row

    def _fold(self, decision: Decision) -> None:
        self._partition, self._offset = decision.partition, decision.offset
        for fact in decision.facts:
            if fact.type in self._harmless:
                continue
            apply = RULES.get(fact.type)
            if apply is None:
                raise Unfoldable(f"{decision}: this fold knows no {fact.type}")
            apply(self, fact, decision)

    def _put(self, table: str, key: Key, row: Row | None) -> None:
        past = self.tables[table].get(key)
        if past is None:
            past = self.tables[table][key] = Past(self._partition)
        past.put(self._offset, row)

    def _change(self, table: str, key: Key, changes: Row) -> None:
        past = self.tables[table].get(key)
        if past is not None and past.now is not None:
            self._put(table, key, {**past.now, **changes})

    def _present(self, table: str) -> Iterator[tuple[Key, Row]]:
        """The rows of this partition that are there now."""
        for key, past in list(self.tables[table].items()):
            if past.partition == self._partition and past.now is not None:
                yield key, past.now

    def _registered(self, fact: Fact, decision: Decision) -> None:
        account = fact.data["account_id"]
        row = {name: fact.data[name] for name in REGISTERED}
        place = _place(decision)
        self._put("accounts", (account,), {**row, "registered_at": decision.at, **place})
        if fact.data["private"]:
            self._put("private_accounts", (account,), _since(account, decision))

    def _profile_updated(self, fact: Fact, decision: Decision) -> None:
        given: Row = {name: fact.data[name] for name in PROFILE if name in fact.data}
        if given:
            self._change("accounts", (fact.data["account_id"],), {**given, **_place(decision)})

    def _handle_changed(self, fact: Fact, decision: Decision) -> None:
        given = {name: fact.data[name] for name in ("handle", "handle_hash")}
        self._change("accounts", (fact.data["account_id"],), {**given, **_place(decision)})

    def _visibility_changed(self, fact: Fact, decision: Decision) -> None:
        account = fact.data["account_id"]
        if fact.data["private"]:
            self._put("private_accounts", (account,), _since(account, decision))
            return
        self._put("private_accounts", (account,), None)
        for key, row in self._present("follows"):
            if row["target_id"] == account and row["state"] == "requested":
                accepted = {"state": "established", "since": decision.at}
                self._put("follows", key, {**row, **accepted})

    def _session_opened(self, fact: Fact, decision: Decision) -> None:
        row = {name: fact.data[name] for name in ("session_id", "account_id", "device", "address")}
        times = {"opened_at": decision.at, "closed_at": None, "close_reason": None}
        self._put("sessions", (fact.data["session_id"],), {**row, **times})

    def _session_closed(self, fact: Fact, decision: Decision) -> None:
        closed = {"closed_at": decision.at, "close_reason": fact.data["reason"]}
        self._change("sessions", (fact.data["session_id"],), closed)

    def _follow(self, fact: Fact, decision: Decision, state: str) -> None:
        key = fact.data["target_id"], fact.data["follower_id"]
        row = {"target_id": key[0], "follower_id": key[1], "state": state, "since": decision.at}
        self._put("follows", key, row)

    def _follow_gone(self, fact: Fact, decision: Decision) -> None:
        self._put("follows", (fact.data["target_id"], fact.data["follower_id"]), None)

    def _pair(self, fact: Fact, decision: Decision, table: str, one: str, other: str) -> None:
        key = fact.data[one], fact.data[other]
        on = {one: key[0], other: key[1], "since": decision.at}
        self._put(table, key, on if fact.type.endswith(".set") else None)

    def _mirrored(self, fact: Fact, decision: Decision) -> None:
        key = fact.data["person_id"], fact.data["blocker_id"]
        self._put("mirrors", key, {"blocked": True} if fact.data["blocked"] else None)

    def _post_published(self, fact: Fact, decision: Decision) -> None:
        given = {name: fact.data[name] for name in ("post_id", "author_id", "body", "audience")}
        row = {
            **given,
            "replies": fact.data["replies"],
            "chosen": list(fact.data["chosen"]),
            "mentions": list(fact.data["mentions"]),
            "published_at": decision.at,
            "edited_at": None,
            "after": of_people(decision.after),
        }
        self._put("posts", (fact.data["post_id"],), row)

    def _post_edited(self, fact: Fact, decision: Decision) -> None:
        past = self.past("posts", fact.data["post_id"])
        if past is None or past.now is None:
            return
        post = past.now
        names = ("body", "audience", "replies", "chosen")
        given = {name: fact.data[name] for name in names if name in fact.data}
        given["after"] = joined(post["after"], of_people(decision.after))
        if "body" in given:
            key = fact.data["post_id"], decision.offset
            kept = {name: post[name] for name in ("body", "audience", "chosen")}
            kept["until"] = decision.at
            self._put("post_edits", key, {"post_id": key[0], "edit": key[1], **kept})
            given |= {"mentions": list(fact.data["mentions"]), "edited_at": decision.at}
        self._put("posts", (fact.data["post_id"],), {**post, **given})

    def _post_deleted(self, fact: Fact, decision: Decision) -> None:
        post = fact.data["post_id"]
        self._put("posts", (post,), None)
        for table in ("post_edits", "comments", "reactions"):
            self._drop(table, post_id=post)

    def _comment_published(self, fact: Fact, decision: Decision) -> None:
        given = ("comment_id", "post_id", "parent_id", "author_id", "body")
        row = {
            **{name: fact.data[name] for name in given},
            "mentions": list(fact.data["mentions"]),
            "published_at": decision.at,
            "edited_at": None,
            "after": of_people(decision.after),
        }
        self._put("comments", (fact.data["comment_id"],), row)

    def _comment_edited(self, fact: Fact, decision: Decision) -> None:
        past = self.past("comments", fact.data["comment_id"])
        if past is None or past.now is None:
            return
        given = {
            "body": fact.data["body"],
            "mentions": list(fact.data["mentions"]),
            "edited_at": decision.at,
            "after": joined(past.now["after"], of_people(decision.after)),
        }
        self._put("comments", (fact.data["comment_id"],), {**past.now, **given})

    def _comment_deleted(self, fact: Fact, decision: Decision) -> None:
        comment, post = fact.data["comment_id"], fact.data["post_id"]
        self._put("comments", (comment,), None)
        self._drop("comments", parent_id=comment, post_id=post)
        self._drop("reactions", thing_id=comment, post_id=post)

    def _reacted(self, fact: Fact, decision: Decision) -> None:
        key = fact.data["thing_id"], fact.data["person_id"]
        row = {"thing_id": key[0], "person_id": key[1], "post_id": fact.data["post_id"]}
        row |= {"since": decision.at, "after": of_people(decision.after)}
        self._put("reactions", key, row if fact.type == "reaction.set" else None)

    def _bookmarked(self, fact: Fact, decision: Decision) -> None:
        key = fact.data["person_id"], fact.data["post_id"]
        row = {"person_id": key[0], "post_id": key[1], "since": decision.at}
        self._put("bookmarks", key, row if fact.type == "bookmark.set" else None)

    def _drop(self, table: str, **equal: Any) -> None:
        for key, row in self._present(table):
            if all(row[name] == value for name, value in equal.items()):
                self._put(table, key, None)


Rule = Callable[[Fold, Fact, Decision], None]


def _nothing(fold: Fold, fact: Fact, decision: Decision) -> None:
    return None


def _edge(state: str) -> Rule:
    return lambda fold, fact, decision: fold._follow(fact, decision, state)


def _between(table: str, one: str, other: str) -> Rule:
    return lambda fold, fact, decision: fold._pair(fact, decision, table, one, other)


RULES: Final[Mapping[str, Rule]] = {
    "account.registered": Fold._registered,
    "account.profile_updated": Fold._profile_updated,
    "account.handle_changed": Fold._handle_changed,
    "account.visibility_changed": Fold._visibility_changed,
    "registration.abandoned": _nothing,
    "session.opened": Fold._session_opened,
    "session.closed": Fold._session_closed,
    "name.claimed": _nothing,
    "name.released": _nothing,
    "follow.requested": _edge("requested"),
    "follow.established": _edge("established"),
    **dict.fromkeys(("follow.declined", "follow.withdrawn", "follow.ended"), Fold._follow_gone),
    **dict.fromkeys(("block.set", "block.lifted"), _between("blocks", "blocker_id", "blocked_id")),
    **dict.fromkeys(("mute.set", "mute.lifted"), _between("mutes", "muter_id", "muted_id")),
    "block.mirrored": Fold._mirrored,
    "post.published": Fold._post_published,
    "post.edited": Fold._post_edited,
    "post.deleted": Fold._post_deleted,
    "comment.published": Fold._comment_published,
    "comment.edited": Fold._comment_edited,
    "comment.deleted": Fold._comment_deleted,
    **dict.fromkeys(("reaction.set", "reaction.taken_back"), Fold._reacted),
    **dict.fromkeys(("bookmark.set", "bookmark.removed"), Fold._bookmarked),
}
"""What each type of event does to the rows."""


def joined(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Two positions in one: the greater offset of each partition."""
    names: Sequence[str] = [*one, *other]
    return {name: max(one.get(name, -1), other.get(name, -1)) for name in names}


def of_people(position: Mapping[str, int]) -> dict[str, int]:
    """What of a position decides who sees whom."""
    return {name: offset for name, offset in position.items() if name.startswith("people-")}


def _since(account: str, decision: Decision) -> Row:
    return {"account_id": account, "since": decision.at}


def _place(decision: Decision) -> Row:
    return {"written_in": decision.partition, "written_offset": decision.offset}
