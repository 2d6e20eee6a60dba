"""deploy/: the files are whole, and every command, variable, address and column that they name exists."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class
from django.db import connection
from django.urls import resolve

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
FILES = [DEPLOY / name for name in ("Containerfile", "compose.yaml", "kubernetes.yaml")] + UNITS
VARIABLE = re.compile(r"\b(EVALSITE_[A-Z_]+|DATABASE_URL|REDIS_URL|FORWARDED_ALLOW_IPS)\b")


def text_of(file: Path) -> str:
    """Return a file without its comments."""
    return "\n".join(line.partition("# ")[0] for line in file.read_text(encoding="utf-8").splitlines())


def documents(name: str) -> list[dict[str, Any]]:
    """Return the documents of a YAML file."""
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def commands_of(file: Path) -> list[list[str]]:
    """Return the commands of ours that a file starts: name and options."""
    lists = re.findall(r"\[(\"evalsite\".*?)\]", text_of(file))
    written = [json.loads(f"[{one}]") for one in lists]
    return [one[1:] for one in written] + [
        line.split()[1:] for line in re.findall(r"^ExecStart=(.*)$", text_of(file), re.M)
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_commands_exist_with_their_options(file: Path) -> None:
    known = get_commands()
    commands = commands_of(file)

    assert commands
    for name, *options in commands:
        parser = load_command_class(known[name], name).create_parser("evalsite", name)
        parser.parse_args(options)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_variables_are_those_that_operations_documents(file: Path) -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert {name for name in VARIABLE.findall(text_of(file)) if f"`{name}`" not in operations} == set()


def test_every_file_is_documented() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert {file.name for file in FILES if file.name not in operations} == set()


def test_containerfile_copies_what_is_there_and_runs_as_nobody_special() -> None:
    text = text_of(DEPLOY / "Containerfile")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M)

    assert [name for line in copied for name in line.split() if not (ROOT / name).exists()] == []
    assert re.findall(r"^USER (\d+)$", text, re.M) == ["10001"]
    assert {"HEALTHCHECK", "ENTRYPOINT", "tini"} <= set(re.findall(r"\w+", text))


def test_compose_waits_for_services_that_it_has() -> None:
    (compose,) = documents("compose.yaml")
    services = compose["services"]

    assert set(services) == {"postgres", "migrate", "web", "worker"}
    assert {name for one in services.values() for name in one.get("depends_on", ())} <= set(services)
    assert (ROOT / "deploy" / compose["x-evalsite"]["build"]["context"] / "deploy/Containerfile").resolve().exists()


def test_kubernetes_scales_the_workers_that_it_has() -> None:
    objects = {(one["kind"], one["metadata"]["name"]): one for one in documents("kubernetes.yaml")}

    target = objects["ScaledObject", "evalsite-worker"]["spec"]["scaleTargetRef"]["name"]
    assert ("Deployment", target) in objects
    assert {"Job", "Deployment", "Service", "ConfigMap", "PersistentVolumeClaim"} <= {kind for kind, _ in objects}


def test_kubernetes_keeps_secrets_out_of_the_manifest() -> None:
    objects = documents("kubernetes.yaml")
    containers = [container for one in objects for container in containers_of(one)]

    assert {one["kind"] for one in objects}.isdisjoint({"Secret"})
    assert [{"secretRef": {"name": "evalsite"}} in container["envFrom"] for container in containers] == [True] * 3


def test_kubernetes_asks_addresses_that_answer() -> None:
    containers = [container for one in documents("kubernetes.yaml") for container in containers_of(one)]
    probes = [probe for one in containers for name, probe in one.items() if name == "readinessProbe"]

    assert [resolve(probe["httpGet"]["path"]).url_name for probe in probes] == ["healthz"]


def containers_of(declared: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the containers of a job or a deployment."""
    yield from declared.get("spec", {}).get("template", {}).get("spec", {}).get("containers", ())


@pytest.mark.both
@pytest.mark.django_db
def test_query_of_the_autoscaler_is_answered() -> None:
    (scaled,) = [one for one in documents("kubernetes.yaml") if one["kind"] == "ScaledObject"]

    with connection.cursor() as cursor:
        cursor.execute(scaled["spec"]["triggers"][0]["metadata"]["query"])
        answer = cursor.fetchall()

    assert answer == [(0,)]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_no_fault(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        assert {"[Unit]", "[Service]", "[Install]"} <= set(unit.read_text().splitlines())
        return
    here = (
        unit.read_text().replace("/opt/evalsite/.venv/bin/evalsite", "/bin/true").replace("User=evalsite", "User=root")
    )
    (tmp_path / unit.name).write_text(here)

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )

    assert unit.name not in verified.stderr
