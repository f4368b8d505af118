"""Access tokens: signed statements of who is signed in, valid for minutes (after RFC 9068).

Only one header ever counts, the very one that this deployment writes. So no algorithm, key or
extension that a token names for itself is even looked at, and nothing inside a token is parsed
before its signature held.
"""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from infra.config import SettingError, Settings
from infra.config_servers import AuthSettings
from infra.crypto.keys import load_key, read_secret
from infra.crypto.public_ids import PublicIds
from infra.rpc.call import Caller
from schemas.gen.options_pb2 import ID_ACCOUNT, ID_SESSION
from schemas.refusals import Refusal, Unauthenticated

_ALGORITHM: Final = "EdDSA"
_TYPE: Final = "at+jwt"
_LENGTH_MAX: Final = 1024
_REMEMBERED: Final = 10_000
_SKEW: Final = timedelta(seconds=30)
"""How far the clock of the process that issued a token may be ahead."""


class _Claims(msgspec.Struct, frozen=True):
    """The claims that must be there besides `iss` and `aud`."""

    sub: str
    sid: str
    iat: int
    nbf: int
    exp: int


class _Verified(msgspec.Struct, frozen=True):
    """What a token that counts says, with its ids opened."""

    caller: Caller
    iat: int
    nbf: int
    exp: int


class AccessTokens:
    """Issues and verifies tokens under one Ed25519 key.

    Whoever holds a token can read it, so it names the account and the session by public ids.
    """

    def __init__(self, key: Ed25519PrivateKey, ids: PublicIds, settings: AuthSettings) -> None:
        self._key = key
        self._ids = ids
        self._public = key.public_key()
        self._issuer = settings.issuer
        self._audience = settings.audience
        self._life = timedelta(minutes=settings.access_token_minutes)
        raw = self._public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._kid = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()[:12]).decode()
        self._header = self._signed({}).partition(".")[0]
        # A signature costs more to verify than all else about a small call; times are not cached.
        self._known = lru_cache(maxsize=_REMEMBERED)(self._verified)

    def issue(self, account: UUID, session: UUID, now: datetime) -> tuple[str, datetime]:
        """A token for one session of one account, and when it ends."""
        begins = now.astimezone(UTC).replace(microsecond=0)
        ends = begins + self._life
        token = self._signed(
            {
                "iss": self._issuer,
                "aud": self._audience,
                "sub": self._ids.seal(ID_ACCOUNT, account),
                "sid": self._ids.seal(ID_SESSION, session),
                "iat": int(begins.timestamp()),
                "nbf": int(begins.timestamp()),
                "exp": int(ends.timestamp()),
            }
        )
        return token, ends

    def verify(self, token: str, now: datetime) -> Caller:
        """Who the token speaks of; whether the session was closed since is another question.

        Raises Unauthenticated: TOKEN_EXPIRED for a good one whose time is over, else TOKEN_INVALID.
        """
        verified = self._known(token)
        if now.timestamp() >= verified.exp:
            raise Unauthenticated("TOKEN_EXPIRED", "The access token has expired; sign in again.")
        if max(verified.iat, verified.nbf) > (now + _SKEW).timestamp():
            raise _invalid()
        return verified.caller

    def ends_at(self, token: str) -> datetime:
        """When the token's time is over; raises Unauthenticated TOKEN_INVALID."""
        return datetime.fromtimestamp(self._known(token).exp, UTC)

    def _signed(self, claims: dict[str, Any]) -> str:
        headers = {"typ": _TYPE, "kid": self._kid}
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers=headers)

    def _verified(self, token: str) -> _Verified:
        claims = self._claims(token)
        try:
            account = self._ids.open(ID_ACCOUNT, claims.sub)
            session = self._ids.open(ID_SESSION, claims.sid)
        except Refusal:
            raise _invalid() from None
        return _Verified(Caller(account, session), claims.iat, claims.nbf, claims.exp)

    def _claims(self, token: str) -> _Claims:
        if len(token) > _LENGTH_MAX or token.partition(".")[0] != self._header:
            raise _invalid()
        try:
            payload = jwt.decode(
                token,
                self._public,
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                # Against the caller's clock, in `verify`.
                options={
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
            return msgspec.convert(payload, _Claims)
        except (jwt.PyJWTError, ValueError):
            raise _invalid() from None


def open_tokens(settings: Settings) -> AccessTokens:
    """The deployment's access tokens. Raises SettingError, which names the key file's fault."""
    file = settings.auth.signing_key_file
    content = read_secret("auth.signing_key_file", file)
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        problem = "must hold an Ed25519 private key (PEM, PKCS #8, no password)"
        raise SettingError("auth.signing_key_file", problem, str(file))
    ids = PublicIds(load_key("crypto.id_key_file", settings.crypto.id_key_file))
    return AccessTokens(key, ids, settings.auth)


def _invalid() -> Unauthenticated:
    return Unauthenticated("TOKEN_INVALID", "The access token is not valid; sign in again.")
