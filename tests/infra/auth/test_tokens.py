"""Access tokens count as they were issued and for as long; nothing else counts."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from infra.auth.tokens import AccessTokens, open_tokens
from infra.config import SettingError, Settings
from infra.config_servers import AuthSettings
from infra.crypto.base64url import encoded
from infra.crypto.public_ids import PublicIds
from infra.local.keys import write_private
from schemas.refusals import Unauthenticated
from tests.infra.crypto.key_files import settings_in

KEY = Ed25519PrivateKey.generate()
IDS = PublicIds(bytes(32))
SETTINGS = AuthSettings(issuer="agora", audience="agora-api")
TOKENS = AccessTokens(KEY, IDS, SETTINGS)
NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
ANA = UUID("0190163d-8694-739b-aea5-966c26f8ad90")
SESSION = UUID("0190163d-8694-739b-aea5-966c26f8ad91")
TOKEN, ENDS = TOKENS.issue(ANA, SESSION, NOON)
HEADER = jwt.get_unverified_header(TOKEN)
CLAIMS = jwt.decode(TOKEN, options={"verify_signature": False})


def reason_of(token: str, now: datetime = NOON) -> str:
    """The reason that `token` is refused for."""
    with pytest.raises(Unauthenticated) as refused:
        TOKENS.verify(token, now)
    assert len(token) < 10 or token not in str(refused.value)
    return refused.value.reason


def signed(claims: dict[str, object], header: dict[str, object]) -> str:
    """A token that only who has the right key can have made."""
    unsigned = f"{segment(header)}.{segment(claims)}"
    return f"{unsigned}.{encoded(KEY.sign(unsigned.encode()))}"


def segment(document: dict[str, object]) -> str:
    """A document as one segment of a token, written as the product writes it."""
    return encoded(json.dumps(document, separators=(",", ":"), sort_keys=True).encode())


def test_a_token_tells_who_is_signed_in_with_which_session() -> None:
    caller = TOKENS.verify(TOKEN, NOON)
    assert (caller.account_id, caller.session_id) == (ANA, SESSION)


def test_the_tests_sign_as_the_product_does() -> None:
    assert TOKENS.verify(signed(CLAIMS, HEADER), NOON).account_id == ANA


def test_another_process_with_the_same_key_takes_it() -> None:
    assert AccessTokens(KEY, IDS, SETTINGS).verify(TOKEN, NOON).account_id == ANA


def test_it_says_nothing_but_what_the_standard_asks_and_the_session() -> None:
    assert HEADER["alg"] == "EdDSA"
    assert HEADER["typ"] == "at+jwt"
    assert set(HEADER) == {"alg", "typ", "kid"}
    assert set(CLAIMS) == {"iss", "aud", "sub", "sid", "iat", "nbf", "exp"}
    assert str(ANA) not in str(CLAIMS)
    assert str(SESSION) not in str(CLAIMS)


def test_it_ends_when_it_says() -> None:
    assert NOON + timedelta(minutes=15) == ENDS
    assert TOKENS.verify(TOKEN, ENDS - timedelta(milliseconds=1)).account_id == ANA
    assert reason_of(TOKEN, ENDS) == "TOKEN_EXPIRED"
    assert reason_of(TOKEN, ENDS + timedelta(days=300)) == "TOKEN_EXPIRED"


def test_it_does_not_begin_long_before_it_was_issued() -> None:
    assert TOKENS.verify(TOKEN, NOON - timedelta(seconds=20)).account_id == ANA
    assert reason_of(TOKEN, NOON - timedelta(hours=1)) == "TOKEN_INVALID"


def test_the_zone_and_the_fraction_of_the_clock_do_not_matter() -> None:
    local = datetime(2031, 5, 4, 14, 0, 0, 999_999, tzinfo=UTC).astimezone()
    token, ends = TOKENS.issue(ANA, SESSION, local)
    assert ends == datetime(2031, 5, 4, 14, 15, tzinfo=UTC)
    assert TOKENS.verify(token, local).session_id == SESSION


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "elsewhere"},
        {"iss": ["agora"]},
        {"aud": "elsewhere"},
        {"aud": ["agora-api"]},
        {"aud": []},
        {"sub": "ana"},
        {"sub": ""},
        {"sub": str(ANA)},
        {"sub": CLAIMS["sid"]},
        {"sid": None},
        {"sid": 7},
        {"exp": "4000000000"},
        {"exp": 1e308},
        {"exp": True},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"iat": "soon"},
    ],
)
def test_claims_of_other_values_do_not_count(changes: dict[str, object]) -> None:
    assert reason_of(signed({**CLAIMS, **changes}, HEADER)) == "TOKEN_INVALID"


@pytest.mark.parametrize("claim", sorted(CLAIMS))
def test_every_claim_must_be_there(claim: str) -> None:
    rest = {name: value for name, value in CLAIMS.items() if name != claim}
    assert reason_of(signed(rest, HEADER)) == "TOKEN_INVALID"


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": "application/at+jwt"},
        {"kid": "another"},
        {"kid": "../../etc/passwd"},
        {"kid": "' or 1=1 --"},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"jku": "https://example.org/keys"},
        {"jwk": {"kty": "OKP"}},
        {"x5u": "https://example.org/chain"},
        {"cty": "JWT"},
    ],
)
def test_even_well_signed_tokens_with_another_header_do_not_count(
    header: dict[str, object],
) -> None:
    assert reason_of(signed(CLAIMS, {**HEADER, **header})) == "TOKEN_INVALID"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_an_unsigned_token_does_not_count(algorithm: str) -> None:
    head, body = segment({**HEADER, "alg": algorithm}), TOKEN.split(".")[1]
    for forged in (f"{head}.{body}.", f"{head}.{body}", f"{TOKEN.split('.')[0]}.{body}."):
        assert reason_of(forged) == "TOKEN_INVALID"


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    raw = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    header = {"typ": HEADER["typ"], "kid": HEADER["kid"]}
    forged = jwt.encode(CLAIMS, raw, algorithm="HS256", headers=header)
    assert reason_of(forged) == "TOKEN_INVALID"


def test_another_key_does_not_count_even_under_this_ones_name() -> None:
    header = {"typ": HEADER["typ"], "kid": HEADER["kid"]}
    other = Ed25519PrivateKey.generate()
    assert reason_of(jwt.encode(CLAIMS, other, "EdDSA", header)) == "TOKEN_INVALID"
    curve = generate_private_key(SECP256R1())
    assert reason_of(jwt.encode(CLAIMS, curve, "ES256", header)) == "TOKEN_INVALID"


def test_a_changed_body_under_the_old_signature_does_not_count() -> None:
    head, _, signature = TOKEN.split(".")
    body = segment({**CLAIMS, "sub": str(SESSION)})
    assert reason_of(f"{head}.{body}.{signature}") == "TOKEN_INVALID"


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a.b.c", TOKEN + ".", "Bearer " + TOKEN, TOKEN[:-2], "é" * 20, "x" * 9999],
)
def test_what_is_no_token_does_not_count(text: str) -> None:
    assert reason_of(text) == "TOKEN_INVALID"


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_behind_the_right_header_does_worse_than_a_refusal(body: str, end: str) -> None:
    assert reason_of(f"{TOKEN.split('.')[0]}.{body}.{end}") == "TOKEN_INVALID"


def test_a_refused_token_is_refused_again_and_a_good_one_taken_again() -> None:
    for _ in range(2):
        assert reason_of(TOKEN[:-4] + "AAAA") == "TOKEN_INVALID"
        assert TOKENS.verify(TOKEN, NOON).account_id == ANA
        assert reason_of(TOKEN, ENDS) == "TOKEN_EXPIRED"


ON_A_CURVE_NOBODY_SUPPORTS = bytes.fromhex(
    "304e020100301006072a8648ce3d020106052b8104000604373035020101040e"
    + 14 * "11"
    + "a120031e0004"
    + 28 * "22"
)
"""An elliptic curve key of 112 bits (PKCS #8), but for its numbers."""


def pem(der: bytes) -> bytes:
    """The key as a file holds it."""
    begin, end = (b"-----%b PRIVATE KEY-----" % word for word in (b"BEGIN", b"END"))
    return b"\n".join((begin, base64.b64encode(der), end))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with key files of their own."""
    return settings_in(tmp_path)


def test_the_key_is_read_from_its_file(settings: Settings) -> None:
    token, _ = open_tokens(settings).issue(ANA, SESSION, NOON)
    assert open_tokens(settings).verify(token, NOON).account_id == ANA
    assert reason_of(token) == "TOKEN_INVALID"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"planted",
        generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
        KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"planted")),
        KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())[:80],
        KEY.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()),
        pem(ON_A_CURVE_NOBODY_SUPPORTS),
    ],
    ids=[
        "nothing",
        "no key",
        "another curve",
        "under a password",
        "public",
        "cut off",
        "raw",
        "a curve nobody supports",
    ],
)
def test_a_file_without_such_a_key_is_named_and_not_shown(
    settings: Settings, content: bytes
) -> None:
    write_private(settings.auth.signing_key_file, content)
    with pytest.raises(SettingError, match="must hold an Ed25519 private key") as raised:
        open_tokens(settings)
    assert "auth.signing_key_file" in str(raised.value)
    assert str(settings.auth.signing_key_file) in str(raised.value)
    assert "planted" not in str(raised.value)


def test_a_signing_key_that_others_may_read_is_refused(settings: Settings) -> None:
    settings.auth.signing_key_file.chmod(0o644)
    with pytest.raises(SettingError, match="open to other users"):
        open_tokens(settings)
