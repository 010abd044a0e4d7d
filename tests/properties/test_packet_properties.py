"""What holds for every text: totality, accepted corrections, refused templates, round trips, survival of mangling."""

import random
import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.packets import ORDINARY, Packet, PacketState, Verdict, explain, parse

Mangler = Callable[[list[str]], list[str]]

HANDLES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True).filter(lambda handle: handle != "done")
TASKS = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9._/#-]{0,30}[A-Za-z0-9])?", fullmatch=True).filter(
    lambda task: set(task.lower()) != {"x"} and task != "TBD"
)
PATH_TAILS = st.text(st.sampled_from(string.ascii_letters + string.digits + "_-./ é報"), max_size=30).map(
    lambda tail: " ".join(tail.split())
)
PATHS = st.tuples(st.sampled_from(["/", "jonny-desktop:/v", "https://example.org/"]), PATH_TAILS).map(
    lambda pair: pair[0] + (pair[1].replace(" ", "-") if pair[0].startswith("https") else pair[1]) + "z"
)
PACKETS = st.builds(
    Packet,
    task_id=TASKS,
    state=st.sampled_from(PacketState),
    payload_path=PATHS,
    next_hop=HANDLES | st.just("DONE"),
)
"""Right packets. Values end in a letter: what ends in a full stop or an emoji is cut, and the docs say so."""


def each(change: Callable[[str], str]) -> Mangler:
    return lambda lines: [change(line) for line in lines]


def parts(line: str) -> tuple[str, str]:
    label, _, value = line.partition(": ")
    return label, value


INNER: list[Mangler] = [
    each(lambda line: line),
    each(lambda line: line.replace(": ", ":", 1)),
    each(lambda line: line.replace(": ", ": **", 1) + "**"),
    each(lambda line: line.replace(": ", ": `", 1) + "`"),
    each(lambda line: line.replace(": ", ": “", 1) + "”"),
    each(lambda line: line.replace("]: ", "]:** ", 1).replace("[", "**[", 1)),
    each(lambda line: line.replace("]: ", "]*: ", 1).replace("[", "*[", 1)),
    each(lambda line: line.replace("]: ", "]：", 1)),
    each(lambda line: line.replace("[", "【", 1).replace("]", "】", 1)),
    each(lambda line: f"_{line}_"),
    each(lambda line: f"**{line}**"),
    each(lambda line: line + "."),
]
CHARACTERS: list[Mangler] = [
    each(lambda line: line),
    each(lambda line: line.replace("[", r"\[").replace("]", r"\]").replace("_", r"\_")),
    each(lambda line: line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")),
    each(lambda line: line.replace("[", "&#91;", 1).replace("_", "&#x5f;")),
    each(lambda line: "\u200b" + line.replace("_", "_\u200b")),
    each(lambda line: line.replace(" ", "\u00a0")),
    each(lambda line: line.replace("@", "@\u2060").replace("A", "A\u00ad")),
]
OUTER: list[Mangler] = [
    each(lambda line: f"- {line}"),
    each(lambda line: f"• {line}"),
    each(lambda line: f"1. {line}"),
    each(lambda line: f"> {line}"),
    each(lambda line: f"&gt; {line}"),
    each(lambda line: f":memo: {line}"),
    each(lambda line: f"🚨 {line}"),
    each(lambda line: f"üö® {line}"),
    each(lambda line: f"\t{line}  "),
    each(lambda line: f"{line}\\"),
    lambda lines: ["```", *lines, "```"],
    lambda lines: ["Here it is:", "", *lines],
    lambda lines: [line for pair in zip(lines, [""] * len(lines), strict=True) for line in pair],
]
ENDS: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: text + "\n-- \nPriya\nExample Ltd",
    lambda text: (
        text + "\n\nOn Tue, 3 Nov 2026 at 10:12, Sam <s@example.org> wrote:\n> [TASK_ID]: old\n> [NEXT_HOP]: DONE"
    ),
    lambda text: "\ufeff" + text,
    lambda text: text.replace("\n", "\r\n"),
    lambda text: text.replace("\n", "\r"),
    lambda text: text + "\n\n",
]


def assert_one_of_three(verdict: Verdict) -> None:
    if verdict.packet is not None:
        assert verdict == Verdict(packet=verdict.packet)
        assert parse(verdict.packet.text()).packet == verdict.packet
    elif verdict.violations:
        assert (verdict.corrected is None) != (verdict.template is None)
        if verdict.corrected is not None:
            assert parse(verdict.corrected).packet is not None
        if verdict.template is not None:
            assert parse(verdict.template).broken
        assert all(violation.line and violation.fix and violation.message for violation in verdict.violations)
    else:
        assert verdict == ORDINARY
    assert not parse(explain(verdict)).broken


