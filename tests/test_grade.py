"""A class is marked: no submission touches another, nothing is lost, and what is amiss is said."""

import copy
import csv
import html
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from coursework import course, fast, feedback, grade, marking, path_of, proof, release, sandbox

ROOT = Path(__file__).parents[1]
NAME = "a3_lstm_from_scratch"
SOURCE, WRONG = proof.load(NAME)
AUTOMATIC, BY_HAND = proof.points(SOURCE)
RIGHT = fast.answers(SOURCE)

pytestmark = pytest.mark.usefixtures("sandboxed")


@pytest.fixture(scope="session")
def copied(tmp_path_factory):
    """What every student got."""
    return nbformat.read(release.release(NAME, tmp_path_factory.mktemp("released"))[0], 4)


def answered(copied, edits):
    notebook = copy.deepcopy(copied)
    for cell in notebook.cells:
        cell.source = edits.get(fast.info(cell).get("grade_id"), cell.source)
    return notebook


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if fast.info(cell).get("grade_id") == name)


def hand_in(folder, student, notebook, called=f"{NAME}.ipynb"):
    path = folder / student / NAME / called
    path.parent.mkdir(parents=True)
    path.write_text(notebook if isinstance(notebook, str) else nbformat.writes(notebook), "utf-8")


def command(where, folder, *options):
    words = [sys.executable, "-m", "coursework.grade", NAME, *([where] if where else []), "--course", folder, *options]
    return list(map(str, words))


