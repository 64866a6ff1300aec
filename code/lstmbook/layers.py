"""Whole sequences, forward and backward through time, in plain NumPy. Time comes first: ``(T, B, D)``.

Every layer has ``params``, ``forward`` and ``backward``; ``backward`` fills ``grads`` (same names and shapes as ``params``) for the last
``forward``. A layer computes in the precision of its parameters.

A recurrent layer also has a *state*: what it hands from one step to the next. As in PyTorch, ``forward(x, start)`` returns the outputs of
all steps and the state after the last; ``backward(dh, dlast)`` takes the gradients by these two and returns those by ``x`` and ``start``.
Recurrent layers are put together by :class:`Stack` and :class:`Bidirectional`, which are recurrent layers themselves.
"""

import numpy as np

from lstmbook import checks
from lstmbook.cells import LSTMCell, RNNCell

CHUNK = 10
"""Steps whose local derivatives are computed at once in :meth:`LSTM.backward`: more would cost memory, fewer would cost time."""


class Embedding:
    """A table with one row for each word: ``x_t`` is the row of word ``t``.

    Looking a row up is the same as multiplying a one-hot vector with the table.

    Args:
        words: V, the size of the vocabulary.
        features: D, the length of a row.
        rng: a ``numpy.random.Generator``; rows start normal with standard deviation 1, as in ``torch.nn.Embedding``.
        dtype: ``numpy.float64`` or ``numpy.float32``.

    >>> table = Embedding(words=3, features=2, rng=np.random.default_rng(0))
    >>> table.forward(np.array([[2], [0]])).shape  # two words of one sentence
    (2, 1, 2)
    """

    def __init__(self, words, features, rng, dtype=np.float64):
        checks.made_of(rng, dtype, words=words, features=features)
        self.params, self.grads = {"E": rng.standard_normal((words, features)).astype(dtype)}, {}
        self._kept = None

    def forward(self, tokens):
        """Rows ``(T, B, D)`` for word numbers ``(T, B)``."""
        words, tokens = len(self.params["E"]), np.asarray(tokens)
        if not np.issubdtype(tokens.dtype, np.integer):
            raise ValueError(f"tokens are whole numbers, one for each word, not {tokens.dtype}")
        if tokens.ndim != 2 or not tokens.size:
            raise ValueError(f"tokens have shape {tokens.shape}, but (T, B) is read here: words, then sentences")
        if not 0 <= tokens.min() <= tokens.max() < words:
            raise ValueError(f"a token lies outside the vocabulary of {words} words: they are numbered 0 to {words - 1}")
        self._kept = tokens.copy()
        return self.params["E"][tokens]

    def backward(self, dx):
        """Fill ``grads`` from ``dx`` ``(T, B, D)``. Returns None: word numbers have no gradient."""
        tokens, E = checks.has_run(self._kept), self.params["E"]
        dx = checks.shaped("dx", dx, (*tokens.shape, E.shape[1]), E.dtype, "(T, B, D)")
        self.grads = {"E": np.zeros_like(E)}
        np.add.at(self.grads["E"], tokens, dx)


