"""One time step of a recurrent cell, forward and backward, in plain NumPy.

Notation, as in the whole book: ``x`` is the input of this step ``(B, D)``, ``h`` the hidden state ``(B, H)``, ``c`` the cell state
``(B, H)``; ``B`` sentences side by side, ``D`` inputs, ``H`` units. ``W`` weighs the input, ``U`` the hidden state, ``b`` is the bias.
Gradients are of one loss, with respect to the array they are named after: ``dh`` has the shape of ``h``.

A cell keeps nothing between calls: ``backward`` is given what ``forward`` was given. Weights start uniform between -1/sqrt(H) and
1/sqrt(H), as in PyTorch, whose two biases are one here.
"""

import numpy as np

from lstmbook import checks


def sigmoid(z):
    """The S-curve from 0 to 1, ``1 / (1 + exp(-z))``, by way of its logarithm so that no ``z`` overflows.

    >>> float(sigmoid(0.0).round(4)), float(sigmoid(-1e4))
    (0.5, 0.0)
    """
    return np.exp(-np.logaddexp(0, -z))


class RNNCell:
    """A layer of ``H`` tanh units at one time step::

        h_t = tanh(W x_t + U h_{t-1} + b)

    Args:
        inputs: D, the size of ``x``.
        units: H, the size of ``h``.
        rng: a ``numpy.random.Generator`` for the initial weights.
        dtype: ``numpy.float64`` or ``numpy.float32``.

    Attributes:
        params: ``{"W": (H, D), "U": (H, H), "b": (H,)}``; assign into the arrays to set weights by hand.

    Source: Elman (1990), "Finding structure in time", with tanh for his logistic units.

    >>> cell = RNNCell(inputs=1, units=1, rng=np.random.default_rng(0))
    >>> cell.params["W"][:], cell.params["U"][:], cell.params["b"][:] = 1.0, 0.5, 0.0
    >>> float(cell.forward(x=np.array([[1.0]]), h=np.array([[0.0]]))[0, 0].round(4))  # tanh(1)
    0.7616
    """

    def __init__(self, inputs, units, rng, dtype=np.float64):
        checks.made_of(rng, dtype, inputs=inputs, units=units)
        self.inputs, self.units = inputs, units
        self.params = _uniform({"W": (units, inputs), "U": (units, units), "b": (units,)}, units, rng, dtype)

    def forward(self, x, h):
        """The next hidden state ``(B, H)``.

        Args:
            x: the input, ``(B, D)``.
            h: the hidden state before this step, ``(B, H)``.

        Raises:
            ValueError: if a shape does not fit or a value is not a finite number.
        """
        x, h = _side_by_side(self, x=x, h=h)
        W, U, b = self.params.values()
        return np.tanh(x @ W.T + h @ U.T + b)

    def backward(self, dh_next, x, h):
        """The gradients of the step ``h_next = forward(x, h)``.

        Args:
            dh_next: the gradient with respect to ``h_next``, ``(B, H)``.
            x, h: as ``forward`` had them.

        Returns:
            dx: ``(B, D)``.
            dh: ``(B, H)``, what flows on to the step before.
            grads: ``{"W": ..., "U": ..., "b": ...}``, summed over the batch.

        Raises:
            ValueError: as in ``forward``.
        """
        x, h, dh_next = _side_by_side(self, x=x, h=h, dh_next=dh_next)
        h_next = self.forward(x, h)
        dz = dh_next * (1 - h_next**2)  # tanh'(z) = 1 - tanh(z)^2
        return _through_weights(self, dz, x, h)


