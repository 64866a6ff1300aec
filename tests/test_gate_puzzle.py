"""The gate puzzle in Python, its JavaScript against Python in a real browser, and the game as it is played."""

import base64
import functools
import html
import itertools
import json
import re
import xml.dom.minidom
from pathlib import Path

import numpy as np
import pytest
import traitlets
from living import FRAME, SOURCES, answered, style

from lstmbook import cells, palette, tasks
from lstmbook.widgets import gate_puzzle
from lstmbook.widgets.gate_puzzle import GatePuzzle

LEVELS = gate_puzzle.levels()
NUMBERS = [1, 2, 3, 4, 5]
SENTENCES, RULES = [1, 2, 3], [4, 5]


def schedules(count, seed):
    """Random play: (level, gates, used_hint), some far from the solution and some near."""
    rng = np.random.default_rng(seed)
    for n in range(count):
        level = n % 5 + 1
        gates = np.array(LEVELS[level - 1]["solution"])
        if rng.random() < 0.25:
            gates = rng.integers(0, 2, gates.shape)
        else:
            wrong = rng.integers(0, gates.size, rng.integers(0, 4))
            gates.flat[wrong] = 1 - gates.flat[wrong]
            if rng.random() < 0.2:  # junk comes in and stays
                row = rng.integers(0, len(gates))
                gates[row, :2] = gates[row:, 0] = 1
        yield level, gates.tolist(), bool(rng.random() < 0.3)


def as_list(view, values):
    return values if view.level in RULES else [values]


def test_the_five_levels_are_what_the_chapter_says():
    assert [level["title"] for level in LEVELS] == [
        "One fact",
        "Two facts, the second is asked",
        "Forget at the full stop",
        "Count",
        "Brackets",
    ]
    first = LEVELS[0]["strings"][0]
    assert tuple(word for word, _, _ in first["steps"]) == tasks.sentence("Maharashtra", gap=8).shown
    assert first["asks"] == [[13, 0, tasks.STATES["Maharashtra"]]]
    assert LEVELS[1]["strings"][0]["asks"][0][2] == tasks.STATES["Kerala"]
    assert LEVELS[2]["strings"][0]["asks"][0][2] == tasks.STATES["Punjab"]
    sizes = [len(gate_puzzle.closed(level)) for level in LEVELS]
    assert len(set(sizes)) == 5  # so gates that fit one level fit no other, and a new level closes them
    assert all(abs(g) < 1 for level in LEVELS for s in level["strings"] for _, g, _ in s["steps"])  # a candidate is a tanh


def test_what_is_asked_of_the_strings_is_true():
    for string in LEVELS[3]["strings"]:
        text = "".join(sign for sign, _, _ in string["steps"])
        assert string["asks"] == [[len(text) - 1, 0, str(text.count("a"))]] and text[-1] == "?"
    deepest = []
    for string in LEVELS[4]["strings"]:
        text = "".join(sign for sign, _, _ in string["steps"])
        depths = np.cumsum([(sign == "(") - (sign == ")") for sign in text])
        assert depths.min() >= 0
        want = f"{depths[-1]} open" if depths[-1] else "balanced"
        assert string["asks"][0][2] == want
        deepest.append(depths.max())
    assert max(deepest) == 3


def test_the_memory_is_that_of_an_lstm_cell_with_these_gates():
    cell = cells.LSTMCell(inputs=1, units=1, rng=np.random.default_rng(0))
    cell.params["W"][:] = cell.params["U"][:] = 0.0
    for level, gates, _ in schedules(60, seed=0):
        view = GatePuzzle(level=level, gates=gates)
        pairs = zip(LEVELS[level - 1]["strings"], as_list(view, view.memory), as_list(view, view.shown), strict=True)
        for string, memory, shown in pairs:
            h = c = np.zeros((1, 1))
            for (_, g, row), ours_c, ours_h in zip(string["steps"], memory, shown, strict=True):
                f, i, o = (1e4 if gate else -1e4 for gate in gates[row])
                cell.params["b"][:] = [i, f, np.arctanh(g), o]
                h, c = cell.forward(np.zeros((1, 1)), h, c)
                np.testing.assert_allclose([ours_c, ours_h], [c.item(), h.item()], atol=1e-12)


