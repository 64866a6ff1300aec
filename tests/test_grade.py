"""A class is marked: no submission touches another, nothing is lost, and what is amiss is said."""

import collections
import concurrent.futures
import contextlib
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
import types
import zipfile
from pathlib import Path

import nbformat
import pytest
from hostile import ADDED, HONEST, LIMITS, NAME, RIGHT, SOURCE, WRONG, answered, cell_of, hand_in, the_class

from coursework import course, fast, feedback, grade, marking, proof, release, sandbox, submissions

ROOT = Path(__file__).parents[1]
AUTOMATIC, BY_HAND = proof.points(SOURCE)

pytestmark = pytest.mark.usefixtures("sandboxed")


@pytest.fixture(scope="session")
def copied(tmp_path_factory):
    """What every student got."""
    return nbformat.read(release.release(NAME, tmp_path_factory.mktemp("released"))[0], 4)


def command(where, folder, *options):
    """On one processor, unless the options say otherwise: the other tests have the rest."""
    words = [sys.executable, "-m", "coursework.grade", NAME, *([where] if where else []), "--course", folder, "--workers", 1, *options]
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


@pytest.fixture(scope="module")
def marked(copied, tmp_path_factory):
    """A class in which not everybody means well, and what became of it: ``folder``, ``said``, ``found`` and what was there ``before``."""
    folder = tmp_path_factory.mktemp("class")
    with socket.create_server(("127.0.0.1", 0)) as server:
        places = [str(folder / "course"), str(folder / "in"), str(ROOT / "coursework" / "source")]
        the_class(copied, folder / "in", places, server.getsockname()[1])
        before = {path: path.read_bytes() for place in places for path in Path(place).rglob("*") if path.is_file()}
        said = graded(folder / "in", folder / "course", *LIMITS, "--workers", os.cpu_count())
    return {"folder": folder / "course", "said": said, "found": journal(folder / "course"), "before": before}


def scores(marked, student):
    return {name: mark for name, mark in marked["found"][student]["scores"].items() if name in AUTOMATIC}


def expected(marked, edits):
    seed = int((marked["folder"] / "seed").read_text())
    return {name: mark for name, mark in fast.marks(SOURCE, edits, seed).items() if name in AUTOMATIC}


@pytest.mark.alone  # it is the first to ask for the class, whose limits are seconds
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
        for part in fast.HIDDEN.findall(cell.source)
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


def small_class(copied, folder, students):
    for number, student in enumerate(students):
        hand_in(folder, student, answered(copied, proof.edits(SOURCE, WRONG[3 * number])))


