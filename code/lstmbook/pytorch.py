"""Our weights in PyTorch's layers, and PyTorch's in ours. Needs ``torch``; nothing else in the package does.

PyTorch adds two biases, ``bias_ih`` and ``bias_hh``, where we have one: ours goes into the first and the second is zero; on the way back
the two are added. Both put the blocks of an LSTM in the order i, f, g, o.
"""

import numpy as np
import torch

from lstmbook import cells, layers

_KINDS = {
    cells.RNNCell: torch.nn.RNNCell,
    cells.LSTMCell: torch.nn.LSTMCell,
    layers.RNN: torch.nn.RNN,
    layers.LSTM: torch.nn.LSTM,
}


def to_torch(ours):
    """A PyTorch module that computes what ``ours`` computes.

    Args:
        ours: a cell of :mod:`lstmbook.cells`, or a recurrent layer of :mod:`lstmbook.layers`: an RNN or LSTM, two of the same size in a
            ``Bidirectional``, or a ``Stack`` of either.

    Returns:
        An ``nn.RNNCell``, ``nn.LSTMCell``, ``nn.RNN`` or ``nn.LSTM``, with time first, of the same sizes and precision.

    Raises:
        ValueError: when PyTorch has no single module for it.

    >>> ours = layers.LSTM(inputs=4, units=3, rng=np.random.default_rng(0))
    >>> h, (last_h, last_c) = to_torch(ours)(torch.ones(7, 2, 4, dtype=torch.float64))
    >>> np.allclose(h.detach(), ours.forward(np.ones((7, 2, 4)))[0])
    True
    """
    if type(ours) in (cells.RNNCell, cells.LSTMCell):
        theirs = _KINDS[type(ours)](ours.inputs, ours.units, dtype=_dtype(ours))
        _copy(ours, theirs, "")
        return theirs
    levels = [_directions(level) for level in _levels(ours)]
    first = levels[0][0]
    for level in levels:
        for layer in level:
            if (type(layer), layer.units, len(level), _dtype(layer)) != (type(first), first.units, len(levels[0]), _dtype(first)):
                raise ValueError("PyTorch stacks layers of one kind, size, precision and number of directions only, and these differ")
    theirs = _KINDS[type(first)](first.inputs, first.units, num_layers=len(levels), bidirectional=len(levels[0]) == 2, dtype=_dtype(first))
    for k, level in enumerate(levels):
        for layer, ending in zip(level, ("", "_reverse"), strict=False):
            _copy(layer, theirs, f"_l{k}{ending}")
    return theirs


def from_torch(theirs):
    """The cell or layer of this package that computes what a PyTorch module computes, always with time first.

    Args:
        theirs: an ``nn.RNNCell``, ``nn.LSTMCell``, ``nn.RNN`` or ``nn.LSTM`` with tanh and without projections. Its dropout, if any, is
            left behind.

    Returns:
        Ours: an RNN or LSTM, or a ``Stack`` and ``Bidirectional`` of them where there are several layers or two directions.

    Raises:
        ValueError: for any other module.

    >>> ours = from_torch(torch.nn.LSTM(4, 3, num_layers=2, bidirectional=True))
    >>> type(ours).__name__, type(ours.layers[0]).__name__, ours.units
    ('Stack', 'Bidirectional', 6)
    """
    kind = {module: ours for ours, module in _KINDS.items()}.get(type(theirs))
    if kind is None:
        raise ValueError(f"{type(theirs).__name__} has no counterpart here: give an nn.RNN, nn.LSTM, nn.RNNCell or nn.LSTMCell")
    if getattr(theirs, "nonlinearity", "tanh") != "tanh":
        raise ValueError(f"our RNN uses tanh, but this one uses {theirs.nonlinearity}")
    precision = next(theirs.parameters()).dtype
    if precision not in (torch.float32, torch.float64):
        raise ValueError(f"our cells and layers are float32 or float64, but this one is {precision}")
    if getattr(theirs, "proj_size", 0):
        raise ValueError("our LSTM has no projections, but this one has proj_size set")
    if kind in (cells.RNNCell, cells.LSTMCell):
        return _made(kind, theirs, "")
    endings = ("", "_reverse") if theirs.bidirectional else ("",)
    levels = []
    for k in range(theirs.num_layers):
        level = [_made(kind, theirs, f"_l{k}{ending}") for ending in endings]
        levels.append(layers.Bidirectional(*level) if theirs.bidirectional else level[0])
    return levels[0] if len(levels) == 1 else layers.Stack(levels)


def _levels(ours):
    return ours.layers if isinstance(ours, layers.Stack) else [ours]


def _directions(level):
    found = level.layers if isinstance(level, layers.Bidirectional) else [level]
    for layer in found:
        if type(layer) not in (layers.RNN, layers.LSTM):
            raise ValueError(f"{type(layer).__name__} cannot stand here in PyTorch: give a cell, or RNNs and LSTMs put together")
    return found


def _dtype(ours):
    return torch.from_numpy(ours.params["W"]).dtype


def _copy(ours, theirs, ending):
    with torch.no_grad():
        for name, array in (("weight_ih", "W"), ("weight_hh", "U"), ("bias_ih", "b")):
            getattr(theirs, name + ending).copy_(torch.from_numpy(ours.params[array]))
        getattr(theirs, "bias_hh" + ending).zero_()


def _made(kind, theirs, ending):
    W, U = (getattr(theirs, name + ending).detach().cpu().numpy() for name in ("weight_ih", "weight_hh"))
    ours = kind(W.shape[1], U.shape[1], np.random.default_rng(0), W.dtype)
    ours.params["W"][:], ours.params["U"][:] = W, U
    biases = [getattr(theirs, name + ending).detach().cpu().numpy() for name in ("bias_ih", "bias_hh")] if theirs.bias else [0]
    ours.params["b"][:] = sum(biases)
    return ours
