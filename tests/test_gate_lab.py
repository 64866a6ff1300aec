"""The gate lab in Python and in a real browser. Its oracles: the NumPy cell of the book, PyTorch's, and decimal arithmetic as on paper."""

import base64
import functools
import html
import json
import re
import xml.dom.minidom
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
import torch
import traitlets
from living import FRAME, HOST, SOURCES, answered, style

from lstmbook import palette
from lstmbook.cells import LSTMCell
from lstmbook.widgets import gate_lab
from lstmbook.widgets.gate_lab import PRESETS, USUAL, GateLab

STYLE = style()
GATES = ["input", "forget", "candidate", "output"]


def by_hand(count, seed, grid=True):
    """Random states with the gates set by hand: on the sliders' marks, or anywhere; and the corners."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        state = {name: float(rng.uniform(0, 1)) for name in ("forget", "input", "output")}
        state |= {"candidate": float(rng.uniform(-1, 1)), "c_before": float(rng.uniform(-3, 3)), "h_before": float(rng.uniform(-1, 1))}
        if grid:
            state = {name: round(value, 2) for name, value in state.items()} | {"c_before": round(state["c_before"] * 20) / 20}
        yield state
    for f in (0.0, 0.5, 1.0):
        for i in (0.0, 1.0):
            for g, c in ((0.6, 0.8), (-0.6, 0.0), (0.0, -1.0), (0.004, 0.5), (-0.004, 0.5)):
                yield {"forget": f, "input": i, "candidate": g, "c_before": c, "output": {0.0: 0.0, 0.5: 0.5, 1.0: 1.0}[f]}
    yield {"forget": 0.999, "input": 0.00001, "output": 0.999999, "candidate": 1.0, "c_before": 999.0}


def from_input(count, seed):
    """Random states with the gates computed from an input."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield {
            "mode": "input",
            "x": round(float(rng.uniform(-2, 2)) * 20) / 20,
            "h_before": round(float(rng.uniform(-1, 1)), 2),
            "c_before": float(rng.uniform(-4, 4)),
            "weights": rng.uniform(-3, 3, (4, 3)).round(2).tolist(),
            "trace": rng.uniform(-1, 1, (int(rng.integers(0, 40)), 2)).tolist(),
        }
    yield {"mode": "input", "x": 2.0, "weights": [[10.0, 10.0, 10.0], [-10.0, 0.0, -10.0], [10.0, 0.0, 10.0], [10.0, 0.0, 10.0]]}


def states(count, seed):
    return [GateLab(**each) for each in (*by_hand(count, seed), *by_hand(count, seed + 1, grid=False), *from_input(count, seed + 2))]


# The cell


def test_gates_by_hand_are_a_cell_with_their_logits_for_biases():
    for state in by_hand(100, seed=0, grid=False):
        lab = GateLab(**state)
        cell = LSTMCell(1, 1, np.random.default_rng(0))
        cell.params["W"][:], cell.params["U"][:] = 0, 0
        with np.errstate(divide="ignore"):
            logits = [np.clip(np.log(lab.gates[k]) - np.log1p(-lab.gates[k]), -1e4, 1e4) for k in "ifo"]
            cell.params["b"][:] = [*logits[:2], np.clip(np.arctanh(lab.candidate), -1e4, 1e4), logits[2]]
        h, c = cell.forward(np.array([[1.7]]), np.array([[lab.h_before]]), np.array([[lab.c_before]]))
        np.testing.assert_allclose([lab.h, lab.c], [h.item(), c.item()], atol=1e-12)


def test_a_sequence_gives_what_pytorch_gives():
    rng = np.random.default_rng(1)
    for _ in range(10):
        weights = rng.uniform(-3, 3, (4, 3))
        lab = GateLab(mode="input", weights=weights.tolist(), c_before=float(rng.uniform(-3, 3)), h_before=float(rng.uniform(-1, 1)))
        theirs = torch.nn.LSTMCell(1, 1, dtype=torch.float64)
        with torch.no_grad():
            theirs.weight_ih[:], theirs.weight_hh[:] = torch.tensor(weights[:, :1]), torch.tensor(weights[:, 1:2])
            theirs.bias_ih[:], theirs.bias_hh[:] = torch.tensor(weights[:, 2]), 0
            h, c, want = torch.tensor([[lab.h_before]]).double(), torch.tensor([[lab.c_before]]).double(), []
            xs = rng.uniform(-2, 2, 30)
            for x in xs:
                h, c = theirs(torch.tensor([[x]]), (h, c))
                want.append([h.item(), c.item()])
        got = lab.feed(xs)
        np.testing.assert_allclose(got, want, atol=1e-12)
        np.testing.assert_array_equal(np.array(lab.trace)[1:, ::-1], got)
        assert (lab.h_before, lab.c_before, lab.x) == (*got[-1], xs[-1])


