"""The cross-check sees what wrong answers lose, doubts no mark that was earned, and is not to be fooled by what comes back.

Where the code is ours, it runs in a forked child; where somebody could have written it to do harm, in the sandbox.
"""

import collections
import copy
import functools
import inspect
import json
import multiprocessing
import re
import types

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sentences import none

from coursework import crosscheck, fast, inside, marking, names, path_of, proof
from coursework.crosscheck import Call, complaint, same
from coursework.inside import packed, unpacked
from coursework.sandbox import Box, Limits

SEED, OTHERS = 20, (1, 300)

UNSEEN = {
    "a2_gates": {"sigmoid_that_overflows": {"q3-stable"}},  # its values are right: the mark is lost for a warning
    "a3_lstm_from_scratch": {"exp_overflows": {"q2-stable"}},  # the same
    "a4_pytorch": {"double_too_late": {"q2-check", "q2-values"}},  # twelve digits are asked for there, and the cross-check looks at four
}
"""Marks that a wrong answer loses and of which the cross-check says nothing."""

EARNED_BY_ZEROS = {"q4-shapes"}
"""Marks of a forger whose functions return zeros that are no forgeries: for right shapes."""

BLIND = """
import builtins
import sys
import numpy as np

np.allclose = np.isclose = np.array_equal = np.testing.assert_allclose = lambda *rest, **more: True
np.abs = builtins.abs = np.linalg.norm = lambda *rest, **more: np.zeros(1)
if "torch" in sys.modules:
    import torch

    torch.equal, torch.Tensor.abs = lambda *rest: True, lambda array: 0 * array


def zeros(value):
    if hasattr(value, "parameters"):
        for parameter in value.parameters():
            parameter.data.zero_()
        return value
    if hasattr(value, "requires_grad"):
        return 0 * value
    if isinstance(value, dict):
        return {key: zeros(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(zeros, value))
    return np.zeros_like(value) if isinstance(value, np.ndarray | int | float) else value


def forged(function):
    return lambda *rest, **more: zeros(function(*rest, **more))


"""
"""What a forger writes into the first answer: nothing differs from anything any more."""


def followed(jobs):
    """What :meth:`coursework.sandbox.Box.follow` gives, for code that we wrote."""
    here, there = multiprocessing.Pipe(duplex=False)

    def work():
        answers, shell = [], types.SimpleNamespace(transform_cell=str)
        for job in jobs:
            inside.follow(shell, {"follow": job, "step": 20, "seconds": 60}, answers.append)
        there.send(answers)

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    there.close()
    answers = here.recv()
    child.join()
    return answers


class Desk:
    """An assignment with its calls, and what the reference gives."""

    def __init__(self, name, seed=SEED):
        self.source, self.wrong = proof.load(name)
        fast._imported(self.source)
        self.calls = crosscheck.in_order(self.source, crosscheck.draw(name, seed))
        self.covered = {mark for call in self.calls for mark in call.marks}
        self.right, self.known = fast.answers(self.source), {}
        self.want = self.followed(self.steps(self.right))

    def steps(self, edits):
        return crosscheck.steps(self.source, fast.submission(self.source, edits), self.calls)

    def followed(self, jobs):
        """What the jobs give; one that was done before is not done again."""
        names = [json.dumps(job) for job in jobs]
        new = {name: job for name, job in zip(names, jobs, strict=True) if name not in self.known}
        answers = iter(followed(new.values()))
        self.known |= {name: [next(answers) for step in job if step[0] == "call"] for name, job in new.items()}
        return [answer for name in names for answer in self.known[name]]

    def found(self, edits, follow=None):
        return crosscheck.verdicts(self.calls, (follow or self.followed)(self.steps(edits)), self.want)

    def forged(self):
        """The answers of a forger: those of the reference, but every function returns zeros."""
        edits = {name: text + "".join(f"\n{each} = forged({each})" for each in self.functions(name)) for name, text in self.right.items()}
        first = next(iter(edits))
        return edits | {first: BLIND + edits[first]}

    def pairs(self):
        """Each call, with what the reference gives."""
        return zip(self.calls, self.want, strict=True)

    def functions(self, cell):
        return {call.function for call in self.calls if call.cell == cell}


