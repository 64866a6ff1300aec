"""Every assignment marks as it should: shown with nbgrader itself where that takes few seconds, and without a kernel for all the rest."""

import copy
import functools
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
import rules
import torch
from sentences import none

from coursework import SOURCE, course, crosscheck, fast, names, path_of, proof, release

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "templates" / "assignment"


@pytest.fixture(params=names())
def name(request):
    return request.param


@pytest.fixture
def assignment(name):
    return proof.load(name)


@pytest.fixture(scope="session")
def api(tmp_path_factory):
    """A course of nbgrader in an empty folder."""
    return course.nbgrader(tmp_path_factory.mktemp("course"), Execute__timeout=120)


@pytest.fixture(scope="session")
def released(api):
    """The students' copies, made by nbgrader, by name."""
    return {name: nbformat.read(course.generate(api, name), 4) for name in names()}


def by_nbgrader(api, handed_out, student, edits):
    """The marks that nbgrader itself gives: the students' copy, with these answers in it, is handed in and marked."""
    name, notebook = handed_out
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        cell.source = edits.get(fast.info(cell).get("grade_id"), cell.source)
        if fast.DEMONSTRATION in cell.metadata.get("tags", []):
            cell.source = "# left out: it takes long, no mark depends on it, and the notebook's own test runs it"
    folder = Path(api.coursedir.root) / "submitted" / student / name
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")
    course.done(api.autograde(name, student))
    with api.gradebook as gradebook:
        (found,) = gradebook.find_submission(name, student).notebooks
        return {grade.name: grade.auto_score for grade in found.grades}


