"""The class as the LMS knows it, and its marks as the LMS reads them.

:func:`roster` reads what an LMS exports: the gradebook of Canvas, the grading worksheet of a Moodle assignment, or a plain list.
:func:`write_canvas` and :func:`write_moodle` write the file to import. If the export is given, it comes back as it was, column by column,
with the marks filled in: people are found by the LMS's own number, and nothing else changes.

Where a mark is missing the cell is blank, never 0. A name such as ``=HYPERLINK(...)`` is a formula to a spreadsheet, in which teachers open
these files: it gets an apostrophe in front. That breaks no import, because both find people by number and do not read the names back;
columns that they do read back, such as Moodle's feedback, are left alone.
"""

import collections
import contextlib
import csv
import dataclasses
import io
import math
import os
import re
import tempfile
import unicodedata
from pathlib import Path
from typing import NamedTuple

POSSIBLE = "Points Possible"
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)")
READ_BACK = re.compile(r"Identifier|Grade|Last modified \(grade\)|.*[Ff]eedback.*|.*\bID|Root Account")
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠](?!\s*$)")
NO_LIST = (
    "is no list of a class that can be read: export the gradebook from Canvas, or the grading worksheet from Moodle with your language "
    "there set to English, or make a CSV with the columns student, name and email"
)


class Row(NamedTuple):
    """The mark of one student: None where it is missing, and an ``lms_id`` of "" where the LMS's number is unknown."""

    student: str
    name: str
    lms_id: str
    mark: float | None


class Person(NamedTuple):
    """Somebody in a class: the LMS's number, all words that mean this person alone, and the line of the table."""

    lms_id: str
    name: str
    email: str
    words: frozenset
    line: int


@dataclasses.dataclass(frozen=True)
class Roster:
    """A class. ``lms`` is "Canvas", "Moodle" or ""; ``header`` and ``lines`` are the cells of its table, ``people`` who is in it."""

    lms: str
    header: list
    lines: list
    people: list
    encoding: str


