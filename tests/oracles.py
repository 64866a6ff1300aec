"""What the tests of cells and layers compare with: central differences, and PyTorch with the same weights."""

import numpy as np
import torch


def states_of(layer):
    """How many arrays the state of a cell or layer has: 1 for an RNN, 2 for an LSTM."""
    return len(layer.params["W"]) // layer.units // 2 or 1


def draw(rng, layer, T, B):
    """A random case: inputs, start, and gradients by all outputs and by the last state."""
    count, H = states_of(layer), layer.units
    x, dh = rng.standard_normal((T, B, layer.inputs)), rng.standard_normal((T, B, H))
    start, dlast = (tuple(rng.standard_normal((B, H)) for _ in range(count)) for _ in range(2))
    return x, start, dh, dlast


def one_or_pair(arrays):
    return arrays if len(arrays) == 2 else arrays[0]


def gradients(layer, x, start, dh, dlast):
    """Every gradient of ``sum(h * dh) + sum(last * dlast)``, by name, as the layer computes it."""
    layer.forward(x, one_or_pair(start))
    dx, dstart = layer.backward(dh, None if dlast is None else one_or_pair(dlast))
    dstart = dstart if isinstance(dstart, tuple) else (dstart,)
    return {"x": dx, **layer.grads, **dict(zip(("h0", "c0"), dstart, strict=False))}


def by_differences(layer, x, start, dh, dlast, step=1e-5):
    """The same gradients by central differences: two forward passes for every single number."""

    def loss():
        h, last = layer.forward(x, one_or_pair(start))
        last = last if isinstance(last, tuple) else (last,)
        return (h * dh).sum() + (0 if dlast is None else sum((a * b).sum() for a, b in zip(last, dlast, strict=True)))

    arrays = {"x": x, **layer.params, **dict(zip(("h0", "c0"), start, strict=False))}
    slopes = {name: np.empty_like(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + step
            up = loss()
            array[place] = kept - step
            slopes[name][place] = (up - loss()) / (2 * step)
            array[place] = kept
    return slopes


def torch_layer(layer):
    """``nn.RNN`` or ``nn.LSTM`` with the weights of a layer of ours."""
    kind = torch.nn.RNN if states_of(layer) == 1 else torch.nn.LSTM
    theirs = kind(layer.inputs, layer.units, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(torch.from_numpy(layer.params["W"]))
        theirs.weight_hh_l0.copy_(torch.from_numpy(layer.params["U"]))
        theirs.bias_ih_l0.copy_(torch.from_numpy(layer.params["b"]))
        theirs.bias_hh_l0.zero_()
    return theirs


def by_autograd(layer, x, start, dh, dlast):
    """Outputs, last state and the same gradients, from PyTorch."""
    theirs = torch_layer(layer)
    tx = torch.tensor(x, requires_grad=True)
    tstart = [torch.tensor(each[None], requires_grad=True) for each in start]
    h, last = theirs(tx, one_or_pair(tuple(tstart)))
    last = last if isinstance(last, tuple) else (last,)
    loss = (h * torch.from_numpy(dh)).sum()
    if dlast is not None:
        loss = loss + sum((a[0] * torch.from_numpy(b)).sum() for a, b in zip(last, dlast, strict=True))
    loss.backward()
    grads = {"x": tx.grad, "W": theirs.weight_ih_l0.grad, "U": theirs.weight_hh_l0.grad, "b": theirs.bias_ih_l0.grad}
    grads |= {name: each.grad[0] for name, each in zip(("h0", "c0"), tstart, strict=False)}
    return h.detach().numpy(), [each[0].detach().numpy() for each in last], {k: g.numpy() for k, g in grads.items()}


def agree(ours, theirs, rtol, atol):
    """Every array of ``ours`` equals its namesake: the length of the difference is at most ``rtol`` of the longer one, or ``atol``."""
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert ours[name].shape == theirs[name].shape
        longer = max(np.linalg.norm(ours[name]), np.linalg.norm(theirs[name]))
        assert np.linalg.norm(ours[name] - theirs[name]) <= max(rtol * longer, atol), f"the gradient by {name} differs"
