"""What a student's notebook becomes before it is marked.

A notebook is not repaired in place but built again from the source: every cell of the assignment once, in its order, the tests with their
hidden parts, and in the places for answers what the student wrote. Given cells may be changed, so there the student's text stays; cells
that the student added stay behind the cell that they followed. Outputs and the metadata of the notebook are those of the source.
"""

import collections
import dataclasses
import functools
import json
import re

import nbformat

from coursework import fast, names, path_of
from coursework.proof import handed_out

MOST_CELLS = 1000
AGAIN = "open it in Jupyter, save it and hand it in again"
SAID = {
    "test": "deleted tests were put back: {}",
    "answer": "deleted answers were put back as they were handed out: {}",
    "given": "deleted cells were put back: {}",
    "two answers": "there were several answers, and the first counts, so look at the others by hand: {}",
    "twice": "cells stood there more than once, and one was kept: {}",
    "kind": "cells had been turned into another kind, and were turned back: {}",
    "test changed": "tests had been changed, and those of the assignment count: {}",
    "given changed": "given code was changed by the student and stays so: {}",
    "metadata": "what nbgrader notes in a cell was missing and was restored: {}",
    "settings": "points or locks had been changed and were set back: {}",
}


class Refused(ValueError):
    """One sentence that says why something cannot be marked, and what to do."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """What is taken from a cell that was handed in: its kind, its text, its id, and what nbgrader noted in it."""

    kind: str
    text: str
    id: object
    about: dict

    @property
    def grade_id(self):
        """The id that the cell claims, or None."""
        return self.about.get("grade_id") if isinstance(self.about.get("grade_id"), str) else None

    @property
    def plain(self):
        """The text without what editors change: the ends of lines, and empty lines around it."""
        return "\n".join(line.rstrip() for line in self.text.splitlines()).strip("\n")


class Assignment:
    """An assignment, to which the notebooks of a class are held.

    Args:
        name: what it is called.
        source: the notebook with solutions and hidden tests.
    """

    def __init__(self, name, source):
        self.name, self.source = name, source
        self.given = _given(source)
        self.places = {key: place for place, cell in enumerate(self.given) for key in _ids(cell)}
        self.by_text = collections.defaultdict(list)
        for place, cell in enumerate(self.given):
            self.by_text[cell.plain].append(place)

    def mended(self, data):
        """The notebook as it can be marked, JSON text, and what was done to it, a list of sentences.

        Args:
            data: the bytes of the file that was handed in.

        Raises:
            Refused: if it is no notebook of this assignment; the sentence lacks its subject, the name of the file.
        """
        handed_in, version = _read(data)
        cells = _cells(handed_in)
        match = self._matched(cells)
        self._must_be_this_one(cells, match)
        kept, said = self._kept(cells, match)
        built, added, before = {}, collections.defaultdict(list), -1
        for position, (cell, place) in enumerate(zip(cells, match, strict=True)):
            if kept.get(place) == position:
                before, built[place] = place, cell
            elif (place is None or not self.given[place].about) and cell.plain:
                added[before].append(cell)
        notebook = nbformat.v4.new_notebook(metadata=self.source.metadata)
        for place in range(-1, len(self.given)):
            notebook.cells += [self._cell(place, built.get(place))] if place >= 0 else []
            notebook.cells += [_new(cell.kind, cell.text, id=f"added-{place + 1}-{k}") for k, cell in enumerate(added[place])]
        return nbformat.writes(notebook, 4), said + list(self._of_the_whole(handed_in, version, list(kept.values())))

    def _cell(self, place, cell):
        """The cell of the source at ``place``, with the student's text where one may be written."""
        source, given = self.source.cells[place], self.given[place]
        theirs = cell and cell.plain != given.plain and (given.about.get("solution") or not given.about)
        text = cell.text if theirs else given.text if given.about.get("solution") else source.source
        return _new(source.cell_type, text, id=source.id, metadata=source.metadata)

    def _matched(self, cells):
        """For each of the student's cells the place of the source's cell that it is, or None."""
        match = [next((self.places[key] for key in _ids(cell) if key in self.places), None) for cell in cells]
        by_text_alone = set(match) == {None}
        for position, cell in enumerate(cells):
            if match[position] is None:
                match[position] = next((place for place in self.by_text.get(cell.plain, ()) if place not in match), None)
        for place, given in enumerate(self.given):
            if given.about.get("solution") and place not in match:
                free = [position for position in range(len(cells)) if match[position] is None]
                likely = [position for position in free if self._own_lines(place) & set(cells[position].plain.split("\n"))]
                if by_text_alone and not likely:
                    after = max((k for k, found in enumerate(match) if found is not None and found < place), default=-1)
                    until = min((k for k, found in enumerate(match) if found is not None and found > place), default=len(cells))
                    likely = [k for k in free if after < k < until and cells[k].kind == given.kind]
                    likely = likely if len(likely) == 1 else []
                if likely:
                    match[likely[0]] = place
        return match

    def _own_lines(self, place):
        """Lines that students find in this cell and in no other, such as a ``def`` line."""
        rest = {line for other, cell in enumerate(self.given) if other != place for line in cell.plain.split("\n")}
        stub = {*fast.CODE_STUB.split("\n"), fast.TEXT_STUB, ""}
        return {line for line in self.given[place].plain.split("\n") if line.strip() not in stub} - rest

    def _must_be_this_one(self, cells, match):
        marks = _marks(cells)
        shared = {other: len(marks & theirs) for other, theirs in _others(self.name).items()}
        other = max(shared, key=shared.get, default=None)
        if other and shared[other] > len(marks & _marks(self.given)):
            raise Refused(f"is another assignment, {other}: hand in {self.name}.ipynb")
        if not any(place is not None and self.given[place].about for place in match):
            raise Refused(f"holds no question of {self.name}: copy the answers into the notebook that was handed out and hand that in")

    def _kept(self, cells, match):
        """Which of the student's cells stands at each place, ``{place: position}``, and what there is to say cell by cell."""
        kept, said = {}, collections.defaultdict(list)
        for place, given in enumerate(self.given):
            about, answer = given.about, given.about.get("solution")
            called = given.grade_id or repr(given.plain.split("\n")[0][:40])
            positions = [position for position, found in enumerate(match) if found == place]
            if not positions:
                said["answer" if answer else "test" if about else "given"].append(called)
                continue
            texts = {position: cells[position].plain for position in positions if cells[position].plain != given.plain}
            kept[place] = min(texts, default=positions[0]) if answer else positions[0]
            cell = cells[kept[place]]
            changed = cell.plain not in (given.plain, dataclasses.replace(given, text=self.source.cells[place].source).plain)
            for kind, true in {
                "two answers": answer and len(set(texts.values())) > 1,
                "twice": about and len(positions) > 1 and not (answer and len(set(texts.values())) > 1),
                "kind": cell.kind != given.kind,
                "test changed": about and not answer and changed,
                "given changed": not about and changed and given.kind == "code",
                "metadata": about and not cell.grade_id,
                "settings": cell.grade_id
                and any(cell.about.get(key) != about.get(key) for key in ("points", "locked", "grade", "solution")),
            }.items():
                if true:
                    said[kind].append(called)
        return kept, [sentence.format(listed(said[kind])) for kind, sentence in SAID.items() if said[kind]]

    def _of_the_whole(self, handed_in, version, positions):
        kernel, ours = (_dict(_dict(each.get("metadata")).get("kernelspec")).get("name") for each in (handed_in, self.source))
        if positions != sorted(positions):
            yield "the cells stood in another order and were put back into that of the assignment"
        if isinstance(kernel, str) and kernel != ours:
            yield f"the kernel was {kernel[:40]!r} and was set back to {ours!r}"
        if version < (4, 5):
            yield f"the notebook was of the old format {version[0]}.{version[1]} and was brought up to date"
        if any(_dict(cell).get("outputs") for cell in handed_in["cells"]):
            yield "the outputs were cleared"


