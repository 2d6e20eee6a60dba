"""The contrast of the tokens in both themes (WCAG 2.2, success criteria 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
PAIR = re.compile(r"--([a-z0-9-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);")
COLOURS = {name: {"light": light, "dark": dark} for name, light, dark in PAIR.findall(TOKENS)}

TEXT = 4.5
GRAPHICS = 3.0
SURFACES = ("bg", "card", "raised", "hover")
TEXT_ON_SURFACES = ("ink", "muted", "accent", "better", "worse", "error", "attention", "running", "quiet")
TEXT_ON_ITS_OWN = (
    ("accent-ink", "accent"),
    ("accent-ink", "accent-hover"),
    ("accent", "accent-soft"),
    ("ink", "accent-soft"),
    ("error", "error-soft"),
    ("attention", "attention-soft"),
    ("running", "running-soft"),
    ("quiet", "quiet-soft"),
    ("ink", "pressed"),
    ("muted", "pressed"),
)
GRAPHICS_ON_SURFACES = ("edge", "focus", "bar", "flight", "whisker", "error", *(f"series-{n}" for n in range(1, 9)))
GRAPHIC_GROUNDS = ("bg", "card")


def luminance(colour: str) -> float:
    """Return the relative luminance of `rrggbb`. Source: WCAG 2.2, definition of relative luminance."""
    shares = [int(colour[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21. Source: WCAG 2.2, definition of contrast ratio."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_of_black_on_white_is_twenty_one() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", SURFACES)
@pytest.mark.parametrize("name", TEXT_ON_SURFACES)
def test_text_on_a_surface_is_legible(name: str, ground: str, theme: str) -> None:
    assert contrast(COLOURS[name][theme], COLOURS[ground][theme]) >= TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("name", "ground"), TEXT_ON_ITS_OWN)
def test_text_on_its_own_ground_is_legible(name: str, ground: str, theme: str) -> None:
    assert contrast(COLOURS[name][theme], COLOURS[ground][theme]) >= TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", GRAPHIC_GROUNDS)
@pytest.mark.parametrize("name", GRAPHICS_ON_SURFACES)
def test_graphics_and_edges_stand_out_from_what_they_touch(name: str, ground: str, theme: str) -> None:
    assert contrast(COLOURS[name][theme], COLOURS[ground][theme]) >= GRAPHICS


def test_every_colour_is_written_for_both_themes() -> None:
    hexadecimal = [line for line in TOKENS.splitlines() if "#" in line]

    assert [line for line in hexadecimal if "light-dark(" not in line] == []
