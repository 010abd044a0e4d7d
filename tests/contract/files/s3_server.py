"""An S3 server of a third party (moto) in a process of its own, on a free port of 127.0.0.1."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from types import TracebackType
from typing import Self
from urllib.request import Request, urlopen

WAIT = 30.0


class S3Server:
    """Use as a context manager. It believes every key, and forgets everything when it ends."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_installed() -> bool:
        return all(find_spec(name) for name in ("moto", "flask", "flask_cors", "obstore"))

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def make_bucket(self, name: str) -> str:
        self._call("PUT", f"/{name}")
        return name

    def keys(self, bucket: str) -> str:
        """The listing of a bucket, as the server writes it."""
        return self._call("GET", f"/{bucket}")

    def uploads(self, bucket: str) -> int:
        """How many uploads were begun and neither completed nor aborted."""
        return self._call("GET", f"/{bucket}?uploads").count("<UploadId>")

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self._port)]
        quiet = subprocess.DEVNULL
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(command, stdout=quiet, stderr=quiet, stdin=quiet, env=environment)
        end = time.monotonic() + WAIT
        while True:
            try:
                self._call("GET", "/")
            except OSError:
                if self._process.poll() is not None or time.monotonic() > end:
                    self._stop()
                    raise
                time.sleep(0.05)
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(WAIT)

    def _call(self, method: str, path: str) -> str:
        with urlopen(Request(self.endpoint + path, method=method), timeout=WAIT) as answer:
            text: str = answer.read().decode()
            return text
