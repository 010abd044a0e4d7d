"""`tieline channels` and `tieline deliveries`: what works, what waits, what failed, and mending it.

Next stop: :mod:`tieline.client`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import typer

from tieline.cli.app import new_app
from tieline.cli.failing import FAILED, WRONG_USAGE, Failed, say
from tieline.cli.hub import ask, every
from tieline.cli.options import DEFAULT_CONFIG, DEFAULT_URL, AsJson, ConfigPath, Token, Url
from tieline.cli.output import clean, one_line, paint, print_json, print_table
from tieline.client import Client
from tieline.model.shapes import ChannelOut, DeliveryOut, FindingOut

app = new_app()
channels = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
deliveries = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
app.add_typer(channels, name="channels", epilog="Example: tieline channels test team-slack")
app.add_typer(deliveries, name="deliveries", epilog="Example: tieline deliveries --failed")

Name = Annotated[str, typer.Argument(metavar="NAME", help="A channel's name.")]


# ── channels ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@channels.callback()
def list_channels(
    context: typer.Context, *, url: Url = DEFAULT_URL, token: Token = "", as_json: AsJson = False
) -> None:
    """List the channels, or set up, test, pause or resume one."""
    if context.invoked_subcommand is not None:
        return
    answer = ask(url, token, Client.channels)
    if as_json:
        print_json(answer)
    elif answer.items:
        columns = ("name", "adapter", "state", "waiting", "failed", "since")
        print_table(columns, [_channel(one) for one in answer.items])
        for one in answer.items:
            _print_error(one)
    else:
        say("There are no channels. `tieline init --with slack` shows how one is configured.")


def _channel(one: ChannelOut) -> tuple[str, ...]:
    state = f"{one.state}, paused" if one.paused else one.state
    return one.name, one.adapter, state, str(one.open), str(one.failed), one.since


def _print_error(one: ChannelOut) -> None:
    if one.error is None:
        return
    print(f"\n{paint('✗', 'red')} {one.name}: {one_line(one.error.detail or one.error.code)}")
    if one.error.fix:
        print(f"    → {one_line(one.error.fix)}")


@channels.command(epilog="Example: tieline channels setup team-slack")
def setup(name: Name, *, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Say step by step how a configured channel is set up on its platform."""
    from tieline.cli.adapters import steps
    from tieline.cli.settings import adapter_of

    for number, step in enumerate(steps(adapter_of(config, name), name), start=1):
        print(f"{number}. {step}")


@channels.command("test", epilog="Example: tieline channels test team-slack")
def try_channel(name: Name, *, url: Url = DEFAULT_URL, token: Token = "", as_json: AsJson = False) -> None:
    """Try a channel's credentials and conversations; nothing is sent.

    Exits 1 if something is wrong.
    """
    answer = ask(url, token, lambda hub: hub.test_channel(name))
    if as_json:
        print_json(answer)
    elif not answer.items:
        say(f"{name} has nothing to try.")
    for finding in () if as_json else answer.items:
        _print_finding(finding)
    if any(finding.level == "error" for finding in answer.items):
        raise typer.Exit(FAILED)


def _print_finding(finding: FindingOut) -> None:
    print(f"{finding.level}: {clean(finding.message)}")
    if finding.fix:
        print(f"    → {clean(finding.fix)}")


@channels.command(epilog="Example: tieline channels pause team-slack")
def pause(name: Name, *, url: Url = DEFAULT_URL, token: Token = "") -> None:
    """Stop sending on a channel; what waits is kept and shown."""
    ask(url, token, lambda hub: hub.pause_channel(name))
    say(f"Paused {name}. Go on with: tieline channels resume {name}")


@channels.command(epilog="Example: tieline channels resume team-slack")
def resume(name: Name, *, url: Url = DEFAULT_URL, token: Token = "") -> None:
    """Send on a paused channel again."""
    ask(url, token, lambda hub: hub.resume_channel(name))
    say(f"{name} sends again.")


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────

_PAGE: Final = 500
_WAITING: Final = "queued,sending,uncertain,held,failed"
Act = Literal["retry", "discard"]
Id = Annotated[str | None, typer.Argument(metavar="[ID]", help="A delivery's id.")]
OfChannel = Annotated[str | None, typer.Option("--channel", metavar="NAME", help="All dead letters of a channel.")]


@deliveries.callback()
def list_deliveries(
    context: typer.Context,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only dead letters.")] = False,
    state: Annotated[str | None, typer.Option("--state", help="In these states, such as queued,held.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", metavar="NAME", help="Only of this channel.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List deliveries, or retry or discard them.

    Without --failed or --state: what waits and what failed.
    """
    if context.invoked_subcommand is not None:
        return
    wanted = "failed" if failed else state or _WAITING
    found = ask(url, token, lambda hub: _all(hub, wanted, channel))
    if as_json:
        print_json({"items": found})
    elif found:
        columns = ("id", "room", "channel", "conversation", "state", "tries", "next", "why")
        print_table(columns, [_delivery(one) for one in found])
    else:
        say("There are no dead letters." if failed else "No delivery waits, and none has failed.")


async def _all(hub: Client, state: str, channel: str | None) -> list[DeliveryOut]:
    return await every(lambda after: hub.deliveries(state=state, channel=channel, after=after, limit=_PAGE))


def _delivery(one: DeliveryOut) -> tuple[str, ...]:
    why = one_line(f"{one.error.code}: {one.error.detail}", 60) if one.error else "-"
    where = (one.id, one.room, one.channel, one.conversation)
    return (*where, one.state, str(one.attempts), one.next_at or "-", why)


@deliveries.command(epilog="Example: tieline deliveries retry --channel team-slack")
def retry(
    delivery: Id = None,
    *,
    channel: OfChannel = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Try a failed or held delivery again; it goes out late and marked."""
    _act("retry", delivery, channel, url, token, as_json=as_json)


@deliveries.command(epilog="Example: tieline deliveries discard dlv_01j…")
def discard(
    delivery: Id = None,
    *,
    channel: OfChannel = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Give a delivery up; it ends visibly as expired."""
    _act("discard", delivery, channel, url, token, as_json=as_json)


def _act(act: Act, delivery: str | None, channel: str | None, url: str, token: str, *, as_json: bool) -> None:
    if (delivery is None) == (channel is None):
        fix = f"tieline deliveries {act} ID, or --channel NAME"
        raise Failed("name one delivery, or a channel", fix=fix, code=WRONG_USAGE)

    async def carry_out(hub: Client) -> list[DeliveryOut]:
        wanted = [delivery] if delivery else [one.id for one in await _all(hub, "failed", channel)]
        one_by_one = hub.retry_delivery if act == "retry" else hub.discard_delivery
        return [await one_by_one(one) for one in wanted]

    done = ask(url, token, carry_out)
    if as_json:
        print_json({"items": done})
    elif not done:
        say(f"{channel} has no dead letters.")
    for one in () if as_json else done:
        print(f"{one.id} {one.state}")
