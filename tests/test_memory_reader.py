"""The reader of memories: its networks against PyTorch, in NumPy and in the browser; its words, its drawing and its page against Python."""

import functools
import html
import itertools
import json
import re
import subprocess
import sys
import xml.dom.minidom

import numpy as np
import pytest
import torch
import traitlets
from living import FRAME, SOURCES, answered, enliven, style

from lstmbook import palette, pytorch, tasks
from lstmbook.widgets import memory_reader
from lstmbook.widgets.memory_reader import LOOKS, MemoryReader

V, K = tasks.Recall.words, tasks.Recall.classes
TEXTS = {"openers": list(tasks._OPENERS), "clauses": list(tasks._CLAUSES)}
THEMES = {  # those of the site: letters, soft letters, lines, the face of a box, the page
    "light": ("#222832", "#48566b", "#d1d5da", "#f3f4f5", "#ffffff"),
    "dark": ("#ced6dd", "#9ca4af", "#48566b", "#29313d", "#14181e"),
}


def reader(kind, seed=0, units=12, features=8, scale=1.0, **others):
    """A network that nobody has trained."""
    torch.manual_seed(seed)
    made = pytorch.Reader(V, features, units, K, kind=kind, **others)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(scale)
    return made


def made(seed=0, units=(12, 10), scale=3.0, **others):
    """A view of two networks whose beliefs change from word to word."""
    return MemoryReader(reader("RNN", seed, units[0], scale=scale), reader("LSTM", seed + 1, units[1], scale=scale), **others)


def views(count, seed=0):
    """Views of random networks, sentences and choices."""
    rng = np.random.default_rng(seed)
    for n in range(count):
        units = int(rng.integers(1, 33)), int(rng.integers(1, 33))
        gap = int(rng.choice([0, 1, 2, 5, 12, 33, 60]))
        filler = [str(word) for word in rng.choice(tasks.Recall.vocabulary, gap)] if n % 2 else None
        state, draw, shown = str(rng.choice(list(tasks.STATES))), int(rng.integers(0, 1000)), str(rng.choice(list(LOOKS)))
        word = int(rng.integers(1, gap + 7))
        yield made(n, units, float(rng.choice([0.3, 3, 10])), state=state, gap=gap, filler=filler, word=word, shown=shown, draw=draw)