class LSTMCell:
    """A layer of ``H`` LSTM units at one time step: three gates, a candidate, two memories::

        i = sigmoid(W_i x_t + U_i h_{t-1} + b_i)    input gate: how much of the candidate is written
        f = sigmoid(W_f x_t + U_f h_{t-1} + b_f)    forget gate: how much of the old cell state is kept
        g =    tanh(W_g x_t + U_g h_{t-1} + b_g)    candidate: what could be written
        o = sigmoid(W_o x_t + U_o h_{t-1} + b_o)    output gate: how much of the cell state is shown

        c_t = f * c_{t-1} + i * g                   cell state, the long-term memory
        h_t = o * tanh(c_t)                         hidden state, the short-term memory

    Args:
        inputs: D, the size of ``x``.
        units: H, the size of ``h`` and of ``c``.
        rng: a ``numpy.random.Generator`` for the initial weights.
        dtype: ``numpy.float64`` or ``numpy.float32``.
        forget_bias: the number that every ``b_f`` starts at; None leaves it as random as the other biases.

    Attributes:
        params: ``{"W": (4H, D), "U": (4H, H), "b": (4H,)}``, the blocks i, f, g, o one below the other, as in ``torch.nn.LSTMCell``.

    Sources: Hochreiter and Schmidhuber (1997), "Long short-term memory"; Gers, Schmidhuber and Cummins (2000), "Learning to forget",
    for the forget gate.

    >>> cell = LSTMCell(inputs=1, units=1, rng=np.random.default_rng(0))
    >>> cell.params["W"][:], cell.params["U"][:] = 0.0, 0.0
    >>> cell.params["b"][:] = [-1e4, 1e4, 0.0, 1e4]  # write nothing, forget nothing, show all
    >>> h, c = cell.forward(x=np.array([[5.0]]), h=np.array([[0.0]]), c=np.array([[0.7]]))
    >>> float(c[0, 0]), float(h[0, 0].round(4))  # the memory, and tanh of it
    (0.7, 0.6044)
    """

    def __init__(self, inputs, units, rng, dtype=np.float64, forget_bias=None):
        checks.made_of(rng, dtype, inputs=inputs, units=units)
        self.inputs, self.units = inputs, units
        self.params = _uniform({"W": (4 * units, inputs), "U": (4 * units, units), "b": (4 * units,)}, units, rng, dtype)
        if forget_bias is not None:
            self.params["b"][units : 2 * units] = checks.shaped("forget_bias", forget_bias, (), dtype, "one number,")

    def gates(self, x, h):
        """The four blocks ``i, f, g, o``, each ``(B, H)``, for the input ``x`` ``(B, D)`` and the hidden state ``h`` ``(B, H)``."""
        x, h = _side_by_side(self, x=x, h=h)
        W, U, b = self.params.values()
        i, f, g, o = np.split(x @ W.T + h @ U.T + b, 4, axis=1)
        return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)

    def forward(self, x, h, c):
        """The next hidden state and the next cell state, each ``(B, H)``.

        Args:
            x: the input, ``(B, D)``.
            h: the hidden state before this step, ``(B, H)``.
            c: the cell state before this step, ``(B, H)``.

        Raises:
            ValueError: if a shape does not fit or a value is not a finite number.
        """
        x, h, c = _side_by_side(self, x=x, h=h, c=c)
        i, f, g, o = self.gates(x, h)
        c_next = f * c + i * g
        h_next = o * np.tanh(c_next)
        return h_next, c_next

    def backward(self, dh_next, dc_next, x, h, c):
        """The gradients of the step ``h_next, c_next = forward(x, h, c)``.

        Args:
            dh_next: the gradient with respect to ``h_next``, ``(B, H)``.
            dc_next: the gradient with respect to ``c_next`` that does not come through ``h_next``, ``(B, H)``.
            x, h, c: as ``forward`` had them.

        Returns:
            dx: ``(B, D)``.
            dh, dc: ``(B, H)`` each, what flows on to the step before.
            grads: ``{"W": ..., "U": ..., "b": ...}``, summed over the batch.

        Raises:
            ValueError: as in ``forward``.
        """
        x, h, c, dh_next, dc_next = _side_by_side(self, x=x, h=h, c=c, dh_next=dh_next, dc_next=dc_next)
        i, f, g, o = self.gates(x, h)
        tanh_c = np.tanh(f * c + i * g)
        dc_next = dc_next + dh_next * o * (1 - tanh_c**2)  # the cell state is also seen through h
        dz_i = dc_next * g * i * (1 - i)
        dz_f = dc_next * c * f * (1 - f)
        dz_g = dc_next * i * (1 - g**2)
        dz_o = dh_next * tanh_c * o * (1 - o)
        dx, dh, grads = _through_weights(self, np.concatenate([dz_i, dz_f, dz_g, dz_o], axis=1), x, h)
        return dx, dh, dc_next * f, grads


def _uniform(shapes, units, rng, dtype):
    bound = 1 / np.sqrt(units)
    return {name: rng.uniform(-bound, bound, shape).astype(dtype) for name, shape in shapes.items()}


def _side_by_side(cell, **arrays):
    """The arrays of one step as numbers of the cell's precision, with as many rows as ``x`` has."""
    dtype = cell.params["W"].dtype
    arrays = {name: checks.rows(name, array, cell.inputs if name == "x" else cell.units, dtype) for name, array in arrays.items()}
    for name, array in arrays.items():
        if len(array) != len(arrays["x"]):
            raise ValueError(f"x holds {len(arrays['x'])} sentences, but {name} holds {len(array)}: they go side by side")
    return arrays.values()


def _through_weights(cell, dz, x, h):
    """From the gradient with respect to ``z = W x + U h + b`` to those by ``x``, ``h`` and the parameters."""
    W, U = cell.params["W"], cell.params["U"]
    return dz @ W, dz @ U, {"W": dz.T @ x, "U": dz.T @ h, "b": dz.sum(axis=0)}
