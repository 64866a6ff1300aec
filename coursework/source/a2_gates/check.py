"""The cross-check of assignment 2.

Weights that a student chose need not be ours, so what is compared is what the programmed LSTM does with texts, and it is run outside of the
student's process. All functions are called; no function is asked for by q1-guess and q9-verdict.
"""

import itertools

import numpy as np

from coursework.crosscheck import Call
from lstmbook import tasks


# fmt: off
def encoded(symbols, groups):
    """The places of the symbols of each group of equally long texts, (B, T) each."""
    places = {symbol: place for place, symbol in enumerate(symbols)}
    return [np.array([[places[symbol] for symbol in text] for text in texts]) for texts in groups]


def forward(tokens, W, b, U=None):
    """Every h and every c (T, B, H) of an LSTM that reads tokens (B, T)."""
    W, b = np.asarray(W, float), np.asarray(b, float)
    H = min(len(b) // 4, 256)
    U = np.zeros((4 * H, H)) if U is None else np.asarray(U, float)
    if (b.shape, W.shape[:1], U.shape) != ((4 * H,), (4 * H,), (4 * H, H)):
        raise ValueError("these are no weights, or too many")
    h, c = np.zeros((2, len(tokens), H))
    shown, held = [], []
    for column in tokens.T:
        z = W[:, column].T + h @ U.T + b
        i, f, g, o = np.split(np.tanh(z * np.repeat([0.5, 0.5, 1, 0.5], H)), 4, axis=1)
        c = (1 + f) / 2 * c + (1 + i) / 2 * g
        h = (1 + o) / 2 * np.tanh(c)
        shown.append(h)
        held.append(c)
    return np.array(shown), np.array(held)


def memory(symbols, *groups):
    """The memory at the end of each text."""
    groups = encoded(symbols, groups)
    return lambda got: [np.shape(got[0]), *(forward(tokens, *got)[1][-1].round(2) for tokens in groups)]


def everything(symbols, *groups):
    """What is shown and what is held after each symbol."""
    groups = encoded(symbols, groups)
    return lambda got: [np.shape(got[0]), *(np.round(forward(tokens, *got), 2) for tokens in groups)]


def approved(*groups):
    """The trips of a lift that are all right."""
    groups = encoded("()x", groups)
    return lambda got: [np.shape(got[0]), *((abs(forward(tokens, got[0], got[2], got[1])[0][-1]) < 0.5).all(axis=1) for tokens in groups)]


def language(*groups):
    """The language that is said at the end of each text."""
    groups = encoded(tasks.Recall.vocabulary, groups)

    def said(got):
        W, U, b, R, r = map(np.asarray, got)
        if (R.shape, r.shape) != ((16, len(b) // 4), (16,)):
            raise ValueError("this is no readout")
        return [(forward(tokens, W, b, U)[0][-1] @ R.T + r).argmax(axis=1) for tokens in groups]

    return said


def draw(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    def texts(symbols, length, count):
        return ["".join(text) for text in rng.choice(list(symbols), (count, length))]

    yield Call("q2a", "left", (rng.uniform(0.3, 1, 3),), ("q2-three", "q2-any"))
    for T in (1, *rng.integers(7, 40, 2)):
        f = rng.uniform(0.8, 1, T)
        if T > 1:
            f[rng.integers(2, T - 2)] = 0
        yield Call("q2a", "left", (f,), ("q2-any",))
    for n in (1, *10 ** rng.uniform(-0.5, 3, 4)):
        yield Call("q2b", "bias_for", (float(n),), ("q2-bias",))

    for z in (np.array([-1000.0, -40, 0, 40, 1000]), float(rng.normal()), -float(rng.uniform(500, 2000)), normal(2, 3)):
        yield Call("q3a", "sigmoid", (z,), ("q3-stable",))
    on_paper = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 1, 1]])  # where the numbers of w, u and b are not 0
    for numbers, marks in 3 * [(on_paper, ("q3-paper", "q3-values")), (1, ("q3-values",))]:
        wub = [dict(zip("ifgo", row.tolist(), strict=True)) for row in normal(3, 4) * numbers]
        yield Call("q3b", "unit_step", (*normal(2).tolist(), rng.uniform(1.5, 2.5), *wub), marks)

    B, D, H = (int(n) for n in rng.permutation([2, 3, 4]) + rng.integers(3))
    W, U, b = normal(4 * H, D), normal(4 * H, H), normal(4 * H)
    yield Call("q4a", "step", (normal(B, D), normal(B, H), normal(B, H), W, U, b), ("q4-step",), kept=(1, 2))
    for order in ("ifgo", "ifog"):
        yield Call("q4b", "to_book_order", (rng.integers(100, size=4 * H), order), ("q4-order", "q4-any"))
    orders = ["".join(each) for each in itertools.permutations("ifgo")]
    for array, order in zip((W, U, b) * 3, rng.permutation(orders), strict=False):
        yield Call("q4b", "to_book_order", (array, str(order)), ("q4-any",))

    some = memory("+-.?", ["+..", "-..", "+.-", "..."])
    yield Call("q5", "latch", (20.0,), ("q5-some",), of=some)
    every = everything("+-.?", texts("+-.?", 6, 300), texts("+-.?", 300, 2))
    yield Call("q5", "latch", (rng.uniform(20, 30),), ("q5-all",), of=every)

    some = memory("abr.", ["a.a", "aab", "bbb"])
    yield Call("q6", "counter", (20.0,), ("q6-some",), of=some)
    every = memory("abr.", texts("abr.", 6, 300), texts("ab.", 300, 2))
    yield Call("q6", "counter", (rng.uniform(20, 30),), ("q6-all",), of=every)

    some = approved(["(x)", "(()"], [")("], ["(()())", "((()))"])
    yield Call("q7", "lift", (20.0,), ("q7-some",), of=some)
    fine = [["(x)", "()x", "(())", "x(())", "(()())", "(x(x)x)"][k] for k in rng.integers(6, size=40)]
    long = "".join(fine)
    ends = ["xxxxxx", "(()())", "((()))", "())(()", "(()(((", "x()x)x"]
    trips = [trip for end in ends for trip in (long + end, end + long)]
    yield Call("q7", "lift", (20.0,), ("q7-all",), of=approved(texts("()x", 7, 500), trips))

    names = list(tasks.STATES)
    alone = [[tasks.sentence(name, gap, rng).words for name in names] for gap in (0, int(rng.integers(5, 50)), 200)]
    yield Call("q8", "program_sentence", (), ("q8-names",), of=language(*alone))
    three = []  # with two alone, one that adds them up may be right by a hair
    for drawn in rng.integers(len(names), size=(30, 3)):
        gaps = rng.multinomial(90, np.ones(3) / 3)
        read = [tasks.sentence(names[place], int(gap), rng).words for place, gap in zip(drawn, gaps, strict=True)]
        three.append(sum(read, ()))
    yield Call("q8", "program_sentence", (), ("q8-last",), of=language(three))
    said = language([tasks.sentence(name, 60).words for name in names])
    yield Call("q8", "program_sentence", (), ("q8-four",), of=lambda got: [said(got), len(got[2]) // 4 <= 4])