def by_pytorch(module, words):
    """What a Reader itself computes for a sentence: its beliefs, and by PyTorch's functions what is inside it, word by word."""
    tokens = torch.tensor([[tasks.Recall.vocabulary.index(word)] for word in words])
    weights = dict(module.recurrent.named_parameters())
    with torch.no_grad():
        beliefs = torch.softmax(module(tokens)[0][:, 0], dim=-1)
        x, state, rows = module.embedding(tokens), None, []
        for each in x:
            before = torch.zeros(1, module.recurrent.hidden_size, dtype=x.dtype) if state is None else rows[-1]["h"][None]
            linear = torch.nn.functional.linear
            z = linear(each, weights["weight_ih_l0"], weights["bias_ih_l0"])
            z = z + linear(before, weights["weight_hh_l0"], weights["bias_hh_l0"])
            _, state = module.recurrent(each[None], state)
            if isinstance(state, tuple):
                i, f, g, o = z[0].chunk(4)
                gates = {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
                rows.append({"h": state[0][0, 0], "c": state[1][0, 0], **gates})
            else:
                rows.append({"h": state[0, 0]})
    return {"beliefs": beliefs.numpy(), **{name: torch.stack([row[name] for row in rows]).numpy() for name in rows[0]}}


def one_bias(module):
    """The same network with the sum of its two biases, rounded to float32, in one of them; then all of it in float64."""
    state = module.recurrent
    with torch.no_grad():
        state.bias_ih_l0.add_(state.bias_hh_l0)
        state.bias_hh_l0.zero_()
    return module.double()


@pytest.fixture(scope="session")
def run(javascript):
    return functools.partial(javascript, "memory_reader")


@pytest.fixture
def alive(chromium):
    """A page on which the stored widget has come to life, as on the site."""
    css = style()
    pages = []

    def show(view, theme="light", **options):
        page = chromium.new_page(**options)
        pages.append(page)
        names = "text-base", "text-muted", "border", "surface", "background"
        colours = "".join(f"--pst-color-{name}:{colour};" for name, colour in zip(names, THEMES[theme], strict=True))
        look = (
            f":root{{{colours}color-scheme:{theme};}}body{{margin:16px;background:{THEMES[theme][4]}}}main{{max-width:760px;margin:auto}}"
        )
        look += "body{font:16px/1.65 'DejaVu Sans',sans-serif}"  # wide letters, where they are at hand
        head = '<meta name="viewport" content="width=device-width"><title>The reader of memories</title>'
        page.set_content(
            f'<!doctype html><html lang="en" data-theme="{theme}"><head>{head}<style>{css}{look}</style></head>'
            f"<body><main><h1>Reading the gates</h1>{view.stored()}</main></body></html>"
        )
        enliven(page, view)
        return page

    yield show
    for page in pages:
        page.close()


PAGE = """() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    return {
        status: document.querySelector("[role=status]").textContent,
        words: all("[role=option]").map((node) => node.textContent),
        chosen: all("[role=option]").flatMap((node, n) => (node.getAttribute("aria-selected") === "true" ? [n + 1] : [])),
        stops: all('[role=option][tabindex="0"]').length,
        sliders: all("input[type=range]").map((node) => [Number(node.value), node.getAttribute("aria-valuetext")]),
        state: document.querySelector("select").value,
        shown: all("input[type=radio]").filter((node) => node.checked).map((node) => node.value),
        told: all("svg[role=img]").map((node) => node.getAttribute("aria-label")),
        best: all(".lw-mem-best").map((list) => [...list.children].map((row) => row.innerText.split("\\n").join(" "))),
        map: all(".lw-mem-chart").map((node) => node.querySelectorAll(".lw-mem-cells").length),
        field: document.querySelector("textarea").value,
    };
}"""


def agrees(page, view, field=True):
    """Everything that the page says is what Python says of the same state."""
    seen = page.evaluate(PAGE)
    assert seen["status"] == view.verdict()
    assert seen["words"] == view.words and seen["chosen"] == [view.word] and seen["stops"] == 1
    filler, word = f"{view.gap} word{'s' * (view.gap != 1)}", f"{view.words[view.word - 1]}, word {view.word} of {len(view.words)}"
    assert seen["sliders"] == [[view.gap, filler], [view.word, word]]
    assert (seen["state"], seen["shown"]) == (view.state, [view.shown])
    assert seen["told"] == [view._told("RNN"), view._told("LSTM")]
    for kind, rows in zip(("RNN", "LSTM"), seen["best"], strict=True):
        beliefs = view.answers[kind][view.word - 1]
        order = np.argsort(-beliefs, kind="stable")[:3]
        marks = [" ✓" * (tasks.LANGUAGES[k] == view.answer) for k in order]
        assert rows == [f"{tasks.LANGUAGES[k]}{mark} {memory_reader.short(beliefs[k])}" for k, mark in zip(order, marks, strict=True)]
    if field:
        assert seen["field"] == " ".join(view.filler)


# The networks.


@pytest.mark.parametrize("kind", ["RNN", "LSTM"])
@pytest.mark.parametrize("scale", [0.5, 1, 4])
def test_numpy_and_javascript_compute_what_pytorch_computes(run, kind, scale):
    rng = np.random.default_rng(int(10 * scale))
    for seed in range(5):
        units, features, gap = int(rng.integers(1, 33)), int(rng.integers(1, 17)), int(rng.integers(0, 61))
        module = reader(kind, seed, units, features, scale)
        pair = {"RNN": reader("RNN"), "LSTM": reader("LSTM"), kind: module}
        words = [str(word) for word in rng.choice(tasks.Recall.vocabulary, gap)]
        view = MemoryReader(pair["RNN"], pair["LSTM"], filler=words)
        tokens = [tasks.Recall.vocabulary.index(word) for word in view.words]
        gates = 1 if kind == "RNN" else 4
        expression = f"""(() => {{
            const held = m.read(m.unpack(a.packed, {gates}, {V}, {K}), a.tokens);
            return Object.fromEntries(Object.entries(held).map(([name, rows]) => [name, rows.map((row) => [...row])]));
        }})()"""
        theirs = run(expression, {"packed": view.weights[kind], "tokens": tokens})
        rough, exact = by_pytorch(module, view.words), by_pytorch(one_bias(module), view.words)
        assert set(theirs) == set(exact) == ({"h", "beliefs"} if kind == "RNN" else {"h", "c", "i", "f", "g", "o", "beliefs"})
        for name, value in exact.items():
            ours = view.answers[kind] if name == "beliefs" else view.memory(kind, name)
            # What rounding to float32 does grows with the scale, word by word; float64 knows better.
            np.testing.assert_allclose(ours, rough[name], atol=1e-5 if scale <= 1 else 1e-3)
            np.testing.assert_allclose(ours, value, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(theirs[name], ours, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("scale", [0, 1e3, 1e30, -1e30])
def test_a_saturated_network_has_beliefs_too(run, scale):
    view = made(2, scale=scale, gap=60)
    for kind, gates in (("RNN", 1), ("LSTM", 4)):
        tokens = [tasks.Recall.vocabulary.index(word) for word in view.words]
        expression = f"Object.values(m.read(m.unpack(a[0], {gates}, {V}, {K}), a[1])).map((rows) => rows.map((row) => [...row]))"
        theirs = [np.array(rows, float) for rows in run(expression, [view.weights[kind], tokens])]  # a number that is none would be None
        assert all(np.isfinite(rows).all() for rows in theirs)
        np.testing.assert_allclose(theirs[-1], view.answers[kind], atol=1e-9)
        np.testing.assert_allclose(view.answers[kind].sum(axis=1), 1, rtol=1e-12)
        exact = by_pytorch(one_bias(reader(kind, 2 + (kind == "LSTM"), 12 if kind == "RNN" else 10, scale=scale)), view.words)
        np.testing.assert_allclose(view.answers[kind], exact["beliefs"], atol=1e-9)
    z = [-1e300, -800, -745, -30, -0.0, 0, 30, 800, 1e300]
    for ours in (run("a.map(m.sigmoid)", z), memory_reader.sigmoid(np.array(z))):
        np.testing.assert_allclose(ours, torch.sigmoid(torch.tensor(z, dtype=torch.float64)), rtol=1e-13, atol=1e-300)
    scores = [1e300, -1e300, 1e300, 5.0]
    assert run("m.softmax(a)", scores) == memory_reader.softmax(np.array(scores)).tolist() == [0.5, 0, 0.5, 0]


def test_the_page_gets_every_weight_exactly_and_no_more(run):
    module = reader("LSTM", 5, units=7, features=3)
    view = MemoryReader(reader("RNN"), module)
    packed = view.weights["LSTM"]
    state = {name: array.numpy() for name, array in module.state_dict().items()}
    biases = state["recurrent.bias_ih_l0"] + state["recurrent.bias_hh_l0"]
    order = [state["embedding.weight"], state["recurrent.weight_ih_l0"], state["recurrent.weight_hh_l0"], biases]
    order += [state["readout.weight"], state["readout.bias"]]
    np.testing.assert_array_equal(run("[...m.numbers(a)]", packed["numbers"]), np.concatenate([array.ravel() for array in order]))
    network = run(f"(() => {{ const n = m.unpack(a, 4, {V}, {K}); return [n.E, n.W, n.U, n.b, n.V, n.d].map((x) => [...x]); }})()", packed)
    for array, theirs in zip(order, network, strict=True):
        np.testing.assert_array_equal(theirs, array.ravel())
    # A network of the size that the book uses: two of them, the vocabulary once, and the picture.
    large = MemoryReader(reader("RNN", units=24, features=16), reader("LSTM", units=24, features=16))
    assert sum(len(each["numbers"]) for each in large.weights.values()) < 56_000
    assert len(large.stored()) < 115_000


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rnn": "LSTM"}, "rnn must be a lstmbook.pytorch.Reader of the kind 'RNN', not of the kind 'LSTM'"),
        ({"lstm": "GRU"}, "lstm must be a lstmbook.pytorch.Reader of the kind 'LSTM', not of the kind 'GRU'"),
        ({"lstm": None}, "lstm must be a lstmbook.pytorch.Reader of the kind 'LSTM', not Linear"),
        ({"depth": 2}, ".* with one layer, but this one has 2"),
        ({"units": 33}, ".* with at most 32 units, but this one has 33"),
        ({"words": None}, ".* that reads words, but this one has no embedding"),
        ({"words": V - 1}, rf".* for the {V} words and 16 languages of tasks.Recall, but this one has {V - 1} and 16"),
        ({"classes": 4}, rf".* for the {V} words and 16 languages of tasks.Recall, but this one has {V} and 4"),
        ({"nan": True}, "lstm has weights that are not finite numbers: its training has diverged"),
    ],
)
def test_a_wrong_network_is_one_sentence(change, sentence):
    pair = {"rnn": reader("RNN"), "lstm": reader("LSTM")}
    for name in set(change) & set(pair):
        pair[name] = torch.nn.Linear(2, 2) if change[name] is None else reader(change[name])
    sizes = {name: value for name, value in change.items() if name in ("depth", "units", "words", "classes")}
    if sizes:
        pair["lstm"] = pytorch.Reader(**{"words": V, "features": 4, "units": 5, "classes": K, **sizes})
    if "nan" in change:
        pair["lstm"].readout.bias.data[3] = float("nan")
    with pytest.raises(ValueError, match=rf"^{sentence}$"):
        MemoryReader(**pair)


def test_the_website_needs_no_pytorch():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import lstmbook.widgets.memory_reader as m\n"
        "assert m.MemoryReader.stem == 'memory_reader' and len(m.between(20, 3)) == 20"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# The sentence.


def test_without_shuffling_the_words_are_those_of_the_task():
    for gap in range(61):
        assert memory_reader.between(gap, 0) == list(tasks.sentence("Kerala", gap).words[1:-5])


def test_other_words_are_whole_clauses_too_and_the_same_in_both_languages(run):
    rng = np.random.default_rng(0)
    cases = [(int(gap), int(draw), bool(opening)) for gap, draw, opening in zip(
        rng.integers(0, 61, 300), rng.integers(0, 1000, 300), rng.integers(0, 2, 300), strict=True)]  # fmt: skip
    ours = [memory_reader.between(*case) for case in cases]
    assert run("a[0].map(([gap, draw, opening]) => m.between(gap, draw, a[1], opening))", [cases, TEXTS]) == ours
    clauses = "|".join(tasks._CLAUSES)
    for (gap, _, opening), words in zip(cases, ours, strict=True):
        start = f"({'|'.join(tasks._OPENERS)}) " if opening and gap else ""
        assert len(words) == gap and re.fullmatch(rf"{start}(({clauses}) )*(and )?", " ".join([*words, ""]))
    assert len({" ".join(memory_reader.between(30, draw)) for draw in range(200)}) > 195


def test_a_longer_gap_keeps_the_readers_own_words(run):
    rng, cases = np.random.default_rng(1), []
    for _ in range(200):
        draw, gap, to = (int(n) for n in (rng.integers(0, 50), rng.integers(0, 61), rng.integers(0, 61)))
        filler = memory_reader.between(gap, draw)
        if gap and rng.random() < 0.5:
            filler[int(rng.integers(gap))] = "Sikkim"
        cases.append((filler, to, draw))
    ours = [memory_reader.stretched(*case) for case in cases]
    for (filler, to, draw), words in zip(cases, ours, strict=True):
        assert len(words) == to
        if "Sikkim" in filler:
            assert words[: len(filler)] == filler[:to] and words[len(filler) :] == memory_reader.between(
                max(0, to - len(filler)), draw, False
            )
        else:
            assert words == memory_reader.between(to, draw)
    assert run("a[0].map(([filler, to, draw]) => m.stretched(filler, to, draw, a[1]))", [cases, TEXTS]) == ours
    moves = [(word, gap, to) for gap in (0, 1, 5) for to in (0, 2, 7) for word in range(1, gap + 7)]
    after = [memory_reader.followed(*move) for move in moves]
    assert run("a.map((move) => m.followed(...move))", moves) == after
    for (word, gap, to), new in zip(moves, after, strict=True):
        before, now = [*range(gap + 1), *"ABCDE"], [*range(to + 1), *"ABCDE"]
        assert now[new - 1] == before[word - 1] or (word - 1 > to and new == to + 1)  # the same word, or the last one before the question


def test_what_is_typed_is_taken_apart_into_words_that_are_known(run):
    cases = {
        "": ([], ""),
        "  its food, is FAMOUS.  ": (["its", "food", "is", "famous"], ""),
        "Tamil nadu and west bengal;\nIndia": (["Tamil Nadu", "and", "West Bengal", "India"], ""),
        "it has twenty-five cities": (["it", "has", "twenty-five", "cities"], ""),
        "“children” (play) … ____": (["children", "play"], ""),
        "its elephants are famous": (["its"], "elephants"),
        "Tamil": ([], "Tamil"),
        "the Pradesh": (["the"], "Pradesh"),
        "constructor toString": ([], "constructor"),
    }
    assert {text: memory_reader.parsed(text) for text in cases} == cases
    theirs = run("a[0].map((text) => m.parsed(text, a[1]))", [list(cases), list(tasks.Recall.vocabulary)])
    assert [tuple(each) for each in theirs] == list(cases.values())
    for word in tasks.Recall.vocabulary:
        assert memory_reader.parsed(f"and {word.upper()},") == (["and", word], "")


def test_python_changes_the_sentence_and_hears_of_it():
    view, heard = made(gap=5), []
    assert (view.gap, view.word, view.words) == (5, 11, list(tasks.sentence("Maharashtra", 5).words))
    view.observe(lambda change: heard.append((change.name, change.new)), ["state", "gap", "filler", "word", "shown", "draw"])
    view.gap = 7
    assert sorted(heard, key=str) == sorted([("gap", 7), ("filler", memory_reader.between(7, 0)), ("word", 13)], key=str)
    heard.clear()
    view.filler = "is old and Tamil Nadu is old"
    assert (view.filler, view.gap, view.word) == (["is", "old", "and", "Tamil Nadu", "is", "old"], 6, 12) and len(heard) == 3
    view.word = 3
    view.gap = 9
    assert view.filler == [*"is old and".split(), "Tamil Nadu", "is", "old", *memory_reader.between(3, 0, opening=False)] and view.word == 3
    view.gap = 0
    assert (view.filler, view.word, view.words[:2]) == ([], 1, ["Maharashtra", "the"])
    view.gap, view.draw = 20, 7
    assert view.filler == memory_reader.between(20, 7)
    before = view.filler
    view.state, view.shown = "Kerala", "f"
    assert (view.filler, view.answer, view.words[0]) == (before, "Malayalam", "Kerala")


def test_what_the_page_sends_is_taken_as_it_is():
    view = made(gap=12, word=17)
    view.set_state({"filler": ["old"] * 14, "gap": 14, "word": 17})  # the page has chosen another word too
    assert (view.filler, view.gap, view.word) == (["old"] * 14, 14, 17)
    view.gap = 13
    assert (view.filler, view.word) == (["old"] * 13, 16)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("state", "Bombay", "'Bombay' is not one of the 28 states: see tasks.STATES"),
        ("gap", -1, "gap must be a whole number from 0 to 60, not -1"),
        ("gap", 61, "gap must be a whole number from 0 to 60, not 61"),
        ("filler", "its elephants", f"the networks do not know 'elephants': they know the {V} words of tasks.Recall.vocabulary"),
        ("filler", ["old", "Nadu"], f"the networks do not know 'Nadu': they know the {V} words of tasks.Recall.vocabulary"),
        ("filler", ["old"] * 61, "filler has 61 words, but at most 60 fit between the name and the question"),
        ("word", 0, "word must be a whole number from 1 to 10, not 0"),
        ("word", 11, "word must be a whole number from 1 to 10, not 11"),
        ("shown", "z", "shown must be one of c, h, i, f, g, o, not 'z'"),
        ("draw", 1000, "draw must be a whole number from 0 to 999, not 1000"),
    ],
)
def test_a_wrong_choice_is_one_sentence_and_changes_nothing(name, value, sentence):
    view = made(gap=4, word=2)
    before = view.held()
    with pytest.raises(traitlets.TraitError, match=rf"^{re.escape(sentence)}$"):
        setattr(view, name, value)
    with pytest.raises(traitlets.TraitError, match=rf"^{re.escape(sentence)}$"):
        MemoryReader(reader("RNN"), reader("LSTM"), **{"gap": 4, name: value})
    assert view.held() == before
    for other in ("weights", "vocabulary", "languages", "spoken", "question", "openers", "clauses"):
        with pytest.raises(traitlets.TraitError):
            setattr(view, other, getattr(view, other))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (("GRU", "h"), "network is 'GRU', but it must be 'LSTM' or 'RNN'"),
        (("RNN", "c"), "what is 'c', but the plain RNN has 'h'"),
        (("LSTM", "beliefs"), "what is 'beliefs', but the LSTM has 'c', 'h', 'i', 'f', 'g', 'o'"),
    ],
)
def test_a_memory_that_is_not_there_is_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=rf"^{re.escape(sentence)}$"):
        made().memory(*call)


