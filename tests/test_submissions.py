"""Whatever a class hands in, each student's work is found, mended or named with a reason, and nobody else's is touched by it."""

import contextlib
import copy
import hashlib
import io
import json
import os
import stat
import zipfile
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursework import fast, proof
from coursework.mending import Assignment, Refused
from coursework.submissions import collect

NAME = "a3_lstm_from_scratch"
SOURCE, _ = proof.load(NAME)
ASSIGNMENT = Assignment(NAME, SOURCE)


def handed_out(source=SOURCE):
    """The notebook that students find."""
    notebook = copy.deepcopy(source)
    for cell in notebook.cells:
        cell.source = proof.handed_out(cell)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def answered(**answers):
    """A notebook with every answer, those of ``answers`` instead of the reference's."""
    notebook = handed_out()
    for cell in notebook.cells:
        if fast.info(cell).get("solution"):
            cell.source = {**fast.answers(SOURCE), **answers}[fast.info(cell)["grade_id"]]
    return notebook


def the(notebook, grade_id):
    """The place of a cell."""
    return next(place for place, cell in enumerate(notebook.cells) if fast.info(cell).get("grade_id") == grade_id)


def written(notebook):
    return json.dumps(notebook).encode()


GOOD = written(answered())


def put(folder, files):
    """Write ``{path: bytes}`` into a folder."""
    for place, data in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def packed(files):
    """The bytes of a zip that holds ``{path: bytes}``."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for place, data in files.items():
            file.writestr(place, data)
    return archive.getvalue()


@pytest.fixture(scope="session")
def neighbour(tmp_path_factory):
    (alone,) = collect(NAME, SOURCE, put(tmp_path_factory.mktemp("alone"), {"zoe.ipynb": GOOD}))
    assert alone.notebook and not alone.rejected and not alone.repairs
    return alone


@pytest.fixture
def among(tmp_path, neighbour):
    """Hand in ``{path: bytes}`` beside zoe, whose work must not change, and give back what became of the rest."""

    def hand_in(files, **more):
        rest = list(collect(NAME, SOURCE, put(tmp_path / "class", {"zoe.ipynb": GOOD} | files), **more))
        assert rest.pop([submission.student for submission in rest].index("zoe")) == neighbour
        return rest

    return hand_in


@pytest.fixture
def mended(among):
    """What became of one student's notebook, and what was said of it."""

    def hand_in(notebook):
        (submission,) = among({"anna.ipynb": notebook if isinstance(notebook, bytes) else written(notebook)})
        assert submission.rejected is None
        found = nbformat.reads(submission.notebook, 4)
        assert_whole(found)
        return found, submission.repairs

    return hand_in


def assert_whole(notebook):
    """Every cell of the source is there once and in order, and what is not for students to change is the source's."""
    nbformat.validate(notebook)
    ours = [cell for cell in notebook.cells if not cell.id.startswith("added-")]
    assert [cell.id for cell in ours] == [cell.id for cell in SOURCE.cells]
    for cell, source in zip(ours, SOURCE.cells, strict=True):
        assert (cell.cell_type, cell.metadata) == (source.cell_type, source.metadata)
        if fast.info(source) and not fast.info(source).get("solution"):
            assert cell.source == source.source
        assert not cell.get("outputs")
    assert notebook.metadata == SOURCE.metadata


def answers_in(notebook):
    return {fast.info(cell)["grade_id"]: cell.source for cell in notebook.cells if fast.info(cell).get("solution")}


