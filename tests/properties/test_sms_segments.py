"""Segments are counted as Twilio counts them: 10,000 generated texts, asked of Twilio's own calculator (npm, MIT).

The texts lie where counting goes wrong: near 70, 160, 134, 153 and 306 units, with characters that take two, emoji of
many parts, line ends, and typographic characters. Next stop: `src/tieline/render/segments.py`.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.conftest import ROOT, fail_or_skip
from tests.services.local_slack import npm_install
from tieline.model.content import Document, Paragraph, Text
from tieline.model.content import plain as plain_content
from tieline.render.dialect import Plan
from tieline.render.plan import render
from tieline.render.segments import count, is_gsm
from tieline_sms import gsm
from tieline_sms.abilities import Terms, capabilities
from tieline_sms.render import Texts, one_segment

VERSION = "1.3.0"
_COUNT = """
import fs from "node:fs"; import calculator from "sms-segments-calculator";
const texts = JSON.parse(fs.readFileSync(0, "utf8"));
const of = text => { const one = new calculator.SegmentedMessage(text); return [one.encodingName, one.segments.length]; };
console.log(JSON.stringify(texts.map(of)));
"""
LATIN = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 .,;:!?@#%&*()'\"-+=/<>_$ "
GSM = LATIN + "£¥èéùìòÇØøÅåÄäÖöÑñÜüà§¿¡ÆæßÉΔΦΓΛΩΠΨΣΘΞ¤\n"
EXTENDED = "^{}\\[~]|€\f"
TYPOGRAPHIC = "‘’“”–—…•\u00a0→×«»„`\t"
LETTERS = "áőžłçżýćяжщ言葉電話नमस्तेשלוםمرحبا"
EMOJI = ["🔥", "🎉", "✅", "⚠️", "👍🏽", "👩‍👩‍👧‍👦", "🇩🇪", "❤️", "☕", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "e\u0301", "\r\n"]
JOINERS = frozenset("\u200c\u200d") | {chr(tag) for tag in range(0xE0020, 0xE0080)}
REGIONAL, MODIFIERS = range(0x1F1E6, 0x1F200), range(0x1F3FB, 0x1F400)
EDGES = (
    1,
    66,
    67,
    68,
    69,
    70,
    71,
    133,
    134,
    135,
    152,
    153,
    154,
    159,
    160,
    161,
    201,
    305,
    306,
    307,
    459,
    460,
    670,
    1530,
)


@pytest.fixture(scope="module")
def calculator() -> Path:
    folder = ROOT / ".cache" / f"sms-segments-{VERSION}"
    package = f"sms-segments-calculator@{VERSION}"
    npm_install(folder, [package], folder / "node_modules" / "sms-segments-calculator" / "package.json")
    return folder


def generated(number: int, seed: int = 7919) -> Iterator[str]:
    """Texts of many kinds, mostly near an edge."""
    chance = random.Random(seed)
    alphabets: list[list[str]] = [list(LATIN), list(GSM), list(GSM + EXTENDED), list(GSM + TYPOGRAPHIC), list(LETTERS)]
    alphabets += [[*LATIN, *EMOJI], [*GSM, *EXTENDED, *TYPOGRAPHIC, *LETTERS, *EMOJI], EMOJI]
    for _ in range(number):
        alphabet = chance.choice(alphabets)
        length = (
            max(1, chance.choice(EDGES) + chance.randint(-3, 3)) if chance.random() < 0.8 else chance.randint(1, 900)
        )
        text = "".join(chance.choice(alphabet) for _ in range(length))
        if chance.random() < 0.2:  # one dear character in a cheap text
            place = chance.randint(0, len(text))
            text = text[:place] + chance.choice([*EXTENDED, *TYPOGRAPHIC, *EMOJI]) + text[place:]
        yield text


def asked(folder: Path, texts: list[str]) -> list[tuple[str, int]]:
    """Encoding and segments of each text, by Twilio's calculator."""
    node = shutil.which("node")
    if node is None:
        fail_or_skip("node is not installed")
    script = folder / "count.mjs"
    script.write_text(_COUNT)
    done = subprocess.run(
        [node, str(script)], input=json.dumps(texts), capture_output=True, text=True, timeout=90, check=True
    )
    return [(str(name), int(number)) for name, number in json.loads(done.stdout)]