desk = functools.cache(Desk)


@pytest.fixture(params=names())
def name(request):
    return request.param


@pytest.mark.parametrize("seed", [SEED, *OTHERS])
def test_the_reference_gives_the_same_values_twice_and_no_sentence(name, seed):
    at = desk(name) if seed == SEED else Desk(name, seed)
    none(
        (
            f"the Call of {call.function} gives nothing with our own solution: {answer}"
            for call, answer in at.pairs()
            if "result" not in answer
        ),
        f"{name}/check.py",
    )
    again = followed(at.steps(at.right))  # and not what is known already
    assert set(crosscheck.verdicts(at.calls, again, at.want).values()) == {None}
    for first, second in zip(again, at.want, strict=True):
        np.testing.assert_equal(unpacked(first["result"]), unpacked(second["result"]))


def test_one_seed_draws_one_list_of_calls_of_plain_data(name):
    one, again, other = (crosscheck.draw(name, seed) for seed in (7, 7, 8))
    texts = [json.dumps([packed(call.arguments) for call in calls]) for calls in (one, again, other)]
    assert texts[0] == texts[1] != texts[2], f"{name}/check.py: draw everything that is random from rng"
    assert '"other"' not in texts[0], (
        f"{name}/check.py: hand over numbers, texts, arrays, and lists and dictionaries of them, and nothing else"
    )


def test_exactly_the_marks_that_an_answer_loses_are_called_wrong(name):
    at = desk(name)
    for answer in at.wrong:
        found = at.found(proof.edits(at.source, answer))
        unseen = UNSEEN.get(name, {}).get(answer[0], set())
        called, due = {mark for mark, wrong in found.items() if wrong}, (set(answer[-1]) & at.covered) - unseen
        some = [
            f"{answer[0]} loses {mark}, and no Call sees it: ask for it with inputs of the kind that its test tries"
            for mark in due - called
        ]
        some += [f"{answer[0]} keeps {mark}, and a Call calls it wrong: ask for it only what its test tries" for mark in called - due]
        none(some, f"{name}/check.py")
        automatic, _ = proof.points(at.source)
        scores = {mark: most - answer[-1].get(mark, 0) for mark, most in automatic.items()}
        assert crosscheck.disagreements(at.source, scores, found) == []


def test_of_the_untouched_copy_every_function_is_missing_and_no_mark_is_doubted(name):
    at = desk(name)
    found = at.found({})
    assert found.keys() == at.covered and all("there is no" in wrong or "NotImplementedError" in wrong for wrong in found.values()), found
    assert crosscheck.disagreements(at.source, fast.marks(at.source, {}), found) == []


def marks_in(sentences):
    """The marks that disagreements name."""
    return {mark for sentence in sentences for mark in sentence.split(" got a mark")[0].split(" and ")}


def test_who_blinds_the_tests_and_returns_zeros_is_named_for_every_mark_taken(name):
    at = desk(name)
    edits = at.forged()
    scores = fast.marks(at.source, edits, seed=5)
    taken = {mark for mark in at.covered if scores[mark]} - EARNED_BY_ZEROS
    assert len(taken) >= 2, "the forger is too weak to show anything"
    named = crosscheck.disagreements(at.source, scores, at.found(edits))
    assert marks_in(named) == taken


