"""Each widget in Python, and its JavaScript arithmetic against NumPy and Python on random inputs, in a real browser."""

import base64
import html
import json
import re
import xml.dom.minidom
from pathlib import Path

import numpy as np
import pytest
import torch
import traitlets
from living import FRAME, SOURCES, answered, enliven, style
from sentences import none

from lstmbook import palette, tasks
from lstmbook.widgets import gradient_reach
from lstmbook.widgets.gradient_reach import GradientReach
from lstmbook.widgets.sentence_window import LONGEST, SentenceWindow

MODULES = sorted(SOURCES.glob("*.js"))


def test_every_module_has_its_python_half_and_the_other_way_round():
    stems = {path.stem for path in SOURCES.glob("*.py")} - {"__init__"}
    none(f"code/lstmbook/widgets/{stem} needs both, {stem}.py and {stem}.js" for stem in stems ^ {path.stem for path in MODULES})


def test_every_widget_is_driven_in_a_real_jupyterlab():
    text = Path(__file__).with_name("test_lab.py").read_text("utf-8")
    none(f"add {path.stem} to WIDGETS in tests/test_lab.py" for path in MODULES if path.stem not in text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_stands_alone(path):
    text = path.read_text("utf-8")
    assert not re.search(r"^\s*import\b|\bimport\(", text, re.MULTILINE), (
        f"{path.name}: a widget loads nothing, so write out what it imports"
    )
    assert not re.search(r"https?:|fetch\(", text), f"{path.name}: a widget asks no other host, so take the address away"
    assert not re.search(r"#[0-9a-fA-F]{6}\b", text), f"{path.name}: take colours from the palette, such as var(--lstm-hidden)"
    assert text.endswith("\nexport default { render };\n"), f"{path.name}: end it with  export default {{ render }};"


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


@pytest.fixture(scope="session")
def run(javascript):
    return javascript


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
        states.append(view.held())
        said.append(view.verdict())
    assert run("sentence_window", "a.map(m.verdict)", states) == said


def reaches(count, seed):
    """Random states of the widget, and the edges of what it says."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        kind = str(rng.choice(["tanh", "linear"]))
        yield dict(scale=round(rng.uniform(0.5, 2), 2), gap=int(rng.integers(0, 101)), nonlinearity=kind, network=int(rng.integers(100)))
    yield from (dict(scale=0.5, gap=gap, nonlinearity="linear", network=5) for gap in (0, 1, 2, 3, 23, 24, 25))  # 0.125 and 2**-24
    yield from (dict(scale=1.0, gap=gap, nonlinearity="linear", network=6) for gap in (0, 1, 50, 100))
    yield from (dict(scale=scale, gap=100, nonlinearity="linear", network=7) for scale in (0.5, 2.0))  # both leave the plot


def test_the_generator_is_mulberry32():
    """The first numbers of seed 0 are those of the generator's published JavaScript."""
    drawn = gradient_reach.uniforms(0)
    assert [next(drawn) for _ in range(3)] == [0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]


def test_random_networks_are_what_they_say():
    Q, inputs, v = map(np.stack, zip(*(gradient_reach.network(seed) for seed in range(100)), strict=True))
    np.testing.assert_allclose(np.linalg.svd(Q, compute_uv=False), 1, atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(v, axis=1), 1, atol=1e-14)
    assert inputs.shape == (100, 101, 16)
    assert abs(inputs.mean()) < 0.005
    assert abs(inputs.std() - 0.5) < 0.005
    assert abs(np.mean(np.abs(inputs) > 0.98) - 0.05) < 0.002  # 1.96 standard deviations
    assert len({round(float(x), 9) for x in v[:, 0]}) == 100  # no two alike


@pytest.mark.parametrize("nonlinearity", ["tanh", "linear"])
@pytest.mark.parametrize("scale", [0.5, 0.9, 1.2, 1.6, 2.0])
def test_the_gradient_that_is_drawn_is_autograds(scale, nonlinearity):
    view = GradientReach(scale=scale, nonlinearity=nonlinearity, network=31)
    Q, inputs, v = map(torch.tensor, gradient_reach.network(31))
    h, states = torch.zeros(16, dtype=torch.float64), []
    for x in inputs:
        h = scale * Q @ h + x
        h = (torch.tanh(h) if nonlinearity == "tanh" else h).requires_grad_()
        h.retain_grad()
        states.append(h)
    (v @ h).backward()
    np.testing.assert_allclose(view.reach, [h.grad.norm().item() for h in reversed(states)], rtol=1e-8)


@pytest.mark.parametrize("scale", [0.5, 0.85, 1.0, 1.6])
def test_a_linear_gradient_is_a_power_of_the_scale(scale):
    np.testing.assert_allclose(GradientReach(scale=scale, nonlinearity="linear").reach, scale ** np.arange(101.0), rtol=1e-12)


def test_tanh_only_ever_shortens_the_gradient():
    for scale in (0.5, 1.0, 1.6):
        reach = GradientReach(scale=scale, network=8).reach
        assert np.all(reach[1:] < scale ** np.arange(1.0, 101.0))


@pytest.mark.parametrize(
    ("name", "value", "range_"),
    [
        ("scale", 0.49, "a number from 0.5 to 2"),
        ("scale", 2.01, "a number from 0.5 to 2"),
        ("scale", float("nan"), "a number from 0.5 to 2"),
        ("gap", -1, "a whole number from 0 to 100"),
        ("gap", 101, "a whole number from 0 to 100"),
        ("network", -1, "a whole number from 0 to 99"),
        ("network", 100, "a whole number from 0 to 99"),
    ],
)
def test_a_gradient_out_of_range_is_one_sentence_and_changes_nothing(name, value, range_):
    view = GradientReach(scale=1.1, gap=3, network=4)
    with pytest.raises(traitlets.TraitError, match=rf"^{name} must be {range_}, not {value}$"):
        setattr(view, name, value)
    with pytest.raises(traitlets.TraitError):
        GradientReach(**{name: value})
    with pytest.raises(traitlets.TraitError, match="tanh"):
        view.nonlinearity = "relu"
    assert view.held() == {"scale": 1.1, "gap": 3, "nonlinearity": "tanh", "network": 4}


def test_the_controls_of_the_gradient_can_be_set_and_heard_from_python():
    view, heard = GradientReach(), []
    view.observe(lambda change: heard.append((change.name, change.new)))
    view.scale, view.gap, view.nonlinearity, view.network = 1.234, 7, "linear", 9
    assert heard == [("scale", 1.23), ("gap", 7), ("nonlinearity", "linear"), ("network", 9)]
    assert view.at_gap == pytest.approx(1.23**7, rel=1e-12)


def test_lost_means_that_float32_adds_it_in_vain():
    said = set()
    for state in reaches(200, seed=2):
        view = GradientReach(**state)
        lost = np.float32(1) + np.float32(view.at_gap) == np.float32(1)
        assert lost == ("lost" in view.verdict())
        said.add(lost)
    assert said == {True, False}


def test_a_number_keeps_two_digits():
    for value in 10 ** np.random.default_rng(3).uniform(-40, 25, 2000):
        mantissa, _, power = gradient_reach.number(value).partition("×10")
        power = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
        assert float(f"{mantissa}e{power or 0}") == float(f"{value:.1e}")
    edges = {
        0.0994: "0.099",
        0.0996: "0.10",
        9.96: "10",
        0.125: "0.13",
        0.1249999999999: "0.13",
        1: "1.0",
        0.99999999999: "1.0",
        9960: "1.0×10⁴",
        1e-4: "1.0×10⁻⁴",
    }
    assert {value: gradient_reach.number(value) for value in edges} == edges


def test_what_is_stored_of_the_gradient_is_true_and_the_same_in_every_run():
    view = GradientReach(scale=1.0, nonlinearity="linear", gap=40)
    text = stored(view)["text/html"]
    assert text == stored(GradientReach(scale=1.0, nonlinearity="linear", gap=40))["text/html"]
    assert json.loads(html.unescape(re.search('data-state="([^"]*)"', text)[1])) == view.held()
    assert "At a gap of 40 words the gradient is 1.0 times that at the last word: it can be learnt from." in html.unescape(text)
    svg = base64.b64decode(re.search('base64,([^"]*)', text)[1]).decode()
    drawing = xml.dom.minidom.parseString(svg)
    dot = drawing.getElementsByTagName("circle")[0]
    ticks = {t.firstChild.data: t for t in drawing.getElementsByTagName("text")}
    assert float(dot.getAttribute("cx")) == pytest.approx(float(ticks["40"].getAttribute("x")), abs=0.1)
    assert float(dot.getAttribute("cy")) == pytest.approx(float(ticks["1"].getAttribute("y")) - 4.5, abs=0.11)  # 1 at every lag
    assert palette.COLOURS["hidden"] in svg


def test_the_gradient_draws_the_same_networks_in_javascript_and_numpy(run):
    seeds = [0, 1, 17, 50, 98, 99]
    for seed, theirs in zip(seeds, run("gradient_reach", JS_NETWORKS, seeds), strict=True):
        for ours, drawn in zip(gradient_reach.network(seed), theirs, strict=True):
            np.testing.assert_allclose(drawn, ours, rtol=0, atol=1e-10)


JS_NETWORKS = "a.map(m.network).map(({Q, inputs, v}) => [Q.map((q) => [...q]), inputs.map((x) => [...x]), [...v]])"


def test_the_gradient_computes_in_javascript_what_it_computes_in_numpy(run):
    states = list(reaches(60, seed=4))
    theirs = run("gradient_reach", "a.map((s) => m.reach(s.scale, s.nonlinearity, m.network(s.network)))", states)
    np.testing.assert_allclose(np.array(theirs, float), [GradientReach(**state).reach for state in states], rtol=1e-7)


def test_the_gradient_says_and_draws_in_javascript_what_it_does_in_python(run):
    states = list(reaches(200, seed=5))
    reach = "const r = m.reach(s.scale, s.nonlinearity, m.network(s.network))"
    expression = f"a.map(([s, w]) => {{ {reach}; return [m.verdict(s.gap, r[s.gap]), m.description(s, r), m.plot(r, s.gap, w, 300)]; }})"
    widths = np.random.default_rng(6).integers(200, 800, len(states)).tolist()
    for state, width, theirs in zip(states, widths, run("gradient_reach", expression, list(zip(states, widths, strict=True))), strict=True):
        view = GradientReach(**state)
        assert theirs[:2] == [view.verdict(), view.description()]
        ours = json.dumps(gradient_reach.plot(view.reach, view.gap, width, 300), ensure_ascii=False)
        drawn = json.dumps(theirs[2], ensure_ascii=False)
        decimal = re.compile(r"-?\d+\.\d(?!\d|×)")
        assert decimal.sub("#", drawn) == decimal.sub("#", ours)
        np.testing.assert_allclose([float(n) for n in decimal.findall(drawn)], [float(n) for n in decimal.findall(ours)], atol=0.11)


@pytest.fixture
def alive(chromium):
    """A page on which a stored widget has come to life, as on the site."""
    css, pages = style(), []

    def show(view, **options):
        page = chromium.new_page(**options)
        pages.append(page)
        page.set_content(f"<style>{css}body{{font:17px sans-serif}}</style>{view.stored()}")
        enliven(page, view)
        return page

    yield show
    for page in pages:
        page.close()


def test_every_control_of_the_gradient_answers_the_keyboard(alive):
    view = GradientReach(scale=0.9, gap=20)
    page = alive(view)

    def agrees():
        assert page.get_by_role("status").inner_text() == view.verdict()
        assert page.get_by_role("img").get_attribute("aria-label") == view.description()
        assert page.locator(".lw-here").first.text_content() == gradient_reach.number(view.at_gap)

    agrees()
    scale, gap = page.get_by_role("slider", name="scale of U"), page.get_by_role("slider", name="gap (words back)")
    scale.focus()
    page.keyboard.press("ArrowRight")
    view.scale = 0.91
    assert scale.get_attribute("aria-valuetext") == "0.91"
    agrees()
    page.keyboard.press("Tab")
    assert gap.evaluate("node => node === document.activeElement")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    view.gap = 1
    assert gap.get_attribute("aria-valuetext") == "1 word"
    agrees()
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    view.gap, view.nonlinearity = 100, "linear"
    assert page.get_by_role("group", name="nonlinearity").get_by_role("radio", name="linear").is_checked()
    agrees()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    view.network = 1
    agrees()
    page.get_by_role("radio", name="tanh").click()
    view.nonlinearity = "tanh"
    agrees()


def test_the_gradient_fits_every_screen_and_its_letters_keep_their_size(alive):
    page = alive(GradientReach(scale=0.5, gap=70))
    for width in (1280, 375, 270):
        page.set_viewport_size({"width": width, "height": 700})
        page.wait_for_function("document.querySelector('svg').viewBox.baseVal.width === document.querySelector('.lw-plot').clientWidth")
        frame = page.locator(".lw-box").bounding_box()
        assert frame["x"] + frame["width"] <= width
        for piece in page.locator(".lw-box text, .lw-box label, .lw-box button").all():
            place = piece.bounding_box()
            assert frame["x"] + 18 <= place["x"]  # the padding
            assert place["x"] + place["width"] <= frame["x"] + frame["width"] - 18


def test_the_gradient_follows_the_slider_within_a_frame(alive):
    page = alive(GradientReach())
    move = """(n) => {
        const input = document.querySelector(".lw-slider input");
        input.value = 0.5 + n / 80;
        input.dispatchEvent(new Event("input"));
    }"""
    assert answered(page, move) < FRAME


def test_a_gradient_that_is_taken_away_no_longer_listens(run):
    left = run(
        "gradient_reach",
        """(() => {
            const calls = [], state = {scale: 0.9, gap: 20, nonlinearity: "tanh", network: 0};
            const model = {get: (n) => state[n], on: (n) => calls.push(n), off: (n) => calls.splice(calls.indexOf(n), 1)};
            const el = document.createElement("div");
            const stop = m.default.render({model, el});
            const before = calls.length;
            stop();
            return [before, calls.length];
        })()""",
        None,
    )
    assert left == [4, 0]
