"""The door's gate: its numbers against exact decimals and an LSTM cell, its JavaScript against its Python, its slider in a browser."""

import base64
import decimal
import functools
import html
import json
import re
import xml.dom.minidom

import numpy as np
import pytest
import torch
import traitlets
from living import enliven, style

from lstmbook import tasks
from lstmbook.widgets.one_gate import OneGate, percent

GATES = [n / 100 for n in range(101)]  # every state that the widget has


@pytest.fixture(scope="session")
def run(javascript):
    return functools.partial(javascript, "one_gate")


@pytest.fixture
def alive(chromium):
    """A page on which the stored widget has come to life, as on the site."""
    css = style()
    pages = []

    def show(view, **options):
        page = chromium.new_page(**options)
        pages.append(page)
        head = f'<!doctype html><meta name="viewport" content="width=device-width"><style>{css}body{{font:16px sans-serif}}</style>'
        page.set_content(f"{head}{view.stored()}<p id=after>after it</p>")
        page.wait_for_function("document.querySelector('img').complete")
        before = page.locator("#after").bounding_box()
        enliven(page, view)
        return page, before

    yield show
    for page in pages:
        page.close()


def agrees(page, forget):
    """Everything that the page says is what Python says of the same gate."""
    view = OneGate(forget)
    assert page.get_by_role("status").inner_text() == view.verdict()
    assert page.locator(".lw-one-blank").inner_text() == view.filled()
    assert page.locator(".lw-one-value").inner_text() == f"{forget:.2f}"
    shown = page.locator(".lw-one-word").evaluate_all("all => all.map((w) => [w.textContent, Number(w.style.getPropertyValue('--left'))])")
    assert [word.strip() for word, _ in shown] == view.sentence.split()
    np.testing.assert_allclose([left for _, left in shown], view.kept, atol=6e-5)


def test_what_is_left_is_a_power_of_the_gate_and_decides_the_verdict():
    for forget in GATES:
        view = OneGate(forget)
        exact = [decimal.Decimal(str(forget)) ** k if k else 1 for k in range(39)]
        np.testing.assert_allclose(view.kept, [float(part) for part in exact], rtol=1e-13)
        assert view.fate == ("remembered" if 2 * exact[-1] >= 1 else "faint" if 20 * exact[-1] >= 1 else "forgotten")
        if number := re.search(r"≈ ([\d.]+) %", view.verdict()):
            assert abs(float(number[1]) - 100 * float(exact[-1])) <= (0.5 if exact[-1] > 0.1 else 0.05)
    assert [forget for forget in GATES if OneGate(forget).fate == "remembered"] == [0.99, 1.0]
    assert OneGate(0.98).fate == "faint"  # as the chapter says


def test_the_sentence_is_the_authors_and_the_guess_is_the_best_one():
    view, answers = OneGate(), list(tasks.STATES.values())
    assert view.sentence.split() == list(tasks.sentence(gap=33).shown) and view.answer == "Marathi"
    assert view.chance == [answers.count(view.guess), 28] and all(answers.count(other) <= view.chance[0] for other in answers)
    assert [OneGate(forget).filled() for forget in (0.9, 0.95, 0.99)] == ["Hindi?", "Marathi?", "Marathi"]


@pytest.mark.parametrize("forget", [0.0, 0.5, 0.9, 0.99, 1.0])
def test_the_memory_is_the_cell_state_of_an_lstm_whose_input_gate_is_shut(forget):
    cell = torch.nn.LSTMCell(1, 1, dtype=torch.float64)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        bias = np.log(forget / (1 - forget)) if 0 < forget < 1 else (2 * forget - 1) * 1e4
        cell.bias_ih[:] = torch.tensor([-1e4, bias, 0, 0], dtype=torch.float64)
        state, kept = (torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)), [1.0]
        for _ in range(38):
            state = cell(torch.zeros(1, 1, dtype=torch.float64), state)
            kept.append(state[1].item())
    np.testing.assert_allclose(OneGate(forget).kept, kept, rtol=1e-12)


@pytest.mark.parametrize("forget", [-0.01, 1.01])
def test_a_gate_out_of_range_is_one_sentence_and_changes_nothing(forget):
    view = OneGate(0.5)
    with pytest.raises(traitlets.TraitError, match=rf"^forget must be a number from 0 to 1, not {forget}$"):
        view.forget = forget
    assert view.forget == 0.5


def test_what_is_stored_is_a_true_picture():
    view = OneGate(0.96)
    text = view.stored()
    assert text == OneGate(0.96).stored() and len(text) < 20_000
    assert json.loads(html.unescape(re.search('data-state="([^"]*)"', text)[1])) == view.held()
    assert html.unescape(re.search('alt="([^"]*)"', text)[1]) == view.description()
    drawing = xml.dom.minidom.parseString(base64.b64decode(re.search('base64,([^"]*)', text)[1]))
    words = [each.firstChild.data for each in drawing.getElementsByTagName("text") if each.hasAttribute("textLength")]
    assert words == view.sentence.split()
    threads = [each for each in drawing.getElementsByTagName("rect") if each.hasAttribute("x") and not each.hasAttribute("fill-opacity")]
    np.testing.assert_allclose([float(each.getAttribute("height")) / 6 for each in threads], view.kept, atol=0.001)
    assert "Marathi?" in drawing.toxml() and view.verdict()[:40] in drawing.toxml()