# What is said and drawn.


def test_every_verdict_is_true_and_the_same_in_both_languages(run):
    pattern = re.compile(
        r"After “(.+)”, word (\d+) of (\d+), the LSTM (says|would say) (\w+) \((.+) %\) and the plain RNN (\w+) \((.+) %\)\. "
        r"The answer is (\w+): (both are|only the LSTM is|only the plain RNN is|neither is) right\."
    )
    who, cases, said = set(), [], []
    for view in views(60):
        kinds = {kind: beliefs[view.word - 1] for kind, beliefs in view.answers.items()}
        word, n, count, says, lstm, sure, rnn, guessed, answer, right = pattern.fullmatch(view.verdict()).groups()
        assert (word, int(n), int(count), answer) == (view.words[view.word - 1], view.word, view.gap + 6, tasks.STATES[view.state])
        assert says == ("says" if view.word == view.gap + 6 else "would say")
        for kind, language, part in (("LSTM", lstm, sure), ("RNN", rnn, guessed)):
            assert kinds[kind][tasks.LANGUAGES.index(language)] == kinds[kind].max()
            top = 100 * kinds[kind].max()
            assert top > 99.4 if part == "more than 99" else top < 0.5 if part == "less than 1" else abs(top - int(part)) <= 0.5
        expected = {(True, True): "both are", (True, False): "only the LSTM is", (False, True): "only the plain RNN is"}
        assert right == expected.get((lstm == answer, rnn == answer), "neither is")
        who.add(right)
        cases.append([view.words, view.word, {kind: list(each) for kind, each in kinds.items()}, view.answer])
        said.append(view.verdict())
    assert run("a[0].map((each) => m.verdict(...each, a[1]))", [cases, list(tasks.LANGUAGES)]) == said
    flat = {"RNN": [0.0] * 15 + [1.0], "LSTM": [0.05, 0.25, 0.05, 0.25] + [0.4 / 12] * 12}  # the first of equals; Kannada is sixth
    for answer in ("Bengali", "Telugu", "Odia"):
        who.add(re.search(": (.*) right", memory_reader.verdict(["a"], 1, flat, answer))[1])
        assert run("m.verdict(...a)", [["a"], 1, flat, answer, list(tasks.LANGUAGES)]) == memory_reader.verdict(["a"], 1, flat, answer)
    both = {"RNN": flat["LSTM"], "LSTM": flat["LSTM"]}
    who.add(re.search(": (.*) right", memory_reader.verdict(["a"], 1, both, tasks.LANGUAGES[1]))[1])
    assert len(who) == 4