def wanted(puzzle, gates):
    """The goal as it is told: at a question the gate is open and h is the tanh of the right code; elsewhere h is 0."""
    codes = {answer: code for code, answer in puzzle["reads"]}
    for string in puzzle["strings"]:
        asks, c = {ask: want for ask, _, want in string["asks"]}, 0.0
        for t, (_, g, row) in enumerate(string["steps"]):
            f, i, o = gates[row]
            c = f * c + i * g
            right = o and abs(c - codes[asks[t]]) < 0.01 if t in asks else not o or abs(c) < 1e-9
            if not right:
                return False
    return True


def test_a_level_is_solved_if_its_goal_is_reached():
    seen = []
    for level, gates, hint in schedules(1500, seed=1):
        view, puzzle = GatePuzzle(level=level, gates=gates, used_hint=hint), LEVELS[level - 1]
        assert view.solved == wanted(puzzle, gates)
        best = sum(map(sum, puzzle["solution"]))
        worth = 0 if not view.solved else 1 if hint else 3 if sum(map(sum, gates)) == best else 2
        assert view.stars == worth
        seen.append(worth)
    assert set(seen) == {0, 1, 2, 3} and seen.count(0) > 300


@pytest.mark.parametrize("level", SENTENCES)
def test_par_is_the_fewest_openings_over_all_schedules(level):
    """All 8**T schedules at once: for every memory that can be reached, the fewest openings on a way there that still reaches the goal."""
    puzzle = LEVELS[level - 1]
    string, codes = puzzle["strings"][0], {answer: code for code, answer in puzzle["reads"]}
    asks, ways = {ask: want for ask, _, want in string["asks"]}, {0.0: 0}
    for t, (_, g, _) in enumerate(string["steps"]):
        after = {}
        for (c, cost), (f, i, o) in itertools.product(ways.items(), itertools.product([0, 1], repeat=3)):
            new = round(f * c + i * g, 6) + 0.0
            if (o and abs(new - codes[asks[t]]) < 0.01) if t in asks else (not o or new == 0):
                after[new] = min(after.get(new, 99), cost + f + i + o)
        ways = after
    assert min(ways.values()) == GatePuzzle(level=level).par


@pytest.mark.parametrize("level", RULES)
def test_par_is_the_fewest_openings_over_all_rules(level):
    puzzle = LEVELS[level - 1]
    size = 3 * len(puzzle["rules"])
    good = [flat for flat in itertools.product([0, 1], repeat=size) if wanted(puzzle, np.reshape(flat, (-1, 3)).tolist())]
    assert len(good) == 1  # one rule, and no other, reads all three strings
    assert np.reshape(good[0], (-1, 3)).tolist() == puzzle["solution"]
    assert GatePuzzle(level=level).par == sum(good[0])


@pytest.mark.parametrize("level", SENTENCES)
def test_a_memory_with_junk_in_it_is_read_as_no_answer(level):
    puzzle = LEVELS[level - 1]
    codes = {code for code, _ in puzzle["reads"] if code}
    reached = {(0.0, 0)}  # the memory, and how many candidates are mixed in it, with junk counting as two
    for _, g, _ in puzzle["strings"][0]["steps"]:
        parts = 1 if g in codes else 2
        reached = {
            (round(f * c + i * g, 6) + 0.0, min(2, f * mixed + i * parts))
            for c, mixed in reached
            for f, i in itertools.product([0, 1], repeat=2)
        }
        for c, mixed in reached:
            assert (gate_puzzle.read(puzzle, np.tanh(c)) == "garbled") == (mixed == 2)


@pytest.mark.parametrize("level", NUMBERS)
def test_solve_solves_and_reset_closes(level):
    view = GatePuzzle(level=level)
    assert not view.solved and view.openings == 0
    assert view.message().endswith("Every gate is closed: nothing is written, kept or shown.")
    view.solve()
    assert view.solved and view.used_hint and view.stars == 1 and view.openings == view.par
    view.used_hint = False
    assert view.stars == 3 and f"Solved with {view.par} gate openings, the fewest possible: 3 stars." in view.message()
    view.reset()
    assert view.gates == gate_puzzle.closed(LEVELS[level - 1]) and not view.used_hint


