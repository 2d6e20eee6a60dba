"""The blob store: large bodies and recorded outputs by their SHA-256, as files below the data directory."""

import hashlib
import io
import os
import re
import tempfile
from pathlib import Path
from typing import IO

from django.conf import settings

NAME = re.compile(r"[0-9a-f]{64}")
READ_BYTES = 1024 * 1024
UNFINISHED = "unfinished-"


class BlobStore:
    """Content-addressed files: `root/ab/abcd…`. Writing the same bytes twice is writing them once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        """Keep these bytes and return their SHA-256."""
        name = hashlib.sha256(data).hexdigest()
        return name if self.path(name).exists() else self.put_stream(io.BytesIO(data))

    def put_stream(self, file: IO[bytes]) -> str:
        """Keep what a file holds, read in pieces, and return its SHA-256. A blob is seen whole or not at all."""
        self._root.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        handle, temporary = tempfile.mkstemp(dir=self._root, prefix=UNFINISHED)
        try:
            with os.fdopen(handle, "wb") as copy:
                while piece := file.read(READ_BYTES):
                    digest.update(piece)
                    copy.write(piece)
            path = self.path(digest.hexdigest())
            path.parent.mkdir(exist_ok=True)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
        return digest.hexdigest()

    def open(self, name: str) -> IO[bytes]:
        """Return the file for reading. Raises FileNotFoundError, or ValueError for what is no SHA-256."""
        return self.path(name).open("rb")

    def path(self, name: str) -> Path:
        """Return where a blob lies, or would lie. Raises ValueError for what is no SHA-256."""
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no SHA-256")
        return self._root / name[:2] / name


def default_store() -> BlobStore:
    """Return the store of this site."""
    return BlobStore(settings.DATA_DIR / "blobs")
