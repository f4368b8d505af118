"""The web app's built files, and its page for each of its addresses."""

from pathlib import Path
from typing import Final

from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from gateway import problems
from gateway.exchange import Answer, exchange_of
from gateway.refusals import AddressUnknown, VerbRefused
from schemas.refusals import Refusal

BUILT: Final = Path(__file__).resolve().parent / "web" / "dist"
HOME: Final = "/"
PAGE: Final = "/index.html"
HASHED: Final = "/assets/"
FOREVER: Final = "public, max-age=31536000, immutable"
REVALIDATED: Final = "no-cache"
ALLOWED: Final = ("GET", "HEAD", "OPTIONS")

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


class WebFiles:
    """Serves what is in `folder` when this is made, as an ASGI application.

    A navigation (any request for `/`, elsewhere one that takes HTML) to another path gets the page,
    which knows its own addresses; other requests get ROUTE_UNKNOWN. Files under `/assets/` carry a
    hash in their names.
    """

    def __init__(self, folder: Path = BUILT) -> None:
        self._files = {
            f"/{path.relative_to(folder).as_posix()}": path
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            response = self._response(scope)
        except Refusal as refusal:
            await _refusal(scope, refusal).send(send)
        else:
            await response(scope, receive, send)

    def _response(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            raise VerbRefused(ALLOWED)
        path = scope["path"]
        if path not in self._files or path == PAGE:
            if not _is_navigation(scope) or PAGE not in self._files:
                raise AddressUnknown
            path = PAGE
        headers = {
            "cache-control": FOREVER if path.startswith(HASHED) else REVALIDATED,
            "content-security-policy": CONTENT_SECURITY_POLICY,
        }
        return FileResponse(self._files[path], headers=headers)


def _is_navigation(scope: Scope) -> bool:
    if scope["path"] == HOME:
        return True
    if scope["path"].startswith(("/v1/", HASHED)):
        return False
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"text/html" in accepted


def _refusal(scope: Scope, refusal: Refusal) -> Answer:
    headers = problems.headers_of(refusal)
    if isinstance(refusal, VerbRefused) and scope["method"] == "OPTIONS":
        return Answer(204, headers)
    body = problems.of_refusal(refusal, exchange_of(scope).correlation)
    return Answer.of_problem(refusal.http_status, body, headers)
