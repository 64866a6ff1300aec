"""A second mark, made outside of the student's process: what do the functions really give?

A notebook's tests run in the process that they test, so a student's code may blind them (``np.allclose = lambda *a: True``) or write down
results of its own. Therefore the functions are called once more, in the sandbox, with secret inputs, and what they return is compared here,
where no student's code ever ran. Where a notebook got a mark and its function is wrong, somebody has to look.

``source/NAME/check.py`` says what is called: ``draw(rng)`` yields ``(cell, function, arguments, marks)``, the id of the solution cell, the
name of a function that it defines, a tuple of arguments (numbers, texts, arrays, lists, sets and dictionaries of them), and the ids of the
marks that a wrong result contradicts. As in the marking, a function that was asked for earlier is the right one: a mistake counts once.
"""

import runpy

import numpy as np

from coursework import fast, path_of
from coursework.inside import packed, unpacked


def draw(name, seed):
    """The calls of an assignment for one seed, ``[(cell, function, arguments, marks), ...]``."""
    check = runpy.run_path(str(path_of(name).with_name("check.py")))
    return list(check["draw"](np.random.default_rng([seed, 0x5EC])))


def steps(source, edits, calls):
    """What :meth:`coursework.sandbox.Box.follow` is to do: the answers ``edits`` and the calls, each before its answer is replaced."""
    right, todo = fast.answers(source), []
    for cell in source.cells:
        about = fast.info(cell)
        if cell.cell_type != "code" or about.get("grade") or fast.DEMONSTRATION in cell.metadata.get("tags", []):
            continue
        if not about.get("solution"):
            todo.append(["run", cell.source])
            continue
        name = about["grade_id"]
        todo.append(["run", edits.get(name, "")])
        todo += [["call", function, [packed(list(arguments))]] for at, function, arguments, _ in calls if at == name]
        todo.append(["run", right[name]])
    return todo


def in_order(source, calls):
    """The calls in the order in which :func:`steps` makes them."""
    places = [fast.info(cell).get("grade_id") for cell in source.cells]
    return sorted(calls, key=lambda call: places.index(call[0]))


def same(got, want):
    """Are two values equal, numbers to within 1e-6 of what they are?"""
    if isinstance(want, np.ndarray) or isinstance(got, np.ndarray):
        got, want = np.asarray(got), np.asarray(want)
        if got.shape != want.shape or got.dtype.kind == "U" or want.dtype.kind == "U":
            return got.shape == want.shape and bool(np.all(got == want))
        return bool(np.allclose(got, want, rtol=1e-6, atol=1e-8, equal_nan=True))
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, dict):
        return isinstance(got, dict) and got.keys() == want.keys() and all(same(got[key], want[key]) for key in want)
    if isinstance(want, float) or isinstance(got, float):
        return isinstance(got, int | float) and isinstance(want, int | float) and bool(np.isclose(got, want, rtol=1e-6, atol=1e-8))
    return type(got) is type(want) and got == want


def verdicts(calls, got, want):
    """Is what was returned what the reference returns? ``{mark: None, or a sentence that says what is wrong}``.

    Args:
        calls: in the order in which they were made.
        got: the student's answers, as :meth:`coursework.sandbox.Box.follow` gives them; it may be shorter, and hold anything.
        want: the reference's, all of them.
    """
    found = {}
    for number, ((_, function, _, marks), right) in enumerate(zip(calls, want, strict=True)):
        answer = got[number] if number < len(got) else {"error": "it never came back"}
        try:
            wrong = None if same(unpacked(answer.get("result")), unpacked(right["result"])) else "it returns other values than ours"
        except ValueError:
            wrong = f"it ends in an error, {answer.get('error', 'and returns nothing that can be compared')}"
        for mark in marks:
            found[mark] = found.get(mark) or (wrong and f"{function}: called with secret inputs, {wrong}")
    return found


def disagreements(source, scores, found):
    """Sentences on the marks that a notebook got although the function is wrong."""
    most = {fast.info(cell)["grade_id"]: fast.info(cell).get("points") for cell in source.cells if fast.info(cell).get("grade")}
    return [f"{mark} has its mark, but {wrong}" for mark, wrong in found.items() if wrong and scores.get(mark) == most[mark]]
