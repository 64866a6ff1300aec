"""The book's widgets. Each is two files of one stem: ``NAME.py``, its state; ``NAME.js``, its arithmetic and its looks.

A widget is an ordinary ipywidget in a live notebook. What is stored of it is a ``text/html`` element that names the widget, holds its
state and shows a picture of that state; on the website a small script brings the same element to life with the same JavaScript.
"""

import base64
import html
import json
from pathlib import Path

import anywidget

from lstmbook import palette

_HERE = Path(__file__).parent

_EXPORT = "export default { render };"  # with which every module ends
_IN_A_NOTEBOOK = """
// A notebook has its own use for arrows and letters ("x" cuts a cell). What is pressed in a widget is meant for the widget.
export default {
  render(context) {
    const stop = render(context);
    const keep = (event) => {
      const command = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter") || event.key === "Escape";
      if (!command) event.stopPropagation();
    };
    context.el.addEventListener("keydown", keep);
    return () => {
      context.el.removeEventListener("keydown", keep);
      stop?.();
    };
  },
};
"""


class BookWidget(anywidget.AnyWidget):
    """What all widgets of the book share. A subclass sets ``stem``, its traits (``sync=True``), ``picture`` and ``description``."""

    stem = ""
    _css = palette.css() + (_HERE / "widget.css").read_text("utf-8")

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "stem" in vars(cls):  # not for the classes that traitlets derives
            cls._esm = (_HERE / f"{cls.stem}.js").read_text("utf-8").replace(_EXPORT, _IN_A_NOTEBOOK)

    def held(self):
        """The synchronised traits of the widget by name, without those of ipywidgets itself."""
        inherited = set(anywidget.AnyWidget.class_trait_names())
        return {name: getattr(self, name) for name in sorted(self.keys) if name not in inherited and name[0] != "_"}

    def picture(self):
        """An SVG drawing of the present state, as text."""
        raise NotImplementedError

    def description(self):
        """One or two sentences that say what the picture shows; its alternative text."""
        raise NotImplementedError

    def stored(self):
        """The element that a stored notebook keeps and the website brings to life, as HTML."""
        svg = base64.b64encode(self.picture().encode()).decode()
        state = html.escape(json.dumps(self.held(), ensure_ascii=False, separators=(",", ":"), sort_keys=True))
        return (
            f'<div class="lstm-widget" data-widget="{self.stem}" data-state="{state}">'
            f'<img alt="{html.escape(self.description())}" src="data:image/svg+xml;base64,{svg}"></div>'
        )

    def __repr__(self):
        return f"<{type(self).__name__}: {self.description()}>"

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/html": self.stored(), "text/plain": repr(self)}, metadata