@given(st.text())
def test_any_text_gets_one_of_three_verdicts(text: str) -> None:
    assert_one_of_three(parse(text))


@given(st.binary())
def test_any_bytes_get_a_verdict_with_lone_surrogates(data: bytes) -> None:
    assert_one_of_three(parse(data.decode("utf-8", "surrogateescape")))
    assert_one_of_three(parse((data + data).decode("utf-16-le", "surrogatepass")))


LABELISH = st.sampled_from(
    [
        "[TASK_ID]: ",
        "[CURRENT_STATE]:",
        "[PAYLOAD_PATH]: ",
        "[NEXT_HOP]: ",
        "TASK_ID: ",
        "next hop: ",
        "[task-id] ",
        "[NXT_HOP]=",
    ]
)
VALUEISH = st.sampled_from(
    [
        "READY",
        "redy",
        "READY | BLOCKED",
        "/srv/x",
        "C:\\x",
        "http://x.y/z",
        "<https://x.y|z>",
        "@sam",
        "sam",
        "@sam @priya",
        "<@U1>",
        "<@U1|sam>",
        "DONE",
        "done",
        "<handle>",
        "x-1",
        "x 1",
        "~/x",
        "_x_",
        "**",
        "`",
        "&amp;lt;",
        "&#10;",
        "\udc80",
        "[x](https://y.z)",
    ]
)
NOISE = st.sampled_from(
    [
        "\n",
        "\n> ",
        "\r\n- ",
        "  ",
        ".",
        "✅",
        " :ok:",
        "-- \n",
        "\n\nOn Tue, Sam wrote:\n",
        "\u200d",
        "(",
        ")",
        "*",
        "\\",
        "_",
    ]
)


@given(st.lists(LABELISH | VALUEISH | NOISE | st.text(max_size=3), max_size=30).map("".join))
def test_texts_made_of_packet_shards_get_one_of_three_verdicts(text: str) -> None:
    assert_one_of_three(parse(text))
    assert_one_of_three(parse(text, mentions={"<@U1>": "sam"}))
    known = parse(text, handles={"sam", "priya"})
    if known.corrected is not None:
        assert parse(known.corrected, handles={"sam", "priya"}).packet is not None


@given(PACKETS)
def test_the_canonical_text_reads_back(packet: Packet) -> None:
    assert parse(packet.text()).packet == packet


@given(PACKETS)
def test_the_short_way_and_the_long_way_agree(packet: Packet) -> None:
    assert parse(packet.text() + " ").packet == packet
    assert parse("so:\n" + packet.text()).packet == packet


@given(
    PACKETS,
    st.sampled_from(INNER),
    st.sampled_from(CHARACTERS),
    st.lists(st.sampled_from(OUTER), max_size=3),
    st.sampled_from(ENDS),
)
def test_mangling_makes_no_right_packet_wrong(
    packet: Packet, inner: Mangler, characters: Mangler, outer: list[Mangler], end: Callable[[str], str]
) -> None:
    lines = characters(inner(packet.text().split("\n")))
    for mangle in outer:
        lines = mangle(lines)
    text = end("\n".join(lines))
    verdict = parse(text)
    assert verdict.packet == packet, (text, verdict)


@given(PACKETS, st.sampled_from(range(4)), st.randoms(use_true_random=False))
def test_a_broken_packet_is_never_taken_for_another(packet: Packet, row: int, rng: random.Random) -> None:
    """Drop one character of a label: broken (and corrected to the same packet), or as right as before."""
    lines = packet.text().split("\n")
    label, value = parts(lines[row])
    at = rng.randrange(len(label))
    lines[row] = f"{label[:at]}{label[at + 1 :]}: {value}"
    verdict = parse("\n".join(lines))
    assert verdict.packet is None
    assert verdict.broken
    assert verdict.corrected == packet.text()


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_never_raises(seed: int) -> None:
    """100,000 damaged packets in four runs; see `test_packet_cost` for their memory."""
    rng = random.Random(seed)
    base = Packet(task_id="dj-waste-014", state=PacketState.READY, payload_path="/srv/x.md", next_hop="sam").text()
    shards = [
        "[",
        "]",
        ":",
        "\n",
        "@",
        "<",
        ">",
        "*",
        "_",
        "`",
        "\\",
        "&lt;",
        "\u200b",
        "\udc80",
        "\x00",
        "READY",
        "[NEXT_HOP]: ",
        "> ",
        " ",
    ]
    broken = 0
    for _ in range(25_000):
        text = base
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(shards) + text[at + rng.randint(0, 3) :]
        broken += parse(text).broken
    assert broken > 10_000
