"""Law 6: nothing that anybody typed notifies everyone, those who are here, a role, a group, or a person by raw id.

Each spelling goes in as text from every origin, through the real parsers and the text that the hub stores, and out to
every destination, through the real rendering and the real arguments of the call. What counts as live is asked of a
small oracle per platform, written from the platform's documentation:

- Discord ("Message: Allowed Mentions"): the server looks for ``@everyone``, ``@here``, ``<@id>``, ``<@!id>`` and
  ``<@&id>`` anywhere in the content, code or not, and notifies whom ``allowed_mentions`` lets it.
- Slack ("Formatting text for app surfaces"): ``<!here>``, ``<!channel>``, ``<!everyone>``, ``<!subteam^…>`` and
  ``<@U…>``; a bare ``@here`` only where ``parse`` or ``link_names`` ask for it.
"""

import html
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tieline.model.capabilities import Capabilities, Support, TextLimit
from tieline.model.content import Document
from tieline.model.delivery import Endpoint
from tieline.model.inbound import InboundMessage
from tieline.model.message import Author, Format
from tieline.ports.adapter import Outgoing
from tieline.render.commonmark import CommonMark, parse, read
from tieline.render.dialect import Dialect, Plan
from tieline.render.html import to_html
from tieline.render.mentions import resolve
from tieline.render.plain import Plain
from tieline.render.plan import render
from tieline_discord import abilities as discord_abilities
from tieline_discord import inbound as discord_inbound
from tieline_discord import render as discord_render
from tieline_discord.dialect import DiscordDialect
from tieline_slack import abilities as slack_abilities
from tieline_slack import inbound as slack_inbound
from tieline_slack import render as slack_render
from tieline_slack.dialect import SlackDialect

SAM = {"discord": "80351110224678912", "slack": "U0SAM"}

SPELLINGS = [
    "@everyone", "@here", "@channel", "@Everyone", "@EVERYONE", "@HERE", "hey @everyone!", "x@everyone", "@everyone.", "@@everyone",
    "@ everyone", "@everyonehere", "@here@everyone", "(@here)", '"@everyone"', "@everyone@everyone@everyone",
    "<!channel>", "<!here>", "<!everyone>", "<!here|here>", "<!channel|@channel>", "<!subteam^S012AB3CD>", "<!subteam^S012AB3CD|@admins>",
    "<!date^1392734382^{date}|x>", "< !channel>", "<!channel", "<<!channel>>", "<<!here>|<!here>>", "&lt;!channel&gt;", "&lt;!here&gt;", "&amp;lt;!here&amp;gt;",
    "&#60;!channel&#62;", "&#x3c;!here>", "&commat;everyone", "&#64;everyone", "&#x40;here", "@every&#111;ne", "@every&ZeroWidthSpace;one",
    "<@&41771983423143936>", "<@&1>", "<@41771983423143936>", "<@!41771983423143936>", "< @&5>", "<@ &5>", "<@&5", "\\<@&5>", "<\\@&5>", "<@\\&5>",
    "<@U012AB3CD>", "<@W012AB3CD|sam>", "<@U012AB3CD", "<#C012AB3CD>", "<#290926798999357250>", "</tieline:1>", "<id:customize>", "<t:1:R>",
    "＠everyone", "@ｅｖｅｒｙｏｎｅ", "＠ｈｅｒｅ", "﹫everyone", "@\u200beveryone", "@\u2060everyone", "@every\u200bone", "@\u00adeveryone", "@\ufeffhere", "@e\u0301veryone",
    "@\u202eeveryone", "\u202e@everyone\u202c", "\u200f@here\u200e", "\u2067@everyone\u2069", "שלום @everyone", "@\x00everyone", "@\u0008here",
    "@**every**one", "@*every*one", "@_every_one", "@__everyone__", "@~~here~~", "**@**everyone", "**@everyone**", "*@here*", "||@everyone||", "@ev\\eryone", "\\@everyone", "@\\everyone",
    "`@everyone`", "``@here``", "```\n@everyone\n```", "```@here\n```", "```\n<@&41771983423143936>\n<!channel>\n```", "`<@&5>`", "`<!here>`", "    @everyone", "`` ` `` @here",
    "[@everyone](https://x.org)", "[x](https://x.org/@everyone)", "https://x.org/@everyone", "<https://x.org/@here>", "[<!here>](https://x.org)", "[x](<!channel>)", "<https://x.org|<!here>>",
    "<https://x.org|@everyone>", "https://x.org/<!channel>", '[x](https://x.org "@everyone")', "![@everyone](https://x.org/a.png)", "https://x.org?<@&5>", "mailto:a@here", "<a@everyone>", "<mailto:x@here.org|@here>",
    "# @everyone", "## <!here>", "-# @everyone", "- @everyone", "1. @here", "> @everyone", "> > @here", "> > > <!channel>", ">>> @everyone\n<@&5>", "> ```\n> @here\n> ```", "- > - @everyone",
    "| @everyone | a |\n|--|--|\n| <!here> | <@&5> |", "line\n@everyone", "@\neveryone", "@every\none", "a\\\n@here", "<@\n&5>", "<!\nhere>", "@@@@here", "@sam@everyone", "@everyone @sam",
    "<@&<@&5>5>", "<@<@5>&5>", "<!<!here>here>", "@every<b></b>one", "<b>@everyone</b>", "@<!-- -->everyone", ":@everyone:", "<:@everyone:5>", "<a:everyone:@here>", "@everyone\u20e3",
]  # fmt: skip