# Where a class's work lies.


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("place", "student", "name", "lms_id", "late"),
    [
        ("nunezjr_4711_9001_a3.ipynb", "nunezjr_4711", "nunezjr", "4711", False),
        ("doe_jane_LATE_12_9001_a3_lstm_from_scratch-1.ipynb", "doe_jane_12", "doe_jane", "12", True),
        ("张伟_5_6_my_2_3_notebook.ipynb", "张伟_5", "张伟", "5", False),
        ("LATE_anon_x5k2e_9001_a3.ipynb", "anon_x5k2e", "", "", True),
        ("Núñez, Jr_1234_assignsubmission_file_/a3.ipynb", "Núñez, Jr_1234", "Núñez, Jr", "1234", False),
        ("Núñez, Jr_1234_assignsubmission_file/a3.ipynb", "Núñez, Jr_1234", "Núñez, Jr", "1234", False),
        ("Núñez, Jr_1234_assignsubmission_file_a3.ipynb", "Núñez, Jr_1234", "Núñez, Jr", "1234", False),
        ("Participant_77_assignsubmission_file_/deep/a3.ipynb", "Participant_77", "Participant", "77", False),
        ("Default group_assignsubmission_file_/a3.ipynb", "Default group", "Default group", "", False),
        (f"submitted/anna/{NAME}/{NAME}.ipynb", "anna", "", "", False),
        (f"lstm101/submitted/anna/{NAME}/{NAME}.ipynb", "anna", "", "", False),
        (f"anna/{NAME}/{NAME}.ipynb", "anna", "", "", False),
        ("anna/homework.ipynb", "anna", "", "", False),
        ("anna/week 3/homework.ipynb", "anna", "", "", False),
        ("Núñez, Jr.ipynb", "Núñez, Jr", "", "", False),
        ("Nu\u0301n\u0303ez.ipynb", "Núñez", "", "", False),
    ],
)
def test_every_layout_says_whose_work_it_is(tmp_path, zipped, place, student, name, lms_id, late):
    files = {place: GOOD, "__MACOSX/._a3.ipynb": b"", ".DS_Store": b"", "submitted/.ipynb_checkpoints/a3.ipynb": b"x"}
    if zipped:
        where = tmp_path / "class.zip"
        where.write_bytes(packed(files))
    else:
        where = put(tmp_path, files)
    (found,) = collect(NAME, SOURCE, where)
    assert (found.student, found.name, found.lms_id, found.late) == (student, name, lms_id, late)
    assert found.notebook and found.rejected is None
    assert found.digest == hashlib.sha256(GOOD).hexdigest()


def test_the_number_of_one_lms_is_no_name_elsewhere(among):
    assert [found.student for found in among({"1.ipynb": GOOD, "doe_1_2_a3.ipynb": GOOD})] == ["1", "doe_1"]


def test_a_zip_may_be_written_with_backslashes(tmp_path):
    (tmp_path / "class.zip").write_bytes(packed({"anna\\a3.ipynb": GOOD, "bob\\a3.ipynb": GOOD, "..\\c.ipynb": GOOD}))
    found = list(collect(NAME, SOURCE, tmp_path / "class.zip"))
    assert [(each.student, each.rejected is None) for each in found] == [("anna", True), ("bob", True), ("c", False)]


def test_a_folder_around_the_work_of_a_class_is_no_student(tmp_path):
    (tmp_path / "a.zip").write_bytes(packed({"all/anna.ipynb": GOOD, "all/bob/a3.ipynb": GOOD}))
    assert [found.student for found in collect(NAME, SOURCE, tmp_path / "a.zip")] == ["anna", "bob"]
    put(tmp_path / "b", {"all/doe_1_2_a3.ipynb": GOOD})
    assert [found.lms_id for found in collect(NAME, SOURCE, tmp_path / "b")] == ["1"]


def test_a_course_folder_gives_what_was_handed_in_for_this_assignment_alone(tmp_path):
    other = {f"submitted/{who}/a1_forgetting/a1_forgetting.ipynb": b"{}" for who in ("anna", "bob")}
    put(tmp_path, {f"submitted/anna/{NAME}/{NAME}.ipynb": GOOD, f"source/{NAME}/{NAME}.ipynb": b"{}"} | other)
    (found,) = collect(NAME, SOURCE, tmp_path)
    assert found.student == "anna" and found.notebook


@pytest.mark.parametrize("path", ["nowhere", "empty", "broken.zip", "one.ipynb"])
def test_a_place_without_submissions_is_one_sentence(tmp_path, path):
    (tmp_path / "empty").mkdir()
    put(tmp_path, {"broken.zip": packed({"anna.ipynb": GOOD})[:-40], "one.ipynb": GOOD})
    with pytest.raises(ValueError, match=f"{path}") as error:
        collect(NAME, SOURCE, tmp_path / path)
    assert "\n" not in str(error.value) and error.value.__cause__ is None


@pytest.mark.parametrize(
    ("file", "student"),
    [
        ("..ipynb..ipynb", ".ipynb"),
        ("a:b?.ipynb", "a_b_"),
        ("a\nb\x1b[31m.ipynb", "ab[31m"),
        ("\u202egnp.ipynb", "gnp"),
        ("x" * 200 + ".ipynb", "x" * 150),
        ("a. .ipynb", "a"),
    ],
)
def test_a_students_id_is_safe_as_the_name_of_a_folder(among, file, student):
    found = among({"sub/" + file: GOOD} if file.startswith(".") else {file: GOOD})
    assert all(set("/\\\0\n\x1b") & set(each.student) == set() and each.student not in ("", ".", "..") for each in found)
    if not file.startswith("."):
        assert [each.student for each in found] == [student]


