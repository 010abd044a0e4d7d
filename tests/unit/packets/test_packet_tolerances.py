"""What platforms do to text makes no right packet wrong (contract, "Packets")."""

import pytest

from tieline.packets import ORDINARY, Packet, PacketState, parse

RIGHT = Packet(
    task_id="dj-waste-014", state=PacketState.IN_PROGRESS, payload_path="/srv/my_files/report.md", next_hop="sam"
)
TEXT = RIGHT.text()
LINES = TEXT.split("\n")
URL = "https://example.org/a_b/report?x=1&y=2"


def with_path(path: str) -> str:
    return TEXT.replace("/srv/my_files/report.md", path)


MANGLED = {
    "canonical form": TEXT,
    "line break at the end": TEXT + "\n",
    "CRLF": TEXT.replace("\n", "\r\n"),
    "bare CR": TEXT.replace("\n", "\r"),
    "line separators": TEXT.replace("\n", "\u2028"),
    "byte order mark": "\ufeff" + TEXT,
    "no-break spaces": TEXT.replace(" ", "\u00a0"),
    "zero-width spaces": TEXT.replace("_", "_\u200b").replace("[", "\u200b[\u2060"),
    "zero-width joiners at ASCII": TEXT.replace("]", "\u200d]"),
    "soft hyphens": TEXT.replace("TASK", "TA\u00adSK").replace("waste", "wa\u00adste"),
    "bidi marks": TEXT.replace("@sam", "\u2068@sam\u2069\u200e"),
    "full-width colons": TEXT.replace(":", "："),
    "full-width brackets": TEXT.replace("[", "［").replace("]", "］"),
    "lenticular brackets": TEXT.replace("[", "【").replace("]", "】"),
    "full-width at sign and letters": TEXT.replace("@sam", "＠ｓａｍ"),
    "no space behind the colon": TEXT.replace(": ", ":"),
    "several spaces and tabs": TEXT.replace(": ", ":\t  ").replace("\n", " \t\n\t"),
    "spaces inside the brackets": TEXT.replace("[", "[ ").replace("]", " ]"),
    "blank lines between": TEXT.replace("\n", "\n\n"),
    "lines of prose between": TEXT.replace("\n", "\nand then:\n"),
    "prose around": f"Done with the review, see below.\n\n{TEXT}\n\nThanks, all!",
    "fields out of order": "\n".join(reversed(LINES)),
    "code fence": f"```\n{TEXT}\n```",
    "code fence with a language": f"```markdown\n{TEXT}\n```",
    "tilde fence": f"~~~\n{TEXT}\n~~~",
    "Slack's code fence on the lines themselves": f"```{TEXT}```",
    "inline code on values": "\n".join(f"{line.split(': ')[0]}: `{line.split(': ')[1]}`" for line in LINES),
    "inline code on labels": "\n".join(f"`{line.split(': ')[0]}`: {line.split(': ')[1]}" for line in LINES),
    "inline code on lines": "\n".join(f"`{line}`" for line in LINES),
    "quoted": "\n".join(f"> {line}" for line in LINES),
    "quoted twice": "\n".join(f"> > {line}" for line in LINES),
    "quoted by Slack's escape": "\n".join(f"&gt; {line}" for line in LINES),
    "quoted as a whole by Discord": f">>> {TEXT}",
    "quoted lazily": f"> {TEXT}",
    "bullets": "\n".join(f"- {line}" for line in LINES),
    "round bullets": "\n".join(f"• {line}" for line in LINES),
    "star bullets": "\n".join(f"* {line}" for line in LINES),
    "numbers": "\n".join(f"{n}. {line}" for n, line in enumerate(LINES, 1)),
    "numbers with brackets": "\n".join(f"{n}) {line}" for n, line in enumerate(LINES, 1)),
    "check boxes": "\n".join(f"- [x] {line}" for line in LINES),
    "keycap emoji": "\n".join(f"{n}\ufe0f\u20e3 {line}" for n, line in enumerate(LINES, 1)),
    "headings": "\n".join(f"### {line}" for line in LINES),
    "bold label with colon": TEXT.replace("[", "**[").replace("]:", "]:**"),
    "bold label without colon": TEXT.replace("[", "*[").replace("]:", "]*:"),
    "underscored label": TEXT.replace("[", "__[").replace("]:", "]__:"),
    "italics inside the brackets": TEXT.replace("[", "[*").replace("]", "*]"),
    "bold lines": "\n".join(f"**{line}**" for line in LINES),
    "italic lines": "\n".join(f"_{line}_" for line in LINES),
    "bold values": "\n".join(f"{line.split(': ')[0]}: **{line.split(': ')[1]}**" for line in LINES),
    "struck values": "\n".join(f"{line.split(': ')[0]}: ~~{line.split(': ')[1]}~~" for line in LINES),
    "backslash escapes": TEXT.replace("[", r"\[").replace("]", r"\]").replace("_", r"\_").replace(".", r"\."),
    "smart quotes around values": "\n".join(f"{line.split(': ')[0]}: “{line.split(': ')[1]}”" for line in LINES),
    "smart single quotes": "\n".join(f"{line.split(': ')[0]}: ‘{line.split(': ')[1]}’" for line in LINES),
    "HTML entities": TEXT.replace("[", "&#91;").replace("]", "&#x5D;").replace(":", "&colon;").replace("_", "&lowbar;"),
    "entities coded twice": TEXT.replace("[", "&amp;#91;"),
    "entity spaces": TEXT.replace(": ", ":&nbsp;"),
    "HTML line breaks": TEXT.replace("\n", "<br>"),
    "hard breaks by two spaces": TEXT.replace("\n", "  \n"),
    "hard breaks by backslash": TEXT.replace("\n", "\\\n"),
    "trailing full stops": TEXT.replace("\n", ".\n") + ".",
    "trailing commas": TEXT.replace("\n", ",\n"),
    "ideographic full stops": TEXT.replace("\n", "。\n") + "。",
    "emoji before": "\n".join(f"🚨 {line}" for line in LINES),
    "emoji behind": "\n".join(f"{line} ✅" for line in LINES),
    "emoji codes before": "\n".join(f":rotating_light: {line}" for line in LINES),
    "emoji codes behind": "\n".join(f"{line} :white_check_mark:" for line in LINES),
    "Discord's own emoji": "\n".join(f"<:alert:123456789012> {line}" for line in LINES),
    "the seed's mojibake before": "\n".join(f"üö® {line}" for line in LINES),
    "the seed's mojibake around": f"## üö® The Handshake\n{TEXT}\nüèõÔ∏è Operating",
    "joined into one line": " ".join(LINES),
    "joined with bars": " | ".join(LINES),
    "handle in capitals": TEXT.replace("@sam", "@Sam"),
    "e-mail signature": f"{TEXT}\n-- \nPriya\n[TASK_ID]: not this one\n[NEXT_HOP]: @nobody",
    "signature without its space": f"{TEXT}\n--\nPriya",
    "telephone's signature": "\n".join(f"> {line}" for line in LINES) + "\n\nSent from my iPhone",
    "quoted reply": f"{TEXT}\n\nOn Tue, 3 Nov 2026 at 10:12, Sam <sam@example.org> wrote:\n> [TASK_ID]: other\n> [CURRENT_STATE]: READY\n> [PAYLOAD_PATH]: /o\n> [NEXT_HOP]: DONE",
    "wrapped head of a reply": f"{TEXT}\n\nOn Tue, 3 Nov 2026 at 10:12, Sam Somebody-Long\n<sam@example.org> wrote:\n\n> [TASK_ID]: other\n> [NEXT_HOP]: DONE",
    "German reply": f"{TEXT}\n\nAm 03.11.26 um 10:12 schrieb Sam:\n> [TASK_ID]: other\n> [NEXT_HOP]: DONE",
    "Outlook reply": f"{TEXT}\n\nFrom: Sam\nSent: Tuesday\nTo: Hub\nSubject: x\n\n[TASK_ID]: other\n[NEXT_HOP]: DONE",
    "original message": f"{TEXT}\n\n-----Original Message-----\n[TASK_ID]: other\n[NEXT_HOP]: DONE",
    "answer below the quoted packet": f"> [TASK_ID]: other\n> [CURRENT_STATE]: READY\n> [PAYLOAD_PATH]: /o\n> [NEXT_HOP]: DONE\n\n{TEXT}",
    "quoted packet over a quoted reply": "\n".join(f"> {line}" for line in LINES)
    + "\n\nOn Tue, 3 Nov 2026 at 10:12, Sam <s@example.org> wrote:\n> [TASK_ID]: old\n> [NEXT_HOP]: DONE",
    "quoted twice with blank quoted lines": "\n> \n".join(f"> > {line}" for line in LINES) + "\n> ",
    "the same packet twice": f"{TEXT}\n\n{TEXT}",
    "path pushed to the next line": TEXT.replace("]: /srv", "]:\n/srv"),
    "handle pushed to the next line": TEXT.replace("]: @sam", "]:\n  @sam"),
    "file name that Slack takes for a site": with_path("/srv/my_files/<http://report.md|report.md>"),
    "file name that e-mail takes for a site": with_path("/srv/my_files/[report.md](http://report.md)"),
    "linked path": with_path("[/srv/my_files/report.md](https://files.example.org/1)"),
    "path in round brackets": with_path("(/srv/my_files/report.md)"),
    "prose with a near miss": f"Task ID: see below\n{TEXT}",
}


