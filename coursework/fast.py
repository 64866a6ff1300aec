"""Marks without a kernel: the cells of a notebook run in a forked child, and every grade cell gets its points or none.

It follows nbgrader's rules. A test cell that raises an error or writes to stderr gets nothing; one that ends in a number gets that many
points; a question that is marked by hand gets None, or 0 where nothing was written. It takes a fraction of a second where nbgrader takes
three, so that every wrong answer of every assignment can be tried; ``tests/test_coursework.py`` shows that both give the same marks.

A child is no sandbox. Run only answers that you have read.
"""

import ast
import contextlib
import copy
import gc
import importlib
import io
import multiprocessing
import os
import re
import signal
import sys
import warnings

CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB = "YOUR ANSWER HERE"
HIDDEN = re.compile(r"^[^\n]*### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS[^\n]*\n?", re.DOTALL | re.MULTILINE)
"""A part of a test that students do not see."""
DEMONSTRATION = "demonstration"
"""The tag of a cell that takes long and on which no mark depends: it is left out here."""
LATE = {"torch": ("torch._dynamo",)}
"""What a module imports only when it is used, here with the first optimiser, and what takes long."""


def info(cell):
    """What nbgrader is told of a cell; empty for a cell that it does not know."""
    return cell.metadata.get("nbgrader", {})


def is_manual(cell):
    """Is this an answer that somebody reads and marks?"""
    return bool(info(cell).get("grade") and info(cell).get("solution"))


def answers(source):
    """The solutions of an assignment without their markers, as a student would have typed them: ``{id: text}``."""
    return {info(cell)["grade_id"]: _without_markers(cell.source) for cell in source.cells if info(cell).get("solution")}


def blank(cell):
    """What students find in a solution cell."""
    stub = CODE_STUB if cell.cell_type == "code" else TEXT_STUB
    lines, inside = [], False
    for line in cell.source.split("\n"):
        if "### BEGIN SOLUTION" in line:
            inside, indent = True, re.match(r"\s*", line)[0]
            lines += [indent + part for part in stub.split("\n")]
        elif "### END SOLUTION" in line:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def submission(source, edits):
    """What is marked: the source with its hidden tests, but in every solution cell the text of ``edits``, or what students find there."""
    handed_in = copy.deepcopy(source)
    for cell in handed_in.cells:
        if info(cell).get("solution"):
            cell.source = edits.get(info(cell)["grade_id"], blank(cell))
    return handed_in


def marks(source, edits, seed=None, limit=60):
    """The marks ``{id: points}`` for the answers ``edits`` ``{id: text}``; a question without an answer is left as it was handed out.

    Args:
        source: the assignment with its solutions and hidden tests, a notebook.
        edits: the text of each answered solution cell.
        seed: what the hidden tests draw their sizes and numbers from; their own default if None.
        limit: seconds until the child is stopped.

    Raises:
        TimeoutError: if the notebook takes longer than ``limit``.
        ChildProcessError: if an answer ended the process.
    """
    return marks_of_each(source, [edits], seed, limit)[0]


def marks_of_each(source, students, seed=None, limit=60):
    """The marks for each of ``students``, a list of ``edits``; the rest is as in :func:`marks`.

    The reference solution runs once; before the first cell in which a student's answers differ from it, the process is forked, and the
    student's notebook goes on from there.
    """
    reference = submission(source, answers(source))
    handed_in = [submission(source, edits) for edits in students]
    end = 1 + max((k for k, cell in enumerate(source.cells) if info(cell).get("grade")), default=-1)  # what stands behind gives no marks
    parts_at = [next((k for k in range(end) if other.cells[k].source != reference.cells[k].source), end) for other in handed_in]
    _imported(source)
    here, there = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_run, args=(reference, handed_in, parts_at, end, seed, there))
    child.start()
    there.close()
    found = {}
    try:
        while len(found) < len(students):
            if not here.poll(limit):
                raise TimeoutError(f"not done after {limit} seconds")
            student, given = here.recv()
            found[student] = given
    except EOFError:
        raise ChildProcessError("an answer ended the process that was to mark it") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # it and what it has forked
        child.kill()
        child.join()
        here.close()
    return [found[k] | _by_hand(source, handed_in[k]) for k in range(len(students))]


def _by_hand(source, handed_in):
    """None for a question that somebody has to read, 0 where nothing was written."""
    given = {}
    for cell in filter(is_manual, handed_in.cells):
        untouched = next(blank(each) for each in source.cells if info(each).get("grade_id") == info(cell)["grade_id"])
        given[info(cell)["grade_id"]] = 0.0 if cell.source == untouched else None
    return given


def _imported(source):
    """Import here, once, what the given cells import, so that every child finds it done."""
    for cell in source.cells:
        if cell.cell_type == "code" and not info(cell):
            for node in ast.walk(ast.parse(cell.source)):
                modules = [node.module] if isinstance(node, ast.ImportFrom) else []
                modules += [name.name for name in node.names] if isinstance(node, ast.Import) else []
                modules += [f"{node.module}.{name.name}" for name in node.names] if isinstance(node, ast.ImportFrom) else []
                modules += [late for name in modules for late in LATE.get(name, ())]
                for module in modules:
                    with contextlib.suppress(ImportError):
                        importlib.import_module(module)


def _without_markers(text):
    return re.sub(r"^.*### (BEGIN|END) SOLUTION.*\n?", "", text, flags=re.MULTILINE).rstrip("\n")


def _run(reference, handed_in, parts_at, end, seed, results):
    os.setsid()
    gc.disable()  # a collection would look at, and so copy, all that the parent holds
    if seed is not None:
        os.environ["LSTMBOOK_COURSE_SEED"] = str(seed)
    os.environ["TQDM_DISABLE"] = "1"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # PyTorch cannot compute slopes in a fork of a process that has done so beside a GPU
    warnings.resetwarnings()
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.showwarning = lambda message, *rest: print(message, file=sys.stderr)
    os.environ["MPLBACKEND"] = "agg"
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].use("agg")
    space, found = {"__name__": "__main__"}, {}
    for k in range(max(parts_at)):
        _fork_at(k, handed_in, parts_at, end, space, found, results)
        _mark(reference.cells[k], space, found)
    _fork_at(max(parts_at), handed_in, parts_at, end, space, found, results)


def _fork_at(k, handed_in, parts_at, end, space, found, results):
    """For each student whose answers part from the reference at cell ``k``: a child that runs the rest and sends its marks."""
    for student, other in enumerate(handed_in):
        if parts_at[student] != k:
            continue
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            continue
        for cell in other.cells[k:end]:
            _mark(cell, space, found)
        results.send((student, found))
        os._exit(0)


def _mark(cell, space, found):
    if cell.cell_type != "code" or DEMONSTRATION in cell.metadata.get("tags", []):
        return
    points = _one(cell.source, space)
    if info(cell).get("grade") and not is_manual(cell):
        most = float(info(cell)["points"])
        found[info(cell)["grade_id"]] = most if points is None else min(points, most)


def _one(text, space):
    """Run one cell. 0.0: an error, or words on stderr. A number: the value of its last line. None: neither."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            tree = ast.parse(text)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "<cell>", "exec"), space)
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), space) if last else None
        except BaseException:
            return 0.0
    if said.getvalue():
        return 0.0
    return float(value) if type(value) in (int, float) and value >= 0 else None
