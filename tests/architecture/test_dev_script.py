"""`dev.py` needs nothing but a Python, refuses what it cannot use in one line, and costs nothing the second time."""

import ast
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def dev(repo_root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev_under_test", repo_root / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_parses_on_python_3_6(repo_root: Path) -> None:
    ast.parse((repo_root / "dev.py").read_text("utf-8"), feature_version=(3, 6))


def test_it_imports_the_standard_library_only(repo_root: Path) -> None:
    tree = ast.parse((repo_root / "dev.py").read_text("utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_an_old_python_is_refused_in_one_line_that_names_the_way_out(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SystemExit) as stopped:
        dev.use_new_enough_python()
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "3.11 or newer" in said
    assert "uv run" in said


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["--help"], 0), (["rnu"], 2)])
def test_help_and_wrong_usage_need_no_environment(repo_root: Path, arguments: list[str], code: int) -> None:
    done = subprocess.run(
        [sys.executable, "dev.py", *arguments], cwd=repo_root, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert "usage: python3 dev.py" in done.stdout + done.stderr


def test_a_stamped_environment_is_taken_as_it_is(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second start does nothing but hash three small files: far under half a second."""
    monkeypatch.setattr(dev, "STAMP", str(tmp_path / "stamp"))
    monkeypatch.setattr(dev, "PYTHON", sys.executable)
    monkeypatch.setattr(dev, "watch", lambda command: pytest.fail(f"started {command}"))
    (tmp_path / "stamp").write_text(f"{dev.fingerprint()} all,dev")
    before = time.monotonic()
    dev.make_environment()
    dev.make_environment("all")  # what `run` needs is in it
    assert time.monotonic() - before < 0.5


def test_run_leaves_the_developers_tools_out_until_something_else_needs_them(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(dev, "STAMP", str(tmp_path / "stamp"))
    monkeypatch.setattr(dev, "PYTHON", sys.executable)
    monkeypatch.setattr(dev, "venv_fits", lambda: True)
    monkeypatch.setattr(dev, "install", lambda _uv, extras: installed.append(extras))
    for extras in ("all", "all", dev.EVERYTHING, "all"):
        dev.make_environment(extras)
    assert installed == ["all", "all,dev"]


def test_a_changed_project_or_constraint_makes_the_stamp_stale(
    dev: ModuleType, tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(repo_root / name, tmp_path)
    monkeypatch.setattr(dev, "ROOT", str(tmp_path))
    stamps = [dev.fingerprint()]
    for name in ("pyproject.toml", "constraints.txt"):
        with (tmp_path / name).open("a") as file:
            file.write("# changed\n")
        stamps.append(dev.fingerprint())
    assert len(set(stamps)) == 3


def test_all_checks_run_although_the_first_fails(dev: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    failed = dev.failing(
        [
            ("one", [sys.executable, "-c", "raise SystemExit(3)"]),
            ("two", [sys.executable, "-c", "print('two ran')"]),
            ("three", [sys.executable, "-c", "raise SystemExit(1)"]),
        ]
    )
    assert failed == ["one", "three"]
    assert "two ran" in capfd.readouterr().out
    assert dev.verdict(failed) == 1
    assert dev.verdict([]) == 0


def test_a_failed_install_shows_its_end_and_the_log(
    dev: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "VENV", str(tmp_path))
    monkeypatch.setattr(dev, "LOG", str(tmp_path / "install.log"))
    with pytest.raises(SystemExit):
        dev.watch([sys.executable, "-c", "print('no such package: x'); raise SystemExit(1)"])
    said = capsys.readouterr().err
    assert "no such package: x" in said
    assert "install.log" in said
    assert "no such package: x" in (tmp_path / "install.log").read_text()


# --------------------------------------------------------------------------------- a Python without pip or ensurepip


class Index:
    """A package index with one page."""

    def __init__(self, wheel: str, content: bytes) -> None:
        pages = {
            "/simple/pip/": f'<a href="../../files/{wheel}#sha256=x">{wheel}</a>'.encode(),
            f"/files/{wheel}": content,
        }

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = pages.get(self.path)
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/simple"


@pytest.fixture
def index(dev: ModuleType) -> Iterator[Index]:
    started = Index(dev.PIP_WHEEL, b"the wheel")
    thread = threading.Thread(target=started.server.serve_forever)
    thread.start()
    yield started
    started.server.shutdown()
    started.server.server_close()
    thread.join()


def test_pip_is_fetched_by_name_and_hash_from_the_configured_index(
    dev: ModuleType, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "VENV", str(tmp_path))
    monkeypatch.setattr(dev, "PIP_SHA256", hashlib.sha256(b"the wheel").hexdigest())
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    found = dev.package_index()
    assert Path(dev.fetch_pip(found)).read_bytes() == b"the wheel"


def test_a_wheel_with_another_hash_is_refused(
    dev: ModuleType, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "VENV", str(tmp_path))
    with pytest.raises(SystemExit):
        dev.fetch_pip(index.url)
    assert "another hash" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_pips_own_configuration_file_names_the_index(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://index.example/simple\n")
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert dev.package_index() == "https://index.example/simple"


def test_without_pip_and_without_an_index_the_ways_out_are_named(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "has_module", lambda _: False)
    monkeypatch.setattr(dev, "package_index", lambda: None)
    with pytest.raises(SystemExit):
        dev.give_pip()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "PIP_INDEX_URL=" in said
    assert "uv" in said


def test_the_continuous_integration_script_is_executable_and_well_formed(repo_root: Path) -> None:
    script = repo_root / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
