"""What is measured: how far gradients reach, how a step stretches or shrinks the state, what the gates do, how long a memory lasts."""

import copy

import numpy as np

from lstmbook import checks
from lstmbook.cells import LSTMCell


def half_life(f):
    """After how many steps half of a memory is gone that is multiplied by ``f`` at each: ``ln 2 / -ln f``.

    Args:
        f: the forget gate, between 0 and 1; a number or an array.

    Returns:
        Steps, of the shape of ``f``: 0 for ``f = 0``, infinite for ``f = 1``.

    Raises:
        ValueError: when ``f`` lies outside 0 to 1.

    >>> half_life(0.5)
    1.0
    >>> round(half_life(0.9), 1)
    6.6
    """
    f = checks.numbers("f", f, np.float64)
    if not ((f >= 0) & (f <= 1)).all():
        raise ValueError("a forget gate lies between 0 and 1")
    with np.errstate(divide="ignore"):
        steps = np.log(2) / np.abs(np.log(f))
    return float(steps) if steps.ndim == 0 else steps


def chrono(layer, longest, rng):
    """Start the gates of an LSTM so that its memories last from one step to ``longest`` steps, drawn at random for each unit.

    The biases of ``layer`` are changed in place::

        b_f = ln(k), k uniform from 1 to longest - 1        b_i = -b_f        b_g = b_o = 0

    Args:
        layer: a :class:`lstmbook.layers.LSTM`.
        longest: the longest lag that is expected, at least 3 steps.
        rng: a ``numpy.random.Generator``.

    Returns:
        The layer.

    Source: Tallec and Ollivier (2018), "Can recurrent neural networks warp time?".

    >>> from lstmbook.layers import LSTM
    >>> rng = np.random.default_rng(0)
    >>> layer = chrono(LSTM(2, 5, rng), longest=100, rng=rng)
    >>> forget = 1 / (1 + np.exp(-layer.params["b"][5:10]))
    >>> bool((half_life(forget) < 70).all())  # ln 2 of at most 99 steps
    True
    """
    if not isinstance(getattr(layer, "cell", None), LSTMCell):
        raise ValueError(f"chrono initialisation sets the gates of an LSTM, but this is {type(layer).__name__}")
    checks.generator(rng)
    if isinstance(longest, str) or not np.isfinite(longest) or longest < 3:
        raise ValueError(f"longest is {longest!r}, but the longest lag must be at least 3 steps")
    H, b = layer.units, layer.params["b"]
    forget = np.log(rng.uniform(1, longest - 1, H))
    b[:] = np.concatenate([-forget, forget, np.zeros(2 * H)])
    return layer


def traces(layer, x, start=None):
    """What a layer does at every step, each ``(T, B, H)``: of an LSTM ``i, f, g, o, c, h``, of an RNN ``h``.

    Args:
        layer: a :class:`lstmbook.layers.RNN` or :class:`lstmbook.layers.LSTM`.
        x: the inputs, ``(T, B, D)``.
        start: the state before the first step; zeros if None.

    Returns:
        A dictionary of arrays.

    >>> from lstmbook.layers import LSTM
    >>> trace = traces(LSTM(2, 3, np.random.default_rng(0)), np.ones((4, 1, 2)))
    >>> list(trace), trace["c"].shape
    (['i', 'f', 'g', 'o', 'c', 'h'], (4, 1, 3))
    """
    cell, x, state = _unrolled(layer, x, start)
    names = "ifgoch" if isinstance(cell, LSTMCell) else "h"
    steps = []
    for x_t in x:
        gates = cell.gates(x_t, state[0]) if names != "h" else ()
        state = _step(cell, x_t, state)
        steps.append([*gates, *reversed(state)])  # c before h
    return {name: np.array(values) for name, values in zip(names, zip(*steps, strict=True), strict=True)}


def jacobians(layer, x, start=None):
    """How the state after each step depends on the state before it, for one sentence.

    The state of an RNN is ``h``; that of an LSTM is ``h`` and ``c`` in one vector, so S is H or 2H. The singular values of a Jacobian,
    ``numpy.linalg.svd(J, compute_uv=False)``, tell how a step stretches (above 1) or shrinks (below 1) a small change of the state.

    Args:
        layer: a :class:`lstmbook.layers.RNN` or :class:`lstmbook.layers.LSTM`.
        x: the inputs of one sentence, ``(T, 1, D)``.
        start: the state before the first step; zeros if None.

    Returns:
        ``(T, S, S)``; entry ``[t, a, b]`` is the derivative of number ``a`` of the state after step ``t`` by number ``b`` before it.

    >>> from lstmbook.layers import RNN
    >>> layer = RNN(1, 3, np.random.default_rng(0))
    >>> J = jacobians(layer, np.zeros((1, 1, 1)))[0]  # at z = b, where tanh' is 1 - tanh(b)^2
    >>> bool(np.allclose(J, (1 - np.tanh(layer.params["b"]) ** 2)[:, None] * layer.params["U"]))
    True
    """
    cell, x, state = _unrolled(layer, x, start)
    if x.shape[1] != 1:
        raise ValueError(f"x has shape {x.shape}, but a Jacobian belongs to one sentence: give (T, 1, D)")
    S = len(state) * cell.units
    asked = np.split(np.eye(S), len(state), axis=1)  # S copies of the sentence; copy a asks for the derivatives of number a
    result = []
    for x_t in x:
        copies = [np.repeat(each, S, axis=0) for each in (x_t, *state)]
        _, *dstate, _ = cell.backward(*asked, *copies)
        result.append(np.concatenate(dstate, axis=1))
        state = _step(cell, x_t, state)
    return np.array(result)


