"""What an experiment file declares, as plain values: `experiment_file` reads them, `file_writing` writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.canonical import config_hash
from experiments.new_items import NewItem
from experiments.row_mapping import RowMapping

DEFAULT_PROJECT = "default"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which items of a dataset take part. Empty: all of them."""

    split: str = ""
    tags: tuple[str, ...] = ()
    """An item bears every one of them."""
    exclude_tags: tuple[str, ...] = ()
    """An item bears none of them."""
    keys: tuple[str, ...] = ()
    limit: int | None = None
    """The first items only, in the dataset's order; not part of the selection's identity. None: no limit."""

    @property
    def identity(self) -> dict[str, Any]:
        """split, tags, exclude_tags and keys, those that are set: what makes it another selection."""
        parts = {
            "split": self.split,
            "tags": list(self.tags),
            "exclude_tags": list(self.exclude_tags),
            "keys": list(self.keys),
        }
        return {name: part for name, part in parts.items() if part}

    def takes(self, item: NewItem) -> bool:
        """Return whether this item takes part, the limit left out of account."""
        tags = set(item.tags)
        return (
            (not self.split or item.split == self.split)
            and tags.issuperset(self.tags)
            and tags.isdisjoint(self.exclude_tags)
            and (not self.keys or item.key in self.keys)
        )


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file on the user's machine."""

    path: Path
    """Absolute."""
    written: str
    """The path as the experiment file says it."""
    format: str
    """csv, tsv, json or jsonl."""
    mapping: RowMapping


@dataclass(frozen=True, slots=True)
class DatasetPart:
    """The dataset: a version of the site, a data file, or items written in the experiment file."""

    name: str
    version: int | None = None
    """Number of a frozen version of the site; None: the newest. Only where there is neither file nor items."""
    file: DataFile | None = None
    items: tuple[NewItem, ...] | None = None
    selection: Selection = field(default_factory=Selection)
    content_hash: str = ""
    """Of the version that file or items come to; "" for a version of the site."""
    item_count: int | None = None
    """Items of file or items before the selection; None for a version of the site."""

    @property
    def is_in_site(self) -> bool:
        """Whether the site has the items: the file names a version only."""
        return self.file is None and self.items is None


@dataclass(frozen=True, slots=True)
class ProviderPart:
    """A provider: declared here, or `use`d from the site."""

    name: str
    """By which the candidates of this file name it."""
    use: str = ""
    """Name of a provider of the site; then everything below is empty."""
    kind: str = ""
    base_url: str = ""
    file: Path | None = None
    """Recorded outputs, absolute, for kinds that replay a file."""
    api_key_env: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    max_in_flight: int | None = None
    """None: the site's default."""
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    timeout_s: float | None = None
    prices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """USD per million tokens: {"model": {"input": 2.5, "output": 10.0}}."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The kind's own, cleaned by its `Options`."""


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A prompt: its name, and messages as [{"role", "content"}]."""

    name: str
    messages: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class CandidatePart:
    """What competes; provider and prompt by their names in this file."""

    name: str
    provider: str
    model: str
    prompt: str
    params: Mapping[str, Any] = field(default_factory=dict)
    """Those of `defaults` merged in, without None."""


@dataclass(frozen=True, slots=True)
class ScorerPart:
    """A scorer with its place in the experiment."""

    name: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """The kind's own, cleaned by its `Options`, defaults filled in."""
    weight: float = 1.0
    higher_is_better: bool = True
    range: tuple[float, float] | None = None
    """Ends of its values: given, else the scorer's natural ones; None: it may carry no weight."""
    pass_value: float | None = None
    """The value from which it counts as passed; None: not said."""


@dataclass(frozen=True, slots=True)
class ExperimentFile:
    """An experiment as a file declares it, checked, with every default filled in."""

    name: str
    dataset: DatasetPart
    providers: tuple[ProviderPart, ...]
    prompts: tuple[PromptPart, ...]
    candidates: tuple[CandidatePart, ...]
    scorers: tuple[ScorerPart, ...]
    baseline: str
    """Name of a candidate."""
    project: str = DEFAULT_PROJECT
    description: str = ""
    tags: tuple[str, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    errors_policy: str = "exclude"
    """exclude or zero."""
    trials: int = 1
    reuse: bool = True
    timeout_s: float | None = None
    """Of one result; None: the provider's, else 300."""
    max_errors: str = "0"
    """A number, or a share like "1%"."""
    warnings: tuple[str, ...] = ()
    """Sentences about what is allowed and probably not meant."""

    def provider(self, name: str) -> ProviderPart:
        """Return the provider of this name in this file. Raises KeyError."""
        return {provider.name: provider for provider in self.providers}[name]

    def prompt(self, name: str) -> PromptPart:
        """Return the prompt of this name in this file. Raises KeyError."""
        return {prompt.name: prompt for prompt in self.prompts}[name]

    def config_hash(self, candidate: CandidatePart, *, kind: str = "", base_url: str = "") -> str:
        """Return the identity of a candidate's configuration.

        `kind` and `base_url` are those of a provider of the site, or of a stored file of recorded outputs.
        """
        provider = self.provider(candidate.provider)
        return config_hash(
            kind=kind or provider.kind,
            base_url=base_url or provider.base_url,
            model=candidate.model,
            messages=self.prompt(candidate.prompt).messages,
            params=candidate.params,
        )
