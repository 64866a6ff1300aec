"""The students' copies of the assignments, to download.

While the site is built they are made, as ``make release`` makes them, and put into it as ``assignments/NAME.zip``. ``{assignments}`` lists
them on a page as links, with what each is called and how large it is.
"""

import posixpath
import shutil
import sys
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
FOLDER = "assignments"

sys.path.append(str(ROOT))
from coursework import names, path_of
from coursework.release import packed


class Assignments(SphinxDirective):
    """The list of the assignments, each with its title, its points and its download."""

    def run(self):
        listed = nodes.bullet_list()
        for name in names():
            self.env.note_dependency(str(path_of(name)))
            title = nbformat.read(path_of(name), 4).cells[0].source.splitlines()[0].lstrip("# ")
            place = posixpath.relpath(f"{FOLDER}/{name}.zip", posixpath.dirname(self.env.docname) or ".")
            line = nodes.paragraph()
            line += nodes.reference("", f"{name}.zip", refuri=place, internal=True)
            line += nodes.Text(f" ({len(packed(name)) / 1000:.0f} KB): {title}")
            listed += nodes.list_item("", line)
        return [listed]


def write_zips(app):
    """Lay a zip of each students' copy beside the pages."""
    if app.builder.format == "html":
        folder = Path(app.outdir) / FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in names():
            (folder / f"{name}.zip").write_bytes(packed(name))


def setup(app):
    app.add_directive("assignments", Assignments)
    app.connect("builder-inited", write_zips)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