def test_the_usual_weights_give_what_the_books_cell_gives():
    cell = LSTMCell(1, 1, np.random.default_rng(0))
    cell.params["W"][:, 0], cell.params["U"][:, 0], cell.params["b"][:] = np.array(USUAL).T
    lab = GateLab(mode="input")
    h, c = cell.forward(np.array([[lab.x]]), np.array([[lab.h_before]]), np.array([[lab.c_before]]))
    np.testing.assert_allclose([lab.h, lab.c], [h.item(), c.item()], rtol=1e-14)
    assert list(lab.gates.values()) == pytest.approx([block.item() for block in cell.gates(np.array([[1.0]]), np.array([[0.3]]))])


def test_open_forget_gate_keeps_the_memory_to_the_last_digit():
    lab = GateLab(c_before=0.1 + 0.2, h_before=0.0)
    lab.preset("remember for ever")
    for _ in range(100):
        lab.step()
    assert lab.c == 0.1 + 0.2
    assert lab.h == pytest.approx(np.tanh(0.3))


@pytest.mark.parametrize(
    ("name", "memory", "shown"),
    [
        ("remember for ever", 0.8, np.tanh(0.8)),
        ("overwrite", 0.6, np.tanh(0.6)),
        ("forget all", 0, 0),
        ("write in secret", 1.4, 0),
        ("whisper", 0.8, 0.1 * np.tanh(0.8)),
        ("half and half", 0.7, 0.5 * np.tanh(0.7)),
    ],
)
def test_a_preset_does_what_it_is_called_and_leaves_the_memories(name, memory, shown):
    lab = GateLab(h_before=0.25)
    lab.preset(name)
    assert (lab.c, lab.h) == (pytest.approx(memory), pytest.approx(shown))
    assert (lab.c_before, lab.h_before, lab.candidate) == (0.8, 0.25, 0.6)
    with pytest.raises(ValueError, match=r"no preset 'shout': choose from remember for ever, overwrite"):
        lab.preset("shout")


# Time


def test_steps_can_be_taken_undone_and_reset():
    lab = GateLab(forget=0.5, input=0.0, c_before=0.8, h_before=-0.5)
    assert lab.step(output=1.0) == (pytest.approx(np.tanh(0.4)), 0.4)
    assert lab.step() == (pytest.approx(np.tanh(0.2)), 0.2)
    assert [c for c, _ in lab.trace] == [0.8, 0.4, 0.2]
    lab.undo()
    assert lab.c_before == 0.4 and lab.h_before == pytest.approx(np.tanh(0.4)) and len(lab.trace) == 2
    lab.undo()
    lab.undo()
    assert (lab.c_before, lab.h_before, lab.trace) == (0.8, -0.5, [])
    lab.step()
    lab.c_before = 3.0  # by hand, between two steps
    lab.step()
    assert [c for c, _ in lab.trace] == [0.8, 3.0, 1.5]
    lab.reset()
    assert (lab.c_before, lab.h_before, lab.trace, lab.output) == (0.8, -0.5, [], 1.0)


def test_a_step_is_whole_or_nothing():
    lab = GateLab(c_before=1000.0, forget=1.0, input=0.5, candidate=1.0)
    before = lab.held()
    for changes, error in (
        ({"output": 0.1, "forget": 1.5}, "forget must be"),
        ({"output": 0.1, "forget": float("nan")}, "forget must be"),
        ({"input": 1.0}, "c_before must be"),
        ({"mode": "foot"}, "mode"),
        ({"output": 0.1, "weights": [[1.0]]}, "weights must be"),
    ):
        with pytest.raises(traitlets.TraitError, match=error):
            lab.step(**changes)
        assert lab.held() == before
    with pytest.raises(TypeError, match="'forgets' is no control"):
        lab.step(forgets=1)


def test_feeding_needs_inputs():
    with pytest.raises(ValueError, match="set mode to 'input' first"):
        GateLab().feed([1])
    lab = GateLab(mode="input")
    before = lab.held()
    with pytest.raises(traitlets.TraitError, match=r"^x must be a number from -2 to 2, not 2\.5$"):
        lab.feed([1, 2.5])
    assert lab.feed([]).shape == (0, 2)
    assert lab.held() == before


