"""Mark one submission: run it in a sandbox, read its marks off its outputs as nbgrader does, and cross-check them.

This is what a worker does, on this machine or another. It writes nothing but a folder of its own that vanishes, and keeps no gradebook:
what it found goes back to the one process that writes (:mod:`coursework.grade`).
"""

import ast
import contextlib
import dataclasses
import functools
import hashlib
import tempfile
import time
from pathlib import Path

import nbformat

from coursework import crosscheck, fast, feedback, path_of, proof
from coursework.sandbox import Box, Limits, NoSandbox, check


@dataclasses.dataclass(frozen=True)
class Task:
    """How the submissions of one batch are marked.

    Attributes:
        name: the assignment.
        edition: what :func:`edition` gives for it where the batch was begun.
        seed: what the hidden tests and the cross-check draw from.
        limits: what a submission may take.
        trust: run students' code without a sandbox.
    """

    name: str
    edition: str
    seed: int
    limits: Limits = dataclasses.field(default_factory=Limits)
    trust: bool = False


@dataclasses.dataclass(frozen=True)
class Marks:
    """What was found.

    Attributes:
        scores: ``{id: points}``, None where a person marks.
        notebook: the notebook with its outputs, as text.
        remarks: sentences for the instructor: what was stopped, and where the two marks disagree.
        seconds: how long it took.
    """

    scores: dict
    notebook: str
    remarks: tuple
    seconds: float


class Unfit(Exception):
    """This worker does not mark as it should, so that no mark of it counts; the sentence says why."""


def edition(name):
    """Changes when the assignment, its cross-check or its marking changes."""
    source = path_of(name)
    ours = (Path(__file__).with_name(f"{module}.py") for module in ("inside", "sandbox", "crosscheck", "marking"))
    paths = source, source.with_name("check.py"), *ours
    return hashlib.sha256(b"\0".join(Path(path).read_bytes() for path in paths)).hexdigest()[:16]


def mark(task, notebook):
    """Mark one notebook.

    Args:
        task: a :class:`Task`.
        notebook: the text of a notebook as :mod:`coursework.submissions` hands it on: whole, and with the hidden tests.

    Raises:
        Unfit: when the reference solution does not get every mark here, the untouched copy gets one, or no sandbox can be made.
    """
    return desk(task).mark(nbformat.reads(notebook, 4))


def marked(task, notebook):
    """What a worker is asked for: :func:`mark`, but an :class:`Unfit` is handed back, since Dask prints a traceback of what is raised."""
    try:
        return mark(task, notebook)
    except (Unfit, NoSandbox) as error:
        return Unfit(str(error))


def warm():
    """Import what takes seconds, before it is needed."""
    import matplotlib.font_manager  # noqa: F401
    import nbgrader.utils  # noqa: F401

    feedback.exporter()


@functools.lru_cache(maxsize=4)
def desk(task):
    """The desk of this process for a batch, proven before the first submission."""
    return Desk(task)


class Desk:
    """Where a worker marks the submissions of one batch."""

    def __init__(self, task):
        if edition(task.name) != task.edition:
            raise Unfit(f"this worker has another version of {task.name}, or of the grader: bring all to the same commit")
        if not task.trust:
            try:
                check()
            except NoSandbox as error:
                raise Unfit(str(error)) from None
        self.task = task
        self.source = nbformat.read(path_of(task.name), 4)
        self.imports = modules(self.source)
        self.calls = crosscheck.in_order(self.source, crosscheck.draw(task.name, task.seed))
        self.want = self._wanted()
        self._prove()

    def _wanted(self):
        """What the functions of the reference solution give."""
        right = fast.submission(self.source, fast.answers(self.source))
        with tempfile.TemporaryDirectory() as folder, self._box(folder) as box:
            found = box.follow(crosscheck.steps(self.source, right, self.calls))
        if failed := [answer for answer in found if "result" not in answer]:
            raise Unfit(f"the cross-check cannot call the reference solution of {self.task.name}: {failed[0]}")
        return found

    def _prove(self):
        """Mark the reference solution and the untouched copy, the canaries, whose marks are known."""
        reference, untouched = (self.mark(fast.submission(self.source, edits)) for edits in (fast.answers(self.source), {}))
        missing = proof.lost(self.source, reference.scores)
        free = [name for name, score in untouched.scores.items() if score != 0]
        if missing or reference.remarks:
            words = "; ".join([f"it loses {', '.join(missing)}"] * bool(missing) + list(reference.remarks))
            raise Unfit(f"the reference solution does not get full marks, so nobody is marked: {words}")
        if free:
            raise Unfit(f"the untouched copy gets {', '.join(free)}, so nobody is marked")

    def _box(self, folder):
        return Box(self.imports, self.task.limits, self.task.trust, folder)

    def mark(self, notebook):
        """The :class:`Marks` of a notebook, a node of nbformat, which is changed: it gets its outputs."""
        from nbgrader import utils

        began = time.monotonic()
        code = [cell for cell in notebook.cells if cell.cell_type == "code" and fast.DEMONSTRATION not in cell.metadata.get("tags", [])]
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as opened:
            box = opened.enter_context(self._box(folder))
            found = box.follow(crosscheck.steps(self.source, notebook, self.calls))
            if box.spent:
                opened.close()
                box = opened.enter_context(self._box(folder))
            outputs, stopped = box.run([cell.source for cell in code], self.task.seed)
        for number, cell in enumerate(code):
            cell.outputs = notebook_outputs(outputs[number]) if number < len(outputs) else [not_run(stopped, number == len(outputs))]
        blanks = {fast.info(cell).get("grade_id"): fast.blank(cell) for cell in self.source.cells if fast.info(cell).get("solution")}
        scores, remarks = {}, [f"not run to the end: {stopped}"] if stopped else []
        for cell in notebook.cells:
            about = fast.info(cell)
            if about.get("solution"):
                untouched = nbformat.from_dict(cell | {"source": blanks[about["grade_id"]]})
                about["checksum"] = utils.compute_checksum(untouched)
            if about.get("grade"):
                try:
                    scores[about["grade_id"]] = utils.determine_grade(cell)[0]
                except (KeyError, ValueError):  # nbgrader takes a number for a mark, and this one is none
                    scores[about["grade_id"]] = 0
                    remarks.append(f"{about['grade_id']} got 0, since its output is no mark that can be given")
        remarks += crosscheck.disagreements(self.source, scores, crosscheck.verdicts(self.calls, found, self.want))
        return Marks(scores, nbformat.writes(notebook), tuple(remarks), time.monotonic() - began)


MOST_OUTPUTS = 500
"""Of one cell; what comes after is dropped."""


def not_run(why, first):
    """The output of a cell that was not run."""
    words = f"This cell was stopped: {why}." if first else "This cell was not run, because one before it was stopped."
    return nbformat.v4.new_output("error", ename="Stopped", evalue=words, traceback=[words])


def notebook_outputs(found):
    """What came out of the sandbox as outputs of a notebook. What has not their form is an error of the cell."""
    try:
        made = [nbformat.from_dict(output) for output in found[:MOST_OUTPUTS]]
        for output in made:
            nbformat.validate(output, ref="output", version=4)
        return made
    except Exception:
        return [not_run("its outputs cannot be read", True)]


def modules(source):
    """The modules that the given cells of an assignment import."""
    found = []
    for cell in source.cells:
        if cell.cell_type == "code" and not fast.info(cell):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Import):
                    found += [name.name for name in node.names]
                elif isinstance(node, ast.ImportFrom):
                    found += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
    return list(dict.fromkeys(found))
