"""Discord's markdown as people write it: what each of its marks reads as (Discord, "Message Formatting" and "Markdown
Text 101")."""

import pytest

from tieline.model.content import (
    Block,
    Break,
    Code,
    CodeBlock,
    Emoji,
    Emphasis,
    Heading,
    Hyperlink,
    Inline,
    ListBlock,
    ListItem,
    Mention,
    Paragraph,
    Quote,
    Strike,
    Strong,
    Text,
)
from tieline_discord.dialect import DiscordDialect
from tieline_discord.markup import Entities, parse

NAMES = Entities(users={"5": "Sam"}, roles={"6": "admins"}, channels={"7": "general"})


def t(text: str) -> Text:
    return Text(text=text)


def p(*children: Inline) -> Paragraph:
    return Paragraph(children=children)


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("*a* _b_ **c** ~~d~~", (Emphasis(children=(t("a"),)), t(" "), Emphasis(children=(t("b"),)), t(" "), Strong(children=(t("c"),)), t(" "), Strike(children=(t("d"),)))),
        ("***both***", (Strong(children=(Emphasis(children=(t("both"),)),)),)),
        ("__under__", (Emphasis(children=(t("under"),)),)),
        ("**two\nlines**", (Strong(children=(t("two"), Break(), t("lines"))),)),
        ("un**frigging**believable", (t("un"), Strong(children=(t("frigging"),)), t("believable"))),
        ("snake_case_name 2 * 3 * 4", (t("snake_case_name 2 * 3 * 4"),)),
        ("**open *and** closed*", (Strong(children=(t("open *and"),)), t(" closed*"))),
        ("**** ** __ ~~~ a", (t("**** ** __ ~~~ a"),)),
        ("||the butler||", (t("||the butler||"),)),
        ("\\*not\\* \\_it\\_ \\\\", (t("*not* _it_ \\"),)),
        ("¯\\_(ツ)_/¯", (t("¯\\_(ツ)_/¯"),)),
        ("`a*b*` ``c`d`` ` e `", (Code(text="a*b*"), t(" "), Code(text="c`d"), t(" "), Code(text="e"))),
        ("-# small print", (t("small print"),)),
        ("[the *page*](https://x.org/a_(b))", (Hyperlink(url="https://x.org/a_(b)", children=(t("the "), Emphasis(children=(t("page"),)))),)),
        ('[a](<https://x.org>) [b](https://x.org "title")', (Hyperlink(url="https://x.org", children=(t("a"),)), t(" "), Hyperlink(url="https://x.org", children=(t("b"),)))),
        ("[no](javascript:alert(1))", (t("[no](javascript:alert(1))"),)),
        ("https://x.org/a_b_c, <https://x.org/_d_>", (Hyperlink(url="https://x.org/a_b_c"), t(", "), Hyperlink(url="https://x.org/_d_"))),
        ("<@5> <@!5> <@8>", (Mention(display="Sam", native_id="5"), t(" "), Mention(display="Sam", native_id="5"), t(" "), Mention(display="8", native_id="8"))),
        ("<@&6> in <#7> and <#9>", (Mention(display="admins"), t(" in #general and #9"))),
        ("@everyone", (t("@everyone"),)),
        ("<:blob:12> <a:dance:13>", (Emoji(name="blob", url="https://cdn.discordapp.com/emojis/12.png"), t(" "), Emoji(name="dance", url="https://cdn.discordapp.com/emojis/13.gif"))),
        ("<t:1700000000> <t:1700000000:R> <t:-1:d>", (t("2023-11-14 22:13 UTC 2023-11-14 22:13 UTC 1969-12-31 23:59 UTC"),)),
        ("<t:99999999999999999:R>", (t("99999999999999999"),)),
        ("</tieline play:12> <id:customize> <+15551234567>", (t("/tieline play #customize +15551234567"),)),
        ("a < b > c <b> <!here>", (t("a < b > c <b> <!here>"),)),
    ],
)  # fmt: skip
def test_a_line_reads_as_discord_shows_it(text: str, reads: tuple[Inline, ...]) -> None:
    assert parse(text, NAMES).blocks == (p(*reads),)


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("# One\n### Three\n#### four\n#five", (Heading(level=1, children=(t("One"),)), Heading(level=3, children=(t("Three"),)), p(t("#### four"), Break(), t("#five")))),
        ("```py\nx = '*'\n```", (CodeBlock(text="x = '*'", language="py"),)),
        ("a ```one line``` b", (p(t("a")), CodeBlock(text="one line"), p(t("b")))),
        ("```\n> x\n# y\n```", (CodeBlock(text="> x\n# y"),)),
        ("> a\n> b\nc", (Quote(children=(p(t("a"), Break(), t("b")),)), p(t("c")))),
        (">>> a\n\nb", (Quote(children=(p(t("a")), p(t("b")))),)),
        (">no quote", (p(t(">no quote")),)),
        ("> ```\n> x\n> ```", (Quote(children=(CodeBlock(text="x"),)),)),
        ("> > one level", (Quote(children=(p(t("> one level")),)),)),
        ("- a\n  - b\n* c", (ListBlock(items=(ListItem(children=(p(t("a")), ListBlock(items=(ListItem(children=(p(t("b")),)),)))), ListItem(children=(p(t("c")),)))),)),
        ("3. a\n4. b", (ListBlock(items=(ListItem(children=(p(t("a")),)), ListItem(children=(p(t("b")),))), start=3),)),
        ("-a\n1.b", (p(t("-a"), Break(), t("1.b")),)),
    ],
)  # fmt: skip
def test_blocks_read_as_discord_shows_them(text: str, reads: tuple[Block, ...]) -> None:
    assert parse(text).blocks == reads


@pytest.mark.parametrize("level", [1, 3, 4, 6])
def test_headings_below_the_third_level_are_bold_lines(level: int) -> None:
    written = DiscordDialect().write((Heading(level=level, children=(t("# x"),)), p(t("y"))))
    assert written == (f"{'#' * level} \\# x\ny" if level <= 3 else "**# x**\n\ny")


def test_custom_emoji_and_people_of_other_platforms_are_named() -> None:
    inlines = (
        Emoji(name="blob"),
        t(" "),
        Mention(display="Zoë", native_id="U777"),
        t(" "),
        Mention(display="x", native_id="²"),
    )
    assert DiscordDialect().write((p(*inlines),)) == ":blob: @Zoë @x"