@pytest.mark.parametrize(
    ("name", "value", "range_"),
    [
        ("forget", 1.01, "0 to 1"),
        ("input", -0.01, "0 to 1"),
        ("output", float("nan"), "0 to 1"),
        ("candidate", -1.5, "-1 to 1"),
        ("c_before", 1000.5, "-1000 to 1000"),
        ("h_before", 1.5, "-1 to 1"),
        ("x", float("inf"), "-2 to 2"),
    ],
)
def test_a_value_out_of_range_is_one_sentence_and_changes_nothing(name, value, range_):
    lab = GateLab()
    before = lab.held()
    with pytest.raises(traitlets.TraitError, match=rf"^{name} must be a number from {range_}, not {value}$"):
        setattr(lab, name, value)
    with pytest.raises(traitlets.TraitError):
        GateLab(**{name: value})
    assert lab.held() == before


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("weights", [[1.0, 2.0, 3.0]] * 3, "weights must be 4 rows of 3 numbers from -10 to 10"),
        ("weights", [[1.0, 2.0]] * 4, "weights must be 4 rows of 3 numbers"),
        ("weights", [[1.0, 2.0, 10.5]] * 4, "weights must be 4 rows of 3 numbers"),
        ("trace", [[1.0]], "trace must be a list of pairs"),
        ("trace", [[0.0, float("nan")]], "trace must be a list of pairs"),
        ("mode", "both", "mode"),
    ],
)
def test_what_is_no_state_is_refused(name, value, sentence):
    lab = GateLab()
    before = lab.held()
    with pytest.raises(traitlets.TraitError, match=sentence):
        setattr(lab, name, value)
    assert lab.held() == before


def test_the_controls_can_be_set_and_heard_from_python():
    lab, heard = GateLab(), []
    lab.observe(lambda change: heard.append((change.name, change.new)), [*GATES, "mode"])
    lab.forget, lab.input, lab.mode = 1, 0.25, "input"
    assert heard == [("forget", 1.0), ("input", 0.25), ("mode", "input")]
    lab.preset("overwrite")
    assert heard[3:] == [("forget", 0.0), ("input", 1.0), ("output", 1.0)]
    assert set(lab.held()) == {*GATES, "c_before", "h_before", "x", "mode", "weights", "trace"} <= set(lab.keys)


# What it says


def numbers(text):
    return [Decimal(each.replace("−", "-")) for each in re.findall(r"−?\d+(?:\.\d+)?", text)]


def rounded(value, places):
    return abs(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP).copy_sign(value) + 0


def decimals(number):
    return max(2, -number.as_tuple().exponent)


def test_on_the_sliders_marks_paper_gives_the_same_memory_exactly():
    """Every long-term memory that the line shows is what the numbers before it give, rounded as on paper; and mostly two decimals do."""
    short = 0
    for state in by_hand(400, seed=3):
        if not -3 <= state["c_before"] <= 3 or state.get("forget", 0) == 0.999 or abs(state["candidate"]) == 0.004:
            continue
        lab = GateLab(**state)
        _, first, second, third = (part for part in gate_lab.lines(gate_lab.cell(lab.held()))[0])
        f, c0, i, g = numbers(first)
        assert [float(n) for n in (f, c0, i, g)] == [lab.forget, lab.c_before, lab.input, lab.candidate]
        (p, q), (c,) = numbers(second.replace("− ", "+ −")), numbers(third)
        places = max(map(decimals, (p, q, c)))
        assert rounded(f * c0, places) == p and rounded(i * g, places) == q and rounded(p + q, places) == c
        assert abs(float(c) - lab.c) <= 0.5 * 10**-places + 1e-12
        assert ("≈" in second) == (f * c0 + i * g != p + q) and ("≈" in third) == (p + q != c)
        short += places == 2
    assert short > 100


def test_every_line_can_be_redone_within_its_last_digit():
    for lab in states(150, seed=4):
        now = gate_lab.cell(lab.held())
        (_, first, second, third), (_, fourth, fifth, sixth) = gate_lab.lines(now)
        (p, q), (c,) = numbers(second.replace("− ", "+ −")), numbers(third)
        (o, inside), (again, t), (h,) = numbers(fourth), numbers(fifth), numbers(sixth)
        assert again == o and inside == c
        last = 10.0 ** -max(map(decimals, (p, q, c)))
        f, c0, i, g, p, q, c = map(float, (*numbers(first), p, q, c))
        assert abs(p + q - c) <= 1.0001 * last
        assert abs(f * c0 - p) <= last * (1 + abs(c0) + f) and abs(i * g - q) <= 2.6 * last
        np.testing.assert_allclose([p, q, c], [now["p"], now["q"], now["c"]], atol=0.51 * last)
        last = 10.0 ** -max(map(decimals, (t, h)))
        o, t, h = map(float, (o, t, h))
        assert abs(np.tanh(c) - t) <= 1.01 * last and abs(o * t - h) <= 2 * last
        np.testing.assert_allclose([t, h], [now["t"], now["h"]], atol=0.51 * last)


