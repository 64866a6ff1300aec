"""The proof that an assignment marks as it should.

    python -m coursework.proof                      all of them: what each known wrong answer loses
    python -m coursework.proof a3_lstm_from_scratch

Every check returns complaints, sentences that say what is amiss; none is good news. What must be true:

- the reference solution gets every mark, whatever seed the hidden tests draw from; the untouched copy gets none;
- every known wrong answer loses exactly the marks that ``wrong.py`` says, and every automatic mark is lost by some wrong answer;
- what students get holds no solution, no hidden test and no mark scheme.

``wrong.py`` holds ``WRONG``, a list of ``(name, cell, old, new, lost)``: in the solution of ``cell`` the text ``old``, which must occur
exactly once, is replaced by ``new``, and ``lost`` is ``{id: marks}``. Where that is empty, ``new`` is another right answer.
"""

import argparse
import collections
import copy
import itertools
import re
import runpy
import sys

import nbformat

from coursework import fast, names, path_of

SEEDS = (1, 20, 300)
FEWEST = 10
"""Known wrong answers that an assignment must have."""


def load(name):
    """The source of an assignment and its wrong answers; a ``ValueError`` in one sentence if it has none."""
    path = path_of(name)
    if not path.with_name("wrong.py").is_file():
        raise ValueError(
            f"{name} has no wrong.py: list there at least {FEWEST} wrong answers and what each loses, as in templates/assignment"
        )
    return nbformat.read(path, 4), runpy.run_path(str(path.with_name("wrong.py")))["WRONG"]


def points(source):
    """The points of every question, ``{id: points}``: those that a machine marks, and those that somebody marks by hand."""
    graded = [cell for cell in source.cells if fast.info(cell).get("grade")]
    automatic = {fast.info(cell)["grade_id"]: float(fast.info(cell)["points"]) for cell in graded if not fast.is_manual(cell)}
    by_hand = {fast.info(cell)["grade_id"]: float(fast.info(cell)["points"]) for cell in graded if fast.is_manual(cell)}
    return automatic, by_hand


def edits(source, wrong):
    """The answers of somebody who gives one wrong answer and is right in all others; a ``ValueError`` if it does not fit the source."""
    name, cell, old, new, _ = wrong
    given = fast.answers(source)
    if given.get(cell, "").count(old) != 1:
        raise ValueError(f"{name}: the solution of {cell} must hold this text exactly once: {old!r}")
    return given | {cell: given[cell].replace(old, new)}


def lost(source, found):
    """The automatic marks that are missing from ``found``, ``{id: marks}``."""
    automatic, _ = points(source)
    return {name: most - found[name] for name, most in automatic.items() if found[name] < most}


def told(marks):
    """Marks that are lost, in words."""
    return ", ".join(f"{name} -{mark:g}" for name, mark in marks.items()) or "nothing"


def of_the_format(source):
    """Is the source what nbgrader and this book ask for?"""
    ids = [fast.info(cell)["grade_id"] for cell in source.cells if fast.info(cell)]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield f"two cells have the id {name}"
    for cell in source.cells:
        about, text = fast.info(cell), cell.source
        name = about.get("grade_id", cell.id)
        if about and about.get("schema_version") != 3:
            yield f"{name}: the metadata must be of nbgrader's schema_version 3"
        if about.get("solution") and text.count("### BEGIN SOLUTION") != 1:
            yield f"{name}: a solution cell needs one BEGIN SOLUTION and one END SOLUTION, or it is blanked whole"
        if about.get("grade") and not about.get("points", 0) > 0:
            yield f"{name}: a graded cell needs points"
        if about.get("grade") and not about.get("solution") and not (about.get("locked") and cell.cell_type == "code"):
            yield f"{name}: a test cell is a locked code cell"
        if "### BEGIN HIDDEN TESTS" in text and not about.get("grade"):
            yield f"{name}: hidden tests belong into a graded cell"
        if fast.DEMONSTRATION in cell.metadata.get("tags", []) and about:
            yield f"{name}: a cell with the tag {fast.DEMONSTRATION} can neither be answered nor give marks"


def of_the_points(source):
    """Do the table at the top, the headings and the cells say the same of the points?"""
    text = "\n".join(cell.source for cell in source.cells if cell.cell_type == "markdown")
    given = collections.Counter()
    for name, most in itertools.chain.from_iterable(part.items() for part in points(source)):
        if not re.match(r"q\d+", name):
            yield f"{name}: call a graded cell after its question, q1 or q1-values"
            return
        given[int(re.match(r"q(\d+)", name)[1])] += most
    table = {int(number): float(most) for number, most in re.findall(r"^\| (\d+)[ .].*\| ([\d.]+) \|$", text, re.MULTILINE)}
    heading = re.findall(r"^## Question (\d+): .*\((\d+|no) point", text, re.MULTILINE)
    for number in sorted(given | table):
        if given[number] != table.get(number, 0):
            yield f"question {number}: its cells give {given[number]:g} points, and the table at the top says {table.get(number, 0):g}"
    for number, said in heading:
        if given[int(number)] != float(said.replace("no", "0")):
            yield f"question {number}: its cells give {given[int(number)]:g} points, and its heading says {said}"
    whole = re.search(r"\| \*\*in all\*\* \|.*\*\*(\d+)\*\* \|$", text, re.MULTILINE)
    if not whole or float(whole[1]) != sum(given.values()):
        yield f"the table at the top must end with | | **in all** | **{sum(given.values()):g}** |, the sum of the points of all cells"