def test_students_whose_ids_differ_in_case_alone_get_different_folders(tmp_path):
    (tmp_path / "class.zip").write_bytes(packed({"aNna.ipynb": GOOD, "Anna.ipynb": GOOD, "a?.ipynb": GOOD, "a*.ipynb": GOOD}))
    found = [submission.student.casefold() for submission in collect(NAME, SOURCE, tmp_path / "class.zip")]
    assert len(set(found)) == 4


def test_a_name_that_no_terminal_can_show_stops_nobody(tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff\xfe.ipynb"
    with open(name, "wb") as file:
        file.write(GOOD)
    (found,) = collect(NAME, SOURCE, tmp_path)
    assert found.student.encode() and "".join(found.repairs).encode()


# What is no valid submission is put aside, with a sentence.


def deep():
    return b"[" * 200_000


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"anna.ipynb": b""}, "anna.ipynb is empty: open it in Jupyter"),
        ({"anna.ipynb": b" \n"}, "anna.ipynb is empty"),
        ({"anna.ipynb": b'{"cells": ['}, "anna.ipynb is not JSON and so no notebook (line 1)"),
        ({"anna.ipynb": deep()}, "anna.ipynb is not JSON"),
        ({"anna.ipynb": b'{"cells": [\n<<<<<<< HEAD\n'}, "merge conflict"),
        ({"anna.ipynb": '{"a": "ü"}'.encode("latin-1")}, "anna.ipynb is not in UTF-8"),
        ({"anna.ipynb": b"[]"}, "is JSON but no notebook"),
        ({"anna.ipynb": b'{"nbformat": 5, "cells": []}'}, "no notebook of format 2, 3 or 4"),
        ({"anna.ipynb": b'{"nbformat": 4, "cells": {}}'}, "no list of cells"),
        ({"anna.ipynb": b'{"nbformat": 4, "cells": [7]}'}, "its cell 1 has no text or no kind"),
        ({"anna.ipynb": b'{"nbformat": 3, "worksheets": 7}'}, "cannot be read"),
        ({"anna.ipynb": b'{"nbformat": 4, "cells": [' + b"{}," * 1000 + b"{}]}"}, "anna.ipynb has 1001 cells, more than 1000"),
        ({"anna.ipynb": b'{"nbformat": 4, "cells": []}'}, f"holds no question of {NAME}: copy the answers into"),
        ({"anna/report.pdf": b"%PDF"}, f"there is no notebook, only report.pdf: hand in {NAME}.ipynb"),
        ({"doe_1_text.html": b"<p>"}, "there is no notebook, only text.html"),
        ({"anna/one.ipynb": GOOD, "anna/two.ipynb": GOOD + b"\n"}, "one.ipynb and two.ipynb differ, and one notebook is asked for"),
        ({"doe_1_2_a.ipynb": GOOD, "doe_1_3_b.ipynb": GOOD + b"\n"}, "a.ipynb and b.ipynb differ"),
        ({"doe_1_2_a.ipynb": GOOD, "doe_jane_1_3_b.ipynb": b"{}"}, "a.ipynb and b.ipynb differ"),
        ({"Ann_1_assignsubmission_file_/a.ipynb": GOOD, "Ann_1_assignsubmission_file_/b.ipynb": b"{}"}, "a.ipynb and b.ipynb differ"),
        ({"anna.ipynb": GOOD, f"anna/{NAME}/{NAME}.ipynb": b"{}"}, f"{NAME}.ipynb and anna.ipynb differ"),
        ({"anna.zip": b"PK not a zip"}, "anna.zip is no zip that can be opened"),
        ({"anna.zip": packed({"a.pdf": b"x"})}, "anna.zip holds no notebook, only a.pdf"),
        ({"anna.zip": packed({})}, "anna.zip holds no notebook, only nothing"),
        ({"anna.zip": packed({"a.ipynb": GOOD, "b.ipynb": b"{}"})}, "anna.zip holds a.ipynb and b.ipynb, and one notebook is asked for"),
        ({"anna.zip": packed({"b.zip": packed({"a.ipynb": GOOD})})}, "anna.zip holds no notebook, only b.zip"),
        ({"anna.zip": packed({"../../a.ipynb": GOOD})}, "a.ipynb lies outside of its zip, at '../../a.ipynb'"),
        ({"anna.zip": packed({"/etc/a.ipynb": GOOD})}, "lies outside of its zip"),
        ({"anna.zip": packed({"C:\\a.ipynb": GOOD})}, "lies outside of its zip"),
    ],
)
def test_what_is_no_submission_is_put_aside_with_a_sentence(among, files, sentence):
    (found,) = among(files)
    assert sentence in found.rejected and "\n" not in found.rejected
    assert found.notebook is None and found.repairs == () and len(found.digest) == 64