def test_a_gate_is_called_0_or_1_only_where_it_is():
    say, share = gate_lab.say_gate, gate_lab.percent
    assert [say(v) for v in (0.0, 1.0, 0.5, 0.999, 0.004, 0.99999, 1e-9)] == ["0", "1", "0.50", "0.999", "0.004", "0.9999", "0.0001"]
    assert [share(v) for v in (0.0, 1.0, 0.5, 0.999, 0.004)] == ["0 %", "100 %", "50 %", "99.9 %", "0.4 %"]
    assert [share(v) for v in (1e-9, 1 - 1e-9)] == ["less than 0.01 %", "more than 99.99 %"]
    assert GateLab(forget=1.0, input=0.0, output=1.0).arithmetic().splitlines()[0] == "c = 1 × 0.80 + 0 × 0.60 = 0.80 + 0 = 0.80"
    assert "all of the long-term" not in GateLab(forget=0.9999999).verdict()


def test_halves_go_up_as_on_paper():
    fixed = gate_lab.fixed
    assert [fixed(v, 2) for v in (0.125, 0.285, 1.005, -0.125, -0.004, 0.35 * 0.9)] == ["0.13", "0.29", "1.01", "−0.13", "0.00", "0.32"]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({}, "It keeps 50 % of the long-term memory and adds 0.18. It shows half of what it knows."),
        ({"candidate": -0.6, "output": 0.1}, "It keeps 50 % of the long-term memory and takes away 0.18. It shows 10 % of what it knows."),
        ({"forget": 1, "input": 0, "output": 1}, "It keeps all of the long-term memory and adds nothing. It shows all of what it knows."),
        ({"forget": 0, "input": 1}, "It forgets the whole long-term memory and writes 0.60 in its place. It shows half of what it knows."),
        ({"forget": 0, "input": 0}, "It forgets the whole long-term memory and writes nothing. It has nothing to show."),
        ({"forget": 1, "output": 0}, "It keeps all of the long-term memory and adds 0.18. It shows nothing: the change stays secret."),
        ({"forget": 1, "input": 0, "output": 0}, "It keeps all of the long-term memory and adds nothing. It shows nothing."),
        ({"c_before": 0, "candidate": -0.6}, "The long-term memory was empty: it writes −0.18. It shows half of what it knows."),
        ({"c_before": 0, "input": 0}, "The long-term memory is empty, and nothing is written. It has nothing to show."),
        (
            {"input": 0.01, "candidate": 0.1},
            "It keeps 50 % of the long-term memory and adds almost nothing. It shows half of what it knows.",
        ),
    ],
)
def test_the_verdict_says_what_the_cell_does(state, sentence):
    assert GateLab(**state).verdict() == sentence


# What is stored


def test_what_is_stored_is_true_and_the_same_in_every_run():
    def made():
        lab = GateLab(mode="input", c_before=-0.4)
        lab.feed([1, -1, 0.5])
        return lab

    lab, text = made(), made().stored()
    assert text == made().stored()
    assert json.loads(html.unescape(re.search('data-state="([^"]*)"', text)[1])) == lab.held()
    assert html.escape(lab.verdict()) in text
    svg = base64.b64decode(re.search('base64,([^"]*)', text)[1]).decode()
    said = [t.firstChild.data.strip() for t in xml.dom.minidom.parseString(svg).getElementsByTagName("text") if t.firstChild]
    assert set(lab.arithmetic().splitlines()) <= set(said)
    for letter, value in lab.gates.items():
        assert f"{letter} = {gate_lab.say_gate(value) if letter != 'g' else gate_lab.say(value)}" in said
    assert {gate_lab.say(lab.c), gate_lab.say(lab.h), gate_lab.say(lab.c_before), gate_lab.say(lab.h_before)} <= set(said)
    assert all(palette.COLOURS[name] in svg for name in (*GATES, "cell", "hidden"))


def test_water_stands_as_high_as_the_memory():
    for c in (-5.0, -3.0, -1.5, 0.0, 0.8, 3.0, 5.0):
        lab = GateLab(forget=1.0, input=0.0, c_before=c)
        shapes = gate_lab.draw_wide(gate_lab.cell(lab.held()), 440)
        water = next(a for _, kind, a, _ in shapes if kind == "lw-lab-water lw-lab-cell")
        glass = next(a for _, kind, a, _ in shapes if kind == "lw-lab-glass")
        high, zero = float(glass["height"]), float(glass["y"]) + float(glass["height"]) / 2
        assert float(water["height"]) == pytest.approx(min(abs(c), 3) / 6 * high, abs=0.1)
        assert float(water["y"]) == pytest.approx(zero - max(0, min(c, 3)) / 6 * high, abs=0.1)
        beyond = [a for _, kind, a, _ in shapes if kind == "lw-lab-arrow lw-lab-cell"]
        assert all(bool(a["d"]) == (abs(c) > 3) for a in beyond) and len(beyond) == 2


# The same in JavaScript