def test_the_first_wrong_step_is_the_one_that_spoils_it():
    def said(level, *flips):
        view = GatePuzzle(level=level)
        gates = [list(row) for row in LEVELS[level - 1]["solution"]]
        for row, gate in flips:
            gates[row]["fio".index(gate)] ^= 1
        view.gates = gates
        found = gate_puzzle.check(view.levels[level - 1], view.gates)
        return found["string"], found["step"], view.message()

    assert said(1, (8, "i")) == (
        0,
        8,
        "Shown: garbled. At word 9, “cities”, the input gate is open: its junk is added to the name.",
    )
    assert said(1, (8, "i"), (8, "f"))[2].endswith("At word 9, “cities”, the input gate is open: its junk is written over the name.")
    assert said(1, (8, "f"), (10, "f")) == (
        0,
        8,
        "Shown: unknown. At word 9, “cities”, the forget gate is closed: the name is lost.",
    )
    assert said(1, (0, "i"))[1:] == (0, "Shown: unknown. At word 1, “Maharashtra”, the input gate is closed: it is not written.")
    assert said(1, (13, "o"))[1:] == (13, "Shown: nothing. At word 14, “is”, the output gate is closed: no answer is shown.")
    early = "At word 5, “state”, the output gate is open: the memory is shown before the question."
    assert said(1, (4, "o"))[1:] == (4, f"Shown: Marathi. {early}")
    assert said(1, (0, "f"))[2] == "Shown: Marathi. Solved, with 16 gate openings where 15 are enough: 2 stars."
    both = [(0, "i"), (1, "f"), (2, "f"), (3, "f")]
    assert said(2, *both)[1:] == (
        3,
        "Shown: garbled. At word 4, “Kerala”, the forget gate is open: the new name is added to the old one.",
    )
    assert said(2, *both[:3])[0] is None  # the old name was forgotten in time
    kept = [(t, "f") for t in range(6, 15)]
    assert said(3, *kept)[1:] == (6, "Shown: Punjabi, then Punjabi. At word 7, the full stop, the forget gate is open: the old name stays.")
    assert said(3, *kept[:4])[0] is None
    assert said(3, (14, "i"))[2].endswith("At word 15, “speak”, the input gate is open: its junk goes into the empty memory.")
    late = [(8, "i"), *((t, "f") for t in range(8, 15))]
    assert said(3, *late)[1:] == (
        8,
        "Shown: Punjabi, then garbled. At word 9, “next”, the input gate is open: its junk goes into the empty memory.",
    )
    assert said(4, (0, "i"))[2].endswith("In “mango”, at letter 2, “a”, the input gate is closed: it does not count.")
    assert said(4, (2, "o"))[2].endswith("In “mango”, at letter 6, the question mark, the output gate is closed: no answer is shown.")
    assert said(4, (0, "f")) == (
        1,
        5,
        "Shown: 1, 1, 1. In “samosa”, at letter 6, “a”, the forget gate is closed: the count is lost.",
    )
    assert said(5, (1, "i"))[2].startswith("Shown: 3 open, 3 open, 2 open. In “((a(b)))”, at sign 6, “)”, the input gate is closed")


@pytest.mark.parametrize(
    ("level", "gates", "what"),
    [
        (1, [[0, 0, 0]] * 13, "14 rows [f, i, o] of zeros and ones, one for each word of level 1"),
        (2, [[0, 0]] * 12, "12 rows [f, i, o] of zeros and ones, one for each word of level 2"),
        (4, [[0, 2, 0]] * 3, "3 rows [f, i, o] of zeros and ones, one for each kind of sign of level 4"),
        (5, [], "4 rows [f, i, o] of zeros and ones, one for each kind of sign of level 5"),
    ],
)
def test_gates_that_do_not_fit_are_one_sentence_and_change_nothing(level, gates, what):
    view = GatePuzzle(level=level)
    before = view.held()
    with pytest.raises(traitlets.TraitError, match=rf"^gates must be {re.escape(what)}$"):
        view.gates = gates
    with pytest.raises(traitlets.TraitError, match="gates must be"):
        GatePuzzle(level=level, gates=gates)
    assert view.held() == before


@pytest.mark.parametrize("level", [0, 6, -1])
def test_a_level_that_is_not_there_is_one_sentence_and_changes_nothing(level):
    view = GatePuzzle(level=2)
    view.solve()
    before = view.held()
    with pytest.raises(traitlets.TraitError, match=rf"^level must be a whole number from 1 to 5, not {level}$"):
        view.level = level
    with pytest.raises(traitlets.TraitError, match="level must be"):
        GatePuzzle(level=level)
    with pytest.raises(traitlets.TraitError):
        view.levels = []
    assert view.held() == before