class RNN:
    """The tanh RNN over a sequence: :class:`lstmbook.cells.RNNCell`, step after step with the same weights::

        h_t = tanh(W x_t + U h_{t-1} + b)    for t = 1 ... T

    Args:
        inputs: D, the size of one ``x_t``.
        units: H, the size of the hidden state.
        rng: a ``numpy.random.Generator`` for the initial weights.
        dtype: ``numpy.float64`` or ``numpy.float32``.

    Attributes:
        params: ``W (H, D)``, ``U (H, H)``, ``b (H,)``: the cell's.
        grads: the same after ``backward``.

    >>> layer = RNN(inputs=4, units=3, rng=np.random.default_rng(0))
    >>> h, last = layer.forward(np.zeros((7, 2, 4)))  # 7 words, 2 sentences
    >>> h.shape, last.shape
    ((7, 2, 3), (2, 3))
    """

    def __init__(self, inputs, units, rng, dtype=np.float64):
        self.cell = RNNCell(inputs, units, rng, dtype)
        self.inputs, self.units = inputs, units
        self.params, self.grads = self.cell.params, {}
        self._kept = None

    def forward(self, x, start=None):
        """Read a sequence.

        Args:
            x: the inputs, ``(T, B, D)``.
            start: the hidden state before the first step, ``(B, H)``; zeros if None.

        Returns:
            h: the hidden state after every step, ``(T, B, H)``, read-only.
            last: the hidden state after the last step, ``(B, H)``.

        Raises:
            ValueError: if a shape does not fit, the sequence is empty or a value is not a finite number.
        """
        W, U, b = self.params.values()
        x = checks.sequence(x, self.inputs, W.dtype).copy()
        T, B, _ = x.shape
        h = np.empty((T + 1, B, self.units), W.dtype)  # h[0] is the state before the first step
        (h[0],) = self.before(start, B)
        Wx = _times(x, W.T) + b  # the part that does not wait for the state, for all steps at once
        for t in range(T):
            h[t + 1] = np.tanh(Wx[t] + h[t] @ U.T)
        self._kept = x, h
        return _frozen(h[1:]), h[-1].copy()

    def before(self, start, B):
        """``start`` for ``B`` sentences as a tuple of checked arrays ``(B, H)``: here one, ``(h,)``."""
        shape, dtype = (B, self.units), self.params["U"].dtype
        return (np.zeros(shape, dtype) if start is None else checks.shaped("start", start, shape, dtype, "(B, H)"),)

    def backward(self, dh, dlast=None):
        """Backpropagation through time.

        Args:
            dh: the gradient with respect to every output of ``forward``, ``(T, B, H)``.
            dlast: the gradient with respect to the last state, ``(B, H)``, added to the last ``dh``; zeros if None.

        Returns:
            dx: the gradient with respect to the inputs, ``(T, B, D)``.
            dstart: the gradient with respect to the state before the first step, ``(B, H)``.

        Raises:
            ValueError: if a shape does not fit, a value is not a finite number, or there was no ``forward``.

        Source: Werbos (1990), "Backpropagation through time: what it does and how to do it".
        """
        x, h = checks.has_run(self._kept)
        W, U = self.params["W"], self.params["U"]
        dh = checks.shaped("dh", dh, h[1:].shape, h.dtype, "(T, B, H)")
        carried = np.zeros_like(h[0])  # what the later steps say about this hidden state
        if dlast is not None:
            carried += checks.shaped("dlast", dlast, carried.shape, h.dtype, "(B, H)")
        slope = 1 - h[1:] ** 2  # tanh'(z) = 1 - tanh(z)^2, for all steps at once
        dz = np.empty_like(slope)
        for t in reversed(range(len(x))):
            dz[t] = (dh[t] + carried) * slope[t]
            carried = dz[t] @ U
        self.grads = {"W": _summed(dz, x), "U": _summed(dz, h[:-1]), "b": dz.sum(axis=(0, 1))}
        return _times(dz, W), carried


