"""The book's other editions, on the door of the site.

``{editions}`` shows its text and links to those that were built, with the size of each; they lie in ``editions`` beside the site's
folder, and the site carries them along. Where none was built, and in the editions themselves, it shows nothing.
"""

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

NAME = "learning-to-remember"
MARK = "lb-editions"
KINDS = {
    "pdf": "to print, or to read on a tablet",
    "epub": "for an e-reader or a phone",
    "zip": "this website, to open without a network",
}


def paths(app):
    """Where each edition lies once it is built."""
    return {kind: Path(app.outdir).parent / "editions" / f"{NAME}.{kind}" for kind in KINDS}


class Editions(SphinxDirective):
    """``{editions}``: a text, and below it what was built."""

    has_content = True

    def run(self):
        for path in paths(self.env.app).values():
            self.env.note_dependency(str(path))
        shown = nodes.container(classes=[MARK])
        self.state.nested_parse(self.content, self.content_offset, shown)
        return [shown]


def list_them(app, doctree, docname):
    """The list belongs to the site that is written, and not to the text, which every builder shares."""
    for shown in [node for node in doctree.findall(nodes.container) if MARK in node["classes"]]:
        items = "".join(
            f'<li><a href="{"../" * docname.count("/")}editions/{path.name}" download>{kind.upper()}, '
            f"{path.stat().st_size / 1e6:.1f} MB</a>: {KINDS[kind]}</li>"
            for kind, path in paths(app).items()
            if path.exists()
        )
        if items and app.builder.name == "html":
            shown += nodes.raw("", f'<ul class="simple">{items}</ul>', format="html")
        else:
            shown.parent.remove(shown)


def carry(app, exception):
    """Lay the editions into the site, and take out those that are no more."""
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir) / "editions"
    shutil.rmtree(folder, ignore_errors=True)
    for path in paths(app).values():
        if path.exists():
            folder.mkdir(exist_ok=True)
            shutil.copy2(path, folder)


def setup(app):
    app.add_directive("editions", Editions)
    app.connect("doctree-resolved", list_them)
    app.connect("build-finished", carry)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
