"""The reference page of all refusals, generated from the catalogue of reasons."""

from typing import Final

from gateway.problems import INTERNAL, INTERNAL_TITLE
from gateway.refusals import (
    AddressTooLong,
    HeadersTooLarge,
    MediaTypeRefused,
    TooLarge,
    TooSlow,
    VerbRefused,
)
from schemas.reasons import REASONS
from schemas.refusals import KINDS, Refusal

INTRODUCTION: Final = """\
# Reasons of refusals

Every refusal has a reason for clients to branch on; reasons are never renamed or removed. Over HTTP
it is the `reason` of a problem+json document (RFC 9457), over gRPC the reason of the one ErrorInfo
in a google.rpc.Status. `detail` is for people and may change.
"""

AT_THE_EDGE: Final[tuple[Refusal, ...]] = (
    VerbRefused(()),
    TooSlow(),
    TooLarge(0),
    AddressTooLong(0),
    MediaTypeRefused(),
    HeadersTooLarge(0),
)
"""What the gateway refuses with an HTTP status other than that of its kind."""

_STATUS: Final = {refusal.reason: refusal.http_status for refusal in AT_THE_EDGE}


def reasons_page() -> str:
    """The page as Markdown: a section for each kind of refusal, a line for each reason."""
    parts = [INTRODUCTION]
    for kind in KINDS:
        meaning = (kind.__doc__ or "").strip().partition("\n")[0]
        parts.append(
            "\n".join(
                [
                    f"## {kind.__name__}: HTTP {kind.http_status}, gRPC {kind.grpc_status}",
                    "",
                    meaning,
                    "",
                    "| Reason | Meaning | What to do |",
                    "|---|---|---|",
                    *_lines(kind),
                    "",
                ]
            )
        )
    parts.append(_fault())
    return "\n".join(parts)


def _lines(kind: type[Refusal]) -> list[str]:
    return [
        f"| `{name}`{_own_status(name)} | {reason.title}. | {reason.remedy} |"
        for name, reason in REASONS.items()
        if reason.kind is kind
    ]


def _own_status(name: str) -> str:
    return f" (HTTP {_STATUS[name]})" if name in _STATUS else ""


def _fault() -> str:
    return (
        f"## Faults: HTTP 500, gRPC {INTERNAL}\n\n"
        f"`{INTERNAL}` is not a refusal. {INTERNAL_TITLE}: it is logged with its traceback, and\n"
        "the answer reveals only the correlation id, by which operators find it in the logs.\n"
    )
