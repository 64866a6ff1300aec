"""The phase diagram: its law against autograd and exact decimals, its sentences against its runs, its JavaScript against its Python."""

import decimal
import functools
import html
import itertools
import json
import re
import xml.dom.minidom

import numpy as np
import pytest
import torch
import traitlets
from living import FRAME, answered, enliven, style

from lstmbook import palette, probes
from lstmbook.widgets import phase_diagram
from lstmbook.widgets.phase_diagram import PhaseDiagram

GAPS, BIASES = (5, 10, 20, 40, 80), (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
THEMES = {  # those of the site: letters, soft letters, lines, the face of a box, the page
    "light": ("#222832", "#48566b", "#d1d5da", "#f3f4f5", "#ffffff"),
    "dark": ("#ced6dd", "#9ca4af", "#48566b", "#29313d", "#14181e"),
}


def made(seed=0, gaps=GAPS, biases=BIASES, seeds=3, rnn=True, every=20, batches=400):
    """Runs that nobody trained: whether a seed learns, and how, is drawn at random."""
    rng, runs, most = np.random.default_rng(seed), [], -(-batches // every)
    for bias, gap in itertools.product([*biases, *([None] if rnn else [])], gaps):
        luck, curves = rng.choice([0, 0.5, 1]), []
        for _ in range(seeds):
            if rng.random() < luck:
                count = int(rng.integers(1, most + 1))
                curves.append([*np.sort(rng.uniform(0.2, 0.95, count - 1)), rng.uniform(0.96, 1)])
            else:
                curves.append(rng.uniform(0.15, 0.9, most).tolist())
        runs.append({"architecture": "RNN" if bias is None else "LSTM", "bias": bias, "gap": gap, "curves": curves})
    order = rng.permutation(len(runs))
    return [runs[n] for n in order]


def grids(count=40):
    """Views of random grids: many and single gaps and biases, negative and broken biases, with and without the plain RNN."""
    rng = np.random.default_rng(1)
    yield PhaseDiagram(made())
    for seed in range(count):
        gaps = sorted({int(gap) for gap in rng.integers(0, 120, rng.integers(1, 7))})
        biases = sorted({round(float(bias), 1) + 0.0 for bias in rng.uniform(-3, 7, rng.integers(1, 8))})
        every, batches = int(rng.choice([1, 7, 20, 50])), int(rng.choice([60, 300, 400, 1000]))
        runs = made(seed, gaps, biases, int(rng.integers(1, 5)), bool(seed % 3), every, batches)
        yield PhaseDiagram(runs, round(float(rng.uniform(0.02, 0.6)), 2), every, batches, "LSTM", biases[0], gaps[0])


def cells(view):
    """Every cell of a view, selected one after the other."""
    for architecture, bias, gap in itertools.product(view.architectures, view.biases, view.gaps):
        view.architecture, view.bias, view.gap = architecture, bias, gap
        yield view


@pytest.fixture(scope="session")
def run(javascript):
    return functools.partial(javascript, "phase_diagram")


@pytest.fixture
def alive(chromium):
    """A page on which the stored widget has come to life, as on the site."""
    css = style()
    pages = []

    def show(view, theme="light", **options):
        page = chromium.new_page(**options)
        pages.append(page)
        names = "text-base", "text-muted", "border", "surface"
        colours = "".join(f"--pst-color-{name}:{colour};" for name, colour in zip(names, THEMES[theme], strict=False))
        look = f":root{{{colours}color-scheme:{theme};}}body{{font:16px/1.65 sans-serif;margin:16px;background:{THEMES[theme][4]}}}"
        look += "main{max-width:760px;margin:auto}"
        head = '<meta name="viewport" content="width=device-width"><title>The phase diagram</title>'
        page.set_content(
            f'<!doctype html><html lang="en" data-theme="{theme}"><head>{head}<style>{css}{look}</style></head>'
            f"<body><main><h1>Training</h1>{view.stored()}</main></body></html>"
        )
        enliven(page, view)
        return page

    yield show
    for page in pages:
        page.close()


def agrees(page, view):
    """Everything that the page says is what Python says of the same state."""
    assert page.get_by_role("status").inner_text() == view.verdict()
    assert page.get_by_role("img").get_attribute("aria-label") == view.learning()
    chosen = page.locator('[aria-selected="true"]')
    assert chosen.count() == 1 and chosen.get_attribute("tabindex") == "0" and page.locator('.lw-phase-grid [tabindex="0"]').count() == 1
    name = phase_diagram.called(view.architecture, view.bias, view.gap)
    assert page.locator(".lw-phase-head b").inner_text() == name
    assert chosen.get_attribute("aria-label").startswith(f"{name}: {view.learnt} of {len(view.curves)} seed")
    assert chosen.inner_text() == f"{view.learnt}/{len(view.curves)}"
    assert page.locator(".lw-phase-curve").count() == len(view.curves)
    rnn = view.architecture == "RNN"
    assert page.get_by_role("radio", name="plain RNN").is_checked() == rnn and page.get_by_role("radio", name="LSTM").is_checked() != rnn
    bias, gap = page.get_by_role("slider", name="forget bias b"), page.get_by_role("slider", name="gap (filler words)")
    assert view.biases[int(bias.input_value())] == view.bias and view.gaps[int(gap.input_value())] == view.gap
    assert gap.get_attribute("aria-valuetext") == f"{view.gap} words"
    assert bias.is_disabled() == rnn
    shown = page.locator(".lw-phase-bias .lw-value").inner_text()
    assert shown == ("no gate" if rnn else phase_diagram.plain(view.bias))
    f = bias.get_attribute("aria-valuetext")
    assert (
        f == "a plain RNN has no forget gate" if rnn else float(f.split(" is ")[1]) == pytest.approx(1 / (1 + np.exp(-view.bias)), abs=6e-4)
    )


def cell(page, view, architecture, bias, gap):
    return page.get_by_role("gridcell", name=phase_diagram.called(architecture, bias, gap) + ":")


@pytest.mark.parametrize(("bias", "gap"), [(0.0, 5), (1.0, 20), (2.0, 80), (5.0, 40), (-2.5, 3), (7.0, 0)])
def test_what_arrives_is_the_gradient_along_the_cell_state(bias, gap):
    first = torch.ones(1, dtype=torch.float64, requires_grad=True)
    c, b = first, torch.tensor(bias, dtype=torch.float64)
    for _ in range(gap + 1):  # the fillers and the question
        c = torch.sigmoid(b) * c
    c.backward()
    view = PhaseDiagram(made(gaps=[gap], biases=[bias]), bias=bias, gap=gap)
    assert view.arrives == pytest.approx(first.grad.item(), rel=1e-12)
    view.architecture = "RNN"
    assert view.arrives is None and view.prediction is None


def test_the_law_draws_its_line_at_a_thousandth_which_is_ten_half_lives(run):
    decimal.getcontext().prec = 50
    biases = [round(-4 + n / 10, 1) for n in range(121)]
    ours = [phase_diagram.reach(bias) for bias in biases]
    for bias, gap in zip(biases, ours, strict=True):
        f = 1 / (1 + (-decimal.Decimal(str(bias))).exp())
        assert gap + 1 == pytest.approx(float(decimal.Decimal(1000).ln() / -f.ln()), rel=1e-13)
        assert phase_diagram.arrives(bias, gap) == pytest.approx(0.001, rel=1e-10)
        assert (gap + 1) / probes.half_life(float(f)) == pytest.approx(np.log2(1000), rel=1e-9)  # 9.97, in words: ten
    np.testing.assert_allclose(run("a.map(m.reach)", biases), ours, rtol=1e-13)
    cases = np.stack([np.random.default_rng(0).uniform(-9, 12, 500), np.random.default_rng(1).integers(0, 300, 500)], axis=1)
    logs = -(cases[:, 1] + 1) * np.logaddexp(0, -cases[:, 0])
    np.testing.assert_allclose(run("a.map(([b, g]) => m.arrives(b, g))", cases.tolist()), np.exp(logs), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose([phase_diagram.arrives(*case) for case in cases], np.exp(logs), rtol=1e-10, atol=1e-300)


def test_the_line_goes_through_each_row_where_a_thousandth_arrives_and_ends_at_the_edge():
    crossed = 0
    for view in grids():
        gaps, biases = view.gaps, view.biases
        line = np.array(phase_diagram.law(gaps, biases)).reshape(-1, 2)
        if len(line):
            assert np.all(np.diff(line[:, 0]) > 0) and np.all(np.diff(line[:, 1]) <= 0)
            assert line[:, 0].min() >= -1e-9 and line[:, 0].max() <= len(gaps) + 1e-9 and line[:, 1].min() >= 0
            for n in (0, -1):
                on_edge = np.isclose([line[n, 0], line[n, 0] - len(gaps), line[n, 1], line[n, 1] - len(biases)], 0, atol=1e-9)
                assert on_edge.any(), "the line stops only at an edge of the grid"
        middles = np.log(np.array(gaps) + 1)
        for n, bias in enumerate(reversed(biases)):
            steps = np.log(1000) / np.logaddexp(0, -bias)
            inside = middles[0] <= np.log(steps) <= middles[-1]
            if inside and len(gaps) > 1:
                crossed += 1
                x = np.interp(n + 0.5, line[::-1, 1], line[::-1, 0])
                assert x == pytest.approx(0.5 + np.interp(np.log(steps), middles, np.arange(len(gaps))), abs=1e-6)
            for k, gap in enumerate(gaps):  # a cell is left of the line just where more than a thousandth arrives
                more = (1 / (1 + np.exp(-bias))) ** (gap + 1) > 0.001
                if len(line) and line[-1, 1] <= n + 0.5 <= line[0, 1]:
                    assert more == (k + 0.5 < np.interp(n + 0.5, line[::-1, 1], line[::-1, 0]))
                elif not len(line):
                    words = phase_diagram.label_of(gaps, biases)[0]
                    assert words == f"the law {'allows' if more else 'forbids'} every cell"
    assert crossed > 20


def test_the_law_says_close_within_a_factor_of_three():
    said = {}
    for view in grids():
        for bias, gap in itertools.product(view.biases, view.gaps):
            f = 1 / (1 + np.exp(-bias))
            part = 1000 * f ** (gap + 1)
            expected = "allows" if part > 3 else "close" if part >= 1 / 3 else "forbids"
            assert phase_diagram.prediction(bias, gap) == expected
            said[expected] = said.get(expected, 0) + 1
    assert min(said.values()) > 10


def test_the_examples_of_the_chapter():
    runs = [
        {"architecture": "LSTM", "bias": 1, "gap": 40, "curves": [[0.3] * 20, [0.26] * 20, [0.2] * 20]},
        {"architecture": "LSTM", "bias": 2, "gap": 40, "curves": [[0.5, 0.97], [0.5, 0.6] * 10, [0.2, 0.3, 0.99]]},
        {"architecture": "LSTM", "bias": 1, "gap": 20, "curves": [[0.5, 0.949] * 10, [0.4] * 20, [0.3, 0.95] * 10]},
        {"architecture": "LSTM", "bias": 2, "gap": 20, "curves": [[0.2] * 20, [0.26] * 20, [0.2] * 20]},
        {"architecture": "RNN", "bias": None, "gap": 20, "curves": [[0.2] * 20, [0.2, 0.99]]},
        {"architecture": "RNN", "bias": None, "gap": 40, "curves": [[0.2] * 20]},
    ]
    view = PhaseDiagram(runs, gap=40)
    assert view.verdict() == (
        "LSTM, b = 1, gap 40: along the cell state less than 0.001 % of the gradient comes back. That is less than a thousandth (0.1 %), "
        "so the law forbids it. In 400 batches 0 of 3 seeds learnt, as predicted."
    )
    view.bias = 2
    assert view.verdict() == (
        "LSTM, b = 2, gap 40: along the cell state 0.55 % of the gradient comes back. That is more than a thousandth (0.1 %), so the law "
        "allows it. In 400 batches 2 of 3 seeds learnt."
    )
    assert view.learning() == (
        "Right answers against batches, one line a seed, for LSTM, b = 2, gap 40 (chance is 25 %): seed 1 learnt within 40 batches, "
        "seed 2 did not learn in 400 batches and ended at 60 % and seed 3 learnt within 60 batches."
    )
    view.gap = 20
    assert view.verdict().endswith("so the law allows it. In 400 batches 0 of 3 seeds learnt.")
    view.bias = 1
    assert view.verdict() == (
        "LSTM, b = 1, gap 20: along the cell state 0.14 % of the gradient comes back. That is near a thousandth (0.1 %), so the law calls "
        "it close. In 400 batches 1 of 3 seeds learnt."
    )
    assert (view.learnt, view.share) == (1, pytest.approx((0.949 + 0.4 + 0.95) / 3))
    view.architecture = "RNN"
    assert (
        view.verdict() == "Plain RNN, gap 20: it has no forget gate, so the law predicts nothing here. In 400 batches 1 of 2 seeds learnt."
    )
    assert "LSTM, b = 2: 0/3, 2/3; LSTM, b = 1: 1/3, 0/3; plain RNN: 1/2, 0/1." in view.description()
    assert "The law allows gaps up to 21 for b = 1 and 53 for b = 2." in view.description()


def test_every_verdict_is_true():
    pattern = re.compile(
        r"LSTM, b = (−?[\d.]+), gap (\d+): along the cell state (less than )?([\d.]+) % of the gradient comes back\. That is (more than|"
        r"less than|near) a thousandth \(0\.1 %\), so the law (allows it|forbids it|calls it close)\. "
        r"In (\d+) batches (\d+) of (\d+) seeds? learnt(, as predicted|: the law was wrong for (\d+) seeds?|)\."
    )
    kinds = set()
    for view in itertools.chain.from_iterable(map(cells, grids(15))):
        ends = [curve[-1] for curve in view.curves]
        if view.architecture == "RNN":
            counted = f"{sum(end >= 0.95 for end in ends)} of {len(ends)} seed{'s' * (len(ends) > 1)}"
            nothing = f"Plain RNN, gap {view.gap}: it has no forget gate, so the law predicts nothing here."
            assert view.verdict() == f"{nothing} In {view.batches} batches {counted} learnt."
            continue
        bias, gap, less, part, size, law, batches, right, seeds, judged, wrong = pattern.fullmatch(view.verdict()).groups()
        arrives = (1 / (1 + np.exp(-view.bias))) ** (view.gap + 1)
        assert (float(bias.replace("−", "-")), int(gap), int(batches)) == (view.bias, view.gap, view.batches)
        assert arrives < 1e-5 if less else float(part) / 100 == pytest.approx(arrives, rel=0.06)
        assert size == ("more than" if arrives > 0.003 else "near" if arrives > 0.001 / 3 else "less than")
        assert int(right) == sum(end >= 0.95 for end in ends) and int(seeds) == len(ends)
        assert law == {"more than": "allows it", "near": "calls it close", "less than": "forbids it"}[size]
        if law != "forbids it":
            assert judged == ""
        elif int(right):
            assert int(wrong) == int(right)
        else:
            assert judged == ", as predicted"
        kinds.add((law, judged[:22]))
    assert len(kinds) == 4  # two judgements on what is forbidden, and none on the rest


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"runs": []}, "there are no runs: hand over one dictionary for each architecture, bias and gap"),
        ({"drop": 3}, r"the runs lack LSTM, b = 0, gap 40: hand over every gap \(5, 10, 20, 40 and 80\) for each architecture and bias"),
        ({"drop": -1}, r"the runs lack Plain RNN, gap 80: .*"),
        ({"keep": "RNN"}, "there is no LSTM among the runs: hand over at least one forget bias for each gap"),
        ({"twice": 0}, "LSTM, b = 0, gap 5 is there twice: put all its seeds into the curves of one run"),
        ({"lose": "gap"}, "a run lacks gap: each has architecture, bias, gap and curves"),
        ({"architecture": "GRU"}, "a run's architecture is 'GRU', but it must be 'LSTM' or 'RNN'"),
        ({"bias": None}, "an LSTM's bias is None, but it must be a number: the b of its forget gate"),
        ({"bias": float("nan")}, "an LSTM's bias is nan, but it must be a number: the b of its forget gate"),
        ({"architecture": "RNN"}, "an RNN's bias is 0.0, but it must be None: a plain RNN has no forget gate"),
        ({"gap": -1}, "a run's gap is -1, but it must be a whole number of words, 0 or more"),
        ({"gap": 2.5}, "a run's gap is 2.5, but it must be a whole number of words, 0 or more"),
        ({"curves": []}, "LSTM, b = 0, gap 5 has no curves: hand over one for each seed"),
        (
            {"curves": [[]]},
            r"a curve of LSTM, b = 0, gap 5 has the shape \(0,\), but 400 batches, averaged over 20 each, give 1 to 20 values",
        ),
        ({"curves": [[0.5] * 21]}, r"a curve of LSTM, b = 0, gap 5 has the shape \(21,\), but .* give 1 to 20 values"),
        (
            {"curves": [[1.01] * 20]},
            "a curve of LSTM, b = 0, gap 5 leaves the range from 0 to 1: hand over shares of right answers, not percents",
        ),
        ({"curves": [[-0.01] * 20]}, "a curve of LSTM, b = 0, gap 5 leaves the range .*"),
        ({"curves": [[float("nan")] * 20]}, "a curve of LSTM, b = 0, gap 5 leaves the range .*"),
        (
            {"curves": [[0.3, 0.9]]},
            "a curve of LSTM, b = 0, gap 5 stops after 2 values at 0.9, but a run that stops before 400 batches has learnt: let its "
            "last value be the mean of its last 20 batches, at least 0.95",
        ),
    ],
)
def test_runs_that_make_no_grid_are_one_sentence(change, sentence):
    runs = sorted(made(), key=lambda each: (each["architecture"], each["bias"] or 0, each["gap"]))
    match change:
        case {"runs": runs}:
            pass
        case {"drop": n}:
            runs.pop(n)
        case {"keep": name}:
            runs = [each for each in runs if each["architecture"] == name]
        case {"twice": n}:
            runs.append(runs[n])
        case {"lose": name}:
            del runs[0][name]
        case _:
            runs[0].update(change)
    with pytest.raises(ValueError, match=rf"^{sentence}$"):
        PhaseDiagram(runs)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("chance", 0, "chance is 0, but it must be a number between 0 and 1: the share of right answers of a guess"),
        ("chance", float("nan"), "chance is nan, but .*"),
        ("every", 0, "every is 0, but it must be a whole number of at least 1"),
        ("batches", 399.5, "batches is 399.5, but it must be a whole number of at least 1"),
    ],
)
def test_a_wrong_number_is_one_sentence(name, value, sentence):
    with pytest.raises(ValueError, match=rf"^{sentence}$"):
        PhaseDiagram(made(), **{name: value})


