"""One time step of a recurrent cell, forward and backward, in plain NumPy.

Notation, as in the whole book: ``x`` is the input of this step ``(B, D)``, ``h`` the hidden state ``(B, H)``; ``B`` sentences side by
side, ``D`` inputs, ``H`` units. ``W`` weighs the input ``(H, D)``, ``U`` the hidden state ``(H, H)``, ``b`` is the bias ``(H,)``.
Gradients are of one loss by the array they are named after: ``dh`` has the shape of ``h``.
"""

import numpy as np


class RNNCell:
    """A layer of ``H`` tanh units at one time step::

        h_t = tanh(W x_t + U h_{t-1} + b)

    The weights start uniform between -1/sqrt(H) and 1/sqrt(H), as in ``torch.nn.RNNCell``, whose two biases are one here.

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
        for name, size in (("inputs", inputs), ("units", units)):
            if size < 1:
                raise ValueError(f"{name} is {size}, but a cell needs at least 1")
        bound = 1 / np.sqrt(units)
        shapes = {"W": (units, inputs), "U": (units, units), "b": (units,)}
        self.inputs, self.units = inputs, units
        self.params = {name: rng.uniform(-bound, bound, shape).astype(dtype) for name, shape in shapes.items()}

    def forward(self, x, h):
        """The next hidden state ``(B, H)`` from the input ``x`` ``(B, D)`` and the hidden state ``h`` ``(B, H)``.

        Raises:
            ValueError: if a shape does not fit.
        """
        x, h = (np.asarray(array, self.params["W"].dtype) for array in (x, h))
        check_features("x", x, self.inputs, "this cell")
        check_features("h", h, self.units, "this cell")
        if len(x) != len(h):
            raise ValueError(f"x holds {len(x)} sentences, but h holds {len(h)}: they go side by side")
        W, U, b = map(self.params.get, "WUb")
        return np.tanh(x @ W.T + h @ U.T + b)

    def backward(self, dh_next, x, h, h_next):
        """The gradients of one step, given ``dh_next`` ``(B, H)``, the gradient by the hidden state that ``forward(x, h)`` returned.

        Returns:
            dx: ``(B, D)``.
            dh: ``(B, H)``, what flows on to the step before.
            grads: ``{"W": ..., "U": ..., "b": ...}``, summed over the batch.
        """
        W, U = self.params["W"], self.params["U"]
        dz = dh_next * (1 - h_next**2)  # tanh'(z) = 1 - tanh(z)^2
        return dz @ W, dz @ U, {"W": dz.T @ x, "U": dz.T @ h, "b": dz.sum(axis=0)}


def check_features(name, array, size, reader):
    """Raise a ``ValueError`` unless ``array`` is ``(B, size)``, in the words of somebody who called ``reader``."""
    if np.ndim(array) != 2:
        raise ValueError(f"{name} has shape {np.shape(array)}, but {reader} reads (B, {size}): one row for each sentence")
    if array.shape[1] != size:
        raise ValueError(f"{name} has {array.shape[1]} features, but {reader} reads {size}")
