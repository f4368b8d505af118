"""The catalogue of reasons: every refusal that Agora gives, what it means and what to do about it.

Clients branch on the reasons, so none is renamed or taken away. The edge shows the titles, the
reference is made from this list, and a test finds refusals in the code that are missing here.
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

AGAIN: Final = "Try again in a moment, with the same request id."
ANEW: Final = "Leave it out, and start from the first page."


class Reason(Struct, frozen=True):
    """One reason: the kind of refusal, a title that never changes by case, and what to do."""

    kind: type[Refusal]
    title: str
    remedy: str


REASONS: Final[Mapping[str, Reason]] = {
    "INVALID_FIELDS": Reason(
        Invalid, "Some fields are not acceptable", "Mend the fields that are named."
    ),
    "MESSAGE_MALFORMED": Reason(
        Invalid, "The message cannot be read", "Send a message of the method's request type."
    ),
    "METADATA_REPEATED": Reason(
        Invalid, "A header was given twice", "Give each of Agora's headers once."
    ),
    "ROUTE_UNKNOWN": Reason(
        NotFound, "There is nothing at this address", "Look up the route in the API's page."
    ),
    "METHOD_NOT_ALLOWED": Reason(
        Invalid, "The address takes other HTTP methods", "Use one that `Allow` names."
    ),
    "PATH_MALFORMED": Reason(Invalid, "The path cannot be read", "Send UTF-8, percent-encoded."),
    "QUERY_MALFORMED": Reason(
        Invalid, "The query cannot be read", "Send name=text pairs of UTF-8, percent-encoded."
    ),
    "JSON_MALFORMED": Reason(
        Invalid, "The body is not acceptable JSON", "Send one JSON object, no member twice."
    ),
    "BODY_UNEXPECTED": Reason(Invalid, "This route takes no body", "Send none."),
    "BODY_TOO_LARGE": Reason(Invalid, "The body is too large", "Send less at once."),
    "BODY_TOO_SLOW": Reason(Invalid, "The body did not arrive in time", AGAIN),
    "MEDIA_TYPE_UNSUPPORTED": Reason(
        Invalid, "The body is of a type that is not read here", "Send application/json."
    ),
    "URL_TOO_LONG": Reason(Invalid, "Path and query are too long", "Ask for less at once."),
    "HEADERS_TOO_LARGE": Reason(Invalid, "The header fields are too large", "Send fewer of them."),
    "RATE_LIMITED": Reason(TooMany, "Too many requests", "Wait for as long as `Retry-After` says."),
    "ID_MALFORMED": Reason(
        Invalid, "This is not an id that was given out here", "Use ids as they were answered."
    ),
    "CURSOR_INVALID": Reason(Invalid, "This cursor does not belong here", ANEW),
    "POSITION_INVALID": Reason(
        Invalid, "This position was not given out here", "Send positions as they were answered."
    ),
    "REQUEST_ID_INVALID": Reason(
        Invalid, "The request id is not a UUID of version 7", "Draw a UUIDv7 for each request."
    ),
    "REQUEST_ID_IN_FUTURE": Reason(
        Invalid, "The request id's time is in the future", "Set your clock, and draw a new one."
    ),
    "REQUEST_ID_TOO_OLD": Reason(
        Invalid,
        "The request id is older than 24 hours",
        "See whether the first try took effect; if not, draw a new one.",
    ),
    "REQUEST_ID_REUSED": Reason(
        Conflict, "The request id was used with another body", "Draw a new one for a new request."
    ),
    "NOT_ONESELF": Reason(Invalid, "Nobody does this to themselves", "Name somebody else."),
    "NAME_INVALID": Reason(
        Invalid, "This is not a keyed name", "Between Agora's processes only: mend the caller."
    ),
    "SUBMISSION_MALFORMED": Reason(
        Invalid,
        "The submission cannot be read",
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
        Forbidden, "Only followers of this private account see this", "Ask to follow it."
    ),
    "NOT_FOUND": Reason(
        NotFound, "There is no such thing, or not for you", "Check what you asked for."
    ),
    "ALREADY_REGISTERED": Reason(Conflict, "This account is registered already", "Sign in."),
    "EMAIL_TAKEN": Reason(
        Conflict, "This e-mail address is in use", "Sign in, or register with another address."
    ),
    "HANDLE_TAKEN": Reason(Conflict, "This handle is taken", "Choose another handle."),
    "NAME_TAKEN": Reason(
        Conflict, "Somebody holds this name", "Between shards only: people see which name it is."
    ),
    "NAME_CLAIM_EXPIRED": Reason(
        Conflict, "The claim of this name may be dead", "Between shards only: challenge it."
    ),
    "NAME_CLAIM_SPENT": Reason(
        Conflict, "This claim of a name was given up", "Between shards only: claim anew."
    ),
    "REQUEST_NOT_PENDING": Reason(
        Conflict, "No follow request is waiting for an answer", "Look at how things stand now."
    ),
    "CHOSEN_NOT_FOLLOWERS": Reason(
        Conflict, "Some of the chosen do not follow the author", "Choose followers only."
    ),
    "REPLY_TOO_DEEP": Reason(
        Conflict, "This is a reply itself", "Reply to the comment that it replies to."
    ),
    "COMMENTS_CLOSED": Reason(
        Forbidden, "The author of the post limits who may comment", "Read it; others comment."
    ),
    "HANDLE_CHANGED_TOO_OFTEN": Reason(
        TooMany, "The handle was changed too often this month", "Wait some days."
    ),
    "TOO_MANY_CLAIMS": Reason(
        TooMany, "The account gave up too many names in two days", "Wait a day."
    ),
    "TOO_MANY_REQUESTS": Reason(
        TooMany, "Too many changes to the same thing in a day", "Wait some hours."
    ),
    "DECISION_TOO_LARGE": Reason(
        TooMany, "The command would change too much at once", "Ask for less at once."
    ),
    "STATE_TOO_LARGE": Reason(
        TooMany, "The command would make one thing too large", "Ask for less."
    ),
    "PASSWORD_CHECKS_BUSY": Reason(TooMany, "Too many people are signing in at once", AGAIN),
    "LIVE_STREAMS_TOO_MANY": Reason(
        TooMany,
        "Too many streams of live updates are open",
        "Close one; a tab needs one.",
    ),
    "PEER_BUSY": Reason(TooMany, "A part of the service is overloaded", AGAIN),
    "LIVE_FULL": Reason(
        Unavailable,
        "The gateway can keep no more streams open",
        "Come again in a moment, with the last event's id.",
    ),
    "DEADLINE_PASSED": Reason(Unavailable, "It took longer than the caller waits", AGAIN),
    "CHECK_TOO_OLD": Reason(Unavailable, "The permission was checked too long ago", AGAIN),
    "LOG_UNAVAILABLE": Reason(Unavailable, "The log cannot be read now", AGAIN),
    "STORE_UNAVAILABLE": Reason(Unavailable, "The store cannot be asked now", AGAIN),
    "PEER_UNREACHABLE": Reason(Unavailable, "A part of the service is away", AGAIN),
    "NAME_CONTENDED": Reason(Unavailable, "Others are claiming this name, too", AGAIN),
    "NOT_OWNER": Reason(Unavailable, "Another instance owns the partition", AGAIN),
    "OWNER_CHANGED": Reason(Unavailable, "Another instance took the partition over", AGAIN),
    "OUTCOME_UNKNOWN": Reason(Unavailable, "Whether it took effect is not known", AGAIN),
    "PARTITION_HALTED": Reason(
        Unavailable, "A partition stands still until a fault is mended", "Tell the operators."
    ),
    "MODEL_HALTED": Reason(
        Unavailable, "A read model stands still until a fault is mended", "Tell the operators."
    ),
    "MODEL_PAUSED": Reason(
        Unavailable, "Operators pause a read model", "Try again later; they let it go on."
    ),
    "SHARD_PARKED": Reason(
        Unavailable,
        "What was written waits in a read model until a fault is mended",
        "Tell the operators.",
    ),
    "POSITION_NOT_REACHED": Reason(
        Unavailable, "What was written is safe but cannot be read yet", AGAIN
    ),
}
