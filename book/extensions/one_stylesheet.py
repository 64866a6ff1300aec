"""One small style sheet for all pages, in place of the dozen that the theme and the extensions of Jupyter Book bring.

When the site is written, the sheets are joined in the order in which the pages asked for them. Of those that are not the book's own, only
the rules stay whose classes and ids some page or script names: about a seventh.
"""

import re
import zlib
from pathlib import Path

import tinycss2

NAME = "pages.css"
OF_THE_TEMPLATE = ["basic.css", "styles/pydata-sphinx-theme.css"]
OURS = ("widgets.css", "book.css")
STAY = ("widgets.css", "pygments.css")  # the PDF reads them


def gather(app, pagename, templatename, context, doctree):
    """Note the sheets that a page asks for, and take them from it."""
    asked = [str(asset.filename).removeprefix("_static/") for asset in context["css_files"]]
    app.builder.sheets = OF_THE_TEMPLATE + asked
    context["css_files"] = []


def alternatives(prelude):
    """The selectors of a rule, each a list of tokens."""
    found = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def names(selector):
    """The classes and ids that an element must have; what stands in ``:not(...)`` and other brackets does not count."""
    for before, token in zip([None, *selector], selector, strict=False):
        if token.type == "hash" or (token.type == "ident" and before == "."):
            yield token.value


def used(rules, words):
    """The rules as text, without those that can match nothing."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [tinycss2.serialize(each).strip() for each in alternatives(rule.prelude) if words.issuperset(names(each))]
            if selectors:
                kept.append(f"{','.join(selectors)}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports", "container"):
            inside = used(tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True), words)
            if inside:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inside}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword not in ("font-face", "import", "charset"):
            kept.append(rule.serialize())
    return "\n".join(kept)


def write(app, exception):
    """Write the one sheet, and its version into the address that the pages ask for."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    pages = {path: path.read_text("utf-8") for path in site.rglob("*.html")}
    scripts = [path.read_text("utf-8") for path in static.rglob("*.js")]
    said = [value for text in pages.values() for value in re.findall(r' (?:class|id)="([^"]*)"', text)]
    words = {word for text in (*said, *scripts) for word in re.findall(r"[\w-]+", text)}
    sheets = []
    for name in app.builder.sheets:
        text = (static / name).read_text("utf-8")
        parsed = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        sheets.append(tinycss2.serialize(parsed) if name in OURS else used(parsed, words))
        if name not in STAY:
            (static / name).unlink()
    joined = "\n".join(sheets)
    (static / NAME).write_text(joined, "utf-8")
    version = f"{NAME}?v={zlib.crc32(joined.encode()):08x}"
    for path, text in pages.items():
        told = re.sub(rf'{NAME}(\?v=\w+)?"', f'{version}"', text)
        if told != text:
            path.write_text(told, "utf-8")


def setup(app):
    app.connect("html-page-context", gather, priority=995)
    app.connect("build-finished", write, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
