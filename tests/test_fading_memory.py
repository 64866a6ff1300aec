"""The memory that fades: its numbers against an LSTM cell, plain powers and exact decimals; its JavaScript against its Python."""

import base64
import decimal
import functools
import html
import itertools
import json
import math
import re
import xml.dom.minidom

import numpy as np
import pytest
import torch
import traitlets
from living import FRAME, answered, enliven, style

from lstmbook import palette, probes, tasks
from lstmbook.cells import LSTMCell
from lstmbook.widgets import fading_memory
from lstmbook.widgets.fading_memory import LONGEST, WHOLE, FadingMemory

BIASES = [round(-3 + n / 10, 1) for n in range(121)]
STATES = [(bias, gap) for bias in BIASES for gap in range(LONGEST + 1)]  # every state that the widget has


def views():
    view = FadingMemory()
    for view.bias, view.gap in STATES:
        yield view


@pytest.fixture(scope="session")
def run(javascript):
    return functools.partial(javascript, "fading_memory")


@pytest.fixture
def alive(chromium):
    """A page on which the stored widget has come to life, as on the site."""
    css = style()
    pages = []

    def show(view, **options):
        page = chromium.new_page(**options)
        pages.append(page)
        head = f'<!doctype html><meta name="viewport" content="width=device-width"><style>{css}body{{font:17px sans-serif}}</style>'
        page.set_content(head + view.stored())
        enliven(page, view)
        return page

    yield show
    for page in pages:
        page.close()


def agrees(page, view):
    """Everything that the page says is what Python says of the same state."""
    assert page.get_by_role("status").inner_text() == view.verdict()
    assert page.get_by_role("img").get_attribute("aria-label") == view.description()
    f = float(page.locator(".lw-fade-gate").inner_text().split("= ")[-1])
    assert f == pytest.approx(view.forget, abs=0.0005)
    assert page.locator(".lw-fade-life").inner_text() == f"half is gone after {fading_memory.words(view.half_life)}"
    shown = page.locator(".lw-fade-word").evaluate_all("all => all.map((w) => [w.textContent, Number(w.style.getPropertyValue('--left'))])")
    whole = tasks.sentence(gap=view.gap).shown
    if view.gap <= WHOLE:
        assert [word for word, _ in shown] == list(whole)
    assert len({word for word, _ in shown} - set(whole)) == 0
    kept = view.kept if view.gap <= WHOLE else np.append(view.kept[: len(shown) - 5], view.kept[-5:])
    np.testing.assert_allclose([left for _, left in shown[-5:]], kept[-5:], atol=6e-5)
    np.testing.assert_allclose([left for _, left in shown[: len(shown) - 5]][:5], kept[:5][: len(shown) - 5], atol=6e-5)


@pytest.mark.parametrize("bias", [-3.0, 0.0, 1.0, 3.3, 5.0, 9.0])
def test_the_memory_is_the_cell_state_of_an_lstm_whose_input_gate_is_shut(bias):
    view = FadingMemory(bias=bias, gap=100)
    ours = LSTMCell(inputs=3, units=1, rng=np.random.default_rng(0))
    theirs = torch.nn.LSTMCell(3, 1, dtype=torch.float64)
    ours.params["U"][:], ours.params["W"][:], ours.params["b"][:] = 0, 0, [-1e4, bias, 0.7, 0.3]
    with torch.no_grad():
        for name, value in theirs.named_parameters():
            value[:] = torch.tensor([-1e4, bias, 0.7, 0.3], dtype=torch.float64) if name == "bias_ih" else torch.zeros_like(value)
    words = np.random.default_rng(1).normal(size=(len(view.kept) - 1, 1, 3))
    h, c, state = np.zeros((1, 1)), np.ones((1, 1)), (torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64))
    numpy, pytorch = [1.0], [1.0]
    for x in words:
        h, c = ours.forward(x, h, c)
        state = theirs(torch.tensor(x), state)
        numpy.append(c[0, 0])
        pytorch.append(state[1].item())
    np.testing.assert_allclose(view.kept, numpy, rtol=1e-11)
    np.testing.assert_allclose(view.kept, pytorch, rtol=1e-11)
    assert view.left == pytest.approx(numpy[-1], rel=1e-11)


