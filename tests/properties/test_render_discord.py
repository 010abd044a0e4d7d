"""Discord's dialect: what is written reads as the same, nothing written pings, whatever was written by people is read."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.properties.content_strategies import documents, texts
from tieline.model.content import (
    Block,
    Break,
    Code,
    CodeBlock,
    Document,
    Emphasis,
    Heading,
    Hyperlink,
    Image,
    Inline,
    ListBlock,
    ListItem,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
)
from tieline.render.normal import normalise, visible
from tieline.render.tables import aligned
from tieline_discord import markup
from tieline_discord.dialect import RULE, DiscordDialect

WRITE = DiscordDialect().write
SLOW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# What Discord can say: words with marks in them, spans, three levels of headings, lists of paragraphs, quotations.
WORDS = st.lists(
    st.sampled_from(["word", "two words", "a", "snake_case", "2 * 3", "<b>", "&amp;", "é", "🎉", "(", ")", ".", "-", "@here", "10:30", "*", "_x_", "~", "> y", "C:\\x", "||", "[x](y)", "#1", "<@&5>", "`", "a|b", "-# s", "1. x", "¯\\_(ツ)_/¯"]),
    min_size=1,
    max_size=4,
).map(" ".join)  # fmt: skip


def sayable_inlines() -> st.SearchStrategy[tuple[Inline, ...]]:
    simple = st.sampled_from(["bold", "two words", "snake_case", "a.b", "x*", "~y~", "*", "_"]).map(
        lambda text: Text(text=text)
    )
    span = st.tuples(simple)
    spans = st.one_of(span, st.tuples(st.builds(Emphasis, children=span)), st.tuples(st.builds(Strike, children=span)))
    leaves: list[st.SearchStrategy[Inline]] = [
        st.builds(Text, text=WORDS),
        st.builds(Strong, children=spans),
        st.builds(Emphasis, children=st.one_of(span, st.tuples(st.builds(Strong, children=span)))),
        st.builds(Strike, children=span),
        st.builds(Code, text=st.sampled_from(["x", "a < b", "snake_case", "*a*", "a`b", "`", "@here", " x "])),
        st.builds(Hyperlink, url=st.sampled_from(["https://x.org/?a=1&b=2", "https://x.org/a_b_(c)_"]), children=st.one_of(st.just(()), span)),
        st.just(Break()),
    ]  # fmt: skip
    return st.lists(st.one_of(leaves), min_size=1, max_size=5).map(tuple)


def sayable_blocks() -> st.SearchStrategy[tuple[Block, ...]]:
    words = st.tuples(st.builds(Text, text=WORDS))
    paragraph = st.builds(Paragraph, children=sayable_inlines())
    item = st.builds(
        ListItem, children=st.tuples(st.builds(Paragraph, children=words)), checked=st.sampled_from([None, True, False])
    )
    inner = st.builds(
        ListBlock, items=st.lists(item, min_size=1, max_size=2).map(tuple), start=st.sampled_from([None, 1])
    )
    outer = st.builds(ListItem, children=st.tuples(st.builds(Paragraph, children=words), inner))
    code = st.builds(
        CodeBlock,
        text=st.sampled_from(["x = 1", "a\n  b\n\nc", "<x> & *y*", "```", "``````a`", "@everyone", "py\nx", "> x"]),
        language=st.sampled_from(["", "py", "c++"]),
    )
    block: list[st.SearchStrategy[Block]] = [
        paragraph,
        code,
        st.builds(Heading, level=st.integers(1, 3), children=words),
        st.just(Rule()),
        st.builds(Quote, children=st.one_of(st.tuples(paragraph), st.tuples(paragraph, code))),
        st.builds(
            ListBlock,
            items=st.lists(st.one_of(item, outer), min_size=1, max_size=3).map(tuple),
            start=st.sampled_from([None, 1, 4]),
        ),
    ]  # fmt: skip
    return st.lists(st.one_of(block), min_size=1, max_size=4).map(tuple)


@SLOW
@example(
    (Paragraph(children=(Text(text="*"), Emphasis(children=(Text(text="a"),)), Strong(children=(Text(text="b"),)))),)
)
@example((Paragraph(children=(Text(text="x"), Emphasis(children=(Text(text="a*b"),)), Text(text="y"))),))
@example(
    (
        Paragraph(
            children=(Strike(children=(Text(text="x~"),)), Emphasis(children=(Strong(children=(Text(text="b"),)),)))
        ),
    )
)
@given(sayable_blocks())  # fmt: skip
def test_what_is_written_for_discord_reads_as_the_same_content(content: tuple[Block, ...]) -> None:
    normal = normalise(Document(blocks=content))
    assume(not any(_would_join(one, other) for one, other in pairwise(normal.blocks)))
    assert markup.parse(WRITE(content)) == normal, WRITE(content)


def _would_join(one: Block, other: Block) -> bool:
    return isinstance(one, ListBlock) and isinstance(other, ListBlock)


@SLOW
@given(documents())
def test_any_content_reads_back_with_the_same_visible_text(document: Document) -> None:
    written = WRITE(document.blocks)
    assert _words(markup.parse(written).blocks) == _words(normalise(document).blocks), written


def _words(blocks: tuple[Block, ...]) -> str:
    """What a reader sees, without white space, zero-width spaces, and brackets, which may stand around an address."""
    return re.sub(r"[\s\u200b()<>]+", "", "".join(map(_said, blocks)).replace(RULE, ""))


def _said(block: Block) -> str:
    match block:
        case Paragraph() | Heading():
            return _seen(block.children)
        case CodeBlock():
            return block.text
        case Table():
            return aligned(block)
        case Quote():
            return "".join(map(_said, block.children))
        case ListBlock():
            return "".join(_said(child) for item in block.items for child in item.children)
        case Rule():
            return ""


def _seen(children: tuple[Inline, ...]) -> str:
    """Visible text, with the address of a link or picture behind its label, and no ``mailto:``."""
    out = ""
    for child in children:
        match child:
            case Strong() | Emphasis() | Strike():
                out += _seen(child.children)
            case Hyperlink():
                out += _linked(visible(child.children), child.url)
            case Image():
                out += _linked(child.alt, child.url)
            case _:
                out += visible((child,))
    return out.replace("mailto:", "")


def _linked(label: str, url: str) -> str:
    address = url.replace("mailto:", "")
    return label if label.replace("mailto:", "") == address else label + address


@SLOW
@given(documents())
def test_only_addresses_and_user_mentions_stand_in_live_angle_brackets(document: Document) -> None:
    written = WRITE(document.blocks)
    assert not re.search(r"@(?:everyone|here)", written, re.IGNORECASE)
    assert not re.search(r"<@[!&]", written)


@SLOW
@given(st.one_of(texts(), st.text()))
def test_any_text_from_discord_is_read_and_can_be_written_again(text: str) -> None:
    WRITE(markup.parse(text).blocks)


@SLOW
@given(texts())
def test_text_means_itself(text: str) -> None:
    document = normalise(Document(blocks=(Paragraph(children=(Text(text=text),)),)))
    assert _words(markup.parse(WRITE(document.blocks)).blocks) == _words(document.blocks)


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ((Strong(children=(Text(text="b"),)), Text(text="old")), "**b**old"),
        ((Text(text="w"), Emphasis(children=(Text(text="or"),)), Text(text="d")), "w*or*d"),
        ((Text(text="w"), Emphasis(children=(Text(text="o*r"),)), Text(text="d")), "w\u200b_o\\*r_\u200bd"),
        ((Hyperlink(url="https://x.org/a_b_c"),), "<https://x.org/a_b_c>"),
        ((Hyperlink(url="https://x.org/a_b", children=(Text(text="page"),)),), "[page](<https://x.org/a_b>)"),
        ((Hyperlink(url="https://x.org", children=(Text(text="a [b]"),)),), "a [b] (<https://x.org>)"),
        ((Hyperlink(url="https://x.org", children=(Text(text="http://bank"),)),), "http\\://bank (<https://x.org>)"),
        ((Strong(children=(Text(text="see "), Code(text="a**b"))),), "**see** `a**b`"),
        ((Emphasis(children=(Strong(children=(Code(text="a_b"), Text(text=" q"))),)),), "`a_b` _**q**_"),
        ((Code(text="a`b"),), "``a`b``"),
        ((Code(text="a`b``c"),), "a\\`b\\`\\`c"),
    ],
)
def test_inlines_are_written_as_discord_reads_them(content: tuple[Inline, ...], written: str) -> None:
    assert WRITE((Paragraph(children=content),)) == written


def test_addresses_stand_bare_where_previews_are_wanted_and_nothing_touches_them() -> None:
    write = DiscordDialect(previews=True).write
    link = Hyperlink(url="https://x.org/a_b")
    assert write((Paragraph(children=(Text(text="see "), link)),)) == "see https://x.org/a_b"
    assert write((Paragraph(children=(link, Text(text="."))),)) == "<https://x.org/a_b>."
    labelled = Hyperlink(url="https://x.org/(a)", children=(Text(text="l"),))
    assert write((Paragraph(children=(labelled,)),)) == "[l](https://x.org/%28a%29)"


@pytest.mark.parametrize("size", [20_000])
@pytest.mark.parametrize(
    "piece", ["*", "_a", "`", "<", "<@", "> ", "- ", "    - ", ":a", "*a ", "~~_*", "[", "[a](", "[a](<https://", "\\", "```", "||", "`a``", "**a *", "__a_", "<t:", "# ", "-# ", ">", "1. ", "[a[b]", "``` ", "https://", "<https://x", "~", "` `` "]
)  # fmt: skip
def test_long_nonsense_from_discord_is_read_in_good_time(piece: str, size: int) -> None:
    start = time.process_time()
    markup.parse(piece * (size // len(piece)))
    assert time.process_time() - start < 5