@pytest.mark.parametrize("name", MANGLED)
def test_a_right_packet_stays_right(name: str) -> None:
    verdict = parse(MANGLED[name])
    assert verdict.violations == ()
    assert verdict.packet == RIGHT


URLS = {
    "bare": URL,
    "Slack's link": "<https://example.org/a_b/report?x=1&amp;y=2>",
    "Slack's link with its text": "<https://example.org/a_b/report?x=1&amp;y=2|https://example.org/a_b/report?x=1&amp;y=2>",
    "Slack's link with a title": "<https://example.org/a_b/report?x=1&amp;y=2|the report>",
    "Discord's link without preview": f"<{URL}>",
    "Markdown link of itself": f"[{URL}]({URL})",
    "Markdown link with a title": f"[the report]({URL})",
    "Markdown link in angles": f"[the report](<{URL}>)",
    "with a full stop": f"{URL}.",
    "code": f"`{URL}`",
    "scheme in capitals": URL.replace("https", "HTTPS"),
    "italics around the line": f"{URL}_",
}


@pytest.mark.parametrize("name", URLS)
def test_an_address_survives_what_makes_links_of_it(name: str) -> None:
    prefix = "_" if name == "italics around the line" else ""
    verdict = parse(with_path(URLS[name]).replace("[PAYLOAD", f"{prefix}[PAYLOAD"))
    assert verdict.packet is not None, verdict.violations
    assert verdict.packet.payload_path == URL


