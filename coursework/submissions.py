"""What a class handed in: found, named after its author, read with care, and mended where that is safe.

:func:`collect` knows the exports of Canvas (``lastfirst[_LATE]_USER_FILE_name.ipynb``) and of Moodle (``Full Name_PARTICIPANT_`` with
``assignsubmission_file`` behind it, a folder or the beginning of a file's name), the folders of nbgrader
(``submitted/STUDENT/NAME/NAME.ipynb`` and every part of it) and plain ``STUDENT.ipynb``, each as a folder or as a zip. Nothing is unpacked
to the disk, no link is followed, no answer is run. What a notebook becomes is told in :mod:`coursework.mending`.
"""

import collections
import contextlib
import dataclasses
import functools
import hashlib
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from coursework import names
from coursework.mending import AGAIN, Assignment, Refused, listed

LIMIT = 20_000_000
"""Bytes that one file of a submission may have."""
MOODLE = re.compile(r"(?P<name>.+?)(?:_(?P<id>\d+))?_assignsubmission_[a-z]+(?:_(?P<file>.*))?", re.DOTALL)
CANVAS = re.compile(
    r"(?:(?P<hidden_late>LATE_)?anon_(?P<anonymous>[A-Za-z0-9]+)|(?P<name>.+?)(?P<late>_LATE)?_(?P<id>\d+))"
    r"_(?:\d+_(?P<file>.+)|(?P<page>(?:text|link)\.html))",
    re.DOTALL,
)
NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)  # some browsers save a notebook under a second ending
ARCHIVE = re.compile(r"\.zip$", re.IGNORECASE)
NOT_HANDED_IN = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini", "timestamp.txt"}


@dataclasses.dataclass(frozen=True)
class Submission:
    """What one student handed in.

    ``notebook`` is the JSON text that can be marked, or None; then ``rejected`` says why, and what to do. ``repairs`` are sentences.
    ``student`` is unique in its class and safe as the name of a folder; ``name`` and ``lms_id`` are what the LMS says of the person, ""
    where it says nothing. ``digest`` is the SHA-256 of the bytes that were handed in, "" if they could not be read.
    """

    student: str
    name: str
    lms_id: str
    late: bool
    notebook: str | None
    repairs: tuple[str, ...]
    rejected: str | None
    digest: str


class _File(NamedTuple):
    """A file of the batch: the names of its folders and its own, and how it is read; reading may refuse."""

    parts: tuple[str, ...]
    read: Callable[[], bytes]


class _Author(NamedTuple):
    lms: str
    student: str
    name: str = ""
    id: str = ""


class HandedIn:
    """What a class handed in. How many there are is known; each :class:`Submission` is read when its turn comes, and not kept."""

    def __init__(self, students, judge):
        self._students, self._judge = students, judge

    def __len__(self):
        return len(self._students)

    def __iter__(self):
        return map(self._judge, self._students)


def collect(name, source, where, limit=LIMIT):
    """Everything that was handed in for one assignment, one :class:`Submission` a student, sorted by student, as :class:`HandedIn`.

    Args:
        name: the assignment.
        source: its source, a notebook with solutions and hidden tests.
        where: a folder or a zip.
        limit: the most bytes that are read of one file, and unpacked of one zip that a student made.

    Raises:
        ValueError: if there is nothing to read at ``where``. What is amiss with one submission is said in its ``rejected``.
    """
    where = Path(where)
    if where.is_dir():
        return _submissions(name, source, where, list(_in_folder(where, limit)), limit)
    if not where.is_file():
        raise Refused(f"there is no folder and no zip {where}")
    packed = _opened(where, where)  # open as long as somebody may read from it
    return _submissions(name, source, where, list(_in_zip(packed, limit)), limit)


def _submissions(name, source, where, files, limit):
    handed_in = collections.defaultdict(list)
    for file in _narrowed(files, name, zipped=where.is_file()):
        author, late, called = _author(file.parts, name)
        handed_in[author.lms, author.id or author.student].append((author, late, printable(called), file.read))
    if not handed_in:
        raise Refused(f"nothing was handed in for {name} in {where}: name the folder or zip that the LMS exported, or nbgrader's submitted")
    assignment, taken, students = Assignment(name, source), set(), []
    for key, files in sorted(handed_in.items()):
        author, student = files[0][0], _safe(files[0][0].student)
        if student.casefold() in taken:  # they differ in what no folder's name can hold, or some systems do not tell apart
            student += "-" + hashlib.sha256(repr(key).encode()).hexdigest()[:8]
        taken.add(student.casefold())
        late = any(late for _, late, *_ in files)
        students.append((student, printable(author.name), author.id, late, [file[2:] for file in files]))

    def judge(about):
        *person, files = about
        return Submission(*person, *_judged(assignment, person[0], files, limit))

    return HandedIn(sorted(students, key=lambda about: about[0]), judge)


