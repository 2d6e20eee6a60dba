"""The form of one scorer: what every kind has, and the options of its own kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from evalsite.plugins import scorers
from experiments.actions import ActionRefused
from experiments.conditions import Condition
from experiments.declarations import ScorerDeclaration
from experiments.models import ScorerSpec
from experiments.options import FlagField, NumberField, OptionError, Options, RangeField
from scoring.scorers.base import Place

PREFIX = "option"
AS_KIND, HIGHER, LOWER = "", "higher", "lower"
DIRECTIONS = ((AS_KIND, "as the kind says"), (HIGHER, "higher is better"), (LOWER, "lower is better"))


class ScorerForm(forms.Form):
    """What every scorer has; the action checks the rest."""

    name = forms.CharField(max_length=100, help_text="a-z, 0-9, _ and -; the column's name on boards.")
    weight = NumberField(required=False, min_value=0, help_text="Empty: the kind's own. 0: shown, not counted.")
    range = RangeField(required=False, help_text="Lowest and highest value, like [0, 5000]. Empty: the kind's own.")
    direction = forms.ChoiceField(required=False, choices=DIRECTIONS)
    pass_value = NumberField(required=False, label="Pass", help_text="The value from which an answer counts as passed.")
    tags = forms.CharField(
        required=False, label="Items with the tags", help_text="It judges only those with each: billing, urgent."
    )
    split = forms.CharField(required=False, label="Items of the split", help_text="It judges only those. Empty: all.")

    @property
    def when(self) -> dict[str, Any]:
        """The condition on items, as an experiment file has it."""
        tags = [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]
        return Condition(tuple(tags), self.cleaned_data["split"]).as_json()


@dataclass(frozen=True)
class ScorerFields:
    """A scorer as it stands in a form: bound where something was typed."""

    kind: str
    form: ScorerForm
    options: Options
    carried: tuple[tuple[str, str], ...] = ()
    """What was typed into options that this kind does not have, by the name of the field: another kind may."""

    @classmethod
    def of(cls, spec: ScorerSpec, kind: str) -> "ScorerFields":
        """Return the form of a scorer as it is in force; of another kind with that kind's own options."""
        in_force = spec.revisions.filter(number=spec.revision).values_list("options", flat=True).first() or {}
        options = in_force if kind == spec.kind else {}
        return cls(kind, ScorerForm(initial=_initial(spec, in_force)), _blank(kind, options))

    @classmethod
    def new(cls, kind: str) -> "ScorerFields":
        """Return the form of a new scorer."""
        return cls(kind, ScorerForm(initial={"name": _usual_name(kind)}), _blank(kind, {}))

    @classmethod
    def typed(cls, kind: str, post: QueryDict, name: str = "") -> "ScorerFields":
        """Return what was typed; `name` is that of a scorer that has one already."""
        values = post.dict() | ({"name": name} if name else {})
        plugin = scorers.get(kind).Options
        raw = plugin.from_page(post, f"{PREFIX}-")
        shown = {f"{PREFIX}-{option}": value for option, value in raw.items()}
        return cls(kind, ScorerForm(values), plugin(shown, prefix=PREFIX), _carried(kind, post))

    @classmethod
    def chosen(cls, kind: str, former: str, post: QueryDict) -> "ScorerFields":
        """Return the form of another kind with what was typed under the former one; nothing is judged yet."""
        raw, ticks = scorers.get(kind).Options.from_page(post, f"{PREFIX}-"), scorers.get(former).Options.base_fields
        typed = {name: value for name, value in raw.items() if f"{PREFIX}-{name}" in post or name in ticks}
        values = post.dict()
        if values.get("name") == _usual_name(former):
            values["name"] = _usual_name(kind)
        carried = _carried(kind, post) + _unticked(kind, former, post)
        return cls(kind, ScorerForm(initial=values), _blank(kind, typed), carried)

    @property
    def help_text(self) -> str:
        """What the kind looks at."""
        return str(scorers.get(self.kind).help_text)

    @property
    def is_tried(self) -> bool:
        """Whether it can be tried on an answer."""
        return scorers.get(self.kind).place is not Place.NOWHERE

    @property
    def is_wrong(self) -> bool:
        """Whether something does not fit."""
        return self.form.is_bound and bool(self.form.errors or self.options.errors)

    def parsed(self) -> dict[str, Any] | None:
        """Return the cleaned options; None: they do not fit, and the fields say why."""
        raw = {name: self.options.data.get(f"{PREFIX}-{name}") for name in self.options.fields}
        try:
            return type(self.options).parse(raw)
        except OptionError as error:
            for name, sentence in error.errors.items():
                if name not in self.options.errors:
                    self.options.add_error(name if name in self.options.fields else None, sentence)
            return None

    def declaration(self) -> ScorerDeclaration | None:
        """Return what is declared; None: something does not fit, and the fields say what."""
        options = self.parsed()
        if not self.form.is_valid() or options is None:
            return None
        values = self.form.cleaned_data
        bounds, direction = values["range"], values["direction"]
        return ScorerDeclaration(
            name=values["name"],
            kind=self.kind,
            options=options,
            weight=values["weight"],
            range=(bounds[0], bounds[1]) if bounds else None,
            higher_is_better=None if direction == AS_KIND else direction == HIGHER,
            pass_value=values["pass_value"],
            when=self.form.when,
        )

    def refuse(self, refusal: ActionRefused) -> None:
        """Say what does not fit at its place."""
        self.form.add_error(refusal.field if refusal.field in self.form.fields else None, str(refusal))