@pytest.mark.parametrize(
    "path",
    [
        "/srv/a b/c d.md",
        "/srv/__init__.py",
        "/app/[slug]/page.tsx",
        "/srv/Sam’s notes – final.md",
        "/srv/отчёт/报告：甲.md",
        "/C:/Users/priya/report.md",
        "jonny-desktop:/srv/report.md",
        "jonny-desktop:/C:/Users/priya/a report.md",
        "build.example.org:/srv/x",
        "https://example.org/Foo_(bar)",
        "https://[2001:db8::1]/x",
        "/srv/x~",
    ],
)
def test_paths_of_every_form_keep_their_characters(path: str) -> None:
    for text in (with_path(path), f"so:\n**{with_path(path)}**\n"):
        verdict = parse(text)
        assert verdict.packet is not None, verdict.violations
        assert verdict.packet.payload_path == path


@pytest.mark.parametrize(
    "task", ["8f14e45f-ceea-467f-9575-1b1b1b1b1b1b", "#12", "acme/repo#12", "JIRA-42", "https://lin.ear/ABC-1"]
)
def test_a_task_id_may_be_a_uuid_or_a_short_link(task: str) -> None:
    verdict = parse(TEXT.replace("dj-waste-014", task))
    assert verdict.packet is not None
    assert verdict.packet.task_id == task