def test_arrays_and_booleans_are_gates_too():
    view = GatePuzzle(level=5)
    view.gates = np.array(LEVELS[4]["solution"])
    assert view.solved and json.dumps(view.gates) == json.dumps(LEVELS[4]["solution"])
    view.gates = np.array(LEVELS[4]["solution"]) > 0
    assert view.solved and json.dumps(view.gates) == json.dumps(LEVELS[4]["solution"])


def test_another_level_closes_the_gates_unless_the_page_sends_them_along():
    view = GatePuzzle(level=1)
    view.solve()
    view.level = 2
    assert view.gates == [[0, 0, 0]] * 12 and not view.used_hint
    view.set_state({"level": 3, "gates": LEVELS[2]["solution"], "used_hint": True})  # what the page does
    assert (view.level, view.gates, view.used_hint) == (3, LEVELS[2]["solution"], True)
    with pytest.raises(traitlets.TraitError):
        view.set_state({"level": 4, "gates": LEVELS[1]["solution"]})
    assert (view.level, view.gates) == (3, LEVELS[2]["solution"])


@pytest.mark.parametrize("level", NUMBERS)
def test_what_is_stored_is_a_true_picture_and_the_same_in_every_run(level):
    view, twin = GatePuzzle(level=level), GatePuzzle(level=level)
    view.solve()
    twin.solve()
    text = view.stored()
    assert text == twin.stored() and len(text) < 50_000
    assert json.loads(html.unescape(re.search('data-state="([^"]*)"', text)[1])) == view.held()
    assert html.unescape(re.search('alt="([^"]*)"', text)[1]) == view.description()
    svg = base64.b64decode(re.search('base64,([^"]*)', text)[1]).decode()
    drawing = xml.dom.minidom.parseString(svg)
    words = [node.firstChild.data for node in drawing.getElementsByTagName("text")]
    for string in LEVELS[level - 1]["strings"]:
        assert all(word in words for word, _, _ in string["steps"])
    assert view.message() in " ".join(words)
    gates = [node.getAttribute("fill") for node in drawing.getElementsByTagName("circle")]
    assert len(gates) == 3 * len(view.gates)
    for kind, gate in [("forget", 0), ("input", 1), ("output", 2)]:
        assert gates.count(palette.COLOURS[kind]) == sum(row[gate] for row in view.gates)
    right = [float(n.getAttribute("x")) for n in drawing.getElementsByTagName("text")]
    assert min(right) > 0 and max(right) < 700


@pytest.fixture(scope="session")
def run(javascript):
    return functools.partial(javascript, "gate_puzzle")


def test_the_game_computes_and_says_in_javascript_what_it_does_in_python(run):
    cases = list(schedules(1000, seed=2))
    expression = """a.cases.map(([n, gates, hint]) => {
        const p = a.levels[n - 1];
        return [m.play(p, gates), m.answers(p, gates), m.check(p, gates, hint), m.stars(p, gates, hint), m.openings(gates)];
    })"""
    theirs = run(expression, {"levels": LEVELS, "cases": cases})
    for (level, gates, hint), (played, answers, found, stars, openings) in zip(cases, theirs, strict=True):
        view, puzzle = GatePuzzle(level=level, gates=gates, used_hint=hint), LEVELS[level - 1]
        for ours, drawn in zip(gate_puzzle.play(puzzle, gates), played, strict=True):
            np.testing.assert_allclose([drawn["c"], drawn["h"]], ours, rtol=0, atol=1e-14)
        assert answers == view.answers
        assert found == gate_puzzle.check(puzzle, gates, hint) and found["message"] == view.message()
        assert (stars, openings) == (view.stars, view.openings)


def test_numbers_are_written_alike(run):
    values = [-0.04, -0.06, 0, -0.0, 5.5e-17, -5.5e-17, 0.3 + 0.6, -2.1, 1.2, np.tanh(0.9)]
    assert run("a.map((v) => [m.number(v, 1), m.number(v, 2)])", values) == [
        [gate_puzzle.number(v, 1), gate_puzzle.number(v, 2)] for v in values
    ]
    assert [gate_puzzle.number(v, 1) for v in values[:7]] == ["0.0", "−0.1", "0.0", "0.0", "0.0", "0.0", "0.9"]


