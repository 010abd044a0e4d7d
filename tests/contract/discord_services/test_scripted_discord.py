"""The scripted Discord, driven by the real discord.py client: what the adapter's tests rest on."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.services.discord_spec import ABSENT, load
from tests.services.scripted_discord import (
    ALICE,
    BOB,
    BOT,
    FORUM,
    GENERAL,
    GUILD,
    RANDOM,
    STAFF,
    TOKEN,
    Lose,
    Reply,
    ScriptedDiscord,
    patched,
    scripted,
)
from tests.services.scripted_discord.pings import mentions
from tests.services.scripted_discord.sdk import discord

NOBODY = discord.AllowedMentions.none()


class Bot(discord.Client):
    """Records what it hears."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        chosen = intents or discord.Intents(guilds=True, messages=True, reactions=True, message_content=True)
        super().__init__(intents=chosen, max_messages=None, chunk_guilds_at_startup=False, guild_ready_timeout=0.1)
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """discord.py waits five seconds here."""

    async def on_message(self, message: discord.Message) -> None:
        self.heard.put_nowait(("message", message))

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self.heard.put_nowait(("edit", event))

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self.heard.put_nowait(("delete", event))

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        self.heard.put_nowait(("reaction", event))

    async def on_interaction(self, interaction: discord.Interaction[discord.Client]) -> None:
        self.heard.put_nowait(("interaction", interaction))

    async def on_resumed(self) -> None:
        self.heard.put_nowait(("resumed", None))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self.heard.put_nowait(("removed", guild))

    async def on_thread_create(self, thread: discord.Thread) -> None:
        self.heard.put_nowait(("thread", thread))

    async def next(self, kind: str) -> Any:
        """The next thing heard, which must be of this kind."""
        heard, what = await asyncio.wait_for(self.heard.get(), 10)
        assert heard == kind, (heard, what)
        return what

    def text(self, channel: str = GENERAL) -> discord.TextChannel:
        found = self.get_channel(int(channel))
        assert isinstance(found, discord.TextChannel)
        return found


@asynccontextmanager
async def connected(served: ScriptedDiscord, bot: Bot | None = None) -> AsyncIterator[Bot]:
    client = bot or Bot()
    with patched(served.api_url, served.gateway_url):
        async with client:
            await client.login(TOKEN)
            running = asyncio.create_task(client.connect())
            await asyncio.wait_for(client.wait_until_ready(), 10)
            yield client
            await client.close()
            await running


@pytest.fixture
async def served() -> AsyncIterator[ScriptedDiscord]:
    async with scripted() as made:
        yield made
        assert made.violations == []
        assert made.strange_answers == []


@pytest.fixture
async def bot(served: ScriptedDiscord) -> AsyncIterator[Bot]:
    async with connected(served) as made:
        yield made


async def test_a_client_logs_in_and_sees_the_guild(served: ScriptedDiscord, bot: Bot) -> None:
    assert bot.user is not None
    assert str(bot.user.id) == BOT
    assert [guild.id for guild in bot.guilds] == [int(GUILD)]
    assert [channel.name for channel in bot.guilds[0].channels] == ["general", "random", "forum"]
    assert bot.text().permissions_for(bot.guilds[0].me).manage_webhooks
    assert served.gateway.opened == ["/gateway"]


async def test_a_wrong_token_does_not_log_in(served: ScriptedDiscord) -> None:
    with patched(served.api_url, served.gateway_url):
        async with Bot() as client:
            with pytest.raises(discord.LoginFailure):
                await client.login("wrong")
    assert served.invalid_requests == 1


