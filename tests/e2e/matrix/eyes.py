"""What people see of an action, and how well: a level, computed from the destination's own state.

Rule: :class:`Row` is one message as its place keeps it; an :class:`Eyes` has a judgement per action that looks at rows
and nothing else. *Full* is the platform's own way with nothing lost; *partial* shows it with something missing;
*fallback* says it in words or in another form; *not possible* shows nothing of it, be the rest of the message there.
Next stop: `places_eyes.py` says what is native where.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.matrix import words as w
from tests.e2e.matrix.words import Level

_COUNT = re.compile(r"\s*\(\d+/\d+\)$")


@dataclass(frozen=True)
class Row:
    """A message: its text as people read it, and as it is written (`raw`; on the web, HTML)."""

    id: str
    author: str
    text: str
    raw: str
    thread: str | None = None
    """Id of its thread's first message."""
    reply_to: str | None = None
    files: tuple[tuple[str, int], ...] = ()
    """Names and sizes."""
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Who set them, by emoji: the character, or `:name:`."""
    mentions: tuple[str, ...] = ()
    """Ids of the people it mentions natively."""
    blocks: tuple[str, ...] = ()
    """Types of native blocks."""


@dataclass(frozen=True)
class Scene:
    """One action at one destination: what stood there for the root, and all that stands there afterwards."""

    origin: str
    author: str
    language: str
    unknown: str
    """The custom emoji that the destination lacks."""
    root: Sequence[Row]
    before: Sequence[Row]
    after: Sequence[Row]

    @property
    def new(self) -> list[Row]:
        """What came by the action."""
        known = {row.id for row in self.before}
        return [row for row in self.after if row.id not in known]

    @property
    def root_now(self) -> list[Row]:
        """What is left of the root."""
        ids = {row.id for row in self.root}
        return [row for row in self.after if row.id in ids]

    def saying(self, text: str) -> Row | None:
        """The new message in which this stands."""
        return next((row for row in self.new if squeezed(text) in squeezed(row.text)), None)


def squeezed(text: str) -> str:
    """Without white space and zero-width spaces."""
    return re.sub(r"[\s\u200b]+", "", text)


def joined(rows: Sequence[Row]) -> str:
    """The text of several parts, without their counts, squeezed."""
    return squeezed(" ".join(_COUNT.sub("", row.text) for row in rows))


def found(*, full: bool = False, partial: bool = False, fallback: bool = False) -> Level:
    """The best that is so."""
    if full:
        return Level.FULL
    if partial:
        return Level.PARTIAL
    return Level.FALLBACK if fallback else Level.NOT_POSSIBLE


class Eyes:
    """What is the same at every destination."""

    cleo: str
    """The mentioned member's id there."""

    def judge(self, action: str, scene: Scene) -> Level:
        """How well an action is seen."""
        judgement: Any = getattr(self, action)
        level: Level = judgement(scene)
        return level

    def post(self, scene: Scene) -> Level:
        row = scene.saying(w.POST)
        if row is None:
            return Level.NOT_POSSIBLE
        native = row.author == scene.author and squeezed(row.text) == squeezed(w.POST)
        return found(full=native, partial=scene.author in row.author, fallback=scene.author in row.text)

    def reply(self, scene: Scene) -> Level:
        row = scene.saying(w.REPLY)
        if row is None:
            return Level.NOT_POSSIBLE
        return found(full=row.reply_to == scene.root[0].id, fallback=squeezed(w.ROOT) in squeezed(row.text))

    def thread(self, scene: Scene) -> Level:
        row = scene.saying(w.THREAD)
        if row is None:
            return Level.NOT_POSSIBLE
        return found(full=row.thread == scene.root[0].id, fallback=squeezed(w.ROOT) in squeezed(row.text))

    def edit(self, scene: Scene) -> Level:
        return self._edited(scene, w.EDITED)

    def edit_parts(self, scene: Scene) -> Level:
        return self._edited(scene, w.long_edited(scene.origin))

    def edit_longer(self, scene: Scene) -> Level:
        return self._edited(scene, w.long(scene.origin))

    def edit_shorter(self, scene: Scene) -> Level:
        return self._edited(scene, w.EDITED)

    def delete(self, scene: Scene) -> Level:
        now = {row.id: row.text for row in scene.root_now}
        changed = any(now.get(row.id, row.text) != row.text for row in scene.root)
        return found(full=not now, partial=len(now) < len(scene.root), fallback=changed)

    delete_parts = delete

    def react(self, scene: Scene) -> Level:
        return self._reacted(scene, w.REACTION)

    def react_custom(self, scene: Scene) -> Level:
        return self._reacted(scene, ":blobwave:")

    def react_unknown(self, scene: Scene) -> Level:
        return self._reacted(scene, scene.unknown)

    def attach(self, scene: Scene) -> Level:
        name, data = w.FILE
        row = next((row for row in scene.new if (name, len(data)) in row.files), None)
        beside = row is not None and w.CAPTION in row.text
        return found(full=beside, partial=row is not None, fallback=scene.saying(name) is not None)

    def mention(self, scene: Scene) -> Level:
        row = scene.saying(w.MENTION)
        if row is None:
            return Level.NOT_POSSIBLE
        return found(full=row.mentions == (self.cleo,), fallback="cleo" in row.text.lower())

    def long(self, scene: Scene) -> Level:
        return self._at_length(scene, w.long(scene.origin))

    def very_long(self, scene: Scene) -> Level:
        return self._at_length(scene, w.VERY_LONG)

    def code(self, scene: Scene) -> Level:
        raise NotImplementedError

    def bullets(self, scene: Scene) -> Level:
        raise NotImplementedError

    def table(self, scene: Scene) -> Level:
        raise NotImplementedError

    def link(self, scene: Scene) -> Level:
        raise NotImplementedError

    def emoji(self, scene: Scene) -> Level:
        return found(full=scene.saying(w.EMOJI) is not None, fallback=scene.saying(":tada:") is not None)

    def custom_emoji(self, scene: Scene) -> Level:
        raise NotImplementedError

    def _at_length(self, scene: Scene, text: str) -> Level:
        new = [row for row in scene.new if row.text]
        whole = joined(new) == squeezed(text)
        as_file = any(size >= len(text) for row in scene.new for _, size in row.files)
        begins = bool(new) and squeezed(new[0].text).startswith(squeezed(text)[:500])
        return found(full=whole and len(new) == 1, partial=whole, fallback=begins and as_file)

    def _edited(self, scene: Scene, text: str) -> Level:
        now, wanted = scene.root_now, squeezed(text)
        in_place = joined(now) == wanted
        in_all = joined([*now, *scene.new]) == wanted
        return found(full=in_place and not scene.new, partial=in_place or in_all, fallback=joined(scene.new) == wanted)

    def _reacted(self, scene: Scene, emoji: str) -> Level:
        who = scene.root_now[0].reactions.get(emoji, ()) if scene.root_now else ()
        said = any(emoji in row.text for row in scene.new)
        return found(full=scene.author in who, partial=bool(who), fallback=said)