class LSTM:
    """The LSTM over a sequence: :class:`lstmbook.cells.LSTMCell`, step after step with the same weights::

        c_t = f_t * c_{t-1} + i_t * g_t    for t = 1 ... T
        h_t = o_t * tanh(c_t)

    Args:
        inputs: D, the size of one ``x_t``.
        units: H, the size of the hidden state and of the cell state.
        rng: a ``numpy.random.Generator`` for the initial weights.
        dtype: ``numpy.float64`` or ``numpy.float32``.
        forget_bias: the number that every ``b_f`` starts at; None leaves it as random as the other biases.

    Attributes:
        params: ``W (4H, D)``, ``U (4H, H)``, ``b (4H,)``, blocks i, f, g, o: the cell's.
        grads: the same after ``backward``.

    >>> layer = LSTM(inputs=4, units=3, rng=np.random.default_rng(0), forget_bias=1.0)
    >>> h, (last_h, last_c) = layer.forward(np.zeros((7, 2, 4)))  # 7 words, 2 sentences
    >>> h.shape, last_h.shape, last_c.shape
    ((7, 2, 3), (2, 3), (2, 3))
    """

    def __init__(self, inputs, units, rng, dtype=np.float64, forget_bias=None):
        self.cell = LSTMCell(inputs, units, rng, dtype, forget_bias)
        self.inputs, self.units = inputs, units
        self.params, self.grads = self.cell.params, {}
        self._kept = None

    def forward(self, x, start=None):
        """Read a sequence.

        Args:
            x: the inputs, ``(T, B, D)``.
            start: the pair ``(h, c)`` before the first step, ``(B, H)`` each; zeros if None.

        Returns:
            h: the hidden state after every step, ``(T, B, H)``, read-only.
            last: the pair ``(h, c)`` after the last step, ``(B, H)`` each.

        Raises:
            ValueError: if a shape does not fit, the sequence is empty or a value is not a finite number.
        """
        W, U, b = self.params.values()
        x = checks.sequence(x, self.inputs, W.dtype).copy()
        (T, B, _), H = x.shape, self.units
        h = np.empty((T + 1, B, H), W.dtype)  # h[0] and c[0] are the state before the first step
        c = np.empty_like(h)
        h[0], c[0] = self.before(start, B)

        # The gates are those of LSTMCell, but sigmoid(z) is computed as (1 + tanh(z/2)) / 2: with the inner halves folded into the weights,
        # one tanh serves all four blocks. A gate that is nearly shut is then off by one rounding error of 1, not of itself.
        half = np.repeat(np.array([0.5, 0.5, 1, 0.5], W.dtype), H)
        rest = 1 - half
        halved_U = np.ascontiguousarray(U.T) * half
        gates = _times(x, W.T * half)  # the part that does not wait for the state, for all steps at once: (T, B, 4H)
        gates += b * half
        i, f, g, o = _blocks(gates)
        for t in range(T):
            z = gates[t]  # the four blocks of this step, changed in place
            z += h[t] @ halved_U
            np.tanh(z, out=z)
            z *= half
            z += rest
            c[t + 1] = f[t] * c[t] + i[t] * g[t]
            h[t + 1] = o[t] * np.tanh(c[t + 1])
        self._kept = x, h, c, gates
        return _frozen(h[1:]), (h[-1].copy(), c[-1].copy())

    def before(self, start, B):
        """``start`` for ``B`` sentences as a tuple of checked arrays ``(B, H)``: here two, ``(h, c)``; either may be None, for zeros."""
        shape, dtype = (B, self.units), self.params["U"].dtype
        h, c = (
            np.zeros(shape, dtype) if given is None else checks.shaped(f"{name} of start", given, shape, dtype, "(B, H)")
            for name, given in zip("hc", checks.parts("start", start, 2, "a pair (h, c)"), strict=True)
        )
        return h, c

    def backward(self, dh, dlast=None):
        """Backpropagation through time.

        Args:
            dh: the gradient with respect to every output of ``forward``, ``(T, B, H)``.
            dlast: the pair of gradients with respect to the last ``(h, c)``, ``(B, H)`` each; zeros if None.

        Returns:
            dx: the gradient with respect to the inputs, ``(T, B, D)``.
            dstart: the pair of gradients with respect to the ``(h, c)`` before the first step, ``(B, H)`` each.

        Raises:
            ValueError: if a shape does not fit, a value is not a finite number, or there was no ``forward``.

        Source: Werbos (1990) for the method; the derivatives are those of :meth:`lstmbook.cells.LSTMCell.backward`.
        """
        x, h, c, gates = checks.has_run(self._kept)
        W, U = self.params["W"], self.params["U"]
        dh = checks.shaped("dh", dh, h[1:].shape, h.dtype, "(T, B, H)")
        carried, dc = np.zeros((2, *h[0].shape), h.dtype)  # what the later steps say about h and about c
        for name, memory, given in zip("hc", (carried, dc), checks.parts("dlast", dlast, 2, "a pair (dh, dc)"), strict=True):
            if given is not None:
                memory += checks.shaped(f"d{name} of dlast", given, memory.shape, h.dtype, "(B, H)")

        dx = np.empty_like(x)
        dW, dU, db = map(np.zeros_like, (W, U, self.params["b"]))
        for first in reversed(range(0, len(x), CHUNK)):
            steps = slice(first, first + CHUNK)
            # Every local derivative of these steps, before the loop that chains them.
            i, f, g, o = _blocks(gates[steps])
            c_before, tanh_c = c[:-1][steps], np.tanh(c[1:][steps])
            shown = o * (1 - tanh_c**2)  # of h_t by c_t
            dz = np.empty_like(gates[steps])
            z_i, z_f, z_g, z_o = _blocks(dz)
            z_i[:] = g * i * (1 - i)  # of c_t by z_i
            z_f[:] = c_before * f * (1 - f)  # of c_t by z_f
            z_g[:] = i * (1 - g**2)  # of c_t by z_g
            z_o[:] = tanh_c * o * (1 - o)  # of h_t by z_o
            for t, dh_t in reversed(list(enumerate(dh[steps]))):
                carried += dh_t
                dc += carried * shown[t]
                z_i[t] *= dc
                z_f[t] *= dc
                z_g[t] *= dc
                z_o[t] *= carried
                dc *= f[t]
                carried = dz[t] @ U
            dx[steps] = _times(dz, W)
            dW += _summed(dz, x[steps])
            dU += _summed(dz, h[:-1][steps])
            db += dz.sum(axis=(0, 1))
        self.grads = {"W": dW, "U": dU, "b": db}
        return dx, (carried, dc)


