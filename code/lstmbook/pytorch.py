"""Our weights in PyTorch's layers. Needs ``torch``; nothing else in the package does."""

import torch


def rnn(layer):
    """An ``nn.RNN`` that computes what ``layer`` computes.

    PyTorch adds two biases, ``bias_ih`` and ``bias_hh``; ours goes into the first and the second is zero.

    Args:
        layer: a :class:`lstmbook.layers.RNN`.

    Returns:
        A ``torch.nn.RNN`` with time first, of the layer's size and dtype.

    >>> import numpy as np
    >>> from lstmbook.layers import RNN
    >>> ours = RNN(inputs=4, units=3, rng=np.random.default_rng(0))
    >>> states, last = rnn(ours)(torch.zeros(7, 2, 4, dtype=torch.float64))
    >>> np.allclose(states.detach(), ours.forward(np.zeros((7, 2, 4))))
    True
    """
    W, U, b = (torch.from_numpy(array) for array in layer.params.values())
    theirs = torch.nn.RNN(W.shape[1], W.shape[0], dtype=W.dtype)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(W)
        theirs.weight_hh_l0.copy_(U)
        theirs.bias_ih_l0.copy_(b)
        theirs.bias_hh_l0.zero_()
    return theirs
