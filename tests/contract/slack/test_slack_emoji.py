"""Emoji by Slack's names: all of Unicode's, both ways, in reactions and in text.

The names looked at one by one are Slack's own (its clients show them); all others must come back as what they were.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from emoji import EMOJI_DATA, STATUS

from tests.services.slack_session import plain_text
from tieline_slack import inbound, mrkdwn
from tieline_slack.emoji import from_slack, to_slack

EMOJI = [char for char, known in EMOJI_DATA.items() if known["status"] <= STATUS["fully_qualified"]]
TONES = "🏻🏼🏽🏾🏿"
ME = inbound.Me(user_id="U0BOT", bot_id="B0BOT")


def tones_in(char: str) -> int:
    return sum(char.count(tone) for tone in TONES) if len(char) > 1 else 0


def test_every_emoji_of_unicode_has_a_name_that_slack_can_take() -> None:
    assert len(EMOJI) > 3_900
    wrong = [
        char for char in EMOJI_DATA if not re.fullmatch(r"[a-z0-9_+'\-]+(::skin-tone-[2-6])?", to_slack(char) or "")
    ]
    assert wrong == []


def test_every_emoji_comes_back_as_itself_with_its_one_skin_tone() -> None:
    known = [char for char in EMOJI if tones_in(char) < 2]
    assert [char for char in known if from_slack(to_slack(char) or "") != char] == []


def test_no_two_emoji_have_one_name() -> None:
    plain = [char for char in EMOJI if not tones_in(char)]
    assert len({to_slack(char) for char in plain}) == len(plain)


@pytest.mark.parametrize(
    ("char", "name"),
    [
        ("🐟", "fish"),
        ("👍", "+1"),
        ("❤️", "heart"),
        ("🤣", "rolling_on_the_floor_laughing"),
        ("🇩🇪", "de"),
        ("🇪🇺", "flag-eu"),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", "flag-scotland"),
        ("🏳️‍🌈", "rainbow-flag"),
        ("🏴‍☠️", "pirate_flag"),
        ("#️⃣", "hash"),
        ("*️⃣", "keycap_star"),
        ("7️⃣", "seven"),
        ("🔟", "keycap_ten"),
        ("👨‍👩‍👧‍👦", "man-woman-girl-boy"),
        ("👩‍❤️‍💋‍👨", "woman-kiss-man"),
        ("🧑‍💻", "technologist"),
        ("👨‍💻", "male-technologist"),
        ("👩‍⚕️", "female-doctor"),
        ("🤷‍♀️", "woman-shrugging"),
        ("🕵️‍♂️", "male-detective"),
        ("🦸‍♀️", "female_superhero"),
        ("❤️‍🔥", "heart_on_fire"),
        ("👋🏼", "wave::skin-tone-3"),
        ("🤷🏿‍♂️", "man-shrugging::skin-tone-6"),
        ("🕵🏽‍♀️", "female-detective::skin-tone-4"),
        ("🤝🏻", "handshake::skin-tone-2"),
        ("🏻", "skin-tone-2"),
        ("🪾", "leafless_tree"),
    ],
)
def test_slacks_own_names(char: str, name: str) -> None:
    assert to_slack(char) == name
    assert from_slack(name) == char
    assert from_slack(f":{name}:") == char


@pytest.mark.parametrize(
    ("name", "char"),
    [("thumbsup", "👍"), ("flag-us", "🇺🇸"), ("uk", "🇬🇧"), ("poop", "💩"), ("satisfied", "😆"), ("envelope", "✉️")],
)
def test_what_slack_calls_by_several_names_is_read_by_each(name: str, char: str) -> None:
    assert from_slack(name) == char


def test_an_emoji_without_its_variation_selector_is_the_same() -> None:
    assert to_slack("❤") == to_slack("❤️") == "heart"
    assert to_slack("🏳‍🌈") == "rainbow-flag"
    assert to_slack("🕵‍♂️") == "male-detective"


def test_two_people_of_two_tones_lose_them_and_what_has_no_tone_keeps_none() -> None:
    assert to_slack("🧑🏻‍🤝‍🧑🏿") == "people_holding_hands"
    assert to_slack("👩🏻‍🤝‍👨🏿") == "man_and_woman_holding_hands"
    assert to_slack("🫱🏻‍🫲🏿") == "handshake"
    assert from_slack("fish::skin-tone-3") == "🐟"
    assert from_slack("wave::skin-tone-9") == "👋"


@pytest.mark.parametrize("name", [":blobcat:", ":rofl:", ":party_parrot::skin-tone-3:", ":Über:", ":::"])
def test_a_custom_emoji_stays_its_name(name: str) -> None:
    assert from_slack(name.strip(":")) == (f":{name.strip(':')}:" if name != ":::" else "::")
    assert to_slack(name) == name[1:-1]


@pytest.mark.parametrize("word", ["", ":", "::", "fish", "a word", "🐟🐟"])
def test_what_is_no_emoji_has_no_name(word: str) -> None:
    assert to_slack(word) is None


def test_names_in_mrkdwn_and_in_blocks_are_read_as_unicode() -> None:
    said = mrkdwn.parse("one :fish:, :flag-eu: and :man-shrugging::skin-tone-6:; :blobcat: at 10:30:15")
    assert plain_text(said) == "one 🐟, 🇪🇺 and 🤷🏿‍♂️; :blobcat: at 10:30:15"
    names = [{"type": "emoji", "name": name} for name in ("fish", "blobcat")]
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": names}]}
    section = {"type": "section", "text": {"type": "plain_text", "text": "a :fishing_pole_and_fish:"}}
    event = {"type": "message", "user": "U1", "channel": "C1", "ts": "1.000100", "text": "", "blocks": [rich, section]}
    read = inbound.content(event, {})
    assert plain_text(read).split() == ["🐟:blobcat:", "a", "🎣"]


def test_listing_the_adapters_does_not_import_the_library() -> None:
    code = "import sys, tieline_slack.manifest, tieline_slack.config; sys.exit('emoji' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
