"""What a short text answers. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tieline_sms import answers


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1 ok", ("1", "ok")),
        ("1 OK", ("1", "ok")),
        ("  1   Okay. ", ("1", "ok")),
        ("1ok", ("1", "ok")),
        ("ok1", ("1", "ok")),
        ("1: ok", ("1", "ok")),
        ("1-ok", ("1", "ok")),
        ("#1 ok!", ("1", "ok")),
        ("“1 ok”", ("1", "ok")),
        ("１ ｏｋ", ("1", "ok")),
        ("ack 12", ("12", "ack")),
        ("12 acknowledged", ("12", "ack")),
        ("1 accept", ("1", "accept")),
        ("1 acept", ("1", "accept")),
        ("1 accpet", ("1", "accept")),
        ("1 acceptt", ("1", "accept")),
        ("1 done", ("1", "done")),
        ("1 doen", ("1", "done")),
        ("1 akc", ("1", "ack")),
        ("1 decline", ("1", "decline")),
        ("1 no", ("1", "decline")),
        ("001 ok", ("1", "ok")),
        ("7", ("7", "")),
        ("#7.", ("7", "")),
        ("help", ("", "help")),
        ("HELP!", ("", "help")),
        ("?", ("", "help")),
        ("hilfe", ("", "help")),
        ("1 help", ("1", "help")),
        ("1 erledigt", ("1", "done")),
        ("1 hecho", ("1", "done")),
        ("1 sí", ("1", "ok")),
        ("1 angenommen", ("1", "accept")),
        ("1 visto", ("1", "ack")),
        ("1 готово", ("1", "done")),
    ],
)
def test_answers(said: str, meant: tuple[str, str]) -> None:
    assert answers.answer(said) == meant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "ok",
        "done",
        "1 ok, but ask Sam",
        "ok 1 2",
        "1 2",
        "12345 ok",
        "1 dont",
        "1 don't",
        "1 back",
        "1 pm",
        "1 ox",
        "1 stop",
        "10:30",
        "-1",
        "1.5",
        "see you at 1",
        "1 o'clock",
        "+447700900123",
        "helpful",
    ],
)
def test_talk(said: str) -> None:
    assert answers.answer(said) is None, answers.answer(said)


@pytest.mark.parametrize(
    "word", [*sorted(answers.STOP), "Stop", "STOP.", " stop ", "“STOP”", "STOP ALL", "Opt-Out", "stop!!!"]
)
def test_words_that_stop(word: str) -> None:
    assert answers.consent(word) is False


@pytest.mark.parametrize("word", ["start", "UNSTOP", "Start."])
def test_words_that_start_again(word: str) -> None:
    assert answers.consent(word) is True


@pytest.mark.parametrize(
    "said", ["stop it", "stpo", "the end", "yes", "please cancel", "don't stop", "1 stop", "", "..."]
)
def test_words_must_be_exact(said: str) -> None:
    assert answers.consent(said) is None


@given(some.text(max_size=50))
def test_nothing_breaks_the_reading_and_a_command_reads_as_itself(said: str) -> None:
    answers.consent(said)
    command = answers.command(said)
    assert command is None or answers.command(command) == command
