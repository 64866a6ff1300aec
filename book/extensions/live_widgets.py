"""Widgets without a kernel.

A stored widget is an element ``<div data-widget="NAME" data-state="...">``. Each page that holds one gets the module ``NAME.js`` of
``lstmbook.widgets`` and a small host that renders it there. The module travels as text inside an ordinary script, because a browser
refuses to load a module from a file system, and the book opens from one too.

``{widget} NAME`` repeats, on a page without code, the widget that a chapter has stored: one source, also for the picture in it. Where
chapters have stored several, ``:state: {"c_before": 0.8}`` takes the first whose state says so; otherwise it is the first of all.
"""

import html
import json
import re
import sys
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "code" / "lstmbook" / "widgets"
STORED = re.compile(r'<div class="lstm-widget" data-widget="(\w+)"')

ROOM = {
    "fading_memory": {0: 1218, 332: 1145, 344: 1101, 368: 1075, 375: 1031, 404: 1005, 446: 961, 488: 935, 512: 890, 596: 820, 614: 745},
    "gate_lab": {0: 1702, 326: 1653, 332: 1610, 344: 1568, 350: 1542, 392: 1507, 446: 1464, 614: 1015},
    "gate_puzzle": {0: 1565, 344: 1478, 356: 1419, 404: 1375, 412: 1323, 452: 1297, 506: 1275, 536: 1224, 614: 1353, 626: 1069},
    "memory_reader": {0: 1910, 338: 1865, 368: 1832, 380: 1806, 390: 1780, 404: 1748, 488: 1716, 566: 1677, 614: 1587, 674: 1041},
    "sentence_window": {0: 537, 368: 511, 614: 325},
    "gradient_reach": {0: 737, 332: 683, 614: 577, 632: 571, 692: 580},
    "one_gate": {0: 410, 338: 386, 344: 362, 620: 304},
    "phase_diagram": {0: 1219, 338: 1193, 362: 1166, 380: 1122, 410: 1101, 464: 1075, 536: 1049, 614: 998, 644: 976, 674: 689},
}
"""How many pixels high each widget is alive, from which width of the window on. A page keeps this room for it, so that nothing below it
moves when it comes to life."""

sys.path.append(str(ROOT / "code"))
from lstmbook import palette


class Widget(SphinxDirective):
    """``{widget} NAME``: what a chapter has stored, once more."""

    required_arguments = 1
    option_spec: ClassVar = {"state": json.loads}

    def run(self):
        name, wanted = self.arguments[0], self.options.get("state", {})
        for path in sorted((ROOT / "chapters").glob("*.ipynb")):
            for cell in json.loads(path.read_text("utf-8"))["cells"]:
                for output in cell.get("outputs", []):
                    stored = "".join(output.get("data", {}).get("text/html", ""))
                    found = re.search(rf'data-widget="{name}" data-state="([^"]*)"', stored)
                    if found and wanted.items() <= json.loads(html.unescape(found[1])).items():
                        self.env.note_dependency(str(path))
                        return [nodes.raw("", stored, format="html")]
        state = f" with {json.dumps(wanted)}" if wanted else ""
        raise self.error(f"no chapter has stored a widget called {name!r}{state}: run make notebooks first")


class Palette(SphinxDirective):
    """The table of the book's colours, from the palette itself."""

    def run(self):
        rows = "".join(
            f'<tr><td><span class="lb-swatch" style="background:{entry["colour"]}"></span></td>'
            f'<td><b style="color:var(--lstm-{name}-ink)">{entry["means"]}</b></td><td><code>{entry["colour"]}</code></td></tr>'
            for name, entry in palette.PALETTE.items()
        )
        head = "<thead><tr><th>colour</th><th>means</th><th>value</th></tr></thead>"
        return [nodes.raw("", f'<table class="table">{head}<tbody>{rows}</tbody></table>', format="html")]


def add_modules(app, pagename, templatename, context, doctree):
    """Give a page the module of each widget that it holds, and the host."""
    for name in sorted(set(STORED.findall(context.get("body", "")))):
        if not (MODULES / f"{name}.js").is_file():
            raise ValueError(f"{pagename} holds a widget called {name!r}, but code/lstmbook/widgets/{name}.js is not there")
        app.add_js_file(f"widgets/{name}.js", loading_method="defer")
    if STORED.search(context.get("body", "")):
        app.add_js_file("widget_host.js", loading_method="defer", priority=900)


def room():
    """The style sheet that keeps ``ROOM`` where widgets can come to life."""
    rules = "".join(
        f'@media (min-width: {width}px) {{ [data-widget="{name}"] {{ min-height: {height / 16:g}rem; }} }}\n'
        for name, steps in ROOM.items()
        for width, height in steps.items()
    )
    return f"@media screen and (scripting: enabled) {{\n{rules}}}\n"


def write_assets(app):
    """Write what is derived: the palette and the widgets' look as one style sheet, each module as a script that carries it as text."""
    static = Path(app.outdir) / "_static"
    (static / "widgets").mkdir(parents=True, exist_ok=True)
    (static / "widgets.css").write_text(palette.css() + (MODULES / "widget.css").read_text("utf-8") + room(), "utf-8")
    for module in MODULES.glob("*.js"):
        text = json.dumps(module.read_text("utf-8"))
        (static / "widgets" / module.name).write_text(f'(window.lstmWidgets ??= {{}})["{module.stem}"] = {text};\n', "utf-8")
    (static / "widget_host.js").write_text((Path(__file__).with_name("widget_host.js")).read_text("utf-8"), "utf-8")


def setup(app):
    app.add_directive("widget", Widget)
    app.add_directive("palette", Palette)
    app.connect("builder-inited", write_assets)
    app.connect("html-page-context", add_modules)
    app.add_css_file("widgets.css", priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