def test_one_gate_turns_and_a_row_of_gates_turns(run):
    gates = [[0, 1, 0], [1, 1, 0]]
    assert run("m.toggled(a, 1, 2)", gates) == [[0, 1, 0], [1, 1, 1]]
    assert run("m.everywhere(a, 0)", gates) == [[1, 1, 0], [1, 1, 0]]
    assert run("m.everywhere(a, 1)", gates) == [[0, 0, 0], [1, 0, 0]]


def test_spoilt_progress_starts_afresh(run):
    fresh = {"level": 1, "stars": [0] * 5, "hints": [False] * 5, "gates": [gate_puzzle.closed(level) for level in LEVELS]}
    spoilt = [None, 3, "x", [], {"stars": 7, "gates": "no", "level": 9}, {"stars": [4, -1, "3", None], "hints": [1], "level": 1.5}]
    assert run("a.spoilt.map((s) => m.tidy(s, a.levels))", {"spoilt": spoilt, "levels": LEVELS}) == [fresh] * len(spoilt)
    good = {"level": 4, "stars": [3, 2, 1, 0, 3], "hints": [False, False, True, False, False], "gates": [x["solution"] for x in LEVELS]}
    assert run("m.tidy(a.good, a.levels)", {"good": good, "levels": LEVELS}) == good
    gates = [*good["gates"][1:], [[0, 0, 2]] * 4]
    assert run("m.tidy(a.good, a.levels)", {"good": {**good, "gates": gates}, "levels": LEVELS})["gates"] == fresh["gates"]


def html_page(view, theme="light"):
    host = (Path(__file__).parents[1] / "book" / "extensions" / "widget_host.js").read_text("utf-8")
    css = style()
    source = json.dumps((SOURCES / f"{view.stem}.js").read_text("utf-8")).replace("</", "<\\/")
    look = {
        "light": "background:#fff",
        "dark": "background:#14181e;color:#ced6dd;--pst-color-text-base:#ced6dd;--pst-color-text-muted:#9ca4af",
    }[theme]
    look += ";--pst-color-surface:#29313d" if theme == "dark" else ""
    return (
        f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8">'
        f'<title>A puzzle</title><meta name="viewport" content="width=device-width">'
        f"<style>{css}body{{margin:0;padding:16px;font:16px/1.6 sans-serif;{look}}}</style>"
        f"<main><h1>A page</h1>{view.stored()}</main><script>window.lstmWidgets = {{{view.stem}: {source}}}</script><script>{host}</script>"
    )


@pytest.fixture
def alive(chromium, tmp_path):
    """A page from the file system on which a stored puzzle has come to life, as in the book."""
    contexts = []

    def show(view, theme="light", refuse=False, **options):
        path = tmp_path / "page.html"
        path.write_text(html_page(view, theme), "utf-8")
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        if refuse:
            page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})")
        page.goto(path.as_uri())
        page.wait_for_selector("[data-live]")
        return page

    yield show
    for context in contexts:
        context.close()


def gate(page, name):
    return page.get_by_role("button", name=name, exact=True)


def total(page):
    return page.locator(".lw-puz-total").inner_text()


def status(page):
    return page.get_by_role("status").inner_text()


def test_the_keyboard_alone_plays_all_five_levels(alive):
    page = alive(GatePuzzle(), reduced_motion="reduce")
    gate(page, "show at every word").focus()
    page.keyboard.press("Tab")
    for level in NUMBERS:
        view, solution = GatePuzzle(level=level), LEVELS[level - 1]["solution"]
        assert page.evaluate("document.activeElement.getAttribute('role')") == "group"
        for row, gates in enumerate(solution):
            for letter, is_open in zip("fio", gates, strict=True):
                if is_open:
                    page.keyboard.press(letter)
            view.gates = [*solution[: row + 1], *view.gates[row + 1 :]]
            assert status(page) == view.message()
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        page.wait_for_function("!document.querySelector('.lw-puz-box').dataset.running")
        assert "3 stars" in status(page)
        assert total(page) == f"{3 * level} of 15 stars"
        assert gate(page, f"level {level}, {LEVELS[level - 1]['title']}, 3 of 3 stars").get_attribute("aria-pressed") == "true"
        if level < 5:
            gate(page, "next level").focus()
            page.keyboard.press("Enter")
            page.wait_for_function("!document.querySelector('.lw-puz-box').dataset.running")
    assert page.get_by_role("progressbar").evaluate("node => node.value") == 15
    assert gate(page, "next level").count() == 0
    assert page.errors == []