def test_what_is_left_is_a_power_of_the_gate_and_halves_in_a_half_life():
    decimal.getcontext().prec = 50
    for view in views():
        if view.gap not in (0, 7, 100):
            continue
        f = 1 / (1 + (-decimal.Decimal(str(view.bias))).exp())
        assert view.forget == pytest.approx(float(f), rel=1e-15)
        assert view.left == pytest.approx(float(f ** (view.gap + 5)), rel=1e-13)
        assert view.half_life == pytest.approx(float(decimal.Decimal(2).ln() / -f.ln()), rel=1e-14)
        assert view.half_life == pytest.approx(probes.half_life(view.forget), rel=1e-10)


def test_the_question_comes_as_many_words_after_the_name_as_the_sentence_has():
    for gap in range(LONGEST + 1):
        words = tasks.sentence(gap=gap).words
        view = FadingMemory(gap=gap)
        assert words[0] == "Maharashtra" and len(view.kept) == len(words)
        assert f"at the question, {len(words) - 1} words later" in view.verdict()
        assert view.kept[-1] == pytest.approx(view.left)


def test_the_examples_of_the_chapter():
    view = FadingMemory()
    assert (view.bias, view.gap) == (1.0, 20)
    assert view.verdict() == (
        "With b = 1.0 the gate keeps 73 % at every word. Half is gone after 2.2 words; at the question, 25 words later, "
        "0.040 % is left: Maharashtra is forgotten."
    )
    assert "1 word;" in FadingMemory(bias=0).verdict() and "1 filler word." in FadingMemory(gap=1).description()
    said = [(fading_memory.decimal(b), fading_memory.words(FadingMemory(bias=b).half_life)) for b in (-3.0, 0.0, 1.0, 3.0, 5.0, 9.0)]
    assert said == [
        ("0.047", "0.2 words"),
        ("0.500", "1 word"),
        ("0.731", "2.2 words"),
        ("0.953", "14.3 words"),
        ("0.9933", "103 words"),
        ("0.99988", "5,617 words"),
    ]
    least = next(b for b in range(10) if "remembered" in FadingMemory(bias=b, gap=15).verdict())  # 20 words after the name
    assert least == 4


def test_every_verdict_is_true_and_its_numbers_do_not_contradict_it():
    pattern = re.compile(
        r"With b = (−?\d\.\d) the gate keeps ([\d.]+) % at every word\. Half is gone after ([\d.,]+) words?; at the question, "
        r"(\d+) words later, (less than )?([\d.]+) % is left: Maharashtra is (remembered|faint|forgotten)\."
    )
    fates = set()
    for view in views():
        bias, gate, half, later, less, left, fate = pattern.fullmatch(view.verdict()).groups()
        assert float(bias.replace("−", "-")) == view.bias and int(later) == view.gap + 5
        assert float(gate) / 100 == pytest.approx(view.forget, rel=0.05) and float(gate) < 100
        assert 1 - float(gate) / 100 == pytest.approx(1 - view.forget, rel=0.05)
        assert float(half.replace(",", "")) == pytest.approx(view.half_life, abs=0.5 if view.half_life > 99 else 0.0500001)
        if less:
            assert view.left < float(left) / 100 == 1e-5
        else:
            assert float(left) / 100 == pytest.approx(view.left, rel=0.05)
        assert fate == ("remembered" if float(left) >= 50 else "faint" if float(left) >= 5 else "forgotten")
        assert (view.left >= 0.5, view.left >= 0.05) == (fate == "remembered", fate != "forgotten")
        fates.add(fate)
    assert len(fates) == 3


def test_a_long_sentence_hides_whole_clauses_of_its_middle_and_counts_them():
    view = FadingMemory()
    for gap, text in enumerate(view.sentences):
        whole, places = tasks.sentence(gap=gap).shown, fading_memory.places(text, gap)
        kept = [(word, k) for word, k in places if k is not None]
        assert all(whole[k] == word for word, k in kept)  # each word has the number that it has in the whole sentence
        assert kept[0] == (whole[0], 0) and [k for _, k in kept[-5:]] == list(range(gap + 1, gap + 6))
        cut = [re.fullmatch(r"… (\d+) words …", word) for word, k in places if k is None]
        assert len(cut) == (gap > WHOLE)
        assert len(kept) + sum(int(each[1]) for each in cut) == len(whole)
        if cut:
            assert len(kept) <= WHOLE + 6 and int(cut[0][1]) > 1
            (last, first), *more = [(a, b) for a, b in itertools.pairwise(kept) if b[1] != a[1] + 1]
            assert not more and last[0].endswith(",") and whole[first[1] - 1].endswith(",")
            assert len(whole) - first[1] >= 4 + 5  # some words to read before those of the question


