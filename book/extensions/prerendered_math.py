"""Mathematics typeset while the book is built.

MathJax turns each formula into an SVG picture with hidden MathML beside it for screen readers. It runs here, in a small JavaScript
engine, and not in the reader's browser: a page needs no script, no font and no second host to show its formulas, and an unknown
command fails the build. A colour of the palette in a formula becomes a CSS variable, so that it stays legible on a dark page; and all
that has one colour becomes one path, because a browser lays out every node of a page.
"""

import functools
import importlib.util
import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import quickjs
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number

sys.path.append(str(Path(__file__).parents[2] / "code"))
from lstmbook.palette import PALETTE

COMPONENTS = (
    "loader.js",
    "core.js",
    "adaptors/liteDOM.js",
    "input/tex-full.js",
    "output/svg.js",
    "output/svg/fonts/tex.js",
    "a11y/assistive-mml.js",
)
SETUP = """
const mj = MathJax._, dom = mj.adaptors.liteAdaptor.liteAdaptor();
mj.a11y["assistive-mml"].AssistiveMmlHandler(mj.handlers.html_ts.RegisterHTMLHandler(dom));
const page = mj.mathjax.mathjax.document("", {
  InputJax: new mj.input.tex_ts.TeX({
    packages: ["base", "ams", "newcommand", "color", "boldsymbol"],
    formatError: (jax, error) => { throw new Error(error.message); },
  }),
  OutputJax: new mj.output.svg_ts.SVG({fontCache: "none", font: new mj.output.svg.fonts.tex_ts.TeXFont()}),
});
const typeset = (tex, display) => JSON.stringify(dom.outerHTML(page.convert(tex, {display})));
"""
SVG = "{http://www.w3.org/2000/svg}"
ElementTree.register_namespace("", SVG.strip("{}"))
INKS = {entry["colour"]: f"var(--lstm-{name}-ink)" for name, entry in PALETTE.items()}


@functools.cache
def _mathjax():
    # The package is only a carrier of MathJax's files: its folder has a hyphen, so it is found, not imported.
    folder = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    engine = quickjs.Context()
    engine.eval("globalThis.global = globalThis; globalThis.MathJax = {loader: {load: []}}; 0")
    for component in COMPONENTS:
        engine.eval((folder / component).read_text("utf-8") + ";0")
    while engine.execute_pending_job():
        pass
    engine.eval(SETUP + ";0")
    return engine


def drawn(tex, display):
    """One formula as MathJax makes it."""
    return json.loads(_mathjax().eval(f"typeset({json.dumps(tex)}, {json.dumps(display)})"))


@functools.cache
def typeset(tex, display):
    """One formula as HTML."""
    markup = drawn(tex, display)
    tree = re.search("<svg.*</svg>", markup, re.S)[0]
    return markup.replace(tree, flat(tree))


def flat(drawing):
    """The same drawing, where MathJax has a node for each sign, subscript and fraction, with one path for all signs of a colour."""
    root = ElementTree.fromstring(drawing)
    paths, rest = {}, []  # bars apart from signs: where two outlines of one path run against each other, a hole remains

    def walk(node, place, colour):
        place, colour = _moved(place, node.get("transform", "")), node.get("fill", colour)
        kind = node.tag.removeprefix(SVG)
        if kind == "g":
            for child in node:
                walk(child, place, colour)
        elif kind == "path":
            paths.setdefault((kind, colour), []).append(_placed(node.get("d"), place))
        elif kind == "rect":
            x, y, width, height = (float(node.get(name)) for name in ("x", "y", "width", "height"))
            paths.setdefault((kind, colour), []).append(_placed(f"M{x} {y}H{x + width}V{y + height}H{x}Z", place))
        else:  # a brace that is as wide as what it spans is drawn in windows
            a, d, e, f = place
            rest.append(ElementTree.Element("g", {"transform": f"matrix({a} 0 0 {d} {e} {f})", **_filled(colour)}))
            rest[-1].append(node)

    for child in root:
        walk(child, (1, 1, 0, 0), "currentColor")
    root.set("fill", "currentColor")
    root[:] = [ElementTree.Element("path", {"d": "".join(parts), **_filled(colour)}) for (_, colour), parts in paths.items() if any(parts)]
    root.extend(rest)
    return ElementTree.tostring(root, "unicode", short_empty_elements=False)


def _filled(colour):
    if colour in INKS:
        return {"style": f"fill:{INKS[colour]}"}
    return {} if colour == "currentColor" else {"fill": colour}


def _moved(place, transform):
    """Where (x, y) comes to lie, ``(a, d, e, f)`` for (a x + e, d y + f), after one more transformation before the others."""
    a, d, e, f = place
    for name, numbers in re.findall(r"(\w+)\(([^)]*)\)", transform):
        first, *second = map(float, re.split("[ ,]+", numbers))
        if name == "translate":
            e, f = e + a * first, f + d * sum(second)
        else:  # scale
            a, d = a * first, d * (second or [first])[0]
    return a, d, e, f


def _placed(path, place):
    """The data of a path, of which all commands are absolute and none is an arc, at another place: in whole thousandths of a letter."""
    a, d, e, f = place

    def moved(command):
        name, numbers = command[1], [float(number) for number in re.findall(r"-?[\d.]+", command[2])]
        across = [name != "V" and (name == "H" or k % 2 == 0) for k in range(len(numbers))]
        return name + " ".join(str(round(a * v + e if x else d * v + f)) for v, x in zip(numbers, across, strict=True))

    return re.sub(r"([A-Z])([^A-Z]*)", moved, path)


def _html(self, node, tex, display):
    try:
        return typeset(tex, display)
    except quickjs.JSException as error:
        reason = str(error).splitlines()[0]
        raise ExtensionError(f"{node.source}:{node.line}: the formula {tex!r} cannot be typeset: {reason}") from error


def visit_math(self, node):
    """A formula in a line of text."""
    self.body.append(_html(self, node, node.astext(), display=False))
    raise nodes.SkipNode


def visit_math_block(self, node):
    """A formula in a line of its own, with its number."""
    tex = node.astext()
    if not node.get("no-wrap", node.get("nowrap")) and "\\\\" in tex and r"\begin{" not in tex:
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    classes = ["math", "lb-math", *node.get("classes", [])]
    self.body.append(self.starttag(node, "div", CLASS=" ".join(classes)))
    self.body.append(f'<div class="lb-formula" tabindex="0" role="group" aria-label="formula">{_html(self, node, tex, display=True)}</div>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("prerendered", (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