@pytest.fixture(scope="session")
def run(javascript):
    return functools.partial(javascript, "gate_lab")


def test_constants_are_the_same_in_both_languages(run):
    assert run("[m.USUAL, m.PRESETS, m.NAMES]") == [USUAL, PRESETS, GATES]
    assert list(run("Object.keys(m.PRESETS)")) == list(PRESETS)


def test_it_computes_in_javascript_what_it_computes_in_python(run):
    labs = states(150, seed=10)
    for lab, theirs in zip(labs, run("a.map(m.cell)", [lab.held() for lab in labs]), strict=True):
        ours = gate_lab.cell(lab.held())
        assert theirs.pop("mode") == ours.pop("mode") and set(theirs) == set(ours)
        for name, value in ours.items():
            np.testing.assert_allclose(theirs[name], value, rtol=1e-13, atol=1e-15)


def test_it_says_in_javascript_what_it_says_in_python(run):
    labs = states(200, seed=11)
    expression = "a.map((s) => { const n = m.cell(s); return [m.lines(n), m.verdict(n), m.description(n), m.link(s)]; })"
    for lab, theirs in zip(labs, run(expression, [lab.held() for lab in labs]), strict=True):
        ours = [gate_lab.lines(gate_lab.cell(lab.held())), lab.verdict(), lab.description(), lab.link()]
        assert theirs == ours


def test_it_draws_in_javascript_what_it_draws_in_python(run):
    labs, rng = states(40, seed=12), np.random.default_rng(12)
    cases = [(lab.held(), int(rng.integers(380, 900))) for lab in labs]
    expression = "a.map(([s, w]) => { const n = m.cell(s); return [m.drawWide(n, w), m.history(s, n, w, 150)]; })"
    for (state, width), theirs in zip(cases, run(expression, cases), strict=True):
        now = gate_lab.cell(state)
        steps = gate_lab.history(state["trace"], [now["c0"], now["h0"]], [now["c"], now["h"]], width, 150)
        ours = json.dumps([gate_lab.draw_wide(now, width), steps], ensure_ascii=False)
        drawn = json.dumps(theirs, ensure_ascii=False)
        decimal = re.compile(r"-?\d+\.\d(?!\d)")
        assert decimal.sub("#", drawn) == decimal.sub("#", ours)
        np.testing.assert_allclose([float(n) for n in decimal.findall(drawn)], [float(n) for n in decimal.findall(ours)], atol=0.11)


def test_it_moves_in_javascript_as_in_python(run):
    labs = states(40, seed=13)
    expression = """a.map((s) => {
        const one = {...s, ...m.stepped(s)}, two = {...one, ...m.stepped(one)}, less = {...two, ...m.undone(two)};
        return [one, two, less, {...less, ...m.restarted(less)}];
    })"""
    for lab, theirs in zip(labs, run(expression, [lab.held() for lab in labs]), strict=True):
        for move, state in zip((lab.step, lab.step, lab.undo, lab.reset), theirs, strict=True):
            move()
            for name in ("c_before", "h_before", "trace"):
                np.testing.assert_allclose(np.array(state[name]), np.array(getattr(lab, name)), rtol=1e-12, atol=1e-14)
    far = GateLab(c_before=1000.0, forget=1.0, input=1.0)
    assert run("m.stepped(a)", far.held()) == {}


def test_the_sums_of_the_gates_can_be_redone(run):
    labs = [GateLab(**state) for state in from_input(200, seed=14)]
    for lab, lines in zip(labs, run("a.map((s) => m.sums(m.cell(s), s.weights))", [lab.held() for lab in labs]), strict=True):
        for line, (w, u, b), letter in zip(lines, lab.weights, "ifgo", strict=True):
            assert line[0] == letter
            first = [float(n) for n in numbers(line[1].replace("− ", "+ −"))]
            np.testing.assert_allclose(first, [w, lab.x, u, lab.h_before, b], atol=6e-5)
            z, shown = float(numbers(line[2])[0]), float(numbers(line[3])[0])
            assert abs(first[0] * first[1] + first[2] * first[3] + first[4] - z) < 0.006
            assert abs((np.tanh(z) if letter == "g" else 1 / (1 + np.exp(-z))) - shown) < 0.006
            assert abs(shown - lab.gates[letter]) < 0.006


def test_a_link_brings_the_state_back(run):
    labs = [GateLab(**state) for state in (*by_hand(60, seed=15), *from_input(60, seed=16))]
    for lab, back in zip(labs, run("a.map((s) => m.unlink(m.link(s)))", [lab.held() for lab in labs]), strict=True):
        other = GateLab(**back)
        for name in (*GATES, "c_before", "h_before", "x"):
            assert getattr(other, name) == pytest.approx(getattr(lab, name), abs=1e-6)
        assert other.mode == lab.mode and np.allclose(other.weights, lab.weights, atol=1e-6)
    assert GateLab().link() == "#gate_lab=hand,i0.3,f0.5,g0.6,o0.5,c0.8,h0.3,x1"
    assert run("m.unlink('#gate_lab=f1,i0')") == {"forget": 1, "input": 0}


