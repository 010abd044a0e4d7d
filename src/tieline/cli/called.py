"""How this program was called, so that the next step it names can be typed as it stands.

Rule: `tieline` where the shell finds it under that name, else the path it was started by: who came by `make run` has no
environment activated. Next stop: `tieline.cli.beginning`, whose steps begin with it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

_NAME: Final = "tieline"


def program() -> str:
    """What to type to call this program again from this folder."""
    own = Path(sys.argv[0] or _NAME)
    found = shutil.which(_NAME)
    if own.name != _NAME or not own.is_file() or (found and Path(found).resolve() == own.resolve()):
        return _NAME
    path, here = own.absolute(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