def of_the_reference(source, seeds=(None, *SEEDS)):
    """Does the reference solution get every mark, for several seeds?"""
    for seed in seeds:
        missing = lost(source, fast.marks(source, fast.answers(source), seed))
        if missing:
            yield f"the reference solution loses {told(missing)} with the seed {seed}: mend the solution, or the test that it fails"


def of_the_untouched(source):
    """Does the copy as it was handed out get nothing?"""
    free = {name: mark for name, mark in fast.marks(source, {}).items() if mark != 0}
    if free:
        yield f"the untouched copy gets marks for {', '.join(free)}: let these tests fail where nothing was answered"


def of_the_wrong(source, wrong, seed=None):
    """Does every known wrong answer lose exactly what it should?"""
    fitting, given = [], []
    for answer in wrong:
        try:
            given.append(edits(source, answer))
            fitting.append(answer)
        except ValueError as error:
            yield str(error)
    for answer, marks in zip(fitting, fast.marks_of_each(source, given, seed) if given else [], strict=True):
        found = lost(source, marks)
        if found != answer[-1]:
            yield f"{answer[0]} loses {told(found)} and should lose {told(answer[-1])}: mend the tests, or what wrong.py says"


def of_the_list(source, wrong):
    """Are there enough wrong answers, and is every automatic mark lost by one?"""
    mistakes = sum(bool(answer[-1]) for answer in wrong)
    if mistakes < FEWEST:
        yield f"wrong.py lists {mistakes} mistakes and needs at least {FEWEST}: add {FEWEST - mistakes}"
    for name, count in collections.Counter(answer[0] for answer in wrong).items():
        if count > 1:
            yield f"two answers in wrong.py are called {name}: rename one"
    never = set(points(source)[0]) - {name for *_, gone in wrong for name in gone}
    if never:
        yield f"no wrong answer loses {', '.join(sorted(never))}: add one to wrong.py that does"


def of_the_release(source, released):
    """Does the students' copy keep its secrets, and nothing but them?"""
    text = "\n".join(cell.source for cell in released.cells)
    for word in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TEST", "MARK SCHEME"):
        if word in text:
            yield f"the students' copy says {word}"
    meant = {line.strip() for cell in source.cells for line in handed_out(cell).split("\n")}
    shown = {line.strip() for line in text.split("\n")} - meant
    for cell in source.cells:
        secret = re.findall(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", cell.source, re.DOTALL)
        for line in "".join(secret).split("\n"):
            if len(line.strip()) > 20 and line.strip() in shown:
                yield f"the students' copy holds a line of a solution or a hidden test: {line.strip()}"
    if any(cell.get("outputs") for cell in released.cells):
        yield "the students' copy holds outputs"
    if [handed_out(cell) for cell in source.cells] != [cell.source for cell in released.cells]:
        yield "what nbgrader blanks is not what coursework.fast blanks"


def complaints(source, wrong):
    """All that can be said without nbgrader."""
    yield from of_the_format(source)
    yield from of_the_points(source)
    yield from of_the_list(source, wrong)
    yield from of_the_reference(source)
    yield from of_the_untouched(source)
    yield from of_the_wrong(source, wrong)


def without_hidden_tests(source, name=None):
    """A copy in which the graded cell ``name`` has lost its hidden tests; all of them if None."""
    poorer = copy.deepcopy(source)
    for cell in poorer.cells:
        if name in (None, fast.info(cell).get("grade_id")):
            cell.source = fast.HIDDEN.sub("", cell.source)
    return poorer


def handed_out(cell):
    """What students find in a cell of the source."""
    if fast.info(cell).get("solution"):
        return fast.blank(cell)
    return fast.HIDDEN.sub("", cell.source).rstrip("\n")


def main(arguments=None):
    """The command ``python -m coursework.proof``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="assignments; all of them if none is named")
    amiss = []
    for name in parser.parse_args(arguments).names or names():
        try:
            source, wrong = load(name)
        except ValueError as error:
            sys.exit(str(error))
        automatic, by_hand = points(source)
        print(f"{name}: {sum(automatic.values()):g} points by a machine, {sum(by_hand.values()):g} by hand")
        for answer in wrong:
            print(f"  {answer[0]:30}", told(answer[-1]) if answer[-1] else "right too")
        found = list(complaints(source, wrong))
        print("\n".join(f"  AMISS: {sentence}" for sentence in found) or "  all as it should be")
        amiss += found
    sys.exit(bool(amiss))


if __name__ == "__main__":
    main()