async def test_people_write_edit_react_and_delete(served: ScriptedDiscord, bot: Bot) -> None:
    root = served.say(GENERAL, ALICE, "hello", files={"a.txt": b"content"})
    message = await bot.next("message")
    assert (message.content, message.author.display_name, str(message.id)) == ("hello", "Alice", root)
    assert await message.attachments[0].read() == b"content"
    answer = served.say(GENERAL, BOB, "hi", reply_to=root)
    assert str((await bot.next("message")).reference.resolved.id) == root
    served.edit(GENERAL, answer, "hi there")
    edit = await bot.next("edit")
    assert edit.message.content == "hi there"
    assert edit.message.edited_at is not None
    served.react(GENERAL, root, BOB, "👍")
    assert (await bot.next("reaction")).emoji.name == "👍"
    served.delete(GENERAL, answer)
    assert str((await bot.next("delete")).message_id) == answer
    assert served.pings == []


async def test_what_the_bot_sends_is_shown_and_comes_back(served: ScriptedDiscord, bot: Bot) -> None:
    root = served.say(GENERAL, ALICE, "question")
    await bot.next("message")
    files = [discord.File(io.BytesIO(b"data"), "d.bin")]
    reference = discord.MessageReference(message_id=int(root), channel_id=int(GENERAL))
    sent = await bot.text().send("answer", files=files, reference=reference, allowed_mentions=NOBODY)
    assert (await bot.next("message")).id == sent.id
    await sent.edit(content="better answer")
    await sent.add_reaction("👍")
    shown = served.shown(GENERAL)[-1]
    assert (shown["author"], shown["content"], shown["reply_to"]) == ("tieline", "better answer", root)
    digest = hashlib.sha256(b"data").hexdigest()
    assert shown["attachments"] == [{"name": "d.bin", "size": 4, "sha256": digest}]
    assert shown["reactions"] == {"👍": [BOT]}
    async with bot.text().typing():
        assert served.typed == [GENERAL]
    await sent.delete()
    assert [one["content"] for one in served.shown(GENERAL)] == ["question"]


async def test_the_same_nonce_makes_one_message(served: ScriptedDiscord, bot: Bot) -> None:
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=int(GENERAL))
    body = {"content": "once", "nonce": "delivery-1", "enforce_nonce": True}
    first = await bot.http.request(route, json=body)
    again = await bot.http.request(route, json=body)
    assert first["id"] == again["id"]
    assert len(served.shown(GENERAL)) == 1


async def test_a_webhook_writes_under_any_name_and_edits_and_deletes(served: ScriptedDiscord, bot: Bot) -> None:
    hook = await bot.text().create_webhook(name="tieline")
    sent = await hook.send(
        "from elsewhere",
        username="Ana (Slack)",
        avatar_url="https://example.org/ana.png",
        file=discord.File(io.BytesIO(b"x"), "x.txt"),
        embeds=[discord.Embed(description="card")],
        allowed_mentions=NOBODY,
        wait=True,
    )
    shown = served.shown(GENERAL)[-1]
    assert (shown["author"], shown["webhook"], shown["content"]) == ("Ana (Slack)", str(hook.id), "from elsewhere")
    assert shown["avatar"] == "https://example.org/ana.png"
    heard = await bot.next("message")
    assert (heard.webhook_id, heard.author.name) == (hook.id, "Ana (Slack)")
    await sent.edit(content="changed", allowed_mentions=NOBODY)
    assert served.shown(GENERAL)[-1]["content"] == "changed"
    assert (await hook.fetch_message(sent.id)).content == "changed"
    await sent.delete()
    assert served.shown(GENERAL) == []
    assert [one.id for one in await bot.text().webhooks()] == [hook.id]


async def test_a_webhook_is_refused_as_discord_refuses(served: ScriptedDiscord, bot: Bot) -> None:
    served.webhook_limit = 1
    for name in ("My Clyde", "Discord bridge"):
        with pytest.raises(discord.HTTPException) as refused:
            await bot.text().create_webhook(name=name)
        assert refused.value.code == 50035
    hook = await bot.text().create_webhook(name="tieline")
    with pytest.raises(discord.HTTPException) as refused:
        await bot.text().create_webhook(name="another")
    assert refused.value.code == 30007
    served.delete_webhook(str(hook.id))
    with pytest.raises(discord.NotFound) as gone:
        await hook.send("late", wait=True)
    assert gone.value.code == 10015


