"""What lies in static/vendor/ is what vendor.txt says, with its licence beside it."""

import hashlib
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "static" / "vendor"
LINES = [line.split() for line in (VENDOR / "vendor.txt").read_text("utf-8").splitlines() if not line.startswith("#")]


def test_vendored_files_have_the_noted_digests() -> None:
    noted = {path: digest for _, _, digest, path in LINES}

    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "vendor.txt"
    }

    assert found == noted


def test_vendored_packages_lie_under_their_version_with_a_licence() -> None:
    folders = {f"{name}-{version}" for name, version, _, _ in LINES}

    licences = {path.parent.name for path in VENDOR.glob("*/LICENSE*")}

    assert licences == folders