def test_numbers_are_rounded_the_same_in_both_languages(run):
    parts = [0, 0.00499, 0.005, 0.015, 0.285, 0.655, 0.985, 0.99, 0.994999, 0.995, 1, *np.random.default_rng(2).random(300)]
    assert run("a.map((part) => [m.short(part), m.percent(part)])", parts) == [
        [memory_reader.short(part), memory_reader.percent(part)] for part in parts
    ]
    assert [memory_reader.percent(part) for part in parts[:3]] == ["less than 1 %", "less than 1 %", "1 %"]
    assert [memory_reader.short(part) for part in parts[6:11]] == ["99 %", "99 %", "99 %", ">99 %", ">99 %"]
    values = [0, -0.0, -0.004, -0.005, 0.125, 3.999, -12.345, 15.91, 100, *np.random.default_rng(3).normal(0, 3, 300)]
    assert run("a.map(m.signed)", values) == [memory_reader.signed(value) for value in values]
    assert [memory_reader.signed(value) for value in values[:6]] == ["0.00", "0.00", "0.00", "−0.01", "0.13", "4.00"]


def shapes_of(view, kind, width):
    what = "h" if kind == "RNN" else view.shown
    belief = view.answers[kind][:, tasks.LANGUAGES.index(view.answer)]
    return what, view.memory(kind, what), belief, view.words, view.word, view.answer, width


def test_javascript_draws_what_python_draws(run):
    decimals = re.compile(r"-?\d+\.\d(?!\d)")
    cases, drawn = [], []
    for n, view in enumerate(views(40, seed=3)):
        for kind in ("RNN", "LSTM"):
            what, values, belief, *rest = shapes_of(view, kind, 220 + 13 * n)
            cases.append([what, values.tolist(), belief.tolist(), *rest])
            drawn.append([memory_reader.chart(what, values, belief, *rest), view._told(kind), kind])
    theirs = run("a.map(([c, kind]) => [m.chart(...c), m.told(kind, ...c.slice(0, 3), c[4], c[5])])", [
        [case, kind] for case, (_, _, kind) in zip(cases, drawn, strict=True)
    ])  # fmt: skip
    for (shapes, told, _), (other, said) in zip(drawn, theirs, strict=True):
        assert said == told
        one, two = (json.dumps(each, ensure_ascii=False) for each in (json.loads(json.dumps(shapes)), other))
        assert decimals.sub("#", two) == decimals.sub("#", one)
        np.testing.assert_allclose(*([float(n) for n in decimals.findall(each)] for each in (one, two)), atol=0.11)