@pytest.mark.parametrize(
    ("name", "value", "range_"),
    [
        ("bias", -3.01, "a number from -3 to 9"),
        ("bias", 9.01, "a number from -3 to 9"),
        ("bias", float("nan"), "a number from -3 to 9"),
        ("gap", -1, "a whole number from 0 to 100"),
        ("gap", 101, "a whole number from 0 to 100"),
    ],
)
def test_a_value_out_of_range_is_one_sentence_and_changes_nothing(name, value, range_):
    view = FadingMemory(bias=2, gap=3)
    with pytest.raises(traitlets.TraitError, match=rf"^{name} must be {range_}, not {value}$"):
        setattr(view, name, value)
    with pytest.raises(traitlets.TraitError):
        FadingMemory(**{name: value})
    assert (view.bias, view.gap) == (2, 3)
    with pytest.raises(traitlets.TraitError):
        view.sentences = []


def test_the_bias_keeps_one_decimal_and_python_hears_it():
    view, heard = FadingMemory(), []
    view.observe(lambda change: heard.append((change.name, change.new)))
    view.bias, view.gap = 4.26, 7
    assert heard == [("bias", 4.3), ("gap", 7)]
    view.bias = -0.04
    assert view.bias == 0 and math.copysign(1, view.bias) == 1
    assert {"bias", "gap", "sentences"} == set(view.held())


def test_what_is_stored_is_true_and_the_same_in_every_run():
    view = FadingMemory(bias=3, gap=10)
    text = view._repr_mimebundle_()[0]["text/html"]
    assert text == FadingMemory(bias=3, gap=10)._repr_mimebundle_()[0]["text/html"]
    assert len(text) < 45_000
    assert json.loads(html.unescape(re.search('data-state="([^"]*)"', text)[1])) == view.held()
    assert html.unescape(re.search('alt="([^"]*)"', text)[1]) == view.description()
    drawing = xml.dom.minidom.parseString(base64.b64decode(re.search('base64,([^"]*)', text)[1]))
    words = [each.firstChild.data for each in drawing.getElementsByTagName("text") if each.hasAttribute("textLength")]
    assert words == list(tasks.sentence(gap=10).shown)
    bars = [each for each in drawing.getElementsByTagName("rect") if each.getAttribute("fill") == palette.COLOURS["cell"]]
    heights = [float(each.getAttribute("height")) for each in bars if not each.hasAttribute("rx")]
    np.testing.assert_allclose(np.array(heights) / heights[0], view.kept, atol=0.001)
    gauge = [float(each.getAttribute("width")) for each in drawing.getElementsByTagName("rect") if each.getAttribute("x") in ("182", "183")]
    assert gauge[1] / (gauge[0] - 2) == pytest.approx(view.left, abs=1e-4)


def test_the_dots_of_the_plot_stand_at_the_half_life_and_at_the_question():
    for view in (FadingMemory(bias=2.5, gap=30), FadingMemory(bias=5, gap=100), FadingMemory(bias=-3, gap=0), FadingMemory(bias=9, gap=60)):
        shapes = fading_memory.plot(view.bias, view.gap, 640, 210)
        text = {label: (float(a["x"]), float(a["y"])) for tag, _, a, label in shapes if tag == "text"}
        x = lambda count, text=text: text["0"][0] + count * (text["100"][0] - text["0"][0]) / 100  # noqa: E731
        y = lambda part, text=text: text["0 %"][1] - 4.5 + part * (text["100 %"][1] - text["0 %"][1])  # noqa: E731
        dots = {kind: (float(a["cx"]), float(a["cy"])) for tag, kind, a, _ in shapes if tag == "circle"}
        assert dots["lw-fade-dot"] == pytest.approx((x(view.gap + 5), y(view.left)), abs=0.2)
        if view.half_life <= 120:
            assert dots["lw-fade-ring"] == pytest.approx((x(view.half_life), y(0.5)), abs=0.2)
        else:
            assert "lw-fade-ring" not in dots and "half: 5,617 words →" in text


