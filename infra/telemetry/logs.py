"""Log lines on standard error: text for people, or one JSON document a line.

What people write never shapes a line: control characters are escaped, so that nobody can forge one,
and what looks like an address, a token or a password is blotted out. The same template from the
same logger is written ten times in ten seconds at most; libraries that retry say hundreds.
"""

import logging
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TextIO

import msgspec

from infra.config_servers import TelemetrySettings
from infra.telemetry.correlation import CORRELATION

REPEATS_MAX: Final = 10
PERIOD_S: Final = 10.0
TEMPLATES_MAX: Final = 1000
LENGTH_MAX: Final = 16_384

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_WORD: Final = r"[^\s@\"'<>(){}\[\]=:,;/]"
# Bounded repetitions, since the text may be an attacker's.
_PERSONAL: Final = (
    (re.compile(rf"{_WORD}{{1,64}}@{_WORD}{{1,253}}\.\w{{2,63}}"), "[e-mail]"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"(?i)\b(bearer) +\S+"), r"\1 [token]"),
    (re.compile(r"(\w://[^\s:/@]{0,64}:)[^\s@]{1,200}@"), r"\1[password]@"),
    # PostgreSQL repeats the row in its DETAIL, with all the lines of what people wrote. What ends
    # it is another part of the message, or of the trace.
    (
        re.compile(r"(?ms)^DETAIL:.*?(?=\n(?:HINT|CONTEXT):|\n\n(?:The above|During)|\Z)"),
        "DETAIL: [hidden]",
    ),
)


def configure_logging(
    settings: TelemetrySettings, service: str, stream: TextIO | None = None
) -> None:
    """Sends the lines of all loggers to `stream` (standard error), in place of what was set up.

    `service` says which process speaks, such as `commands`.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(service) if settings.log_json else TextLines(service))
    handler.addFilter(Repeats())
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    # At debug and info these tell of every fetch and connection.
    for name in (
        "aiokafka",
        "faust",
        "asyncio",
        "nats",
        "grpc",
        "opentelemetry",
        "urllib3",
        "mode",
        "uvicorn",
    ):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


class Repeats(logging.Filter):
    """Lets a template through ten times in ten seconds, then says how often it was left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is written; its message tells of those before it that were not."""
        key, now = (record.name, str(record.msg)[:200]), self._clock()
        since, count = self._seen.get(key, (now, 0))
        if now - since < PERIOD_S:
            if len(self._seen) >= TEMPLATES_MAX:
                self._seen.clear()
            self._seen[key] = (since, count + 1)
            return count < REPEATS_MAX
        self._seen[key] = (now, 1)
        if (left_out := count - REPEATS_MAX) > 0:
            record.msg = f"{record.getMessage()} ({left_out} more like this were left out)"
            record.args = None
        return True


class TextLines(logging.Formatter):
    """`2025-11-03T09:12:45.123Z commands warning infra.rpc.dispatch: what happened [correlation]`.

    A trace follows on lines of its own, each indented.
    """

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the trace's lines."""
        correlation = CORRELATION.get()
        line = (
            f"{_instant(record)} {self._service} {record.levelname.lower()} {record.name}: "
            f"{_escaped(harmless(record.getMessage()))}"
        )
        if correlation is not None:
            line += f" [{correlation}]"
        if trace := self._trace(record):
            line += "\n    " + trace.replace("\n", "\n    ")
        return line

    def _trace(self, record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[0] is None:
            return ""
        return _controls_escaped(harmless(self.formatException(record.exc_info)))


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, service, logger, message, correlation, trace."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": _instant(record),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": _controls_escaped(harmless(record.getMessage())),
        }
        if correlation := CORRELATION.get():
            line["correlation"] = str(correlation)
        if record.exc_info and record.exc_info[0] is not None:
            line["trace"] = _controls_escaped(harmless(self.formatException(record.exc_info)))
        return msgspec.json.encode(line).decode()


def harmless(text: str) -> str:
    """`text` without e-mail addresses, tokens, passwords in addresses and rows; cut to 16 KiB."""
    if len(text) > LENGTH_MAX:
        text = text[:LENGTH_MAX] + " …"
    for pattern, shown in _PERSONAL:
        text = pattern.sub(shown, text)
    return text


def _instant(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _escaped(text: str) -> str:
    return _controls_escaped(text).replace("\n", "\\n").replace("\t", "\\t")


def _controls_escaped(text: str) -> str:
    return _CONTROLS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