def test_tab_enters_one_word_and_its_gates(alive):
    page = alive(GatePuzzle())
    gate(page, "show at every word").focus()
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"))
    assert names == [
        "word 1, Maharashtra: candidate 0.9, memory 0.0, shown 0.00",
        "keep at word 1, Maharashtra",
        "write at word 1, Maharashtra",
        "show at word 1, Maharashtra",
        "run, step by step",
    ]
    page.keyboard.press("Shift+Tab")
    for key, name in [("ArrowRight", "show at word 2, is"), ("End", "show at word 14, is"), ("ArrowRight", "show at word 14, is")]:
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == name
    page.keyboard.press("Space")
    assert gate(page, "show at word 14, is").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Enter")  # on a gate both keys turn it, as on every button
    assert gate(page, "show at word 14, is").get_attribute("aria-pressed") == "false"
    page.keyboard.press("Home")
    page.keyboard.press("Control+i")
    assert gate(page, "write at word 1, Maharashtra").get_attribute("aria-pressed") == "false"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_keys_of_the_puzzle_go_no_further(alive):
    page = alive(GatePuzzle())
    assert page.evaluate("""() => {
        const heard = [], card = document.querySelector(".lw-puz-card");
        document.addEventListener("keydown", (event) => heard.push(event.key));
        const send = (key) => card.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
        return [["f", "i", "o", "ArrowRight", "Home", "Enter"].map(send), ["Tab", "x"].map(send), heard];
    }""") == [[False] * 6, [True] * 2, ["Tab", "x"]]


def test_mouse_and_finger_turn_gates(alive):
    page = alive(GatePuzzle(), has_touch=True, viewport={"width": 375, "height": 740})
    gate(page, "keep at every word").tap()
    gate(page, "keep at word 1, Maharashtra").tap()
    gate(page, "write at word 1, Maharashtra").tap()
    gate(page, "write at word 9, cities").click()
    view = GatePuzzle(gates=[[0, 1, 0], *[[1, 0, 0]] * 7, [1, 1, 0], *[[1, 0, 0]] * 5])
    assert status(page) == view.message() and "cities" in view.message()
    assert page.locator("[data-wrong=yes]").get_attribute("aria-label").startswith("word 9, cities")
    gate(page, "write at word 9, cities").tap()
    gate(page, "show at word 14, is").tap()
    assert "3 stars" in status(page)
    labels = [page.locator(".lw-puz-card").nth(n).get_attribute("aria-label") for n in (0, 13)]
    assert labels == ["word 1, Maharashtra: candidate 0.9, memory 0.9, shown 0.00", "word 14, is: candidate −0.6, memory 0.9, shown 0.72"]


def test_the_answer_stays_in_sight_on_a_phone(alive):
    page = alive(GatePuzzle(), viewport={"width": 375, "height": 667})
    for row in (0, 6, 13):
        page.locator(".lw-puz-card").nth(row).scroll_into_view_if_needed()
        bar = page.locator(".lw-puz-verdict").bounding_box()
        assert bar["y"] >= 0 and bar["y"] + bar["height"] <= 667.5
    page.locator(".lw-puz-card").first.focus()
    for _ in range(13):  # and what has the focus is never behind it
        page.keyboard.press("ArrowRight")
        card = page.evaluate("document.activeElement.getBoundingClientRect().bottom")
        assert card <= page.locator(".lw-puz-verdict").bounding_box()["y"]


@pytest.mark.parametrize("width", [320, 360, 375, 768, 1280])
def test_the_puzzle_fits_every_screen(alive, width):
    page = alive(GatePuzzle(), viewport={"width": width, "height": 740})
    for level in NUMBERS:
        page.locator(".lw-puz-level").nth(level - 1).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        frame = page.locator(".lw-box").bounding_box()
        places = page.locator(".lw-box button:visible, .lw-puz-c, .lw-puz-h, .lw-puz-g, .lw-puz-word, .lw-box p:visible").evaluate_all(
            "nodes => nodes.map((n) => [n.tagName, ...['left', 'right', 'width', 'height'].map((k) => n.getBoundingClientRect()[k])])"
        )
        for tag, left, right, wide, tall in places:
            assert frame["x"] < left and right < frame["x"] + frame["width"]
            if tag == "BUTTON":
                assert wide >= 32 and tall >= (43 if width <= 375 else 32)
        overlaps = page.locator(".lw-puz-sign, .lw-puz-card").evaluate_all(
            """nodes => nodes.flatMap((node) => {
                const drawn = [...node.children].filter((n) => n.textContent || n.matches(".lw-puz-vessel"));
                const boxes = drawn.map((n) => n.getBoundingClientRect());
                const cross = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
                return boxes.filter((a, n) => boxes.some((b, m) => m > n && cross(a, b))).map(() => node.textContent);
            })"""
        )
        assert overlaps == []
        assert page.locator(".lw-puz-sign").evaluate_all("nodes => nodes.filter((n) => n.scrollWidth > n.clientWidth + 1).length") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_the_puzzle(alive, theme):
    from axe_playwright_python.sync_playwright import Axe

    page = alive(GatePuzzle(), theme=theme, reduced_motion="reduce")
    for level in (1, 4):
        page.locator(".lw-puz-level").nth(level - 1).click()
        gate(page, f"keep at every {'word' if level == 1 else 'sign'}").click()
        found = Axe().run(page).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")] == []