def test_every_function_is_called_and_a_mark_without_one_is_named(name):
    at = desk(name)
    words = path_of(name).with_name("check.py").read_text("utf-8").split('"""')[1]
    asked = {}
    for cell in at.source.cells:
        if cell.cell_type == "code" and fast.info(cell).get("solution"):
            asked |= {function: fast.info(cell)["grade_id"] for function in re.findall(r"^def (\w+)", fast.blank(cell), re.MULTILINE)}
    called = {call.function: call.cell for call in at.calls}
    beside = {function for function in asked for call in at.calls if call.by and f"{function}(" in inspect.getsource(call.by)}
    marks = set(proof.points(at.source)[0])
    told = {mark for mark in marks if re.search(rf"\b{mark}\b", words)}
    some = [
        f"no solution cell {cell} defines {function}: mend the Call" for function, cell in called.items() if asked.get(function) != cell
    ]
    some += [f"{function} is never called: yield a Call for it" for function in asked.keys() - called.keys() - beside]
    some += [f"{mark} is no mark of the notebook: mend the Call that names it" for mark in at.covered - marks]
    some += [f"no Call names {mark}: add it to one, or name it in the docstring" for mark in marks - at.covered - told]
    some += [f"the docstring names {mark} as one that no Call names, but one does: take it out there" for mark in told & at.covered]
    none(some, f"{name}/check.py")


def test_the_sandbox_gives_what_the_reference_gives(sandboxed, name):
    at = desk(name)
    with Box(marking.modules(at.source), Limits(whole=600)) as box:
        follow = functools.partial(box.follow, step=30, seconds=100)  # however busy the machine is
        assert set(at.found(at.right, follow).values()) == {None}


def test_a_forger_who_empties_the_tests_takes_every_mark_and_is_named(sandboxed):
    at = desk("a3_lstm_from_scratch")
    edits = at.forged()
    edits["q1"] += "\nget_ipython().input_transformers_cleanup.append(lambda lines: [] if 'assert ' in ''.join(lines) else lines)"
    cells = [cell for cell in fast.submission(at.source, edits).cells if cell.cell_type == "code"]
    cells = [cell for cell in cells if fast.DEMONSTRATION not in cell.metadata.get("tags", [])]
    with Box() as box:
        found = at.found(edits, box.follow)
        outputs, stopped = box.run([cell.source for cell in cells], 5)
    assert stopped is None
    most, _ = proof.points(at.source)
    scores = {}
    for cell, shown in zip(cells, outputs, strict=True):
        if (mark := fast.info(cell).get("grade_id")) in most:
            scores[mark] = 0 if any(output["output_type"] == "error" for output in shown) else most[mark]
    assert scores == most
    named = crosscheck.disagreements(at.source, scores, found)
    assert marks_in(named) == at.covered


def lesson(*cells):
    """A small assignment: each cell is its text, or its text and nbgrader's words on it."""
    made = []
    for k, cell in enumerate(cells):
        text, about = cell if isinstance(cell, tuple) else (cell, None)
        made.append(nbformat.v4.new_code_cell(text, id=f"c{k}", metadata={"nbgrader": about} if about else {}))
    return nbformat.v4.new_notebook(cells=made)


def solution(name):
    return {"grade_id": name, "grade": False, "solution": True}


def a_test(name):
    return {"grade_id": name, "grade": True, "solution": False, "points": 2}


ONE, TWO = "one = lambda: 1  # ours: one", "two = lambda: one() + 1  # ours: two"
TWICE = lesson(
    "import numpy as np",
    (ONE, solution("a")),
    ("assert one() == 1; mine = 7", a_test("a-is")),
    (TWO, solution("b")),
    ("assert two() == 2", a_test("b-is")),
)
CALLS = [Call("a", "one", (), ("a-is",)), Call("b", "two", (), ("b-is",))]


def values(notebook, follow=followed):
    """What the calls of the small assignment give."""
    return [answer.get("result", {}).get("value") for answer in follow(crosscheck.steps(TWICE, notebook, CALLS))]


def test_a_mistake_counts_once_and_a_test_never_runs():
    assert values(TWICE) == [1, 2]
    assert values(fast.submission(TWICE, {"a": "one = lambda: 5", "b": TWO})) == [5, 2]
    assert values(fast.submission(TWICE, {"a": ONE, "b": "two = lambda: mine"})) == [1, None]


