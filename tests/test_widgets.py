"""Each widget in Python, and its JavaScript arithmetic against NumPy and Python on random inputs, in a real browser."""

import base64
import html
import json
import re
import xml.dom.minidom
from pathlib import Path

import numpy as np
import pytest
import traitlets

from lstmbook import tasks, widgets
from lstmbook.widgets.sentence_window import LONGEST, SentenceWindow

SOURCES = Path(widgets.__file__).parent
MODULES = sorted(SOURCES.glob("*.js"))


def test_every_module_has_its_python_half_and_the_other_way_round():
    stems = {path.stem for path in SOURCES.glob("*.py")} - {"__init__"}
    assert stems == {path.stem for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_stands_alone(path):
    text = path.read_text("utf-8")
    assert not re.search(r"^\s*import\b|\bimport\(", text, re.MULTILINE), "a widget loads nothing"
    assert not re.search(r"https?:|fetch\(", text)


def test_sliders_can_be_set_and_read_from_python():
    view, heard = SentenceWindow(gap=3, window=4), []
    view.observe(lambda change: heard.append((change.name, change.new)))
    view.gap, view.window = 20, 26
    assert heard == [("gap", 20), ("window", 26)]
    assert view.known and view.words[0] == "Maharashtra" and len(view.seen) == 26
    assert isinstance(view, traitlets.HasTraits) and {"gap", "window"} <= set(view.keys)


@pytest.mark.parametrize(("name", "value"), [("gap", -1), ("gap", LONGEST + 1), ("window", 0), ("window", LONGEST + 7)])
def test_a_value_out_of_range_is_one_sentence_and_changes_nothing(name, value):
    view = SentenceWindow(gap=3, window=4)
    with pytest.raises(traitlets.TraitError, match=rf"^{name} must be a whole number from \d to \d+, not {value}$"):
        setattr(view, name, value)
    assert (view.gap, view.window) == (3, 4)
    with pytest.raises(traitlets.TraitError):
        SentenceWindow(**{name: value})


def test_the_sentences_cannot_be_changed_by_accident():
    with pytest.raises(traitlets.TraitError):
        SentenceWindow().sentences = []


def test_what_can_be_known_is_what_the_words_say():
    view, rng = SentenceWindow(), np.random.default_rng(0)
    for _ in range(100):
        view.gap, view.window = int(rng.integers(0, LONGEST + 1)), int(rng.integers(1, LONGEST + 7))
        words = tasks.sentence(gap=view.gap).words
        assert view.known == ("Maharashtra" in words[-view.window :])
        assert view.accuracy == (1 if view.known else 9 / 28)


def stored(view):
    data, _ = view._repr_mimebundle_()
    return data


def test_what_is_stored_is_a_true_picture():
    view = SentenceWindow(gap=10, window=4)
    data = stored(view)
    assert "application/vnd.jupyter.widget-view+json" in data  # alive in a live notebook
    state = json.loads(html.unescape(re.search('data-state="([^"]*)"', data["text/html"])[1]))
    assert (state["gap"], state["window"]) == (10, 4)
    assert set(state) == {"gap", "window", "sentences", "answer", "guess", "chance"}
    svg = base64.b64decode(re.search('base64,([^"]*)', data["text/html"])[1]).decode()
    drawing = xml.dom.minidom.parseString(svg)
    words = [text.firstChild.data for text in drawing.getElementsByTagName("text")]
    assert words[:16] == list(tasks.sentence(gap=10).shown)
    assert len(drawing.getElementsByTagName("path")) == 4  # one line under each word that is seen
    assert "outside the window" in re.search('alt="([^"]*)"', data["text/html"])[1]


def test_what_is_stored_is_the_same_in_every_run():
    first, second = stored(SentenceWindow(gap=7)), stored(SentenceWindow(gap=7))
    assert first["text/html"] == second["text/html"]
    assert first["text/plain"] == second["text/plain"]


@pytest.fixture(scope="module")
def run(chromium):
    """Evaluate an expression with the exports of a widget's module in scope as ``m``."""
    page = chromium.new_page()
    page.goto("about:blank")

    def evaluate(stem, expression, argument):
        source = (SOURCES / f"{stem}.js").read_text("utf-8")
        return page.evaluate(
            """async ([source, expression, argument]) => {
                const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
                const m = await import(url);
                return new Function("m", "a", `return ${expression}`)(m, argument);
            }""",
            [source, expression, argument],
        )

    yield evaluate
    page.close()


def test_sentence_window_computes_in_javascript_what_it_computes_in_numpy(run):
    rng = np.random.default_rng(0)
    gaps, windows = rng.integers(0, 200, 500), rng.integers(1, 220, 500)
    right = rng.integers(1, 28, 500)
    cases = np.stack([gaps, windows, right], axis=1).tolist()
    needed = run("sentence_window", "a.map(([g]) => m.needed(g))", cases)
    hidden = run("sentence_window", "a.map(([g, n]) => m.hidden(m.needed(g), n))", cases)
    accuracy = run("sentence_window", "a.map(([g, n, r]) => m.accuracy(g, n, [r, 28]))", cases)
    words = 1 + gaps + 5
    np.testing.assert_array_equal(needed, words)
    np.testing.assert_array_equal(hidden, np.maximum(0, words - windows))
    np.testing.assert_allclose(accuracy, np.where(windows >= words, 1, right / 28), rtol=1e-15)


def test_sentence_window_says_in_javascript_what_it_says_in_python(run):
    view, rng, states, said = SentenceWindow(), np.random.default_rng(1), [], []
    for _ in range(200):
        view.gap, view.window = int(rng.integers(0, LONGEST + 1)), int(rng.integers(1, LONGEST + 7))
        states.append(view.state())
        said.append(view.verdict())
    assert run("sentence_window", "a.map(m.verdict)", states) == said