def test_the_chart_can_be_read_back():
    """Every cell of the map has the colour of its value, every bar its length, every point of the line its belief."""
    seen = set()
    for view in views(24, seed=4):
        for kind, width in (("RNN", 239), ("LSTM", 346)):
            _, values, belief, *_ = shapes_of(view, kind, width)
            shapes = memory_reader.chart(*shapes_of(view, kind, width))
            place = memory_reader.frame(width, values.shape[1], len(values))
            left, top, row, column = (place[name] for name in ("left", "top", "row", "column"))
            ticks = [(float(a["x"]), label) for tag, _, a, label in shapes if tag == "text" and label.isdigit()]
            limit = max(int(label) for x, label in ticks if x > place["bars"])
            assert np.abs(values).max() <= limit
            levels = np.zeros(values.T.shape)
            for tag, look, a, _ in shapes:
                if tag != "path" or "lw-mem-cells" not in look:
                    continue
                lines = [tuple(map(float, each)) for each in re.findall(r"M(\S+) (\S+)h([\d.]+)", a["d"])]
                lines = [(x, y, wide) for x, y, wide in lines if y < place["bottom"]]  # the rest is the legend
                minus = "minus" in look
                assert not lines or float(a["stroke-width"]) < row
                for x, y, wide in lines:
                    start, count = round((x - left) / column), round(wide / column)
                    unit = int((y - top) / row)
                    levels[unit, start : start + count] += float(a["stroke-opacity"]) * (-0.5 if minus else 1)
                    seen.add(minus)
            np.testing.assert_allclose(levels, values.T / limit, atol=0.051)
            bars = [(look, a) for tag, look, a, _ in shapes if "lw-mem-bar" in look]
            zero = next(float(re.match(r"M(\S+) ", a["d"])[1]) for tag, look, a, _ in reversed(shapes) if look == "lw-mem-rule")
            for unit, (look, a) in enumerate(bars):
                x, wide, value = float(a["x"]), float(a["width"]), values[view.word - 1, unit]
                assert ("minus" in look) == (value < 0)
                assert (x + wide if value < 0 else x) == pytest.approx(zero, abs=0.11)
                assert wide == pytest.approx(abs(value) / limit * (width - 2 - zero), abs=0.11)
                assert top + unit * row < float(a["y"]) < top + (unit + 1) * row
            assert len(bars) == values.shape[1]
            line = next(a["d"] for _, look, a, _ in shapes if look == "lw-mem-line")
            points = np.array([list(map(float, pair.split())) for pair in line[1:].split("L")])
            levels = {
                label: float(a["y"]) - 4 for tag, _, a, label in shapes if tag == "text" and label in ("0", "100") and float(a["y"]) < 88
            }
            np.testing.assert_allclose(points[:, 1], levels["0"] + belief * (levels["100"] - levels["0"]), atol=0.06)
            np.testing.assert_allclose(points[:, 0], left + (np.arange(len(values)) + 0.5) * column, atol=0.06)
            dot = next(a for _, look, a, _ in shapes if look == "lw-mem-dot")
            assert [float(dot["cx"]), float(dot["cy"])] == pytest.approx(points[view.word - 1], abs=0.06)
            here = next(a for _, look, a, _ in shapes if look == "lw-mem-here")
            assert float(here["x"]) == pytest.approx(left + (view.word - 1) * column, abs=0.06)
            words = {look: label for tag, look, _, label in shapes if look in ("lw-mem-word", "lw-mem-number")}
            assert words == {"lw-mem-word": view.words[view.word - 1], "lw-mem-number": memory_reader.short(belief[view.word - 1])}
            low, high = (memory_reader.signed(end(values[view.word - 1])) for end in (np.min, np.max))
            assert f"at the mark: {low} to {high}" in [label for _, _, _, label in shapes]
            for tag, _, a, _ in shapes:
                if tag in ("rect", "text"):
                    assert -1 <= float(a["x"]) <= width
    assert seen == {True, False}


def test_the_scale_of_the_cell_state_is_round_and_holds_every_value(run):
    for most, limit in ((0.2, 1), (1, 1), (1.01, 2), (2.5, 3), (4, 5), (9.9, 10), (15.9, 20), (66, 100)):
        values = np.array([[0.1, -most], [most / 2, 0]])
        assert memory_reader.limit_of("c", values) == run("m.limitOf('c', a)", values.tolist()) == limit
        assert memory_reader.limit_of("h", values) == run("m.limitOf('h', a)", values.tolist()) == 1


def test_what_is_stored_is_true_and_the_same_in_every_run():
    view = made(3, gap=12, word=6, shown="g", draw=4, state="Goa")
    text = view._repr_mimebundle_()[0]["text/html"]
    assert text == made(3, gap=12, word=6, shown="g", draw=4, state="Goa").stored()
    assert json.loads(html.unescape(re.search('data-state="([^"]*)"', text)[1])) == view.held()
    assert html.unescape(re.search('alt="([^"]*)"', text)[1]) == view.description()
    assert view.verdict() in view.description() and " ".join(view.words) in view.description()
    right = tasks.LANGUAGES.index("Konkani")
    told = re.search(
        "Belief in Konkani after the name, the last word before the question and the question: (.*?); (.*?)\\. ", view.description()
    )
    for kind, said in zip(("plain RNN", "LSTM"), told.groups(), strict=True):
        beliefs = view.answers[kind.split()[-1]][[0, 12, 17], right]
        first, second, third = map(memory_reader.percent, beliefs)
        assert said == f"{kind} {first}, {second} and {third}"
    drawing = xml.dom.minidom.parseString(view.picture())
    texts = [node.firstChild.data for node in drawing.getElementsByTagName("text")]
    assert texts[:18] == view.words and texts[18] == "____"
    said = [node.firstChild.data for node in drawing.getElementsByTagName("text") if node.getAttribute("font-weight") == "bold"]
    assert " ".join(said).endswith(view.verdict())
    marked = [node for node in drawing.getElementsByTagName("text") if node.getAttribute("fill") == "#fff"]
    assert [node.firstChild.data for node in marked] == [view.words[5]]
    ground = [node for node in drawing.getElementsByTagName("rect") if node.getAttribute("rx") == "5"]
    x, y = (float(marked[0].getAttribute(name)) for name in "xy")
    assert [(float(node.getAttribute("x")) + 5, float(node.getAttribute("y")) + 19) for node in ground] == [(pytest.approx(x, abs=0.11), y)]
    for kind in ("RNN", "LSTM"):
        for k in np.argsort(-view.answers[kind][5], kind="stable")[:3]:
            assert any(text.startswith(tasks.LANGUAGES[k]) for text in texts)
            assert memory_reader.short(view.answers[kind][5][k]) in texts
    assert {"hidden state h", "candidate g"} <= set(texts) and palette.COLOURS["candidate"] in view.picture()


# The page.


