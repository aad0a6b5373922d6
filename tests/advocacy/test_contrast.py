"""Every pair of color tokens on a page keeps the contrast of WCAG 2.2 AA, in the light and the dark scheme.

Criterion 1.4.3 asks 4.5:1 for text, 1.4.11 asks 3:1 for edges that tell something (fields, focus, tones).
A new pair on a page is a new line in TEXT or EDGES here.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "advocacy" / "static" / "advocacy" / "css"
TOKENS = CSS / "tokens.css"
SCHEMES = ("light", "dark")

GROUNDS = ("surface", "canvas", "surface-sunk")
TONES = ("bad", "warn", "good", "info", "plan")

TEXT = (
    [(ink, ground) for ink in ("ink", "ink-quiet", "link", "link-hover") for ground in GROUNDS]
    + [(f"{tone}-ink", f"{tone}-ground") for tone in TONES]
    + [(f"{tone}-ink", ground) for tone in TONES for ground in ("surface", "canvas", "info-ground")]
    + [(ink, f"{tone}-ground") for tone in TONES for ink in ("ink", "link")]
    + [("ink-quiet", "info-ground")]
    + [("on-brand", "brand"), ("on-brand", "brand-lift"), ("on-brand-quiet", "brand")]
    + [(f"on-{act}", ground) for act in ("action", "danger") for ground in (act, f"{act}-hover")]
    + [("on-mark", "mark"), ("on-mark", "mark-lit"), ("on-focus", "focus")]
)
EDGES = (
    [("line-strong", ground) for ground in ("surface", "canvas")]
    + [("focus", ground) for ground in GROUNDS]
    + [("on-brand", "brand"), ("on-brand", "brand-lift"), ("action", "surface"), ("action", "canvas")]
    + [(f"{tone}-edge", ground) for tone in TONES for ground in ("surface", f"{tone}-ground")]
)

# What the content policy (default-src 'self') would refuse, and what would keep patient data in a browser.
REFUSED = re.compile(
    r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:|//|data:)[^"')\s]*"""
    r"""|\sstyle\s*=\s*["']|<style|\son[a-z]+\s*=\s*["']|localStorage|sessionStorage|indexedDB"""
)


def colors(scheme: str) -> dict[str, str]:
    """The color tokens of one scheme by name, as six-digit hex without the number sign."""
    light, dark = TOKENS.read_text(encoding="utf-8").split("@media screen and (prefers-color-scheme: dark)")
    return dict(re.findall(r"--([a-z-]+):\s*#([0-9a-f]{6});", light if scheme == "light" else dark))


def luminance(color: str) -> float:
    """Relative luminance of a six-digit hex color, 0 for black to 1 for white (WCAG 2.2, definition)."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two six-digit hex colors, 1 to 21 (WCAG 2.2, definition)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def short_of(pairs: list[tuple[str, str]], least: float, scheme: str) -> list[str]:
    """The pairs of a scheme that stay below the least ratio, each with the ratio it has."""
    of = colors(scheme)
    return [
        f"{ink} on {ground}: {contrast(of[ink], of[ground]):.2f}"
        for ink, ground in pairs
        if contrast(of[ink], of[ground]) < least
    ]


def test_contrast_of_black_on_white_is_21() -> None:
    assert round(contrast("000000", "ffffff"), 2) == 21.0
    assert round(contrast("777777", "ffffff"), 2) == 4.48


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_keeps_4_5_to_1(scheme: str) -> None:
    assert short_of(TEXT, 4.5, scheme) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_edges_keep_3_to_1(scheme: str) -> None:
    assert short_of(EDGES, 3.0, scheme) == []


def test_both_schemes_name_the_same_colors() -> None:
    assert sorted(colors("light")) == sorted(colors("dark"))


def test_sheets_use_only_tokens_that_exist() -> None:
    known = set(re.findall(r"--([a-z0-9-]+):", TOKENS.read_text(encoding="utf-8")))
    unknown = {
        f"{sheet.name}: {name}"
        for sheet in CSS.glob("*.css")
        for name in re.findall(r"var\(--([a-z0-9-]+)", sheet.read_text(encoding="utf-8"))
        if name not in known
    }
    assert unknown == set()


def test_sheets_and_templates_load_nothing_from_elsewhere() -> None:
    root = CSS.parents[3]
    sheets_and_scripts = [*CSS.parent.rglob("*.css"), *CSS.parent.rglob("*.js")]
    found = [
        f"{path.relative_to(root)}: {hit}"
        for path in [*sheets_and_scripts, *(root / "templates").rglob("*.html")]
        for hit in REFUSED.findall(path.read_text(encoding="utf-8"))
    ]
    assert found == []