async def test_threads_and_forum_posts(served: ScriptedDiscord, bot: Bot) -> None:
    root = served.say(GENERAL, ALICE, "root")
    await bot.next("message")
    inside = served.say(GENERAL, BOB, "inside", thread=root)
    thread = await bot.next("thread")
    assert (thread.id, thread.parent_id) == (int(root), int(GENERAL))
    await bot.next("edit")
    assert (await bot.next("message")).type is discord.MessageType.thread_starter_message
    assert str((await bot.next("message")).id) == inside
    hook = await bot.text().create_webhook(name="tieline")
    sent = await hook.send("by webhook", thread=thread, wait=True)
    await sent.edit(content="edited in the thread")
    assert served.shown(root)[-1]["content"] == "edited in the thread"
    made = await bot.text(RANDOM).create_thread(name="mine", type=discord.ChannelType.public_thread)
    assert made.parent_id == int(RANDOM)
    forum = bot.get_channel(int(FORUM))
    assert isinstance(forum, discord.ForumChannel)
    post = await forum.create_thread(name="title", content="first")
    assert post.thread.id == post.message.id
    assert served.shown(str(post.thread.id))[0]["content"] == "first"


async def test_what_was_missed_is_replayed_on_resume(served: ScriptedDiscord, bot: Bot) -> None:
    served.say(GENERAL, ALICE, "one")
    await bot.next("message")
    served.gateway.drop()
    served.say(GENERAL, ALICE, "two")
    served.say(GENERAL, ALICE, "three")
    assert [(await bot.next("message")).content for _ in range(2)] == ["two", "three"]
    await bot.next("resumed")
    assert served.gateway.opened == ["/gateway", "/gateway/resume"]
    served.gateway.reconnect()
    await bot.next("resumed")
    served.say(GENERAL, ALICE, "four")
    assert (await bot.next("message")).content == "four"


async def test_a_socket_that_is_cut_without_a_word_resumes(served: ScriptedDiscord, bot: Bot) -> None:
    served.gateway.drop(None)
    served.say(GENERAL, ALICE, "meanwhile")
    assert (await bot.next("message")).content == "meanwhile"
    await bot.next("resumed")
    served.gateway.invalidate(resumable=True)
    await bot.next("resumed")
    assert served.gateway.opened.count("/gateway/resume") == 2


async def test_rarer_things_are_told(served: ScriptedDiscord, bot: Bot) -> None:
    """A preview, a bulk deletion, a renamed channel, a stranger, a modal in a thread."""
    first, second = (served.say(GENERAL, ALICE, f"https://example.org/{n}") for n in range(2))
    assert [(await bot.next("message")).author.name for _ in range(2)] == ["alice"] * 2
    served.unfurl(GENERAL, first, [{"type": "link", "url": "https://example.org/0", "title": "Example"}])
    edit = await bot.next("edit")
    assert (edit.message.edited_at, edit.message.embeds[0].title) == (None, "Example")
    served.rename_channel(GENERAL, "lobby")
    served.person("900000000000000040", "Carol", nick="Caz")
    served.delete_many(GENERAL, [second])
    root = served.forum_post(FORUM, "900000000000000040", "title", "first post")
    await bot.next("thread")
    assert (await bot.next("message")).author.display_name == "Caz"
    assert bot.text().name == "lobby"
    await bot.http.bulk_upsert_guild_commands(int(BOT), int(GUILD), [{"name": "Report", "type": 3}])
    served.message_command(BOB, root, root, "Report")
    interaction = await bot.next("interaction")

    class Form(discord.ui.Modal, title="Report"):
        why: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Why?", custom_id="why")

    await interaction.response.send_modal(Form(custom_id="report"))
    served.submit(BOB, str(interaction.id), {"why": "rude"})
    submitted = await bot.next("interaction")
    assert submitted.data["components"][0]["components"][0]["value"] == "rude"
    await submitted.response.send_message("noted", ephemeral=True)