@pytest.mark.parametrize("other", ["a1_forgetting", "a2_gates"])
def test_another_assignment_is_named(among, other):
    notebook = handed_out(proof.load(other)[0])
    (found,) = among({"anna.ipynb": written(notebook)})
    assert f"is another assignment, {other}: hand in {NAME}.ipynb" in found.rejected


def test_the_same_bytes_twice_are_one_submission(among):
    (found,) = among({"anna/one.ipynb": GOOD, "anna/two.ipynb": GOOD, "anna/notes.txt": b"x"})
    assert found.notebook
    assert "left aside: notes.txt" in found.repairs


def test_a_students_own_zip_is_opened_once(among, neighbour):
    (found,) = among({"doe_1_2_work.zip": packed({"mine/mine.ipynb": GOOD, "__MACOSX/mine/._mine.ipynb": b"x"})})
    assert found.notebook == neighbour.notebook
    assert found.repairs == ("work.zip was opened for the notebook in it", f"the file was called mine.ipynb and counts as {NAME}.ipynb")


SMALL = 2 * len(GOOD)


@pytest.mark.parametrize(
    "files",
    [
        {"anna.ipynb": bytes(SMALL + 1)},
        {"anna.zip": packed({"a.ipynb": bytes(50 * SMALL)})},
        {"anna.zip": packed({f"{number}.ipynb": GOOD for number in range(6)})},
    ],
)
def test_nothing_larger_than_the_limit_is_unpacked(among, files, monkeypatch):
    honest, unpacked = zipfile.ZipExtFile.read, []
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda self, n=-1: unpacked.append(len(data := honest(self, n))) or data)
    (found,) = among(files, limit=SMALL)
    assert "is larger than 0.0" in found.rejected and "clear its outputs" in found.rejected
    assert sum(unpacked) <= 2 * SMALL and all(len(data) <= SMALL for name, data in files.items() if name == "anna.zip")


def test_a_zip_that_lies_about_its_size_is_damaged_and_no_more_is_read(among):
    lying = bytearray(packed({"a.ipynb": bytes(5_000_000)}))
    place = lying.rindex(b"PK\x01\x02") + 24
    lying[place : place + 4] = (10).to_bytes(4, "little")
    (found,) = among({"anna.zip": bytes(lying)})
    assert "a.ipynb is damaged in its zip" in found.rejected


def test_a_file_behind_a_password_is_put_aside_alone(tmp_path, neighbour):
    data = bytearray(packed({"zoe.ipynb": GOOD, "anna.ipynb": GOOD}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rindex(mark) + offset] |= 1
    (tmp_path / "class.zip").write_bytes(data)
    anna, zoe = collect(NAME, SOURCE, tmp_path / "class.zip")
    assert anna.rejected == "anna.ipynb is locked with a password: hand it in without one" and zoe == neighbour


def test_a_zip_that_leads_out_of_its_folder_hurts_nobody_else(tmp_path, neighbour):
    (tmp_path / "class.zip").write_bytes(packed({"zoe.ipynb": GOOD, "../../anna.ipynb": GOOD}))
    anna, zoe = collect(NAME, SOURCE, tmp_path / "class.zip")
    assert "lies outside of its zip" in anna.rejected and zoe == neighbour
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["class.zip"]


def test_a_link_is_not_followed(tmp_path, among):
    secret = put(tmp_path / "elsewhere", {"key.ipynb": GOOD})
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "anna.ipynb").symlink_to(secret / "key.ipynb")
    (tmp_path / "class" / "bob").symlink_to(secret)
    entry = zipfile.ZipInfo("link.ipynb")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    found = among({"cleo.zip": packed({entry: b"/etc/passwd"})})
    assert [each.student for each in found] == ["anna", "bob", "cleo"]
    assert all("is a symbolic link and was not followed" in each.rejected and each.notebook is None for each in found)