def test_a_hint_costs_stars_and_extra_openings_one(alive):
    page = alive(GatePuzzle(level=4))
    for name in ["keep at every sign", "write at every a", "show at the question mark"]:
        gate(page, name).click()
    assert total(page) == "3 of 15 stars"
    gate(page, "level 5, Brackets, 0 of 3 stars").click()
    text = LEVELS[4]["hint"]
    assert not page.get_by_text(text).is_visible()
    gate(page, "hint (leaves 1 star)").click()
    assert page.get_by_text(text).is_visible()
    for name in ["keep at every sign", "write at every opening bracket", "write at every closing bracket", "show at the question mark"]:
        gate(page, name).click()
    assert "Solved after the hint: 1 star." in status(page)
    assert total(page) == "4 of 15 stars"
    gate(page, "hint").click()
    assert not page.get_by_text(text).is_visible()
    gate(page, "close all gates").click()
    assert "Every gate is closed" in status(page) and total(page) == "4 of 15 stars"
    gate(page, "level 1, One fact, 0 of 3 stars").click()
    for name in ["keep at every word", "write at word 1, Maharashtra", "show at word 14, is"]:
        gate(page, name).click()
    assert "Solved, with 16 gate openings where 15 are enough: 2 stars." in status(page)
    assert total(page) == "6 of 15 stars"
    gate(page, "level 4, Count, 3 of 3 stars").click()
    assert "3 stars" in status(page)  # its gates are still there
    assert gate(page, "hint (leaves 1 star)").get_attribute("aria-expanded") == "false"
    gate(page, "level 5, Brackets, 1 of 3 stars").click()
    for name in ["keep at every sign", "write at every opening bracket", "write at every closing bracket", "show at the question mark"]:
        gate(page, name).click()
    assert "Solved after the hint: 1 star." in status(page) and total(page) == "6 of 15 stars"  # a hint that was read stays read


def test_progress_outlives_the_page_and_can_be_reset(alive):
    page = alive(GatePuzzle())
    gate(page, "level 4, Count, 0 of 3 stars").click()
    for name in ["keep at every sign", "write at every a", "show at the question mark"]:
        gate(page, name).click()
    page.reload()
    page.wait_for_selector("[data-live]")
    assert total(page) == "3 of 15 stars" and "3 stars" in status(page)
    assert gate(page, "level 4, Count, 3 of 3 stars").get_attribute("aria-pressed") == "true"
    gate(page, "reset progress").click()
    assert total(page) == "3 of 15 stars"
    gate(page, "run, step by step").focus()  # to go elsewhere is to think better of it
    assert gate(page, "reset progress").is_visible()
    gate(page, "reset progress").click()
    gate(page, "press again to reset").click()
    assert total(page) == "0 of 15 stars" and gate(page, "level 1, One fact, 0 of 3 stars").get_attribute("aria-pressed") == "true"
    page.reload()
    page.wait_for_selector("[data-live]")
    assert total(page) == "0 of 15 stars" and "Every gate is closed" in status(page)
    page.evaluate("localStorage.setItem('lstmbook.gate_puzzle', '{spoilt')")
    page.reload()
    page.wait_for_selector("[data-live]")
    assert total(page) == "0 of 15 stars" and page.errors == []


def test_a_state_that_was_stored_on_purpose_is_not_replaced_by_progress(alive):
    page = alive(GatePuzzle(level=4))
    gate(page, "keep at every sign").click()
    page.reload()
    page.wait_for_selector("[data-live]")
    assert "Every gate is closed" in status(page)  # level 4, as the page was written