def test_everything_answers_the_keyboard(alive):
    view = made(4, gap=12)
    page = alive(view, viewport={"width": 800, "height": 700})
    agrees(page, view)
    focused = lambda node: "node => node === document.activeElement && getComputedStyle(node).outlineStyle === 'solid'"  # noqa: E731
    ring = "getComputedStyle(document.activeElement).outlineStyle + document.activeElement.tagName"
    page.keyboard.press("Tab")
    assert page.evaluate(ring) == "solidSELECT"
    page.keyboard.type("Ker")
    view.state = "Kerala"
    agrees(page, view)
    page.keyboard.press("Tab")
    assert page.evaluate(ring) == "solidINPUT"
    for key, gap in (("ArrowRight", 13), ("End", 60), ("Home", 0), ("ArrowRight", 1), ("PageUp", None)):
        page.keyboard.press(key)
        view.gap = int(page.get_by_role("slider").first.input_value()) if gap is None else gap
        agrees(page, view)
    page.keyboard.press("Tab")
    assert page.evaluate(ring) == "solidBUTTON"
    page.keyboard.press("Enter")
    view.draw = 1
    agrees(page, view)
    page.keyboard.press("Space")
    view.draw = 2
    agrees(page, view)
    page.keyboard.press("Tab")  # past your own words
    page.keyboard.press("Tab")
    last = page.locator("[role=option]").last
    assert last.evaluate(focused(last))
    count = len(view.words)
    for key, word in (
        ("ArrowRight", count), ("ArrowLeft", count - 1), ("ArrowUp", count - 2), ("Home", 1), ("ArrowLeft", 1), ("ArrowDown", 2),
        ("End", count), ("Shift+ArrowLeft", count), ("Control+Home", count), ("x", count), ("ArrowLeft", count - 1),
    ):  # fmt: skip
        page.keyboard.press(key)
        view.word = word
        agrees(page, view)
        option = page.locator("[role=option]").nth(word - 1)
        assert option.evaluate(focused(option)), key
    handled = """(node, keys) => keys.map((key) => {
        const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
        node.dispatchEvent(event);
        return event.defaultPrevented;
    })"""
    keys = ["ArrowDown", "ArrowUp", "PageDown", "x"]  # a key that moves along the sentence does not move the page too
    assert page.locator("[role=option]").nth(count - 2).evaluate(handled, keys) == [True, True, False, False]
    page.keyboard.press("Tab")
    for key, word in (("Home", 1), ("ArrowRight", 2), ("End", count)):
        page.keyboard.press(key)
        view.word = word
        agrees(page, view)
    page.keyboard.press("Tab")
    for letter in "hifgo":
        page.keyboard.press("ArrowRight")
        view.shown = letter
        agrees(page, view)
        radio = page.get_by_role("radio", name=f"{LOOKS[letter][:-2]} {letter}")
        assert radio.is_checked() and radio.evaluate(focused(radio))


def test_your_own_words_are_read_as_soon_as_they_are_known_and_nothing_is_lost(alive):
    view = made(5, gap=8)
    page = alive(view)
    field, message = page.get_by_label("the filler words"), page.locator(".lw-mem-problem")
    assert not field.is_visible()
    opener = page.get_by_role("button", name="your own words")
    opener.click()
    assert opener.get_attribute("aria-expanded") == "true" and field.evaluate("node => node === document.activeElement")
    field.fill("")
    view.filler = []
    agrees(page, view, field=False)
    page.keyboard.type("its old towns, and tamil nadu")
    view.filler = "its old towns and Tamil Nadu"
    agrees(page, view, field=False)
    assert field.input_value() == "its old towns, and tamil nadu" and message.inner_text() == ""
    page.keyboard.type(" elephants")
    assert message.inner_text() == ""  # not before the typing pauses
    page.wait_for_function("document.querySelector('.lw-mem-problem').textContent", timeout=3000)
    told = "The networks do not know “elephants”, so they still read the sentence below. The list has every word that they know."
    assert message.inner_text() == told and field.get_attribute("aria-invalid") == "true"
    assert field.get_attribute("aria-describedby") == message.get_attribute("id") and message.get_attribute("aria-live") == "polite"
    agrees(page, view, field=False)
    page.locator("[role=option]").first.click()
    view.word = 1
    agrees(page, view, field=False)
    assert field.input_value() == "its old towns, and tamil nadu elephants" and message.inner_text() == told
    field.focus()
    page.keyboard.press("End")
    for _ in range(9):
        page.keyboard.press("Backspace")
    page.keyboard.type("flow")
    field.blur()
    view.filler = "its old towns and Tamil Nadu flow"
    agrees(page, view)
    assert message.inner_text() == "" and field.get_attribute("aria-invalid") is None
    field.fill("old " * 61)
    field.blur()
    assert message.inner_text() == "These are 61 words, but at most 60 fit, so the networks still read the sentence below."
    agrees(page, view, field=False)
    field.fill("old " * 60)
    view.filler = ["old"] * 60
    agrees(page, view, field=False)


def test_a_word_can_be_replaced_from_the_list_of_all_that_are_known(alive):
    view = made(6, gap=6, word=4)
    page = alive(view)
    page.get_by_role("button", name="your own words").click()
    known = page.locator(".lw-mem-replace select")
    assert known.evaluate("node => [...node.options].map((each) => each.value).sort()") == sorted(tasks.Recall.vocabulary)
    assert known.input_value() == view.words[3]
    assert page.locator(".lw-mem-replace .lw-label").inner_text() == f"“{view.words[3]}”, word 4, becomes"
    known.select_option("Tamil Nadu")
    view.filler = [*view.filler[:2], "Tamil Nadu", *view.filler[3:]]
    agrees(page, view)
    gap = page.get_by_role("slider", name="gap (filler words)")
    gap.focus()
    for key, size in (("ArrowRight", 7), ("Home", 0)):  # the own words stay, and what was cut off comes back
        page.keyboard.press(key)
        view.gap = size
        agrees(page, view)
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(PAGE)["words"][3] == "Tamil Nadu"
    for word in (1, 8):  # the name has its own list, and the question stays as it is
        page.locator("[role=option]").nth(word - 1).click()
        assert known.is_disabled()
    view = made(6, gap=6, word=4, state="Kerala")
    page.get_by_role("combobox").first.select_option("Kerala")
    assert "The answer is Malayalam" in page.get_by_role("status").inner_text()


def test_the_mouse_selects_words_in_the_sentence_and_in_both_maps(alive):
    view = made(7, gap=20, shown="f")
    page = alive(view)
    for word in (1, 9, 26):
        page.locator("[role=option]").nth(word - 1).click()
        view.word = word
        agrees(page, view)
    for n, kind in enumerate(("RNN", "LSTM")):
        box = page.locator(".lw-mem-chart").nth(n).bounding_box()
        place = memory_reader.frame(box["width"], view.memory(kind).shape[1], 26)
        x = lambda word, box=box, place=place: box["x"] + place["left"] + (word - 0.5) * place["column"]  # noqa: E731
        page.mouse.click(x(5), box["y"] + 120)
        view.word = 5
        agrees(page, view)
        page.mouse.move(x(7), box["y"] + 40)
        page.mouse.down()
        page.mouse.move(x(12), box["y"] + 60)
        view.word = 12
        agrees(page, view)
        page.mouse.move(x(19), box["y"] + 60)
        page.mouse.up()
        view.word = 19
        agrees(page, view)
        page.mouse.move(x(3), box["y"] + 60)  # no button, no choice
        page.mouse.click(box["x"] + box["width"] - 10, box["y"] + 120)  # the bars are no columns
        agrees(page, view)
    page.get_by_role("radio", name="output gate o").check()
    view.shown = "o"
    agrees(page, view)


