"""The provider of the benchmarks: our own simulator, on a processor of its own, its counters the witness."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from benchmarks.measuring import PROVIDER_CORE, on_core

PATIENCE_S = 20.0


class Provider:
    """A simulator whose models all take the same time; `with Provider(folder, latency_ms=50) as provider`."""

    def __init__(self, folder: Path, *, latency_ms: float, model: Mapping[str, Any] | None = None) -> None:
        """`folder` is the data directory that it shares with what is measured.

        `model` describes its only model (runs/simulator/models.py); None: those that ship with the site.
        """
        self._folder, self._latency_ms, self._model = folder, latency_ms, model

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "evalsite", "simulator", "--quiet"]
        if self._model is None:
            command += ["--latency-ms", f"{self._latency_ms:g}"]
        else:
            file = self._folder / "models.json"
            file.write_text(json.dumps([{**self._model, "latency_ms": self._latency_ms}]))
            command += ["--models", str(file)]
        (self._folder / "simulator.json").unlink(missing_ok=True)
        self._process = subprocess.Popen(  # noqa: S603 - this very installation
            command,
            env=environment(self._folder),
            preexec_fn=on_core(PROVIDER_CORE),
        )
        try:
            self.base_url, self.key = self._address()
        except SystemExit:
            self._process.kill()
            self._process.wait()
            raise
        self._client = httpx.Client(
            base_url=self.base_url.removesuffix("/v1"), headers={"Authorization": f"Bearer {self.key}"}
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self.base_url.rsplit(":", 1)[1].partition("/")[0])

    def reset(self) -> None:
        """Begin counting anew."""
        self._client.post("/reset").raise_for_status()

    def stats(self) -> dict[str, Any]:
        """Return its counters since the last reset."""
        found: dict[str, Any] = self._client.get("/stats").raise_for_status().json()
        return found

    def _address(self) -> tuple[str, str]:
        until, file = time.monotonic() + PATIENCE_S, self._folder / "simulator.json"
        while not file.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the simulator did not start")
            time.sleep(0.05)
        found = json.loads(file.read_text())
        return str(found["url"]).rstrip("/"), str(found["key"])


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process that works on this data directory."""
    settings = {"EVALSITE_DATA": str(folder), "EVALSITE_SECRET_KEY": "measuring"}
    return {**os.environ, **settings, "DJANGO_SETTINGS_MODULE": "evalsite.settings"}
