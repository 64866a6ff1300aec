"""The commands of the repository, as somebody types them on a machine where something is missing."""

import copy
import importlib
import inspect
import os
import pkgutil
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import environment
import nbformat
import notebooks
import programs
import pytest
import serve
import traitlets

import coursework
import lstmbook

ROOT = Path(__file__).parents[1]


def make(*arguments, **variables):
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, env={**os.environ, **variables})


def test_import_code_is_pythons_own_module():
    assert not list((ROOT / "code").glob("*.py")), "a .py file in code/ would be importable as a top-level module"
    said = subprocess.run(
        [sys.executable, "-c", "import code, pdb; print(code.InteractiveConsole)"], cwd=ROOT, capture_output=True, text=True
    )
    assert "code.InteractiveConsole" in said.stdout, said.stderr


def test_every_public_name_of_the_packages_says_what_it_is():
    """A method may leave it to the one that it overrides."""
    silent = []
    for package in (coursework, lstmbook):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            here = {name: value for name, value in vars(module).items() if getattr(value, "__module__", "") == found.name}
            for outer, each in [*here.items()]:
                inside = vars(each) if isinstance(each, type) else {}
                here |= {
                    f"{outer}.{name}": getattr(each, name)
                    for name, value in inside.items()
                    if callable(value) or inspect.isdatadescriptor(value)
                }
            public = {
                name: value
                for name, value in here.items()
                if not re.search(r"(^|\.)_", name) and not isinstance(value, traitlets.TraitType)
            }
            silent += [f"{found.name}.{name}" for name, value in {"": module, **public}.items() if not inspect.getdoc(value)]
    assert silent == []


def test_help_lists_every_command():
    listed = make("help").stdout
    for target in "book site zip pdf epub editions release test bench lab notebooks lint format clean".split():
        assert f"make {target}" in listed


def test_a_missing_python_is_one_sentence():
    done = make("site", "PYTHON=no-such-python")
    assert done.returncode != 0
    assert "There is no no-such-python here: install Python 3.11 or newer" in done.stdout


def test_an_old_python_is_one_sentence(monkeypatch):
    monkeypatch.setattr(environment, "OLDEST", (9, 9))
    assert "needs Python 3.11 or newer" in environment.main(["book"])


@pytest.mark.parametrize("arguments", [[], ["everything"]])
def test_an_unknown_part_is_one_sentence(arguments):
    assert environment.main(arguments) == "Say what to set up: python tools/environment.py book, or all."


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("WARNING: Retrying ... [Errno -3] Temporary failure in name resolution", "there is no network"),
        ("ERROR: Could not find a version that satisfies the requirement numpy (from versions: none)", "there is no network"),
        ("ERROR: No matching distribution found for torch==2.13.0", "does not exist for this Python"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("some\nERROR: strange", "pip said: ERROR: strange"),
    ],
)
def test_a_failed_installation_is_one_sentence(log, sentence):
    assert sentence in environment.explain(log)
    assert "\n" not in environment.explain(log)


def test_a_failed_installation_keeps_what_pip_said(tmp_path, monkeypatch):
    folder = tmp_path / "env"
    monkeypatch.setattr(environment, "run", lambda command, log: Path(log).write_text("ERROR: broken pipe") and 1)
    said = environment.main(["book", str(folder)])
    assert "broken pipe" in said and "setup.log" in said
    assert not environment.installed(str(folder), "book")


def test_an_environment_is_made_once_until_its_requirements_change(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(environment, "run", lambda command, log: calls.append(command) or 0)
    assert environment.main(["all", str(tmp_path / "env")]) is None
    assert environment.main(["all", str(tmp_path / "env")]) is None
    assert environment.main(["book", str(tmp_path / "env")]) is None  # all includes book
    assert len(calls) == 1
    monkeypatch.setattr(environment, "fingerprint", lambda what: "changed")
    assert environment.main(["all", str(tmp_path / "env")]) is None
    assert len(calls) == 2


def test_building_the_site_needs_no_torch():
    needed = (ROOT / "book" / "requirements.txt").read_text()
    assert "torch" not in needed
    lines = (ROOT / "requirements.txt").read_text().strip().splitlines()
    assert lines[0] == "-r book/requirements.txt" and lines[-1] == "-e ./code"


@pytest.mark.parametrize("name", ["requirements.txt", "book/requirements.txt"])
def test_direct_dependencies_are_pinned(name):
    for line in (ROOT / name).read_text().splitlines():
        if line and line[0] not in "#-":
            assert "==" in line


def test_a_busy_port_is_passed_over_and_said(tmp_path, capsys):
    (tmp_path / "index.html").write_text("hello")
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        server = serve.listen(tmp_path, port)
    try:
        assert port < server.server_port <= port + 99
        assert f"Port {port} is busy, trying {port + 1}." in capsys.readouterr().out
        assert server.server_address[0] == "127.0.0.1"
    finally:
        server.server_close()


def test_the_server_says_its_address_and_serves(tmp_path):
    (tmp_path / "index.html").write_text("hello")
    command = [sys.executable, ROOT / "tools" / "serve.py", tmp_path, "--port", "8700"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = ""
        while "The book is at" not in line:
            line = process.stdout.readline()
        assert urllib.request.urlopen(line.split()[4]).read() == b"hello"
        process.kill()


def test_serving_before_building_is_one_sentence(tmp_path):
    done = subprocess.run([sys.executable, ROOT / "tools" / "serve.py", tmp_path], capture_output=True, text=True)
    assert done.stderr.strip() == f"There is no site in {tmp_path}: build it first with make site."


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("chromium", "need Chromium: install it"),
        ("bubblewrap", "need bubblewrap: install it"),
        ("epubcheck", "need epubcheck: install it"),
    ],
)
def test_a_missing_program_is_a_failure_in_ci_and_a_sentence_elsewhere(name, words, monkeypatch, capsys):
    monkeypatch.setattr(programs, "find", lambda each: None if each == name else "/bin/true")
    monkeypatch.setattr(programs, "get", lambda each: None)
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match=words):
        programs.main()
    monkeypatch.delenv("CI")
    programs.main()
    said = capsys.readouterr().out
    assert words in said and "They are skipped." in said


