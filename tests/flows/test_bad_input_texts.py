"""Texts that mean harm, in every text of every method, over gRPC and over HTTP.

Each is kept and given back as it is, or refused for a reason of the catalogue. Which fields there
are comes from the descriptors: a new one joins by itself, and a new text that is accepted fails
until it is said here where it is read back.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import Any, Final
from unicodedata import normalize

import pytest
import redis
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.json_format import MessageToDict

from schemas.gen import options_pb2
from schemas.gen.live_pb2 import WatchRequest
from schemas.reasons import REASONS
from tests.flows.api import Api, Outcome, kind_of, methods
from tests.flows.town import PASSWORD, Town

pytestmark = pytest.mark.flows

FORGED: Final = "ERROR forged: nobody wrote this line"
HOSTILE: Final = {
    "script": "<script>alert(1)</script>",
    "attribute": "\"'><img src=x onerror=alert(1)>",
    "link": "javascript:alert(document.cookie)",
    "markup": "</textarea><svg/onload=alert(1)>&lt;",
    "template": "{{7*7}} ${7*7} #{7*7} ${jndi:ldap://127.0.0.1/a}",
    "format": "%s %(viewer)s {0.__class__.__mro__} %n",
    "sql": "'; drop table posts; --",
    "sql union": "' or '1'='1' union select * from accounts --",
    "redis": "*1\r\n$8\r\nFLUSHALL\r\n",
    "redis words": "x\nFLUSHALL\n",
    "subject": "live.> * .account.>",
    "log line": f"words\n{FORGED}",
    "log colour": "\x1b[31mred\x1b[0m",
    "header": "x\r\nset-cookie: a=b",
    "path": "../../../../etc/passwd",
    "nul": "nul\x00nul",
    "bidi": "turned \u202e round",
    "isolate": "\u2066 turned \u2069",
    "zero width": "no\u200bwhere",
    "invisible": "\u200b\u2060",
    "surrogate pair": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "long": "a" * 20_000,
    "marks": "a" + "\u0301" * 3_000,
}
HARMLESS: Final = {"body": "Words.", "about": "Words.", "password": PASSWORD,
                   "first_name": "Ana", "last_name": "Lima", "birth_date": "1990-12-31",
                   "device": "A phone", "cursor": "", "update_mask": "about"}  # fmt: skip
LEFT_OUT: Final = {"parent_id", "cursor", "device"}
TOLD_TO_NOBODY: Final = {"password", "device", "login", "cursor"}
NO_ANSWERS: Final = {"INTERNAL", "UNKNOWN", "UNAVAILABLE", "DEADLINE_EXCEEDED", "500", "503"}


class Stage:
    """ANA, who sends it all, and what she can name."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.api = Api(town)
        self.ana, self.ben = town.newcomer(), town.newcomer()
        post = self.ana.do("POST", "/v1/posts", json={"body": "Mine."})["postId"]
        path = f"/v1/posts/{post}/comments"
        comment = self.ana.do("POST", path, json={"body": "Yes."}, position=self.ana.position)
        self.ids: dict[int, str] = {
            options_pb2.ID_ACCOUNT: self.api.opened(options_pb2.ID_ACCOUNT, self.ben.id),
            options_pb2.ID_POST: self.api.opened(options_pb2.ID_POST, post),
            options_pb2.ID_COMMENT: self.api.opened(
                options_pb2.ID_COMMENT, str(comment["commentId"])
            ),
        }

    def sample(self, field: FieldDescriptor) -> Any:
        """A value that nobody minds."""
        if kind_of(field):
            return self.ids[kind_of(field)]
        if field.name in ("email", "login", "handle"):
            form = self.town.form()
            return form["email" if field.name == "email" else "handle"]
        return HARMLESS[field.name]

    def fields(self, method: MethodDescriptor, tried: FieldDescriptor, text: str) -> dict[str, Any]:
        """A request that is harmless, but for the text in one field."""
        fields = {
            field.name: self.sample(field)
            for field in method.input_type.fields
            if is_text(field) and field.name not in LEFT_OUT and not is_other_choice(field, tried)
        }
        if "update_mask" in method.input_type.fields_by_name:
            fields["update_mask"] = tried.name
        return fields | {tried.name: [text] if is_list(tried) else text}


def is_other_choice(field: FieldDescriptor, tried: FieldDescriptor) -> bool:
    """Whether the field is not the one to choose of those of which only one is set."""
    choice = field.containing_oneof
    if choice is None:
        return False
    chosen = tried if tried.containing_oneof is choice else choice.fields[0]
    return field.name != chosen.name


def is_list(field: FieldDescriptor) -> bool:
    """Whether the field takes many texts; a mask is made of one here."""
    return field.is_repeated and field.message_type is None


def is_text(field: FieldDescriptor) -> bool:
    return field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated


def texts(method: MethodDescriptor) -> list[FieldDescriptor]:
    """Every field of the method that takes text, ids and masks included."""
    return [
        field
        for field in method.input_type.fields
        if field.type == FieldDescriptor.TYPE_STRING or field.name == "update_mask"
    ]


@pytest.fixture(scope="module")
def stage(town: Town) -> Iterator[Stage]:
    """Somebody who may do all of it."""
    opened = Stage(town)
    yield opened
    opened.api.close()


def given_back(stage: Stage, method: MethodDescriptor, field: str, outcome: Outcome) -> str:
    """What a reader is told where the field is shown; empty where it never is."""
    answer = outcome.answer
    told = answer if isinstance(answer, dict) else MessageToDict(answer)
    position = told["receipt"]["position"]

    def read(path: str, token: str = stage.ana.token) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Agora-Position": position}
        shown = stage.town.http.get(path, headers=headers)
        assert shown.status_code == 200, shown.text
        return shown.json()

    def public(kind: int, name: str) -> str:
        return stage.api.sealed(kind, told[name])

    match method.name:
        case "PublishPost" | "EditPost":
            return str(read(f"/v1/posts/{public(options_pb2.ID_POST, 'postId')}")["body"])
        case "PublishComment" | "EditComment":
            path = f"/v1/posts/{public(options_pb2.ID_POST, 'postId')}/comments"
            comments = read(f"{path}?order=ORDER_NEWEST&pageSize=100")["comments"]
            wanted = public(options_pb2.ID_COMMENT, "commentId")
            [body] = [one["body"] for one in comments if one["commentId"] == wanted]
            return str(body)
        case "UpdateProfile" | "Register":
            account = read("/v1/account", told.get("accessToken", stage.ana.token))
            name = method.input_type.fields_by_name[field].json_name
            return str({**account, **account["profile"]}.get(name, ""))
        case _:
            return ""


def text_kept(text: str) -> str:
    """The text as it is kept: the composed form of Unicode."""
    return normalize("NFC", text)


def check(stage: Stage, method: MethodDescriptor, field: FieldDescriptor, text: str) -> list[str]:
    """What is wrong with the answers."""
    wrong = []
    fields = stage.fields(method, field, text)
    for ask in (stage.api.grpc, stage.api.http):
        outcome = ask(method, stage.ana, fresh(stage, fields, field.name))
        told = f"{ask.__name__} {method.name}.{field.name} {text[:40]!r}: {outcome}"
        if outcome.done:
            shown = field.name not in TOLD_TO_NOBODY
            kept = not shown or given_back(stage, method, field.name, outcome) == text_kept(text)
        else:
            kept = outcome.status not in NO_ANSWERS and outcome.reason in REASONS
        if not kept:
            wrong.append(told)
    return wrong


def check_all(stage: Stage, method: MethodDescriptor) -> list[str]:
    """What is wrong with the answers of a method."""
    return [
        fault
        for field in texts(method)
        for text in HOSTILE.values()
        for fault in check(stage, method, field, text)
    ]


def fresh(stage: Stage, fields: dict[str, Any], tried: str) -> dict[str, Any]:
    """The same for somebody else, where names can be taken only once."""
    form = stage.town.form()
    taken: dict[str, Any] = {
        name: form[name] for name in ("email", "handle") if name in fields and name != tried
    }
    return {**fields, **taken}


def test_every_text_is_kept_as_it_is_or_refused_for_a_reason(stage: Stage) -> None:
    with redis.Redis.from_url(stage.town.settings.redis.url) as store:
        store.set("planted", "still here")
        # What one method changes is read back before it changes it again.
        with ThreadPoolExecutor(8) as threads:
            wrong = list(chain(*threads.map(partial(check_all, stage), methods())))
        assert not wrong, "\n".join(wrong)
        assert store.get("planted") == b"still here"
    assert stage.town.serves()
    for process in stage.town.processes.values():
        lines = process.log_file.read_text().splitlines()
        assert not [line for line in lines if line.startswith(FORGED) or "\x1b" in line]


@pytest.mark.parametrize("name", [field.name for field in WatchRequest.DESCRIPTOR.fields])
def test_no_such_text_opens_a_stream(stage: Stage, name: str) -> None:
    for text in HOSTILE.values():
        watched: dict[str, Any] = {name: text}
        refused = stage.ana.ask("GET", "/v1/live", **watched)
        assert refused.status_code in (400, 404, 414), text
        assert refused.json()["reason"] in REASONS


def test_what_is_harmless_is_taken(stage: Stage) -> None:
    # Else all that is refused above could be so for another field.
    refused = []
    for method, field in ((one, field) for one in methods() for field in texts(one)):
        if kind_of(field) or field.name in ("cursor", "update_mask", "parent_id"):
            continue
        fields = stage.fields(method, field, str(stage.sample(field)))
        outcome = stage.api.grpc(method, stage.ana, fields)
        if outcome.reason == "INVALID_FIELDS":
            refused.append((method.name, field.name, outcome))
    assert not refused