@pytest.mark.parametrize(
    ("name", "value", "choices"),
    [
        ("architecture", "GRU", "LSTM or RNN"),
        ("bias", 1.5, "0, 1, 2, 3, 4 or 5"),
        ("bias", -1, "0, 1, 2, 3, 4 or 5"),
        ("gap", 30, "5, 10, 20, 40 or 80"),
    ],
)
def test_a_choice_that_was_not_trained_is_one_sentence_and_changes_nothing(name, value, choices):
    view = PhaseDiagram(made(), bias=2, gap=40)
    told = rf"^{name} must be one of those that were trained, {choices}, not {float(value) if name == 'bias' else value}$"
    with pytest.raises(traitlets.TraitError, match=told):
        setattr(view, name, value)
    with pytest.raises(traitlets.TraitError, match=told):
        PhaseDiagram(made(), **{name: value})
    assert (view.architecture, view.bias, view.gap) == ("LSTM", 2, 40)
    for other in ("runs", "chance", "every", "batches"):
        with pytest.raises(traitlets.TraitError):
            setattr(view, other, getattr(view, other))


def test_python_selects_a_cell_and_hears_of_it():
    runs = made()
    view, heard = PhaseDiagram(runs), []
    view.observe(lambda change: heard.append((change.name, change.new)))
    view.architecture, view.bias, view.gap = "RNN", 4, 80
    assert heard == [("architecture", "RNN"), ("bias", 4.0), ("gap", 80)]
    for _ in cells(view):  # what is told of a cell is what was handed over, whatever the order of the runs
        bias = None if view.architecture == "RNN" else view.bias
        given = next(each for each in runs if (each["architecture"], each["bias"], each["gap"]) == (view.architecture, bias, view.gap))
        for ours, theirs in zip(view.curves, given["curves"], strict=True):
            np.testing.assert_allclose(ours, theirs, atol=0.00051)
    assert (view.architectures, view.biases, view.gaps) == (["LSTM", "RNN"], list(BIASES), list(GAPS))