async def test_a_forgotten_session_begins_anew_without_replay(served: ScriptedDiscord, bot: Bot) -> None:
    served.gateway.drop(forget=True)
    served.say(GENERAL, ALICE, "lost to the gateway")
    await served.until(lambda world: len(world.gateway.sessions) == 1)
    served.say(GENERAL, ALICE, "heard")
    assert (await bot.next("message")).content == "heard"
    page = [message.content async for message in bot.text().history(limit=10)]
    assert page == ["heard", "lost to the gateway"]


async def test_the_privileged_intent_must_be_granted(served: ScriptedDiscord) -> None:
    served.app_flags = 0
    with patched(served.api_url, served.gateway_url):
        async with Bot() as client:
            await client.login(TOKEN)
            with pytest.raises(discord.PrivilegedIntentsRequired):
                await asyncio.wait_for(client.connect(), 10)
    async with connected(served, Bot(discord.Intents(guilds=True, messages=True))) as bot:
        served.say(GENERAL, ALICE, "secret")
        assert (await bot.next("message")).content == ""
        served.say(GENERAL, ALICE, f"<@{BOT}> for you")
        assert (await bot.next("message")).content == f"<@{BOT}> for you"
        served.whisper(BOB, "between us")
        assert (await bot.next("message")).content == "between us"


async def test_history_pages_both_ways(served: ScriptedDiscord, bot: Bot) -> None:
    ids = [int(served.say(GENERAL, ALICE, f"m{n}")) for n in range(7)]

    async def page(**query: int) -> list[int]:
        route = discord.http.Route("GET", "/channels/{channel_id}/messages", channel_id=int(GENERAL))
        return [int(one["id"]) for one in await bot.http.request(route, params=query)]

    assert await page(limit=3) == ids[:3:-1]
    assert await page(limit=2, after=ids[1]) == [ids[3], ids[2]]
    assert await page(limit=2, before=ids[3]) == [ids[2], ids[1]]


@pytest.mark.skipif(load() is None, reason=ABSENT)
async def test_every_reading_route_answers_as_the_document_says(served: ScriptedDiscord) -> None:
    """The fixture asserts that no answer was strange; here only that each was one."""
    root = served.say(GENERAL, ALICE, "root", files={"a.txt": b"a"})
    served.react(GENERAL, root, BOB, "👍")
    answer = served.say(GENERAL, BOB, "in thread", thread=root)
    served.say(root, BOB, "reply", reply_to=answer)
    served.forward(RANDOM, BOB, GENERAL, root)
    post = served.forum_post(FORUM, ALICE, "title", "first")
    guild, channel = f"/guilds/{GUILD}", f"/channels/{GENERAL}"
    paths = ["/users/@me", f"/users/{ALICE}", "/users/@me/guilds", "/gateway/bot", "/applications/@me"]
    paths += [
        f"/applications/{BOT}/commands",
        f"/applications/{BOT}/guilds/{GUILD}/commands",
        guild,
        f"{guild}/channels",
    ]
    paths += [f"{guild}/roles", f"{guild}/members?limit=10", f"{guild}/members/search?query=a&limit=5"]
    paths += [f"{guild}/members/{ALICE}", f"{guild}/threads/active", f"{guild}/webhooks", channel, f"/channels/{FORUM}"]
    paths += [f"/channels/{root}", f"/channels/{post}", f"{channel}/messages", f"/channels/{root}/messages"]
    paths += [f"/channels/{RANDOM}/messages", f"{channel}/messages/{root}", f"{channel}/messages/{root}/reactions/👍"]
    paths += [f"{channel}/webhooks", f"/channels/{served.dm(ALICE)['id']}", f"/channels/{post}/messages/{post}"]
    served.archive(post)
    paths += [f"/channels/{FORUM}/threads/archived/public", f"/channels/{post}"]
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"}) as http:
        for path in paths:
            async with http.get(f"{served.api_url}/v10{path}") as said:
                assert said.status == 200, path
                assert await said.json() or path.endswith(("commands", "webhooks")), path