@pytest.mark.parametrize("width", [320, 375])
def test_a_finger_can_do_everything(alive, width):
    view = made(8, gap=12)
    page = alive(view, viewport={"width": width, "height": 740}, has_touch=True, is_mobile=True)
    option = page.locator("[role=option]").nth(4)
    option.scroll_into_view_if_needed()
    option.tap()
    view.word = 5
    agrees(page, view)
    page.get_by_role("button", name="other words").tap()
    view.draw = 1
    agrees(page, view)
    page.get_by_role("radio", name="forget gate f").tap()
    view.shown = "f"
    agrees(page, view)
    for label, trait, value in (("word", "word", 18), ("gap (filler words)", "gap", 60)):
        slider = page.get_by_role("slider", name=label, exact=True)
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box["height"] >= 40
        page.touchscreen.tap(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
        setattr(view, trait, value)
        agrees(page, view)
    chart = page.locator(".lw-mem-chart").nth(1)
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    place = memory_reader.frame(box["width"], 10, 66)
    page.touchscreen.tap(box["x"] + place["left"] + 20.5 * place["column"], box["y"] + 100)
    view.word = 21
    agrees(page, view)
    # A finger that goes down the page passes over the chart; one that goes sideways reads along.
    moves = """([node, moves]) => {
        for (const [type, x, y] of moves)
            node.dispatchEvent(new PointerEvent(type, { pointerType: "touch", clientX: x, clientY: y, buttons: 1, bubbles: true }));
    }"""
    x = lambda word: box["x"] + place["left"] + (word - 0.5) * place["column"]  # noqa: E731
    down = [("pointerdown", x(40), 300), ("pointermove", x(40) + 3, 330), ("pointermove", x(40) - 3, 380)]
    page.evaluate(moves, [chart.element_handle(), down])
    agrees(page, view)
    page.evaluate(
        moves, [chart.element_handle(), [("pointerdown", x(10), 300), ("pointermove", x(10) + 15, 301), ("pointermove", x(50), 301)]]
    )
    view.word = 50
    agrees(page, view)
    page.get_by_role("button", name="your own words").tap()
    fields = page.evaluate("[...document.querySelectorAll('select, textarea')].map((node) => parseFloat(getComputedStyle(node).fontSize))")
    assert len(fields) == 3 and min(fields) >= 16  # a phone zooms in on a smaller one
    small = page.evaluate("""() => [...document.querySelectorAll("button, select, [role=option], .lw-mem-looks label")]
        .filter((node) => node.offsetParent)
        .map((node) => [node.textContent.slice(0, 20), node.getBoundingClientRect()])
        .filter(([, box]) => box.width < 25 || box.height < 34).map(([name]) => name)""")
    assert small == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [1280, 320])
def test_everybody_can_use_it(alive, theme, width):
    from axe_playwright_python.sync_playwright import Axe

    page = alive(made(9, shown="h", word=7), theme, viewport={"width": width, "height": 900})
    page.get_by_role("button", name="your own words").click()
    page.get_by_label("the filler words").fill("elephants")
    page.get_by_label("the filler words").blur()
    found = Axe().run(page).response["violations"]
    assert [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found if v["id"] != "region"] == []
    inks = page.evaluate("""() => {
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
        const of = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
        const face = of(".lw-box", "backgroundColor"), ground = of(".lw-mem-ground", "fill");
        const words = ["tick", "number", "word"].flatMap((name) => ["RNN", "LSTM"].map((kind) =>
            contrast(of(`[data-network=${kind}] svg .lw-mem-${name}`, "fill"), face)));
        const lines = ["line", "here"].flatMap((name) => ["RNN", "LSTM"].map((kind) =>
            contrast(of(`[data-network=${kind}] .lw-mem-${name}`, "stroke"), face)));
        const cells = ["cell", "hidden", "input", "forget", "candidate", "output"].map((kind) => {
            document.querySelector("[data-network=LSTM]").dataset.kind = kind;
            return contrast(of("[data-network=LSTM] .lw-mem-cells.lw-mem-plus", "stroke"), ground);
        });
        return { words, lines, cells, minus: contrast(of(".lw-mem-cells.lw-mem-minus", "stroke"), ground) };
    }""")
    assert min(inks["words"]) >= 4.5 and min(inks["lines"]) >= 3 and inks["minus"] >= 4.5
    assert min(inks["cells"]) >= 2  # the palette's brightest fills; what they say is also said by bars and numbers


