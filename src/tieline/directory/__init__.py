"""Who is who and what may be done: members, accounts, tokens, rooms, links, and the one place that authorizes.

In memory, loaded at start, changed only by the writer after a commit. ``deciders`` are the directory's commands.
Next stop: ``routing``, which decides messages with what the directory knows.
"""

from tieline.directory.deciders import deciders
from tieline.directory.memory import MemoryDirectory
from tieline.directory.tokens import authenticate, digest, new_secret

__all__ = ["MemoryDirectory", "authenticate", "deciders", "digest", "new_secret"]