def test_what_is_no_file_is_not_waited_for(tmp_path, among):
    (tmp_path / "class").mkdir()
    os.mkfifo(tmp_path / "class" / "anna.ipynb")
    (found,) = among({})
    assert "anna.ipynb is no file that can be read" in found.rejected and found.digest == ""


def test_a_file_that_cannot_be_read_is_put_aside_alone(among, monkeypatch):
    honest = Path.open

    def forbidding(self, mode="r", *rest, **more):
        if (self.name, mode) == ("anna.ipynb", "rb"):
            raise PermissionError(13, "Permission denied")
        return honest(self, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", forbidding)
    (found,) = among({"anna.ipynb": GOOD})
    assert "anna.ipynb is no file that can be read" in found.rejected


def test_an_error_that_nobody_thought_of_stops_nobody(among, monkeypatch):
    honest = Assignment._matched
    monkeypatch.setattr(Assignment, "_matched", lambda self, cells: 1 / 0 if cells[0].text == "trap" else honest(self, cells))
    notebook = answered()
    notebook.cells[0].source = "trap"
    (found,) = among({"anna.ipynb": written(notebook)})
    assert found.rejected.startswith("anna.ipynb cannot be read (ZeroDivisionError)")


# What can be mended is mended, and said.


def test_what_nobody_touched_is_the_assignment_itself(mended):
    notebook, said = mended(answered())
    assert said == () and answers_in(notebook) == fast.answers(SOURCE)
    untouched, said = mended(handed_out())
    assert said == () and all(text == fast.blank(SOURCE.cells[the(SOURCE, name)]) for name, text in answers_in(untouched).items())


def test_another_name_of_the_file_is_said(among):
    (found,) = among({"doe_1_2_homework final.ipynb": GOOD})
    assert found.repairs == (f"the file was called homework final.ipynb and counts as {NAME}.ipynb",)


def test_a_second_ending_of_a_browser_is_no_trouble(among, neighbour):
    found = among({"doe_1_2_a3.ipynb.txt": GOOD, "anna.IPYNB.json": GOOD})
    assert [each.student for each in found] == ["anna", "doe_1"] and {each.notebook for each in found} == {neighbour.notebook}


def test_deleted_cells_come_back_in_their_place(mended):
    notebook = answered()
    gone = ("q2-check", "q3", "q5-values")
    notebook.cells = [cell for cell in notebook.cells if fast.info(cell).get("grade_id") not in gone and cell.id != "c30e0f07"]
    found, said = mended(notebook)
    assert said == (
        "deleted tests were put back: q2-check and q5-values",
        "deleted answers were put back as they were handed out: q3",
        "deleted cells were put back: 'def blocks(lengths, D=2, H=3):'",
    )
    assert answers_in(found) == fast.answers(SOURCE) | {"q3": fast.blank(SOURCE.cells[the(SOURCE, "q3")])}


def test_of_several_answers_the_first_that_was_written_counts(mended):
    notebook = answered()
    at = the(notebook, "q3")
    first, second, empty = (copy.deepcopy(notebook.cells[at]) for _ in range(3))
    first.source, second.source, empty.source = "# one", "# two", proof.handed_out(SOURCE.cells[at])
    notebook.cells[at : at + 1] = [empty, first, second]
    found, said = mended(notebook)
    assert answers_in(found)["q3"] == "# one" and "# two" not in [cell.source for cell in found.cells]
    assert said == ("there were several answers, and the first counts, so look at the others by hand: q3",)


def test_of_two_equal_cells_one_is_kept(mended):
    notebook = answered()
    for name in ("q3", "q3-check"):
        notebook.cells.append(copy.deepcopy(notebook.cells[the(notebook, name)]))
    found, said = mended(notebook)
    assert said == ("cells stood there more than once, and one was kept: q3 and q3-check",)
    assert answers_in(found) == fast.answers(SOURCE)


def test_changed_tests_and_points_are_those_of_the_assignment(mended):
    notebook = answered()
    test, other = (notebook.cells[the(notebook, name)] for name in ("q2-values", "q3-check"))
    test.source = "pass"
    test.metadata.nbgrader.points = 300
    other.metadata.nbgrader.locked = False
    _, said = mended(notebook)
    assert said == (
        "tests had been changed, and those of the assignment count: q2-values",
        "points or locks had been changed and were set back: q2-values and q3-check",
    )


def test_answers_are_found_by_the_ids_of_cells_when_nbgraders_notes_are_gone(mended):
    notebook = answered(q10="because")
    for cell in notebook.cells:
        cell.metadata = {}
    found, (said,) = mended(notebook)
    assert said.startswith("what nbgrader notes in a cell was missing and was restored: q1, q1-paper,")
    assert answers_in(found) == fast.answers(SOURCE) | {"q10": "because"}


def test_answers_are_found_by_the_texts_around_them_when_notes_and_ids_are_gone(mended):
    notebook = json.loads(written(answered(q1="c_paper = h_paper = 7", q10="because")))
    notebook["nbformat_minor"] = 4
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        del cell["id"]
    notebook["cells"].insert(5, {"cell_type": "markdown", "metadata": {}, "source": "a note of mine"})
    found, said = mended(json.dumps(notebook).encode())
    assert answers_in(found) == fast.answers(SOURCE) | {"q1": "c_paper = h_paper = 7", "q10": "because"}
    assert [cell.source for cell in found.cells if cell.id.startswith("added-")] == ["a note of mine"]
    assert said[1:] == ("the notebook was of the old format 4.4 and was brought up to date",)


def test_an_answer_that_was_deleted_and_typed_again_is_still_the_answer(mended):
    notebook = answered()
    notebook.cells[the(notebook, "q3")] = nbformat.v4.new_code_cell("def step(x, h, c, W, U, b):\n    return 7", id="anew")
    notebook.cells.insert(3, nbformat.v4.new_code_cell("scratch = 7", id="scratch"))
    found, _ = mended(notebook)
    assert answers_in(found)["q3"].endswith("return 7")
    assert [cell.source for cell in found.cells if cell.id.startswith("added-")] == ["scratch = 7"]


def test_a_line_that_many_cells_share_makes_no_answer():
    source, _ = proof.load("a1_forgetting")
    notebook = handed_out(source)
    notebook.cells[the(notebook, "q2")] = nbformat.v4.new_code_cell('def mine():\n    """\n    words\n    """', id="scratch")
    text, _ = Assignment("a1_forgetting", source).mended(written(notebook))
    assert answers_in(nbformat.reads(text, 4))["q2"] == fast.blank(source.cells[the(source, "q2")])


def test_the_id_of_a_cell_helps_where_its_note_is_of_no_use(mended):
    notebook = answered(q3="# mine")
    notebook.cells[the(notebook, "q3")].metadata.nbgrader.grade_id = "something else"
    assert answers_in(mended(notebook)[0])["q3"] == "# mine"


def test_outputs_are_cleared_and_the_kernel_is_ours(mended):
    notebook = answered()
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="x" * 1000)]
    notebook.metadata = {"kernelspec": {"name": "ir", "display_name": "R"}, "colab": {}}
    _, said = mended(notebook)
    assert said == ("the kernel was 'ir' and was set back to 'python3'", "the outputs were cleared")


