"""A dark copy of each figure, for the dark theme: what was ink on white is light on the page, and each colour keeps its meaning.

Turned inside out by a filter, the light blue of the output gate would look like the dark blue of the hidden state. So each colour of a
picture is read as a hue of the palette, laid over white, and some black, and mixed anew for a dark page. A page carries both pictures,
and shows, and fetches, the one of its theme.
"""

import io
import re
import sys
from pathlib import Path

from PIL import Image

sys.path.append(str(Path(__file__).parents[2] / "code"))
from lstmbook import palette
from lstmbook.palette import PALETTE

PAGE, INK = "#121212", "#E0E0E0"
GREYS = {"#ffffff": PAGE, "#f6f6f6": "#1E1E1E", "#f1f1f1": "#242424", "#222222": INK, "#444444": "#B8B8B8"}
"""Of the drawings."""
PICTURE = re.compile(r'<img (?=[^>]*src="([^"]*_images/)([^"/]+)")[^>]*>')


def parts(colour):
    """The three numbers of a colour, from 0 to 1."""
    return [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]


HUES = [([1 - part for part in parts(entry["colour"])], parts(entry["on_dark"])) for entry in PALETTE.values()]


def mixed(red, green, blue):
    """A colour of a figure on white as red, green, blue and opacity on a dark page, each from 0 to 255."""
    ink, best = [1 - part / 255 for part in (red, green, blue)], None
    for hue, on_dark in HUES:  # ink = share * hue + black, by least squares
        total, length, along = sum(hue), sum(part * part for part in hue), sum(a * b for a, b in zip(ink, hue, strict=True))
        spread = length - total * total / 3
        share = max(0, (along - total * sum(ink) / 3) / spread) if spread > 1e-6 else 0
        black = (sum(ink) - share * total) / 3
        if black < 0:
            share, black = max(0, along / length), 0
        missed = sum((part - share * there - black) ** 2 for part, there in zip(ink, hue, strict=True))
        if black > 0.01:
            missed += 1e-4  # a tint of the hidden state's blue is nearly the output gate's and some black: then it is the tint
        if best is None or missed < best[0] - 1e-9:
            best = missed, share, black, on_dark
    _, share, black, on_dark = best
    covered = share + black
    if covered < 1 / 255:
        return 0, 0, 0, 0
    lit = [(share * part + black * grey) / covered for part, grey in zip(on_dark, parts(INK), strict=True)]
    return *(round(255 * part) for part in lit), round(255 * min(1, covered))


def dark_picture(content):
    """The dark copy of a PNG picture."""
    image = Image.open(io.BytesIO(content)).convert("RGBA")
    paper = Image.new("RGBA", image.size, "white")
    image = Image.alpha_composite(paper, image).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    colours = image.getpalette()
    lit = [mixed(*colours[k : k + 3]) for k in range(0, len(colours), 3)]
    image.putpalette([part for colour in lit for part in colour[:3]])
    target = io.BytesIO()
    image.save(target, "PNG", optimize=True, transparency=bytes(colour[3] for colour in lit))
    return target.getvalue()


def dark_drawing(content):
    """The dark copy of a drawing."""
    lit = GREYS | {entry[ink].lower(): entry["on_dark"] for entry in PALETTE.values() for ink in ("colour", "on_light")}

    def on_dark(found):
        if found[0].lower() not in lit:
            raise ValueError(f"a drawing has the colour {found[0]}: take one of the palette, or one of {', '.join(GREYS)}")
        return lit[found[0].lower()]

    return re.sub(r"#[0-9A-Fa-f]{6}\b", on_dark, content.decode()).encode()


def show_both(app, pagename, templatename, context, doctree):
    """Behind each picture of a page its dark copy."""

    def both(found):
        tag = re.sub(r' class="[^"]*"', "", found[0])
        there = tag.replace(f'src="{found[1]}{found[2]}"', f'src="{found[1]}dark/{found[2]}"')
        return tag.replace("<img", '<img class="only-light"', 1) + there.replace("<img", '<img class="only-dark"', 1)

    if "body" in context:
        context["body"] = PICTURE.sub(both, context["body"])


def draw(app, exception):
    """Make the copies that are not there yet, or were mixed in another way; a picture's name tells its content."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_images" / "dark"
    folder.mkdir(parents=True, exist_ok=True)
    mixture = max(path.stat().st_mtime for path in (Path(__file__), Path(palette.__file__).with_name("palette.json")))
    for path in Path(app.outdir, "_images").glob("*.*"):
        target = folder / path.name
        if path.suffix == ".svg":
            target.write_bytes(dark_drawing(path.read_bytes()))
        elif not target.exists() or target.stat().st_mtime < mixture:
            target.write_bytes(dark_picture(path.read_bytes()))


def setup(app):
    app.connect("html-page-context", show_both, priority=992)
    app.connect("build-finished", draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
