"""The blob store."""

import hashlib
import io
from pathlib import Path

import pytest

from experiments.blobs import BlobStore

TEXT = b"one two three"
NAME = hashlib.sha256(TEXT).hexdigest()


class BrokenFile(io.BytesIO):
    """A file whose disk fails after the first piece."""

    has_read = False

    def read(self, size: int | None = -1) -> bytes:
        """Return a piece, then fail."""
        if self.has_read:
            raise OSError("disk")
        self.has_read = True
        return b"half"


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    """An empty store."""
    return BlobStore(tmp_path / "blobs")


def files_below(folder: Path) -> list[Path]:
    """Return all files below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_put_of_bytes_is_read_back_under_their_sha(store: BlobStore, tmp_path: Path) -> None:
    name = store.put(TEXT)

    assert name == NAME
    assert files_below(tmp_path) == [tmp_path / "blobs" / NAME[:2] / NAME]
    with store.open(name) as file:
        assert file.read() == TEXT


def test_put_of_the_same_bytes_again_keeps_one_file_untouched(store: BlobStore, tmp_path: Path) -> None:
    store.put(TEXT)
    before = files_below(tmp_path)[0].stat()

    store.put(TEXT)

    assert [path.stat().st_ino for path in files_below(tmp_path)] == [before.st_ino]


def test_put_stream_of_a_large_file_has_the_same_name_as_its_bytes(store: BlobStore) -> None:
    data = TEXT * 200_000

    assert store.put_stream(io.BytesIO(data)) == store.put(data)


def test_put_stream_of_a_file_that_fails_leaves_nothing(store: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk"):
        store.put_stream(BrokenFile())

    assert files_below(tmp_path) == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", NAME.upper(), NAME[:-1], NAME + "\n", NAME + "0"])
def test_path_of_what_is_no_sha_is_refused(store: BlobStore, name: str) -> None:
    with pytest.raises(ValueError, match="no SHA-256"):
        store.path(name)


def test_open_of_a_blob_that_is_not_there_raises_file_not_found(store: BlobStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.open(NAME)