def test_a_notebook_of_format_3_is_brought_up_to_date(mended):
    notebook = json.loads(nbformat.writes(nbformat.convert(answered(), 3), version=3))
    found, said = mended(json.dumps(notebook).encode())
    assert any(sentence.startswith("the notebook was of the old format 3.") for sentence in said)
    assert answers_in(found) == fast.answers(SOURCE)


def test_a_cell_that_changed_its_kind_is_turned_back(mended):
    notebook = answered()
    for name, kind in (("q3", "raw"), ("q3-check", "markdown"), ("q10", "code")):
        notebook.cells[the(notebook, name)].cell_type = kind
    found, said = mended(notebook)
    assert said == ("cells had been turned into another kind, and were turned back: q3, q3-check and q10",)
    assert answers_in(found) == fast.answers(SOURCE)


def test_what_a_student_added_stays_behind_the_cell_that_it_followed(mended):
    notebook = answered()
    for name in ("q3", "q1"):
        notebook.cells.insert(the(notebook, name) + 1, nbformat.v4.new_code_cell(f"mine = '{name}'", id=f"mine-{name}"))
    notebook.cells.insert(0, nbformat.v4.new_raw_cell("first of all", id="raw"))
    notebook.cells.reverse()
    notebook.cells.insert(0, notebook.cells.pop())
    found, said = mended(notebook)
    assert said == ("the cells stood in another order and were put back into that of the assignment",)
    texts = [cell.source for cell in found.cells]
    behind = {text: texts[texts.index(text) - 1] for text in ("mine = 'q1'", "mine = 'q3'")}
    assert texts[0] == "first of all"
    assert behind == {f"mine = '{name}'": SOURCE.cells[the(SOURCE, name) + 1].source for name in ("q1", "q3")}  # it stood upside down


