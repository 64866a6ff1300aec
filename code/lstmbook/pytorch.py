"""Our weights in PyTorch's layers and PyTorch's in ours; a reader and a training loop. Needs ``torch``; nothing else in the package does.

PyTorch adds two biases, ``bias_ih`` and ``bias_hh``, where we have one: ours goes into the first and the second is zero; on the way back
the two are added. Both put the blocks of an LSTM in the order i, f, g, o.
"""

import os

import numpy as np
import torch
from tqdm.auto import tqdm

from lstmbook import cells, layers, train

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


class Reader(torch.nn.Module):
    """Reads a sequence and scores after every step: embedding, recurrent layers, readout. Like :class:`lstmbook.layers.Reader`.

    Weights are drawn from PyTorch's global generator, so ``torch.manual_seed`` comes before.

    Args:
        words: V, the size of the vocabulary; None if the inputs are numbers already, and there is no embedding.
        features: D, the length of a word's row, or how many numbers an input has.
        units: H, the size of the hidden state.
        classes: K, how many scores (or predicted numbers) each step gets.
        kind: "LSTM", "GRU" or "RNN".
        depth: how many recurrent layers stand on top of one another.
        dropout: the share of numbers that is zeroed while training: after the embedding, between recurrent layers, before the readout.
        forget_bias: the number that every forget gate's bias starts at (one of PyTorch's two, the other is 0); None leaves both random.

    Attributes:
        embedding, recurrent, drop, readout: the parts, as PyTorch modules; ``embedding`` is None without words.

    Raises:
        ValueError: for an unknown ``kind``, or a forget bias where there is no forget gate.

    >>> reader = Reader(words=9, features=4, units=3, classes=2)
    >>> scores, (h, c) = reader(torch.tensor([[1, 5], [2, 6], [3, 7]]))  # 3 words, 2 sentences
    >>> tuple(scores.shape), tuple(h.shape)
    ((3, 2, 2), (1, 2, 3))
    """

    def __init__(self, words, features, units, classes, kind="LSTM", depth=1, dropout=0.0, forget_bias=None):
        super().__init__()
        if kind not in ("LSTM", "GRU", "RNN"):
            raise ValueError(f"kind is {kind!r}, but the recurrent layers are 'LSTM', 'GRU' or 'RNN'")
        self.embedding = None if words is None else torch.nn.Embedding(words, features)
        between = dropout if depth > 1 else 0.0
        self.recurrent = getattr(torch.nn, kind)(features, units, num_layers=depth, dropout=between)
        self.drop = torch.nn.Dropout(dropout)
        self.readout = torch.nn.Linear(units, classes)
        if forget_bias is not None:
            open_forget_gates(self.recurrent, forget_bias)

    def forward(self, inputs, state=None):
        """Scores ``(T, B, K)`` and the last state, for word numbers ``(T, B)`` or numbers ``(T, B, D)``; ``state`` as in ``nn.LSTM``."""
        x = inputs if self.embedding is None else self.drop(self.embedding(inputs))
        h, state = self.recurrent(x, state)
        return self.readout(self.drop(h)), state


def open_forget_gates(lstm, bias):
    """Start every forget gate of an ``nn.LSTM`` at ``sigmoid(bias)``, in place: PyTorch adds two biases, so one gets it and one gets 0.

    Returns:
        The layer.

    >>> layer = open_forget_gates(torch.nn.LSTM(2, 3), 1.0)
    >>> (layer.bias_ih_l0 + layer.bias_hh_l0)[3:6].tolist()  # blocks i, f, g, o
    [1.0, 1.0, 1.0]
    """
    if not isinstance(lstm, torch.nn.LSTM) or not lstm.bias:
        raise ValueError(f"forget gates are opened in an nn.LSTM with biases, but this is {type(lstm).__name__}")
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if name.startswith("bias"):
                parameter[H : 2 * H] = bias if "_ih_" in name else 0.0
    return lstm


def fit(model, batches, loss, rate=3e-3, limit=1.0):
    """Train ``model`` with Adam on each batch in turn, with a progress bar.

    Interrupting it (the stop button of a notebook) returns what it has recorded so far; the model keeps what it has learnt.

    Args:
        model: any ``nn.Module``. It is left in the mode (training or evaluation) that it was in.
        batches: a list, or anything else that can be walked through.
        loss: a function of ``(model, batch)`` that returns the loss as a tensor without dimensions.
        rate: Adam's learning rate, or a function that gives it for each step, counted from 0: a schedule.
        limit: the longest gradient, as in :func:`lstmbook.train.clip_gradients`; None for no limit.

    Returns:
        A :class:`lstmbook.train.History` with ``loss`` and ``norm``, one number a batch; ``accuracy`` stays empty.

    Raises:
        lstmbook.train.Diverged: when the loss or a gradient is no longer a finite number.

    >>> line, x = torch.nn.Linear(1, 1), torch.ones(8, 1)
    >>> history = fit(line, [x] * 300, lambda model, x: ((model(x) - 2 * x) ** 2).mean(), rate=0.05)
    >>> history.loss[-1] < 1e-3
    True
    """
    rates = rate if callable(rate) else lambda step: rate
    optimiser, history, training = torch.optim.Adam(model.parameters(), lr=rates(0)), train.History(), model.training
    model.train()
    quiet = bool(os.environ.get("TQDM_DISABLE"))
    try:
        for step, batch in enumerate(tqdm(batches, leave=False, unit="batch", disable=quiet)):
            for group in optimiser.param_groups:
                group["lr"] = rates(step)
            optimiser.zero_grad()
            value = loss(model, batch)
            value.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), np.inf if limit is None else limit)
            if not (torch.isfinite(value) and torch.isfinite(norm)):
                raise train.Diverged(f"training stopped after {step} steps: a number is not finite; try a smaller rate or limit", history)
            optimiser.step()
            history.loss.append(value.item())
            history.norm.append(norm.item())
    except KeyboardInterrupt:
        pass
    finally:
        model.train(training)
    return history


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
