"""Pages without what the book does not use: no icon font, no kernel in the page, nothing from another host.

``book/_templates`` replaces the theme's list of scripts and its page head; this file takes away what extensions of Jupyter Book add by
themselves, and what lies in ``_static`` that no page asks for.
"""

import re
import shutil
from pathlib import Path

UNUSED_ON_PAGES = ("sphinx-thebe", "THEBE_JS_URL", "design-tabs", "thebelab")
UNUSED_FILES = ("scripts/fontawesome.*", "vendor", "webpack-macros.html", "sbt-webpack-macros.html", "locales", "images")


def is_unused(asset):
    text = f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', {}).get('body', '')}"
    return any(name in text for name in UNUSED_ON_PAGES)


def drop_unused(app, pagename, templatename, context, doctree):
    seen = set()
    for kind in ("script_files", "css_files"):
        kept = []
        for asset in context[kind]:
            key = (str(asset), str(getattr(asset, "attributes", "")))
            if not is_unused(asset) and key not in seen:
                kept.append(asset)
                seen.add(key)
        context[kind] = kept
    if "body" in context:
        # sphinx-thebe appends its settings to every page that was a notebook
        body = context["body"].split('<script type="text/x-thebe-config">')[0]
        # docutils gives a bibliography roles that contradict each other; without them it is read as the text it is
        body = body.replace(' role="list" class="citation-list"', ' class="citation-list"').replace(' role="doc-biblioentry"', "")
        # sphinx-exercise draws the link of a solution from the space before its first word
        body = re.sub(r"(Solution to)(<a [^>]*>) ", r"\1 \2", body)
        # a link to GitHub would ask for an icon font
        context["body"] = body.replace('class="github reference external"', 'class="reference external"')


def remove_unused(app, exception):
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