def test_given_code_may_be_changed_and_given_words_too(mended):
    notebook = answered()
    notebook.cells[0].source = "My name is Anna."
    notebook.cells[2].source += "\nimport itertools"
    found, said = mended(notebook)
    assert said == ("given code was changed by the student and stays so: 'import math'",)
    assert (found.cells[0].source, found.cells[2].source) == ("My name is Anna.", notebook.cells[2].source)


def test_an_editor_that_trims_lines_has_changed_nothing(mended):
    notebook = handed_out()
    for cell in notebook.cells:
        cell.source = cell.source.replace("\n", "  \r\n") + "\n\n" if cell.cell_type == "code" else cell.source
    found, said = mended(notebook)
    assert said == () and answers_in(found)["q3"] == fast.blank(SOURCE.cells[the(SOURCE, "q3")])


def test_half_a_character_can_be_marked(mended):
    found, _ = mended(written(answered(q10="half a letter: \ud83d")))
    assert answers_in(found)["q10"] == "half a letter: ?" and nbformat.writes(found).encode()


CELLS = list(range(len(SOURCE.cells)))


@settings(max_examples=60, deadline=None)
@given(
    order=st.permutations(CELLS) | st.just(CELLS),
    gone=st.sets(st.sampled_from(CELLS), max_size=40),
    twice=st.lists(st.sampled_from(CELLS), max_size=5),
    bare=st.sets(st.sampled_from(CELLS), max_size=20),
    added=st.lists(st.tuples(st.sampled_from(CELLS), st.sampled_from(["code", "markdown", "raw"])), max_size=5),
)
def test_however_cells_are_deleted_doubled_and_moved_each_question_is_asked_once_and_in_order(order, gone, twice, bare, added):
    notebook = answered()
    cells = [notebook.cells[place] for place in order if place not in gone]
    for place in twice:
        cells.insert(place % (len(cells) + 1), copy.deepcopy(notebook.cells[place]))
    for place in bare:
        notebook.cells[place].metadata = {}
    for number, (place, kind) in enumerate(added):
        cells.insert(place, nbformat.from_dict({"cell_type": kind, "id": f"new-{number}", "metadata": {}, "source": f"mine {number}"}))
    notebook.cells = cells
    text, _ = ASSIGNMENT.mended(written(notebook))
    found = nbformat.reads(text, 4)
    assert_whole(found)
    texts = [cell.source for cell in found.cells]
    assert all(texts.count(f"mine {number}") == 1 for number in range(len(added)))
    present = {SOURCE.cells[place].id for place in set(order) - gone | set(twice)}
    expected = {
        name: text if name in present else fast.blank(SOURCE.cells[the(SOURCE, name)]) for name, text in fast.answers(SOURCE).items()
    }
    assert answers_in(found) == expected
    again, _ = ASSIGNMENT.mended(text.encode())
    assert nbformat.reads(again, 4).cells == found.cells


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda some: (
        st.lists(some, max_size=3) | st.dictionaries(st.sampled_from(["nbgrader", "grade_id", "points", "kernelspec", "name", "id"]), some)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(CELLS), st.sampled_from(["id", "metadata", "cell_type", "source", "outputs"]), ANYTHING), min_size=1
    ),
    ANYTHING,
)
def test_whatever_stands_in_a_notebook_it_is_mended_or_refused(changes, metadata):
    notebook = json.loads(GOOD)
    notebook["metadata"] = metadata
    for place, key, value in changes:
        notebook["cells"][place][key] = value
    with contextlib.suppress(Refused):
        text, said = ASSIGNMENT.mended(json.dumps(notebook).encode())
        assert_whole(nbformat.reads(text, 4))
        assert "\n" not in "".join(said)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | ANYTHING.map(lambda thing: json.dumps(thing).encode()))
def test_whatever_is_no_notebook_is_refused_in_words(data):
    with pytest.raises(Refused):
        ASSIGNMENT.mended(data)