# --------------------------------------------------------------------------------------------------------- origins


def from_web(text: str) -> list[Document]:
    return [parse(text), read(text, Format.PLAIN)]


def from_slack(text: str) -> list[Document]:
    """As Slack escapes what people type, and raw, as its own markup or a hostile app's."""
    me = slack_inbound.Me(user_id="U0", bot_id="B0")
    event: dict[str, object] = {"type": "message", "channel": "C1", "ts": "1.1", "user": "U1"}
    said: list[dict[str, object]] = [{"text": text}, {"text": html.escape(text, quote=False)}]
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [{"type": "text", "text": text}, {"type": "broadcast", "range": "here"}],
            }
        ],
    }
    said.append({"text": text, "blocks": [rich]})
    found = [slack_inbound.read({**event, **one}, me, {}) for one in said]
    return [event.content for event in found if isinstance(event, InboundMessage)]


def from_discord(text: str) -> list[Document]:
    """As content, in a bot's embed, and forwarded."""
    me = discord_inbound.Me(user_id="9")
    event: dict[str, object] = {
        "id": "1",
        "type": 0,
        "channel_id": "2",
        "guild_id": "3",
        "author": {"id": "4", "username": "x", "bot": True},
    }
    embed = {
        "type": "rich",
        "title": text,
        "description": text,
        "fields": [{"name": text, "value": text}],
        "footer": {"text": text},
    }
    said: list[dict[str, object]] = [
        {"content": text},
        {"embeds": [embed]},
        {"message_snapshots": [{"message": {"content": text}}]},
        {"poll": {"question": {"text": text}, "answers": [{"poll_media": {"text": text}}]}},
    ]
    found = [discord_inbound.read("MESSAGE_CREATE", {**event, **one}, me, discord_inbound.Nowhere()) for one in said]
    return [event.content for event in found if isinstance(event, InboundMessage)]


ORIGINS = {"web": from_web, "slack": from_slack, "discord": from_discord}


# ---------------------------------------------------------------------------------------------------- destinations


FULL = Capabilities(text=TextLimit(max=4000), rich_text=Support.FULL, code_block=Support.FULL, table=Support.FULL, link=Support.FULL)  # fmt: skip
DESTINATIONS: dict[str, tuple[Dialect, Capabilities]] = {
    "discord": (DiscordDialect(), discord_abilities.capabilities(endpoint="auto")),
    "discord, as the bot": (DiscordDialect(), discord_abilities.capabilities(endpoint="bot")),
    "discord, with previews": (DiscordDialect(previews=True), discord_abilities.capabilities(endpoint="webhook")),
    "slack": (SlackDialect(), slack_abilities.capabilities(names=True)),
    "slack, without names": (SlackDialect(), slack_abilities.capabilities(names=False)),
    "plain": (Plain(), Capabilities(text=TextLimit(max=4000))),
    "commonmark": (CommonMark(), FULL),
}


def live_on_discord(outgoing: Outgoing, written: str) -> list[str]:
    """Whom Discord would notify, and what would be live if one forgot ``allowed_mentions``."""
    live: list[str] = []
    for as_webhook in (True, False):
        for body in (discord_render.create(outgoing, as_webhook=as_webhook), discord_render.update(outgoing)):
            allowed = body["allowed_mentions"]
            assert isinstance(allowed, dict)
            live += [
                str(one)
                for one in [*allowed["parse"], *allowed.get("roles", []), *allowed["users"]]
                if one != SAM["discord"]
            ]
            live += ["replied user"] if allowed["replied_user"] else []
            live += re.findall(r"@everyone|@here", str(body.get("username", "")))
    live += re.findall(r"@everyone|@here|<@&\d+>", written)
    return live + [one for one in re.findall(r"<@!?\d+>", written) if one != f"<@{SAM['discord']}>"]


def live_on_slack(outgoing: Outgoing, written: str) -> list[str]:
    live = []
    for arguments in (
        slack_render.post(outgoing),
        slack_render.update(outgoing, "1.1"),
        slack_render.notice(outgoing, "U1"),
    ):
        live += [] if arguments["parse"] == "none" and arguments["link_names"] is False else ["parsed again"]
    live += re.findall(r"<![^>]*", written)
    return live + [one for one in re.findall(r"<@[^>]*>", written) if one != f"<@{SAM['slack']}>"]


