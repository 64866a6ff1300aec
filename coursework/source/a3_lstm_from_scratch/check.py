"""The cross-check of assignment 3.

Where a mark is given by a visible test, its kind of numbers is drawn anew; for the hidden ones all sizes differ, sentences have padding, and
some ask nothing. All functions are called; no function is asked for by q1-paper, q4-power and q4-compared.
"""

import numpy as np

from coursework.crosscheck import Call

# fmt: off


def sigmoid(z):
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def gates(x, h, W, U, b):
    i, f, g, o = np.split(x @ W.T + h @ U.T + b, 4, axis=1)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


def step(x, h, c, W, U, b):
    i, f, g, o = gates(x, h, W, U, b)
    c = f * c + i * g
    return o * np.tanh(c), c


def read(x, lengths, W, U, b):
    h, c = np.zeros((2, len(x) + 1, len(lengths), len(b) // 4))
    for t, x_t in enumerate(x):
        here = (t < lengths)[:, None]
        h[t + 1], c[t + 1] = np.where(here, step(x_t, h[t], c[t], W, U, b), (h[t], c[t]))
    return {"x": x, "lengths": lengths, "h": h, "c": c, "gates": [gates(x[t], h[t], W, U, b) for t in range(len(x))]}


def draw(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    def weights(D, H):
        return normal(4 * H, D), normal(4 * H, H), normal(4 * H)

    def shapes(arrays):
        return {name: np.shape(array) for name, array in arrays.items()}

    for z in (normal(2, 3), np.array([-1000.0, -30, 0, 30, 1000]), 50 * normal(4), float(normal())):
        yield Call("q2-sigmoid", "sigmoid", (z,), ("q2-stable",))

    T, B, D, H, K = (int(n) for n in rng.permutation([2, 3, 4, 5, 6]) + 1)
    x, h, c, (W, U, b) = (normal(B, D), normal(B, H), normal(B, H), weights(D, H))
    yield Call("q2-gates", "gates", (x, h, 0 * W, 0 * U, np.repeat(normal(4), H)), ("q2-check", "q2-values"))
    yield Call("q2-gates", "gates", (x, h, W, U, b), ("q2-values",))

    open_, shut = rng.uniform(40, 60, (2, H))
    yield Call("q3", "step", (x, 0 * c, c, 0 * W, 0 * U, np.concatenate([-shut, open_, 0 * shut, open_])), ("q3-check", "q3-values"))
    yield Call("q3", "step", (x, h, c, W, U, b), ("q3-values",), kept=(2,))

    seen, few = weights(5, 2), normal(4, 3, 5)

    def stands(got):  # what the visible test asks: padding changes nothing, and the last word is read
        h, c = np.asarray(got["h"]), np.asarray(got["c"])
        if h.shape != (5, 3, 2) or c.shape != h.shape:
            raise ValueError("these are no memories of such a batch")
        last = np.subtract(step(few[3, :1], h[3, :1], c[3, :1], *seen), (h[4, :1], c[4, :1]))
        return [h[0], c[0], c[4, 1] - c[1, 1], h[4, 2] - h[2, 2], last, len(got["gates"])]

    yield Call("q5", "read", (few, np.array([4, 1, 2]), *seen), ("q5-check",), of=stands)
    lengths, words = (rng.permutation([T, 1, *rng.integers(1, T + 1, B - 2)]), normal(T, B, D))
    here = np.arange(T)[:, None] < lengths

    def words_alone(got):
        of_words = [[np.asarray(gate)[on] for gate in four] for four, on in zip(got["gates"], here, strict=True)]
        return [got["h"], got["c"], got["lengths"], np.asarray(got["x"])[here], of_words]

    yield Call("q5", "read", (words, lengths, W, U, b), ("q5-values",), of=words_alone)

    z, old = np.array([[2.0, -1, -1, 0]]) + 0.1 * normal(1, 4), normal(1, 1)
    four = tuple(curve(z[:, [k]]) for k, curve in enumerate((sigmoid, sigmoid, np.tanh, sigmoid)))
    one, new = np.ones((1, 1)), four[1] * old + four[0] * four[2]
    yield Call("q6", "back_step", (one, 0.5 * one, old, new, four), ("q6-check", "q6-values"))
    back = (normal(B, H), normal(B, H), c, step(x, h, c, W, U, b)[1], gates(x, h, W, U, b))
    yield Call("q6", "back_step", back, ("q6-values",), kept=(0, 1, 2, 3))

    kept = read(words[:1], np.ones(B, int), W, U, b)
    yield Call("q7", "go_back", (normal(B, H), kept, W, U, b), ("q7-one",), of=lambda got: got[1])
    yield Call("q7", "go_back", (normal(B, H), read(words, lengths, W, U, b), W, U, b), ("q7-time",))

    answers = rng.integers(K, size=B + 2)
    answers[0] = 0

    def visible(got):
        return [got[0], np.shape(got[1]), got[1][0][0], np.sum(got[1], axis=1)]

    yield Call("q8", "cross_entropy", (np.zeros((B + 2, K)), answers), ("q8-check",), of=visible)
    scores, some = (3 * normal(B + 2, K), np.where(np.arange(B + 2) == rng.integers(1, B + 2), -1, answers))
    scores[0] += 1000
    yield Call("q8", "cross_entropy", (scores, some), ("q8-values",))

    params = {"E": normal(5, D), "W": W, "U": U, "b": b, "R": normal(K, H), "r": normal(K)}
    batch = rng.integers(5, size=(T, B)), lengths, rng.integers(K, size=B)
    small = {name: 0.1 * array for name, array in params.items()}
    yield Call("q9", "slopes", (small, *batch), ("q9-check",), of=lambda got: [abs(got[0] - np.log(K)) < 0.5, shapes(got[1])])
    yield Call("q9", "slopes", (params, *batch), ("q9-values",))
