"""A stored widget comes to life on a page of a test, by the host and the style sheet of the site."""

from pathlib import Path

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