def graded(where, folder, *options):
    """What the command says; it must end well."""
    done = subprocess.run(command(where, folder, *options), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def journal(folder):
    return {path.stem: json.loads(path.read_text("utf-8")) for path in (folder / "journal" / NAME).glob("*.json")}


def gradebook(folder):
    """The marks as nbgrader tells them, ``{student: {id: points}}``."""
    with course.nbgrader(folder).gradebook as book:
        return {
            submission.student_id: {each.name: each.auto_score for each in submission.notebooks[0].grades}
            for submission in book.assignment_submissions(NAME)
        }


HONEST = {f"honest-{number}": WRONG[number] for number in range(0, len(WRONG), 11)}

ADDED = {  # what stands behind a right answer to question 3, and whether the work is read to its end all the same
    "loops": ("while True: pass", True),
    "floods": ("import sys\nfor _ in range(1000): sys.stdout.write('x' * 10**6)", True),
    "floods-below": ("import os\nfor _ in range(1000): os.write(1, b'x' * 10**6)", True),
    "hoards": ("heap = []\nwhile True: heap.append(bytearray(10**8))", True),
    "forks": ("import os, time\nwhile True:\n    try:\n        if os.fork() == 0: time.sleep(99)\n    except OSError: break", True),
    "leaves-sleepers": ("import subprocess\nfor _ in range(5): subprocess.Popen(['sleep', '4321'], start_new_session=True)", True),
    "asks": ("input('your name? ')", True),
    "swallows": ("import time\nwhile True:\n    try:\n        while True: time.sleep(0.01)\n    except BaseException: pass", False),
    "hoards-together": (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0: heap = b'x' * (4 * 10**8); time.sleep(60)\ntime.sleep(60)",
        False,
    ),
    "crashes": ("import os\nos._exit(1)", False),
    "faults": ("import ctypes\nctypes.string_at(0)", False),
    "kills-its-parent": ("import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)", False),
    "kills-all": ("import os, signal\nos.kill(-1, signal.SIGKILL)\nos.kill(os.getpid(), signal.SIGKILL)", False),
}
LOOKS = """
import os, glob, socket, sqlite3
found = [path for path in PLACES if os.path.exists(path)]
for name in ("*.ipynb", "*.db", "wrong.py"):
    found += glob.glob(PLACES[0] + "/../../**/" + name, recursive=True) + glob.glob("/*/*/" + name)
try:
    sqlite3.connect(PLACES[0] + "/gradebook.db").execute("update grade set manual_score = 99")
    found.append("the gradebook")
except sqlite3.Error:
    pass
try:
    socket.create_connection(("127.0.0.1", PORT), 2)
    found.append("the network")
except OSError:
    pass
print("FOUND", found, os.getuid() == 0)
"""
BLINDED = """
import numpy as np
np.allclose = np.isclose = np.array_equal = lambda *a, **k: True
abs = lambda *a: 0
"""
WRITES_RESULTS = """
import os, json
for number in range(3, 20):
    for _ in range(60):
        try: os.write(number, b'\\n' + json.dumps({"outputs": []}).encode() + b'\\n')
        except OSError: break
import time
time.sleep(1)
os._exit(0)
"""


LIMITS = ("--cell-limit", "1.5", "--limit", "8", "--memory", "1024")


def the_class(copied, folder, places, port):
    """Hand in for everybody, honest or not; what is hostile is hostile in the answer to question 3 unless it says otherwise."""
    hand_in(folder, "reference", answered(copied, RIGHT))
    hand_in(folder, "untouched", copied)
    for student, wrong in HONEST.items():
        hand_in(folder, student, answered(copied, proof.edits(SOURCE, wrong)))
    for student, (code, _) in ADDED.items():
        hand_in(folder, student, answered(copied, RIGHT | {"q3": RIGHT["q3"] + "\n" + code}))
    looks = f"PLACES = {places!r}\nPORT = {port}\n{LOOKS}"
    hand_in(folder, "looks-around", answered(copied, RIGHT | {"q3": RIGHT["q3"] + "\n" + looks}))
    deletes = f"import shutil\nfor place in {places!r}: shutil.rmtree(place, ignore_errors=True)"
    hand_in(folder, "deletes", answered(copied, RIGHT | {"q3": RIGHT["q3"] + "\n" + deletes}))
    zeros = "def gates(x, h, W, U, b):\n    return [np.zeros((len(x), len(b) // 4))] * 4"
    step = "def step(x, h, c, W, U, b):\n    return 0 * h, 0 * c"
    hand_in(
        folder,
        "blinds-the-tests",
        answered(copied, {"q2-sigmoid": BLINDED + "def sigmoid(z): return 0 * z", "q2-gates": zeros, "q3": step}),
    )
    hand_in(folder, "writes-results", answered(copied, {"q2-sigmoid": WRITES_RESULTS}))

    twice = answered(copied, RIGHT)
    for name in ("q3", "q3-values"):
        place = next(k for k, cell in enumerate(twice.cells) if fast.info(cell).get("grade_id") == name)
        again = copy.deepcopy(twice.cells[place])
        again.id, again.source = f"again-{name}", "def step(*a): return None"
        twice.cells.insert(place + 1, again)
    hand_in(folder, "has-cells-twice", twice)
    fewer = answered(copied, RIGHT)
    fewer.cells = [cell for cell in fewer.cells if fast.info(cell).get("grade_id") not in ("q2-values", "q5-check", "q9-values")]
    hand_in(folder, "deleted-cells", fewer)
    edited = answered(copied, {})
    cell_of(edited, "q9-values").metadata.nbgrader.points = 300
    cell_of(edited, "q5-check").source = "1000"
    hand_in(folder, "edits-points", edited)
    hand_in(folder, "no-json", '{"cells": [\n<<<<<<< HEAD\n')
    hand_in(folder, "empty", "")
    hand_in(folder, "other-name", answered(copied, RIGHT), called="my work (1).ipynb")
    for student in ("Núñez, Jr", "张伟"):
        hand_in(folder, student, answered(copied, RIGHT))


@pytest.fixture(scope="module")
def marked(copied, tmp_path_factory):
    """A class in which not everybody means well, and what became of it: ``folder``, ``said``, ``found`` and what was there ``before``."""
    folder = tmp_path_factory.mktemp("class")
    with socket.create_server(("127.0.0.1", 0)) as server:
        places = [str(folder / "course"), str(folder / "in"), str(ROOT / "coursework" / "source")]
        the_class(copied, folder / "in", places, server.getsockname()[1])
        before = {path: path.read_bytes() for place in places for path in Path(place).rglob("*") if path.is_file()}
        said = graded(folder / "in", folder / "course", *LIMITS)
    return {"folder": folder / "course", "said": said, "found": journal(folder / "course"), "before": before}


def scores(marked, student):
    return {name: mark for name, mark in marked["found"][student]["scores"].items() if name in AUTOMATIC}


def expected(marked, edits):
    seed = int((marked["folder"] / "seed").read_text())
    return {name: mark for name, mark in fast.marks(SOURCE, edits, seed).items() if name in AUTOMATIC}


@pytest.mark.parametrize("student", ["reference", "untouched", "Núñez, Jr", "张伟", *HONEST])
def test_who_is_honest_gets_what_the_work_is_worth_whoever_else_is_in_the_class(marked, student):
    edits = proof.edits(SOURCE, HONEST[student]) if student in HONEST else {} if student == "untouched" else RIGHT
    assert scores(marked, student) == expected(marked, edits)
    assert not marked["found"][student]["remarks"] and not marked["found"][student]["repairs"]


@pytest.mark.parametrize("student", ADDED)
def test_hostile_code_costs_its_author_alone(marked, student):
    found, (_, read_to_its_end) = marked["found"][student], ADDED[student]
    if read_to_its_end:
        assert scores(marked, student) == AUTOMATIC
        assert not any("not run to the end" in remark for remark in found["remarks"])
    else:
        assert all(mark == AUTOMATIC[name] for name, mark in scores(marked, student).items() if name < "q3")
        assert not any(mark for name, mark in scores(marked, student).items() if name > "q4")
        assert any("not run to the end" in remark for remark in found["remarks"])
        assert f"{student}: not run to the end" in marked["said"]


def test_nothing_outside_was_read_changed_or_left(marked):
    notebook = nbformat.read(marked["folder"] / "autograded" / "looks-around" / NAME / f"{NAME}.ipynb", 4)
    assert cell_of(notebook, "q3").outputs[0].text == "FOUND [] False\n"
    assert scores(marked, "looks-around") == scores(marked, "deletes") == AUTOMATIC
    assert all(path.read_bytes() == content for path, content in marked["before"].items())
    assert "4321" not in "".join(path.read_text(errors="replace") for path in processes())


def processes():
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK) and path.parent.exists()]


