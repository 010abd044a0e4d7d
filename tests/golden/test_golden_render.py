"""Named messages on four dialects, as they would be sent. Refresh with ``--update-golden`` and read the difference."""

from pathlib import Path

import msgspec
import pytest

from tieline.model.base import Value
from tieline.model.capabilities import Capabilities, IdentitySupport, MentionSupport, Overflow, Support, TextLimit
from tieline.model.content import Document, Emoji, Mention, Paragraph, Text
from tieline.model.message import Format
from tieline.render.commonmark import CommonMark, parse, read
from tieline.render.dialect import Dialect, Plan, Rendered
from tieline.render.mentions import resolve
from tieline.render.plain import Plain
from tieline.render.plan import render
from tieline_discord.abilities import capabilities as discord_capabilities
from tieline_discord.dialect import DiscordDialect
from tieline_slack.dialect import SlackDialect

FOLDER = Path(__file__).parent / "render"
DIALECTS: dict[str, Dialect] = {
    "commonmark": CommonMark(),
    "discord": DiscordDialect(),
    "slack": SlackDialect(),
    "plain": Plain(),
}
NAMES = {
    "discord": {"sam": "80351110224678912", "priya": "80351110224678913"},
    "slack": {"sam": "U012AB3CD", "priya": "U0PRIYA99"},
}
CODE = "\n".join(f"    step_{number} = run(step_{number - 1})" for number in range(1, 13))


class Case(Value, kw_only=True, frozen=True):
    text: str = ""
    limit: int = 4000
    max_parts: int = 20
    overflow: Overflow = Overflow.SPLIT
    text_format: Format = Format.MARKDOWN
    quote: str | None = None
    prefix: bool = False
    marks: tuple[str, ...] = ()
    document: Document | None = None


CASES: dict[str, Case] = {
    "plain_line": Case(text="The build is green again. See you at 10:30."),
    "as_it_stands": Case(text="*not bold*, `not code`\n\n# not a heading <b>", text_format=Format.PLAIN),
    "styles": Case(text="**bold**, _italic_, ~~gone~~, `code`, **_both_**, in**fix**ed, **a:**b"),
    "mentions": Case(text="@sam please ask @priya, not @nobody; mail sam@example.org; `@sam` stays."),
    "broadcasts": Case(text="@everyone @here @channel <!channel> <!here|here> <@U012AB3CD> &lt;!everyone&gt;"),
    "foreign_mention": Case(document=Document(blocks=(Paragraph(children=(Mention(display="Zoë K.", native_id="U777ZOE77"), Text(text=" and "), Mention(display="here"))),))),
    "links": Case(text="See https://example.org/a_b?x=1&y=2, [the page](https://example.org/(1)), <mailto:a@b.org> and [bad](javascript:alert)."),
    "image": Case(text="![the graph](https://example.org/g.png) and ![](https://example.org/h.png)"),
    "emoji": Case(document=Document(blocks=(Paragraph(children=(Text(text="🎉 👩‍💻 🇩🇪 "), Emoji(name="party_parrot"), Text(text=" :tada:"))),))),
    "right_to_left": Case(text="שלום **עולם**, see `code` و@sam مرحبا"),
    "combining": Case(text="e\u0301te\u0301 n\u0303 **ge\u0301nial**"),
    "headings": Case(text="# Release 2\n\nDone.\n\n### Next\nMore *soon*"),
    "lists": Case(text="1. one\n2. two\n   - inner **bold**\n     - deeper\n   - last\n3. three\n\n- [x] done\n- [ ] open"),
    "list_with_code": Case(text="- run\n\n  ```sh\n  make test\n  ```\n- then look"),
    "quotes": Case(text="> first\n> second\n>\n> > deeper\n\nanswer\n\n> 1 > 0"),
    "quote_with_code": Case(text="> before\n>\n> ```\n> x = 1\n> ```\n>\n> after"),
    "table": Case(text="| name | count | note |\n|:--|--:|:-:|\n| apples | 3 | `a\\|b` |\n| 梨 | 12 | **ripe** |"),
    "rule": Case(text="above\n\n---\n\nbelow"),
    "code_block": Case(text="```python\nif a < b & c:\n    print('*x*')\n```"),
    "code_with_backticks": Case(text="Use ``a`b`` and\n\n````\n```\ninner\n```\n````"),
    "markup_in_text": Case(text="2\\*3\\*4, snake_case, \\_x\\_, \\`tick\\`, \\# no, C:\\\\dir, a ~ b, 1 \\> 0, &copy;, \\[x](y)\n\n\\- no list\n\\> no quote\n1\\. no number"),
    "packet": Case(text="[TASK_ID]: dj-waste-014\n[CURRENT_STATE]: READY\n[PAYLOAD_PATH]: https://example.org/p_1\n[NEXT_HOP]: @sam"),
    "reply": Case(text="Yes, at noon.", quote="Shall we ship *today*?\nI have @sam's answer and it is a long one that goes on and on, well over what a quotation wants to show of it, really."),
    "author": Case(text="Hello there.", prefix=True),
    "author_before_code": Case(text="```\ncode first\n```", prefix=True),
    "marks": Case(text="Disk full on *db-1*", prefix=True, marks=("late", "alert: critical")),
    "split_words": Case(text="The quick brown fox jumps over the lazy dog. " * 6, limit=120, prefix=True),
    "split_code": Case(text=f"Here it is:\n\n```python\n{CODE}\n```\n\nThat was all.", limit=160),
    "split_list": Case(text="\n".join(f"{number}. item number {number} of the list" for number in range(8, 16)), limit=110),
    "split_quote": Case(text="> " + "quoted words go on and on, " * 8, limit=100),
    "split_table": Case(text="| host | state |\n|--|--|\n" + "\n".join(f"| db-{number} | fine |" for number in range(9)), limit=100),
    "split_styles": Case(text="**" + "bold words that go on " * 8 + "end**", limit=80),
    "split_long_word": Case(text="x" * 70 + "👩‍💻" * 10 + "é" * 30, limit=60),
    "split_long_link": Case(text="see https://example.org/" + "a" * 100 + " there", limit=60),
    "cut_parts": Case(text="word " * 100, limit=80, max_parts=3),
    "cut_one": Case(text="word " * 100, limit=80, overflow=Overflow.TRUNCATE),
    "nothing": Case(text="\u0007"),
}  # fmt: skip