async def test_direct_messages(served: ScriptedDiscord, bot: Bot) -> None:
    alice = await bot.fetch_user(int(ALICE))
    sent = await alice.send("psst")
    assert served.shown(str(sent.channel.id))[0]["content"] == "psst"
    assert (await bot.next("message")).guild is None
    served.closed_dms.add(BOB)
    with pytest.raises(discord.Forbidden) as refused:
        await (await bot.fetch_user(int(BOB))).send("psst")
    assert refused.value.code == 50007


async def test_buttons_and_commands_are_answered(served: ScriptedDiscord, bot: Bot) -> None:
    commands: list[dict[str, Any]] = [
        {
            "name": "link",
            "type": 1,
            "description": "Link",
            "options": [{"name": "code", "type": 3, "description": "c"}],
        },
        {"name": "Who wrote this?", "type": 3},
    ]
    await bot.http.bulk_upsert_global_commands(int(BOT), commands)
    asked = served.command(ALICE, GENERAL, "link", {"code": "1234"})
    interaction = await bot.next("interaction")
    assert interaction.data["options"][0]["value"] == "1234"
    await interaction.response.send_message("linked", ephemeral=True)
    assert [one["content"] for one in served.answers(asked)] == ["linked"]
    assert served.shown(GENERAL) == []

    class Choice(discord.ui.View):
        @discord.ui.button(label="Yes", custom_id="yes")
        async def yes(self, interaction: discord.Interaction, button: discord.ui.Button[discord.ui.View]) -> None:
            """Answered below."""

    sent = await bot.text().send("sure?", view=Choice(timeout=None))
    await bot.next("message")
    pressed = served.press(GENERAL, str(sent.id), "yes", BOB)
    interaction = await bot.next("interaction")
    await interaction.response.defer()
    await interaction.followup.send("thanks", ephemeral=True)
    with pytest.raises(discord.HTTPException) as twice:
        await bot.http.request(
            discord.http.Route("POST", f"/interactions/{pressed}/{interaction.token}/callback"), json={"type": 6}
        )
    assert twice.value.code == 40060
    assert [one["type"] for one in served.answers(pressed)] == [6, 4]
    served.message_command(ALICE, GENERAL, str(sent.id), "Who wrote this?")
    interaction = await bot.next("interaction")
    assert interaction.data["target_id"] == str(sent.id)
    await interaction.response.defer(thinking=True, ephemeral=True)
    await interaction.edit_original_response(content="the hub")


async def test_file_addresses_expire_until_the_message_is_read_again(served: ScriptedDiscord, bot: Bot) -> None:
    served.say(GENERAL, ALICE, "file", files={"ä b.txt": b"kept"})
    message = await bot.next("message")
    served.skew = 25 * 3600
    with pytest.raises(discord.NotFound):
        await message.attachments[0].read()
    fresh = await bot.text().fetch_message(message.id)
    assert await fresh.attachments[0].read() == b"kept"
    served.expire_links()
    with pytest.raises(discord.NotFound):
        await fresh.attachments[0].read()


async def test_faults_are_scripted_call_by_call(served: ScriptedDiscord, bot: Bot) -> None:
    served.script("create_message", Reply.error(403, 50013), Lose())
    with pytest.raises(discord.Forbidden):
        await bot.text().send("refused")
    with pytest.raises((aiohttp.ClientError, OSError)):
        await bot.text().send("done, answer lost")
    await bot.text().send("well")
    assert [one["content"] for one in served.shown(GENERAL)] == ["done, answer lost", "well"]
    assert [one["status"] for one in served.requests if one["operation"] == "create_message"] == [403, 200, 200]