def live_in_html(written: str) -> list[str]:
    """CommonMark has no mentions; shown as HTML nothing but a web or mail address is a link."""
    shown = to_html(written, Format.MARKDOWN)
    return [url for url in re.findall(r'href="([^"]*)"', shown) if not re.match(r"https?:|mailto:", url)]


def live(destination: str, document: Document, name: str, quote: str | None) -> list[str]:
    """What of a message notifies somebody at a destination."""
    dialect, able = DESTINATIONS[destination]
    platform = dialect.name
    resolved = resolve(document, {"sam": SAM[platform]} if platform in SAM else {})
    plan = Plan(
        document=resolved, author=name, prefix=able.identity.level < Support.PARTIAL, quote=quote, marks=(name,)
    )
    found: list[str] = []
    for frame in render(plan, able, dialect).frames:
        endpoint = Endpoint(channel="c", conversation="C1")
        author = Author(handle=None, kind="guest", display=name)
        outgoing = Outgoing(key="k", delivery_id="d", endpoint=endpoint, frame=frame, author=author)
        match platform:
            case "discord":
                found += live_on_discord(outgoing, frame.text)
            case "slack":
                found += live_on_slack(outgoing, frame.text)
            case "commonmark":
                found += live_in_html(frame.text)
            case _:
                assert platform == "plain"  # a text without markup: nothing reads it
    return found


def stored(document: Document) -> Document:
    """What the hub keeps of a message and reads again when it is sent on: CommonMark."""
    return parse(CommonMark().write(document.blocks))


def test_the_corpus_is_large_and_has_no_repeats() -> None:
    assert len(SPELLINGS) == len(set(SPELLINGS)) >= 100


@pytest.mark.parametrize("destination", DESTINATIONS)
@pytest.mark.parametrize("origin", ORIGINS)
def test_no_spelling_notifies_anybody(origin: str, destination: str) -> None:
    for spelling in SPELLINGS:
        for document in ORIGINS[origin](spelling):
            found = live(destination, stored(document), spelling, spelling)
            assert not found, f"{spelling!r} from {origin} to {destination}: {found}"


@pytest.mark.parametrize("destination", [name for name in DESTINATIONS if "discord" in name or "slack" in name])
def test_no_two_spellings_side_by_side_notify_anybody(destination: str) -> None:
    """Seams: what ends one may begin with the next."""
    for number, spelling in enumerate(SPELLINGS):
        other = SPELLINGS[(number * 7 + 3) % len(SPELLINGS)]
        for joined in (spelling + other, f"<{spelling}", f"<@&{spelling}", f"{spelling}>", f"`{spelling}`{other}"):
            for document in (*from_web(joined), *from_discord(joined)[:1]):
                found = live(destination, stored(document), joined, None)
                assert not found, f"{joined!r} to {destination}: {found}"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.one_of(st.sampled_from(["@", "<", ">", "!", "&", "everyone", "here", "channel", "5", "<@&", "<!", "`", "```", "*", "_", "\\", "\n", "[", "](", ")", "https://x.org/", "\u200b", "~~", "|"]), st.sampled_from(SPELLINGS)), max_size=8).map("".join),
    st.sampled_from(list(DESTINATIONS)),
)  # fmt: skip
def test_no_mixture_of_pieces_notifies_anybody(text: str, destination: str) -> None:
    for document in (*from_web(text), *from_slack(text), *from_discord(text)):
        assert not live(destination, stored(document), text, text)


def test_a_member_who_is_meant_is_notified_and_nobody_else() -> None:
    document = resolve(parse("@sam, not @everyone or <@&5> or `<@41771983423143936>`"), {"sam": SAM["discord"]})
    text = DiscordDialect().write(document.blocks)
    assert text.startswith(f"<@{SAM['discord']}>, not @\u200beveryone")
    assert discord_render.allowed_mentions(text) == {"parse": [], "users": [SAM["discord"]], "roles": [], "replied_user": False}  # fmt: skip


def test_the_oracles_see_what_is_live() -> None:
    """They would notice: raw text of each kind is found."""
    frame = render(Plan(document=parse("x"), author="a"), FULL, Plain()).frames[0]
    outgoing = Outgoing(
        key="k", delivery_id="d", endpoint=Endpoint(channel="c", conversation="C1"), frame=frame, author=None
    )
    assert live_on_discord(outgoing, "@everyone @here <@&5> <@5> <@!6>") == [
        "@everyone",
        "@here",
        "<@&5>",
        "<@5>",
        "<@!6>",
    ]
    assert live_on_slack(outgoing, "<!here> <!subteam^S1|x> <@U1>") == ["<!here", "<!subteam^S1|x", "<@U1>"]
