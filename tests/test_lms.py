"""A class is read as Canvas and Moodle export it, and its marks come back as they import them."""

import csv
import io
import os
import stat
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursework.lms import Row, roster, write_canvas, write_moodle

NAME = "a3_lstm_from_scratch"
CANVAS = '''\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,LSTM (901),a3_lstm_from_scratch (902),LSTM (903),Current Score
,,,,,,,Manual Posting,,
    Points Possible,,,,,,10.00,25.00,5.00,(read only)
"Núñez, Jr",4711,s1,nunez@x.edu,Lab 1,late bus,8.00,,,80.0
"=""=HYPERLINK(""http://evil"")""",12,s2,eve@x.edu,Lab 1,=1+1,,3.00,,
张伟,5,s3,zw@x.edu,Lab 2,,9.50,EX,,
"Student, Test",99,,abc,Lab 1,,,,,
'''
MOODLE = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 1234","Núñez, Jr",nunez@x.edu,"Submitted for grading - ",,25.00,Yes,"Monday, 2 March 2026, 9:00 AM",-,=good
"Participant 77","=HYPERLINK(""http://evil"")",eve@x.edu,"No submission - ",7.00,25.00,Yes,-,-,
"Participant 5",张伟,zw@x.edu,"No submission - ",,25.00,Yes,-,-,
"""
PLAIN = "student,name,email\nanna,Anna A.,anna@x.edu\nbob,Bob B.,bob@x.edu\n"


@pytest.fixture
def listed(tmp_path):
    """Write a list of a class and read it."""

    def read(text, encoding="utf-8", called="class.csv"):
        path = tmp_path / called
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return roster(path)

    return read


@pytest.fixture
def marks(tmp_path):
    """Write marks, and read the file as an LMS does: cells, and what was said."""

    def write(how, rows, *more, most=25, **settings):
        said = how(tmp_path / "marks.csv", NAME, most, rows, *more, **settings)
        return table(tmp_path / "marks.csv"), said

    return write


def table(path):
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""), strict=True))


def column(cells, title):
    """``{first cell: cell under the title}``."""
    return {line[0]: line[cells[0].index(title)] for line in cells[1:]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("text", "lms", "ids"), [(CANVAS, "Canvas", "4711 12 5 99"), (MOODLE, "Moodle", "1234 77 5"), (PLAIN, "", None)])
def test_a_list_is_read_whatever_wrote_it(listed, encoding, delimiter, end, text, lms, ids):
    again = io.StringIO()
    csv.writer(again, delimiter=delimiter, lineterminator=end).writerows(csv.reader(io.StringIO(text)))
    found = listed(again.getvalue(), encoding)
    assert found.lms == lms
    assert ids is None or [person.lms_id for person in found.people] == ids.split()
    assert found.people[0].name == ("Núñez, Jr" if lms else "Anna A.")
    assert found.people[1].name == ('=HYPERLINK("http://evil")' if lms else "Bob B.")
    assert found.people[1].email == {"Canvas": "", "Moodle": "eve@x.edu", "": "bob@x.edu"}[lms]


def test_rows_above_the_columns_are_passed_over(listed):
    assert listed("Grades of spring\n\n" + CANVAS) == listed(CANVAS)


def test_first_and_last_names_in_columns_of_their_own_are_one_name(listed):
    (person,) = listed("LastName,FirstName,ID,SIS Login ID,Section\nNúñez,Ana,7,an,L\n").people
    assert (person.name, person.lms_id) == ("Ana Núñez", "7")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK\x03\x04", "is a workbook and no CSV: save it as CSV UTF-8"),
        ("Student,Größe".encode("latin-1"), "is not in UTF-8: save it as CSV UTF-8"),
        (b"", "is no list of a class"),
        (b"a,b\n1,2\n", "export the gradebook from Canvas"),
        (b'student,name\n"anna', "is no list of a class"),
        (b"Identifikator,Bewertung\nTeilnehmer 1,3\n", "your language there set to English"),
        (b"\xff\xfe\x00", "is not in UTF-8"),
    ],
)
def test_what_is_no_list_is_one_sentence(listed, data, sentence):
    with pytest.raises(ValueError, match=r"class\.csv") as error:
        listed(data)
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_a_list_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"none\.csv cannot be read"):
        roster(tmp_path / "none.csv")


ROWS = [Row("nunezjr_4711", "nunezjr", "4711", 17.5), Row("zw_5", "zw", "5", None)]


def test_canvas_gets_its_own_table_back_with_the_marks_in_it(listed, marks):
    cells, said = marks(write_canvas, [ROWS[0]], listed(CANVAS))
    before = list(csv.reader(io.StringIO(CANVAS)))
    before[3][7] = "17.5"
    before[4][0] = "'" + before[4][0]
    assert cells == before and said == []


def test_moodle_gets_its_own_table_back_with_the_marks_in_it(listed, marks):
    cells, said = marks(write_moodle, [Row("x", "", "1234", 17.5)], listed(MOODLE))
    before = list(csv.reader(io.StringIO(MOODLE)))
    before[1][4] = "17.5"
    before[2][1] = "'" + before[2][1]
    assert cells == before and said == []


def test_a_name_with_a_comma_stands_in_quotes(listed, marks, tmp_path):
    marks(write_canvas, ROWS, listed(CANVAS))
    assert '"Núñez, Jr",4711,' in (tmp_path / "marks.csv").read_text("utf-8")


def test_a_missing_mark_is_blank_and_never_zero(listed, marks):
    rows = [Row("a", "", "4711", None), Row("b", "", "5", 0.0)]
    cells, _ = marks(write_canvas, rows, listed(CANVAS))
    assert column(cells, f"{NAME} (902)")["Núñez, Jr"] == "" and column(cells, f"{NAME} (902)")["张伟"] == "0"
    cells, _ = marks(write_canvas, rows)
    assert [line[5] for line in cells[1:]] == ["25", "", "0"]
    cells, _ = marks(write_moodle, rows)
    assert [line[2] for line in cells[1:]] == ["", "0"]


def test_a_mark_that_would_vanish_is_said(listed, marks):
    cells, said = marks(write_canvas, [Row("eve_12", "", "12", None)], listed(CANVAS))
    assert said == ["eve_12 had 3.00 and has no mark now: importing this file takes it away"]
    assert column(cells, f"{NAME} (902)")["张伟"] == "EX"  # handed in nothing: stays
    cells, said = marks(write_moodle, [Row("eve", "", "77", None)], listed(MOODLE))
    assert said == ["eve had 7.00 and has no mark now: Moodle keeps it"] and cells[2][4] == ""


@pytest.mark.parametrize(
    ("how", "text", "last"),
    [
        (write_canvas, CANVAS, ["New, Ann", "8", "", "", "", "", "", "4", "", ""]),
        (write_moodle, MOODLE, ["Participant 8", "New, Ann", "", "", "4", "25", "", "", "-", ""]),
        (write_canvas, PLAIN, ["New, Ann", "8", "", "", "", "4"]),
    ],
)
def test_somebody_whom_the_class_list_does_not_know_is_said_and_not_dropped(listed, marks, how, text, last):
    cells, said = marks(how, [Row("ann_8", "New, Ann", "8", 4)], listed(text))
    assert cells[-1] == last
    assert said == ["the class list does not know ann_8, whose mark stands in the last lines"]


@pytest.mark.parametrize("wanted", ["901", "LSTM (901)", 901])
def test_a_column_of_canvas_is_found_by_its_number_or_its_title(listed, marks, wanted):
    cells, said = marks(write_canvas, ROWS, listed(CANVAS), most=10, column=wanted)
    assert column(cells, "LSTM (901)")["Núñez, Jr"] == "17.5" and len(cells[0]) == 10
    assert said == ["zw_5 had 9.50 and has no mark now: importing this file takes it away"]


def test_a_title_that_two_columns_have_is_not_guessed(listed, marks):
    with pytest.raises(ValueError, match=r"several columns are called LSTM: name one by its number: LSTM \(901\), LSTM \(903\)"):
        marks(write_canvas, ROWS, listed(CANVAS), column="LSTM")
    with pytest.raises(ValueError, match="no column of the gradebook has the number 7"):
        marks(write_canvas, ROWS, listed(CANVAS), column="7")


@pytest.mark.parametrize("wanted", ["Week 3", "Section"])
def test_a_column_that_canvas_lacks_is_added_and_said(listed, marks, wanted):
    cells, said = marks(write_canvas, ROWS, listed(CANVAS), column=wanted)
    assert cells[0][-1] == wanted and [line[-1] for line in cells[1:]] == ["", "25", "17.5", "", "", ""]
    assert {len(line) for line in cells} == {11}
    assert said == [f"the gradebook has no column {wanted}, so one was added, and Canvas will make a new assignment of it"]


def test_points_that_the_lms_counts_otherwise_are_said(listed, marks):
    _, said = marks(write_canvas, ROWS[:1], listed(CANVAS), most=20)
    assert said == [f"{NAME} (902) has 25.00 points in Canvas, and {NAME} has 20"]
    _, said = marks(write_moodle, [], listed(MOODLE), most=20)
    assert said == [f"the maximum grade in Moodle is 25.00, and {NAME} has 20 points: Moodle skips marks above its own"]


def test_people_are_found_by_login_or_email_where_there_is_no_number(listed, marks):
    cells, said = marks(write_canvas, [Row("NUNEZ@x.edu", "", "", 3), Row("s3", "", "", 4)], listed(CANVAS))
    assert list(column(cells, f"{NAME} (902)").values())[2:5] == ["3", "3.00", "4"] and said == []
    cells, said = marks(write_moodle, [Row("nunez@x.edu", "", "", 3)], listed(MOODLE))
    assert column(cells, "Grade")["Participant 1234"] == "3" and said == []


def test_a_word_that_two_people_share_means_neither(listed, marks):
    shared = "Student,ID,SIS User ID,SIS Login ID,Section\nA,1,s1,same,L\nB,2,s2,same,L\n"
    _, said = marks(write_canvas, [Row("same", "", "", 3)], listed(shared))
    assert "the class list does not know same, whose mark stands in the last lines" in said


def test_two_marks_of_one_person_are_none(listed, marks):
    cells, said = marks(write_canvas, [Row("a", "", "4711", 3), Row("s1", "", "", 4)], listed(CANVAS))
    assert column(cells, f"{NAME} (902)")["Núñez, Jr"] == ""
    assert said == ["a and s1 are one person in the class list, so the mark is left blank"]


def test_without_a_list_the_file_can_still_be_imported(marks):
    rows = [Row("nunezjr_4711", "Núñez, Jr", "4711", 17.3333333), Row("anna", "", "", 3)]
    cells, said = marks(write_canvas, rows)
    assert cells == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", NAME],
        ["    Points Possible", "", "", "", "", "25"],
        ["Núñez, Jr", "4711", "", "", "", "17.3333"],
        ["anna", "", "", "anna", "", "3"],
    ]
    assert said == []
    cells, said = marks(write_moodle, rows)
    assert cells == [
        ["Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)"],
        ["Participant 4711", "Núñez, Jr", "17.3333", "25", "-"],
        ["Participant", "anna", "3", "25", "-"],
    ]
    assert said == ["Moodle will not find anna, whose participant number is unknown: give the grading worksheet"]


def test_everybody_in_a_plain_list_appears(listed, marks):
    cells, said = marks(write_canvas, [Row("bob", "", "", 3)], listed(PLAIN))
    assert cells[2:] == [["Anna A.", "", "", "anna", "", ""], ["Bob B.", "", "", "bob", "", "3"]] and said == []


def test_the_list_of_the_other_lms_is_refused(listed, marks):
    with pytest.raises(ValueError, match="this is a list of Moodle: give one of Canvas"):
        marks(write_canvas, ROWS, listed(MOODLE))
    with pytest.raises(ValueError, match="this is a list of Canvas: give one of Moodle"):
        marks(write_moodle, ROWS, listed(CANVAS))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", " =1", "＝1"])
@pytest.mark.parametrize("how", [write_canvas, write_moodle])
def test_no_name_is_a_formula(marks, how, name):
    cells, _ = marks(how, [Row("eve", name, "7", 1)])
    assert "'" + name in cells[-1] and name not in cells[-1]
    assert "7" in cells[-1][how is write_canvas]  # by which the LMS finds them


def test_what_the_lms_reads_back_is_left_alone(listed, marks):
    cells, _ = marks(write_moodle, [], listed(MOODLE))
    assert cells[1][-1] == "=good" and cells[1][-2] == "-"
    cells, _ = marks(write_canvas, [], listed(CANVAS))
    assert cells[4][5] == "=1+1"


def test_a_file_is_replaced_in_one_step_or_not_at_all(marks, tmp_path, monkeypatch):
    marks(write_canvas, ROWS)
    before = (tmp_path / "marks.csv").read_bytes()
    with pytest.raises(ValueError, match="nan is no mark"):
        marks(write_canvas, [Row("a", "", "1", float("nan"))])
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        marks(write_canvas, ROWS[:1])
    assert (tmp_path / "marks.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["marks.csv"]
    assert stat.S_IMODE((tmp_path / "marks.csv").stat().st_mode) == 0o600


def test_the_mark_of_encoding_that_a_list_had_is_kept(listed, marks, tmp_path):
    marks(write_canvas, ROWS, listed(CANVAS, "utf-8-sig"))
    assert (tmp_path / "marks.csv").read_bytes().startswith(b"\xef\xbb\xbfStudent")
    marks(write_canvas, ROWS, listed(CANVAS))
    assert (tmp_path / "marks.csv").read_bytes().startswith(b"Student")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["C"]), min_size=1), st.none() | st.floats(0, 25)), max_size=6))
def test_every_name_comes_back_from_the_file(people):
    rows = [Row(f"s{number}", name, str(number + 1), mark) for number, (name, mark) in enumerate(people)]
    with tempfile.TemporaryDirectory() as folder:
        write_canvas(f"{folder}/marks.csv", NAME, 25, rows)
        found = roster(f"{folder}/marks.csv")
    assert [person.lms_id for person in found.people] == [row.lms_id for row in rows]
    assert all(person.name in (row.name.strip(), "'" + row.name.rstrip()) for person, row in zip(found.people, rows, strict=True))
    for line, row in zip(found.lines[1:], rows, strict=True):
        assert line[5] == "" if row.mark is None else abs(float(line[5]) - row.mark) < 1e-4