def test_a_wrong_browser_path_is_named(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    with pytest.raises(SystemExit, match="CHROMIUM names /no/such/browser"):
        programs.main()


def small_notebook():
    cell = nbformat.v4.new_code_cell(
        "print(6 * 7)", id="answer", metadata={"collapsed": True, "tags": ["keep"], "nbgrader": {"grade_id": "q"}}
    )
    return nbformat.v4.new_notebook(
        cells=[cell], metadata={"widgets": {"state": "random"}, "kernelspec": {"name": "other", "display_name": "x"}}
    )


def test_a_stored_notebook_keeps_its_ids_and_loses_what_is_random(tmp_path):
    notebook = small_notebook()
    notebooks.execute(notebook, tmp_path)
    assert "execution" in notebook.cells[0].metadata  # times
    live = {notebooks.LIVE_WIDGET: {"model_id": "random"}}
    notebook.cells[0].outputs += [
        nbformat.v4.new_output("display_data", {**live, "text/html": "<p>picture</p>"}),
        nbformat.v4.new_output("display_data", live),
        nbformat.v4.new_output("stream", name="stdout", text="a"),
        nbformat.v4.new_output("stream", name="stdout", text="b"),
    ]
    once = notebooks.normalise(notebook)
    first, picture, text = once.cells[0].outputs
    assert once.metadata == nbformat.from_dict(notebooks.METADATA)
    assert once.cells[0].id == "answer" and once.cells[0].metadata == {"tags": ["keep"], "nbgrader": {"grade_id": "q"}}
    assert (first.text, picture.data, text.text) == ("42\n", {"text/html": "<p>picture</p>"}, "ab")
    twice = notebooks.normalise(copy.deepcopy(once))
    assert nbformat.writes(twice) == nbformat.writes(once)


def test_a_notebook_that_fails_is_left_as_it_was(tmp_path):
    notebook = small_notebook()
    notebook.cells[0].source = "raise ValueError('no')"
    path = tmp_path / "broken.ipynb"
    nbformat.write(notebook, path)
    before = path.read_bytes()
    done = subprocess.run([sys.executable, ROOT / "tools" / "notebooks.py", path], capture_output=True, text=True)
    assert done.returncode != 0
    assert "was left as it is, because a cell failed" in done.stderr
    assert path.read_bytes() == before


def nbval(path):
    options = ["-q", "-p", "no:cacheprovider", "-p", "conftest", "--no-cov", "-c", os.devnull, "--nbval", "--nbval-current-env"]
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, path], cwd=path.parent, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("change", ["stale", "not stored", "error"])
def test_an_output_that_is_not_the_stored_one_makes_the_run_fail_and_says_what_to_do(tmp_path, change):
    path = tmp_path / "chapter.ipynb"
    shutil.copy(ROOT / "templates" / path.name, path)
    if change == "stale":
        good = nbval(path)
        assert good.returncode == 0, good.stdout
    notebook = nbformat.read(path, 4)
    cell = next(cell for cell in notebook.cells if "after 38 words: {" in cell.source)
    if change == "stale":
        cell.outputs[0].text = "after 38 words: 0.03\n"
    elif change == "not stored":
        cell.outputs = []
    else:
        cell.source += "\nraise ValueError('no')"
    nbformat.write(notebook, path)
    bad = nbval(path)
    assert bad.returncode == 1
    assert "1 failed" in bad.stdout
    said = "chapter.ipynb: a cell fails, or prints what is not stored: if it is right now, python tools/notebooks.py chapter.ipynb"
    assert said in bad.stdout.splitlines()


def test_the_speed_benchmark_runs_and_its_five_lstms_have_the_same_gradients():
    """The program itself asserts that the gradients agree."""
    done = subprocess.run([sys.executable, "benchmarks/speed.py", "--quick", "--repeats", "1"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in ("ours", "nn.LSTM", "nn.LSTM without oneDNN", "nn.LSTMCell loop", "autograd scratch"):
        assert done.stdout.count(f"\n    {name:<24} time") == 4, done.stdout  # two sizes in two precisions


def test_the_learning_benchmark_refuses_a_row_that_is_not_there():
    done = subprocess.run([sys.executable, "benchmarks/learning.py", "--only", "GRU"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "no row's name holds 'GRU'" in done.stderr


def test_the_ratios_of_a_training_step_are_measured_in_one_quick_command():
    command = [sys.executable, ROOT / "benchmarks" / "training_speed.py", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for row in ("nn.LSTM  ", "a loop of nn.LSTMCell", "sentences in a batch: 8", "padded and masked", "packed"):
        assert re.search(rf"    {row} +\d+\.\d\d +\(\d+\.\d\d to \d+\.\d\d\)\n", done.stdout), row
    assert "torch.compile is left out of a quick run." in done.stdout


def test_a_missing_compiler_is_one_sentence():
    say = "import training_speed; print(training_speed.why_not_compiled())"
    variables = {**os.environ, "CXX": "/no/such/compiler", "PATH": "/no/such/folder", "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1"}
    done = subprocess.run([sys.executable, "-c", say], cwd=ROOT / "benchmarks", env=variables, capture_output=True, text=True)
    assert done.stdout.strip() == "torch.compile does not work here (there is no C++ compiler), so its rows are left out."
