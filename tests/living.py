"""A stored widget comes to life on a page of a test, by the host and the style sheet of the site; and how fast it answers there."""

from pathlib import Path

import numpy as np

from lstmbook import palette

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "code" / "lstmbook" / "widgets"
HOST = ROOT / "book" / "extensions" / "widget_host.js"


def style():
    """The palette and the look of the widgets."""
    return palette.css() + (SOURCES / "widget.css").read_text("utf-8")


def enliven(page, view):
    """Bring what a page holds of a widget to life."""
    page.evaluate("source => { window.lstmWidgets = source }", {view.stem: (SOURCES / f"{view.stem}.js").read_text("utf-8")})
    page.add_script_tag(content=HOST.read_text("utf-8"))
    page.wait_for_selector("[data-live]")


FRAME = 16
"""Milliseconds between two pictures of a screen."""

ORDINARY = 4
"""Milliseconds that the yardstick takes on an ordinary machine."""

YARDSTICK = """() => {
    const start = performance.now(), box = document.body.appendChild(document.createElement("div"));
    for (let n = 0; n < 3; n++) {
        box.innerHTML = "<p>word <b>word</b></p>".repeat(24) + "<svg viewBox='0 0 99 9'>" + "<path d='M0 0L9 9'/>".repeat(60) + "</svg>";
        box.getBoundingClientRect();
    }
    let sum = 0;
    for (let n = 0; n < 20000; n++) sum += Math.tanh(n % 7 - sum / 1e6);
    box.remove();
    return performance.now() - start;
}"""


def answered(page, move):
    """Milliseconds in which a widget answers half of its moves, drawn and laid out, on an ordinary machine.

    Before each move a yardstick is timed, the same arithmetic and layout every time: on a machine that is slow, or busy, it takes longer
    than on an ordinary one, and the move counts for as much less.

    Args:
        move: JavaScript, a function that moves a control of the widget; it is called with 0, 1, 2, ..., 79.
    """
    took = page.evaluate(f"""() => {{
        const yardstick = {YARDSTICK}, move = {move}, box = document.querySelector(".lw-box");
        return Array.from({{ length: 80 }}, (_, n) => {{
            const yard = yardstick(), start = performance.now();
            move(n);
            box.getBoundingClientRect();
            return [performance.now() - start, yard];
        }});
    }}""")
    moves, yards = np.transpose(took)
    return np.median(moves * np.minimum(1, ORDINARY / yards))
