"""Pages without what the book does not use, and which show at once what they have.

No icon font, no kernel in the page, nothing from another host. Scripts run after the page is there, pictures below the first screen come
when they are near, each with its size, so that nothing moves when it arrives; and each page says in a sentence what it is about.
``book/_templates`` replaces the theme's list of scripts and its page head; this file takes away what extensions of Jupyter Book add by
themselves, and what lies in ``_static`` that no page asks for.
"""

import base64
import html
import posixpath
import re
import shutil
import struct
import textwrap
from pathlib import Path
from urllib.parse import unquote

from docutils import nodes

UNUSED_ON_PAGES = ("sphinx-thebe", "THEBE_JS_URL", "design-tabs", "thebelab")
UNUSED_FILES = ("scripts/fontawesome.*", "vendor", "webpack-macros.html", "sbt-webpack-macros.html", "locales", "images")

PROBED = '"pre",".nboutput > .output_area",".cell_output > .output",".jp-RenderedHTMLCommon",'
"""What the theme's script measures to find out whether it scrolls. In this book tables alone may, and the rest costs a layout of all."""

HEIGHTS = {
    "letters": (0.65, 0.39),
    "paragraphs": (23, 17),
    "lines of code": (30, 20),
    "figures": (207, 340),
    "formulas": (50, 50),
    "sections": (142, 117),
    "widgets": (1196, 891),
    "rows": (71, 58),
}
"""The pixels that each takes on a phone and on a wide screen: least squares over this book's sections, most of them within a tenth."""


def is_unused(asset):
    """Is this script or style sheet one that no page of the book needs?"""
    text = f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', {}).get('body', '')}"
    return any(name in text for name in UNUSED_ON_PAGES)


def drop_unused(app, pagename, templatename, context, doctree):
    """Take from a page what it does not use, and give it what browsers and searches ask for."""
    seen = set()
    for kind in ("script_files", "css_files"):
        kept = []
        for asset in context[kind]:
            key = (str(asset), str(getattr(asset, "attributes", "")))
            if not is_unused(asset) and key not in seen:
                kept.append(asset)
                seen.add(key)
        context[kind] = kept
    files = [asset for asset in context["script_files"] if asset.filename]
    for asset in files:  # all pages share them
        asset.attributes.pop("defer", None)
    if pagename != "search":  # which sets an option between two scripts
        context["script_files"] = [asset for asset in context["script_files"] if "DOCUMENTATION_OPTIONS" not in str(asset.attributes)]
        for asset in files:
            asset.attributes["defer"] = "defer"
    if doctree and 'name="description"' not in context["metatags"]:
        context["metatags"] += f'<meta name="description" content="{html.escape(description(doctree))}">'
    if "body" in context:
        # sphinx-thebe appends its settings to every page that was a notebook
        body = context["body"].split('<script type="text/x-thebe-config">')[0]
        # docutils gives a bibliography roles that contradict each other; without them it is read as the text it is
        body = body.replace(' role="list" class="citation-list"', ' class="citation-list"').replace(' role="doc-biblioentry"', "")
        # sphinx-exercise draws the link of a solution from the space before its first word
        body = re.sub(r"(Solution to)(<a [^>]*>) ", r"\1 \2", body)
        # a link to GitHub would ask for an icon font
        body = body.replace('class="github reference external"', 'class="reference external"')
        context["body"] = with_sizes(app, with_heights(doctree, body) if doctree else body)


def description(doctree):
    """The promise of a chapter, or the first paragraph of another page: at most as much as a list of search results shows."""
    told = (paragraph.astext() for paragraph in doctree.findall(nodes.paragraph))
    return textwrap.shorten(next(text for text in told if len(text) > 60), 160, placeholder=" ...")


def size(source):
    """Width and height of a PNG or SVG picture, from its bytes."""
    if source.startswith(b"\x89PNG"):
        return struct.unpack(">II", source[16:24])
    return [round(float(value)) for value in re.search(rb'viewBox="\S+ \S+ (\S+) ([^"]+)"', source).groups()]


def with_sizes(app, body):
    """Each picture says how large it is; one that is a file of its own is fetched when it is near."""
    files = {name: app.srcdir / source for source, name in app.builder.images.items()}

    def complete(found):
        tag, src = found[0], found[1]
        name = posixpath.basename(unquote(src))
        width, height = size(base64.b64decode(src.split(",")[1]) if src.startswith("data:") else files[name].read_bytes())
        lazy = "" if src.startswith("data:") else ' loading="lazy" decoding="async"'
        return tag.replace("<img", f'<img width="{width}" height="{height}"{lazy}', 1)

    return re.sub(r'<img [^>]*?src="([^"]*)"[^>]*>', complete, body)


def heights(section):
    """About how many pixels high a section is on a phone and on a wide screen."""
    folded = {
        id(node)
        for box in section.findall(nodes.Element)
        if {"dropdown", "tag_hide-input"} & set(box.get("classes", ()))
        for node in box.findall()
    }
    count = dict.fromkeys(HEIGHTS, 0)
    for node in section.findall(nodes.Element):
        classes = node.get("classes", ())
        if id(node) in folded:
            continue
        if isinstance(node, nodes.paragraph | nodes.caption | nodes.title) and not isinstance(node.parent, nodes.entry):
            count["letters"] += len(node.astext())
            count["paragraphs"] += 1
        elif isinstance(node, nodes.literal_block) and "text_plain" not in classes:
            count["lines of code"] += node.astext().count("\n") + 1
        count["figures"] += isinstance(node, nodes.image)
        count["formulas"] += isinstance(node, nodes.math_block)
        count["sections"] += isinstance(node, nodes.section)
        count["widgets"] += isinstance(node, nodes.raw) and "text_html" in classes
        count["rows"] += isinstance(node, nodes.row)
    return [round(sum(count[name] * HEIGHTS[name][k] for name in HEIGHTS)) for k in (0, 1)]


def with_heights(doctree, body):
    """Each section of a page says about how high it is, because it is laid out only when it is near."""
    for part in doctree.findall(lambda node: isinstance(node, nodes.section) and node.parent is doctree):
        for section in part.children:
            if isinstance(section, nodes.section):
                narrow, wide = heights(section)
                names = "|".join(map(re.escape, section["ids"]))
                body = re.sub(rf'(<section [^>]*id="(?:{names})")', rf'\1 style="--narrow: {narrow}px; --wide: {wide}px"', body, count=1)
    return body


def remove_unused(app, exception):
    """Delete the files that no page asks for."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    for path in [path for pattern in UNUSED_FILES for path in static.glob(pattern)]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    for path in static.rglob("*.map"):
        path.unlink()
    script = static / "scripts" / "pydata-sphinx-theme.js"
    script.write_text(script.read_text("utf-8").replace(PROBED, ""), "utf-8")


def complete_the_redirect(app, exception):
    """A bare page without an icon makes a browser ask for /favicon.ico, which is not there."""
    front = Path(app.outdir) / "index.html"
    if not exception and app.builder.format == "html" and front.exists():
        text = front.read_text("utf-8")
        if "Refresh" in text and "icon" not in text:
            head = '<!doctype html>\n<html lang="en">\n<title>Learning to Remember</title>\n<link rel="icon" href="data:,">\n'
            front.write_text(head + text, "utf-8")


def setup(app):
    app.connect("html-page-context", drop_unused, priority=990)
    app.connect("build-finished", remove_unused)
    app.connect("build-finished", complete_the_redirect, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
