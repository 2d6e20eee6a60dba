"""Puts each peer into a virtual environment of its own: `python -m benchmarks.peers.installing [NAME ...]`."""

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

PEERS_FOLDER = Path("build/peers")
SCRIPTS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool that does the job in a script of ours, `benchmarks/peers/<name>_script.py`."""

    name: str
    label: str
    packages: tuple[str, ...]
    most: float | None = None
    """The share of its time that ours may take; None: there is no goal."""
    npm: tuple[str, ...] = ()
    """What is installed with npm, beside the environment that its script runs in."""

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return PEERS_FOLDER / self.name / "bin" / "python"

    @property
    def mark(self) -> Path:
        """A file that is there once everything is installed."""
        return PEERS_FOLDER / self.name / ".installed"

    @property
    def script(self) -> Path:
        """What does the job; takes base URL, key, file of items, model, calls in flight; fails for a wrong answer."""
        return SCRIPTS / f"{self.name}_script.py"


PEERS = {
    peer.name: peer
    for peer in (
        Peer("openai", "a script on the openai SDK", ("openai",), 1 / 3),
        Peer("inspect_ai", "Inspect AI", ("inspect-ai", "openai"), 1 / 20),
        Peer("promptfoo", "promptfoo", (), 1 / 15, npm=("promptfoo",)),
        Peer("lm_eval", "lm-evaluation-harness", ("lm-eval[api]",)),
        Peer("dotevals", "dotevals (batches)", ("dotevals", "openai")),
    )
}


def installed() -> list[Peer]:
    """Return the peers that can be measured."""
    return [peer for peer in PEERS.values() if peer.mark.exists()]


def install(peer: Peer) -> None:
    """Make the peer's environment; one that is there is brought up to date.

    Raises CalledProcessError, and FileNotFoundError without npm.
    """
    folder = PEERS_FOLDER / peer.name
    venv.create(folder, with_pip=True)
    pip = [str(peer.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
    for command, packages in ((pip, peer.packages), (npm, peer.npm)):
        if packages:
            subprocess.run([*command, *packages], check=True)  # noqa: S603 - the packages are named above
    peer.mark.touch()


def main(names: list[str]) -> None:
    """Install the peers of these names, all where none is given."""
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise SystemExit(f"no such peer: {', '.join(unknown)}; there are: {', '.join(PEERS)}")
    for name in names or PEERS:
        sys.stderr.write(f"installing {PEERS[name].label} ...\n")
        install(PEERS[name])


if __name__ == "__main__":
    main(sys.argv[1:])