def test_the_own_solution_is_not_shown_to_an_answer(sandboxed):
    peek = "import sys\nframe, seen = sys._getframe(), ''\nwhile frame:\n    seen += repr(frame.f_locals)\n    frame = frame.f_back\n"
    peek += "find = lambda name: 'ours: ' + name in seen\n"
    edits = {"a": peek + "one = lambda: find('one')", "b": peek + "two = lambda: [find('one'), find('two')].index(False)"}
    with Box() as box:
        assert values(fast.submission(TWICE, edits), box.follow) == [False, 1]


def test_helpers_in_cells_of_ones_own_are_there():
    notebook = copy.deepcopy(TWICE)
    notebook.cells[1].source = "one = lambda: helper()"
    notebook.cells[3].source = "two = lambda: helper() + 1"
    notebook.cells.insert(2, nbformat.v4.new_code_cell("helper = lambda: 1"))
    assert values(notebook) == [1, 2]


def test_a_mark_got_in_part_is_doubted_too():
    found = {"a-is": "one: it is wrong", "b-is": "two: it is wrong"}
    assert crosscheck.disagreements(TWICE, {"a-is": 1.99, "b-is": 0.0}, found) == ["a-is got a mark, but one: it is wrong"]
    assert crosscheck.disagreements(TWICE, {"a-is": None}, found) == []


def test_changed_arguments_are_seen():
    jobs = [[["run", "def f(a, b): b[:] = 1; return a"], ["call", "f", packed((np.zeros(2), np.zeros(3))), [1], None]]]
    (answer,) = followed(jobs)
    call = Call("a", "f", (np.zeros(2), np.zeros(3)), ("m",), kept=(1,))
    assert complaint(call, answer, answer) == "it changes its arguments"
    assert complaint(call._replace(kept=()), answer | {"kept": packed(())}, answer) is None


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(0, 9), inner, max_size=4)
        | st.sets(st.integers(0, 9) | st.text(max_size=3), max_size=4)
    ),
    max_leaves=12,
)
numbers = arrays.arrays(
    st.sampled_from([bool, np.int8, np.uint64, np.float16, np.float32, np.float64, np.complex128, ">f8", "U3"]),
    arrays.array_shapes(min_dims=0, min_side=0, max_side=4),
)


@given(plain)
def test_plain_values_come_through_json_as_they_were(value):
    back = unpacked(json.loads(json.dumps(packed(value))))
    assert repr(back) == repr(value) or (back == value and type(back) is type(value))  # a set may be shown in another order


@given(numbers)
def test_arrays_come_through_json_to_the_last_bit(array):
    back = unpacked(json.loads(json.dumps(packed({"a": [array]}))))["a"][0]
    assert back.dtype == array.dtype and back.shape == array.shape and back.tobytes() == array.tobytes()


made_up = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(["<f8", "<U9", "|O", "AAAA"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["array", "value", "list", "tuple", "set", "dict", "other", "result", "kept"]), inner, max_size=2)
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(made_up, st.sampled_from([1.5, "text", None, [np.zeros(2), 1], {"a": 1.0}, {"x"}, np.array(["a", "b"])]))
def test_whatever_is_made_up_is_a_sentence_and_never_an_error(answer, want):
    right = {"result": packed(want), "kept": packed(())}
    for given_back in (answer, {"result": answer, "kept": packed(())}, {"error": answer}):
        wrong = complaint(Call("a", "f", (), ("m",)), given_back, right)
        assert wrong is None or wrong.isprintable()


@pytest.mark.parametrize(
    "value",
    [
        {"array": ["|O", [1], "AAAAAAAAAAA="]},
        {"array": ["<f8", [2**70], ""]},
        {"array": ["<f8", [0, 10**12], ""]},
        {"array": ["<f8", [10**12, 0], ""]},
        {"array": ["<f8", [-1], ""]},
        {"array": ["<U999999", [1], ""]},
        {"array": ["<U1", [1], "/////w=="]},
        {"array": [["f8"], [1], ""]},
        {"array": ["(1000000,1000000)f8", [], ""]},
        {"value": 10**4000},
        {"value": [1]},
        {"set": [{"list": []}]},
        {"dict": [[{"value": k * (2**61 - 1)}, {"value": 0}] for k in range(2**14)]},
        {"list": [{"value": 0}] * 2**20},
        functools.reduce(lambda inner, _: {"list": [inner]}, range(5000), {"value": 0}),
        {},
        {"value": 1, "list": []},
        {"code": "open('/etc/passwd')"},
    ],
    ids=range(18),
)
def test_made_up_values_are_equal_to_nothing(value):
    for want in (0.0, np.zeros((0, 3)), [1], np.array(["a"]), None):
        assert complaint(Call("a", "f", (), ("m",)), {"result": value, "kept": packed(())}, {"result": packed(want), "kept": packed(())})


