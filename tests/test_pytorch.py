import numpy as np
import pytest
import torch

from lstmbook import cells, layers, pytorch


def rng(seed=0):
    return np.random.default_rng(seed)


def run(ours, x):
    h, _ = ours.forward(x)
    return h


@pytest.mark.parametrize("kind", ["RNN", "LSTM"])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_weights_go_from_torch_to_us_and_back(kind, depth, both, bias):
    torch.manual_seed(0)
    theirs = getattr(torch.nn, kind)(3, 4, num_layers=depth, bidirectional=both, bias=bias, dtype=torch.float64)
    ours, x = pytorch.from_torch(theirs), rng().standard_normal((7, 2, 3))
    expected, last = theirs(torch.from_numpy(x))
    np.testing.assert_allclose(run(ours, x), expected.detach(), atol=1e-12)
    again, _ = pytorch.to_torch(ours)(torch.from_numpy(x))
    np.testing.assert_allclose(again.detach(), expected.detach(), atol=1e-12)
    _, state = ours.forward(x)
    flat = state if depth > 1 else [state]
    flat = [each for level in flat for each in (level if both else [level])]
    for k, each in enumerate(flat):  # PyTorch lists its last states layer by layer, ahead before back
        for mine, other in zip(each if kind == "LSTM" else (each,), last if kind == "LSTM" else (last,), strict=True):
            np.testing.assert_allclose(mine, other[k].detach(), atol=1e-12)


@pytest.mark.parametrize("kind", [cells.RNNCell, cells.LSTMCell])
def test_cells_go_there_and_back(kind):
    ours = kind(3, 4, rng())
    theirs = pytorch.to_torch(ours)
    with torch.no_grad():  # a second bias that is not zero must be added to the first
        theirs.bias_hh += 0.5
        theirs.bias_ih -= 0.5
    back = pytorch.from_torch(theirs)
    assert type(back) is kind
    for name in ours.params:
        np.testing.assert_allclose(back.params[name], ours.params[name], atol=1e-15)


def test_precision_is_kept_and_nothing_is_shared():
    ours = layers.LSTM(3, 4, rng(), np.float32)
    theirs = pytorch.to_torch(ours)
    assert theirs.weight_ih_l0.dtype == torch.float32
    kept = theirs.weight_ih_l0.detach().clone()
    ours.params["W"] *= 0
    assert torch.equal(theirs.weight_ih_l0, kept)
    back = pytorch.from_torch(theirs)
    assert back.params["W"].dtype == np.float32
    back.params["W"] *= 0
    assert torch.equal(theirs.weight_ih_l0, kept)


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        (torch.nn.GRU(2, 3), "GRU has no counterpart here"),
        (torch.nn.RNN(2, 3, nonlinearity="relu"), "our RNN uses tanh, but this one uses relu"),
        (torch.nn.LSTM(2, 3, proj_size=2), "has no projections"),
        (torch.nn.LSTM(2, 3, dtype=torch.bfloat16), "float32 or float64, but this one is torch.bfloat16"),
        (torch.nn.LSTMCell(2, 3, dtype=torch.bfloat16), "float32 or float64, but this one is torch.bfloat16"),
    ],
)
def test_what_we_do_not_have_is_refused(theirs, message):
    with pytest.raises(ValueError, match=message):
        pytorch.from_torch(theirs)


@pytest.mark.parametrize(
    "ours",
    [
        layers.Stack([layers.LSTM(2, 3, rng()), layers.RNN(3, 3, rng())]),
        layers.Stack([layers.LSTM(2, 3, rng()), layers.LSTM(3, 4, rng())]),
        layers.Bidirectional(layers.LSTM(2, 3, rng()), layers.LSTM(2, 4, rng())),
        layers.Bidirectional(layers.Stack([layers.RNN(2, 3, rng())]), layers.RNN(2, 3, rng())),
        layers.Linear(2, 3, rng()),
    ],
)
def test_what_pytorch_does_not_have_is_refused(ours):
    with pytest.raises(ValueError, match=r"PyTorch"):
        pytorch.to_torch(ours)