def reach(jacobians):
    """The singular values of the Jacobian of the last state by the state ``k`` steps earlier, for every ``k``.

    Args:
        jacobians: ``(T, S, S)`` from :func:`jacobians`.

    Returns:
        ``(T + 1, S)``, the largest first; row ``k`` belongs to the lag ``k``, so row 0 is all ones. Values more than 1e16 times smaller
        than the largest of their row are rounding errors.

    >>> reach(np.array([[[0.5]], [[0.5]]]))[:, 0].tolist()
    [1.0, 0.5, 0.25]
    """
    J = checks.numbers("jacobians", jacobians, np.float64)
    if J.ndim != 3 or J.shape[1] != J.shape[2]:
        raise ValueError(f"jacobians have shape {J.shape}, but (T, S, S) is read here")
    products = [np.eye(J.shape[1])]
    for step in J[::-1]:
        with np.errstate(over="ignore", invalid="ignore"):
            products.append(products[-1] @ step)
        if not np.isfinite(products[-1]).all():
            raise ValueError(f"over {len(products) - 1} steps the product is too large for a number: take fewer steps")
    return np.linalg.svd(np.array(products), compute_uv=False)


def gradient_by_lag(layer, x, start=None):
    """How strongly the last hidden state depends on the input of each step: the length of that Jacobian, for one sentence.

    Args:
        layer: any recurrent layer of :mod:`lstmbook.layers`.
        x: the inputs of one sentence, ``(T, 1, D)``.
        start: the state before the first step; zeros if None.

    Returns:
        ``(T,)``: entry ``k`` is the root of the sum of squares of all derivatives of ``h_T`` by ``x_{T-k}``.

    >>> from lstmbook.layers import RNN
    >>> gradient_by_lag(RNN(2, 3, np.random.default_rng(0)), np.zeros((50, 1, 2))).shape
    (50,)
    """
    x = np.asarray(x)
    if x.ndim != 3 or x.shape[1] != 1:
        raise ValueError(f"x has shape {x.shape}, but the gradient is measured on one sentence: give (T, 1, D)")
    layer, copies = copy.deepcopy(layer), layer.units  # one copy of the sentence for each unit that is asked
    if start is not None:
        start = _repeated(start, copies)
    h, _ = layer.forward(np.repeat(x, copies, axis=1), start)
    dh = np.zeros_like(h)
    dh[-1] = np.eye(copies)
    dx, _ = layer.backward(dh)
    largest = np.abs(dx).max(axis=(1, 2), keepdims=True)
    scale = np.where(largest > 0, largest, 1)  # so that no square is too small or too large for a number
    return np.ravel(scale)[::-1] * np.sqrt(((dx / scale) ** 2).sum(axis=(1, 2)))[::-1]


def by_nudging(loss, array, step=1e-5):
    """The slope of a loss by every number of an array, from two readings of the loss for each: a little above, a little below.

    It knows nothing of derivatives, so it can judge a backward pass. Use float64: in float32 the rounding of the two readings drowns it.

    Args:
        loss: a function without arguments that returns a number and reads ``array`` each time.
        array: floating-point numbers; they are changed one after the other and left as they were.
        step: how far each number is moved, up and down.

    Returns:
        An array of the shape of ``array``, in the unit of the loss divided by that of ``array``.

    Raises:
        ValueError: when ``array`` cannot be nudged, because it holds whole numbers or cannot be written to.

    >>> w = np.array([3.0, -1.0])
    >>> by_nudging(lambda: (w**2).sum(), w).round(6).tolist()  # 2 w
    [6.0, -2.0]
    """
    if not isinstance(array, np.ndarray) or not np.issubdtype(array.dtype, np.floating) or not array.flags.writeable:
        raise ValueError("only an array of floating-point numbers that can be written to can be nudged")
    slopes = np.empty_like(array)
    for place in np.ndindex(array.shape):
        kept = array[place]
        try:
            array[place] = kept + step
            above = loss()
            array[place] = kept - step
            slopes[place] = (above - loss()) / (2 * step)
        finally:
            array[place] = kept
    return slopes


def relative_error(ours, judge):
    """How far two lists of slopes lie apart, as a part of the longer one: 0 is the same, 2 is opposite; two lists of zeros agree.

    >>> relative_error(np.array([3.0, 4.0]), np.array([3.0, 4.0]))
    0.0
    """
    if np.shape(ours) != np.shape(judge):
        raise ValueError(f"slopes of shape {np.shape(ours)} cannot be compared with slopes of shape {np.shape(judge)}")
    longer = max(np.linalg.norm(ours), np.linalg.norm(judge))
    return float(np.linalg.norm(np.subtract(ours, judge)) / longer) if longer else 0.0


def _repeated(start, copies):
    if isinstance(start, tuple | list):
        return type(start)(_repeated(each, copies) for each in start)
    return None if start is None else np.repeat(start, copies, axis=0)


def _unrolled(layer, x, start):
    """The layer's cell, the checked inputs, and the state before the first step as a tuple of ``(B, H)`` arrays."""
    cell = getattr(layer, "cell", None)
    if cell is None:
        raise ValueError(f"one RNN or LSTM can be looked into, but this is {type(layer).__name__}: take one of its layers")
    x = checks.sequence(x, cell.inputs, cell.params["W"].dtype)
    return cell, x, layer.before(start, x.shape[1])


def _step(cell, x_t, state):
    after = cell.forward(x_t, *state)
    return after if isinstance(after, tuple) else (after,)