def _judged(assignment, student, files, limit):
    """The last four fields of a submission that consists of these ``(name, read)``."""
    seen, repairs, notebook, reason = {}, [], None, None
    try:
        called, data = _the_notebook(assignment.name, files, seen, repairs, limit)
        if not re.fullmatch(rf"{re.escape(assignment.name)}(-\d+)?|{re.escape(student)}", Path(called).stem):  # -1: handed in again
            repairs.append(f"the file was called {called} and counts as {assignment.name}.ipynb")
        try:
            notebook, mended = assignment.mended(data)
            repairs += mended
        except Refused as error:
            reason = f"{called} {error}"
        except Exception as error:  # whatever a file holds, the rest of the class is marked
            reason = f"{called} cannot be read ({type(error).__name__}): {AGAIN}"
    except Refused as error:
        reason = str(error)
    digest = "".join(sorted(seen))
    digest = digest if len(seen) < 2 else hashlib.sha256(digest.encode()).hexdigest()
    return notebook, () if reason else tuple(repairs), reason, digest


def _the_notebook(name, files, seen, repairs, limit):
    """The name and the bytes of the one notebook among ``(name, read)``; what was read is noted in ``seen``, ``{digest: name}``."""
    notebooks = [file for file in files if NOTEBOOK.search(file[0])]
    archives = [file for file in files if ARCHIVE.search(file[0])]
    chosen, first = notebooks or archives or files, None
    for called, read in chosen:
        data = read()
        first = data if first is None else first
        seen.setdefault(hashlib.sha256(data).hexdigest(), called)
    if not notebooks + archives:
        raise Refused(f"there is no notebook, only {listed([called for called, _ in files])}: hand in {name}.ipynb")
    if len(seen) > 1:
        raise Refused(f"{listed(list(seen.values()))} differ, and one notebook is asked for: hand in one")
    if aside := [file[0] for file in files if file not in chosen]:
        repairs.append(f"left aside: {listed(aside)}")
    (called,) = seen.values()
    return (called, first) if notebooks else _unpacked(called, first, repairs, limit)


def _unpacked(called, data, repairs, limit):
    """The one notebook in a student's own zip, which is opened once: a zip in it is not."""
    with _opened(io.BytesIO(data), called) as packed:
        files = [file for file in _in_zip(packed, limit) if not _hidden(file)]
        inside = [file for file in files if NOTEBOOK.search(file.parts[-1])]
        contents, size = {}, 0
        for file in inside:
            contents.setdefault(file.read(), printable(file.parts[-1]))
            size += max(map(len, contents))
            if size > limit or len(contents) > 1:
                break
    if not inside:
        found = listed([printable(file.parts[-1]) for file in files]) or "nothing"
        raise Refused(f"{called} holds no notebook, only {found}: hand in the notebook")
    if size > limit:
        raise Refused(_too_large(called, limit))
    if len(contents) > 1:
        raise Refused(f"{called} holds {listed(list(contents.values()))}, and one notebook is asked for: hand in one")
    repairs.append(f"{called} was opened for the notebook in it")
    ((data, called),) = contents.items()
    return called, data


def _in_folder(folder, limit):
    for path in sorted(folder.iterdir()):
        files = [_File((), functools.partial(_from_disk, path, limit))]
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):  # then it is read as a file, which fails in words
                files = list(_in_folder(path, limit))
        for file in files:
            yield _File((path.name, *file.parts), file.read)


def _from_disk(path, limit):
    if path.is_symlink():
        raise Refused(f"{printable(path.name)} is a symbolic link and was not followed: hand in the file itself")
    with contextlib.suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return _bounded(file, path.name, limit)
    raise Refused(f"{printable(path.name)} is no file that can be read: download it again")


def _bounded(file, called, limit):
    data = file.read(limit + 1)
    if len(data) > limit:
        raise Refused(_too_large(called, limit))
    return data


def _too_large(called, limit):
    return f"{printable(called)} is larger than {limit / 1e6:g} MB: clear its outputs, save it and hand it in again"