NONSENSE = ["", "#", "#gate_lab", "#gate_lab=", "#gate_lab=f", "#gate_lab=f2", "#gate_lab=f-0.1", "#gate_lab=fNaN", "#gate_lab=f1e-3"]
NONSENSE += ["#gate_lab=q1", "#gate_lab=f0.5,<b>", "#gate_lab=w1_2_3", "#gate_lab=w" + "_".join(["99"] * 12), "#gate_lab=both", "#other=f1"]
NONSENSE += ["#gate_lab=f0.5;i0.1", "#gate_lab=f 0.5", "#gate_lab_2=f1", "#gate_lab=c1001", "#gate_lab=%E0%A4%A", "#gate_lab=__proto__"]


def test_nonsense_in_an_address_is_ignored(run):
    assert run("a.map((text) => m.unlink(text))", NONSENSE) == [None] * len(NONSENSE)
    assert run("[m.unlink(null), m.unlink(undefined), m.unlink(5)]") == [None] * 3


# In the page


@pytest.fixture
def alive(chromium, tmp_path):
    """A page in the file system on which stored widgets have come to life, as on the site."""
    contexts = []

    def show(*views, hash="", **options):
        context = chromium.new_context(**{"viewport": {"width": 680, "height": 1000}, **options})
        contexts.append(context)
        page = context.new_page()
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda message: page.wrong.append(message.text))
        modules = json.dumps({"gate_lab": (SOURCES / "gate_lab.js").read_text("utf-8")}).replace("</", "<\\/")
        path = tmp_path / "page.html"
        path.write_text(
            '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<style>{STYLE}body{{font:17px sans-serif;margin:16px}}</style>{''.join(view.stored() for view in views)}"
            f"<script>window.lstmWidgets = {modules}</script><script>{HOST.read_text('utf-8')}</script>",
            "utf-8",
        )
        page.goto(path.as_uri() + hash)
        page.wait_for_selector("[data-live]")
        return page

    yield show
    for context in contexts:
        context.close()


def shows(page, lab):
    """Whether everything on the page says what Python says of this state."""
    assert page.get_by_role("status").inner_text() == lab.verdict()
    assert page.locator(".lw-lab-arithmetic").inner_text().replace("\n", " ").split() == lab.arithmetic().replace("\n", " ").split()
    assert page.locator(".lw-lab-stage svg").get_attribute("aria-label") == lab.description()
    drawn = page.locator(".lw-lab-stage svg text").all_text_contents()
    now = gate_lab.cell(lab.held())
    assert {gate_lab.say(now[name]) for name in "pqt"} | {f"c = {gate_lab.say(now['c'])}", f"h = {gate_lab.say(now['h'])}"} <= set(drawn)
    for name, letter in (("forget gate", "f"), ("input gate", "i"), ("candidate", "g"), ("output gate", "o")):
        if lab.mode == "hand":
            value = gate_lab.say(lab.candidate) if letter == "g" else gate_lab.say_gate(now[letter])
            assert page.get_by_role("slider", name=f"{name} {letter}").get_attribute("aria-valuetext") == value
    assert page.wrong == []


def test_every_slider_answers_the_keyboard_in_turn(alive):
    lab = GateLab()
    page = alive(lab)
    shows(page, lab)
    page.get_by_role("slider", name="long-term before c").focus()
    for name, key, value in (
        ("c_before", "ArrowLeft", 0.75),
        ("forget", "End", 1.0),
        ("input", "Home", 0.0),
        ("candidate", "ArrowRight", 0.61),
        ("output", "End", 1.0),
        ("h_before", "Home", -1.0),
    ):
        page.keyboard.press(key)
        setattr(lab, name, value)
        shows(page, lab)
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle + document.activeElement.matches(':focus-visible')")
        assert ring == "solidtrue"
        page.keyboard.press("Tab")


def test_presets_and_steps_are_buttons(alive):
    lab = GateLab()
    page = alive(lab)
    for name in PRESETS:
        page.get_by_role("button", name=name).press("Enter")
        lab.preset(name)
        shows(page, lab)
        assert page.get_by_role("button", name=name).get_attribute("aria-pressed") == "true"
    steps = page.get_by_role("img", name="The memories after")
    for button, move in (("one step on", lab.step), ("one step on", lab.step), ("undo", lab.undo), ("one step on", lab.step)):
        page.get_by_role("button", name=button).click()
        move()
        shows(page, lab)
        assert f"after {len(lab.trace) - 1} step" in steps.get_attribute("aria-label")
        assert page.locator(".lw-lab-plot circle").count() == 2 * (len(lab.trace) + 1)
    page.get_by_role("button", name="reset").click()
    lab.reset()
    shows(page, lab)
    assert page.get_by_role("button", name="undo").get_attribute("aria-disabled") == "true"
    page.get_by_role("button", name="undo").click(force=True)
    shows(page, lab)


