"""Mentions, tags and links recognised in a text.

Pure, and the same at every reading: people are recorded as mentions when the text is written,
since handles change hands; tags and links are read out of it by whoever may read it. All places
are counted in code points of the text as it is kept, in Unicode's form NFC.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from events.posts import Mention
from events.value import Value

HANDLES_MAX: Final = 50
"""So many people are recognised in one text; further names stay words, so that nobody floods."""

TAG_LENGTH_MAX: Final = 100
LINK_LENGTH_MAX: Final = 2048

_HANDLE = re.compile(r"@([A-Za-z0-9_]{3,30})(?![\w@])")
_HASH = re.compile("[#\uff03]")
# Ends at spaces and at what no address holds, invisible characters among them. The backslash is
# one of these: to browsers it is a slash, so what stood before it would pass for the host.
_LINK = re.compile(
    r"https?://[^\s<>\"\\^`{|}\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+", re.IGNORECASE
)
_PAIRS = ((")", "("), ("]", "["))
_TRAILING = frozenset(".,:;!?'\"*_~\u2026\u3002\u300d\u2019\u201d\u00bb")
_JOINERS = frozenset("\u200c\u200d\u00b7")
"""Belong to a tag between two of its letters only: as Persian, Indic scripts and Catalan write."""


class Span(Value, frozen=True):
    """A part of a text that leads somewhere: exactly one of the last three is set.

    `tag` is in the form in which tags are compared; `link` is an http or https address.
    """

    start: int
    length: int
    account_id: UUID | None = None
    tag: str = ""
    link: str = ""


def mentioned_handles(text: str) -> tuple[str, ...]:
    """The handles that the text names, each once, in order, in the form that is kept."""
    found = dict.fromkeys(handle for _, _, handle in _named(text))
    return tuple(found)[:HANDLES_MAX]


def mentions(text: str, accounts: Mapping[str, UUID]) -> tuple[Mention, ...]:
    """Every place where the text names one of `accounts`, which is by handle."""
    return tuple(
        Mention(start, length, accounts[handle])
        for start, length, handle in _named(text)
        if handle in accounts
    )


def spans(text: str, named: Sequence[Mention]) -> tuple[Span, ...]:
    """All that leads somewhere, in the order of the text; no two overlap.

    `named` was recorded with the text. Of a text that is erased, nothing leads anywhere.
    """
    people = [
        Span(mention.start, mention.length, account_id=mention.account_id)
        for mention in named
        if mention.start + mention.length <= len(text)
    ]
    return tuple(sorted([*people, *_links(text), *_tags(text)], key=lambda span: span.start))


def tag_form(tag: str) -> str:
    """The form in which tags are compared: case, width and joiners do not count.

    Beside the joiners, this is Unicode's compatibility caseless matching (definition D147).
    """
    bare = "".join(sign for sign in tag if sign not in "\u200c\u200d")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", bare).casefold())
    return unicodedata.normalize("NFKC", folded.casefold())


def _named(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, length and handle of each @handle that stands by itself, outside links."""
    if "@" not in text:
        return
    text = _without_links(text)
    for match in _HANDLE.finditer(text):
        start, end = match.span()
        alone = not (_in_word(text, start - 1) or text[max(0, start - 1) : start] in ("@", "/"))
        if alone and not _is_mark(text, end):
            yield start, end - start, match[1].lower()


def _tags(text: str) -> Iterator[Span]:
    """Each #tag outside links: letters, marks, digits and _, at least one letter."""
    if not _HASH.search(text):
        return
    text = _without_links(text)
    for match in _HASH.finditer(text):
        start = match.start()
        before = text[max(0, start - 1) : start]
        if _in_word(text, start - 1) or before in ("#", "\uff03", "&", "/"):
            continue
        tag = text[start + 1 : _tag_end(text, start + 1)]
        if len(tag) <= TAG_LENGTH_MAX and any(sign.isalpha() for sign in tag):
            yield Span(start, 1 + len(tag), tag=tag_form(tag))


def _tag_end(text: str, start: int) -> int:
    end = start
    while _in_word(text, end) or (
        end > start and text[end : end + 1] in _JOINERS and _in_word(text, end + 1)
    ):
        end += 1
    return end


def _links(text: str) -> Iterator[Span]:
    """Each address that a browser would open; names and passwords before a host are none."""
    for match in _LINK.finditer(text):
        start = match.start()
        address = _trimmed(match[0])
        if not _in_word(text, start - 1) and _is_address(address):
            yield Span(start, len(address), link=address)


def _trimmed(address: str) -> str:
    """Without the punctuation of the sentence around it; paired brackets belong to it."""
    unpaired = {sign: address.count(sign) - address.count(pair) for sign, pair in _PAIRS}
    end = len(address)
    while end and (address[end - 1] in _TRAILING or unpaired.get(address[end - 1], 0) > 0):
        end -= 1
        if address[end] in unpaired:
            unpaired[address[end]] -= 1
    return address[:end]


def _is_address(text: str) -> bool:
    if len(text) > LINK_LENGTH_MAX:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and "@" not in parts.netloc and port != 0


def _without_links(text: str) -> str:
    """The text with blanks for its links, so that every place stays where it is."""
    pieces, end = [], 0
    for link in _links(text):
        pieces += [text[end : link.start], " " * link.length]
        end = link.start + link.length
    return "".join([*pieces, text[end:]])


def _in_word(text: str, place: int) -> bool:
    """Whether a letter, digit, mark or _ stands there: marks spell vowels in many scripts."""
    if not 0 <= place < len(text):
        return False
    sign = text[place]
    return sign == "_" or sign.isalnum() or unicodedata.category(sign)[0] == "M"


def _is_mark(text: str, place: int) -> bool:
    return place < len(text) and unicodedata.category(text[place])[0] == "M"