def test_javascript_computes_and_says_what_python_does_in_every_state(run):
    rng = np.random.default_rng(0)
    cases = np.stack([rng.uniform(0, 1, 300), rng.integers(0, 100, 300)], axis=1)
    np.testing.assert_allclose(run("a.map(([f, k]) => m.left(f, k))", cases.tolist()), cases[:, 0] ** cases[:, 1], rtol=1e-12)
    views = [OneGate(forget) for forget in GATES]
    assert run("a.map(m.verdict)", [view.held() for view in views]) == [view.verdict() for view in views]
    assert run("a.map((s) => m.filled(m.left(s.forget, 38), s))", [view.held() for view in views]) == [view.filled() for view in views]
    parts = [0, 1e-9, 0.0004, 0.0006, 0.0499, 0.06, 0.099, 0.0996, 0.2, 0.99, 1]
    assert run("a.map(m.percent)", parts) == [percent(part) for part in parts]


def test_the_slider_answers_the_keyboard(alive):
    page, _ = alive(OneGate(0.9))
    agrees(page, 0.9)
    slider = page.get_by_role("slider", name="forget gate f")
    assert page.get_by_role("region", name="One gate and the sentence").count() == page.get_by_role("slider").count() == 1
    page.keyboard.press("Tab")
    assert slider.evaluate("node => node === document.activeElement")
    for key, forget in (("ArrowRight", 0.91), ("End", 1), ("ArrowLeft", 0.99), ("Home", 0)):
        page.keyboard.press(key)
        assert slider.get_attribute("aria-valuetext") == f"{forget:.2f}, keeps {100 * forget:.0f} % at each word"
        agrees(page, forget)


def test_a_finger_and_the_mouse_drag_the_gate(alive):
    page, _ = alive(OneGate(0.9), viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    slider = page.get_by_role("slider", name="forget gate f")
    box = slider.bounding_box()
    assert box["height"] >= 44
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert float(slider.input_value()) == pytest.approx(0.5, abs=0.03)
    agrees(page, float(slider.input_value()))
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 9, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    agrees(page, 1)


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_nothing_moves_when_it_comes_to_life_nor_while_the_gate_is_dragged(alive, width):
    page, before = alive(OneGate(0.9), viewport={"width": width, "height": 667})
    assert page.locator("#after").bounding_box()["y"] == pytest.approx(before["y"], abs=1)
    found = page.evaluate("""() => {
        const input = document.querySelector("input"), places = new Set(), out = [];
        for (let n = 0; n <= 100; n++) {
            input.value = n / 100;
            input.dispatchEvent(new Event("input"));
            const box = document.querySelector(".lw-one").getBoundingClientRect();
            const all = [...document.querySelectorAll(".lw-one-word, .lw-one-blank, input, #after")];
            places.add(JSON.stringify(all.map((node) => node.getBoundingClientRect())));
            for (const node of document.querySelectorAll(".lw-one *")) {
                const { left, right, width, bottom } = node.getBoundingClientRect();
                if (width && (left < box.left || right > box.right || bottom > box.bottom)) out.push(node.className);
            }
        }
        return { places: places.size, out, wide: document.documentElement.scrollWidth };
    }""")
    assert found == {"places": 1, "out": [], "wide": width}


def test_letters_can_be_read_on_the_full_ribbon_light_and_dark(alive):
    """WCAG's contrast, composed by the browser itself, with the colours of the site's theme."""
    for theme, ink, face in (("light", "#222832", "#f3f4f5"), ("dark", "#ced6dd", "#29313d")):
        page, _ = alive(OneGate(1))
        contrast = page.evaluate(
            """([theme, ink, face]) => {
                document.documentElement.dataset.theme = theme;
                document.documentElement.style.cssText = `--pst-color-text-base:${ink};--pst-color-surface:${face}`;
                const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
                const light = (...colours) => {
                    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
                    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => linear(v / 255));
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                };
                const of = (selector, what) => getComputedStyle(document.querySelector(selector))[what];
                const ground = of(".lw-one-blank", "backgroundColor"); // as much colour as the ribbon has at the name
                const sorted = [[ink, face, ground], [of(".lw-one-label", "color"), face]].map(
                    ([letters, ...under]) => [light(letters), light(...under)].sort((x, y) => x - y));
                return Math.min(...sorted.map(([a, b]) => (b + 0.05) / (a + 0.05)));
            }""",
            [theme, ink, face],
        )
        assert contrast >= 4.5, theme


def test_in_a_live_notebook_python_moves_the_page_and_the_page_tells_python(run):
    told = run(
        """(() => {
            const calls = [], saved = [];
            const model = {
                get: (n) => a[n],
                set: (n, v) => { a[n] = v; calls.forEach((call) => call()); },
                on: (n, call) => calls.push(call),
                off: (n, call) => calls.splice(calls.indexOf(call), 1),
                save_changes: () => saved.push(a.forget),
            };
            const el = document.body.appendChild(document.createElement("div"));
            const stop = m.default.render({ model, el });
            model.set("forget", 0.99);
            const status = el.querySelector("[role=status]").textContent;
            const input = el.querySelector("input");
            const moved = input.value;
            input.value = "0.3";
            input.dispatchEvent(new Event("input"));
            stop();
            el.remove();
            return { status, moved, saved, after: calls.length };
        })()""",
        json.loads(json.dumps(OneGate().held())),
    )
    assert told == {"status": OneGate(0.99).verdict(), "moved": "0.99", "saved": [0.3], "after": 0}
