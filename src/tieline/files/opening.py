"""Makes the file store that the configuration names.

Rule: a wrong setting is one clear error with a mend, before the hub listens. Next stop: :mod:`tieline.files.local`,
:mod:`tieline.files.s3`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tieline.files.local import LocalFiles
from tieline.ports.files import Files, FilesError

if TYPE_CHECKING:
    from tieline.files.s3 import S3Files

SCHEME: Final = "s3://"


def open_files(
    store: str,
    *,
    base: Path,
    endpoint: str | None = None,
    region: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
) -> Files:
    """Open the file store.

    ``store`` is ``hub.attachments.store``: a folder, relative to ``base`` (the folder of the configuration file), or
    ``s3://bucket/prefix``. The rest are the four settings of ``hub.attachments.s3`` as they come, substituted, so that
    a model of them is wired with ``open_files(a.store, base=…, **(a.s3.model_dump() if a.s3 else {}))``; they are
    looked at for ``s3://`` only. Makes the folder and sweeps it (blocks shortly), opens no connection.

    Raises :class:`~tieline.ports.files.FilesError`: the folder cannot be made, the address makes no sense, or the
    package for S3 is not installed.
    """
    if store.startswith(SCHEME):
        bucket, prefix = _bucket(store)
        kind = _s3()
        return kind(
            bucket, prefix=prefix, endpoint=endpoint, region=region, access_key=access_key, secret_key=secret_key
        )
    if not store or "://" in store:
        raise FilesError(f"the file store {store!r} is neither a folder nor s3://bucket/prefix", fix="name one of them")
    return LocalFiles(base / Path(store).expanduser())


def _bucket(store: str) -> tuple[str, str]:
    parts = urlsplit(store)
    if not parts.hostname or parts.netloc != parts.hostname or parts.query or parts.fragment:
        raise FilesError(f"{SCHEME}… must be {SCHEME}bucket or {SCHEME}bucket/prefix", fix="keys belong into s3:")
    return parts.netloc, parts.path.strip("/")


def _s3() -> type[S3Files]:
    try:
        from tieline.files.s3 import S3Files  # noqa: PLC0415 - its package is an extra
    except ImportError as error:
        raise FilesError("files in S3 need the package obstore", fix="pip install 'tieline[s3]'") from error
    return S3Files