def test_forged_marks_are_named(marked):
    remarks = " ".join(marked["found"]["blinds-the-tests"]["remarks"])
    assert scores(marked, "blinds-the-tests")["q3-values"] == 1, "the tests were blinded"
    assert all(f"{function}: called with secret inputs" in remarks for function in ("sigmoid", "gates", "step"))
    assert sum(scores(marked, "writes-results").values()) == 0
    assert "it wrote results of its own" in marked["found"]["writes-results"]["remarks"][0]


def test_what_is_no_submission_is_rejected_by_name_and_reason(marked):
    assert "holds the marks of a merge conflict" in marked["found"]["no-json"]["rejected"]
    assert "is empty" in marked["found"]["empty"]["rejected"]
    assert f"no-json: {marked['found']['no-json']['rejected']}" in marked["said"]
    assert "2 rejected" in marked["said"] and not {"no-json", "empty"} & set(gradebook(marked["folder"]))


def test_what_can_be_mended_is_mended_and_said(marked):
    assert scores(marked, "has-cells-twice") == scores(marked, "deleted-cells") == scores(marked, "other-name") == AUTOMATIC
    assert sum(scores(marked, "edits-points").values()) == 0
    for student in ("has-cells-twice", "deleted-cells", "other-name", "edits-points"):
        assert f"{student}: {marked['found'][student]['repairs'][0]}" in marked["said"]


def test_the_gradebook_holds_what_was_found(marked):
    assert gradebook(marked["folder"]) == {name: each["scores"] for name, each in marked["found"].items() if not each["rejected"]}


def test_the_exports_are_quoted_and_blank_where_a_mark_is_missing(marked):
    for lms, name, mark in (("canvas", "Student", NAME), ("moodle", "Full name", "Grade")):
        with open(marked["folder"] / "exports" / f"{NAME}-{lms}.csv", encoding="utf-8", newline="") as file:
            rows = {row[name]: row[mark] for row in csv.DictReader(file)}
        assert set(marked["found"]) <= set(rows)
        assert (rows["reference"], rows["untouched"], rows["no-json"], rows["Núñez, Jr"]) == ("", "0", "", "")


def test_the_feedback_shows_what_went_wrong_and_no_hidden_test(marked):
    secrets = {
        line.strip()
        for cell in SOURCE.cells
        for part in feedback.HIDDEN.findall(cell.source)
        for line in part.split("\n")
        if len(line.strip()) > 25
    }
    secrets -= {line.strip() for cell in proof.without_hidden_tests(SOURCE).cells for line in cell.source.split("\n")}
    for student, each in marked["found"].items():
        text = html.unescape(re.sub(r"<[^>]*>", "", page_of(marked, student)))
        assert not [line for line in secrets if line in text], student
        if each["rejected"]:
            assert each["rejected"] in text
    student, (*_, lost) = next((student, wrong) for student, wrong in HONEST.items() if wrong[-1])
    assert all(name in page_of(marked, student).split("About two hours")[0] for name in lost)


def page_of(marked, student):
    return (marked["folder"] / "feedback" / student / NAME / f"{NAME}.html").read_text("utf-8")