def test_nbgrader_and_the_fast_way_give_the_same_marks(api, released, name, assignment, monkeypatch):
    monkeypatch.setenv("LSTMBOOK_COURSE_SEED", "44")
    source, wrong = assignment
    one = max(wrong, key=lambda answer: len(answer[-1]))
    right, erring = fast.answers(source), proof.edits(source, one)
    begun = {cell: text for k, (cell, text) in enumerate(erring.items()) if k < len(erring) // 2 or cell == one[1]}
    students = {"reference": right, "begun": begun} | ({"untouched": {}} if name == names()[0] else {})
    for student, edits in students.items():
        slow = by_nbgrader(api, (name, released[name]), student, edits)
        assert slow == fast.marks(source, edits, seed=44), student
        lost = proof.lost(source, slow)
        assert not lost if student == "reference" else lost


def test_a_folder_holds_an_assignment_of_its_name():
    folders = [path.name for path in SOURCE.iterdir() if list(path.glob("*.ipynb"))]
    none(f"coursework/source/{folder} holds no {folder}.ipynb: rename its notebook" for folder in set(folders) - set(names()))


def test_an_assignment_has_the_format_and_enough_wrong_answers(name, assignment):
    source, wrong = assignment
    none([*proof.of_the_format(source), *proof.of_the_points(source), *proof.of_the_list(source, wrong)], name)


def test_the_reference_solution_gets_every_mark_for_several_seeds(name, assignment):
    none(proof.of_the_reference(assignment[0]), name)


def test_the_untouched_copy_gets_nothing(name, assignment):
    none(proof.of_the_untouched(assignment[0]), name)


def test_every_wrong_answer_loses_exactly_its_marks(name, assignment):
    none(proof.of_the_wrong(*assignment), name)


def test_the_students_copy_keeps_its_secrets(released, name, assignment):
    none(proof.of_the_release(assignment[0], released[name]), name)


def asks_for_torch(source):
    """Does a cell that is given to students, not a test, import torch?"""
    given = [cell.source for cell in source.cells if cell.cell_type == "code" and not fast.info(cell)]
    return any(re.search(r"^(import|from) torch\b", text, re.MULTILINE) for text in given)


def test_only_the_assignment_on_pytorch_asks_for_torch():
    asking = [name for name in names() if asks_for_torch(proof.load(name)[0])]
    none(f"{name} imports torch: write it with NumPy alone, as only a4_pytorch may ask for it" for name in asking if name != "a4_pytorch")
    assert "a4_pytorch" in asking


def test_a_task_in_numpy_needs_no_torch(assignment):
    source, _ = assignment
    without = nbformat.v4.new_code_cell("import sys\nsys.modules['torch'] = None")  # now `import torch` is an error
    needs = asks_for_torch(source)
    source.cells.insert(0, without)
    assert bool(proof.lost(source, fast.marks(source, fast.answers(source)))) == needs


def test_a_source_is_stored_as_it_runs_and_keeps_the_rules_of_a_chapter(name):
    ours = [rules.its_voice_is_the_books, rules.its_symbols_have_their_colours, rules.its_lines_fit_the_page, rules.its_outputs_are_stored]
    none([*rules.kept_as_the_repository_keeps_it(path_of(name)), *rules.complaints(path_of(name), ours)])


def test_an_assignment_opens_with_how_to_check_oneself(name, assignment):
    opening = "\n".join(cell.source for cell in assignment[0].cells[:3])
    wanted = {"Restart": "to restart and run all before handing in", "visible": "which tests are visible and which are hidden"}
    none((f"say {what} in one of the first three cells" for word, what in wanted.items() if word not in opening), name)


def broken(source, cell, old, new):
    """A sabotaged assignment."""
    spoilt = copy.deepcopy(source)
    (place,) = (each for each in spoilt.cells if fast.info(each).get("grade_id") == cell)
    assert place.source.count(old) >= 1
    place.source = place.source.replace(old, new, 1)
    return spoilt


def test_the_checks_see_hidden_tests_that_were_emptied(assignment):
    source, wrong = assignment
    hidden = [fast.info(cell)["grade_id"] for cell in source.cells if "### BEGIN HIDDEN TESTS" in cell.source]
    for cell in (hidden[0], hidden[-1]):
        spoilt = proof.without_hidden_tests(source, cell)
        concerned = [answer for answer in wrong if cell in answer[-1]]
        assert list(proof.of_the_wrong(spoilt, concerned)), cell


def test_the_checks_see_a_mark_that_is_given_for_nothing(assignment):
    source, wrong = assignment
    spoilt = copy.deepcopy(source)
    cell = next(cell for cell in spoilt.cells if fast.info(cell).get("grade") and not fast.is_manual(cell))
    cell.source = "assert True"
    concerned = [answer for answer in wrong if fast.info(cell)["grade_id"] in answer[-1]]
    assert list(proof.of_the_untouched(spoilt))
    assert list(proof.of_the_wrong(spoilt, concerned[:1]))


def test_the_checks_see_a_reference_that_is_broken(assignment):
    source, wrong = assignment
    _, cell, old, new, _ = wrong[0]
    assert list(proof.of_the_reference(broken(source, cell, old, new), seeds=(None,)))


def test_the_checks_see_a_solution_that_leaks(released, name, assignment):
    source, _ = assignment
    leaking = copy.deepcopy(released[name])
    solution = max(fast.answers(source).values(), key=len)
    leaking.cells[-1].source += "\n" + solution
    assert any("a line of a solution" in sentence for sentence in proof.of_the_release(source, leaking))
    leaking.cells[-1].source = "### BEGIN HIDDEN TESTS"
    assert any("HIDDEN TEST" in sentence for sentence in proof.of_the_release(source, leaking))


def test_the_checks_see_what_is_missing_in_the_list(assignment):
    source, wrong = assignment
    assert list(proof.of_the_list(source, wrong[:3]))
    lone = next(iter(proof.points(source)[0]))
    assert any(lone in sentence for sentence in proof.of_the_list(source, [w for w in wrong if lone not in w[-1]]))


def test_the_checks_see_a_wrong_answer_that_fits_nowhere(assignment):
    source, wrong = assignment
    misfit = ("misfit", wrong[0][1], "no such text in any solution", "", {})
    assert any("exactly once" in sentence for sentence in proof.of_the_wrong(source, [misfit]))


def notebook(*cells):
    """A small assignment: each cell is its text, or its text and nbgrader's words on it."""
    made = []
    for k, cell in enumerate(cells):
        text, about = cell if isinstance(cell, tuple) else (cell, None)
        made.append(nbformat.v4.new_code_cell(text, id=f"c{k}", metadata={"nbgrader": about} if about else {}))
    return nbformat.v4.new_notebook(cells=made)


def graded(name, points=2):
    return {"grade_id": name, "grade": True, "solution": False, "locked": True, "points": points, "schema_version": 3, "task": False}


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("pass", 2),
        ("assert False", 0),
        ("1.5", 1.5),
        ("True", 2),
        ("print('a word')", 2),
        ("import sys\nprint('a word', file=sys.stderr)", 0),
        ("import warnings\nwarnings.warn('careful')", 0),
        ("raise SystemExit", 0),
        ("1 +", 0),
    ],
)
def test_the_fast_way_follows_the_rules_of_nbgrader(text, mark):
    assert fast.marks(notebook((text, graded("q"))), {}) == {"q": mark}