def has_clusters(text: str) -> bool:
    """True where several code points are one character to the eye."""
    return any(
        unicodedata.category(char).startswith("M") or char in JOINERS or ord(char) in REGIONAL or ord(char) in MODIFIERS
        for char in text
    )


def unlike(folder: Path, texts: list[str]) -> list[tuple[str, tuple[str, int], tuple[str, int]]]:
    """The texts that we count otherwise: text, ours, Twilio's."""
    ours = [("GSM-7" if is_gsm(text) else "UCS-2", count(text)) for text in texts]
    told = asked(folder, texts)
    return [one for one in zip(texts, ours, told, strict=True) if one[1] != one[2]]


def test_ten_thousand_texts_take_as_many_segments_as_twilio_says(calculator: Path) -> None:
    texts = list(islice((text for text in generated(40_000) if not has_clusters(text)), 10_000))
    assert len(texts) == 10_000
    wrong = unlike(calculator, texts)
    assert not wrong, f"{len(wrong)} of {len(texts)}: {wrong[:3]}"


def test_so_do_texts_full_of_characters_of_several_code_points(calculator: Path) -> None:
    texts = list(islice((text for text in generated(40_000, seed=104_729) if has_clusters(text)), 3_000))
    wrong = unlike(calculator, texts)
    assert not wrong, f"{len(wrong)} of {len(texts)}: {wrong[:3]}"


def test_what_a_preview_shows_is_what_the_frames_cost(calculator: Path) -> None:
    """Through the hub's rendering, in the adapter's dialect: sizes, the limit of ten, and Twilio's 1,600 characters."""
    can, dialect = capabilities(Terms()), Texts()
    texts = [text for text in generated(600, seed=31) if not has_clusters(text)]
    frames = [
        frame
        for text in texts
        for frame in render(Plan(document=plain_content(text), author="Priya", prefix=True), can, dialect).frames
    ]
    told = asked(calculator, [frame.text for frame in frames])
    assert [frame.units for frame in frames] == [number for _, number in told]
    assert max(frame.units for frame in frames) <= can.text.max
    assert max(len(frame.text) for frame in frames) <= 1600


def test_an_alert_is_one_segment_with_its_code_and_its_answers_whole(calculator: Path) -> None:
    shown = []
    for number, text in enumerate(generated(2_000, seed=17)):
        code, answers = str(number % 99 + 1), ("ack", "done")[: number % 2 + 1]
        made = one_segment(code, ("dj-waste", "critical"), text, answers)
        shown.append(made)
        assert made.startswith(f"{code}: "), made
        assert made.endswith((f"Reply {code} ack", f"Reply {code} ack or {code} done")), made
        assert count(made) == 1, (count(made), made)
    assert {number for _, number in asked(calculator, shown)} == {1}


def test_replacing_never_costs_more_and_grows_with_the_text() -> None:
    """A splitter searches by size: a longer beginning must never be smaller."""
    for text in generated(400, seed=5):
        assert count(gsm.cheapest(text)) <= count(text)
        sizes = [count(gsm.cheapest(text[:end])) for end in range(0, min(len(text), 400), 7)]
        assert sizes == sorted(sizes), text


def test_words_are_not_changed_by_being_made_cheap() -> None:
    kept = Document(blocks=(Paragraph(children=(Text(text="“Großes Maß” – façade, Łódź…"),)),))
    assert Texts().write(kept.blocks) == "“Großes Maß” – façade, Łódź…"  # GSM-7 has no ł: nothing is to be won
    assert gsm.cheapest("“Größe” – 5 • ok…") == '"Größe" - 5 - ok...'
