"""The examples of docs/api.md: taken from the document and run, as they stand, against a site that is up."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.running_site import Site

pytestmark = pytest.mark.processes

LIMIT_S = 120
DOCUMENT = Path(settings.BASE_DIR) / "docs" / "api.md"


def example(title: str, language: str) -> str:
    """Return the code below a heading."""
    _, _, rest = DOCUMENT.read_text().partition(f"## {title}")
    found = re.search(rf"```{language}\n(.*?)```", rest, re.DOTALL)
    assert found, title
    return found[1]


def ran_in(folder: Path, site: Site) -> subprocess.CompletedProcess[str]:
    """Run the examples one after the other, with the command `evalsite` of these tests."""
    shell = example("Example with curl", "shell").replace("http://127.0.0.1:8000", site.url)
    more = example("More with curl", "shell")
    (folder / "example.py").write_text(example("Example in Python", "python"))
    (folder / "evalsite").write_text(f'#!/bin/sh\nexec {sys.executable} -m evalsite "$@"\n')
    (folder / "evalsite").chmod(0o755)
    environment = {**site.environment, "PYTHONPATH": str(settings.BASE_DIR)}
    environment["PATH"] = f"{folder}:{environment['PATH']}"
    script = f"set -e -o pipefail\n{shell}\n{more}\nexec {sys.executable} example.py"
    return subprocess.run(
        ["bash", "-c", script],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def test_examples_work_as_they_stand(tmp_path: Path) -> None:
    site = Site(tmp_path / "data")
    try:
        site.up()
        ran = ran_in(tmp_path, site)
    finally:
        site.end()

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [entry["complete"] for entry in json.loads((tmp_path / "board.json").read_text())["entries"]] == [True] * 2
    kinds = {hit["kind"] for hit in json.loads((tmp_path / "found.json").read_text())["items"]}
    assert kinds >= {"experiment", "dataset"}
    with (tmp_path / "results.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 6
    assert ran.stdout.splitlines()[-1].endswith("['helpful']")
    assert "<testsuites" in (tmp_path / "results.xml").read_text()
