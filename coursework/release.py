"""Make the students' copies of the assignments, without solutions and hidden tests.

    python -m coursework.release                    all of them
    python -m coursework.release a3_lstm_from_scratch

For each one ``_build/coursework/release/NAME/NAME.ipynb`` and, to hand out as one file, ``_build/coursework/NAME.zip``. Both are the
same, to the byte, whenever and wherever they are made from one source.
"""

import argparse
import logging
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from coursework import BUILT, names, path_of

NOT_FOR_STUDENTS = ("wrong.py", "check.py", "__pycache__", ".ipynb_checkpoints")


def course(folder, **settings):
    """nbgrader's interface to a course in ``folder``, which has or will have ``source``, ``release``, ``submitted``, ``autograded``.

    ``settings`` are nbgrader's, two underscores for its dot: ``Execute__timeout=60``.
    """
    from nbgrader.apps import NbGraderAPI  # takes seconds to import, so only where it is needed
    from traitlets.config import Config

    beside = str(Path(sys.executable).parent)
    if beside not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = beside + os.pathsep + os.environ["PATH"]  # nbgrader calls alembic, which is installed beside Python
    config = Config()
    config.CourseDirectory.root, config.CourseDirectory.course_id = str(folder), "lstmbook"
    exchange = Path(folder) / "exchange"
    exchange.mkdir(parents=True, exist_ok=True)
    config.Exchange.root = str(exchange)
    config.NbGraderAPI.log_level = logging.ERROR
    for name, value in settings.items():
        section, _, trait = name.partition("__")
        config[section][trait] = value
    return NbGraderAPI(config=config)


def done(result):
    """Raise a ``RuntimeError`` with nbgrader's own words unless it succeeded."""
    if not result["success"]:
        raise RuntimeError(result.get("error") or result.get("log"))


def generate(api, name, source):
    """Put the assignment at ``source`` into the course and make its students' copy. Returns the copy's folder."""
    root = Path(api.coursedir.root)
    shutil.copytree(source.parent, root / "source" / name, ignore=shutil.ignore_patterns(*NOT_FOR_STUDENTS))
    done(api.generate_assignment(name))
    return root / "release" / name


def release(name, built=BUILT):
    """Make the students' copy of one assignment and its zip, and return the paths of both."""
    source = path_of(name)
    folder, archive = built / "release" / name, built / f"{name}.zip"
    with tempfile.TemporaryDirectory() as scratch:
        made = generate(course(scratch), name, source)
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(made, folder)
    pack(folder, archive)
    return folder / f"{name}.ipynb", archive


def pack(folder, archive):
    """Put a folder, under its own name, into a zip that is the same to the byte whenever it is made."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix())  # dated 1980, so that the bytes stay
                entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
                packed.writestr(entry, path.read_bytes())


def main(arguments=None):
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
