"""Frames of the web socket, in and out, without a socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.api.unmask import read_frames
from tieline.model.outcome import Refusal
from tieline.model.shapes import PostFrame
from tieline_websocket import config, wire
from tieline_websocket.inbound import SubscribeFrame, parse
from tieline_websocket.manifest import MANIFEST


@given(st.binary(max_size=400))
def test_the_parser_is_total(raw: bytes) -> None:
    parse(raw)


@given(st.lists(st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536, 70_000]), max_size=5))
def test_joined_frames_are_read_back_by_another_reader(sizes: list[int]) -> None:
    payloads = [b"x" * size for size in sizes]
    assert read_frames(b"".join(wire.text(payload) for payload in payloads)) == payloads


def test_deeply_nested_frames_are_refused_not_recursed() -> None:
    for raw in (b"[" * 100_000, b'{"type":"post","room":"r","text":"x","metadata":' + b'{"a":' * 50_000):
        assert isinstance(parse(raw), Refusal)


def test_a_post_has_every_field_of_http_and_its_own_type_under_another_name() -> None:
    frame = parse(
        b'{"type":"post","ref":"c","room":"r","text":"x","message_type":"alert","severity":"critical","thread":"m"}'
    )
    assert isinstance(frame, PostFrame)
    assert (frame.message_type, frame.severity, frame.thread) == ("alert", "critical", "m")


def test_domains_are_taken() -> None:
    frame = parse(b'{"type":"subscribe","rooms":["*"],"domains":["todos"],"after":{"@me":7}}')
    assert isinstance(frame, SubscribeFrame)
    assert (frame.domains, frame.after) == (("todos",), {"@me": 7})


@pytest.mark.parametrize(
    ("block", "said"),
    [({"max_fram": 1}, "max_fram"), ({"stall": "long"}, "stall"), ({}, None), ({"max_frame": 10}, None)],
)
def test_settings_are_checked_by_name(block: dict[str, object], said: str | None) -> None:
    problems = config.check(block)
    assert bool(problems) == bool(said)
    assert all(said in problem.message for problem in problems if said)


def test_the_manifest_names_what_exists() -> None:
    assert MANIFEST.inside
    for target in (MANIFEST.factory, MANIFEST.settings):
        module, _, name = target.partition(":")
        assert hasattr(__import__(module, fromlist=[name]), name)
