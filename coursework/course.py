"""The folder of one course: nbgrader's gradebook, what was marked, and what goes out. One process writes it, and nothing in it is lost.

    gradebook.db              nbgrader's, for its formgrader too
    autograded/STUDENT/NAME/  the notebooks as they were marked
    journal/NAME/             one file for each student, written whole before the gradebook: what was found, and of what
    backups/                  the gradebook as it was before each batch
    exports/, feedback/       for the LMS and the students
    seed                      what hidden tests draw from; keep it to yourself

A batch that is killed leaves a journal in which every file is whole. The next batch brings the gradebook in line with it and goes on.
"""

import contextlib
import datetime
import json
import logging
import os
import secrets
import shutil
import sqlite3
import sys
import warnings
from pathlib import Path

from sqlalchemy.exc import SAWarning

from coursework import path_of

CONFIG = '''"""For nbgrader's own commands and its formgrader, started in this folder."""

c = get_config()
c.CourseDirectory.course_id = "lstmbook"
c.Exchange.root = "exchange"
'''


def nbgrader(folder, **settings):
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


def generate(api, name):
    """Put the source of an assignment into the course of ``api`` and have nbgrader make its students' copy. Returns where that is."""
    root = Path(api.coursedir.root)
    (root / "source" / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(path_of(name), root / "source" / name)
    done(api.generate_assignment(name, force=True, create=True))
    return root / "release" / name / f"{name}.ipynb"


class InUse(Exception):
    """Another batch writes in this folder."""


class Course:
    """The folder of a course, to be used in a ``with``: it is ours until the end.

    Args:
        folder: where; it is made if it is not there.
        name: the assignment.
        seed: a number to draw hidden tests from; if None, the one that this course began with.
    """

    def __init__(self, folder, name, seed=None):
        self.folder, self.name, self.seed = Path(folder).absolute(), name, seed

    def __enter__(self):
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # names and marks are nobody else's business
        self.lock = open(self.folder / ".lock", "w")
        try:
            locked(self.lock)
        except OSError:
            self.lock.close()
            raise InUse(f"another batch is writing in {self.folder}: wait for its end, or choose another folder with --course") from None
        for name in ("journal", "autograded", "exports", "feedback", "backups"):
            (self.folder / name).mkdir(exist_ok=True)
        self.journal = self.folder / "journal" / self.name
        self.journal.mkdir(exist_ok=True)
        self._backup()
        if not (self.folder / "nbgrader_config.py").exists():
            write(self.folder / "nbgrader_config.py", CONFIG)
        kept = self.folder / "seed"
        if self.seed is None:
            if not kept.exists():
                write(kept, str(secrets.randbelow(2**31)))
            self.seed = int(kept.read_text())
        else:
            write(kept, str(self.seed))
        os.chmod(kept, 0o600)
        warnings.filterwarnings("ignore", message=".*not in session, add operation", category=SAWarning)  # nbgrader's own
        self.api = nbgrader(self.folder)
        self._register()
        self.gradebook = self.api.gradebook
        return self

    def __exit__(self, *error):
        with contextlib.suppress(AttributeError):
            self.gradebook.close()
        self.lock.close()

    def _backup(self):
        """Copy the gradebook, whole even if somebody has it open in formgrader."""
        there = self.folder / "gradebook.db"
        if there.exists():
            stamp = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S-%f")
            with (
                contextlib.closing(sqlite3.connect(there)) as old,
                contextlib.closing(sqlite3.connect(self.folder / "backups" / f"{stamp}.db")) as new,
            ):
                old.backup(new)

    def _register(self):
        """Tell the gradebook of the assignment, whose source stands in the course from then on."""
        ours, theirs = path_of(self.name), self.folder / "source" / self.name / f"{self.name}.ipynb"
        known = self.folder / "journal" / f"{self.name}.source"
        if theirs.exists() and known.exists() and known.read_bytes() == ours.read_bytes():
            return
        try:
            generate(self.api, self.name)
        except RuntimeError as error:
            words = str(error).strip().splitlines()[-1]
            raise ValueError(
                f"nbgrader cannot take this {self.name} into {self.folder}, so begin a new folder with --course: {words}"
            ) from None
        write(known, ours.read_text("utf-8"))

    def entry(self, student):
        """What the journal says of a student, a dictionary; empty if nothing."""
        try:
            return json.loads((self.journal / f"{student}.json").read_text("utf-8"))
        except FileNotFoundError:
            return {}

    def entries(self):
        """All entries of this assignment, one after the other."""
        for path in sorted(self.journal.glob("*.json")):
            yield json.loads(path.read_text("utf-8"))

    def notebook_of(self, student):
        """Where the marked notebook of a student lies."""
        return self.folder / "autograded" / student / self.name / f"{self.name}.ipynb"

    def store(self, entry, notebook=None):
        """Write down what was found of a submission: the notebook, the journal, and then the gradebook.

        Args:
            entry: a dictionary with ``student``, ``name``, ``digest``, ``edition``, ``rejected`` (a sentence or None) and, unless rejected,
                ``scores`` and ``answers``, ``{id: digest}`` of the answers that a person marks.
            notebook: its text; None for a submission that was rejected.
        """
        path, before = self.notebook_of(entry["student"]), self.entry(entry["student"])
        if notebook is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, notebook)
        entry = entry | {
            "changed": [name for name, text in entry.get("answers", {}).items() if before.get("answers", {}).get(name, text) != text]
        }
        written = self.journal / f"{entry['student']}.json"
        write(written, json.dumps(entry, ensure_ascii=False, indent=1))
        if notebook is None:
            shutil.rmtree(path.parent, ignore_errors=True)
        self.enter(entry)
        write(written, json.dumps(entry | {"changed": []}, ensure_ascii=False, indent=1))  # from here on, a person's marks stand

    def enter(self, entry):
        """Bring the gradebook in line with an entry of the journal; it may be done again and again."""
        from nbgrader.api import MissingEntry

        student = entry["student"]
        if entry["rejected"]:
            with contextlib.suppress(MissingEntry):
                self.gradebook.remove_submission(self.name, student)
        else:
            first, last = names_of(entry.get("name") or "")
            self.gradebook.update_or_create_student(student, first_name=first, last_name=last, lms_user_id=entry.get("lms_id") or None)
            submission = self.gradebook.update_or_create_submission(self.name, student)
            for grade in submission.notebooks[0].grades:
                score = entry["scores"].get(grade.name)
                grade.auto_score = score
                if grade.manual_score is None:
                    grade.needs_manual_grade = score is None
                elif grade.name in entry["changed"]:
                    grade.needs_manual_grade = True
            self.gradebook.db.commit()
        self.gradebook.db.expunge_all()

    def marks(self, student):
        """``{id: points}`` of a student, with those that a person gave, and ``{id: comment}``."""
        submission = self.gradebook.find_submission(self.name, student)
        (notebook,) = submission.notebooks
        scores = {grade.name: None if grade.needs_manual_grade else float(grade.score) for grade in notebook.grades}
        comments = {comment.name: comment.comment for comment in notebook.comments if comment.comment}
        self.gradebook.db.expunge_all()
        return scores, comments

    def totals(self):
        """``{student: marks}`` of everybody in the gradebook for this assignment; None where a person has still to mark."""
        found = self.gradebook.submission_dicts(self.name)
        return {each["student"]: None if each["needs_manual_grade"] else float(each["score"]) for each in found}


def names_of(name):
    """First and last name of what an LMS calls a person: ``Last, First``, or ``First Middle Last``."""
    if "," in name:
        last, _, first = name.partition(",")
        return first.strip() or None, last.strip() or None
    first, _, last = name.rpartition(" ")
    return first.strip() or None, last.strip() or None


def write(path, text):
    """Write a file whole: it is there with all of its text, or as it was."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, "utf-8")
    os.replace(beside, path)


def locked(file):
    """Take the lock of an open file, or raise an ``OSError`` at once; it goes with the process, however that ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
