"""Make the development environment and run the chores: `python3 dev.py run|test|lint|bench|soak|faults|shell`.

Needs Python >= 3.11 and its standard library only; no uv, pip, Node or root. The Makefile is a shorter way to say the
same. The environment is `.venv` beside this file; a stamp in it (a hash of pyproject.toml, constraints.txt, the
Python version and this folder) makes every later start quick. This file must parse on Python 3.6, so that an old
Python gets one helpful line instead of a SyntaxError. Next stop: `pyproject.toml`, which configures every tool.
"""

import configparser
import hashlib
import html.parser
import os
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from typing import Dict, Iterable, List, NoReturn, Optional, Tuple

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
STAMP = os.path.join(VENV, "tieline-stamp")
LOG = os.path.join(VENV, "install.log")

OLDEST = (3, 11)
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")
# What everything but `run` needs: every platform, and the developer's tools.
EVERYTHING = "all,dev"

# The pip that a Python without ensurepip gets: by name from the configured index, and only if its hash is this one.
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"

HELP = """usage: python3 dev.py COMMAND [ARGUMENTS…]        (or: make COMMAND ARGS="…")

  run     start the demo on http://127.0.0.1:8080          arguments go to `tieline demo`
  test    lint, types, import contracts and all tests      arguments go to pytest
  lint    lint, types and import contracts
  bench   the benchmarks, beside their bare parts          arguments go to them
  soak    endurance, and properties with new examples      arguments go to pytest
  faults  the long fault-injection tests                   arguments go to pytest
  shell   a shell inside the environment
"""


def main(arguments: List[str]) -> int:
    """Run one command and return its exit code (0 done, 1 failed, 2 wrong usage)."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(HELP)
        return 0 if arguments else 2
    command, rest = arguments[0], [item for item in arguments[1:] if item != "--"]
    chores = {"run": run, "test": test, "lint": lint, "bench": bench, "soak": soak, "faults": faults, "shell": shell}
    if command not in chores:
        sys.stderr.write("dev.py: no command {!r}\n\n{}".format(command, HELP))
        return 2
    use_new_enough_python()
    os.chdir(ROOT)
    make_environment("all" if command == "run" else EVERYTHING)
    return chores[command](rest)


# ------------------------------------------------------------------------------------------------------- the chores


def run(rest: List[str]) -> int:
    """Become the demo, which names its own path in the next step: the reader's shell does not know it yet."""
    return become([os.path.join(BIN, "tieline"), "demo", *rest], activated=False)


def test(rest: List[str]) -> int:
    """Run every check, so that all failures show in one go; pytest last, so that its closing line is the last."""
    lint_failures = lint_failed()
    failures = lint_failures + failing([("pytest", [PYTHON, "-m", "pytest", "-n", "auto", *rest])])
    return verdict(failures)


def lint(rest: List[str]) -> int:
    """Run the checks that need no server."""
    del rest
    return verdict(lint_failed())


def bench(rest: List[str]) -> int:
    """Run the benchmarks."""
    if not os.path.exists(os.path.join(ROOT, "benchmarks", "__main__.py")):
        stop("there is no benchmarks/__main__.py in this checkout")
    return become([PYTHON, "-m", "benchmarks", *rest])


def soak(rest: List[str]) -> int:
    """Run the tests marked `soak`, and let the properties search for examples that no run has tried yet."""
    os.environ["HYPOTHESIS_PROFILE"] = "search"
    where = ["tests/properties", "tests/faults/test_soak.py"]
    return become([PYTHON, "-m", "pytest", "-m", "not faults", "--timeout=0", *where, *rest])


def faults(rest: List[str]) -> int:
    """Run the tests marked `faults`, which the normal run leaves out."""
    return become([PYTHON, "-m", "pytest", "-m", "faults", "--timeout=0", *rest])


def shell(rest: List[str]) -> int:
    """Become a shell with the environment's commands first on PATH."""
    return become([os.environ.get("SHELL") or "/bin/sh", *rest])