def able(name: str, case: Case) -> Capabilities:
    limit = TextLimit(max=case.limit, max_parts=case.max_parts, overflow=case.overflow)
    full = Support.FULL
    match name:
        case "commonmark":
            return Capabilities(text=limit, rich_text=full, code_block=full, table=full, link=full)
        case "discord":
            return msgspec.structs.replace(discord_capabilities(endpoint="webhook"), text=limit)
        case "slack":
            by_id = MentionSupport(by_id=full)
            partial = Support.PARTIAL
            identity = IdentitySupport(level=full)
            return Capabilities(
                text=limit, rich_text=partial, code_block=partial, link=full, mention=by_id, identity=identity
            )
        case _:
            return Capabilities(text=limit)


def rendered(name: str, case: Case) -> Rendered:
    document = case.document or read(case.text, case.text_format)
    document = resolve(document, NAMES.get(name, {}))
    plan = Plan(document=document, author="Priya Nair", prefix=case.prefix, quote=case.quote, marks=case.marks)
    return render(plan, able(name, case), DIALECTS[name])


def shown(result: Rendered) -> str:
    frames = [f"=== {frame.index + 1}/{frame.total}, {frame.units} units\n{frame.text}\n" for frame in result.frames]
    notes = [f"--- {note.feature} {note.level.name.lower()}: {note.detail}\n" for note in result.degradations]
    return "".join(frames + notes).replace("\u200b", "<U+200B>")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", CASES)
def test_a_message_is_shown_as_in_its_golden_file(name: str, dialect: str, update_golden: bool) -> None:
    result = rendered(dialect, CASES[name])
    path = FOLDER / f"{name}.{dialect}.txt"
    if update_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown(result), encoding="utf-8")
    assert shown(result) == path.read_text(encoding="utf-8"), f"{path.name} differs; see --update-golden"
    assert all(frame.units <= CASES[name].limit for frame in result.frames)


def test_every_golden_file_has_its_message() -> None:
    assert {path.name for path in FOLDER.glob("*.txt")} == {
        f"{name}.{dialect}.txt" for name in CASES for dialect in DIALECTS
    }


def test_what_commonmark_shows_of_one_part_reads_as_the_same_content() -> None:
    for case in CASES.values():
        if (
            case.document is None
            and case.text_format is Format.MARKDOWN
            and not (case.prefix or case.quote or case.marks)
        ):
            result = rendered("commonmark", case)
            if len(result.frames) == 1 and len(case.text) < case.limit and case.text != "\u0007":
                assert parse(result.frames[0].text) == parse(case.text)