def test_a_task_id_that_looks_like_a_telephone_number_stays_one_id() -> None:
    verdict = parse(TEXT.replace("dj-waste-014", "<tel:5551234567|555-123-4567>"))
    assert verdict.packet is not None
    assert verdict.packet.task_id == "555-123-4567"


def test_the_text_of_a_tracker_link_is_the_task_id() -> None:
    verdict = parse(TEXT.replace("dj-waste-014", "<https://jira.example.org/browse/DJ-14|DJ-14>"))
    assert verdict.packet is not None
    assert verdict.packet.task_id == "DJ-14"


@pytest.mark.parametrize(
    "form", ["<@U123>", "<@U123|sammy>", "&lt;@U123&gt;", "**<@U123>**", "<@U123>.", "<@!U123>", "<@U123> :tada:"]
)
def test_a_mention_of_a_known_account_is_its_member(form: str) -> None:
    verdict = parse(TEXT.replace("@sam", form), mentions={"<@U123>": "sam"}, handles={"sam"})
    assert verdict.packet == RIGHT


def test_a_label_of_an_unmapped_mention_counts_only_if_it_is_a_handle_here() -> None:
    text = TEXT.replace("@sam", "<@U999|sam>")
    assert parse(text, handles={"sam"}).packet == RIGHT
    assert parse(text, handles={"priya"}).packet is None


@pytest.mark.parametrize("done", ["DONE", "DONE.", "`DONE`", "**DONE**", "DONE ✅"])
def test_done_ends_a_task(done: str) -> None:
    verdict = parse(TEXT.replace("@sam", done))
    assert verdict.packet is not None
    assert verdict.packet.next_hop == "DONE"


ORDINARY_TEXTS = {
    "nothing": "",
    "chat": "hello, how is it going?",
    "one label": "[TASK_ID]: dj-waste-014",
    "one label and prose": "[TASK_ID]: dj-waste-014\nwhat is the state of this?",
    "labels inside lines": "the [TASK_ID]: line and the [NEXT_HOP]: line are missing",
    "network talk": "current state: up\nnext hop: 10.0.0.1",
    "a to-do": "Tasks: three\nNext step: call Priya\nStatus: fine",
    "a list of links": "[one]: https://a.example\n[two]: https://b.example",
    "talk about packets": "TASK_ID is wrong there\nNEXT_HOP should be somebody else",
    "times": "10:30: stand-up\n11:00: review",
    "a reply with the packet quoted below": f"Thanks!\n\nOn Tue, 3 Nov 2026, Sam wrote:\n> {LINES[0]}\n> {LINES[1]}\n> {LINES[2]}\n> {LINES[3]}",
    "an Outlook reply": f"Thanks!\n\nFrom: Sam\nSent: Tuesday\n\n{TEXT}",
    "a quoted packet with a comment": "\n".join(f"> {line}" for line in LINES) + "\nwhy is this not with me?",
    "JSON": '{"task_id": 1,\n "next_hop": "10.0.0.1"}',
}


@pytest.mark.parametrize("name", ORDINARY_TEXTS)
def test_ordinary_text_is_left_alone(name: str) -> None:
    assert parse(ORDINARY_TEXTS[name]) == ORDINARY


def test_the_seed_document_itself_is_a_template_left_unfilled() -> None:
    schema = (
        "## üö® The State-Machine Handshake\n\n```markdown\n[TASK_ID]: [UUID or Short Link]\n"
        "[CURRENT_STATE]: [READY | IN_PROGRESS | BLOCKED | GATE_CLEARED]\n"
        "[PAYLOAD_PATH]: [Absolute Path to Artifact/PR/Status]\n[NEXT_HOP]: @[AgentHandle] | DONE\n```\n"
    )
    assert [v.code for v in parse(schema).violations] == ["PV010", "PV020", "PV030", "PV040"]