def test_mouse_and_finger_move_the_gates(alive):
    lab = GateLab()
    page = alive(lab, has_touch=True, viewport={"width": 375, "height": 800})
    slider = page.get_by_role("slider", name="forget gate f")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, middle, steps=5)
    page.mouse.up()
    lab.forget = 1.0
    shows(page, lab)
    page.touchscreen.tap(box["x"] + 2, middle)
    lab.forget = 0.0
    shows(page, lab)


def test_gates_from_input_are_read_only_levels_with_their_sums(alive):
    lab = GateLab()
    page = alive(lab)
    modes = page.get_by_role("group", name="where the gates come from")
    modes.get_by_role("radio", name="gates from input").check()
    lab.mode = "input"
    shows(page, lab)
    assert page.get_by_role("slider").count() == 3 and not page.get_by_role("button", name="whisper").is_visible()
    page.get_by_role("slider", name="input x").press("Home")
    page.get_by_role("slider", name="short-term before h").press("End")
    lab.x, lab.h_before = -2.0, 1.0
    shows(page, lab)
    now = gate_lab.cell(lab.held())
    for name, letter in zip(GATES, "ifgo", strict=True):
        block = page.locator(f"label.lw-lab-{name}")
        value = now[letter]
        assert f"z = {gate_lab.say(now['z']['ifgo'.index(letter)])}" in block.inner_text()
        assert f"{letter} = {gate_lab.say(value) if letter == 'g' else gate_lab.say_gate(value)}" in block.inner_text()
        bar, filled = block.locator(".lw-lab-bar").bounding_box(), block.locator(".lw-lab-filled").bounding_box()
        assert filled["width"] / (bar["width"] - 2) == pytest.approx(abs(value) / (2 if letter == "g" else 1), abs=0.02)
    field = page.get_by_role("spinbutton", name="u of the forget gate")
    field.fill("-2.5")
    field.press("Tab")
    lab.weights = [USUAL[0], [-1.0, -2.5, 1.5], *USUAL[2:]]
    shows(page, lab)
    field.fill("77")
    field.press("Tab")
    assert field.input_value() == "-2.5"
    shows(page, lab)
    page.get_by_role("button", name="the usual weights").click()
    page.get_by_role("button", name="one step on").click()
    lab.weights = USUAL
    lab.step()
    shows(page, lab)
    modes.get_by_role("radio", name="gates by hand").check()
    lab.mode = "hand"
    shows(page, lab)


def test_a_memory_may_leave_its_vessel_and_its_slider_follows(alive):
    lab = GateLab(c_before=2.9, forget=1.0, input=1.0, candidate=1.0)
    page = alive(lab)
    page.get_by_role("button", name="one step on").click()
    lab.step()
    slider = page.get_by_role("slider", name="long-term before c")
    assert slider.get_attribute("aria-valuetext") == "3.90" and slider.input_value() == "3.9"
    shows(page, lab)