def numbers(node, *names):
    return [float(node.getAttribute(name)) for name in names]


def test_what_is_stored_is_small_and_true_and_the_same_in_every_run():
    view = PhaseDiagram(made(gaps=(5, 10, 20, 40, 80, 160), rnn=True), bias=2, gap=40)
    text = view._repr_mimebundle_()[0]["text/html"]
    assert text == PhaseDiagram(made(gaps=(5, 10, 20, 40, 80, 160)), bias=2, gap=40)._repr_mimebundle_()[0]["text/html"]
    assert len(text) < 60_000
    assert json.loads(html.unescape(re.search('data-state="([^"]*)"', text)[1])) == view.held()
    assert html.unescape(re.search('alt="([^"]*)"', text)[1]) == view.description()
    assert view.verdict() in view.description() and view.learning() in view.description()


@pytest.mark.parametrize("chosen", [("LSTM", 2.0, 40), ("LSTM", 0.0, 5), ("RNN", 1.0, 80)])
def test_the_picture_shows_every_cell_the_line_and_the_curves(chosen):
    view = PhaseDiagram(made(), 0.25, 20, 400, *chosen)
    drawing = xml.dom.minidom.parseString(view.picture())
    texts = {}
    for node in drawing.getElementsByTagName("text"):
        texts.setdefault(node.firstChild.data, []).append(numbers(node, "x", "y"))
    said = " ".join(node.firstChild.data for node in drawing.getElementsByTagName("text") if node.getAttribute("font-size") == "16")
    assert said == view.verdict()

    rects = drawing.getElementsByTagName("rect")
    boxes = [node for node in rects if node.getAttribute("rx") and node.getAttribute("fill") != "none"]
    order = [("LSTM", bias) for bias in reversed(BIASES)] + [("RNN", None)]
    centres, tones = {}, {"LSTM": palette.COLOURS["forget"], "RNN": palette.COLOURS["rnn"]}
    for node, ((architecture, bias), gap) in zip(boxes, itertools.product(order, GAPS), strict=True):
        x, y, wide, high = numbers(node, "x", "y", "width", "height")
        centres[architecture, bias, gap] = x + wide / 2, y + high / 2
        curves = view._curves(architecture, bias, gap)
        part = (np.mean([curve[-1] for curve in curves]) - 0.25) / 0.75
        colour, full = np.array([int(tones[architecture][n : n + 2], 16) for n in (1, 3, 5)]), 1 if architecture == "LSTM" else 0.8
        drawn = [int(node.getAttribute("fill")[n : n + 2], 16) for n in (1, 3, 5)]
        np.testing.assert_allclose(drawn, 255 + full * np.clip(part, 0, 1) * (colour - 255), atol=0.6)
        count = f"{sum(curve[-1] >= 0.95 for curve in curves)}/{len(curves)}"
        assert any(abs(tx - x - wide / 2) < 0.2 and 3 < ty - y - high / 2 < 7 for tx, ty in texts[count])
    ring = [node for node in rects if node.getAttribute("stroke-width") == "3"]
    x, y, wide, high = numbers(ring[0], "x", "y", "width", "height")
    where = chosen[0], chosen[1] if chosen[0] == "LSTM" else None, chosen[2]
    assert len(ring) == 1 and (x + wide / 2, y + high / 2) == pytest.approx(centres[where], abs=0.1)

    line = next(node for node in drawing.getElementsByTagName("path") if node.getAttribute("stroke-width") == "2.5")
    points = np.array([list(map(float, pair.split())) for pair in line.getAttribute("d")[1:].split("L")])
    for bias in (0.0, 1.0, 2.0):
        steps, row = np.log(1000) / np.logaddexp(0, -bias), centres["LSTM", bias, 5][1]
        expected = np.interp(np.log(steps), np.log(np.array(GAPS) + 1), [centres["LSTM", bias, gap][0] for gap in GAPS])
        assert np.interp(row, points[::-1, 1], points[::-1, 0]) == pytest.approx(expected, abs=0.3)
    ends = [node for node in drawing.getElementsByTagName("circle")]
    assert len(ends) == sum(curve[-1] >= 0.95 for curve in view.curves)


