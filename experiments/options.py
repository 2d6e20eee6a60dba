"""Options of plug-ins: one declaration draws the form, validates API and file, and cleans the stored JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms


class OptionError(ValueError):
    """Options that do not fit; `errors` maps each option's name to a sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {sentence}" for name, sentence in errors.items()))
        self.errors = dict(errors)


class Options(forms.Form):
    """Base of every plug-in's options: a Django form that refuses names it does not know."""

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned options, defaults filled in, as JSON can hold them.

        None stands for an option that is not given. Raises OptionError for unknown names and for values of the
        wrong kind.
        """
        given = {name: value for name, value in raw.items() if value is not None}
        form = cls({**cls.defaults(), **given})
        errors = {name: cls._unknown(name) for name in raw if name not in form.fields}
        if not form.is_valid():
            errors |= {name: " ".join(map(str, sentences)) for name, sentences in form.errors.items()}
        if errors:
            raise OptionError(errors)
        return dict(form.cleaned_data)

    @classmethod
    def from_page(cls, post: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        """Return the options that a page sent, as `parse` takes them: lists as lines, an absent tick as false."""
        typed = {name: str(post.get(f"{prefix}{name}", "")).replace("\r\n", "\n") for name in cls.base_fields}
        return {name: _from_page(field, typed[name]) for name, field in cls.base_fields.items()}

    @classmethod
    def parse_each(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the same as `parse`, six times as fast, for a form without rules across its fields.

        For options that every item of a dataset may bring. Raises OptionError.
        """
        errors = {name: cls._unknown(name) for name in raw if name not in cls.base_fields}
        cleaned = {}
        for name, field in cls.base_fields.items():
            given = raw.get(name)
            try:
                cleaned[name] = field.clean(field.initial if given is None else given)
            except forms.ValidationError as error:
                errors[name] = " ".join(error.messages)
        if errors:
            raise OptionError(errors)
        return cleaned

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Return the value of every option that was not given."""
        return {name: field.initial for name, field in cls.base_fields.items() if field.initial is not None}

    @classmethod
    def _unknown(cls, name: str) -> str:
        known = ", ".join(cls.base_fields) or "none"
        return f'unknown option "{name}"; there are: {known}'


def _from_page(field: forms.Field, text: str) -> Any:
    if isinstance(field, forms.BooleanField):
        return bool(text)
    if isinstance(field, TextListField):
        return [line for line in text.split("\n") if line]
    return text or None


class RawInput(forms.TextInput):
    """A widget that hands on what was given, so that true, a list or an object reaches the field as it is."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:  # noqa: ARG002 - Django's
        """Return the value as given; None: not given."""
        return data.get(name)


class StrictCheckbox(forms.CheckboxInput):
    """A checkbox whose value the field judges: Django's own takes any text for true."""

    value_from_datadict = RawInput.value_from_datadict


class FlagField(forms.BooleanField):
    """True or false; absent is false."""

    widget = StrictCheckbox
    WORDS = {True: True, False: False, "true": True, "false": False, "on": True, "": False, None: False}

    def __init__(self, *, initial: bool = False, help_text: str = "") -> None:
        super().__init__(required=False, initial=initial, help_text=help_text)

    def to_python(self, value: Any) -> bool:
        """Return the flag. Raises ValidationError for anything but true and false ("on" is what browsers send)."""
        if not isinstance(value, bool | str | None) or value not in self.WORDS:
            raise forms.ValidationError("Write true or false.")
        return self.WORDS[value]


class NumberField(forms.FloatField):
    """A finite number; absent is the initial one."""

    def to_python(self, value: Any) -> Any:
        """Return the number. Raises ValidationError for anything else, true and false among it."""
        if isinstance(value, bool):
            raise forms.ValidationError("Write a number.")
        return super().to_python(value)

    def clean(self, value: Any) -> Any:
        """Return the number, the initial one for an empty field."""
        cleaned = super().clean(value)
        return self.initial if cleaned is None else cleaned


class TextField(forms.CharField):
    """A text, spaces at its ends kept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"strip": False, **kwargs})

    def to_python(self, value: Any) -> str | None:
        """Return the text. Raises ValidationError for numbers, lists and objects."""
        if value is not None and not isinstance(value, str):
            raise forms.ValidationError("Write a text.")
        return super().to_python(value)


class ChoiceField(forms.ChoiceField):
    """One of a few words; an empty field stands for the initial one."""

    def __init__(self, *, choices: Sequence[tuple[str, str]], initial: str, help_text: str = "") -> None:
        super().__init__(choices=choices, initial=initial, required=False, help_text=help_text)
        self.words = [word for word, _ in choices]

    def clean(self, value: Any) -> str:
        """Return the word. Raises ValidationError for another one, naming those there are."""
        if value in (None, ""):
            return str(self.initial)
        if value not in self.words:
            raise forms.ValidationError(f"Write one of {', '.join(self.words)}.")
        return str(value)


class Lines(forms.Textarea):
    """A widget that shows a list of texts, one a line."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 3, "placeholder": "one a line", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        """Return the lines."""
        return "\n".join(value) if isinstance(value, list | tuple) else super().format_value(value)


class TextListField(forms.Field):
    """A list of texts, spaces kept; one text stands for a list of one."""

    widget = Lines

    def to_python(self, value: Any) -> list[str]:
        """Return the list. Raises ValidationError for anything but texts."""
        if value in (None, ""):
            return []
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not all(isinstance(text, str) and text for text in texts):
            raise forms.ValidationError('Write a list of texts, like [",", " "].')
        return list(texts)


class RangeField(forms.Field):
    """Two finite numbers, the lower one first."""

    widget = RawInput

    def to_python(self, value: Any) -> list[float] | None:
        """Return [low, high], or None when nothing was given. Raises ValidationError otherwise."""
        if value in (None, ""):
            return None
        try:
            low, high = (_number(end) for end in (json.loads(value) if isinstance(value, str) else value))
        except (TypeError, ValueError):
            raise forms.ValidationError("Write two numbers, like [0, 5000].") from None
        if not (float("-inf") < low < high < float("inf")):
            raise forms.ValidationError("The first number must be below the second, and both finite.")
        return [low, high]

    def clean(self, value: Any) -> Any:
        """Return the range, the initial one for an empty field."""
        cleaned = super().clean(value)
        return self.initial if cleaned is None else cleaned


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"{value!r} is no number")
    return float(value)