def mark_by_hand(folder, student, points):
    with course.nbgrader(folder).gradebook as book:
        grade = book.find_grade(*BY_HAND, NAME, NAME, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment(*BY_HAND, NAME, NAME, student).manual_comment = "Well said."
        book.db.commit()


def exported(folder, lms="canvas"):
    with open(folder / "exports" / f"{NAME}-{lms}.csv", encoding="utf-8", newline="") as file:
        return {row["Student"]: row[NAME] for row in csv.DictReader(file)}


def test_marks_by_hand_stay_until_the_answer_changes_and_no_mark_is_stale(copied, tmp_path):
    where, folder = tmp_path / "in", tmp_path / "course"
    small_class(copied, where, ["ann", "ben", "cid"])
    graded(where, folder)
    first = {student: sum(marks[name] for name in AUTOMATIC) for student, marks in gradebook(folder).items()}
    for student in ("ann", "ben"):
        mark_by_hand(folder, student, 4)
    graded(None, folder)
    assert exported(folder) == exported(folder) | {"ann": f"{first['ann'] + 4:g}", "ben": f"{first['ben'] + 4:g}", "cid": ""}
    assert "Well said." in page_of({"folder": folder}, "ann")

    for student, edits in {"ann": RIGHT | {"q3": ""}, "ben": RIGHT | {"q10": "Another answer."}}.items():
        shutil.rmtree(where / student)
        hand_in(where, student, answered(copied, edits))
    shutil.rmtree(where / "cid")
    hand_in(where, "cid", "no notebook any more")
    said = graded(where, folder)
    after = gradebook(folder)
    assert after["ann"]["q3-check"] == after["ann"]["q3-values"] == 0 and after["ben"]["q3-check"] == 1
    assert exported(folder)["ann"] != "" and exported(folder)["ben"] == "", "what was read by hand is no longer what is handed in"
    assert "cid" not in after and "cid: " in said and not (folder / "autograded" / "cid" / NAME).exists()
    graded(where, folder)
    assert exported(folder)["ben"] == ""
    mark_by_hand(folder, "ben", 5)
    graded(where, folder)
    assert exported(folder)["ben"] == f"{sum(AUTOMATIC.values()) + 5:g}"
    copies = sorted((folder / "backups").glob("*.db"))
    assert len(copies) == 4, "one before each batch but the first"
    with sqlite3.connect(copies[0]) as old:
        assert old.execute("select count(*) from submitted_assignment").fetchone() == (3,)


def test_a_batch_that_is_killed_at_any_moment_goes_on_and_ends_with_the_same_marks(copied, tmp_path):
    where, students = tmp_path / "in", [f"s{number:02}" for number in range(10)]
    small_class(copied, where, students)
    graded(where, tmp_path / "whole", "--seed", "5")
    moments, deaths = random.Random(11), 0
    for _ in range(4):
        batch = subprocess.Popen(
            command(where, tmp_path / "killed", "--seed", "5"), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        held = len(journal(tmp_path / "killed"))
        until = time.monotonic() + 60
        while batch.poll() is None and len(journal(tmp_path / "killed")) < held + 2 and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(moments.uniform(0, 0.5))
        batch.kill()
        deaths += batch.wait() == -signal.SIGKILL
        assert set(journal(tmp_path / "killed")) <= set(students)
    graded(where, tmp_path / "killed", "--seed", "5")
    assert deaths >= 3
    assert gradebook(tmp_path / "killed") == gradebook(tmp_path / "whole")
    assert exported(tmp_path / "killed") == exported(tmp_path / "whole")
    assert not list((tmp_path / "killed").rglob("*.part"))


def test_one_batch_at_a_time_writes_in_a_course(copied, tmp_path):
    hand_in(tmp_path / "in", "ann", copied)
    with open_course(tmp_path / "course"):
        done = subprocess.run(command(tmp_path / "in", tmp_path / "course"), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("another batch is writing in ")


def open_course(folder):
    return course.Course(folder, NAME)


def test_without_a_sandbox_nothing_is_marked_unless_students_are_trusted(copied, tmp_path):
    hand_in(tmp_path / "in", "ann", answered(copied, RIGHT))
    bare = os.environ | {"PATH": str(tmp_path)}
    refused = subprocess.run(command(tmp_path / "in", tmp_path / "course"), cwd=ROOT, capture_output=True, text=True, env=bare)
    assert refused.returncode == 1 and refused.stderr.startswith("Grading needs bubblewrap") and not (tmp_path / "course").exists()
    trusting = command(tmp_path / "in", tmp_path / "course", "--trust-students")
    done = subprocess.run(trusting, cwd=ROOT, capture_output=True, text=True, env=bare)
    assert done.returncode == 0, done.stderr
    assert {name: gradebook(tmp_path / "course")["ann"][name] for name in AUTOMATIC} == AUTOMATIC


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a9_nothing", "in"], "there is no assignment 'a9_nothing': they are "),
        ([NAME, "nowhere.zip"], "nowhere.zip"),
        ([NAME, "in", "--scheduler", "tcp://127.0.0.1:1"], "no Dask scheduler answers at tcp://127.0.0.1:1"),
        ([NAME, "in", "--memory", "60"], "Python does not start in the sandbox"),
        ([NAME, "in", "--roster", "in"], "in cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(copied, tmp_path, words, said):
    hand_in(tmp_path / "in", "ann", copied)
    here = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", "coursework.grade", *words], cwd=tmp_path, capture_output=True, text=True, env=here)
    (sentence,) = done.stderr.strip().splitlines()
    assert done.returncode == 1 and said in sentence


def task():
    return marking.Task(NAME, marking.edition(NAME), seed=3)


def test_a_worker_that_does_not_give_the_reference_full_marks_marks_nobody(monkeypatch):
    wrong = next(wrong for wrong in WRONG if wrong[-1])
    edits = proof.edits(SOURCE, wrong)
    monkeypatch.setattr(fast, "answers", lambda source: edits)
    with pytest.raises(
        marking.Unfit, match="reference solution does not get full marks, so nobody is marked: it loses " + next(iter(wrong[-1]))
    ):
        marking.Desk(task())


def test_a_worker_that_gives_the_untouched_copy_a_mark_marks_nobody(monkeypatch):
    whole = fast.submission
    monkeypatch.setattr(fast, "submission", lambda source, edits: whole(source, edits or {"q1": RIGHT["q1"]}))
    with pytest.raises(marking.Unfit, match="untouched copy gets q1-paper"):
        marking.Desk(task())


def test_a_worker_of_another_version_marks_nobody():
    with pytest.raises(marking.Unfit, match="another version"):
        marking.mark(marking.Task(NAME, "another", 3), "")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_many_machines_mark_and_one_may_die(copied, tmp_path):
    where, students = tmp_path / "in", [f"s{number:02}" for number in range(12)]
    small_class(copied, where, students)
    address, python = f"tcp://127.0.0.1:{free_port()}", [sys.executable, "-m", "dask"]
    here = {"cwd": ROOT, "start_new_session": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen([*python, "scheduler", "--port", address.rpartition(":")[2], "--no-dashboard"], **here)]
    try:
        for _ in range(2):
            own = ["--worker-port", str(free_port()), "--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory", str(tmp_path)]
            started.append(subprocess.Popen([*python, "worker", address, *own], **here))
        batch = subprocess.Popen(command(where, tmp_path / "course", "--scheduler", address), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        while len(journal(tmp_path / "course")) < 2 and batch.poll() is None:
            time.sleep(0.05)
        os.killpg(started[2].pid, signal.SIGKILL)
        said, _ = batch.communicate(timeout=300)
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert batch.returncode == 0 and "12 graded" in said
    seed = int((tmp_path / "course" / "seed").read_text())
    for number, student in enumerate(students):
        marks = fast.marks(SOURCE, proof.edits(SOURCE, WRONG[3 * number]), seed)
        assert {name: gradebook_mark for name, gradebook_mark in gradebook(tmp_path / "course")[student].items()} == marks


def test_a_zip_from_canvas_comes_back_as_the_gradebook_of_canvas(copied, tmp_path):
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as packed:
        packed.writestr(f"nunezjr_101_9001_{NAME}.ipynb", nbformat.writes(answered(copied, {})))
        packed.writestr(f"lovelaceada_LATE_102_9002_{NAME}-2.ipynb", nbformat.writes(answered(copied, RIGHT)))
        packed.writestr("babbagecharles_103_9003_report.pdf", b"%PDF")
    (tmp_path / "class.csv").write_text(
        f"Student,ID,SIS User ID,SIS Login ID,Section,{NAME} (77)\n    Points Possible,,,,,25\n"
        '"Núñez, Jr",101,n1,nunez,A,\n"Lovelace, Ada",102,n2,ada,A,\n"Babbage, Charles",103,n3,cb,A,\n"Hopper, Grace",104,n4,gh,A,\n',
        "utf-8-sig",
    )
    said = graded(tmp_path / "submissions.zip", tmp_path / "course", "--roster", tmp_path / "class.csv")
    with open(tmp_path / "course" / "exports" / f"{NAME}-canvas.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][-1] == f"{NAME} (77)"
    assert [[row[0], row[1], row[-1]] for row in rows[2:]] == [
        ["Núñez, Jr", "101", "0"],
        ["Lovelace, Ada", "102", ""],
        ["Babbage, Charles", "103", ""],
        ["Hopper, Grace", "104", ""],
    ]
    assert "report.pdf" in said and not (tmp_path / "course" / "exports" / f"{NAME}-moodle.csv").exists()


@pytest.mark.parametrize(("text", "mark"), [("1000", 0), ("0.5", 0.5), (None, 0), ("no number", 1)])
def test_a_result_that_somebody_made_up_gives_no_more_than_can_be_given(monkeypatch, text, mark):
    data = {"text/plain": text} if text else {"image/png": ""}

    class Forged:
        spent = False

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def follow(self, jobs):
            return []

        def run(self, cells, seed):
            return [[nbformat.v4.new_output("execute_result", data=data)]] * len(cells), None

    monkeypatch.setattr(marking.Desk, "_box", lambda self, folder: Forged())
    monkeypatch.setattr(marking.Desk, "_prove", lambda self: None)
    monkeypatch.setattr("coursework.crosscheck.draw", lambda name, seed: [])
    desk = marking.Desk(task())
    marks = desk.mark(fast.submission(SOURCE, RIGHT))
    assert marks.scores["q1-paper"] == mark
    assert any("q1-paper got 0" in remark for remark in marks.remarks) == (mark == 0)


class Inline:
    """Of Dask's client what the grader uses, in this process; a notebook called ``surprising`` meets an error that nobody thought of."""

    def scheduler_info(self, n_workers):
        return {"workers": {}}

    def submit(self, function, task, notebook, pure):
        future = concurrent.futures.Future()
        future.key = notebook
        if notebook == "surprising":
            future.set_exception(RecursionError("surprise"))
        else:
            future.set_result(marking.Marks(dict.fromkeys(AUTOMATIC, 1.0), nbformat.writes(SOURCE), (), 0.1))
        return future


def test_what_goes_wrong_with_one_submission_is_said_and_the_next_is_marked(monkeypatch):
    done, kept = collections.deque(), {}
    monkeypatch.setattr("distributed.as_completed", lambda: types.SimpleNamespace(add=done.append))
    monkeypatch.setattr(grade, "next", lambda completed: done.popleft(), raising=False)
    handed_in = [submissions.Submission(f"s{k}", "", "", False, text, (), None, "d") for k, text in enumerate(["surprising", "fine"])]
    folder = types.SimpleNamespace(entry=lambda student: {}, store=lambda entry, notebook=None: kept.update({entry["student"]: entry}))
    grade.graded(folder, task(), handed_in, Inline())
    assert "could not be marked (RecursionError: surprise)" in kept["s0"]["rejected"]
    assert kept["s1"]["rejected"] is None and kept["s1"]["scores"] == dict.fromkeys(AUTOMATIC, 1.0)


PEEPS = """
import gc, sys
frame, held = sys._getframe(), []
while frame:
    held.append(repr(frame.f_locals))
    frame = frame.f_back
held += [each for thing in gc.get_objects() if isinstance(thing, list | tuple) for each in thing if isinstance(each, str)]
print("hidden" + " test" in " ".join(held))
"""


def test_a_hidden_test_is_not_in_the_process_before_its_turn():
    with sandbox.Box() as box:
        outputs, why = box.run([PEEPS, "said = ['a hidden test']", PEEPS], 1)
    assert why is None and [output[0]["text"] for output in (outputs[0], outputs[2])] == ["False\n", "True\n"]


@pytest.mark.alone
def test_a_box_whose_watcher_stands_still_is_left_in_time():
    began = time.monotonic()
    with sandbox.Box(limits=sandbox.Limits(cell=1, whole=4)) as box:
        outputs, why = box.run(["import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)", "'x'", "os._exit(0)"], 1)
        assert len(outputs) == 2 and why
        answers = box.follow([[["run", "#" * 200_000], ["call", "f", {"list": []}, []]]])
    assert answers == [{"error": "it never came back"}] and box.spent
    assert time.monotonic() - began < 12


@pytest.mark.parametrize("output", [None, 3, {"output_type": "nonsense"}, {"output_type": "error", "ename": 3}, {"output_type": "stream"}])
def test_outputs_that_somebody_made_up_are_an_error_of_the_cell(output):
    (made,) = marking.notebook_outputs([output])
    assert made.output_type == "error" and "cannot be read" in made.evalue


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("Núñez, Jr", "Jr", "Núñez"), ("Ada King Lovelace", "Ada King", "Lovelace"), ("张伟", None, "张伟"), ("", None, None)],
)
def test_names(name, first, last):
    assert course.names_of(name) == (first, last)


def test_feedback_leaves_out_what_repeats_a_hidden_test_or_the_seed():
    notebook = nbformat.v4.new_notebook()
    hidden = "### BEGIN HIDDEN TESTS\nassert the_secret_number == 12345\n### END HIDDEN TESTS"
    test = nbformat.v4.new_code_cell(f"assert True\n{hidden}", metadata={"nbgrader": {"grade": True, "grade_id": "q", "solution": False}})
    error = nbformat.v4.new_output("error", ename="E", evalue="no", traceback=["assert the_secret_number == 12345", "E: no"])
    test.outputs = [nbformat.v4.new_output("stream", name="stdout", text="printed by a test"), error]
    tells = nbformat.v4.new_code_cell("peep()")
    tells.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text=text)
        for text in ("assert the_secret_number == 12345", "the seed is 987654321", "harmless")
    ]
    notebook.cells = [test, tells]
    shown = feedback.without_secrets(notebook, seed=987654321)
    assert shown.cells[0].source == "assert True"
    assert [output.traceback for output in shown.cells[0].outputs] == [["E: no"]]
    assert [output.text for output in shown.cells[1].outputs] == ["harmless"]
    assert "12345" not in nbformat.writes(shown)
    assert len(feedback.without_secrets(notebook, seed=5).cells[1].outputs) == 2, "an output may hold a 5"
