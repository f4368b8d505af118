"""Log lines tell what happened, and nothing that people wrote shapes or fills them."""

import io
import json
import logging
from collections.abc import Iterator
from uuid import UUID

import pytest

from infra.config_servers import TelemetrySettings
from infra.telemetry.correlation import CORRELATION
from infra.telemetry.logs import LENGTH_MAX, REPEATS_MAX, Repeats, configure_logging, harmless

CHAIN = UUID("6f7de2a5-3c1c-4ab1-9a53-7c5a3a1a0001")
FORGED = "hello\n2025-01-01T00:00:00.000Z commands error root: all is lost\x1b[2J\u202e"


@pytest.fixture
def kept_logging() -> Iterator[None]:
    """Puts the logging of the test run back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def written(*, as_json: bool, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    settings = TelemetrySettings(log_json=as_json, log_level=level)  # type: ignore[arg-type]
    configure_logging(settings, "commands", stream)
    return stream


@pytest.mark.usefixtures("kept_logging")
def test_a_line_for_people_says_when_who_and_what() -> None:
    stream = written(as_json=False)
    mark = CORRELATION.set(CHAIN)
    logging.getLogger("agora.test").warning("took %d ms", 7)
    CORRELATION.reset(mark)
    [line] = stream.getvalue().splitlines()
    assert line.endswith(f"Z commands warning agora.test: took 7 ms [{CHAIN}]")


@pytest.mark.usefixtures("kept_logging")
def test_a_line_for_machines_is_one_document() -> None:
    stream = written(as_json=True)
    mark = CORRELATION.set(CHAIN)
    _log_a_bug("broken\nhere")
    CORRELATION.reset(mark)
    [line] = stream.getvalue().splitlines()
    told = json.loads(line)
    assert (told["level"], told["service"], told["logger"]) == ("error", "commands", "agora.test")
    assert (told["message"], told["correlation"]) == ("it failed", str(CHAIN))
    assert "ValueError: broken\nhere" in told["trace"]


@pytest.mark.usefixtures("kept_logging")
@pytest.mark.parametrize("as_json", [False, True])
def test_nobody_forges_a_line(*, as_json: bool) -> None:
    stream = written(as_json=as_json)
    logging.getLogger("agora.test").warning("said %s", FORGED)
    assert len(stream.getvalue().splitlines()) == 1
    assert not any(sign in stream.getvalue() for sign in "\x1b\u202e")


@pytest.mark.usefixtures("kept_logging")
def test_a_trace_is_set_apart_so_that_its_text_forges_nothing() -> None:
    stream = written(as_json=False)
    _log_a_bug(FORGED)
    first, *trace = stream.getvalue().splitlines()
    assert "it failed" in first
    assert trace
    assert all(line.startswith("    ") for line in trace)


@pytest.mark.usefixtures("kept_logging")
def test_lines_below_the_level_and_the_chatter_of_libraries_are_left_out() -> None:
    stream = written(as_json=False, level="info")
    logging.getLogger("agora.test").debug("details")
    logging.getLogger("aiokafka.conn").info("connected")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mail to ana.b@example.org failed", "mail to [e-mail] failed"),
        ("Key (email)=(ana@example.org)", "Key (email)=([e-mail])"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln", "token [token]"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [token]"),
        ("postgresql://agora:s3cret@db:5432/agora", "postgresql://agora:[password]@db:5432/agora"),
        ("duplicate key\nDETAIL:  Key (handle)=(ana)", "duplicate key\nDETAIL: [hidden]"),
        (
            "a null\nDETAIL:  Failing row (Hi,\nI am Ana\n\n).\nHINT:  no",
            "a null\nDETAIL: [hidden]\nHINT:  no",
        ),
        (
            "a null\nDETAIL:  (Hi\nAna).\n\nThe above exception was the direct cause",
            "a null\nDETAIL: [hidden]\n\nThe above exception was the direct cause",
        ),
        ("nothing personal: people-3@42", "nothing personal: people-3@42"),
    ],
)
def test_what_looks_personal_or_secret_is_blotted_out(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_huge_texts_are_cut_before_anything_looks_at_them() -> None:
    assert len(harmless("a@" * 1_000_000)) <= LENGTH_MAX + 2


def test_repeats_are_left_out_and_counted() -> None:
    moment = [100.0]
    repeats = Repeats(clock=lambda: moment[0])
    passed = [repeats.filter(_record("no broker %d", number)) for number in range(100)]
    assert sum(passed) == REPEATS_MAX

    moment[0] += 11
    later = _record("no broker %d", 100)
    assert repeats.filter(later)
    assert later.getMessage() == "no broker 100 (90 more like this were left out)"
    assert repeats.filter(other := _record("another"))
    assert other.getMessage() == "another"


def _record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("agora", logging.WARNING, __file__, 1, message, arguments, None)


def _log_a_bug(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("agora.test").exception("it failed")
