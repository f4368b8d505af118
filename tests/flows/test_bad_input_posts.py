"""Posts at and past each limit, texts that mean harm, and a hundred people at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.flows.test_posts import publish
from tests.flows.town import Someone, Town, fresh_key, reason

pytestmark = pytest.mark.flows

CROWD = 100


@pytest.fixture(scope="module")
def ana(town: Town) -> Someone:
    """Somebody who writes."""
    return town.newcomer()


@pytest.mark.parametrize(
    "body",
    ["\U0001f600" * 5000, "e\u0301" * 5000, "a\tb\nc", "<b>&\"'</b>", "n\u0303" * 9],
    ids=["5000", "5000 composed", "tab", "html", "marks"],
)  # fmt: skip
def test_a_text_within_the_limits_is_told_as_it_was_written(ana: Someone, body: str) -> None:
    told = ana.see(f"/v1/posts/{publish(ana, body)}")["body"]
    assert told == body.replace("e\u0301", "\u00e9").replace("n\u0303", "\u00f1")


@pytest.mark.parametrize(
    "body",
    ["", " ", "\u200b\u200d", "a" * 5001, "a" + "\u0301" * 10_000, "nul\u0000", "bell\u0007",
     "turned \u202e round"],
    ids=["nothing", "blank", "invisible", "5001", "marks", "nul", "bell", "bidi"],
)  # fmt: skip
def test_a_text_past_the_limits_is_refused(ana: Someone, body: str) -> None:
    answer = ana.ask("POST", "/v1/posts", json={"body": body})
    assert reason(answer) == (400, "INVALID_FIELDS")
    assert list(answer.json()["fields"]) == ["body"]


def test_half_a_character_is_no_text(ana: Someone) -> None:
    headers = {"Authorization": f"Bearer {ana.token}", "content-type": "application/json"}
    answer = ana.town.http.post("/v1/posts", content=b'{"body":"\\ud800"}', headers=headers)
    assert reason(answer)[0] == 400


def test_a_look_alike_of_a_handle_names_nobody(town: Town, ana: Someone) -> None:
    ben = town.newcomer()
    ana.position = ben.position
    alike = ben.handle.replace("p", "\u0440", 1)
    shown = ana.see(f"/v1/posts/{publish(ana, f'@{alike} and @{ben.handle}')}")
    assert [span.get("accountId") for span in shown["spans"]] == [ben.id]


def test_a_hundred_requests_at_once_are_done_once(ana: Someone) -> None:
    key, post = fresh_key(), publish(ana)

    def ask(number: int) -> int:
        if number % 2:
            return ana.ask("PUT", f"/v1/posts/{post}/reaction").status_code
        return ana.ask("POST", "/v1/posts", json={"body": "Once."}, key=key).status_code

    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(ask, range(CROWD))) == {200}
    again = ana.do("POST", "/v1/posts", json={"body": "Once."}, key=key)["postId"]
    posts = ana.see(f"/v1/people/{ana.id}/posts", pageSize=100)["posts"]
    assert [one["postId"] for one in posts if one["body"] == "Once."] == [again]
    assert int(ana.see(f"/v1/posts/{post}")["reactions"]) == 1