class _Composed:
    """What :class:`Stack` and :class:`Bidirectional` share: several layers whose parameters count as one's."""

    def __init__(self, layers):
        self.layers, self._read = list(layers), False
        for layer in self.layers:
            if not all(hasattr(layer, name) for name in ("inputs", "units", "grads")):
                raise ValueError(f"{type(layer).__name__} is no recurrent layer: give an RNN, LSTM, Stack or Bidirectional")
        single = [id(layer) for layer in _singles(self)]
        if len(set(single)) < len(single):
            raise ValueError("one layer stands in two places, but it can keep only one reading: make a second layer")
        if len({layer.params["U"].dtype for layer in _singles(self)}) > 1:
            raise ValueError("the layers differ in precision: make all of them float32, or all float64")

    @property
    def params(self):
        return _numbered(layer.params for layer in self.layers)

    @property
    def grads(self):
        return _numbered(layer.grads for layer in self.layers)


class Stack(_Composed):
    """Recurrent layers on top of one another: each reads the outputs of the one below.

    Args:
        layers: recurrent layers, the one that reads ``x`` first; each must read as many features as the one below has units.

    Attributes:
        params, grads: those of all layers, as ``"0.W"``, ``"0.U"``, ..., ``"1.W"``, ...; assign into the arrays.

    The state is a list with the state of each layer.

    >>> rng = np.random.default_rng(0)
    >>> stack = Stack([LSTM(4, 3, rng), LSTM(3, 2, rng)])
    >>> h, last = stack.forward(np.zeros((7, 5, 4)))
    >>> h.shape, len(last)
    ((7, 5, 2), 2)
    """

    def __init__(self, layers):
        super().__init__(layers)
        if not self.layers:
            raise ValueError("layers is empty: a stack needs at least one")
        for k, (below, above) in enumerate(zip(self.layers, self.layers[1:], strict=False)):
            if above.inputs != below.units:
                raise ValueError(f"layer {k + 1} reads {above.inputs} features, but layer {k} below it has {below.units} units")
        self.inputs, self.units = self.layers[0].inputs, self.layers[-1].units

    def forward(self, x, start=None):
        """As the layers' own; ``start`` and the last state are lists with one state for each layer."""
        last, self._read = [], False
        for layer, state in zip(self.layers, self._states("start", start), strict=True):
            x, state = layer.forward(x, state)
            last.append(state)
        self._read = True
        return x, last

    def backward(self, dh, dlast=None):
        """As the layers' own; ``dlast`` and the gradient with respect to ``start`` are lists with one entry for each layer."""
        checks.has_run(self._read or None)
        dstart = []
        for layer, dstate in reversed(list(zip(self.layers, self._states("dlast", dlast), strict=True))):
            dh, dstate = layer.backward(dh, dstate)
            dstart.insert(0, dstate)
        return dh, dstart

    def _states(self, name, states):
        return checks.parts(name, states, len(self.layers), f"a list of {len(self.layers)} states, one for each layer")