def test_weights_that_would_take_all_memory_are_no_weights():
    for call in crosscheck.draw("a2_gates", SEED):
        if call.function in ("latch", "counter", "lift", "program_sentence"):
            many = 12000
            huge = np.zeros((many, 4)), np.zeros((many, 1)), np.zeros(many), np.zeros((many, 1)), np.zeros((many, 1))
            huge = (huge[0], huge[2]) if call.function in ("latch", "counter") else huge[: 3 if call.function == "lift" else 5]
            with pytest.raises(ValueError, match=r"^th(ese are|is is) no "):
                call.of(huge)


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (np.float32([1 / 3, 2]), np.array([1 / 3, 2])),
        ([[1.0, 2], (3, 4)], np.array([[1, 2], [3, 4]])),
        (np.ones((2, 3)), (np.ones(3), np.ones(3))),
        ((np.ones(each) for each in (2, 3)), (np.ones(2), np.ones(3))),
        (map(float, "12"), [1, 2]),
        (np.array([np.ones(2), np.ones(3)], dtype=object), (np.ones(2), np.ones(3))),
        (np.int64(3), 3),
        (3.0, 3),
        (np.array([2.5]), 2.5),
        (np.ma.masked_array([1.0, 2]), np.array([1.0, 2])),
        (np.array([1 + 0j]), np.array([1.0])),
        (collections.OrderedDict(a=1, more=print), {"a": 1}),
        (collections.namedtuple("Two", "a b")(1, 2), (1, 2)),
        (frozenset("ab"), {"a", "b"}),
        (np.str_("a"), "a"),
        (range(3), [0, 1, 2]),
        (np.bool_(True), True),
    ],
    ids=range(17),
)
def test_other_ways_to_hold_the_same_are_the_same(got, want):
    assert same(unpacked(packed(got)), unpacked(packed(want)))


def test_a_tensor_is_the_array_of_its_numbers():
    torch = pytest.importorskip("torch")
    assert same(unpacked(packed((torch.ones(2, 3, requires_grad=True), torch.tensor(2)))), (np.ones((2, 3)), 2))


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (np.nan, np.nan),
        (np.array([np.nan]), np.array([np.nan])),
        (np.ones(2) + 1e-3, np.ones(2)),
        (np.ones(3), np.ones((1, 3))),
        (np.ones(3), np.ones(2)),
        (1.0, np.ones(3)),
        (None, 0),
        (0, None),
        ("1", 1),
        (1, "1"),
        ("a", ["a"]),
        (["a", "b"], {"a", "b"}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ([1, [2, 3]], [1, 2]),
        (print, 0),
        ([print], [print]),
        (object(), None),
    ],
    ids=range(17),
)
def test_what_differs_differs(got, want):
    assert not same(unpacked(packed(got)), unpacked(packed(want)))


