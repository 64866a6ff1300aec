"""What the instructor's page says is so: its commands exist, its numbers are the chapters' own, its downloads are the release."""

import inspect
import io
import json
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from coursework import fast, grade, names, path_of, proof, release

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "book" / "teaching.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(.*?)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TYPED = [line for kind, text in BLOCKS if kind == "text" for line in text.replace("\\\n", "").splitlines()]
INLINE = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", PAGE)
COMMANDS = [*TYPED, *(text for text in INLINE if re.match(r"(make|python|source) ", text))]


PARTS, WEEKS = "book/teaching.md: the table of parts", "book/teaching.md: the plan of 12 weeks"


def table(first):
    """The rows of the table whose heading begins so, cell by cell."""
    lines = PAGE[PAGE.index(f"| {first} |") :].split("\n\n")[0].splitlines()
    lines = [line.replace("&nbsp;", " ") for line in lines if not re.match(r"\|-", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def hours(text):
    """``2½ h`` as a number."""
    whole, part = re.search(r"(\d*)([½¼¾]?) ?h?$", text).groups()
    return int(whole or 0) + {"": 0, "¼": 0.25, "½": 0.5, "¾": 0.75}[part]


def counted(text):
    """The chapters in ``1 to 4`` or ``5, 6``."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    return list(range(numbers[0], numbers[1] + 1)) if " to " in text else numbers


def minutes(number):
    """The reading time at the top of a chapter."""
    (path,) = (ROOT / "chapters").glob(f"{number:02}_*.ipynb")
    opening = "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"])
    return int(re.search(r"`(\d+) minutes`", opening)[1])


def accepted(program, arguments):
    """Does a program take these arguments? It ends the test if not."""
    if program == "coursework.grade":
        if arguments != ["--help"]:
            assert grade.parser().parse_args(arguments).name in names()
    elif program == "coursework.proof":
        assert set(arguments) <= set(names())
    elif program == "dask":
        from distributed.cli import dask_scheduler, dask_worker

        {"scheduler": dask_scheduler, "worker": dask_worker}[arguments[0]].main.make_context(program, arguments[1:])
    else:
        pytest.fail(f"the page names a program that this test does not know: {program}")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_is_one_that_there_is(command):
    program, *rest = shlex.split(command)
    if program == "python":
        assert rest[0] == "-m"
        accepted(rest[1], rest[2:])
    elif program == "make":
        assert re.search(rf"^{rest[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    else:
        assert command in ("mkdir -p course", "cd course", "jupyter lab", "source .venv/bin/activate")


def test_the_commands_are_found():
    assert len(TYPED) >= 9 and any("coursework.grade" in command for command in TYPED)


def test_each_option_that_is_named_exists():
    known = grade.parser().format_help()
    options = [text.split()[0] for text in INLINE if text.startswith("--")]
    assert len(options) >= 8
    assert [option for option in options if not re.search(rf"{option}\b", known)] == []


def test_each_path_that_is_named_is_there_or_made():
    for text in INLINE:
        if re.fullmatch(r"(coursework|book|code)/\S+|[A-Z]+\.md", text):
            assert (ROOT / text.replace("NAME", names()[0])).exists(), text
    assert grade.parser().get_default("course") == Path("course")


def test_git_ignores_what_belongs_to_students():
    for name in ("course/submissions.zip", "course/class.csv", "course/gradebook.db", "course/seed"):
        assert subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT).returncode == 0, name


def test_the_words_of_the_last_table_are_the_graders():
    said = inspect.getsource(grade.table).lower()
    words = re.findall(r"^([a-z ]+)\n: ", PAGE, re.MULTILINE)
    assert [word for word in words if word not in said] == []
    assert said.count("lambda each:") == len(words) - 1  # a list for each, but all who were graded are only counted
    assert "awaiting marks by hand" in PAGE.lower() and "awaiting marks by hand" in said


def test_the_hours_are_those_of_the_chapters():
    heading, *parts = table("part")
    assert heading[2:4] == ["reading", "checks, problems"]
    every = list(range(1, len(list((ROOT / "chapters").glob("*.ipynb"))) + 1))
    assert [number for row in parts for number in counted(row[1])] == every, f"{PARTS} must hold the chapters 1 to {every[-1]}, each once"
    for part, chapters, reading, checks, _ in parts:
        read, tried = sum(map(minutes, counted(chapters))) / 60, len(counted(chapters)) / 4
        assert abs(hours(reading) - read) <= 1 / 8, (
            f"{PARTS} says {reading} of reading for {part}: its chapters say {read:.2f} hours at their tops"
        )
        assert hours(checks) == tried, (
            f"{PARTS} says {checks} of checks and problems for {part}: a quarter of an hour a chapter makes {tried}"
        )


def test_the_courses_take_the_hours_that_are_said():
    each = [hours(row[2]) + hours(row[3]) + hours(row[4].split(", ")[-1]) for row in table("part")[1:]]
    two, four, twelve = (row[2] for row in table("course")[1:])
    say = "book/teaching.md, the table of courses: bring the hours a week in line with the table of parts, for"
    assert abs(float(two) - (sum(each[:2]) - 2) / 2) <= 0.5, f"{say} 2 weeks"  # without the assignment of Part I
    assert [hours(text) for text in four.split(" to ")] == [5, max(each)] and min(each) >= 4.5, f"{say} 4 weeks: 5 to {max(each)}"
    low, high = map(float, twelve.split(" to "))
    week = sum(each) / 12
    assert abs(low - (week + 2)) <= 0.5 and abs(high - (week + 3)) <= 0.5, f"{say} 12 weeks: about {week + 2:.1f} to {week + 3:.1f}"


def test_the_plan_for_a_term_holds_each_chapter_and_assignment_once():
    weeks, chapters, due = zip(*table("week")[1:], strict=True)
    assert list(weeks) == [str(number) for number in range(1, 13)]
    planned = [number for cell in chapters for number in counted(cell)]
    every = [number for row in table("part")[1:] for number in counted(row[1])]
    assert planned == every, f"{WEEKS} must hold the chapters 1 to {every[-1]}, each once"
    handed_in = re.findall(r"a\d", " ".join(due))
    assert handed_in == [name[:2] for name in names()], f"{WEEKS} must hand in {', '.join(name[:2] for name in names())}, each once"
    for row in table("part")[1:]:  # an assignment is due when its part is read
        for number in re.findall(r"a\d", row[4]):
            (week,) = (k for k, cell in enumerate(due) if number in cell)
            assert counted(chapters[week])[-1] == counted(row[1])[-1], f"{WEEKS} must hand in {number} in the week that ends {row[0]}"
    for name in names():
        assert any(name[:2] in row[4] for row in table("part")[1:]), (
            f"{PARTS} does not name {name[:2]}: put it beside the part that it is about"
        )


@pytest.mark.parametrize("name", names())
def test_an_assignment_has_the_points_that_are_said(name):
    automatic, by_hand = proof.points(nbformat.read(path_of(name), 4))
    machine, person = sum(automatic.values()), sum(by_hand.values())
    assert (machine, person) == (20, 5), f"{name} has {machine:g} points by tests and {person:g} by a person: every assignment has 20 and 5"


def test_the_page_has_two_pages_and_short_paragraphs():
    assert 900 <= len(re.findall(r"[^\W\d_]{2,}", re.sub(r"\(https?://\S+\)", "", PAGE))) <= 1300
    for paragraph in re.split(r"\n\s*\n", PAGE):
        if not re.match(r"\s*(\||```|:|- |#)", paragraph):
            assert len(re.sub(r"\(https?://[^)]+\)", "", paragraph)) <= 640, paragraph


def test_the_downloads_of_the_site_are_the_release(site):
    soup = BeautifulSoup((site / "book" / "teaching.html").read_text("utf-8"), "html.parser")
    links = [tag for tag in soup.find("article").find_all("a") if tag["href"].endswith(".zip")]
    assert [tag.text for tag in links] == [f"{name}.zip" for name in names()]
    for name, tag in zip(names(), links, strict=True):
        data = (site / "book" / tag["href"]).resolve().read_bytes()
        assert data == release.packed(name)
        assert f"{name}.zip ({len(data) / 1000:.0f} KB): Assignment {name[1]}: " in tag.parent.text
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            assert packed.namelist() == [f"{name}/{name}.ipynb"]
            text = packed.read(f"{name}/{name}.ipynb").decode()
        source = nbformat.read(path_of(name), 4)
        assert list(proof.of_the_release(source, nbformat.reads(text, 4))) == []
        assert not any(solution in text for solution in fast.answers(source).values())


def test_the_site_holds_no_solution_and_no_hidden_test(site):
    secret = re.compile(rb"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)")
    assert [path for path in site.rglob("*") if path.is_file() and secret.search(path.read_bytes())] == []


def test_the_downloads_need_neither_nbgrader_nor_numpy():
    """So that the site can be made in its small environment."""
    code = "import sys; sys.modules.update(nbgrader=None, numpy=None, torch=None); from coursework import names, release; "
    code += "print(*(len(release.packed(name)) for name in names()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == [str(len(release.packed(name))) for name in names()], done.stderr