class Bidirectional(_Composed):
    """Two recurrent layers over one sequence: one reads it from its start, the other from its end.

    An output holds what the first has made of everything up to this step and what the second has made of everything from here on.

    Args:
        ahead, back: two recurrent layers that read the same number of features.

    Attributes:
        params, grads: those of both, as ``"0.W"``, ..., ``"1.W"``, ...; assign into the arrays.

    The state is a list of two: of ``ahead`` after the last step, of ``back`` after the first.

    Source: Schuster and Paliwal (1997), "Bidirectional recurrent neural networks".

    >>> rng = np.random.default_rng(0)
    >>> both = Bidirectional(LSTM(4, 3, rng), LSTM(4, 3, rng))
    >>> both.forward(np.zeros((7, 5, 4)))[0].shape  # 3 units ahead, 3 units back
    (7, 5, 6)
    """

    def __init__(self, ahead, back):
        super().__init__([ahead, back])
        if ahead.inputs != back.inputs:
            raise ValueError(f"both directions read the same x, but ahead reads {ahead.inputs} features and back {back.inputs}")
        self.inputs, self.units = ahead.inputs, ahead.units + back.units

    def forward(self, x, start=None):
        """As the layers' own, with outputs ``(T, B, 2H)``; ``start`` and the last state are lists of two."""
        self._read = False
        ahead, back = self.layers
        start_ahead, start_back = checks.parts("start", start, 2, "a list of two states, ahead and back")
        h_ahead, last_ahead = ahead.forward(x, start_ahead)
        h_back, last_back = back.forward(np.asarray(x)[::-1], start_back)
        self._read = True
        return _frozen(np.concatenate([h_ahead, h_back[::-1]], axis=2)), [last_ahead, last_back]

    def backward(self, dh, dlast=None):
        """As the layers' own; ``dlast`` and the gradient with respect to ``start`` are lists of two."""
        checks.has_run(self._read or None)
        ahead, back = self.layers
        dh = checks.numbers("dh", dh)
        if dh.ndim != 3 or dh.shape[2] != self.units:
            raise ValueError(f"dh has shape {dh.shape}, but the outputs were (T, B, {self.units})")
        dlast_ahead, dlast_back = checks.parts("dlast", dlast, 2, "a list of two gradients, ahead and back")
        dx_ahead, dstart_ahead = ahead.backward(dh[:, :, : ahead.units], dlast_ahead)
        dx_back, dstart_back = back.backward(dh[::-1, :, ahead.units :], dlast_back)
        return dx_ahead + dx_back[::-1], [dstart_ahead, dstart_back]


class Linear:
    """A weighted sum for each class: ``scores = R h + r``.

    Args:
        inputs: H, the size of ``h``.
        classes: K, how many scores.
        rng: a ``numpy.random.Generator``; weights start uniform between -1/sqrt(H) and 1/sqrt(H).
        dtype: ``numpy.float64`` or ``numpy.float32``.

    Attributes:
        params: ``R (K, H)``, ``r (K,)``.

    >>> Linear(inputs=3, classes=5, rng=np.random.default_rng(0)).forward(np.zeros((2, 3))).shape
    (2, 5)
    """

    def __init__(self, inputs, classes, rng, dtype=np.float64):
        checks.made_of(rng, dtype, inputs=inputs, classes=classes)
        bound = 1 / np.sqrt(inputs)
        self.params = {
            "R": rng.uniform(-bound, bound, (classes, inputs)).astype(dtype),
            "r": rng.uniform(-bound, bound, classes).astype(dtype),
        }
        self.grads = {}
        self._kept = None

    def forward(self, h):
        """Scores ``(B, K)`` for hidden states ``(B, H)``."""
        R, r = self.params["R"], self.params["r"]
        h = checks.rows("h", h, R.shape[1], R.dtype, "this layer")
        self._kept = h.copy()
        return h @ R.T + r

    def backward(self, dscores):
        """Fill ``grads`` from ``dscores`` ``(B, K)``; returns ``dh`` ``(B, H)``."""
        h, R = checks.has_run(self._kept), self.params["R"]
        dscores = checks.shaped("dscores", dscores, (len(h), len(R)), R.dtype, "(B, K)")
        self.grads = {"R": dscores.T @ h, "r": dscores.sum(axis=0)}
        return dscores @ R


