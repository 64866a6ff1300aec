"""Whole sequences, forward and backward through time, in plain NumPy. Time comes first: ``(T, B, D)``.

Every layer has ``params``, ``forward`` and ``backward``; ``backward`` fills ``grads`` (same names and shapes as ``params``, and those of
initial states) for the last ``forward``, and returns the gradient by the layer's input. A layer computes in the dtype of its parameters.
"""

import numpy as np

from lstmbook.cells import RNNCell


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
        self.params = {"E": rng.standard_normal((words, features)).astype(dtype)}
        self.grads = {}

    def forward(self, tokens):
        """Rows ``(T, B, D)`` for word numbers ``(T, B)``."""
        words, tokens = len(self.params["E"]), np.asarray(tokens)
        if not np.issubdtype(tokens.dtype, np.integer):
            raise ValueError(f"tokens are whole numbers, one for each word, not {tokens.dtype}")
        if tokens.size and not 0 <= tokens.min() <= tokens.max() < words:
            raise ValueError(f"a token lies outside the vocabulary of {words} words: they are numbered 0 to {words - 1}")
        self._tokens = tokens
        return self.params["E"][tokens]

    def backward(self, dx):
        """Fill ``grads`` from ``dx`` ``(T, B, D)``. Returns None: word numbers have no gradient."""
        self.grads["E"] = np.zeros_like(self.params["E"])
        np.add.at(self.grads["E"], self._tokens, dx)


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
        grads: the same after ``backward``, and ``h0 (B, H)``, the gradient by the first hidden state.

    >>> layer = RNN(inputs=4, units=3, rng=np.random.default_rng(0))
    >>> layer.forward(np.zeros((7, 2, 4))).shape  # 7 words, 2 sentences
    (7, 2, 3)
    """

    def __init__(self, inputs, units, rng, dtype=np.float64):
        self.cell = RNNCell(inputs, units, rng, dtype)
        self.params = self.cell.params
        self.grads = {}

    def forward(self, x, h0=None):
        """All hidden states ``(T, B, H)`` for the inputs ``x`` ``(T, B, D)``, starting from ``h0`` ``(B, H)`` or zeros.

        Raises:
            ValueError: if a shape does not fit, or the sequence is empty.
        """
        x = np.asarray(x, self.params["W"].dtype)
        if x.ndim != 3:
            raise ValueError(f"x has shape {np.shape(x)}, but this layer reads (T, B, D): words, sentences, features")
        if not x.size:
            raise ValueError(f"x has shape {x.shape}: there is nothing to read")
        if x.shape[2] != self.cell.inputs:
            raise ValueError(f"x has {x.shape[2]} features, but this layer reads {self.cell.inputs}")
        T, B, _ = x.shape
        h = np.zeros((T + 1, B, self.cell.units), x.dtype)  # h[0] is the state before the first word
        if h0 is not None:
            if np.shape(h0) != h[0].shape:
                raise ValueError(f"h0 has shape {np.shape(h0)}, but this batch needs (B, H) = {h[0].shape}")
            h[0] = h0
        W, U, b = map(self.params.get, "WUb")
        Wx = x @ W.T + b  # the part that does not wait for the state, for all steps at once
        for t in range(T):
            h[t + 1] = np.tanh(Wx[t] + h[t] @ U.T)
        self._x, self._h = x, h
        states = h[1:]
        states.flags.writeable = False  # backward needs them as they are
        return states

    def backward(self, dh):
        """Backpropagation through time.

        Args:
            dh: ``(T, B, H)``, the gradient by every hidden state that ``forward`` returned.

        Returns:
            dx: ``(T, B, D)``, the gradient by the inputs.

        Source: Werbos (1990), "Backpropagation through time: what it does and how to do it".
        """
        x, h = self._x, self._h
        if np.shape(dh) != h[1:].shape:
            raise ValueError(f"dh has shape {np.shape(dh)}, but the hidden states had (T, B, H) = {h[1:].shape}")
        W, U = self.params["W"], self.params["U"]
        slope = 1 - h[1:] ** 2  # tanh'(z) = 1 - tanh(z)^2, for all steps at once
        dz = np.empty_like(slope)
        carried = np.zeros_like(h[0])  # what the later steps say about this hidden state
        for t in reversed(range(len(x))):
            dz[t] = (dh[t] + carried) * slope[t]
            carried = dz[t] @ U
        self.grads = {
            "W": np.tensordot(dz, x, axes=((0, 1), (0, 1))),
            "U": np.tensordot(dz, h[:-1], axes=((0, 1), (0, 1))),
            "b": dz.sum(axis=(0, 1)),
            "h0": carried,
        }
        return dz @ W


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
        bound = 1 / np.sqrt(inputs)
        self.params = {
            "R": rng.uniform(-bound, bound, (classes, inputs)).astype(dtype),
            "r": rng.uniform(-bound, bound, classes).astype(dtype),
        }
        self.grads = {}

    def forward(self, h):
        """Scores ``(B, K)`` for hidden states ``(B, H)``."""
        inputs = self.params["R"].shape[1]
        h = np.asarray(h, self.params["R"].dtype)
        if h.ndim != 2 or h.shape[1] != inputs:
            raise ValueError(f"h has shape {h.shape}, but this layer reads (B, {inputs})")
        self._h = h
        return h @ self.params["R"].T + self.params["r"]

    def backward(self, dscores):
        """Fill ``grads`` from ``dscores`` ``(B, K)``; returns ``dh`` ``(B, H)``."""
        self.grads = {"R": dscores.T @ self._h, "r": dscores.sum(axis=0)}
        return dscores @ self.params["R"]


class Reader:
    """Reads a sentence word by word and answers from its last hidden state: embedding, recurrent layer, scores.

    Args:
        words: V, the size of the vocabulary.
        features: D, the length of a word's row.
        units: H, the size of the hidden state.
        classes: K, the number of possible answers.
        rng: a ``numpy.random.Generator``.
        recurrent: the class of the recurrent layer.
        dtype: ``numpy.float64`` or ``numpy.float32``.

    Attributes:
        layers: the three, by name: ``embedding``, ``recurrent``, ``readout``.

    >>> reader = Reader(words=9, features=4, units=3, classes=2, rng=np.random.default_rng(0))
    >>> reader.forward(np.array([[1, 5], [2, 6], [3, 7]])).shape  # 3 words, 2 sentences: 2 scores each
    (2, 2)
    """

    def __init__(self, words, features, units, classes, rng, recurrent=RNN, dtype=np.float64):
        self.layers = {
            "embedding": Embedding(words, features, rng, dtype),
            "recurrent": recurrent(features, units, rng, dtype),
            "readout": Linear(units, classes, rng, dtype),
        }

    def forward(self, tokens):
        """Scores ``(B, K)`` for word numbers ``(T, B)``. The hidden states stay in ``states`` ``(T, B, H)``."""
        if np.ndim(tokens) != 2:
            raise ValueError(f"tokens have shape {np.shape(tokens)}, but a reader reads (T, B): words, then sentences")
        x = self.layers["embedding"].forward(tokens)
        self.states = self.layers["recurrent"].forward(x)
        return self.layers["readout"].forward(self.states[-1])

    def backward(self, dscores):
        """Fill the ``grads`` of all three layers from ``dscores`` ``(B, K)``."""
        dh = np.zeros_like(self.states)
        dh[-1] = self.layers["readout"].backward(dscores)  # only the last word is asked
        self.layers["embedding"].backward(self.layers["recurrent"].backward(dh))

    def pairs(self):
        """Every parameter with its gradient, as ``(array, array)``."""
        for layer in self.layers.values():
            if not layer.grads:
                raise ValueError("there are no gradients yet: call forward and backward first")
            for name, array in layer.params.items():
                yield array, layer.grads[name]
