"""The cross-check of assignment 1.

Where a mark is given by a visible test, its kind of numbers is drawn anew; for the hidden ones all sizes differ. The judge of question 5 is
handed right and wrong walks, in a secret order. All functions are called; none is asked for by q1-guess, q8-reach and q8-verdict.
"""

import numpy as np

from coursework.crosscheck import Call

# fmt: off


def states(xs, W, U, b, start):
    h = [start]
    for x in xs:
        h.append(np.tanh(x @ W.T + h[-1] @ U.T + b))
    return np.array(h)


def accused(wrong_blocks, bugs):
    def read(xs, W, U, b, start=None):
        h = [np.zeros((xs.shape[1], len(b))) if start is None else start]
        for x in xs:
            h.append(np.tanh(x @ W.T + h[-1] @ U.T + b))
        return np.array(h)

    def walker(bug):
        def walk(dh, xs, h, W, U, b):
            dz, later = np.zeros_like(dh), np.zeros_like(h[0])
            for t in reversed(range(len(xs))):
                seen = 0 * dh[t] if bug == "last only" and t < len(xs) - 1 else dh[t]
                dz[t] = (seen + later) * (1 - h[t if bug == "slope before" else t + 1] ** 2)
                later = 0 * later if bug == "never back" else dz[t] @ (U.T if bug == "turned" else U)
            first = int(bug == "zero start")
            slopes = {"W": np.einsum("tbh,tbd->hd", dz, xs), "U": np.einsum("tbh,tbk->hk", dz[first:], h[first:-1])}
            slopes |= {"b": dz.sum(axis=(0, 1)), "xs": dz @ W, "start": 0 * later if bug == "no start" else later}
            changed = {"mean": ("b", 1 / dz.shape[1]), "twice": ("W", 2), "backwards": ("xs", slice(None, None, -1))}
            if bug in changed:
                name, how = changed[bug]
                slopes[name] = slopes[name][how].copy() if isinstance(how, slice) else slopes[name] * how
            return slopes

        return walk

    return [wrong_blocks(read, walker(bug)) for bug in bugs]


def draw(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    letters = list("abcdefghij")
    for words in (rng.permutation(letters)[:n].tolist() for n in rng.integers(3, 11, 3)):
        yield Call("q2", "smallest_window", (tuple(words), words[:1]), ("q2-fixed", "q2-any"))
    for size in rng.integers(5, 30, 20):
        words, clues = (rng.choice(letters[:8], size), rng.choice(letters[:9], rng.integers(1, 4)))
        yield Call("q2", "smallest_window", (tuple(words.tolist()), clues.tolist()), ("q2-any",))

    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]) + rng.integers(2))
    ones = np.ones((T, B, D)), np.ones((H, D)), np.ones((H, H)), np.ones(H)
    yield Call("q3", "read", ones, ("q3-hand",), of=np.shape)
    yield Call("q3", "read", (normal(2, 1, 1), normal(1, 1), normal(1, 1), normal(1)), ("q3-hand", "q3-values"))
    xs, W, U, b, start = (normal(T, B, D), normal(H, D), normal(H, H) / np.sqrt(H), normal(H), normal(B, H))
    yield Call("q3", "read", (xs, W, U, b), ("q3-values",))
    yield Call("q3", "read", (xs, W, U, b, start), ("q3-values",))

    walk = normal(T, B, H), xs, states(xs, W, U, b, start), W, U, b
    names = ["W", "U", "b", "xs", "start"]
    yield Call("q4", "backward", walk, ("q4-shapes",), of=lambda got: [np.shape(got[name]) for name in names], kept=(0,))
    yield Call("q4", "backward", walk, ("q4-weights",), of=lambda got: [got[name] for name in names[:3]])
    yield Call("q4", "backward", walk, ("q4-ends",), of=lambda got: [got[name] for name in names[3:]])

    bugs = ["right", "never back", "last only", "slope before", "zero start", "no start", "mean", "twice", "backwards"]
    yield Call("q5", "wrong_blocks", (rng.permutation(["right", "turned"]).tolist(),), ("q5-right", "q5-catches"), by=accused)
    yield Call("q5", "wrong_blocks", (rng.permutation(bugs).tolist(),), ("q5-catches",), by=accused)

    one = np.array([[0.0], *rng.uniform(-0.8, 0.8, (2, 1))])
    yield Call("q6", "reach", (one, normal(1, 1), normal(1, 1)), ("q6-one", "q6-values"))
    h = states(0.3 * xs[:, :1], W, U, 0 * b, 0 * start[:1])[:, 0]
    yield Call("q6", "reach", (h, W, U), ("q6-values",), of=np.log)  # small ones count as much as large ones

    two = {"W": normal(1, 2)}
    yield Call("q7", "clip", (two, 0.3 * np.linalg.norm(two["W"])), ("q7-long", "q7-care"))
    slopes = {"W": normal(H, D), "b": normal(H)}
    length = np.linalg.norm(np.concatenate([array.ravel() for array in slopes.values()]))
    for part in (0.4, 1.7):
        yield Call("q7", "clip", (slopes, part * length), ("q7-care",), kept=(0,))
    yield Call("q7", "clip", ({"W": np.zeros((D, T))}, 1.0), ("q7-care",))