class Reader:
    """Reads a sequence step by step and answers from the last hidden state: embedding, recurrent layer, scores.

    Above a :class:`Bidirectional` layer the answer comes from where each direction ends, ``back`` at the first word.

    Args:
        words: V, the size of the vocabulary; None if the inputs are numbers already, and there is no embedding.
        features: D, the length of a word's row, or how many numbers an input has.
        units: H, the size of the hidden state.
        classes: K, the number of possible answers.
        rng: a ``numpy.random.Generator``.
        recurrent: what makes the recurrent layer from ``(features, units, rng, dtype)``: a class such as :class:`RNN` or :class:`LSTM`,
            or a function, for example ``functools.partial(LSTM, forget_bias=1.0)``.
        dtype: ``numpy.float64`` or ``numpy.float32``.

    Attributes:
        layers: by name: ``embedding``, ``recurrent``, ``readout``.
        states: the hidden states of the last ``forward``, ``(T, B, H)``.

    >>> reader = Reader(words=9, features=4, units=3, classes=2, rng=np.random.default_rng(0))
    >>> reader.forward(np.array([[1, 5], [2, 6], [3, 7]])).shape  # 3 words, 2 sentences: 2 scores each
    (2, 2)
    """

    def __init__(self, words, features, units, classes, rng, recurrent=RNN, dtype=np.float64):
        self.layers = {} if words is None else {"embedding": Embedding(words, features, rng, dtype)}
        self.layers["recurrent"] = recurrent(features, units, rng, dtype)
        self.layers["readout"] = Linear(self.layers["recurrent"].units, classes, rng, dtype)

    def forward(self, inputs):
        """Scores ``(B, K)`` for word numbers ``(T, B)``, or without an embedding for numbers ``(T, B, D)``."""
        if "embedding" in self.layers:
            inputs = self.layers["embedding"].forward(inputs)
        self.states, _ = self.layers["recurrent"].forward(inputs)
        answered = [self.states[t][:, units] for t, units in self._ends()]
        return self.layers["readout"].forward(np.concatenate(answered, axis=1))

    def backward(self, dscores):
        """Fill the ``grads`` of all layers from ``dscores`` ``(B, K)``."""
        dlast = self.layers["readout"].backward(dscores)
        dh = np.zeros_like(self.states)
        for t, units in self._ends():  # only the end is asked
            dh[t][:, units] = dlast[:, units]
        dx, _ = self.layers["recurrent"].backward(dh)
        if "embedding" in self.layers:
            self.layers["embedding"].backward(dx)

    def pairs(self):
        """Every parameter with its gradient, as ``(array, array)``."""
        for layer in self.layers.values():
            if not layer.grads:
                raise ValueError("there are no gradients yet: call forward and backward first")
            for name, array in layer.params.items():
                yield array, layer.grads[name]

    def _ends(self):
        return _ends(self.layers["recurrent"])


def _ends(layer, t=-1, first=0):
    """Where each direction of a layer ends, and which of its units it is: ``[(step, slice), ...]``."""
    if isinstance(layer, Stack):
        return _ends(layer.layers[-1], t, first)
    if isinstance(layer, Bidirectional):
        ahead, back = layer.layers
        return _ends(ahead, t, first) + _ends(back, -1 - t, first + ahead.units)
    return [(t, slice(first, first + layer.units))]


def _singles(layer):
    """The RNNs and LSTMs of which a composed layer is made."""
    return [single for each in layer.layers for single in _singles(each)] if isinstance(layer, _Composed) else [layer]


def _times(sequence, matrix):
    """``sequence @ matrix`` for all steps and sentences in one product."""
    T, B, size = sequence.shape
    return (sequence.reshape(T * B, size) @ matrix).reshape(T, B, -1)


def _summed(dz, inputs):
    """The gradient with respect to the weights between ``inputs`` and ``z``, summed over all steps and sentences."""
    return dz.reshape(-1, dz.shape[-1]).T @ inputs.reshape(-1, inputs.shape[-1])


def _blocks(gates):
    """Views of the blocks i, f, g, o: four times ``(T, B, H)`` from ``(T, B, 4H)``."""
    T, B, _ = gates.shape
    return np.moveaxis(gates.reshape(T, B, 4, -1), 2, 0)


def _frozen(states):
    states.flags.writeable = False  # backward needs them as they are
    return states


def _numbered(dictionaries):
    return {f"{k}.{name}": array for k, each in enumerate(dictionaries) for name, array in each.items()}
