import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmbook.cells import LSTMCell, RNNCell, sigmoid

sizes = st.tuples(*[st.integers(1, 5)] * 3)
kinds = pytest.mark.parametrize("kind", [RNNCell, LSTMCell])


def torch_cell(cell):
    kind = torch.nn.RNNCell if isinstance(cell, RNNCell) else torch.nn.LSTMCell
    theirs = kind(cell.inputs, cell.units, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight_ih.copy_(torch.from_numpy(cell.params["W"]))
        theirs.weight_hh.copy_(torch.from_numpy(cell.params["U"]))
        theirs.bias_ih.copy_(torch.from_numpy(cell.params["b"]))
        theirs.bias_hh.zero_()
    return theirs


@kinds
@given(size=sizes, seed=st.integers(0, 10**6))
@settings(deadline=None)
def test_one_step_forward_and_backward_is_pytorchs(kind, size, seed):
    B, D, H = size
    rng = np.random.default_rng(seed)
    cell = kind(D, H, rng)
    count = 1 if kind is RNNCell else 2
    x, *state = rng.standard_normal((B, D)), *rng.standard_normal((count, B, H))
    dstate = rng.standard_normal((count, B, H))
    theirs = torch_cell(cell)
    tx, *tstate = (torch.tensor(array, requires_grad=True) for array in (x, *state))
    out = theirs(tx, tstate[0] if count == 1 else tuple(tstate))
    out = [out] if count == 1 else out
    sum((a * torch.from_numpy(b)).sum() for a, b in zip(out, dstate, strict=True)).backward()

    ours = cell.forward(x, *state)
    for a, b in zip([ours] if count == 1 else ours, out, strict=True):
        np.testing.assert_allclose(a, b.detach(), atol=1e-12)
    dx, *dbefore, grads = cell.backward(*dstate, x, *state)
    for a, b in zip((dx, *dbefore), (tx, *tstate), strict=True):
        np.testing.assert_allclose(a, b.grad, atol=1e-12)
    np.testing.assert_allclose(grads["W"], theirs.weight_ih.grad, atol=1e-12)
    np.testing.assert_allclose(grads["U"], theirs.weight_hh.grad, atol=1e-12)
    np.testing.assert_allclose(grads["b"], theirs.bias_ih.grad, atol=1e-12)


def test_one_unit_is_the_formula_of_the_chapter():
    cell = RNNCell(1, 1, np.random.default_rng(0))
    cell.params["W"][:], cell.params["U"][:], cell.params["b"][:] = 2.0, -1.0, 0.25
    assert cell.forward(np.array([[0.5]]), np.array([[0.75]]))[0, 0] == pytest.approx(np.tanh(2 * 0.5 - 0.75 + 0.25))


def test_one_lstm_unit_is_its_equations_with_plain_numbers():
    cell = LSTMCell(1, 1, np.random.default_rng(0))
    cell.params["W"][:, 0], cell.params["U"][:, 0], cell.params["b"][:] = [1, 2, 3, 4], [-1, 0.5, 0.25, -2], [0.1, 0.2, 0.3, 0.4]
    x, h, c = 0.5, -0.25, 0.75
    i = 1 / (1 + np.exp(-(1 * x - 1 * h + 0.1)))
    f = 1 / (1 + np.exp(-(2 * x + 0.5 * h + 0.2)))
    g = np.tanh(3 * x + 0.25 * h + 0.3)
    o = 1 / (1 + np.exp(-(4 * x - 2 * h + 0.4)))
    ours = cell.forward([[x]], [[h]], [[c]])
    assert [array.item() for array in ours] == pytest.approx([o * np.tanh(f * c + i * g), f * c + i * g])


def test_open_forget_gate_and_closed_input_gate_keep_the_memory():
    cell = LSTMCell(2, 3, np.random.default_rng(0), forget_bias=1e4)
    cell.params["b"][:3] = -1e4
    h, c = np.zeros((1, 3)), np.array([[0.5, -2.0, 7.0]])
    for x in np.random.default_rng(1).standard_normal((1000, 1, 2)):
        h, after = cell.forward(x, h, c)
        np.testing.assert_array_equal(after, c)


def test_forget_bias_is_the_number_that_was_asked_for_and_changes_nothing_else():
    plain, biased = (LSTMCell(2, 3, np.random.default_rng(0), forget_bias=bias).params for bias in (None, 1.5))
    assert (biased["b"][3:6] == 1.5).all()
    biased["b"][3:6] = plain["b"][3:6]
    for name in plain:
        np.testing.assert_array_equal(plain[name], biased[name])


def test_sigmoid_is_the_textbooks_and_never_overflows():
    z = np.linspace(-30, 30, 601)
    np.testing.assert_allclose(sigmoid(z), 1 / (1 + np.exp(-z)), rtol=1e-13)
    np.testing.assert_allclose(sigmoid(z.astype(np.float32)), 1 / (1 + np.exp(-z)), rtol=1e-5)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert sigmoid(np.array([-1e4, -700.0, 1e4])).tolist() == [0, pytest.approx(np.exp(-700)), 1]


@kinds
@pytest.mark.parametrize("sign", [1, -1])
def test_extreme_inputs_neither_overflow_nor_warn(kind, sign):
    cell = kind(2, 3, np.random.default_rng(0))
    state = [np.zeros((1, 3))] * (1 if kind is RNNCell else 2)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        x = np.full((1, 2), sign * 1e4)
        cell.forward(x, *state)
        *_, grads = cell.backward(*[np.ones((1, 3))] * len(state), x, *state)
    assert all(np.isfinite(gradient).all() for gradient in grads.values())


@kinds
@pytest.mark.parametrize(
    ("x", "h", "message"),
    [
        (np.zeros((2, 5)), np.zeros((2, 3)), "x has 5 features, but this cell reads 4"),
        (np.zeros((2, 4)), np.zeros((2, 2)), "h has 2 features, but this cell reads 3"),
        (np.zeros(4), np.zeros((1, 3)), "x has shape .4,., but this cell reads .B, 4."),
        (np.zeros((2, 4)), np.zeros((1, 3)), "x holds 2 sentences, but h holds 1"),
        (np.zeros((0, 4)), np.zeros((0, 3)), "x has no rows: there is nothing to read"),
        (np.full((2, 4), np.nan), np.zeros((2, 3)), "x holds a value that is not a finite number"),
        (np.zeros((2, 4)), np.full((2, 3), np.inf), "h holds a value that is not a finite number"),
        (np.full((2, 4), "a"), np.zeros((2, 3)), "x holds <U1 values, but real numbers are read here"),
        ([[1, 2, 3, 4], [1, 2]], np.zeros((2, 3)), "x is no array: its rows have different lengths"),
        (np.zeros((2, 4), complex), np.zeros((2, 3)), "x holds complex128 values, but real numbers"),
    ],
)
def test_a_wrong_input_is_told_in_the_readers_terms(kind, x, h, message):
    cell = kind(4, 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match=message):
        cell.forward(x, *[h] * (1 if kind is RNNCell else 2))


@kinds
def test_a_gradient_that_does_not_fit_is_refused(kind):
    count = 1 if kind is RNNCell else 2
    with pytest.raises(ValueError, match="x holds 2 sentences, but dh_next holds 1"):
        kind(4, 3, np.random.default_rng(0)).backward(*[np.zeros((1, 3))] * count, np.zeros((2, 4)), *[np.zeros((2, 3))] * count)


@kinds
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"inputs": 0}, ValueError, "inputs is 0, but it must be a whole number and needs at least 1"),
        ({"units": 0}, ValueError, "needs at least 1"),
        ({"units": 2.5}, ValueError, "units is 2.5"),
        ({"units": True}, ValueError, "units is True"),
        ({"rng": 0}, TypeError, "rng is 0, but random numbers are drawn from a generator such as"),
        ({"dtype": int}, ValueError, "dtype is <class 'int'>, but weights are numpy.float32 or numpy.float64"),
        ({"dtype": "banana"}, ValueError, "dtype is banana"),
    ],
)
def test_a_cell_that_cannot_be_is_refused(kind, change, error, message):
    with pytest.raises(error, match=message):
        kind(**({"inputs": 3, "units": 3, "rng": np.random.default_rng(0)} | change))


def test_a_number_too_large_for_the_precision_is_one_sentence_without_a_warning():
    cell = LSTMCell(1, 1, np.random.default_rng(0), np.float32)
    with np.errstate(over="raise"), pytest.raises(ValueError, match="too large for float32"):
        cell.forward([[1e300]], [[0]], [[0]])


def test_a_forget_bias_is_one_number():
    with pytest.raises(ValueError, match=r"forget_bias has shape .2,."):
        LSTMCell(1, 4, np.random.default_rng(0), forget_bias=[1, 2])