def roster(path):
    """The class in an export of Canvas or Moodle, or in a CSV with the columns student, name, email.

    The text may be UTF-8 or UTF-16, with commas, semicolons or tabs between the cells.

    Raises:
        ValueError: one sentence, if it is none of these.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}): name a CSV") from None
    if data[:2] == b"PK":
        raise ValueError(f"{path} is a workbook and no CSV: save it as CSV UTF-8")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not in UTF-8: save it as CSV UTF-8") from None
    for delimiter in ",;\t":
        with contextlib.suppress(csv.Error):
            table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
            for number, line in enumerate(table):
                header = [cell.strip() for cell in line]
                if (lms := _lms(header)) is not None:
                    lines = [(line + [""] * len(header))[: len(header)] for line in table[number + 1 :] if any(map(str.strip, line))]
                    bom = data[:3] == b"\xef\xbb\xbf"
                    return Roster(lms, header, lines, list(_people(lms, header, lines)), "utf-8-sig" if bom else "utf-8")
    raise ValueError(f"{path} {NO_LIST}")


def write_canvas(path, name, most, rows, roster=None, column=None):
    """Write marks as Canvas imports them, and return what the teacher should know, a list of sentences.

    Args:
        path: the CSV to write; what stood there is replaced in one step.
        name: the assignment.
        most: its points.
        rows: a :class:`Row` a student.
        roster: the gradebook that Canvas exported a moment ago, for it takes all its columns back, or a plain list.
        column: the title or the number of the assignment in Canvas, as in ``Title (12345)``; ``name`` if None. If there is no such title,
            a column is added, of which Canvas makes a new assignment.

    Raises:
        ValueError: if the roster is Moodle's, if two columns have the title, or none has the number.
    """
    wanted = str(column or name)
    marks, below, said = _paired(rows, roster, "Canvas")
    if roster is None or not roster.lms:
        header, encoding, place = [*CANVAS, wanted], "utf-8", len(CANVAS)
        lines = [[f"    {POSSIBLE}", "", "", "", "", _number(most)]]
    else:
        header, lines, encoding = list(roster.header), [list(line) for line in roster.lines], roster.encoding
        place = _column(header, wanted)
        possible = [line for line in lines if POSSIBLE in line[0]]
        if place is None:
            place = len(header)
            header.append(wanted)
            for line in lines:
                line.append(_number(most) if line in possible else "")
            said.append(f"the gradebook has no column {wanted}, so one was added, and Canvas will make a new assignment of it")
        elif possible and _amount(possible[0][place]) != most:
            said.append(f"{header[place]} has {possible[0][place].strip() or 'no'} points in Canvas, and {name} has {most:g}")
        said += _filled(lines, place, marks, "importing this file takes it away")
    for row in below:
        cells = {0: row.name or row.student, header.index("ID"): row.lms_id, place: _number(row.mark)}
        if not row.lms_id and "SIS Login ID" in header:
            cells[header.index("SIS Login ID")] = row.student
        lines.append([cells.get(k, "") for k in range(len(header))])
    _write(path, header, lines, encoding, last=header.index("Section"))
    return said


def write_moodle(path, name, most, rows, roster=None):
    """Write marks as Moodle imports them ("Upload grading worksheet"), and return what the teacher should know, a list of sentences.

    Args:
        path: the CSV to write; what stood there is replaced in one step.
        name: the assignment.
        most: its points.
        rows: a :class:`Row` a student.
        roster: the grading worksheet of the assignment, or a plain list.

    Raises:
        ValueError: if the roster is of Canvas.
    """
    marks, below, said = _paired(rows, roster, "Moodle")
    if roster is None or not roster.lms:
        header, lines, encoding = list(MOODLE), [], "utf-8"
    else:
        header, lines, encoding = list(roster.header), [list(line) for line in roster.lines], roster.encoding
        best = sorted({line[place] for place, title in enumerate(header) if title.lower() == "maximum grade" for line in lines})
        if any(_amount(text) != most for text in best):
            said.append(
                f"the maximum grade in Moodle is {', '.join(best)}, and {name} has {most:g} points: Moodle skips marks above its own"
            )
        said += _filled(lines, header.index("Grade"), marks, "Moodle keeps it")
    for row in below:
        if not row.lms_id:
            said.append(f"Moodle will not find {row.student}, whose participant number is unknown: give the grading worksheet")
        cells = {"identifier": f"Participant {row.lms_id}".strip(), "full name": row.name or row.student, "grade": _number(row.mark)}
        cells |= {"maximum grade": _number(most), "last modified (grade)": "-"}
        lines.append([cells.get(title.lower(), "") for title in header])
    _write(path, header, lines, encoding, last=len(header))
    return said


def _lms(header):
    if {"ID", "Section"} <= {*header} and {"Student", "LastName"} & {*header}:
        return "Canvas"
    if {"Identifier", "Grade"} <= {*header}:
        return "Moodle"
    return "" if "student" in map(str.lower, header) else None


def _people(lms, header, lines):
    for number, cells in enumerate(lines):
        if lms == "Canvas" and (POSSIBLE in cells[0] or all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell) for cell in cells)):
            continue
        line = collections.defaultdict(str, zip(map(str.lower, header), map(str.strip, cells), strict=True))
        lms_id = {"Canvas": line["id"], "Moodle": line["identifier"].split(" ")[-1], "": ""}[lms]
        name = {"Canvas": line["student"], "Moodle": line["full name"], "": line["name"]}[lms] or f"{line['firstname']} {line['lastname']}"
        name = re.sub(r'^="(.*)"$', r"\1", name.strip())  # so Canvas writes a name that begins with =
        known = ("id", "sis user id", "sis login id", "integration id", "id number", "username") if lms else ("student",)
        email = line["email address"] or line["email"]
        yield Person(lms_id, name, email, frozenset(_word(word) for word in (*(line[key] for key in known), email) if word), number)


def _word(text):
    return unicodedata.normalize("NFC", text).casefold()


def _paired(rows, roster, lms):
    """Whose mark stands at which line, ``{line: Row}``; the rows to add below; sentences."""
    if roster is None:
        return {}, list(rows), []
    if roster.lms not in ("", lms):
        raise ValueError(f"this is a list of {roster.lms}: give one of {lms}, or a plain one")
    by_id, by_word = {person.lms_id: person for person in roster.people if person.lms_id}, {}
    for person in roster.people:
        for word in person.words:
            by_word[word] = None if word in by_word else person  # a word of two people means neither
    marks, below, said = {}, [], []
    for row in rows:
        person = by_id.get(row.lms_id) or by_word.get(_word(row.student)) or (None if roster.lms else by_word.get(_word(row.lms_id)))
        if person is None:
            below.append(row)
            said.append(f"the class list does not know {row.student}, whose mark stands in the last lines")
        elif person.line in marks:
            said.append(f"{marks[person.line].student} and {row.student} are one person in the class list, so the mark is left blank")
            marks[person.line] = row._replace(mark=None)
        else:
            marks[person.line] = row
    if roster.lms:
        return marks, below, said
    place = [title.lower() for title in roster.header].index("student")
    everybody = []
    for person in roster.people:
        student = roster.lines[person.line][place].strip()
        row = marks.get(person.line, Row(student, person.name, "", None))
        everybody.append(Row(student, person.name or row.name, row.lms_id, row.mark))
    return {}, everybody + below, said


def _filled(lines, place, marks, then):
    """Put the marks into a column; a sentence for each mark that stood there and is now blank."""
    for line, row in marks.items():
        before, lines[line][place] = lines[line][place].strip(), _number(row.mark)
        if row.mark is None and before not in ("", "-"):
            yield f"{row.student} had {before} and has no mark now: {then}"


def _column(header, wanted):
    found = []
    for place in range(header.index("Section") + 1, len(header)):
        title = re.fullmatch(r"(.*\S)\s+\((\d+)\)", header[place])
        if wanted in (header[place], *(title.groups() if title else ())):
            found.append(place)
    if len(found) > 1:
        raise ValueError(f"several columns are called {wanted}: name one by its number: {', '.join(header[place] for place in found)}")
    if not found and wanted.isdigit():
        raise ValueError(f"no column of the gradebook has the number {wanted}: export it again, or name the column by its title")
    return found[0] if found else None


def _amount(text):
    with contextlib.suppress(ValueError):
        return float(text.strip().replace(",", "."))
    return None


def _number(mark):
    if mark is None:
        return ""
    if not math.isfinite(mark):
        raise ValueError(f"{mark} is no mark")
    return f"{mark:.4f}".rstrip("0").rstrip(".")


def _write(path, header, lines, encoding, last):
    """Write a table in one step; in the columns up to ``last`` that the LMS does not read back, no cell is a formula."""
    quiet = [place for place, title in enumerate(header) if place <= last and not READ_BACK.fullmatch(title)]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", newline="", encoding=encoding, dir=path.parent, prefix=".", delete=False) as file:
        try:
            table = csv.writer(file)
            table.writerow(header)
            for line in lines:
                table.writerow(f"'{cell}" if place in quiet and FORMULA.match(cell) else cell for place, cell in enumerate(line))
            file.close()
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
