"""What is kept of servers, channels and errors: right for what Discord sends, and unmoved by whatever else comes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.errors import AdapterError, DeliveryError, Misconfigured, Throttled
from tieline_discord import permissions
from tieline_discord.errors import closed, refused
from tieline_discord.places import _HANDLERS, State
from tieline_discord.threads import title

ME, GUILD, GENERAL, THREAD, ROLE = "5", "1", "10", "11", "7"
NAMES = st.sampled_from(
    (
        *("id", "guild_id", "channel_id", "parent_id", "type", "name", "roles", "members", "channels", "threads"),
        *("user", "permissions", "permission_overwrites", "unavailable", "emojis", "role", "role_id", "owner_id"),
        *("allow", "deny", "errors", "_errors", "message", "code", "retry_after", "global"),
    )
)
VALUES = st.sampled_from([ME, GUILD, GENERAL, THREAD, ROLE, "", "99999999999999999999999", 0, 11, 1, -1, 10**40, 0.5])
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | VALUES | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=6),
    max_leaves=20,
)
OBJECTS = st.dictionaries(NAMES, ANYTHING, max_size=8)


@given(told=st.lists(st.tuples(st.sampled_from(sorted(_HANDLERS)), OBJECTS), max_size=6))
def test_no_dispatch_moves_it_to_raise(told: list[tuple[str, dict[str, Any]]]) -> None:
    state = State(ME)
    for event_type, data in told:
        for change in state.observe(event_type, data):
            assert change.conversation is not None
    for one in (GENERAL, THREAD, GUILD, ""):
        state.parent_of(one), state.name_of(one), state.role_name(one), state.is_direct(one)
        state.allowed(one), state.trouble(one), state.label(one), state.is_forum(one), state.emoji(one)


@given(status=st.integers(300, 599), body=ANYTHING)
def test_every_answer_is_one_of_our_errors_with_a_wait_that_can_be_waited(status: int, body: Any) -> None:
    error = refused(status, body, {"Retry-After": "x"})

    assert isinstance(error, DeliveryError)
    assert len(error.detail) <= 400
    if isinstance(error, Throttled):
        assert 0 < error.retry_after <= 86400


def guild(**more: Any) -> dict[str, Any]:
    everything = str(permissions.INVITED)
    roles = [
        {"id": GUILD, "name": "@everyone", "permissions": str(permissions.VIEW)},
        {"id": ROLE, "permissions": everything},
    ]
    members = [{"user": {"id": ME}, "roles": [ROLE]}]
    channel = {"id": GENERAL, "type": 0, "name": "general", "permission_overwrites": [], **more}
    return {"id": GUILD, "name": "Acme", "owner_id": "9", "roles": roles, "members": members, "channels": [channel]}


def rule(target: str, *, allow: int = 0, deny: int = 0) -> dict[str, str]:
    return {"id": target, "allow": str(allow), "deny": str(deny)}


@pytest.mark.parametrize(
    ("rules", "sends", "hooks"),
    [
        ([], True, True),
        ([rule(GUILD, deny=permissions.SEND)], False, True),
        ([rule(GUILD, deny=permissions.SEND), rule(ROLE, allow=permissions.SEND)], True, True),
        ([rule(ROLE, deny=permissions.WEBHOOKS), rule(ME, allow=permissions.WEBHOOKS)], True, True),
        ([rule(ROLE, allow=permissions.SEND), rule(ME, deny=permissions.SEND)], False, True),
        ([rule(GUILD, deny=permissions.VIEW)], False, False),
    ],
    ids=["none", "everyone", "the role overrules", "ourselves overrule", "ourselves last", "hidden"],
)
def test_overwrites_count_in_discords_order(rules: list[Any], *, sends: bool, hooks: bool) -> None:
    state = State(ME)
    state.observe("GUILD_CREATE", guild(permission_overwrites=rules))

    assert state.lacks(GENERAL, permissions.SEND) != sends
    assert state.lacks(GENERAL, permissions.WEBHOOKS) != hooks
    assert (state.trouble(GENERAL).problem is None) == sends


def test_an_administrator_or_owner_may_all_and_a_stranger_is_not_judged() -> None:
    hidden = [rule(GUILD, deny=permissions.VIEW)]
    owner = State("9")
    owner.observe("GUILD_CREATE", guild(permission_overwrites=hidden))
    unknown = State("77")
    unknown.observe("GUILD_CREATE", guild(permission_overwrites=hidden))
    admin = State(ME)
    admin.observe("GUILD_CREATE", guild(permission_overwrites=hidden))
    role = {"guild_id": GUILD, "role": {"id": ROLE, "permissions": str(permissions.ADMINISTRATOR)}}
    admin.observe("GUILD_ROLE_UPDATE", role)

    for state in (owner, unknown, admin):
        assert state.trouble(GENERAL).problem is None


def test_a_thread_belongs_to_its_channel_until_it_is_gone() -> None:
    state = State(ME)
    state.observe("GUILD_CREATE", guild())
    state.observe(
        "THREAD_LIST_SYNC", {"guild_id": GUILD, "threads": [{"id": THREAD, "type": 11, "parent_id": GENERAL}]}
    )

    assert (state.parent_of(THREAD), state.guild_of(THREAD), state.parent_of(GENERAL)) == (GENERAL, GUILD, None)
    state.observe("CHANNEL_DELETE", {"id": GENERAL, "type": 0})
    assert state.parent_of(THREAD) is None


@pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013, 4014, 4000, 4009, 1006, None])
def test_close_codes_say_whether_a_person_must_mend_something(code: int | None) -> None:
    error = closed(code)

    assert isinstance(error, Misconfigured) == (code in {4004, 4010, 4011, 4012, 4013, 4014})
    assert isinstance(error, AdapterError)
    assert bool(error.fix) == isinstance(error, Misconfigured)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("hello", "hello"),
        ("\n\n**bold** _move_\nmore", "bold move"),
        ("<@123> <:party:45> <#6> look", "look"),
        ("```\n```\nafter", "after"),
        ("", "Thread"),
        ("x" * 200, "x" * 79 + "…"),
        ("> # a quoted title", "a quoted title"),
    ],
)
def test_a_threads_title_is_its_first_line_without_markup(written: str, name: str) -> None:
    assert title(written) == name
