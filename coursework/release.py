"""Make the students' copies of the assignments, without solutions and hidden tests.

    python -m coursework.release                    all of them
    python -m coursework.release a3_lstm_from_scratch

For each one ``_build/coursework/release/NAME/NAME.ipynb`` and, to hand out as one file, ``_build/coursework/NAME.zip``. Both are the
same, to the byte, whenever they are made from one source. The notebook is the one that nbgrader would make, to the byte too; it is made
without nbgrader here, so that the site, which offers it, can be built where nbgrader is not installed.
"""

import argparse
import copy
import hashlib
import io
import sys
import zipfile

import nbformat

from coursework import BUILT, fast, names, path_of
from coursework.proof import handed_out


def students_copy(source):
    """The assignment as students get it, a notebook: blanked, without outputs, and locked where nothing is to be answered."""
    made = copy.deepcopy(source)
    for cell in made.cells:
        cell.source = handed_out(cell)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if about := fast.info(cell):
            cell.metadata["deletable"] = False
            if not about["solution"]:
                cell.metadata["editable"] = False
            about["checksum"], about["cell_type"] = checksum(cell), cell.cell_type
    return made


def checksum(cell):
    """By which nbgrader sees whether a cell was changed."""
    about = fast.info(cell)
    parts = [cell.source, cell.cell_type, *(str(about[key]) for key in ("grade", "solution", "locked")), about["grade_id"]]
    parts += [str(float(about["points"]))] if about["grade"] else []
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


def copied(name):
    """The text of the students' copy of an assignment."""
    return nbformat.writes(students_copy(nbformat.read(path_of(name), 4))) + "\n"


def packed(name):
    """The bytes of the zip that is handed out."""
    archive = io.BytesIO()
    entry = zipfile.ZipInfo(f"{name}/{name}.ipynb")  # dated 1980, so that the bytes stay
    entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(entry, copied(name))
    return archive.getvalue()


def release(name, built=BUILT):
    """Write the students' copy of one assignment and its zip, and return the paths of both."""
    notebook, archive = built / "release" / name / f"{name}.ipynb", built / f"{name}.zip"
    text, data = copied(name), packed(name)
    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_bytes(text.encode())
    archive.write_bytes(data)
    return notebook, archive


def main(arguments=None):
    """The command ``python -m coursework.release``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="assignments; all of them if none is named")
    for name in parser.parse_args(arguments).names or names():
        try:
            notebook, archive = release(name)
        except ValueError as error:
            sys.exit(str(error))
        print(f"{name}: {notebook}, {archive.name}")


if __name__ == "__main__":
    main()
