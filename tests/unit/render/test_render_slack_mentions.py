"""No text pings anybody on Slack (architecture, law 6; Slack: "Mentioning groups of users")."""

import re

import pytest

from tieline.model.capabilities import Capabilities, MentionSupport, Support, TextLimit
from tieline.model.content import Code, CodeBlock, Document, Emoji, Hyperlink, Image, Mention, Paragraph, Strong, Text
from tieline.model.message import Format
from tieline.render.commonmark import parse, read
from tieline.render.dialect import Plan
from tieline.render.plan import render
from tieline_slack import mrkdwn
from tieline_slack.dialect import SlackDialect

WRITE = SlackDialect().write
_TARGETS = ["channel", "here", "everyone", "CHANNEL", "Here"]
SPELLINGS = [
    *(f"<!{target}>" for target in _TARGETS),
    *(f"<!{target}|@{target}>" for target in _TARGETS),
    *(f"@{target}" for target in _TARGETS),
    *(f"&lt;!{target}&gt;" for target in _TARGETS),
    *(f"\\<!{target}\\>" for target in _TARGETS),
    *(f"**<!{target}>**" for target in _TARGETS[:2]),
    *(f"`<!{target}>`" for target in _TARGETS[:2]),
    *(f"```\n<!{target}>\n```" for target in _TARGETS[:2]),
    *(f"> <!{target}>" for target in _TARGETS[:2]),
    *(f"[x](<!{target}>)" for target in _TARGETS[:2]),
    *(f"[<!{target}>](https://x.org)" for target in _TARGETS[:2]),
    "<<!here>>", "<\u200b!here>", "<!\u200bhere>", "<!here", "!here>", "<!subteam^S1>", "<!subteam^S1|@eng>", "<@U012AB3CD>", "<@W012AB3CD|x>",
    "<#C012AB3CD>", "<!date^1392734382^{date}|x>", "https://x.org/<!here>", "https://x.org|<!here>", "&#60;!here&#62;", "&amp;lt;!here&amp;gt;",
    "<https://x.org|<!here>>", "![<!here>](https://x.org/<!channel>)", "| <!here> |\n|---|\n| <!channel> |", "- <!here>\n  - <!channel>", "# <!here>",
]  # fmt: skip
PINGS = re.compile(r"<!|<@|<#|@(?:channel|here|everyone)\b", re.IGNORECASE)


@pytest.mark.parametrize("text", SPELLINGS)
@pytest.mark.parametrize("text_format", list(Format))
def test_no_spelling_of_a_broadcast_or_a_mention_comes_out_of_a_text(text: str, text_format: Format) -> None:
    written = WRITE(read(text, text_format).blocks)
    assert not PINGS.search(
        re.sub(r"```.*?```|`[^`\n]*`", lambda code: code.group().replace("@", ""), written, flags=re.DOTALL)
    )
    assert written


@pytest.mark.parametrize("text", SPELLINGS)
def test_nor_out_of_any_other_place_a_text_can_stand_in(text: str) -> None:
    everywhere = Document(
        blocks=(
            Paragraph(
                children=(
                    Text(text=text),
                    Strong(children=(Text(text=text),)),
                    Hyperlink(url=text, children=(Text(text=text),)),
                    Hyperlink(url="https://x.org", children=(Text(text=text),)),
                    Image(url=text, alt=text),
                    Mention(display=text, native_id=text),
                    Mention(display=text.removeprefix("@"), native_id="!here"),
                    Emoji(name=text),
                    Code(text=text.replace("@", "")),
                )
            ),
            CodeBlock(text=text.replace("@", ""), language=text),
        )
    )
    assert not PINGS.search(WRITE(everywhere.blocks))
    plan = Plan(document=everywhere, author=text, prefix=True, quote=text, marks=(text,))
    can = Capabilities(
        text=TextLimit(max=300),
        mention=MentionSupport(by_id=Support.FULL),
        rich_text=Support.PARTIAL,
        code_block=Support.PARTIAL,
    )
    assert not any(PINGS.search(frame.text) for frame in render(plan, can, SlackDialect()).frames)


def test_a_mention_pings_only_by_a_native_id() -> None:
    def written(mention: Mention) -> str:
        return WRITE((Paragraph(children=(mention,)),))

    assert written(Mention(display="Sam", handle="sam", native_id="U012AB3CD")) == "<@U012AB3CD>"
    assert written(Mention(display="Sam", handle="sam")) == "@sam"
    assert written(Mention(display="Sam")) == "@Sam"
    assert written(Mention(display="Sam", native_id="S012")) == "@Sam"
    assert written(Mention(display="here")) == "@\u200bhere"


def test_slack_s_own_re_encoding_of_what_we_send_reads_as_the_same() -> None:
    document = parse("Hi @x <b> & **bold** https://x.org/a?b=1&c=2 and [a label](https://y.org) 🎉 a@b.c")
    sent = WRITE(document.blocks)
    # Slack stores bare URLs and addresses as links, and emoji by name.
    stored = sent.replace("🎉", ":tada:").replace("a@b.c", "<mailto:a@b.c|a@b.c>")
    again = mrkdwn.parse(stored)
    assert WRITE(again.blocks) == sent.replace("a@b.c", "<mailto:a@b.c>")
