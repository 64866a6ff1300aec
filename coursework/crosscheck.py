"""A second mark, made outside of the student's process: what do the functions really give?

A notebook's tests run in the process that they test, so a student's code may blind them (``np.allclose = lambda *a: True``) or write down
results of its own. Therefore the functions are called once more, in the sandbox, with secret inputs, and what they return is compared here,
where no student's code ever ran. Where a notebook got a mark and its function is wrong, somebody has to look.

``source/NAME/check.py`` says what is called: ``draw(rng)`` yields a :class:`Call` for each. As in the marking, a function that was asked
for earlier is the right one: a mistake counts once. Each solution cell is tried in a process of its own, which is not shown our solution.
"""

import inspect
import itertools
import runpy
import textwrap
import typing

import numpy as np

from coursework import fast, path_of
from coursework.inside import packed, unpacked


class Call(typing.NamedTuple):
    """One call of a student's function.

    Attributes:
        cell: the id of the solution cell that defines it.
        function: its name.
        arguments: numbers, texts, arrays, and lists, tuples, sets and dictionaries of them.
        marks: the ids of the marks that are not deserved where the result is wrong.
        of: what is compared, a function of the result, where a right one need not be ours. If it raises an error, the result is wrong.
            It runs outside of the sandbox, and before it computes with a result that anybody may have made, it looks at the shapes.
        kept: the places of arguments that must be left as they are.
        by: who calls it, where it is not called directly: a function that is given the student's function and the arguments, and whose
            result is taken for the result. Its text alone is sent to the student's process, where it sees what the cells defined.
    """

    cell: str
    function: str
    arguments: tuple
    marks: tuple
    of: typing.Callable = None
    kept: tuple = ()
    by: typing.Callable = None

    def step(self):
        """The call for :func:`coursework.inside.follow`."""
        by = self.by and [self.by.__name__, textwrap.dedent(inspect.getsource(self.by))]
        return ["call", self.function, packed(self.arguments), list(self.kept), by]


def draw(name, seed):
    """The calls of an assignment for one seed, a list of :class:`Call`; a ``ValueError`` in one sentence if nothing says what is called."""
    path = path_of(name).with_name("check.py")
    if not path.is_file():
        raise ValueError(
            f"{name} has no check.py: write there draw(rng), which yields a Call for each function, as in templates/assignment"
        )
    check = runpy.run_path(str(path))
    return list(check["draw"](np.random.default_rng([seed, 0x5EC])))


def in_order(source, calls):
    """The calls in the order of the cells of the notebook, in which :func:`steps` makes them."""
    places = [fast.info(cell).get("grade_id") for cell in source.cells]
    return sorted(calls, key=lambda call: places.index(call.cell))


def steps(source, notebook, calls):
    """What :meth:`coursework.sandbox.Box.follow` is to do: a job for each solution cell whose functions are called.

    A job runs the cells up to the first test after that solution, other tests and demonstrations left out, and behind each earlier solution
    ours; then it makes the calls.

    Args:
        source: the assignment with its solutions.
        notebook: what was handed in, with whatever cells a student added.
        calls: in the order of the cells.
    """
    right, jobs = fast.answers(source), []
    for name, asked in itertools.groupby(calls, key=lambda call: call.cell):
        job, reached = [], False
        for cell in notebook.cells:
            about = fast.info(cell)
            test = about.get("grade") and not about.get("solution")
            if reached and test:
                break
            if cell.cell_type != "code" or test or fast.DEMONSTRATION in cell.metadata.get("tags", []):
                continue
            job.append(["run", cell.source])
            reached = reached or about.get("grade_id") == name
            if not reached and about.get("grade_id") in right:
                job.append(["run", right[about["grade_id"]]])
        jobs.append(job + [call.step() for call in asked])
    return jobs


def same(got, want):
    """Does ``got`` hold what ``want`` holds, numbers to within 1e-4 of what they are?

    Lists, tuples and arrays of one shape are the same, and so are all kinds of numbers; a dictionary may hold more than is wanted.
    """
    if isinstance(want, dict):
        return isinstance(got, dict) and want.keys() <= got.keys() and all(same(got[key], want[key]) for key in want)
    if isinstance(want, list | tuple):
        got = list(got) if isinstance(got, np.ndarray) and got.shape[:1] == (len(want),) else got
        return isinstance(got, list | tuple) and len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, set | str | None):
        got = got.item() if isinstance(got, np.ndarray) and got.size == 1 else got
        return type(got) is type(want) and got == want
    got, want = np.asarray(got), np.asarray(want)
    got = got.reshape(()) if got.size == 1 and want.ndim == 0 else got
    if got.shape != want.shape or (got.dtype.kind == "U") != (want.dtype.kind == "U") or got.dtype.kind == "O":
        return False
    return bool(np.all(got == want) if want.dtype.kind == "U" else np.allclose(got, want, rtol=1e-4, atol=1e-5))


def complaint(call, answer, right):
    """What is wrong with the answer to a call, a sentence; None if it is the ``right`` one, which the reference gives."""
    try:
        result, kept = unpacked(answer["result"]), unpacked(answer["kept"])
    except (KeyError, TypeError, ValueError):
        error = answer.get("error", "") if isinstance(answer, dict) else ""
        said = "".join(letter if letter.isprintable() else " " for letter in str(error)[:200])
        return f"it gives nothing that can be compared ({said or 'no word of why'})"
    want = unpacked(right["result"])
    try:
        with np.errstate(all="ignore"):
            alike = same(call.of(result), call.of(want)) if call.of else same(result, want)
        left = same(kept, [call.arguments[place] for place in call.kept])
    except Exception:  # whatever comes back was made by somebody else
        return "it returns something of another form than ours"
    if not alike:
        return "it returns other values than ours"
    return None if left else "it changes its arguments"


def verdicts(calls, got, want):
    """Is what was returned what the reference returns? ``{mark: None, or a sentence that says what is wrong}``.

    Args:
        calls: in the order of the cells.
        got: the student's answers, as :meth:`coursework.sandbox.Box.follow` gives them.
        want: the reference's.
    """
    found = {}
    for call, answer, right in zip(calls, got, want, strict=True):
        wrong = complaint(call, answer, right)
        for mark in call.marks:
            found[mark] = found.get(mark) or (wrong and f"{call.function}: called with secret inputs, {wrong}")
    return found


def disagreements(source, scores, found):
    """Sentences on the marks that a notebook got, whole or in part, although the function is wrong."""
    said = {}
    for cell in source.cells:
        name = fast.info(cell).get("grade_id")
        if fast.info(cell).get("grade") and found.get(name) and scores.get(name):
            said.setdefault(found[name], []).append(name)
    return [f"{' and '.join(ids)} got a mark, but {wrong}" for wrong, ids in said.items()]