def test_the_game_can_be_played_where_storage_is_refused(alive):
    page = alive(GatePuzzle(), refuse=True)
    gate(page, "level 4, Count, 0 of 3 stars").click()
    for name in ["keep at every sign", "write at every a", "show at the question mark"]:
        gate(page, name).click()
    gate(page, "next level").click()
    assert total(page) == "3 of 15 stars"
    gate(page, "level 4, Count, 3 of 3 stars").click()
    assert "3 stars" in status(page)
    assert page.errors == []


def test_a_run_goes_through_the_sentence_and_ends_with_the_verdict(alive):
    page = alive(GatePuzzle(level=4, gates=[[1, 1, 0], [1, 0, 0], [1, 0, 1]]))
    assert total(page) == "0 of 15 stars"  # what Python has solved earns nothing
    verdict = status(page)
    page.clock.install()
    gate(page, "run, step by step").click()
    page.clock.run_for(450 * 3)
    assert page.locator("[data-when=now] .lw-puz-word").inner_text() == "n"
    assert page.locator(".lw-puz-going").inner_text() == "n – memory 0.3, shown 0.00"
    assert page.locator("[data-when=past]").count() == 2
    page.clock.run_for(450 * 17)
    assert page.locator(".lw-puz-going").inner_text() == "? – memory 0.9, shown 0.72"
    page.clock.run_for(450)
    assert status(page) == verdict and page.locator("[data-when]").count() == 0
    gate(page, "run, step by step").click()
    page.clock.run_for(900)
    gate(page, "keep at every a").click()  # playing on ends the run
    assert "the count is lost" in status(page) and page.locator("[data-when]").count() == 0


def test_a_frame_of_the_puzzle_is_short(alive):
    for level in (3, 5):
        page = alive(GatePuzzle(level=level))
        move = """(n) => {
            const gates = document.querySelectorAll(".lw-puz-card .lw-puz-gate");
            gates[n % gates.length].click();
        }"""
        assert answered(page, move) < FRAME


FAKE = """(() => {
    const listeners = {}, sent = [];
    const state = {level: 1, gates: Array.from({length: 14}, () => [0, 0, 0]), used_hint: false, levels: a};
    let changed = {};
    const model = {
        get: (n) => state[n],
        set: (n, v) => { state[n] = v; changed[n] = v; (listeners[n] ?? []).forEach((call) => call()); },
        on: (n, call) => (listeners[n.slice(7)] ??= []).push(call),
        off: (n, call) => listeners[n.slice(7)].splice(listeners[n.slice(7)].indexOf(call), 1),
        save_changes: () => { sent.push(changed); changed = {}; },
    };
    const el = document.createElement("div");
    const stop = m.default.render({model, el});
    const press = (name) => el.querySelector(`button[aria-label="${name}"]`).click();
    const said = () => el.querySelector("[role=status]").textContent;
    const pressed = () => el.querySelectorAll(".lw-puz-card [aria-pressed=true]").length;
    const count = () => Object.values(listeners).flat().length;
    BODY
})()"""


def test_python_moves_the_page_and_the_page_tells_python(run):
    body = """
        press("write at word 1, Maharashtra");
        const one = sent.splice(0);
        press("level 5, Brackets, 0 of 3 stars");
        const two = sent.splice(0);
        model.set("level", 2); // as Python does: first the level, then its gates
        const between = [said(), el.querySelectorAll(".lw-puz-card").length];
        model.set("gates", a[1].solution);
        model.set("used_hint", true);
        const after = [said(), pressed(), el.querySelector(".lw-puz-hint").hidden, el.querySelector(".lw-puz-total").textContent];
        const before = count();
        stop();
        return {one, two, between, after, listeners: [before, count()], sent};
    """
    told = run(FAKE.replace("BODY", body), LEVELS)
    assert told["one"] == [{"gates": [[0, 1, 0]] + [[0, 0, 0]] * 13}]
    assert told["two"] == [{"level": 5, "gates": [[0, 0, 0]] * 4, "used_hint": False}]  # in one message
    view = GatePuzzle(level=2)
    assert told["between"] == [view.message(), 12]
    view.solve()
    assert told["after"] == [view.message(), 10, False, "0 of 15 stars"]
    assert told["listeners"] == [3, 0] and told["sent"] == []
