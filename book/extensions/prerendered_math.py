"""Mathematics typeset while the book is built.

MathJax turns each formula into an SVG picture with hidden MathML beside it for screen readers. It runs here, in a small JavaScript
engine, and not in the reader's browser: a page needs no script, no font and no second host to show its formulas, and an unknown
command fails the build. A colour of the palette in a formula becomes a CSS variable, so that it stays legible on a dark page.
"""

import functools
import importlib.util
import json
import sys
from pathlib import Path

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


@functools.cache
def typeset(tex, display):
    """One formula as HTML."""
    call = f"typeset({json.dumps(tex)}, {json.dumps(display)})"
    markup = json.loads(_mathjax().eval(call))
    for name, entry in PALETTE.items():
        colour, ink = entry["colour"], f"var(--lstm-{name}-ink)"
        markup = markup.replace(f'fill="{colour}" stroke="{colour}"', f'style="fill:{ink};stroke:{ink}"')
    return markup


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
