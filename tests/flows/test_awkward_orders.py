"""Somebody is shut out, and then something is said, while one read model stands still.

Whatever is behind, who was shut out reads nothing of it anywhere, then or later.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

from tests.flows.town import Someone, Town, eventually

pytestmark = pytest.mark.flows

Cast = tuple[Someone, Someone, Someone]


def secret(ana: Someone) -> str:
    """What ANA says once BEN is shut out: nobody else says the same."""
    return f"what only others may read of {ana.id}"


def say(ana: Someone, **more: Any) -> str:
    """Posts the secret, from a device that knows no position; which post."""
    asked = {"body": secret(ana), "audience": "AUDIENCE_PUBLIC", **more}
    answer = ana.ask("POST", "/v1/posts", json=asked)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["postId"])


def block(ana: Someone, ben: Someone) -> None:
    assert ana.ask("PUT", f"/v1/people/{ben.id}/block").status_code == 200


def close(ana: Someone, _ben: Someone) -> None:
    answer = ana.ask("PUT", "/v1/account/visibility", json={"private": True})
    assert answer.status_code == 200


def leave(ana: Someone, ben: Someone) -> None:
    assert ben.ask("DELETE", f"/v1/people/{ana.id}/follow").status_code == 200


def remove(ana: Someone, ben: Someone) -> None:
    assert ana.ask("DELETE", f"/v1/account/followers/{ben.id}").status_code == 200


def post(ana: Someone, _others: str, _own: str) -> None:
    say(ana)


def post_to_followers(ana: Someone, _others: str, _own: str) -> None:
    say(ana, audience="AUDIENCE_FOLLOWERS")


def comment(ana: Someone, others: str, _own: str) -> None:
    path = f"/v1/posts/{others}/comments"
    assert ana.ask("POST", path, json={"body": secret(ana)}).status_code == 200


def edit(ana: Someone, _others: str, own: str) -> None:
    changes = {"updateMask": "body", "body": secret(ana)}
    assert ana.ask("PATCH", f"/v1/posts/{own}", json=changes).status_code == 200


def describe(ana: Someone, _others: str, _own: str) -> None:
    changes = {"updateMask": "about", "about": secret(ana)}
    assert ana.ask("PATCH", "/v1/account", json=changes).status_code == 200


# How BEN is shut out, whether he follows ANA before, and what she says then.
SCENES: Final[list[tuple[Callable[..., None], bool, Callable[..., None]]]] = [
    *((block, True, then) for then in (post, comment, edit, describe)),
    (close, False, post),
    (close, False, describe),
    (leave, True, post_to_followers),
    (remove, True, post_to_followers),
]


def everything(ben: Someone, ana: Someone, posts: list[str]) -> str:
    """All that BEN can read of it."""
    person = f"/v1/people/{ana.id}"
    paths = [
        "/v1/feeds/home", "/v1/feeds/explore", "/v1/account/bookmarks", person,
        f"/v1/handles/{ana.handle}", f"{person}/posts", f"{person}/followers",
        *(f"/v1/posts/{one}{more}" for one in posts for more in ("", "/edits", "/comments")),
    ]  # fmt: skip
    answers = [ben.ask("GET", path) for path in paths]
    assert all(answer.status_code in (200, 403, 404) for answer in answers)
    return "".join(answer.text for answer in answers)


@contextmanager
def held(town: Town, model: str) -> Iterator[None]:
    """The model stands still in every partition: somebody else holds its checkpoints."""
    postgres = town.settings.postgres
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(postgres.schema)))
        query = "select 1 from build_checkpoints where model = %s for update"
        assert connection.execute(query, (model,)).rowcount > 0
        yield
        connection.rollback()


def gathered(town: Town, *, follows: bool) -> tuple[Cast, str, str]:
    """ANA, BEN and CLO, with a post of CLO's and one of ANA's that BEN reads."""
    ana, ben, clo = (town.newcomer() for _ in range(3))
    for follower in (ben, clo) if follows else (clo,):
        follower.follow(ana)
    others = str(clo.do("POST", "/v1/posts", json={"body": "Mine."})["postId"])
    own = str(ana.do("POST", "/v1/posts", json={"body": "Before."})["postId"])
    for one in (clo, ana):
        one.see("/v1/account")
    assert "Before." in ben.see(f"/v1/posts/{own}", after=ana)["body"]
    return (ana, ben, clo), others, own


@pytest.mark.parametrize("model", ["graph", "accounts", "posts", "bookmarks"])
def test_who_was_shut_out_reads_nothing_whatever_stands_still(town: Town, model: str) -> None:
    casts = [gathered(town, follows=follows) for _, follows, _ in SCENES]

    def play(number: int) -> None:
        shut_out, _, then = SCENES[number]
        (ana, ben, _), others, own = casts[number]
        shut_out(ana, ben)
        then(ana, others, own)
        assert secret(ana) not in everything(ben, ana, [others, own]), SCENES[number]

    with held(town, model), ThreadPoolExecutor(len(SCENES)) as threads:
        list(threads.map(play, range(len(SCENES))))
    for (_, _, then), ((ana, ben, clo), others, own) in zip(SCENES, casts, strict=True):
        if then is not describe:
            eventually(lambda: secret(ana) in everything(clo, ana, [others, own]))  # noqa: B023
        assert secret(ana) not in everything(ben, ana, [others, own])