def shown_of(spec: ScorerSpec | None) -> dict[str, Any]:
    """Return what the form of a scorer shows as it is in force; {} for a new one."""
    if spec is None:
        return {}
    in_force = spec.revisions.filter(number=spec.revision).values_list("options", flat=True).first() or {}
    return {"kind": spec.kind, "options": in_force, **_initial(spec, in_force)}


def _usual_name(kind: str) -> str:
    return kind.replace("_", "-")


def _carried(kind: str, post: QueryDict) -> tuple[tuple[str, str], ...]:
    own = {f"{PREFIX}-{name}" for name in scorers.get(kind).Options.base_fields}
    return tuple(
        (name, str(value)) for name, value in post.items() if name.startswith(f"{PREFIX}-") and name not in own
    )


def _unticked(kind: str, former: str, post: QueryDict) -> tuple[tuple[str, str], ...]:
    """Return the ticks that were taken away under the former kind, as empty texts: absent ones are not told apart."""
    own = scorers.get(kind).Options.base_fields
    ticks = [name for name, field in scorers.get(former).Options.base_fields.items() if isinstance(field, FlagField)]
    return tuple((f"{PREFIX}-{name}", "") for name in ticks if name not in own and f"{PREFIX}-{name}" not in post)


def _blank(kind: str, options: Mapping[str, Any]) -> Options:
    form: Options = scorers.get(kind).Options(initial=dict(options), prefix=PREFIX)
    return form


def _initial(spec: ScorerSpec, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a scorer, those that are its kind's own left empty."""
    kind, condition = scorers.get(spec.kind), Condition.of(spec.when)
    bounds = (spec.range_low, spec.range_high)
    direction = HIGHER if spec.higher_is_better else LOWER
    own = kind.range_of(options) if options else kind.natural_range
    return {
        "name": spec.name,
        "weight": f"{spec.weight:g}",
        "range": list(bounds) if None not in bounds and bounds != own else None,
        "direction": AS_KIND if spec.higher_is_better == kind.higher_is_better else direction,
        "pass_value": spec.pass_value,
        "tags": ", ".join(condition.tags),
        "split": condition.split,
    }


def kind_choices() -> list[tuple[str, str]]:
    """Return every kind of scorer with its label."""
    return [(kind, plugin.label) for kind, plugin in scorers.all().items()]
