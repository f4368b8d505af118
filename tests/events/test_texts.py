"""The people, tags and links recognised in a text."""

from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.posts import Mention
from events.texts import HANDLES_MAX, Span, mentioned_handles, mentions, spans, tag_form

ANA = UUID("019cec37-8c00-7000-8000-00000000000a")
BEN = UUID("019cec37-8c00-7000-8000-00000000000b")


def tags_of(text: str) -> list[str]:
    return [span.tag for span in spans(text, ()) if span.tag]


def links_of(text: str) -> list[str]:
    return [span.link for span in spans(text, ()) if span.link]


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@ana", ("ana",)),
        ("Hi @Ana, meet (@ben_2)!", ("ana", "ben_2")),
        ("@ana @ANA @ana", ("ana",)),
        ("thanks…@ana", ("ana",)),
        ("@ana's", ("ana",)),
        ("@an", ()),
        ("@" + "a" * 30, ("a" * 30,)),
        ("@" + "a" * 31, ()),
        ("ana@example.org", ()),
        ("é@ana", ()),
        ("@ana@example.org", ()),
        ("@aná", ()),
        ("@anaq\u0303", ()),
        ("@@ana", ()),
        ("https://example.org/@ana", ()),
    ],
)
def test_a_handle_is_recognised_where_it_stands_by_itself(
    text: str, handles: tuple[str, ...]
) -> None:
    assert mentioned_handles(text) == handles


def test_so_many_people_are_recognised_and_no_more() -> None:
    text = " ".join(f"@person{number}" for number in range(HANDLES_MAX + 1))
    assert len(mentioned_handles(text)) == HANDLES_MAX


def test_every_place_that_names_somebody_is_a_mention_and_nobody_else_is() -> None:
    found = mentions("🦉 @ana, @Ben and @clo: @ana", {"ana": ANA, "ben": BEN})
    assert found == (Mention(2, 4, ANA), Mention(8, 4, BEN), Mention(23, 4, ANA))


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#owls and #Owls2", ["owls", "owls2"]),
        ("(#owls), #fog.", ["owls", "fog"]),
        ("＃Ｏｗｌｓ", ["owls"]),
        ("#हिन्दी #日本語 #été", ["हिन्दी", "日本語", "été"]),
        ("#می\u200cخواهم", ["میخواهم"]),
        ("#Straße", ["strasse"]),
        ("#snake_case-kebab", ["snake_case"]),
        ("#1 #2024 #_", []),
        ("#", []),
        ("##owls a#owls &#39; /#owls", []),
        ("#owls#fog", ["owls"]),
        ("https://example.org/#owls", []),
        ("#" + "a" * 100, ["a" * 100]),
        ("#" + "a" * 101, []),
    ],
)
def test_a_tag_holds_a_letter_and_stands_by_itself(text: str, tags: list[str]) -> None:
    assert tags_of(text) == tags


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://example.org.", ["https://example.org"]),
        ("HTTP://Example.org/a?b=c#d, ok", ["HTTP://Example.org/a?b=c#d"]),
        ("(https://example.org/a_(b))", ["https://example.org/a_(b)"]),
        ("https://example.org/\u200bx", ["https://example.org/"]),
        ("https://bücher.example/ä", ["https://bücher.example/ä"]),
        ("example.org ftp://example.org javascript:alert(1)", []),
        ("https:// https://. https://[ http://a:99999999/ xhttps://a.org", []),
        ("https://bank.example@example.org/", []),
        ("https://example.org\\@bank.example/", ["https://example.org"]),
        ("https://example.org/" + "a" * 2029, []),
    ],
)
def test_a_link_is_what_a_browser_would_open(text: str, links: list[str]) -> None:
    assert links_of(text) == links


def test_spans_come_in_the_order_of_the_text() -> None:
    text = "#fog @ana https://example.org"
    assert spans(text, mentions(text, {"ana": ANA})) == (
        Span(0, 4, tag="fog"),
        Span(5, 4, account_id=ANA),
        Span(10, 19, link="https://example.org"),
    )


def test_in_an_erased_text_nothing_leads_anywhere() -> None:
    assert spans("", (Mention(0, 4, ANA),)) == ()


PIECES = [
    "@ana",
    "#tag",
    "https://a.org",
    "/",
    "(",
    ")",
    ".",
    " ",
    "é",
    "\u0301",
    "\u200d",
    "@",
    "#",
]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=30)


@given(texts)
@example("https://a.org#tag@ana")
def test_spans_never_overlap_and_lie_in_the_text(text: str) -> None:
    accounts = dict.fromkeys(mentioned_handles(text), ANA)
    end = 0
    for span in spans(text, mentions(text, accounts)):
        assert end <= span.start < span.start + span.length <= len(text)
        assert [span.account_id is not None, bool(span.tag), bool(span.link)].count(True) == 1
        end = span.start + span.length


@given(st.text(max_size=20))
def test_the_form_of_a_tag_is_its_own_form(tag: str) -> None:
    assert tag_form(tag_form(tag)) == tag_form(tag)
