"""Settings: every fault at once, each with its mend; numbers in quotes; what is exposed to the hub."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.contract.sms.sms_making import SETTINGS, make, outgoing
from tests.services.scripted_twilio import ACCOUNT, ANA, OURS, SERVICE, TOKEN, Reply, ScriptedTwilio
from tieline.errors import Misconfigured, NotDispatched
from tieline.model.actions import Action
from tieline.model.capabilities import Budget, Bundle, Support
from tieline.model.content import plain
from tieline.model.delivery import Endpoint
from tieline.model.inbound import InboundCommand, InboundConsent, InboundMessage
from tieline.ports.adapter import AdapterContext
from tieline.ports.clock import SystemClock
from tieline.ports.rendering import Plan
from tieline.render.plan import render
from tieline.render.segments import count
from tieline_sms import config
from tieline_sms.abilities import Terms, capabilities
from tieline_sms.adapter import create
from tieline_sms.config import Inbound
from tieline_sms.render import Texts, body, one_segment
from tieline_sms.simulate import simulator

FAULTS: list[tuple[str, object, str]] = [
    ("from", 15005550006, "YAML"),
    ("from", "5005550006", "country code"),
    ("from", None, "missing"),
    ("from", ["+15005550006"], "no number"),
    ("account_sid", "AC1", "AC"),
    ("account_sid", None, "missing"),
    ("account_sid", ["AC"], "AC"),
    ("auth_token", 5, "text"),
    ("inbound", "push", "way"),
    ("inbound", ["poll"], "way"),
    ("poll", 1, "2 seconds"),
    ("poll", "2d", "2 seconds"),
    ("api_url", "https://evil.example", "this machine"),
    ("api_url", "http://[", "this machine"),
    ("validity", "11h", "duration"),
    ("validity", 0, "duration"),
    ("price", {"segment": "dear"}, "segment"),
    ("price", {"segment": 1, "tax": 2}, "segment"),
    ("price", 0.1, "segment"),
    ("bundle", "soon", "gathered"),
    ("bundle", 0, "gathered"),
    ("price", {"segment": float("nan")}, "segment"),
    ("daily_budget", "a lot", "segments"),
    ("per_recipient_budget", -1, "segments"),
    ("pace", 0, "second"),
    ("content_sid", "HX1", "HX"),
    ("frm", OURS, "unknown"),
]


@pytest.mark.parametrize(("name", "value", "said"), FAULTS)
def test_each_fault_names_its_place_and_its_mend(name: str, value: object, said: str) -> None:
    problems = config.check({**SETTINGS, name: value})
    assert [problem.path for problem in problems] == [(name,)]
    assert said in problems[0].message
    assert problems[0].fix or problems[0].known


def test_all_faults_are_told_at_once() -> None:
    named = {str(problem.path[0]) for problem in config.check({"from": 1, "pace": "x", "inbound": "?"})}
    assert named == {"account_sid", "auth_token", "from", "pace", "inbound"}


@given(
    some.dictionaries(
        some.sampled_from(config._KNOWN),
        some.none()
        | some.integers()
        | some.text(max_size=5)
        | some.lists(some.integers(), max_size=2)
        | some.dictionaries(some.text(max_size=3), some.integers(), max_size=2),
    )
)
def test_no_settings_break_the_check(raw: dict[str, object]) -> None:
    config.check(raw)


def test_everything_that_may_be_set() -> None:
    raw: dict[str, object] = {
        "account_sid": ACCOUNT,
        "api_key": "SK" + "2" * 32,
        "api_secret": "s",
        "from": SERVICE,
        "inbound": "poll",
        "poll": "1m",
        "validity": "30m",
        "daily_budget": "200 segments",
        "per_recipient_budget": 20,
        "bundle": "1m",
        "price": {"segment": 0.0079, "currency": "usd"},
        "pace": 10,
    }
    assert config.check(raw) == ()
    settings = config.load(raw)
    assert (settings.own.service, settings.inbound, settings.poll, settings.validity) == (
        SERVICE,
        Inbound.POLL,
        60,
        1800,
    )
    terms = settings.terms
    assert (terms.price, terms.currency, terms.pace) == (0.0079, "USD", 10.0)
    assert (terms.budget, terms.bundle) == (Budget(per_day=200, per_receiver=20), Bundle(within=60.0))
    assert config.load({**SETTINGS, "bundle": False}).terms.bundle is None
    assert config.load(SETTINGS).terms.budget is None
    assert config.check({**SETTINGS, "daily_budget": 50}) == ()


def test_the_way_in_follows_from_the_public_address() -> None:
    def way(public_url: str | None, **settings: object) -> Inbound:
        merged = {**SETTINGS, **settings}
        return create(AdapterContext(channel="t", settings=merged, clock=SystemClock(), public_url=public_url)).inbound

    assert (
        way("https://h") is Inbound.WEBHOOK
        and way(None) is Inbound.POLL
        and way("https://h", inbound="poll") is Inbound.POLL
    )
    key = {"auth_token": None, "api_key": "SK" + "2" * 32, "api_secret": "s"}
    assert way("https://h", **key) is Inbound.POLL
    with pytest.raises(Misconfigured, match="public address"):
        way(None, inbound="webhook")


async def test_what_the_hub_is_told_of_money(twilio: ScriptedTwilio) -> None:
    adapter = make(twilio, daily_budget=5, price={"segment": 0.0079})
    endpoint = Endpoint(channel="test", conversation=ANA)
    can = adapter.capabilities(endpoint)
    assert (can.cost_unit, can.price, can.currency, can.budget) == ("segment", 0.0079, "USD", Budget(per_day=5))
    assert can.bundle == Bundle() and can.receipts.delivered and can.attachment.level is Support.REJECTED
    there = adapter.capabilities(Endpoint(channel="test", conversation=f"whatsapp:{ANA}"))
    assert (there.cost_unit, there.price, there.budget, there.receipts.read) == (None, None, None, True)


def test_an_alert_and_a_handoff_are_condensed_to_one_segment_by_the_dialect() -> None:
    """As the hub renders what has a code."""
    actions = (Action(name="ack", label="Acknowledge", target="msg_1"),)
    alert = Plan(
        document=plain("disk full on db-3"),
        author="prometheus",
        prefix=True,
        marks=("alert: critical",),
        actions=actions,
        code="1",
        room="dj-waste",
    )
    can = capabilities(Terms())
    [frame] = render(alert, can, Texts()).frames
    assert (frame.text, frame.units) == ("1: disk full on db-3 (dj-waste, critical). Reply 1 ack", 1)
    both = (Action(name="accept", label="Accept", target="h"), Action(name="decline", label="Decline", target="h"))
    handoff = msgspec.structs.replace(alert, marks=("handoff",), author="Marcus", actions=both, code="12")
    long = msgspec.structs.replace(handoff, document=plain("please take over the deploy " * 20))
    [frame] = render(long, can, Texts()).frames
    assert frame.text.startswith("12: Marcus: please take over") and frame.text.endswith(
        "... (dj-waste, handoff). Reply 12 accept or 12 decline"
    ), frame.text
    assert frame.units == 1 and len(frame.text) > 140
    assert body(outgoing("", code="12", machine=True, frame=frame)) == frame.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "1: (no text) (room). Reply 1 ack"),
        ("is it down?", "1: is it down? (room). Reply 1 ack"),
        ("Łódź", "1: Łódź (room). Reply 1 ack"),
        ("ő 🔥 " * 14, "1: " + "o (fire) " * 14 + "(room). Reply 1 ack"),
        ("диск " * 20, "1: " + "диск " * 8 + "диск... (room). Reply 1 ack"),
    ],
)
def test_one_segment_of_any_text(text: str, shown: str) -> None:
    made = one_segment("1", ("room",), text, ("ack",))
    assert count(made) == 1 and made == shown, made


async def test_names_and_our_own_number_are_no_conversations(twilio: ScriptedTwilio) -> None:
    adapter = make(twilio)
    assert await adapter.resolve("0044 7700 900123") == (ANA, ANA)
    for written in ("priya", "07700 900123", OURS):
        with pytest.raises(Misconfigured):
            await adapter.resolve(written)
    with pytest.raises(NotDispatched):
        await adapter.direct("priya")


async def test_the_check_says_where_twilio_posts_and_what_is_missing(twilio: ScriptedTwilio) -> None:
    assert all(finding.level == "ok" for finding in await make(twilio).check([ANA]))
    assert "12.34 USD" in str(await make(twilio).check([]))
    twilio.sms_url = "https://demo.twilio.com/welcome/sms/reply"
    assert "+15005550006" in (await make(twilio).check(["07700 900123"]))[-1].fix
    wrong = [finding for finding in await make(twilio).check([]) if finding.level == "error"]
    assert (
        "demo.twilio.com" in wrong[0].message
        and "POST https://hub.example.org/api/v1/channels/test/inbound" in wrong[0].fix
    )
    assert all(finding.level == "ok" for finding in await make(twilio, public_url=None).check([]))
    twilio.read_script.append(Reply(500))
    assert [finding.level for finding in await make(twilio).check([])] == ["error"]


def test_the_demos_phone_parses_and_shows_as_the_real_one() -> None:
    phone = simulator()
    said = phone.typed(OURS, ANA, "hello “you”", "1790.1")
    assert isinstance(said, InboundMessage) and (said.conversation, said.author.native_id) == (OURS, ANA)
    assert isinstance(phone.typed(OURS, ANA, "1 ack", "1790.2"), InboundCommand)
    assert isinstance(phone.typed(OURS, ANA, "STOP", "1790.3"), InboundConsent)
    assert phone.capabilities().dialect == phone.dialect().name == "sms"
    shown = phone.shown(outgoing("<b>disk full</b>", code="1", machine=True))
    assert "1: &lt;b&gt;disk full&lt;/b&gt;. Reply 1 ok" in shown and "1 segment<" in shown


async def test_secrets_stand_nowhere_in_reprs(twilio: ScriptedTwilio) -> None:
    assert TOKEN not in repr(config.load({**SETTINGS})) and TOKEN not in repr(make(twilio))
