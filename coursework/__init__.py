"""The coursework: assignments with their solutions, what students get of them, and the proof that their marks are right.

``source/NAME/NAME.ipynb`` is an assignment with solutions and hidden tests, in the format of nbgrader; ``source/NAME/wrong.py`` holds its
known wrong answers and the marks that each must lose. :mod:`coursework.release` makes the students' copies, :mod:`coursework.fast` gives
marks without a kernel, :mod:`coursework.proof` shows that an assignment marks as it should. ``source/NAME/check.py`` is what
:mod:`coursework.crosscheck` asks of the functions of a submission, out of the reach of its code. :mod:`coursework.submissions` finds what
a class handed in, :mod:`coursework.mending` makes it ready to be marked, and :mod:`coursework.lms` writes the marks for Canvas and Moodle.
"""

from pathlib import Path

SOURCE = Path(__file__).parent / "source"
BUILT = Path(__file__).parents[1] / "_build" / "coursework"


def names():
    """The assignments, in the order of the book."""
    return sorted(path.stem for path in SOURCE.glob("*/*.ipynb") if path.stem == path.parent.name)


def path_of(name):
    """Where the source of an assignment lies; a ``ValueError`` that lists them all if there is none of this name."""
    path = SOURCE / name / f"{name}.ipynb"
    if not path.is_file():
        raise ValueError(f"there is no assignment {name!r}: they are {', '.join(names())}")
    return path