def test_javascript_computes_what_python_computes(run):
    names = "forget", "rate", "halfLife"
    for name, ours in zip(names, ("forget", None, "half_life"), strict=True):
        theirs = run(f"a.map(m.{name})", BIASES)
        expected = [getattr(FadingMemory(bias=b), ours) if ours else np.logaddexp(0, -b) for b in BIASES]
        np.testing.assert_allclose(theirs, expected, rtol=1e-13)
    rng = np.random.default_rng(0)
    cases = np.stack([rng.uniform(-30, 30, 500), rng.integers(0, 400, 500)], axis=1)
    logs = -cases[:, 1] * np.logaddexp(0, -cases[:, 0])
    np.testing.assert_allclose(run("a.map(([b, k]) => m.left(b, k))", cases.tolist()), np.exp(logs), rtol=1e-10, atol=1e-300)


def test_javascript_says_what_python_says_in_every_state(run):
    said = [[view.verdict(), view.description()] for view in views()]
    theirs = run("a.map(([bias, gap]) => [m.verdict({bias, gap}), m.description({bias, gap})])", STATES)
    assert theirs == said
    assert run("a.map(m.decimal)", BIASES) == [fading_memory.decimal(b) for b in BIASES]
    assert run("a.map(m.signed)", BIASES) == [fading_memory.signed(b) for b in BIASES]
    parts = [0.005, 0.0499, 0.04996, 0.05, 0.125, 0.4996, 0.49999, 0.5, 0.504, 0.875, 0.9, 0.95, 0.99, 9.9e-6, 1e-5]
    said = [fading_memory.percent(part) for part in parts]
    assert said[1:4] == ["4.99 %", "4.996 %", "5.0 %"] and said[4:9] == ["13 %", "49.96 %", "49.999 %", "50 %", "50 %"]
    assert run("a.map(m.percent)", parts) == said
    sentences = list(enumerate(FadingMemory().sentences))
    assert run("a.map(([gap, text]) => m.places(text, gap))", sentences) == [
        list(map(list, fading_memory.places(text, gap))) for gap, text in sentences
    ]


def test_javascript_draws_what_python_draws(run):
    rng = np.random.default_rng(2)
    cases = [(float(rng.choice(BIASES)), int(rng.integers(0, 101)), int(rng.integers(200, 800))) for _ in range(300)]
    decimals = re.compile(r"-?\d+\.\d(?!\d| words| %)")
    for case, theirs in zip(cases, run("a.map(([b, g, w]) => m.plot(b, g, w, 210))", cases), strict=True):
        ours, drawn = (json.dumps(shapes, ensure_ascii=False) for shapes in (fading_memory.plot(*case, 210), theirs))
        assert decimals.sub("#", drawn) == decimals.sub("#", ours)
        np.testing.assert_allclose([float(n) for n in decimals.findall(drawn)], [float(n) for n in decimals.findall(ours)], atol=0.11)