@pytest.mark.parametrize("mode", ["hand", "input"])
def test_nothing_overlaps_on_any_screen(alive, mode):
    lab = GateLab(mode=mode, c_before=-2.95, h_before=-0.95, candidate=-0.95, weights=[[-1.0, -1.0, -1.0]] * 4)
    page = alive(lab)
    for width in (1280, 680, 632, 375, 360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        ready = "document.querySelector('.lw-lab-stage svg').viewBox.baseVal.width === document.querySelector('.lw-lab-stage').clientWidth"
        page.wait_for_function(ready)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = page.evaluate("""() => {
            const inside = document.querySelector(".lw-lab").getBoundingClientRect();
            const rows = ".lw-lab-stage text, .lw-lab-block:not([hidden]) > :not([hidden])";
            return [...document.querySelectorAll(rows)].map((node) => {
                let {left, right, top, bottom} = node.getBoundingClientRect();
                if (node.nodeName !== "INPUT" && node.nodeName !== "text" && node.childElementCount === 0) {
                    const range = document.createRange();
                    range.selectNodeContents(node);
                    ({left, right, top, bottom} = range.getBoundingClientRect());
                }
                if (node.nodeName === "INPUT") [top, bottom] = [top + 8, bottom - 8];
                return [left, right, top + 2, bottom - 3, node.textContent || node.getAttribute("aria-label") || node.className,
                    left >= inside.left + 10 && right <= inside.right - 10];
            });
        }""")
        for n, (left, right, top, bottom, words, fits) in enumerate(boxes):
            assert fits, (width, words)
            for other in boxes[n + 1 :]:
                apart = right <= other[0] or other[1] <= left or bottom <= other[2] or other[3] <= top
                assert apart, (width, words, other[4])
        for control in page.locator(".lw-lab input[type=range]:visible, .lw-lab-button:visible, .lw-lab-weights input:visible").all():
            assert control.bounding_box()["height"] >= 32


def test_a_frame_of_a_drag_is_short(alive):
    for mode, name in (("hand", "forget gate f"), ("input", "input x")):
        page = alive(GateLab(mode=mode, trace=[[0.1, 0.2]] * 20))
        page.get_by_role("slider", name=name).evaluate("input => { window.moved = input }")
        move = """(n) => {
            moved.value = n / 80;
            moved.dispatchEvent(new Event("input"));
        }"""
        assert answered(page, move) < FRAME


def test_a_link_is_shown_and_opens_the_same_state(alive):
    lab = GateLab()
    page = alive(lab)
    page.get_by_role("button", name="whisper").click()
    lab.preset("whisper")
    page.get_by_role("button", name="copy link").click()
    page.wait_for_function("document.querySelector('.lw-lab-link').textContent")
    address = page.locator(".lw-lab-address").inner_text()
    assert address == page.url and address.endswith(lab.link())
    other = alive(GateLab(), hash=lab.link())
    shows(other, lab)
    other.evaluate("location.hash = '#gate_lab=f0,i1'")  # a link in the text of the same page
    other.wait_for_function("document.querySelector('[role=status]').textContent.startsWith('It forgets')")
    lab.forget, lab.input = 0, 1
    shows(other, lab)


def test_of_two_labs_on_a_page_a_link_means_one(alive):
    page = alive(GateLab(), GateLab(), hash="#gate_lab_2=f0,i1")
    page.wait_for_function("document.querySelectorAll('[data-live]').length === 2")
    first, second = page.get_by_role("status").all_inner_texts()
    assert first.startswith("It keeps 50 %") and second.startswith("It forgets")
    page.get_by_role("button", name="copy link").nth(1).click()
    page.wait_for_function("document.querySelectorAll('.lw-lab-link')[1].textContent.includes('#gate_lab_2=hand')")


@pytest.mark.parametrize("text", [text for text in NONSENSE if text])
def test_a_page_with_nonsense_in_its_address_is_as_stored(alive, text):
    lab = GateLab()
    page = alive(lab, hash=text)
    shows(page, lab)


LIVE = """(() => {
    const heard = {}, sent = [];
    const model = {
        get: (name) => a[name],
        set: (name, value) => { a[name] = value; sent.push(name); (heard[name] ?? []).forEach((call) => call()); },
        on: (event, call) => (heard[event.slice(7)] ??= []).push(call),
        off: (event, call) => (heard[event.slice(7)] = heard[event.slice(7)].filter((other) => other !== call)),
        save_changes: () => sent.push("saved"),
        send() {},
    };
    const el = document.createElement("div");
    document.body.replaceChildren(el);
    location.hash = "#gate_lab=f0,i0";
    const stop = m.default.render({model, el});
    const first = el.querySelector("[role=status]").textContent;
    model.set("forget", 1);
    const second = el.querySelector("[role=status]").textContent;
    sent.length = 0;
    const slider = el.querySelector("[aria-label='input gate i']");
    slider.value = 0;
    slider.dispatchEvent(new Event("input"));
    const third = el.querySelector("[role=status]").textContent;
    const links = el.querySelectorAll("output").length;
    const before = Object.values(heard).flat().length;
    stop();
    location.hash = "";
    return [first, second, third, a.input, sent, links, before, Object.values(heard).flat().length];
})()"""


def test_behind_a_kernel_it_follows_python_tells_python_and_leaves_the_address_alone(run):
    lab = GateLab()
    first, second, third, value, sent, links, before, after = run(LIVE, lab.held())
    assert first == lab.verdict()
    lab.forget = 1
    assert second == lab.verdict()
    lab.input = 0
    assert third == lab.verdict()
    assert (value, sent, links, before, after) == (0, ["input", "saved"], 0, 10, 0)


def test_water_moves_slowly_only_for_those_who_like_motion(alive):
    for motion, moves in (("reduce", False), ("no-preference", True)):
        page = alive(GateLab(), reduced_motion=motion)
        page.get_by_role("button", name="overwrite").click()
        seconds = "getComputedStyle(document.querySelector('.lw-lab-water')).transitionDuration"
        assert (page.evaluate(seconds) != "0s") == moves
        page.get_by_role("slider", name="forget gate f").press("Home")
