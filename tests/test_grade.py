"""A class is marked: no submission touches another, nothing is lost, and what is amiss is said."""

import copy
import csv
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


def full(**lost):
    """All marks but these."""
    return {name: most - lost.get(name.replace("-", "_"), 0) for name, most in AUTOMATIC.items()} | dict.fromkeys(BY_HAND)


HONEST = {f"honest-{number}": WRONG[number] for number in range(0, len(WRONG), 11)}

ADDED = {
    "loops": "while True: pass",
    "swallows": "import time\nwhile True:\n    try:\n        while True: time.sleep(0.01)\n    except BaseException: pass",
    "floods": "import sys\nfor _ in range(1000): sys.stdout.write('x' * 10**6)",
    "floods-below": "import os\nfor _ in range(1000): os.write(1, b'x' * 10**6)",
    "floods-the-line": "import os\nfor number in range(3, 60):\n    try:\n        while True: os.write(number, b'x' * 10**6)\n    except OSError: pass",
    "hoards": "heap = []\nwhile True: heap.append(bytearray(10**8))",
    "hoards-together": "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        heap = b'x' * (4 * 10**8)\n        time.sleep(60)\ntime.sleep(60)",
    "crashes": "import os\nos._exit(1)",
    "faults": "import ctypes\nctypes.string_at(0)",
    "forks": "import os, time\nwhile True:\n    try:\n        if os.fork() == 0: time.sleep(100)\n    except OSError: break",
    "kills-its-parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "kills-all": "import os, signal\nos.kill(-1, signal.SIGKILL)",
    "leaves-sleepers": "import subprocess\n[subprocess.Popen(['sleep', '4321'], start_new_session=True) for _ in range(5)]",
    "asks": "input('your name? ')",
}
LOOKS = """
import os, glob, socket, sqlite3
found = [path for path in PLACES if os.path.exists(path)]
found += [path for path in glob.glob("/**/*.ipynb", recursive=True) + glob.glob("/**/gradebook.db", recursive=True)]
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


def the_class(copied, folder, places, port):
    """Hand in for everybody, honest or not; what is hostile is hostile in the answer to question 3 unless it says otherwise."""
    hand_in(folder, "reference", answered(copied, RIGHT))
    hand_in(folder, "untouched", copied)
    for student, wrong in HONEST.items():
        hand_in(folder, student, answered(copied, proof.edits(SOURCE, wrong)))
    for student, code in ADDED.items():
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