def test_an_error_in_one_cell_does_not_stop_the_next():
    assert fast.marks(notebook("raise ValueError", ("assert True", graded("q"))), {}) == {"q": 2}


def test_slopes_can_be_computed_after_the_parent_has_computed_some():
    torch.ones(1, requires_grad=True).sum().backward()
    asked = ("import torch\nx = torch.ones(1, requires_grad=True)\n(3 * x).sum().backward()\nassert x.grad == 3", graded("q"))
    assert fast.marks(notebook(asked), {}) == {"q": 2}


def answered(text):
    """A solution cell."""
    return f"### BEGIN SOLUTION\n{text}\n### END SOLUTION", graded("a" + text[0]) | {"grade": False, "solution": True}


def test_students_who_are_marked_together_do_not_hear_of_each_other():
    source = notebook(
        "seen = []",
        answered("x = 1"),
        ("seen.append(x)\nassert seen == [1]", graded("q")),
        answered("y = 2"),
        ("assert y == 2", graded("r")),
    )
    right = {"ax": "x = 1", "ay": "y = 2"}
    students = [right, right | {"ay": "y = 3"}, right | {"ax": "x = 5"}, {}, right | {"ax": "seen.append(1); x = 1"}]
    together = fast.marks_of_each(source, students)
    assert together == [fast.marks(source, student) for student in students]
    assert together == [{"q": 2, "r": 2}, {"q": 2, "r": 0}, {"q": 0, "r": 2}, {"q": 0, "r": 0}, {"q": 0, "r": 2}]


def test_one_of_several_answers_that_ends_its_process_is_named():
    source = notebook(answered("x = 1"), ("assert x == 1", graded("q")))
    with pytest.raises(ChildProcessError, match="ended the process"):
        fast.marks_of_each(source, [{"ax": "x = 1"}, {"ax": "import os; os._exit(1)"}])


def test_what_stands_behind_the_last_test_is_not_run():
    assert fast.marks(notebook(("pass", graded("q")), "while True: pass"), {}, limit=5) == {"q": 2}


def test_an_answer_that_never_ends_is_stopped():
    with pytest.raises(TimeoutError, match="not done after 1 seconds"):
        fast.marks(notebook("import time\nwhile True: time.sleep(1)", ("pass", graded("q"))), {}, limit=1)


def test_an_answer_that_ends_its_process_is_named():
    with pytest.raises(ChildProcessError, match="ended the process"):
        fast.marks(notebook("import os; os._exit(1)", ("pass", graded("q"))), {})


def test_the_seed_reaches_the_hidden_tests():
    seen = notebook(("import os\nassert os.environ['LSTMBOOK_COURSE_SEED'] == '7'", graded("q")))
    assert fast.marks(seen, {}, seed=7) == {"q": 2}


