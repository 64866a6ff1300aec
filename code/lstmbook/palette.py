"""One colour, one meaning: the palette of every figure, equation and widget, read from ``palette.json``.

The seven hues are those of Okabe and Ito, which people with colour-blindness can tell apart (Wong 2011), and a grey. ``colour``
fills and draws; ``on_light`` and ``on_dark`` are the same hue, dark or light enough to be read as text on a light or a dark page.
"""

import json
from pathlib import Path

PALETTE = json.loads(Path(__file__).with_name("palette.json").read_text("utf-8"))

COLOURS = {name: entry["colour"] for name, entry in PALETTE.items()}
"""The colour of each thing by name: ``forget``, ``input``, ``candidate``, ``output``, ``cell``, ``hidden``, ``rnn``."""


def css():
    """The palette as CSS variables: ``--lstm-hidden`` to fill with, ``--lstm-hidden-ink`` to write with."""
    fills = "".join(f"--lstm-{name}:{entry['colour']};" for name, entry in PALETTE.items())
    light = "".join(f"--lstm-{name}-ink:{entry['on_light']};" for name, entry in PALETTE.items())
    dark = "".join(f"--lstm-{name}-ink:{entry['on_dark']};" for name, entry in PALETTE.items())
    return f':root{{{fills}{light}}}\n:root[data-theme="dark"],body[data-jp-theme-light="false"]{{{dark}}}\n'