def test_the_sliders_answer_the_keyboard(alive):
    view = FadingMemory(bias=1.0, gap=20)
    page = alive(view)
    agrees(page, view)
    gap, bias = (page.get_by_role("slider", name=name, exact=True) for name in ("gap (filler words)", "forget gate bias b"))
    page.keyboard.press("Tab")
    assert gap.evaluate("node => node === document.activeElement && getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("ArrowLeft")
    view.gap = 19
    assert gap.get_attribute("aria-valuetext") == "19 words"
    agrees(page, view)
    page.keyboard.press("Tab")
    assert bias.evaluate("node => node === document.activeElement")
    page.keyboard.press("ArrowRight")
    view.bias = 1.1
    assert bias.get_attribute("aria-valuetext") == "1.1, so f is 0.750"
    agrees(page, view)
    for key, value in (("Home", -3), ("End", 9)):
        page.keyboard.press(key)
        view.bias = value
        agrees(page, view)
    page.keyboard.press("Shift+Tab")
    for key, value in (("End", 100), ("Home", 0)):
        page.keyboard.press(key)
        view.gap = value
        agrees(page, view)
    assert page.get_by_role("slider").count() == 2 and page.get_by_role("region", name="A memory that fades").count() == 1


def test_the_mouse_drags_the_gate_and_nothing_else_moves(alive):
    view = FadingMemory(bias=-3, gap=20)
    page = alive(view, viewport={"width": 1280, "height": 900})
    bias = page.get_by_role("slider", name="forget gate bias b")
    place = bias.bounding_box()
    pieces = "document.querySelectorAll('.lw-box, .lw-fade-word, .lw-box input')"
    layout = f"() => [...{pieces}].map((node) => JSON.stringify(node.getBoundingClientRect()))"
    before = page.evaluate(layout)
    page.mouse.move(place["x"] + 8, place["y"] + place["height"] / 2)
    page.mouse.down()
    for share in (0.2, 0.5, 0.7, 0.9):
        page.mouse.move(place["x"] + 8 + share * (place["width"] - 16), place["y"] + place["height"] / 2)
        view.bias = float(bias.input_value())
        assert view.bias == pytest.approx(-3 + 12 * share, abs=0.11)
        agrees(page, view)
        assert page.evaluate(layout) == before
    page.mouse.up()


def test_a_finger_moves_both_sliders(alive):
    view = FadingMemory(bias=1, gap=20)
    page = alive(view, viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    for name, trait, low, high in (("forget gate bias b", "bias", -3, 9), ("gap (filler words)", "gap", 0, 100)):
        slider = page.get_by_role("slider", name=name)
        slider.scroll_into_view_if_needed()
        place = slider.bounding_box()
        assert place["height"] >= 40
        page.touchscreen.tap(place["x"] + 8 + 0.75 * (place["width"] - 16), place["y"] + place["height"] / 2)
        value = float(slider.input_value())
        assert value == pytest.approx(low + 0.75 * (high - low), abs=0.02 * (high - low))
        setattr(view, trait, value if trait == "bias" else int(value))
        agrees(page, view)


COMMON = [(width, "sans-serif") for width in (320, 360, 375, 1280)]


@pytest.mark.parametrize(("width", "letters"), [*COMMON, (375, "DejaVu Sans"), (1280, "DejaVu Sans")])
def test_it_fits_every_screen_and_the_sentence_stays_in_view_with_the_gate(alive, width, letters):
    page = alive(FadingMemory(gap=20), viewport={"width": width, "height": 667})
    page.add_style_tag(content=f"body {{ font-family: {letters} }}")
    found = page.evaluate("""() => {
        const [gap, bias] = document.querySelectorAll(".lw-box input");
        const place = (selector) => document.querySelector(selector).getBoundingClientRect();
        const set = (input, value) => { input.value = value; input.dispatchEvent(new Event("input")); };
        const heights = [], spans = [], out = [];
        for (const g of [0, 20, 36, 40, 41, 60, 100]) {
            set(gap, g);
            const seen = new Set(), said = new Set();
            for (let n = -30; n <= 90; n += 1) {
                set(bias, n / 10);
                const text = document.querySelector(".lw-box").textContent.replace(/\\d/g, "0");  // digits are equally wide
                if (said.has(text)) continue;
                said.add(text);
                const box = place(".lw-box");
                seen.add(Math.round(box.height));
                for (const node of document.querySelectorAll(".lw-box *")) {
                    const { left, right, width } = node.getBoundingClientRect();
                    if (width && (left < box.left + 10 || right > box.right - 10)) out.push([node.className, g, n]);
                }
            }
            heights.push(seen.size);
            spans.push([g, bias.getBoundingClientRect().bottom - place(".lw-fade-sentence").top]);
        }
        return { heights, spans, out: out.slice(0, 9).map(String), wide: document.documentElement.scrollWidth };
    }""")
    assert set(found["heights"]) == {1}, "the box keeps its height while the gate is dragged"
    assert found["out"] == [] and found["wide"] <= width
    assert all(span < 610 for _, span in found["spans"])  # a phone's 667 less a header


def test_moving_pictures_only_for_those_who_want_them(alive):
    for wish, expected in (("reduce", "0s"), ("no-preference", "0.15s")):
        page = alive(FadingMemory(), reduced_motion=wish)
        style = "node => [getComputedStyle(node, '::after').transitionDuration, getComputedStyle(node).color]"
        assert page.locator(".lw-fade-word").first.evaluate(style)[0] == expected


def test_letters_can_be_read_on_their_boxes_light_and_dark(alive):
    """WCAG's contrast of the ink on the full bands, composed by the browser itself, with the colours of the site's theme."""
    themes = {"light": ("#222832", "#f3f4f5"), "dark": ("#ced6dd", "#29313d")}
    for theme, (ink, face) in themes.items():
        page = alive(FadingMemory(bias=9, gap=5), reduced_motion="reduce")
        page.evaluate(
            """([theme, ink, face]) => {
                document.documentElement.dataset.theme = theme;
                document.documentElement.style.cssText = `--pst-color-text-base:${ink};--pst-color-surface:${face}`;
            }""",
            [theme, ink, face],
        )
        contrasts = page.evaluate("""() => {
            const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            const paint = (...colours) => {
                for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
                const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => linear(v / 255));
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const of = (selector, what, pseudo) => getComputedStyle(document.querySelector(selector), pseudo)[what];
            const face = of(".lw-box", "backgroundColor");
            const on = (ink, ...grounds) => {
                const [a, b] = [paint(ink), paint(...grounds)].sort((x, y) => x - y);
                return (b + 0.05) / (a + 0.05);
            };
            const ink = of(".lw-fade-word", "color");
            return {
                word: on(ink, face, of(".lw-fade-word", "backgroundColor", "::before")),
                name: on(ink, face, of(".lw-fade-level", "backgroundColor")),
                label: on(of(".lw-fade-under", "fill"), face, of(".lw-fade-area", "fill")),
                gate: on(of(".lw-fade-gate", "color"), face),
                life: on(of(".lw-fade-life", "color"), face),
            };
        }""")
        assert min(contrasts.values()) >= 4.5, (theme, contrasts)


def test_it_follows_the_slider_within_a_frame(alive):
    page = alive(FadingMemory(gap=40))
    for which, value in ((1, "n / 10 - 3"), (0, "n")):
        move = f"""(n) => {{
            const input = document.querySelectorAll(".lw-box input")[{which}];
            input.value = {value};
            input.dispatchEvent(new Event("input"));
        }}"""
        assert answered(page, move) < FRAME


def test_in_a_live_notebook_python_moves_the_page_and_the_page_tells_python(run):
    state = json.loads(json.dumps(FadingMemory().held()))
    told = run(
        """(() => {
            const calls = {}, saved = [];
            const model = {
                get: (n) => a[n],
                set: (n, v) => { if (a[n] === v) return; a[n] = v; (calls[n] ?? []).forEach((call) => call()); },
                on: (n, call) => (calls[n.slice(7)] ??= []).push(call),
                off: (n, call) => { calls[n.slice(7)] = calls[n.slice(7)].filter((other) => other !== call); },
                save_changes: () => saved.push([a.bias, a.gap]),
            };
            const el = document.body.appendChild(document.createElement("div"));
            const stop = m.default.render({ model, el });
            model.set("bias", 4.2);
            model.set("gap", 33);
            const status = el.querySelector("[role=status]").textContent;
            const [gap, bias] = el.querySelectorAll("input");
            const moved = [gap.value, bias.value];
            for (const [input, value] of [[bias, "-0.3"], [gap, "7"]]) {
                input.value = value;
                input.dispatchEvent(new Event("input"));
            }
            const before = Object.values(calls).map((each) => each.length);
            stop();
            const after = Object.values(calls).map((each) => each.length);
            model.set("bias", 0);
            const still = el.querySelector("[role=status]").textContent;
            el.remove();
            return { status, moved, saved, before, after, still };
        })()""",
        state,
    )
    assert told["status"] == FadingMemory(bias=4.2, gap=33).verdict()
    assert told["moved"] == ["33", "4.2"]
    assert told["saved"] == [[-0.3, 33], [-0.3, 7]]
    assert told["before"] == [1, 1] and told["after"] == [0, 0]
    assert told["still"] == FadingMemory(bias=-0.3, gap=7).verdict()
