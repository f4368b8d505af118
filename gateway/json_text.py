"""JSON from strangers (RFC 8259): refuses what lenient parsers accept."""

import json
from collections import Counter
from typing import Any, Final

from schemas.refusals import Invalid

NAME_LENGTH_MAX: Final = 64


class _Repeated(ValueError):
    """An object has a member twice; which one counts is anybody's guess."""


def parsed(body: bytes) -> Any:
    """The value in `body`, UTF-8 without a mark in front.

    Raises Invalid JSON_MALFORMED: no JSON, a member given twice, a number beyond all sizes (also
    `NaN` and the like, which are no JSON), nesting without end.
    """
    try:
        return _DECODER.decode(body.decode())
    except _Repeated as problem:
        raise _malformed("A member appears twice.", problem.args[0]) from None
    except RecursionError:
        raise _malformed("The JSON is nested too deeply.") from None
    except UnicodeDecodeError:
        raise _malformed("The body is not UTF-8.") from None
    except ValueError:
        raise _malformed("The body is not JSON.") from None


def shown(name: str) -> str:
    """A member's name where it may be repeated in an answer: plain and short, else nothing."""
    return name if len(name) <= NAME_LENGTH_MAX and name.isidentifier() and name.isascii() else ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        raise _Repeated(shown(counted.most_common(1)[0][0]))
    return members


def _no_constant(_name: str) -> Any:
    raise ValueError("not a JSON value")


def _malformed(detail: str, name: str = "") -> Invalid:
    return Invalid("JSON_MALFORMED", detail, {name: "appears twice"} if name else None)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant)