def test_the_curves_are_drawn_where_they_belong():
    stopped = 0
    for view in itertools.chain.from_iterable(map(cells, grids(6))):
        shapes = phase_diagram.plot(view.curves, view.chance, view.every, view.batches, 400, 250)
        text = {label: (float(a["x"]), float(a["y"])) for tag, _, a, label in shapes if tag == "text"}
        ticks = sorted((int(label), text[label][0]) for label in text if label.isdigit())
        (_, start), (last, right) = ticks[0], ticks[-1]
        x = lambda batch, start=start, last=last, right=right: start + batch / last * (right - start)  # noqa: E731
        y = lambda part, text=text: text["0 %"][1] - 4.5 + part * (text["100 %"][1] - text["0 %"][1])  # noqa: E731
        drawn = [a["d"] for tag, kind, a, _ in shapes if kind == "lw-phase-curve"]
        dots = [(float(a["cx"]), float(a["cy"])) for tag, kind, a, _ in shapes if tag == "circle"]
        for curve, d in zip(view.curves, drawn, strict=True):
            points = np.array([list(map(float, pair.split())) for pair in d[1:].split("L")])
            batches = np.minimum(np.arange(1, len(curve) + 1) * view.every, view.batches)
            np.testing.assert_allclose(points, np.stack([x(batches), y(np.array(curve))], axis=1), atol=0.15)
            assert x(view.batches) <= 400 and len(ticks) in range(3, 7)
            if curve[-1] >= 0.95:
                stopped += 1
                assert dots.pop(0) == pytest.approx(tuple(points[-1]), abs=0.05)
        assert dots == []
        (level,) = [re.match(r"M(\S+) (\S+)L(\S+) (\S+)", a["d"]) for _, kind, a, _ in shapes if kind == "lw-phase-chance"]
        assert float(level[2]) == float(level[4]) == pytest.approx(y(view.chance), abs=0.1)
        assert any(label.startswith("chance, ") for label in text)
    assert stopped > 20