def test_a_screen_reader_hears_every_verdict_once(alive):
    view = made(10, gap=5)
    page = alive(view)
    assert page.get_by_role("region", name="The reader of memories").count() == 1
    assert [page.get_by_role("region", name=name).count() for name in ("Plain RNN", "LSTM")] == [1, 1]
    assert page.get_by_role("listbox", name="The sentence").locator("[role=option]").count() == 11
    assert page.get_by_role("group", name="what is shown of the LSTM").get_by_role("radio").count() == 6
    assert page.get_by_role("list", name="What the LSTM believes in most").count() == 1
    page.evaluate("""() => {
        window.heard = [];
        const live = document.querySelector("[role=status]");
        new MutationObserver(() => heard.push(live.textContent)).observe(live, { childList: true, subtree: true, characterData: true });
    }""")
    page.locator("[role=option]").nth(1).click()
    page.locator("[role=option]").nth(1).click()  # again: nothing is said
    page.get_by_role("radio", name="input gate i").check()  # says nothing new either
    view.word = 2
    texts = [view.verdict()]
    page.get_by_role("combobox").first.select_option("Sikkim")
    view.state = "Sikkim"
    texts.append(view.verdict())
    assert page.evaluate("heard") == texts


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_it_fits_every_screen_and_no_two_words_touch(alive, width):
    page = alive(made(11, units=(32, 24), gap=60), viewport={"width": width, "height": 700})
    page.get_by_role("button", name="your own words").click()
    page.get_by_label("the filler words").fill("elephants")
    page.get_by_label("the filler words").blur()
    found = page.evaluate("""() => {
        const box = document.querySelector(".lw-box").getBoundingClientRect();
        const pad = parseFloat(getComputedStyle(document.querySelector(".lw-box")).paddingLeft) - 1;
        const out = new Set(), touching = new Set(), small = new Set(), heights = new Set();
        const texts = () => {
            const walker = document.createTreeWalker(document.querySelector(".lw-box"), NodeFilter.SHOW_TEXT), all = [];
            while (walker.nextNode()) {
                const node = walker.currentNode, range = document.createRange();
                if (!node.data.trim() || node.parentNode.closest("option, select, textarea, legend")) continue;
                if (getComputedStyle(node.parentNode).clipPath !== "none") continue; // for the ear alone
                range.selectNodeContents(node);
                if (parseFloat(getComputedStyle(node.parentNode).fontSize) < 12) small.add(node.data);
                for (const r of range.getClientRects()) all.push([node.data.trim(), r.left, r.top, r.right, r.bottom]);
            }
            return all;
        };
        const check = () => {
            const all = texts();
            for (const [word, left, , right] of all) if (left < box.left + pad || right > box.right - pad) out.add(word);
            all.forEach(([a, l, t, r, b], n) => {
                for (const [o, l2, t2, r2, b2] of all.slice(n + 1)) {
                    const [x, y] = [Math.min(r, r2) - Math.max(l, l2), Math.min(b, b2) - Math.max(t, t2)];
                    if (x > 0.5 && y > 5) touching.add(`${a} | ${o}`);
                }
            });
        };
        const options = () => document.querySelectorAll("[role=option]");
        for (let n = 0; n < 66; n += 13) {
            options()[n].click();
            check();
            heights.add(Math.round(document.querySelector(".lw-box").getBoundingClientRect().height));
        }
        for (const radio of document.querySelectorAll("[type=radio]")) {
            radio.click();
            check();
        }
        const gap = document.querySelector("input[type=range]");
        const state = document.querySelector("select");
        for (const [size, name] of [[0, "Arunachal Pradesh"], [1, "Himachal Pradesh"], [12, "Arunachal Pradesh"]]) {
            gap.value = size;
            gap.dispatchEvent(new Event("input"));
            state.value = name;
            state.dispatchEvent(new Event("change"));
            for (const n of [0, 3, options().length - 1]) {
                options()[n].click();
                check();
            }
        }
        const wide = document.documentElement.scrollWidth;
        return { out: [...out], touching: [...touching], small: [...small], heights: [...heights], wide };
    }""")
    assert found["out"] == [] and found["wide"] <= width
    assert found["touching"] == []
    assert found["small"] == []
    assert len(found["heights"]) == 1, "the box keeps its height from word to word"


def test_it_follows_within_a_frame(alive):
    page = alive(made(12, units=(24, 24), gap=60, word=30))
    move = """(n) => {
        const slider = document.querySelectorAll("input[type=range]")[n % 2];
        slider.value = n % 2 ? n % 59 : 60 - (n % 3);
        slider.dispatchEvent(new Event("input"));
    }"""
    assert answered(page, move) < FRAME


def test_paper_sees_the_marked_word_and_the_bars_too(alive):
    page = alive(made())
    page.emulate_media(media="print")
    exact = "node => getComputedStyle(node).printColorAdjust === 'exact'"
    assert page.locator('[aria-selected="true"]').evaluate(exact)
    assert page.locator(".lw-mem-gauge").first.evaluate("node => getComputedStyle(node, '::before').printColorAdjust") == "exact"


def test_in_a_live_notebook_python_moves_the_page_and_the_page_tells_python(run):
    view = made(13, gap=5)
    told = run(
        """(() => {
            const calls = {}, saved = [];
            const names = ["state", "gap", "filler", "word", "shown", "draw"];
            const fire = (n) => (calls[n] ?? []).forEach((call) => call());
            const model = {
                get: (n) => a[n],
                set: (n, v) => { if (a[n] === v) return; a[n] = v; fire(n); },
                on: (n, call) => (calls[n.slice(7)] ??= []).push(call),
                off: (n, call) => { calls[n.slice(7)] = calls[n.slice(7)].filter((other) => other !== call); },
                save_changes: () => saved.push(Object.fromEntries(names.map((n) => [n, a[n]]))),
            };
            const el = document.body.appendChild(document.createElement("div"));
            const stop = m.default.render({ model, el });
            const status = () => el.querySelector("[role=status]").textContent;
            Object.assign(a, { filler: ["is", "old"], gap: 2, word: 3, state: "Goa" }); // Python sends them together
            ["filler", "gap", "word", "state"].forEach(fire);
            const first = [status(), el.contains(document.activeElement), saved.length, el.querySelector("textarea").value];
            el.querySelectorAll("[role=option]")[0].click();
            const gap = el.querySelector("input[type=range]");
            gap.value = 4;
            gap.dispatchEvent(new Event("input"));
            const before = Object.values(calls).map((each) => each.length);
            stop();
            const after = Object.values(calls).map((each) => each.length);
            el.remove();
            return { first, saved, before, after };
        })()""",
        json.loads(json.dumps(view.held())),
    )
    view.state, view.filler = "Goa", ["is", "old"]
    view.word = 3
    assert told["first"] == [view.verdict(), False, 0, "is old"]
    view.word = 1
    one = {name: getattr(view, name) for name in ("state", "gap", "filler", "word", "shown", "draw")}
    view.gap = 4
    two = {name: getattr(view, name) for name in one}
    assert told["saved"] == [one, two]  # each change is told once, as a whole
    assert told["before"] == [1] * 6 and told["after"] == [0] * 6


def test_two_readers_share_a_page(alive, chromium):
    view = made(14, gap=5)
    page = alive(view)
    page.evaluate("""async () => {
        const first = document.querySelector("[data-widget]"), second = document.createElement("div");
        const url = URL.createObjectURL(new Blob([lstmWidgets.memory_reader], { type: "text/javascript" }));
        const state = JSON.parse(first.dataset.state);
        const model = { get: (n) => state[n], set: (n, v) => { state[n] = v; }, on() {}, off() {}, save_changes() {} };
        first.after(second);
        (await import(url)).default.render({ model, el: second });
    }""")
    page.get_by_role("radio", name="forget gate f").first.check()
    checked = page.evaluate("[...document.querySelectorAll('input:checked')].map((node) => node.value)")
    assert checked == ["f", "c"]
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids)) == 4


def test_every_letter_has_the_colour_of_its_gate():
    kinds = {name: entry["means"] for name, entry in palette.PALETTE.items()}
    for letter, name in LOOKS.items():
        assert name.endswith(f" {letter}") and kinds[memory_reader._KINDS[letter]].startswith(name[:-2])
    css = (SOURCES / "widget.css").read_text("utf-8")
    for kind in memory_reader._KINDS.values():
        assert f'.lw-mem [data-kind="{kind}"] {{ --tone: var(--lstm-{kind}); --tone-ink: var(--lstm-{kind}-ink); }}' in css
    assert list(itertools.chain(LOOKS)) == list("chifgo")