def listed(words):
    """``a, b and c``."""
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else "".join(words)


def _read(data):
    """A notebook of format 4 as JSON has it, and the format in which it came."""
    if not data.strip():
        raise Refused(f"is empty: {AGAIN}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"is not in UTF-8: {AGAIN}") from None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        if re.search(r"^(<{7}|>{7})", text, re.MULTILINE):
            raise Refused("holds the marks of a merge conflict, <<<<<<< and >>>>>>>: resolve it and hand the notebook in again") from None
        at = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Refused(f"is not JSON and so no notebook{at}: {AGAIN}") from None
    version = (found.get("nbformat"), found.get("nbformat_minor", 0)) if isinstance(found, dict) else (0, 0)
    if not all(type(number) is int for number in version) or not 2 <= version[0] <= 4:
        raise Refused(f"is JSON but no notebook of format 2, 3 or 4: {AGAIN}")
    if version[0] < 4:
        found = nbformat.convert(nbformat.from_dict(found), 4)
    if not isinstance(found.get("cells"), list):
        raise Refused(f"is no valid notebook, for it has no list of cells: {AGAIN}")
    if len(found["cells"]) > MOST_CELLS:
        raise Refused(f"has {len(found['cells'])} cells, more than {MOST_CELLS}: delete those that are no answer and hand it in again")
    return found, version


def _cells(notebook):
    cells = []
    for number, cell in enumerate(notebook["cells"], 1):
        text = _dict(cell).get("source")
        text = "".join(text) if isinstance(text, list) and all(isinstance(line, str) for line in text) else text
        if not isinstance(text, str) or not isinstance(cell.get("cell_type"), str):
            raise Refused(f"is no valid notebook, for its cell {number} has no text or no kind: {AGAIN}")
        metadata = _dict(cell.get("metadata"))
        name = cell.get("id", metadata.get("id"))  # some editors keep the id in the metadata
        text = text.encode("utf-8", "replace").decode()  # half a character, which JSON can hold and a file cannot
        cells.append(Cell(cell["cell_type"], text, name if isinstance(name, str) else None, _dict(metadata.get("nbgrader"))))
    return cells


def _given(source):
    """The cells of a source as students find them."""
    return [Cell(cell.cell_type, handed_out(cell), cell.id, fast.info(cell)) for cell in source.cells]


def _ids(cell):
    return [key for key in (("grade", cell.grade_id), ("id", cell.id)) if key[1] is not None]


def _marks(cells):
    """What tells one assignment from another: the ids and the texts of its cells."""
    return {key for cell in cells for key in _ids(cell)} | {("text", cell.plain) for cell in cells if cell.plain}


@functools.cache
def _others(name):
    return {other: _marks(_given(nbformat.read(path_of(other), 4))) for other in names() if other != name}


def _new(kind, text, **more):
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}.get(kind, nbformat.v4.new_raw_cell)
    return make(text, **more)


def _dict(thing):
    return thing if isinstance(thing, dict) else {}