def test_javascript_says_and_draws_what_python_does(run):
    decimals = re.compile(r"-?\d+\.\d(?!\d| %)")
    for view in grids(12):
        states, said = [], []
        for n, each in enumerate(cells(view)):
            width = 200 + 37 * n % 500
            states.append([each.architecture, each.bias, each.gap, width])
            drawn = phase_diagram.plot(each.curves, each.chance, each.every, each.batches, width, 236)
            said.append([each.verdict(), each.learning(), json.loads(json.dumps(drawn)), phase_diagram.prediction(each.bias, each.gap)])
        runs = {key: value for key, value in view.held().items() if key in ("runs", "chance", "every", "batches")}
        expression = """a.states.map(([architecture, bias, gap, width]) => {
            const now = { ...a.runs, architecture, bias, gap }, { chance, every, batches } = now;
            const { curves } = now.runs.find((r) => r.architecture === architecture && r.gap === gap && (r.bias ?? bias) === bias);
            return [m.verdict(now), m.learning(now), m.plot(curves, chance, every, batches, width, 236), m.prediction(bias, gap)];
        })"""
        for ours, theirs in zip(said, run(expression, {"states": states, "runs": runs}), strict=True):
            assert [theirs[0], theirs[1], theirs[3]] == [ours[0], ours[1], ours[3]]
            one, other = (json.dumps(each[2], ensure_ascii=False) for each in (ours, theirs))
            assert decimals.sub("#", other) == decimals.sub("#", one)
            np.testing.assert_allclose(*([float(n) for n in decimals.findall(each)] for each in (one, other)), atol=0.11)


def test_javascript_computes_what_python_computes(run):
    for view in grids():
        line, label = run("[m.law(...a), m.labelOf(...a)]", [view.gaps, view.biases])
        np.testing.assert_allclose(
            np.array(line).reshape(-1, 2), np.array(phase_diagram.law(view.gaps, view.biases)).reshape(-1, 2), atol=1e-9
        )
        words, foot = phase_diagram.label_of(view.gaps, view.biases)
        assert label[0] == words and (label[1] is None if foot is None else label[1] == pytest.approx(foot))
        curves = [view._curves(each["architecture"], each["bias"], each["gap"]) for each in view.runs]
        theirs = run("a.map((c) => [m.learnt(c), m.share(c), m.shading(m.share(c), 0.3)])", curves)
        ends = [[curve[-1] for curve in each] for each in curves]
        np.testing.assert_allclose([row[0] for row in theirs], [sum(end >= 0.95 for end in each) for each in ends])
        np.testing.assert_allclose([row[1] for row in theirs], list(map(np.mean, ends)), rtol=1e-14)
        np.testing.assert_allclose([row[2] for row in theirs], np.clip((np.array(list(map(np.mean, ends))) - 0.3) / 0.7, 0, 1), atol=1e-14)
    values = [0, 1, 5.0, -0.5, 0.1 + 0.2, 2.25, 100, 1000, -3]
    assert run("a.map(m.plain)", values) == [phase_diagram.plain(value) for value in values]
    assert [phase_diagram.plain(value) for value in values[2:5]] == ["5", "−0.5", "0.3"]
    parts = [0, 0.004999, 0.005, 0.125, 0.285, 0.655, 0.995, 1, *np.random.default_rng(2).random(300).round(3).tolist()]
    assert run("a.map(m.whole)", parts) == [phase_diagram.whole(part) for part in parts]
    assert [phase_diagram.whole(part) for part in parts[2:7]] == ["1 %", "13 %", "29 %", "66 %", "100 %"]


KEYS = [  # the key, and the cell to which it leads, from LSTM with b = 1 at gap 20
    ("ArrowRight", ("LSTM", 1, 40)),
    ("ArrowUp", ("LSTM", 2, 40)),
    ("ArrowLeft", ("LSTM", 2, 20)),
    ("ArrowDown", ("LSTM", 1, 20)),
    ("ArrowDown", ("LSTM", 0, 20)),
    ("ArrowDown", ("RNN", 0, 20)),
    ("ArrowDown", ("RNN", 0, 20)),
    ("End", ("RNN", 0, 80)),
    ("ArrowRight", ("RNN", 0, 80)),
    ("Home", ("RNN", 0, 5)),
    ("ArrowLeft", ("RNN", 0, 5)),
    ("ArrowUp", ("LSTM", 0, 5)),
    ("PageUp", ("LSTM", 5, 5)),
    ("ArrowUp", ("LSTM", 5, 5)),
    ("PageDown", ("RNN", 5, 5)),
    ("Control+Home", ("LSTM", 5, 5)),
    ("Control+End", ("RNN", 5, 80)),
    ("ArrowUp", ("LSTM", 0, 80)),
]


