"""Refusals by the edge itself, before any method is called, each with its own HTTP status."""

from collections.abc import Iterable

from schemas.refusals import Invalid, NotFound, TooMany


class AddressUnknown(NotFound):
    """No route leads there. ROUTE_UNKNOWN."""

    def __init__(self) -> None:
        super().__init__("ROUTE_UNKNOWN", "There is nothing at this address.")


class VerbRefused(Invalid):
    """The address exists, but not for this HTTP method. METHOD_NOT_ALLOWED, with `Allow`."""

    http_status = 405

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__("METHOD_NOT_ALLOWED", f"Allowed here: {', '.join(self.allowed)}.")


class TooSlow(Invalid):
    """The body did not arrive in time. BODY_TOO_SLOW."""

    http_status = 408

    def __init__(self) -> None:
        super().__init__("BODY_TOO_SLOW", "The body did not arrive in time.")


class TooLarge(Invalid):
    """The body is above the limit. BODY_TOO_LARGE."""

    http_status = 413

    def __init__(self, limit: int) -> None:
        super().__init__("BODY_TOO_LARGE", f"A body may have at most {limit} bytes.")


class AddressTooLong(Invalid):
    """Path and query are above the limit. URL_TOO_LONG."""

    http_status = 414

    def __init__(self, limit: int) -> None:
        super().__init__("URL_TOO_LONG", f"Path and query may have at most {limit} bytes.")


class MediaTypeRefused(Invalid):
    """The body is not what the route reads. MEDIA_TYPE_UNSUPPORTED."""

    http_status = 415

    def __init__(self) -> None:
        super().__init__(
            "MEDIA_TYPE_UNSUPPORTED", "Send JSON as application/json, in UTF-8, uncompressed."
        )


class HeadersTooLarge(Invalid):
    """The header fields are above the limit. HEADERS_TOO_LARGE."""

    http_status = 431

    def __init__(self, limit: int) -> None:
        super().__init__("HEADERS_TOO_LARGE", f"Headers may have at most {limit} bytes.")


class RateExceeded(TooMany):
    """Too many requests of one class. RATE_LIMITED, with `Retry-After` (whole seconds)."""

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__("RATE_LIMITED", f"Too many requests; wait {retry_after_s} s.")