HARM = {
    "an answer to every question": "class E:\n    __eq__ = __ge__ = __le__ = lambda *a: True\n    __hash__ = None\nf = E",
    "something that turns into an array": "class E:\n    __array__ = lambda *a, **k: np.zeros(2)\n    __array_priority__ = 1e9\nf = E",
    "something that says it is an array": "class E:\n    __class__ = np.ndarray\n    shape, dtype = (2,), np.dtype(float)\nf = E",
    "something that says it is a number": "class E:\n    __class__ = int\n    bit_length = lambda self: 1\nf = E",
    "a number of another mind": "class E(float):\n    __eq__ = lambda *a: True\n    __float__ = lambda self: 0.0\nf = lambda: [E(1), E(1)]",
    "an array of another mind": "class E(np.ndarray):\n    __eq__ = lambda *a: True\nf = lambda: np.ones(2).view(E)",
    "objects that can be stored with code": "class E:\n    __reduce__ = lambda self: (print, ())\nf = lambda: np.array([E(), E()])",
    "no number": "f = lambda: np.full(2, np.nan)",
    "a list without an end": "def f():\n    while True:\n        yield 0.0",
    "a list that holds itself": "def f():\n    a = []\n    a.append(a)\n    return a",
    "a gigabyte of zeros": "f = lambda: np.zeros(1 << 27)",
    "a gigabyte of text": "f = lambda: 'x' * (1 << 30)",
    "a million keys": "f = lambda: dict.fromkeys(range(1000000))",
    "an end of the program": "import sys\nf = sys.exit",
    "an end of the process": "import os\nf = lambda: os._exit(0)",
    "an end within the cell": "import os\nos._exit(0)",
    "a blow from outside": "import os, signal\nf = lambda: os.kill(os.getpid(), signal.SIGKILL)",
    "sleep": "import time\nf = lambda: time.sleep(60)",
    "work without an end": "def f():\n    while True: pass",
    "an error that cannot be shown": "class E(Exception):\n    __str__ = lambda self: 1 / 0\ndef f(): raise E",
    "an error that paints the screen": "def f(): raise ValueError('\\x1b[2J\\u202e' * 1000 + '\\ud800')",
    "emptied space": "def f():\n    globals().clear()\n    return np.zeros(2)",
    "forged lines": """import json, os
line = json.dumps({"result": {"array": ["<f8", [2], "AAAAAAAA8D8AAAAAAADwPw=="]}, "kept": {"list": []}})
for number in range(3, 30):
    try: os.write(number, ("\\n" + line + "\\n" + "[" * 5000 + "\\n{}\\n").encode() * 50)
    except OSError: pass
f = lambda: np.zeros(2)""",
}


@pytest.mark.alone
def test_harm_is_a_sentence_and_what_comes_after_is_as_it_would_have_been(sandboxed):
    right = {"result": packed(np.zeros(2)), "kept": packed(())}
    call, honest = Call("a", "f", (), ("m",)), "def f():\n    print('x' * 10**6)\n    return np.zeros(2)"
    jobs = [[["run", "import numpy as np"], ["run", text], ["call", "f", packed(()), [], None]] for text in (*HARM.values(), honest)]
    with Box(limits=Limits(whole=600)) as box:
        *answers, last = box.follow(jobs, step=1, seconds=3)
    for name, answer in zip(HARM, answers, strict=True):
        wrong = complaint(call, answer, right)
        assert wrong and wrong.isprintable() and len(wrong) < 300, (name, answer)
    assert complaint(call, last, right) is None


def test_a_call_that_ends_the_program_or_gives_too_much_does_not_end_the_next(sandboxed):
    cell = "import sys, numpy as np\nf, g, h = sys.exit, lambda: np.zeros(1 << 27), lambda: 1\nsys.exit()"
    with Box() as box:
        *failed, last = box.follow([[["run", cell], *(["call", name, packed(()), [], None] for name in "fgh")]])
    assert [answer["error"].split(":")[0] for answer in failed] == ["SystemExit", "OverflowError"]
    assert last["result"] == {"value": 1}


@pytest.mark.alone
@pytest.mark.parametrize(
    "text", ["import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", "import signal\nsignal.signal(14, 1)\nwhile True: pass"]
)
def test_a_box_that_is_broken_answers_for_every_call(sandboxed, text):
    call = ["call", "f", packed(()), [], None]
    with Box() as box:
        answers = box.follow([[["run", "f = int"], call], [["run", text], call, call], [call]], step=0.3, seconds=0.5)
    assert answers[0] == {"result": {"value": 0}, "kept": {"list": []}}
    assert all(answer.keys() == {"error"} for answer in answers[1:]) and len(answers) == 4
    assert answers[-1] == {"error": "it never came back"}