def lint_failed() -> List[str]:
    """Run the four static checks and return the names of those that failed."""
    return failing(
        [
            ("ruff check", [PYTHON, "-m", "ruff", "check", "."]),
            ("ruff format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
            ("mypy", [PYTHON, "-m", "mypy"]),
            ("import contracts", [os.path.join(BIN, "lint-imports")]),
        ]
    )


def failing(checks: Iterable[Tuple[str, List[str]]]) -> List[str]:
    """Run each check, whatever the ones before said."""
    failed = []
    for name, command in checks:
        print("── {} ──".format(name), flush=True)
        if subprocess.call(command, env=inside()) != 0:
            failed.append(name)
    return failed


def verdict(failed: List[str]) -> int:
    """Name what failed, and turn it into an exit code."""
    if failed:
        sys.stderr.write("failed: {}\n".format(", ".join(failed)))
    return 1 if failed else 0


def become(command: List[str], *, activated: bool = True) -> int:
    """Replace this process, so that signals and exit codes are the command's own."""
    variables = inside() if activated else dict(os.environ)
    if not os.path.exists(command[0]):
        stop("{} is missing".format(command[0]), "remove .venv and try again")
    sys.stdout.flush()
    if os.name != "nt":
        os.execve(command[0], command, variables)  # noqa: S606 - no shell is wanted
    return subprocess.call(command, env=variables)


def inside() -> Dict[str, str]:
    """Return the environment variables of an activated `.venv`."""
    variables = dict(os.environ)
    variables.pop("PYTHONHOME", None)
    variables["VIRTUAL_ENV"] = VENV
    variables["PATH"] = BIN + os.pathsep + variables.get("PATH", os.defpath)
    return variables


# -------------------------------------------------------------------------------------------------- the environment


def use_new_enough_python() -> None:
    """Go on under a Python that is new enough, or refuse in one line that names the way out."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER_PYTHONS:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606 - no shell is wanted
    stop(
        "Tieline needs Python 3.11 or newer; {} is {}.{}.".format(sys.executable, *sys.version_info[:2]),
        "PYTHON=/path/to/python3.12 make COMMAND, or with uv: uv run --no-project --python 3.12 dev.py COMMAND",
    )


def make_environment(extras: str = EVERYTHING) -> None:
    """Make or refresh `.venv`, unless its stamp says that nothing changed. Without `dev` it takes half the time."""
    stamped = (read_text(STAMP) or "").split()
    if EVERYTHING in stamped:
        extras = EVERYTHING
    wanted = [fingerprint(), extras]
    if stamped == wanted and os.path.exists(PYTHON):
        return
    started = time.time()
    say("making the environment in .venv (once; about a minute with a cold cache)")
    uv = shutil.which("uv")
    if not venv_fits():
        make_venv(uv)
    install(uv, extras)
    with open(STAMP, "w", encoding="utf-8") as stamp:
        stamp.write(" ".join(wanted))
    say("environment ready after {:.0f} s".format(time.time() - started))


def fingerprint() -> str:
    """Hash everything that decides what stands in `.venv`."""
    digest = hashlib.sha256("{}\n{}\n".format(ROOT, sys.version).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((read_text(os.path.join(ROOT, name)) or "").encode())
    return digest.hexdigest()


def venv_fits() -> bool:
    """Say whether `.venv` starts, is of this Python's version and can install."""
    if not os.path.exists(PYTHON):
        return False
    question = "import sys; print('%d.%d' % sys.version_info[:2]); import pip"
    answer = subprocess.run([PYTHON, "-c", question], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return answer.returncode == 0 and answer.stdout.decode().strip() == "{}.{}".format(*sys.version_info[:2])


def make_venv(uv: Optional[str]) -> None:
    """Make an empty `.venv` that can install: by uv, by ensurepip, or with a pip from elsewhere."""
    shutil.rmtree(VENV, ignore_errors=True)
    if uv:
        watch([uv, "venv", "--seed", "--python", sys.executable, VENV])
    elif has_module("ensurepip"):
        watch([sys.executable, "-m", "venv", VENV])
    elif has_module("venv"):
        watch([sys.executable, "-m", "venv", "--without-pip", VENV])
        give_pip()
    else:
        stop("this Python has no venv module", "use uv, or another Python: PYTHON=/path/to/python3.12 make COMMAND")


def give_pip() -> None:
    """Put pip in a `.venv` without one (Debian's bare Python): the system's pip does it, or a wheel from the index."""
    if has_module("pip"):
        watch([sys.executable, "-m", "pip", "--python", PYTHON, "install", "pip"])
        return
    index = package_index()
    if index is None:
        stop(
            "this Python has neither ensurepip nor pip, and no package index is configured to fetch pip from",
            "PIP_INDEX_URL=https://YOUR-INDEX/simple make COMMAND; or install uv; or, as root: "
            "apt-get install python3-venv",
        )
    wheel = fetch_pip(index)
    watch([PYTHON, os.path.join(wheel, "pip"), "install", wheel])


def install(uv: Optional[str], extras: str) -> None:
    """Install Tieline itself, editable, with these extras: `all` platforms, and `dev` for the developer's tools."""
    what = ["install", "-e", ".[{}]".format(extras), "-c", "constraints.txt"]
    if uv:
        watch([uv, "pip", *what, "--python", PYTHON])
    else:
        watch([PYTHON, "-m", "pip", "--disable-pip-version-check", *what])


def has_module(name: str) -> bool:
    """Say whether this Python can start a module (Debian ships `venv` but may leave out `ensurepip`)."""
    probe = [sys.executable, "-c", "import {}".format(name)]
    return subprocess.call(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


# -------------------------------------------------------------------------------------------- pip without any pip


def package_index() -> Optional[str]:
    """Return the simple index this machine is configured for (pip's own variable and files), or None."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    home = os.path.expanduser("~")
    places = (
        os.environ.get("PIP_CONFIG_FILE"),
        os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "pip", "pip.conf"),
        os.path.join(home, ".pip", "pip.conf"),
        "/etc/pip.conf",
    )
    for place in places:
        parser = configparser.RawConfigParser()
        try:
            parser.read([place] if place else [], encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        if parser.has_option("global", "index-url"):
            return parser.get("global", "index-url")
    return None


class Links(html.parser.HTMLParser):
    """Collects the targets of the links of an index page (PEP 503)."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self.found = []  # type: List[str]

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        """Remember one target."""
        self.found.extend(value for name, value in attrs if tag == "a" and name == "href" and value)


def fetch_pip(index: str) -> str:
    """Download the pinned pip wheel by name, check its hash, and return its path."""
    page = index.rstrip("/") + "/pip/"
    links = Links()
    links.feed(download(page).decode("utf-8", "replace"))
    for link in links.found:
        target = urllib.parse.urljoin(page, link)
        if os.path.basename(urllib.parse.urlparse(target).path) == PIP_WHEEL:
            return checked_wheel(download(target))
    return stop("the package index does not offer {}".format(PIP_WHEEL), "install uv, or use a Python with ensurepip")


def checked_wheel(content: bytes) -> str:
    """Write the wheel to `.venv` if its hash is the pinned one; refuse it otherwise."""
    if hashlib.sha256(content).hexdigest() != PIP_SHA256:
        stop("the package index gave a {} with another hash than the one in dev.py".format(PIP_WHEEL))
    path = os.path.join(VENV, PIP_WHEEL)
    with open(path, "wb") as wheel:
        wheel.write(content)
    return path


def download(url: str) -> bytes:
    """Return what stands at an address; `SSL_CERT_FILE` and the proxy variables are honoured by urllib."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - the index the user configured
            return bytes(answer.read())
    except (OSError, ValueError) as error:
        stop("cannot read the package index: {}".format(error), "check PIP_INDEX_URL, the proxy and the network")


# ------------------------------------------------------------------------------------------------ talking to people


def watch(command: List[str]) -> None:
    """Run a long command: its last line as progress on a terminal, everything in a log, its end if it fails."""
    lines = []  # type: List[str]
    live = sys.stderr.isatty()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for raw in process.stdout or ():
            line = raw.decode("utf-8", "replace").rstrip()
            lines.append(line)
            if live:
                sys.stderr.write("\r\033[K  {}".format(line.strip()[:76]))
                sys.stderr.flush()
    if live:
        sys.stderr.write("\r\033[K")
    if os.path.isdir(VENV):
        with open(LOG, "a", encoding="utf-8") as log:
            log.write("\n".join(["$ " + " ".join(command), *lines, ""]))
    if process.returncode != 0:
        sys.stderr.write("\n".join(lines[-15:]) + "\n")
        stop("`{}` failed".format(" ".join(command[:4])), "see the lines above and .venv/install.log, then try again")


def say(text: str) -> None:
    """Tell the person at the terminal; standard output stays the command's own."""
    sys.stderr.write("tieline: {}\n".format(text))
    sys.stderr.flush()


def stop(problem: str, mend: str = "") -> NoReturn:
    """End with one line that names the problem and the way out."""
    sys.stderr.write("tieline: {}{}\n".format(problem, " Try: " + mend if mend else ""))
    sys.exit(1)


def read_text(path: str) -> Optional[str]:
    """Return a file's text, or None if it is not there."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
