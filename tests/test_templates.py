"""What there is to copy works where it belongs: each template is put in its place in a copy of the repository, and that copy is tested."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(folder, *command):
    """What Python does with a command in the copy, whose modules come before ours."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "code"), str(folder)])}
    return subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The repository with one more chapter, widget and assignment, each as CONTRIBUTING.md says."""
    folder = tmp_path_factory.mktemp("copy") / "book"
    ignored = shutil.ignore_patterns("_build", ".*", "__pycache__", "*.egg-info", "course")
    shutil.copytree(ROOT, folder, ignore=ignored)
    shutil.copy(folder / "templates" / "chapter.ipynb", folder / "chapters" / "16_new.ipynb")
    for place, name in (("code/lstmbook/widgets", "dial.py"), ("code/lstmbook/widgets", "dial.js"), ("tests", "test_dial.py")):
        shutil.copy(folder / "templates" / "widget" / name, folder / place)
    shutil.copytree(folder / "templates" / "assignment", folder / "coursework" / "source" / "a5_new")
    (folder / "coursework" / "source" / "a5_new" / "assignment.ipynb").rename(folder / "coursework" / "source" / "a5_new" / "a5_new.ipynb")
    for name, old, new in (
        ("_toc.yml", "chapters/15_reading_the_gates\n", "chapters/15_reading_the_gates\n      - file: chapters/16_new\n"),
        ("book/index.md", "{ref}`ch-reading-the-gates`", "{ref}`ch-reading-the-gates`, {ref}`ch-your-label`"),
        ("tests/test_lab.py", "WIDGETS = {\n", 'WIDGETS = {\n    "dial.Dial": ("part that is kept", "keep", 0.25, "0.25"),\n'),
    ):
        text = (folder / name).read_text("utf-8")
        assert text.count(old) == 1
        (folder / name).write_text(text.replace(old, new), "utf-8")
    return folder


def test_what_contributing_names_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = {name for name in re.findall(r"(?:templates|tests|tools|chapters|code|book|coursework)/[\w./]*\w", text) if "my_" not in name}
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").glob("*.py"))
    assert [name for name in re.findall(r"`(test_\w+)`", text) if f"def {name}(" not in tests] == []


def test_a_new_chapter_is_too_short_and_nothing_else(copy):
    done = run(copy, "-m", "pytest", "-q", "--no-cov", "tests/test_book.py", "-k", "16_new or order_of_files or style")
    assert "1 failed" in done.stdout and "[16_new-it_has_the_size_of_a_sitting]" in done.stdout, done.stdout
    assert "chapters/16_new.ipynb: it has 21 cells: write at least 25 and at most 45" in done.stdout.splitlines()


def test_the_site_builds_with_a_new_chapter(copy):
    built = run(copy, Path(sys.executable).with_name("jupyter-book"), "build", ".", "-q", "-W", "--keep-going")
    assert built.returncode == 0, built.stdout + built.stderr
    page = (copy / "_build" / "html" / "chapters" / "16_new.html").read_text("utf-8")
    assert 'data-widget="fading_memory"' in page and 'id="fig-your-name"' in page and 'id="ex-your-project"' in page


def test_a_new_widget_passes(copy, chromium):
    done = run(copy, "-m", "pytest", "-q", "--no-cov", "tests/test_dial.py", "tests/test_widgets.py", "-k", "dial or module or jupyterlab")
    assert done.returncode == 0, done.stdout
    assert run(copy, "-m", "doctest", "code/lstmbook/widgets/dial.py").returncode == 0


def test_a_new_widget_is_driven_in_a_real_jupyterlab(copy, chromium):
    done = run(copy, "-m", "pytest", "-q", "--no-cov", "tests/test_lab.py", "-k", "dial")
    assert done.returncode == 0, done.stdout


def test_a_new_assignment_has_too_few_wrong_answers_and_nothing_else(copy):
    done = run(copy, "-m", "coursework.proof", "a5_new")
    assert [line.strip() for line in done.stdout.splitlines() if "AMISS" in line] == [
        "AMISS: wrong.py lists 3 mistakes and needs at least 10: add 7"
    ]
    done = run(
        copy, "-m", "pytest", "-q", "--no-cov", "tests/test_crosscheck.py", "tests/test_coursework.py", "-k", "a5_new and not enough_wrong"
    )
    assert done.returncode == 0, done.stdout
