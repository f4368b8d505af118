"""The catalogue of reasons: every refusal that Agora gives, what it means and what to do about it.

Clients branch on reasons, so none is ever renamed or removed. The edge shows the titles, the
reference is generated from this list, and a test finds refusals in the code that it lacks.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from schemas.refusals import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    TooMany,
    Unauthenticated,
    Unavailable,
)

AGAIN: Final = "Retry in a moment with the same request id."
ANEW: Final = "Omit it and start from the first page."


class Reason(Struct, frozen=True):
    """One reason: the kind of refusal, a title that is the same every time, and what to do."""

    kind: type[Refusal]
    title: str
    remedy: str


REASONS: Final[Mapping[str, Reason]] = {
    "INVALID_FIELDS": Reason(
        Invalid, "Some fields are not valid", "Correct the fields listed in `fields`."
    ),
    "MESSAGE_MALFORMED": Reason(
        Invalid, "The message cannot be decoded", "Send a message of the method's request type."
    ),
    "METADATA_REPEATED": Reason(
        Invalid, "A header was sent twice", "Send each of Agora's headers once."
    ),
    "ROUTE_UNKNOWN": Reason(
        NotFound, "There is nothing at this address", "Look up the route in the API description."
    ),
    "METHOD_NOT_ALLOWED": Reason(
        Invalid, "This address does not support the method", "Use one listed in `Allow`."
    ),
    "PATH_MALFORMED": Reason(Invalid, "The path cannot be decoded", "Send percent-encoded UTF-8."),
    "QUERY_MALFORMED": Reason(
        Invalid, "The query cannot be decoded", "Send name=value pairs in percent-encoded UTF-8."
    ),
    "JSON_MALFORMED": Reason(
        Invalid, "The body is not valid JSON", "Send one JSON object without duplicate members."
    ),
    "BODY_UNEXPECTED": Reason(Invalid, "This route takes no body", "Send no body."),
    "BODY_TOO_LARGE": Reason(Invalid, "The body is too large", "Send less at a time."),
    "BODY_TOO_SLOW": Reason(Invalid, "The body did not arrive in time", AGAIN),
    "MEDIA_TYPE_UNSUPPORTED": Reason(
        Invalid, "The body's media type is not supported", "Send application/json."
    ),
    "URL_TOO_LONG": Reason(Invalid, "Path and query are too long", "Ask for less at a time."),
    "HEADERS_TOO_LARGE": Reason(Invalid, "The headers are too large", "Send fewer headers."),
    "RATE_LIMITED": Reason(TooMany, "Too many requests", "Wait as long as `Retry-After` says."),
    "ID_MALFORMED": Reason(
        Invalid, "This id was not issued here", "Use ids exactly as you received them."
    ),
    "CURSOR_INVALID": Reason(Invalid, "This cursor is not valid for this list", ANEW),
    "POSITION_INVALID": Reason(
        Invalid, "This position was not issued here", "Send positions exactly as you received them."
    ),
    "REQUEST_ID_INVALID": Reason(
        Invalid, "The request id is not a UUIDv7", "Generate a UUIDv7 for each request."
    ),
    "REQUEST_ID_IN_FUTURE": Reason(
        Invalid, "The request id is from the future", "Set your clock and generate a new one."
    ),
    "REQUEST_ID_TOO_OLD": Reason(
        Invalid,
        "The request id is older than 24 hours",
        "Check whether the first attempt took effect; if not, generate a new one.",
    ),
    "REQUEST_ID_REUSED": Reason(
        Conflict,
        "The request id was used with a different body",
        "Generate a new one for each new request.",
    ),
    "NOT_ONESELF": Reason(Invalid, "You cannot do this to yourself", "Name someone else."),
    "NAME_INVALID": Reason(
        Invalid, "This is not a keyed name", "Between Agora's processes only: fix the caller."
    ),
    "SUBMISSION_MALFORMED": Reason(
        Invalid,
        "The submission cannot be decoded",
        "Between Agora's processes only: run the same version everywhere.",
    ),
    "SIGN_IN_REQUIRED": Reason(Unauthenticated, "Sign in to do this", "Send an access token."),
    "SIGN_IN_FAILED": Reason(Unauthenticated, "The login or the password is wrong", "Check both."),
    "SESSION_CLOSED": Reason(Unauthenticated, "This session was signed out", "Sign in again."),
    "TOKEN_EXPIRED": Reason(Unauthenticated, "The access token has expired", "Sign in again."),
    "TOKEN_INVALID": Reason(Unauthenticated, "The access token is not valid", "Sign in again."),
    "INTERNAL_ONLY": Reason(
        Forbidden, "Only Agora's own processes may call this", "Use the public methods."
    ),
    "PRIVATE_ACCOUNT": Reason(
        Forbidden, "Only followers of this private account can see this", "Request to follow it."
    ),
    "NOT_FOUND": Reason(
        NotFound, "It does not exist, or you may not see it", "Check what you asked for."
    ),
    "ALREADY_REGISTERED": Reason(Conflict, "This account is already registered", "Sign in."),
    "EMAIL_TAKEN": Reason(
        Conflict, "This e-mail address is in use", "Sign in, or use another address."
    ),
    "HANDLE_TAKEN": Reason(Conflict, "This handle is taken", "Choose another handle."),
    "NAME_TAKEN": Reason(
        Conflict, "This name is taken", "Between shards only: callers learn which name it is."
    ),
    "NAME_CLAIM_EXPIRED": Reason(
        Conflict, "The claim to this name may be abandoned", "Between shards only: challenge it."
    ),
    "NAME_CLAIM_SPENT": Reason(
        Conflict, "This claim to a name was given up", "Between shards only: claim it again."
    ),
    "REQUEST_NOT_PENDING": Reason(
        Conflict, "No follow request is pending", "Reload to see how things stand now."
    ),
    "CHOSEN_NOT_FOLLOWERS": Reason(
        Conflict, "Some of the selected people do not follow you", "Select followers only."
    ),
    "REPLY_TOO_DEEP": Reason(Conflict, "You cannot reply to a reply", "Reply to its comment."),
    "COMMENTS_CLOSED": Reason(
        Forbidden, "The author limits who may comment", "You can still read and react."
    ),
    "HANDLE_CHANGED_TOO_OFTEN": Reason(
        TooMany, "The handle was changed too often this month", "Wait a few days."
    ),
    "TOO_MANY_CLAIMS": Reason(
        TooMany, "The account gave up too many names in two days", "Wait a day."
    ),
    "TOO_MANY_REQUESTS": Reason(
        TooMany, "Too many changes to the same thing in a day", "Wait a few hours."
    ),
    "DECISION_TOO_LARGE": Reason(
        TooMany, "The command would change too much at once", "Do less at a time."
    ),
    "STATE_TOO_LARGE": Reason(
        TooMany, "The command would make one thing too large", "Remove something first."
    ),
    "PASSWORD_CHECKS_BUSY": Reason(TooMany, "Too many people are signing in at once", AGAIN),
    "LIVE_STREAMS_TOO_MANY": Reason(
        TooMany,
        "Too many streams of live updates are open",
        "Close one; each tab needs only one.",
    ),
    "PEER_BUSY": Reason(TooMany, "A part of the service is overloaded", AGAIN),
    "LIVE_FULL": Reason(
        Unavailable,
        "The gateway cannot keep any more streams open",
        "Reconnect in a moment with the last event's id.",
    ),
    "DEADLINE_PASSED": Reason(
        Unavailable, "It took longer than the caller was willing to wait", AGAIN
    ),
    "CHECK_TOO_OLD": Reason(Unavailable, "The permission was checked too long ago", AGAIN),
    "LOG_UNAVAILABLE": Reason(Unavailable, "The log cannot be read right now", AGAIN),
    "STORE_UNAVAILABLE": Reason(Unavailable, "The database cannot be reached right now", AGAIN),
    "PEER_UNREACHABLE": Reason(Unavailable, "A part of the service is down", AGAIN),
    "NAME_CONTENDED": Reason(Unavailable, "Others are claiming this name at the same time", AGAIN),
    "NOT_OWNER": Reason(Unavailable, "Another instance owns the partition", AGAIN),
    "OWNER_CHANGED": Reason(Unavailable, "Another instance took over the partition", AGAIN),
    "OUTCOME_UNKNOWN": Reason(Unavailable, "It is not known whether this took effect", AGAIN),
    "PARTITION_HALTED": Reason(
        Unavailable, "A partition is halted until a fault is fixed", "Tell the operators."
    ),
    "MODEL_HALTED": Reason(
        Unavailable, "A read model is halted until a fault is fixed", "Tell the operators."
    ),
    "MODEL_PAUSED": Reason(
        Unavailable,
        "A read model is paused by operators",
        "Retry later, once they have resumed it.",
    ),
    "SHARD_PARKED": Reason(
        Unavailable,
        "What was written is set aside until a fault is fixed",
        "Tell the operators.",
    ),
    "POSITION_NOT_REACHED": Reason(
        Unavailable, "What was written is safe but cannot be read yet", AGAIN
    ),
}
