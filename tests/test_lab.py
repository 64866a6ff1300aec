"""The widgets in a real JupyterLab: what is dragged is known in Python, what Python sets is seen in the page."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

WIDGETS = {
    # module and class: the slider's name, what Python sets it to, the trait, and how the page then says it
    "sentence_window.SentenceWindow": ("gap (filler words)", "gap", 20, "20 words"),
    "gradient_reach.GradientReach": ("gap (words back)", "gap", 40, "40 words"),
    "fading_memory.FadingMemory": ("gap (filler words)", "gap", 30, "30 words"),
    "gate_lab.GateLab": ("forget gate f", "forget", 0.25, "0.25"),
    "one_gate.OneGate": ("forget gate f", "forget", 0.25, "0.25, keeps 25 % at each word"),
}


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := what():
            return result
        time.sleep(0.2)
    raise AssertionError("nothing happened in time")


def write(cells, path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, path)


def opened(chromium, address, name):
    """A notebook in JupyterLab whose kernel has started and whose first cell has run; its page and its cells."""
    page = chromium.new_context(viewport={"width": 1280, "height": 1600}).new_page()
    page.goto(f"{address}/doc/tree/{name}.ipynb")
    cells = page.locator(".jp-CodeCell")
    cells.first.wait_for(timeout=60_000)
    page.get_by_text("| Idle").wait_for(timeout=60_000)
    run(page, cells.first)
    return page, cells


def run(page, cell):
    cell.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Shift+Enter")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab whose folder holds one notebook for each widget."""
    folder = tmp_path_factory.mktemp("lab")
    for name, (_, trait, value, _) in WIDGETS.items():
        module, cls = name.split(".")
        cells = [
            f"from pathlib import Path\nfrom lstmbook.widgets.{module} import {cls}\nview = {cls}()\n"
            f"view.observe(lambda change: Path('{module}.txt').write_text(str(change.new)), '{trait}')\nview",
            f"view.{trait} = {value}",
        ]
        write(cells, folder / f"{module}.ipynb")
    cells = [
        "from pathlib import Path\nfrom lstmbook.widgets.gate_puzzle import GatePuzzle\nview = GatePuzzle()\n"
        "view.observe(lambda change: Path('gate_puzzle.txt').write_text(str(view.solved)), 'gates')\nview",
        "view.solve()",
    ]
    write(cells, folder / "gate_puzzle.ipynb")
    cells = [
        "from pathlib import Path\nfrom lstmbook.widgets.phase_diagram import PhaseDiagram\n"
        "runs = [{'architecture': 'LSTM' if b is not None else 'RNN', 'bias': b, 'gap': gap, 'curves': [[0.3] * 20, [0.3, 0.99]]}\n"
        "        for b in (0, 1, 2, None) for gap in (5, 10, 20, 40)]\n"
        "view = PhaseDiagram(runs)\n"
        "told = lambda change: Path('phase_diagram.txt').write_text(f'{view.architecture} {view.bias} {view.gap}: {view.verdict()}')\n"
        "view.observe(told, ['architecture', 'bias', 'gap'])\nview",
        "view.bias, view.gap = 2, 40",
    ]
    write(cells, folder / "phase_diagram.ipynb")
    cells = [
        "from pathlib import Path\nimport torch\nfrom lstmbook import pytorch, tasks\n"
        "from lstmbook.widgets.memory_reader import MemoryReader\ntorch.manual_seed(0)\n"
        "readers = [pytorch.Reader(tasks.Recall.words, 8, 12, tasks.Recall.classes, kind=kind) for kind in ('RNN', 'LSTM')]\n"
        "view = MemoryReader(*readers)\n"
        "told = lambda change: Path('memory_reader.txt').write_text(f'{view.words} {view.shown} {view.verdict()}')\n"
        "view.observe(told, ['state', 'filler', 'word', 'shown'])\nview",
        "view.state, view.gap, view.shown = 'Kerala', 20, 'f'",
    ]
    write(cells, folder / "memory_reader.ipynb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
    command = [sys.executable, "-m", "jupyterlab", *options]
    server = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"

    def up():
        try:
            return json.load(urllib.request.urlopen(f"{address}/api", timeout=1))
        except OSError:
            return None

    try:
        wait_for(up)
        yield address, folder
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_and_its_python_object_are_one(chromium, lab, name):
    address, folder = lab
    module = name.split(".")[0]
    label, _, value, said = WIDGETS[name]
    page, cells = opened(chromium, address, module)
    slider = page.get_by_role("slider", name=label).first
    slider.wait_for(timeout=60_000)
    run(page, cells.nth(1))  # Python sets the trait
    wait_for(lambda: slider.get_attribute("aria-valuetext") == said)
    wait_for(lambda: (folder / f"{module}.txt").exists() and (folder / f"{module}.txt").read_text() == str(value))
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], middle, steps=5)  # the page sets the trait
    page.mouse.up()
    assert float(slider.input_value()) != value
    wait_for(lambda: float((folder / f"{module}.txt").read_text() or "nan") == float(slider.input_value()))
    before, count = float(slider.input_value()), cells.count()
    for key in ("ArrowLeft", "x"):  # the keys belong to the widget, not to the notebook, where "x" cuts a cell
        page.keyboard.press(key)
    wait_for(lambda: float((folder / f"{module}.txt").read_text() or "nan") == float(slider.input_value()) < before)
    assert cells.count() == count
    page.context.close()


