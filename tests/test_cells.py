import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmbook.cells import RNNCell

sizes = st.tuples(*[st.integers(1, 5)] * 3)


def torch_cell(cell):
    theirs = torch.nn.RNNCell(cell.inputs, cell.units, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight_ih.copy_(torch.from_numpy(cell.params["W"]))
        theirs.weight_hh.copy_(torch.from_numpy(cell.params["U"]))
        theirs.bias_ih.copy_(torch.from_numpy(cell.params["b"]))
        theirs.bias_hh.zero_()
    return theirs


@given(sizes, st.integers(0, 10**6))
@settings(deadline=None)
def test_one_step_forward_and_backward_is_pytorchs(size, seed):
    B, D, H = size
    rng = np.random.default_rng(seed)
    cell = RNNCell(D, H, rng)
    x, h, dh_next = rng.standard_normal((B, D)), rng.standard_normal((B, H)), rng.standard_normal((B, H))
    theirs = torch_cell(cell)
    tx, th = torch.tensor(x, requires_grad=True), torch.tensor(h, requires_grad=True)
    out = theirs(tx, th)
    out.backward(torch.from_numpy(dh_next))

    h_next = cell.forward(x, h)
    dx, dh, grads = cell.backward(dh_next, x, h, h_next)
    np.testing.assert_allclose(h_next, out.detach(), atol=1e-12)
    np.testing.assert_allclose(dx, tx.grad, atol=1e-12)
    np.testing.assert_allclose(dh, th.grad, atol=1e-12)
    np.testing.assert_allclose(grads["W"], theirs.weight_ih.grad, atol=1e-12)
    np.testing.assert_allclose(grads["U"], theirs.weight_hh.grad, atol=1e-12)
    np.testing.assert_allclose(grads["b"], theirs.bias_ih.grad, atol=1e-12)


def test_one_unit_is_the_formula_of_the_chapter():
    cell = RNNCell(1, 1, np.random.default_rng(0))
    cell.params["W"][:], cell.params["U"][:], cell.params["b"][:] = 2.0, -1.0, 0.25
    assert cell.forward(np.array([[0.5]]), np.array([[0.75]]))[0, 0] == pytest.approx(np.tanh(2 * 0.5 - 0.75 + 0.25))


def test_extreme_inputs_neither_overflow_nor_warn():
    cell = RNNCell(2, 3, np.random.default_rng(0))
    with np.errstate(all="raise"):
        h = cell.forward(np.full((1, 2), 1e4), np.zeros((1, 3)))
        _, _, grads = cell.backward(np.ones((1, 3)), np.full((1, 2), 1e4), np.zeros((1, 3)), h)
    assert np.isfinite(h).all() and np.isfinite(grads["W"]).all()


@pytest.mark.parametrize(
    ("x", "h", "message"),
    [
        (np.zeros((2, 5)), np.zeros((2, 3)), "x has 5 features, but this cell reads 4"),
        (np.zeros((2, 4)), np.zeros((2, 2)), "h has 2 features, but this cell reads 3"),
        (np.zeros(4), np.zeros((1, 3)), "x has shape .4,., but this cell reads .B, 4."),
        (np.zeros((2, 4)), np.zeros((1, 3)), "x holds 2 sentences, but h holds 1"),
    ],
)
def test_a_wrong_shape_is_told_in_the_readers_terms(x, h, message):
    with pytest.raises(ValueError, match=message):
        RNNCell(4, 3, np.random.default_rng(0)).forward(x, h)


@pytest.mark.parametrize("size", [{"inputs": 0, "units": 3}, {"inputs": 3, "units": 0}])
def test_a_cell_of_nothing_is_refused(size):
    with pytest.raises(ValueError, match="needs at least 1"):
        RNNCell(**size, rng=np.random.default_rng(0))
