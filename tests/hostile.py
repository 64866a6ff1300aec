"""A class in which not everybody means well: what each of them hands in for assignment 3."""

import copy

import nbformat

from coursework import fast, proof

NAME = "a3_lstm_from_scratch"
SOURCE, WRONG = proof.load(NAME)
RIGHT = fast.answers(SOURCE)

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
    "stops-its-parent": ("import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\nos._exit(0)", False),
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
LIMITS = ("--cell-limit", "3", "--limit", "12", "--memory", "1024")
"""Tight, so that who takes much is stopped soon."""


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