def test_the_puzzle_and_its_python_object_are_one(chromium, lab):
    address, folder = lab
    page, cells = opened(chromium, address, "gate_puzzle")
    page.get_by_role("button", name="keep at word 2, is").first.wait_for(timeout=60_000)
    run(page, cells.nth(1))
    wait_for(lambda: "Marathi" in page.get_by_role("status").first.inner_text())  # Python has solved it
    page.get_by_role("button", name="write at word 2, is").first.click()
    wait_for(lambda: (folder / "gate_puzzle.txt").exists() and (folder / "gate_puzzle.txt").read_text() == "False")
    page.context.close()


def test_the_phase_diagram_and_its_python_object_are_one(chromium, lab):
    address, folder = lab
    page, cells = opened(chromium, address, "phase_diagram")
    chosen = page.get_by_role("gridcell", selected=True)
    chosen.wait_for(timeout=60_000)
    assert chosen.get_attribute("aria-label").startswith("LSTM, b = 1, gap 20: ")
    run(page, cells.nth(1))  # Python selects a cell
    wait_for(lambda: chosen.get_attribute("aria-label").startswith("LSTM, b = 2, gap 40: "))

    def python_knows(cell):
        said = page.get_by_role("status").first.inner_text()
        wait_for(lambda: (folder / "phase_diagram.txt").read_text() == f"{cell}: {said}")

    page.get_by_role("gridcell", name="LSTM, b = 1, gap 5:").click()
    python_knows("LSTM 1.0 5")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    python_knows("RNN 0.0 10")
    assert chosen.evaluate("node => node === document.activeElement")
    page.get_by_role("radio", name="LSTM").check()
    python_knows("LSTM 0.0 10")
    slider = page.get_by_role("slider", name="gap (filler words)")
    slider.focus()
    page.keyboard.press("End")
    python_knows("LSTM 0.0 40")
    page.context.close()


def test_the_reader_of_memories_and_its_python_object_are_one(chromium, lab):
    address, folder = lab
    page, cells = opened(chromium, address, "memory_reader")
    sentence = page.get_by_role("listbox", name="The sentence")
    sentence.wait_for(timeout=60_000)
    words = sentence.locator("[role=option]")
    assert words.count() == 18
    run(page, cells.nth(1))  # Python changes the sentence
    wait_for(lambda: words.count() == 26 and words.first.inner_text() == "Kerala")
    wait_for(lambda: page.get_by_role("radio", name="forget gate f").is_checked())

    def python_knows(shown):
        said = f"{words.all_inner_texts()} {shown} {page.get_by_role('status').first.inner_text()}"
        wait_for(lambda: (folder / "memory_reader.txt").read_text() == said)

    python_knows("f")
    words.nth(22).click()
    python_knows("f")
    assert "word 23 of 26" in page.get_by_role("status").first.inner_text()
    before = words.all_inner_texts()
    page.get_by_role("button", name="other words").click()
    wait_for(lambda: words.all_inner_texts() != before)
    python_knows("f")
    page.get_by_role("slider", name="gap (filler words)").focus()
    page.keyboard.press("ArrowRight")  # the keys belong to the widget, not to the notebook
    wait_for(lambda: words.count() == 27)
    python_knows("f")
    assert "word 24 of 27" in page.get_by_role("status").first.inner_text()  # still the same word of the question
    page.get_by_role("radio", name="candidate g").check()
    python_knows("g")
    page.get_by_role("button", name="your own words").click()
    page.get_by_label("the filler words").fill("is old and Tamil Nadu is old")
    wait_for(lambda: words.count() == 12)
    python_knows("g")
    page.keyboard.press("Home")
    page.keyboard.type("thrives ")
    wait_for(lambda: words.count() == 13 and words.nth(1).inner_text() == "thrives")
    python_knows("g")
    count = cells.count()
    page.get_by_role("combobox", name="state of India").focus()
    page.keyboard.type("x")  # which would cut the cell
    page.wait_for_timeout(1500)  # then a list begins to look for another word
    page.keyboard.type("Si")
    wait_for(lambda: words.first.inner_text() == "Sikkim")
    python_knows("g")
    assert cells.count() == count
    page.context.close()