async def test_limits_are_told_and_kept(served: ScriptedDiscord, bot: Bot) -> None:
    served.buckets["create_message"] = (2, 60.0)
    headers = {"Authorization": f"Bot {TOKEN}"}
    url = f"{served.api_url}/v10/channels/{GENERAL}/messages"
    async with aiohttp.ClientSession(headers=headers) as http:
        seen = []
        for n in range(3):
            async with http.post(url, json={"content": str(n)}) as answer:
                seen.append((answer.status, answer.headers["X-RateLimit-Remaining"]))
                said = await answer.json()
                assert answer.status == 200 or 0 < said["retry_after"] <= 60
        assert seen == [(200, "1"), (200, "0"), (429, "0")]
        served.throttle(5, operation="create_message", globally=True)
        async with http.post(url, json={"content": "x"}) as answer:
            assert (await answer.json())["global"] is True
            assert (answer.status, answer.headers["Retry-After"]) == (429, "5")


async def test_permissions_channels_and_the_guild_go(served: ScriptedDiscord, bot: Bot) -> None:
    served.deny("SEND_MESSAGES", GENERAL)
    with pytest.raises(discord.Forbidden) as refused:
        await bot.text().send("x")
    assert refused.value.code == 50013
    await served.until(lambda _: not bot.text().permissions_for(bot.guilds[0].me).send_messages)
    served.deny("VIEW_CHANNEL", GENERAL)
    with pytest.raises(discord.Forbidden) as refused:
        await bot.text().send("x")
    assert refused.value.code == 50001
    random = bot.text(RANDOM)
    served.delete_channel(RANDOM)
    with pytest.raises(discord.NotFound) as gone:
        await random.send("x")
    assert gone.value.code == 10003
    served.remove_bot()
    assert (await bot.next("removed")).id == int(GUILD)


@pytest.mark.parametrize(
    ("allowed", "pinged"),
    [
        (None, ["everyone", "here", STAFF, ALICE, BOB]),
        ({"parse": []}, []),
        ({"parse": ["everyone"]}, ["everyone", "here"]),
        ({"parse": ["roles"]}, [STAFF]),
        ({"parse": ["users"]}, [ALICE]),
        ({"parse": [], "users": [ALICE]}, [ALICE]),
        ({"users": [BOB]}, []),
        ({"parse": [], "replied_user": True}, [BOB]),
    ],
)
def test_who_is_pinged_follows_allowed_mentions(allowed: dict[str, Any] | None, pinged: list[str]) -> None:
    """Discord's documentation, "Allowed Mentions Object". Bob wrote the answered message and is not named."""
    text = f"@everyone @here <@&{STAFF}> <@!{ALICE}> <@123>"
    found = mentions(text, allowed, users={ALICE, BOB}, roles={STAFF}, answered=BOB)
    assert [target for _, target in found.pings()] == pinged


async def test_pings_of_the_bot_and_its_webhooks_are_recorded(served: ScriptedDiscord, bot: Bot) -> None:
    hook = await bot.text().create_webhook(name="tieline")
    await hook.send(f"@everyone <@{ALICE}>", allowed_mentions=NOBODY, wait=True)
    await bot.text().send("@here", allowed_mentions=NOBODY)
    assert served.pings == []
    await hook.send(f"@everyone <@{ALICE}>", wait=True)
    assert [(one["kind"], one["target"]) for one in served.pings] == [("everyone", "everyone"), ("user", ALICE)]


@pytest.mark.skipif(load() is None, reason=ABSENT)
async def test_what_discord_would_refuse_is_recorded_and_refused() -> None:
    async with scripted() as served, connected(served) as bot:
        route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=int(GENERAL))
        with pytest.raises(discord.HTTPException) as refused:
            await bot.http.request(route, json={"content": "x", "allowed_mentions": {"parse": ["all"]}})
        assert refused.value.code == 50035
        with pytest.raises(discord.HTTPException):
            await bot.http.request(discord.http.Route("POST", "/channels/{channel_id}/pigeons", channel_id=1), json={})
        assert len(served.violations) == 2
        assert served.violations[0].startswith("POST /channels/{channel_id}/messages: allowed_mentions")
        assert served.shown(GENERAL) == []