def test_the_diagram_answers_the_keyboard_with_one_stop_for_the_tab_key(alive):
    view = PhaseDiagram(made())
    page = alive(view, viewport={"width": 800, "height": 300})
    page.keyboard.press("Tab")
    focus = "() => document.activeElement.getAttribute('aria-label')"
    here = page.evaluate(focus)
    assert here.startswith("LSTM, b = 1, gap 20: ")
    for key, (view.architecture, view.bias, view.gap) in KEYS:
        page.keyboard.press(key)
        agrees(page, view)
        chosen = page.locator('[aria-selected="true"]')
        assert chosen.evaluate("node => node === document.activeElement")
        assert chosen.evaluate("node => getComputedStyle(node, '::after').outlineStyle") == "solid"
        place = chosen.bounding_box()
        assert place["y"] >= 0 and place["y"] + place["height"] <= 300, "the cell in focus is scrolled into view"
    page.set_viewport_size({"width": 800, "height": 500})
    page.evaluate("scrollTo(0, 60)")
    before = page.evaluate("scrollY")
    assert before == 60
    for key in ("ArrowUp", "ArrowDown", "Home", "End"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert page.evaluate("scrollY") == before, "a key that moves the selection does not move the page too"
    for key in ("Shift+ArrowUp", "Alt+ArrowUp", "x", "Enter"):
        page.keyboard.press(key)
        agrees(page, view)
    page.keyboard.press("Tab")
    assert page.get_by_role("radio", name="LSTM").evaluate("node => node === document.activeElement")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(focus).startswith("LSTM, b = 0, gap 80: ")


def test_the_controls_answer_the_keyboard(alive):
    view = PhaseDiagram(made())
    page = alive(view)
    bias, gap = page.get_by_role("slider", name="forget bias b"), page.get_by_role("slider", name="gap (filler words)")
    bias.focus()
    page.keyboard.press("ArrowRight")
    view.bias = 2
    agrees(page, view)
    assert bias.evaluate("node => node === document.activeElement && getComputedStyle(node).outlineStyle") == "solid"
    for key, value in (("End", 5), ("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        view.bias = value
        agrees(page, view)
    page.keyboard.press("Tab")
    for key, value in (("ArrowRight", 40), ("End", 80), ("Home", 5)):
        page.keyboard.press(key)
        view.gap = value
        agrees(page, view)
    page.get_by_role("radio", name="LSTM").focus()
    page.keyboard.press("ArrowRight")
    view.architecture = "RNN"
    agrees(page, view)
    page.keyboard.press("Tab")  # past the slider that means nothing now
    assert gap.evaluate("node => node === document.activeElement")
    page.keyboard.press("ArrowRight")
    view.gap = 10
    agrees(page, view)
    page.get_by_role("radio", name="LSTM").check()
    view.architecture = "LSTM"
    agrees(page, view)


def test_the_mouse_selects_every_cell(alive):
    view = PhaseDiagram(made(3))
    page = alive(view)
    for _ in cells(view):
        if view.architecture == "RNN" and view.bias != view.biases[-1]:
            continue
        place = cell(page, view, view.architecture, view.bias, view.gap).bounding_box()
        page.mouse.click(place["x"] + place["width"] - 4, place["y"] + 4)  # a corner, where the line may run
        agrees(page, view)
    page.keyboard.press("ArrowUp")  # a click gives the diagram the focus
    view.architecture, view.bias = "LSTM", 0
    agrees(page, view)


def test_the_mouse_and_the_finger_move_the_sliders(alive):
    view = PhaseDiagram(made(4))
    page = alive(view, viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    for name, trait, choices in (("forget bias b", "bias", view.biases), ("gap (filler words)", "gap", view.gaps)):
        slider = page.get_by_role("slider", name=name)
        slider.scroll_into_view_if_needed()
        place = slider.bounding_box()
        assert place["height"] >= 40
        for n in (0, len(choices) - 1, 1):
            share = n / (len(choices) - 1)
            at = place["x"] + 8 + share * (place["width"] - 16), place["y"] + place["height"] / 2
            (page.touchscreen.tap if n != 1 else page.mouse.click)(*at)
            setattr(view, trait, choices[n])
            agrees(page, view)


@pytest.mark.parametrize("width", [320, 375])
def test_a_finger_selects_a_cell_that_is_large_enough_for_it(alive, width):
    view = PhaseDiagram(made(5))
    page = alive(view, viewport={"width": width, "height": 740}, has_touch=True, is_mobile=True)
    for view.architecture, bias, view.gap in (("LSTM", 5, 80), ("RNN", 5, 5), ("LSTM", 0, 10), ("LSTM", 2, 40)):
        view.bias = bias
        target = cell(page, view, view.architecture, bias, view.gap)
        target.scroll_into_view_if_needed()
        place = target.bounding_box()
        assert place["width"] >= 44 and place["height"] >= 44
        page.touchscreen.tap(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        agrees(page, view)


def test_a_screen_reader_hears_the_grid_and_every_verdict_once(alive):
    view = PhaseDiagram(made(6))
    page = alive(view)
    assert page.get_by_role("region", name="Which networks learn to remember").count() == 1
    assert page.get_by_role("grid", name="Seeds that learnt, by forget bias and gap").count() == 1
    assert page.get_by_role("gridcell").count() == 35 and page.get_by_role("row").count() == 8
    assert [each.get_attribute("aria-label") for each in page.get_by_role("rowheader").all()][::5] == ["b = 5", "b = 0"]
    assert [each.inner_text() for each in page.get_by_role("columnheader").all()][1:] == list(map(str, GAPS))
    page.evaluate("""() => {
        window.heard = [];
        const live = document.querySelector("[role=status]");
        new MutationObserver(() => heard.push(live.textContent)).observe(live, { childList: true, subtree: true, characterData: true });
    }""")
    for view.architecture, view.bias, view.gap in (("LSTM", 3.0, 40), ("RNN", 3.0, 5), ("LSTM", 0.0, 5)):
        cell(page, view, view.architecture, view.bias, view.gap).click()
    cell(page, view, "LSTM", 0.0, 5).click()  # it is selected already: nothing is said again
    texts = []
    for view.architecture, view.bias, view.gap in (("LSTM", 3.0, 40), ("RNN", 3.0, 5), ("LSTM", 0.0, 5)):
        texts.append(view.verdict())
    assert page.evaluate("heard") == texts


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("architecture", "width"), [("LSTM", 1280), ("RNN", 320)])
def test_everybody_can_use_it(alive, theme, architecture, width):
    from axe_playwright_python.sync_playwright import Axe

    page = alive(PhaseDiagram(made(7), architecture=architecture), theme, viewport={"width": width, "height": 900})
    found = Axe().run(page).response["violations"]
    assert [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found if v["id"] != "region"] == []


@pytest.mark.parametrize("letters", ["sans-serif", "DejaVu Sans"])
@pytest.mark.parametrize("width", [320, 360, 375, 768, 1280])
def test_it_fits_every_screen_and_no_two_words_touch(alive, width, letters):
    page = alive(PhaseDiagram(made(8)), viewport={"width": width, "height": 700})
    page.add_style_tag(content=f"body {{ font-family: {letters} }}")
    found = page.evaluate("""() => {
        const box = document.querySelector(".lw-box").getBoundingClientRect();
        const pad = parseFloat(getComputedStyle(document.querySelector(".lw-box")).paddingLeft) - 1;
        const out = [], touching = [], small = new Set(), heights = new Set();
        const texts = () => {
            const walker = document.createTreeWalker(document.querySelector(".lw-box"), NodeFilter.SHOW_TEXT), all = [];
            while (walker.nextNode()) {
                const node = walker.currentNode, range = document.createRange();
                if (!node.data.trim()) continue;
                range.selectNodeContents(node);
                if (parseFloat(getComputedStyle(node.parentNode).fontSize) < 12) small.add(node.data);
                for (const r of range.getClientRects()) all.push([node.data.trim(), r.left, r.top, r.right, r.bottom]);
            }
            return all;
        };
        for (const cell of document.querySelectorAll("[role=gridcell]")) {
            cell.click();
            heights.add(Math.round(document.querySelector(".lw-box").getBoundingClientRect().height));
            const all = texts();
            for (const [word, left, , right] of all) if (left < box.left + pad || right > box.right - pad) out.push(word);
            const free = all.filter(([, , top, , bottom]) => bottom > top);
            free.forEach(([a, l, t, r, b], n) => {
                for (const [o, l2, t2, r2, b2] of free.slice(n + 1)) {
                    const [x, y] = [Math.min(r, r2) - Math.max(l, l2), Math.min(b, b2) - Math.max(t, t2)];
                    if (x > 0.5 && y > 5) touching.push(`${a} | ${o}`);
                }
            });
        }
        const label = document.querySelector(".lw-phase-label").getBoundingClientRect();
        const [above, below] = [...document.querySelectorAll(".lw-phase-row")].slice(-3, -1).map((row) => row.getBoundingClientRect());
        const high = [...document.querySelector(".lw-phase-label").childNodes].map((node) => {
            const range = document.createRange();
            range.selectNodeContents(node);
            return range.getBoundingClientRect();
        })[0];
        return {
            out, touching, small: [...small], heights: [...heights], wide: document.documentElement.scrollWidth,
            strip: [above.bottom, high.top, high.bottom, below.top],
        };
    }""")
    assert found["out"] == [] and found["wide"] <= width
    assert found["touching"] == []
    assert found["small"] == []
    assert len(found["heights"]) == 1, "the box keeps its height from cell to cell"
    assert found["strip"] == sorted(found["strip"])  # the law's words stand between the LSTM and the plain RNN


@pytest.mark.parametrize("width", [320, 1280])
def test_the_line_runs_over_the_page_where_the_law_has_it(alive, width):
    view = PhaseDiagram(made())
    page = alive(view, viewport={"width": width, "height": 900})
    points = np.array(
        page.evaluate("""() => {
            const path = document.querySelector(".lw-phase-law"), ctm = path.getScreenCTM();
            const size = path.getTotalLength();
            return Array.from({ length: 4001 }, (_, n) => {
                const p = path.getPointAtLength((n / 4000) * size).matrixTransform(ctm);
                return [p.x, p.y];
            });
        }""")
    )
    boxes = {(bias, gap): cell(page, view, "LSTM", bias, gap).bounding_box() for bias in BIASES for gap in GAPS}
    middle = lambda bias, gap: boxes[bias, gap]["x"] + boxes[bias, gap]["width"] / 2  # noqa: E731
    for bias in (0.0, 1.0, 2.0):
        row = boxes[bias, 5]["y"] + boxes[bias, 5]["height"] / 2
        steps = np.log(1000) / np.logaddexp(0, -bias)
        expected = np.interp(np.log(steps), np.log(np.array(GAPS) + 1), [middle(bias, gap) for gap in GAPS])
        assert np.interp(row, points[::-1, 1], points[::-1, 0]) == pytest.approx(expected, abs=0.7)
    foot = boxes[0.0, 5]["y"] + boxes[0.0, 5]["height"]
    assert points[0, 1] == pytest.approx(foot, abs=0.7)
    assert points[-1, 0] == pytest.approx(boxes[0.0, 80]["x"] + boxes[0.0, 80]["width"], abs=0.7)
    leader = page.locator(".lw-phase-label").bounding_box()
    assert leader["x"] + 1.25 == pytest.approx(points[0, 0], abs=0.7) and leader["y"] == pytest.approx(foot, abs=0.7)
    assert page.locator(".lw-phase-label").evaluate("node => getComputedStyle(node.parentNode).pointerEvents") == "none"


@pytest.mark.parametrize("width", [320, 1280])
def test_the_curves_run_over_the_page_where_their_numbers_are(alive, width):
    view = PhaseDiagram(made(9), bias=3, gap=10)
    page = alive(view, viewport={"width": width, "height": 900})
    for _ in itertools.islice(cells(view), 0, None, 7):
        cell(page, view, view.architecture, view.bias, view.gap).click()
        seen = page.evaluate("""() => {
            const svg = document.querySelector(".lw-phase-plot svg");
            const text = (words) => [...svg.querySelectorAll("text")].find((node) => node.textContent === words).getBoundingClientRect();
            const middle = (r) => [(r.left + r.right) / 2, (r.top + r.bottom) / 2];
            const lines = [...svg.querySelectorAll(".lw-phase-curve")].map((path) => {
                const ctm = path.getScreenCTM(), last = path.getPointAtLength(path.getTotalLength()).matrixTransform(ctm);
                return [last.x, last.y];
            });
            const dots = [...svg.querySelectorAll("circle")].map((node) => middle(node.getBoundingClientRect()));
            const [zero, all, none, last] = ["0 %", "100 %", "0", "400"].map((words) => middle(text(words)));
            return { zero, all, none, last, lines, dots };
        }""")
        x0, x1, y0, y1 = seen["none"][0], seen["last"][0], seen["zero"][1], seen["all"][1]
        expected = [[x0 + len(curve) * 20 / 400 * (x1 - x0), y0 + curve[-1] * (y1 - y0)] for curve in view.curves]
        long = [n for n, curve in enumerate(view.curves) if len(curve) > 1]
        np.testing.assert_allclose(np.array(seen["lines"])[long], np.array(expected)[long], atol=2)
        np.testing.assert_allclose(seen["dots"], [e for e, curve in zip(expected, view.curves, strict=True) if curve[-1] >= 0.95], atol=2)


@pytest.mark.parametrize("theme", THEMES)
def test_every_number_can_be_read_on_its_cell(alive, theme):
    """WCAG's contrast of a number on its own ground, at every depth of colour, composed by the browser itself."""
    page = alive(PhaseDiagram(made()), theme)
    contrasts = page.evaluate("""() => {
        const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        const light = (colour) => {
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => linear(v / 255));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const contrast = (one, other) => {
            const [a, b] = [light(one), light(other)].sort((x, y) => x - y);
            return (b + 0.05) / (a + 0.05);
        };
        const least = {}, grounds = {};
        for (const kind of ["LSTM", "RNN"]) {
            const cell = document.querySelector(`.lw-phase-row[data-kind=${kind}] .lw-phase-cell`), number = cell.firstChild;
            grounds[kind] = [];
            for (let shade = 0; shade <= 1; shade += 0.05) {
                cell.style.setProperty("--shade", shade);
                const [ground, same] = [getComputedStyle(number).backgroundColor, getComputedStyle(cell, "::before").backgroundColor];
                if (ground !== same) return `${ground} is not ${same}`;
                least[kind] = Math.min(least[kind] ?? 99, contrast(getComputedStyle(number).color, ground));
                grounds[kind].push(contrast(ground, getComputedStyle(document.querySelector(".lw-box")).backgroundColor));
            }
        }
        const face = getComputedStyle(document.querySelector(".lw-box")).backgroundColor;
        for (const name of [".lw-phase-name", ".lw-phase-label", ".lw-phase-legend", ".lw-phase-bias .lw-label"])
            least[name] = contrast(getComputedStyle(document.querySelector(name)).color, face);
        for (const name of [".lw-phase-here", ".lw-phase-said", ".lw-phase-tick"]) {
            document.querySelector(".lw-phase-plot svg").innerHTML = `<text class="${name.slice(1)}">a</text>`;
            least[name] = contrast(getComputedStyle(document.querySelector(name)).fill, face);
        }
        return { least, grounds };
    }""")
    assert min(contrasts["least"].values()) >= 4.5, contrasts["least"]
    for depths in contrasts["grounds"].values():
        assert np.all(np.diff(depths) > 0), "more right answers, more colour"


def test_a_grid_without_the_plain_rnn_or_with_a_single_cell_is_a_diagram_too(alive):
    view = PhaseDiagram(made(gaps=[3, 30], biases=[-0.5, 2.5], rnn=False), bias=2.5, gap=30)
    page = alive(view)
    assert page.get_by_role("radio").count() == 1 and page.get_by_role("gridcell").count() == 4
    assert page.get_by_role("status").inner_text() == view.verdict()
    page.get_by_role("gridcell", name="LSTM, b = −0.5, gap 3:").click()
    view.bias, view.gap = -0.5, 3
    assert page.get_by_role("status").inner_text() == view.verdict()
    for bias, gap, words in ((9.0, 5, "the law allows every cell"), (-3.0, 80, "the law forbids every cell")):
        view = PhaseDiagram(made(gaps=[gap], biases=[bias], seeds=1, rnn=False), bias=bias, gap=gap)
        page = alive(view)
        assert page.locator(".lw-phase-label").inner_text() == words and words in view.picture()
        assert page.get_by_role("status").inner_text() == view.verdict()


def test_paper_and_a_reader_without_javascript_see_the_colours_too(alive):
    page = alive(PhaseDiagram(made()))
    page.emulate_media(media="print")
    assert page.locator(".lw-phase-number").first.evaluate("node => getComputedStyle(node).printColorAdjust") == "exact"
    assert page.locator(".lw-phase-cell").first.evaluate("node => getComputedStyle(node, '::before').printColorAdjust") == "exact"


def test_it_follows_the_selection_within_a_frame(alive):
    page = alive(PhaseDiagram(made()))
    move = """(n) => {
        const squares = document.querySelectorAll("[role=gridcell]");
        squares[n % squares.length].click();
    }"""
    assert answered(page, move) < FRAME


def test_in_a_live_notebook_python_moves_the_page_and_the_page_tells_python(run):
    view = PhaseDiagram(made())
    told = run(
        """(() => {
            const calls = {}, saved = [];
            const model = {
                get: (n) => a[n],
                set: (n, v) => { if (a[n] === v) return; a[n] = v; (calls[n] ?? []).forEach((call) => call()); },
                on: (n, call) => (calls[n.slice(7)] ??= []).push(call),
                off: (n, call) => { calls[n.slice(7)] = calls[n.slice(7)].filter((other) => other !== call); },
                save_changes: () => saved.push([a.architecture, a.bias, a.gap]),
            };
            const el = document.body.appendChild(document.createElement("div"));
            const stop = m.default.render({ model, el });
            model.set("bias", 4);
            model.set("gap", 80);
            const status = el.querySelector("[role=status]").textContent;
            const focused = el.contains(document.activeElement);
            const cells = el.querySelectorAll("[role=gridcell]");
            cells[cells.length - 1].click();
            const said = el.querySelector("[role=status]").firstChild;
            model.set("bias", 2); // means nothing for the plain RNN, so nothing is said again
            const silent = said === el.querySelector("[role=status]").firstChild;
            cells[0].click();
            const before = Object.values(calls).map((each) => each.length);
            stop();
            const after = Object.values(calls).map((each) => each.length);
            model.set("bias", 0);
            const still = el.querySelector("[role=status]").textContent;
            el.remove();
            return { status, focused, silent, saved, before, after, still };
        })()""",
        json.loads(json.dumps(view.held())),
    )
    assert told["status"] == PhaseDiagram(made(), bias=4, gap=80).verdict() and not told["focused"] and told["silent"]
    assert told["saved"] == [["RNN", 4, 80], ["LSTM", 5, 5]]  # each selection is told once, as a whole
    assert told["before"] == [1, 1, 1] and told["after"] == [0, 0, 0]
    assert told["still"] == PhaseDiagram(made(), bias=5, gap=5).verdict()