def _opened(file, called):
    for encoding in ("utf-8", None):  # most zips that do not say how names are written mean UTF-8
        try:
            return zipfile.ZipFile(file, metadata_encoding=encoding)
        except UnicodeDecodeError:
            continue
        except Exception:
            break
    raise Refused(f"{called} is no zip that can be opened: download or make it again")


def _in_zip(packed, limit):
    for entry in packed.infolist():
        place = entry.filename.replace("\\", "/")
        parts = tuple(part for part in place.split("/") if part not in ("", ".", ".."))
        if parts and not entry.is_dir():
            yield _File(parts, functools.partial(_from_zip, packed, entry, place, limit))


def _from_zip(packed, entry, place, limit):
    called = printable(place.split("/")[-1])
    if ".." in place.split("/") or re.match(r"/|[A-Za-z]:", place):
        raise Refused(f"{called} lies outside of its zip, at {place!r}: make the zip again")
    if entry.external_attr >> 28 == 0o12:
        raise Refused(f"{called} is a symbolic link and was not followed: hand in the file itself")
    if entry.flag_bits & 1:
        raise Refused(f"{called} is locked with a password: hand it in without one")
    if entry.file_size > limit:
        raise Refused(_too_large(called, limit))
    try:
        with packed.open(entry) as file:
            return _bounded(file, called, limit)
    except Exception:  # every way of packing has errors of its own
        raise Refused(f"{called} is damaged in its zip: download or make the zip again") from None


def _hidden(file):
    return any(part.startswith(".") or part in NOT_HANDED_IN for part in file.parts)


def _narrowed(files, name, zipped):
    """Only what was handed in for this assignment, without the folders around it."""
    files = [file for file in files if not _hidden(file)]
    submitted = [file for file in files if "submitted" in file.parts[:-1]]
    files = [_File(file.parts[file.parts.index("submitted") + 1 :], file.read) for file in submitted] or files
    around = {file.parts[0] for file in files}
    if not submitted and len(around) == 1 and all(len(file.parts) > 1 and file.parts[1] != name for file in files):
        canvas = any(len(file.parts) == 2 and CANVAS.fullmatch(file.parts[1]) for file in files)
        several = zipped and sum(bool(NOTEBOOK.search(file.parts[-1]) or ARCHIVE.search(file.parts[-1])) for file in files) > 1
        if (canvas or several) and not MOODLE.fullmatch(*around):
            files = [_File(file.parts[1:], file.read) for file in files]
    sorted_by_nbgrader = {file.parts[0] for file in files if len(file.parts) > 2 and file.parts[1] == name}
    return [
        file
        for file in files
        if len(file.parts) < 3
        or any(map(MOODLE.fullmatch, file.parts))
        or file.parts[1] == name
        or not (file.parts[0] in sorted_by_nbgrader or file.parts[1] in names())
    ]


def _author(parts, name):
    """Whose file it is, whether it came late, and what the student called it."""
    for place, part in enumerate(parts):
        if found := MOODLE.fullmatch(part):
            person, number = _nfc(found["name"]), found["id"] or ""
            called = parts[-1] if place < len(parts) - 1 else found["file"] or part
            return _Author("Moodle", f"{person}_{number}" if number else person, person, number), False, called
    if len(parts) == 1 and (found := CANVAS.fullmatch(parts[0])):
        person, number, anonymous = _nfc(found["name"] or ""), found["id"] or "", found["anonymous"]
        author = _Author("Canvas", f"anon_{anonymous}" if anonymous else f"{person}_{number}", person, number)
        return author, bool(found["late"] or found["hidden_late"]), found["file"] or found["page"]
    *folders, called = parts
    if name in folders[1:]:
        student = folders[folders.index(name, 1) - 1]
    else:
        student = folders[0] if folders else NOTEBOOK.sub("", called) if NOTEBOOK.search(called) else Path(called).stem
    return _Author("", _nfc(student)), False, called


def _nfc(text):
    return unicodedata.normalize("NFC", text)


def printable(text):
    """Text without control characters and halves of characters; letters of every script stay, and what joins them."""
    return "".join(c for c in _nfc(text) if c in "\u200c\u200d" or unicodedata.category(c)[0] != "C")


def _safe(student):
    """A folder's name that every system takes."""
    shown = re.sub(r'[/\\:*?"<>|]', "_", printable(student)).encode()[:150].decode(errors="ignore").strip(". ")
    return shown or "student"
