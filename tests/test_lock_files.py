"""The lock files: everything pinned and hashed, and no host of any registry named in what is tracked."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert re.findall(r"\w+://\S+|--(?:extra-)?index-url.*|--find-links.*", text) == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_and_hashes_every_package(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")

    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]

    assert len(lines) > 20
    assert [line[:60] for line in lines if not re.match(r"[\w.\[\],-]+==\S+.*--hash=sha256:[0-9a-f]{64}", line)] == []


def test_locks_agree_with_each_other() -> None:
    first, second = ((ROOT / name).read_text(encoding="utf-8") for name in LOCKS)

    assert set(pins(first)) <= set(pins(second))


def test_repository_has_no_lock_file_of_another_tool() -> None:
    others = ("uv.lock", "poetry.lock", "Pipfile.lock", "pylock.toml", "package-lock.json", "yarn.lock")

    assert [name for name in others if (ROOT / name).exists()] == []


def pins(text: str) -> list[str]:
    """Return each `name==version` of a lock file."""
    return re.findall(r"^([\w.\[\],-]+==\S+)", text, re.MULTILINE)
