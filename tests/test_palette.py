import io
import json
import re
from pathlib import Path

import dark_figures
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import colors
from PIL import Image

from lstmbook import palette, plots

ROOT = Path(__file__).parents[1]
HOUSE = {
    "forget": "#D55E00", "input": "#009E73", "candidate": "#E69F00", "output": "#56B4E9", "cell": "#CC79A7", "hidden": "#0072B2",
}  # fmt: skip


def contrast(first, second):
    """The contrast ratio of WCAG 2.2, from 1 to 21."""

    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colors.to_rgb(colour)]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_one_colour_has_one_meaning():
    assert {name: palette.COLOURS[name] for name in HOUSE} == HOUSE
    assert len(set(palette.COLOURS.values())) == len(palette.COLOURS) == 7


@pytest.mark.parametrize("name", palette.PALETTE)
def test_every_ink_can_be_read_on_its_page(name):
    entry = palette.PALETTE[name]
    assert contrast(entry["on_light"], "#f3f4f5") >= 4.5
    assert contrast(entry["on_dark"], "#29313d") >= 4.5


def test_the_style_sheet_of_the_figures_draws_in_the_palette():
    with plt.style.context("lstmbook.book"):
        cycle = {f"#{colour}".upper().replace("##", "#") for colour in plt.rcParams["axes.prop_cycle"].by_key()["color"]}
    assert cycle <= set(palette.COLOURS.values())


@pytest.mark.parametrize("name", HOUSE)
def test_a_colour_of_a_figure_is_its_own_on_a_dark_page(name):
    """Whole, mixed with the white of the paper as at the edge of a line, and darkened for letters."""
    entry = palette.PALETTE[name]
    drawn, lit = np.array(colors.to_rgb(entry["colour"])), 255 * np.array(colors.to_rgb(entry["on_dark"]))
    *colour, opacity = dark_figures.mixed(*(255 * drawn).round())
    assert np.allclose(colour, lit, atol=2) and opacity == 255
    for share in np.linspace(0.1, 0.9, 41):
        *colour, opacity = dark_figures.mixed(*(255 * (1 - share * (1 - drawn))).round())
        assert np.allclose(colour, lit, atol=8) and abs(opacity - share * 255) < 3, share
    *colour, opacity = dark_figures.mixed(*(255 * np.array(colors.to_rgb(entry["on_light"]))).round())
    assert opacity == 255 and contrast(np.array(colour) / 255, dark_figures.PAGE) >= 4.5


def test_white_paper_is_the_dark_page_and_black_ink_is_light():
    assert dark_figures.mixed(255, 255, 255)[3] == 0
    assert dark_figures.mixed(0, 0, 0) == (0xE0, 0xE0, 0xE0, 255)
    *grey, opacity = dark_figures.mixed(0x44, 0x44, 0x44)
    assert min(grey) > 150 and opacity > 180


def test_the_dark_copy_of_a_picture_has_its_shape_and_nothing_of_its_paper():
    buffer = io.BytesIO()
    picture = Image.new("RGB", (40, 20), "white")
    picture.paste(palette.COLOURS["output"], (10, 5, 30, 15))
    picture.save(buffer, "PNG")
    dark = Image.open(io.BytesIO(dark_figures.dark_picture(buffer.getvalue()))).convert("RGBA")
    assert dark.size == (40, 20)
    assert dark.getpixel((2, 2))[3] == 0 and dark.getpixel((20, 10)) == (
        *(round(255 * part) for part in colors.to_rgb(palette.PALETTE["output"]["on_dark"])),
        255,
    )


def test_a_drawing_in_a_foreign_colour_is_one_sentence():
    with pytest.raises(ValueError, match="a drawing has the colour #123456: take one of the palette"):
        dark_figures.dark_drawing(b'<svg><path fill="#123456"/></svg>')


def hues(text):
    """Every colour in ``text`` that is neither black, white nor a shade of grey."""
    found = re.findall(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b", text)
    return {c for c in found if max(colors.to_rgb(c)) - min(colors.to_rgb(c)) > 0.08}


@pytest.mark.parametrize(
    "path",
    [
        p
        for pattern in (
            "book/**/*.css",
            "book/**/*.svg",
            "book/*.md",
            "code/**/*.js",
            "code/**/*.css",
            "code/**/*.py",
            "code/**/*.mplstyle",
            "chapters/*.ipynb",
        )
        for p in sorted(ROOT.glob(pattern))
    ],
    ids=lambda p: p.name,
)
def test_no_file_brings_a_colour_of_its_own(path):
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    shades = {entry[key].lower() for entry in palette.PALETTE.values() for key in ("colour", "on_light", "on_dark")}
    tints = {"#dcebf5"}  # the hidden state's blue, thinned with white
    assert {c.lower() for c in hues(text)} <= shades | tints


def test_css_variables_carry_both_themes():
    css = palette.css()
    assert "--lstm-hidden:#0072B2" in css
    light, dark = css.strip().splitlines()
    assert f"--lstm-forget-ink:{palette.PALETTE['forget']['on_light']}" in light
    assert f"--lstm-forget-ink:{palette.PALETTE['forget']['on_dark']}" in dark


def test_an_accuracy_axis_says_where_chance_lies():
    fig, ax = plt.subplots()
    plots.accuracy_axis(ax, chance=0.25)
    assert ax.lines[0].get_ydata() == [0.25, 0.25]
    assert "25%" in ax.texts[0].get_text()
    assert ax.get_ylim()[1] > 1
    plt.close(fig)