@pytest.mark.parametrize(
    ("about", "text", "complaint"),
    [
        ({"schema_version": 2}, "pass", "schema_version 3"),
        ({"grade": False, "solution": True}, "pass", "one BEGIN SOLUTION"),
        ({"points": 0}, "pass", "needs points"),
        ({"locked": False}, "pass", "locked code cell"),
        ({"grade": False}, "### BEGIN HIDDEN TESTS", "belong into a graded cell"),
    ],
)
def test_a_source_that_is_not_of_the_format_is_named(about, text, complaint):
    (sentence,) = proof.of_the_format(notebook((text, graded("q") | about)))
    assert sentence.startswith("q: ") and complaint in sentence


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (("| 20 |", "| 19 |"), "question 1: its cells give 20 points, and the table at the top says 19"),
        (("(20 points)", "(2 points)"), "question 1: its cells give 20 points, and its heading says 2"),
        (("**25**", "**24**"), "the table at the top must end with | | **in all** | **25** |, the sum of the points of all cells"),
    ],
)
def test_points_that_do_not_add_up_are_named(edit, complaint):
    source = nbformat.read(TEMPLATE / "assignment.ipynb", 4)
    assert list(proof.of_the_points(source)) == []
    for cell in source.cells:
        cell.source = cell.source.replace(*edit)
    assert list(proof.of_the_points(source)) == [complaint]


@pytest.mark.parametrize(("read", "file"), [(proof.load, "wrong.py"), (functools.partial(crosscheck.draw, seed=1), "check.py")])
def test_a_file_that_is_missing_is_one_sentence(read, file, tmp_path, monkeypatch):
    shutil.copytree(TEMPLATE, tmp_path / "a9_new")
    (tmp_path / "a9_new" / "assignment.ipynb").rename(tmp_path / "a9_new" / "a9_new.ipynb")
    monkeypatch.setattr("coursework.SOURCE", tmp_path)
    read("a9_new")
    (tmp_path / "a9_new" / file).unlink()
    with pytest.raises(ValueError, match=rf"^a9_new has no {file}: "):
        read("a9_new")


def test_a_wrong_answer_that_loses_other_marks_is_named_with_them():
    source = nbformat.read(TEMPLATE / "assignment.ipynb", 4)
    wrong = runpy.run_path(str(TEMPLATE / "wrong.py"))["WRONG"]
    assert list(proof.of_the_wrong(source, wrong)) == []
    (sentence,) = proof.of_the_wrong(source, [(*wrong[0][:-1], {"q1-any": 12})])
    assert sentence == "never_forgets loses q1-hand -8, q1-any -12 and should lose q1-any -12: mend the tests, or what wrong.py says"


def test_a_source_without_solutions_is_named():
    source = nbformat.read(TEMPLATE / "assignment.ipynb", 4)
    cell = next(cell for cell in source.cells if fast.info(cell).get("grade_id") == "q1")
    cell.source = fast.blank(cell)
    assert list(proof.of_the_format(source)) == [
        "q1: a solution cell needs one BEGIN SOLUTION and one END SOLUTION, or it is blanked whole"
    ]


def test_two_cells_of_one_id_are_named():
    twice = notebook(("pass", graded("q")), ("pass", graded("q")))
    assert list(proof.of_the_format(twice)) == ["two cells have the id q"]


def test_the_students_copy_is_the_one_that_nbgrader_makes(api, released, name):
    assert release.copied(name) == (Path(api.coursedir.root) / "release" / name / f"{name}.ipynb").read_text("utf-8")


def test_a_release_is_the_same_to_the_byte(tmp_path):
    name = names()[0]
    first, second = (release.release(name, tmp_path / which) for which in "ab")
    assert first[0].read_bytes() == second[0].read_bytes()
    assert first[1].read_bytes() == second[1].read_bytes()
    (entry,) = zipfile.ZipFile(first[1]).infolist()
    assert (entry.filename, entry.date_time[0]) == (f"{name}/{name}.ipynb", 1980)


def test_an_unknown_assignment_is_one_sentence():
    done = subprocess.run([sys.executable, "-m", "coursework.release", "a9"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("there is no assignment 'a9': they are ")
