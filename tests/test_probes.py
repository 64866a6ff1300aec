import numpy as np
import pytest
import torch

from lstmbook import layers, probes, pytorch


def rng(seed=0):
    return np.random.default_rng(seed)


def test_half_of_a_memory_is_gone_after_its_half_life():
    for f in (0.1, 0.5, 0.9, 0.999):
        assert f ** probes.half_life(f) == pytest.approx(0.5)
    np.testing.assert_allclose(probes.half_life(np.array([0, 0.5, 1])), [0, 1, np.inf])
    for bias, steps in ((0, 1.0), (1, 2.2), (3, 14), (5, 103)):
        assert probes.half_life(1 / (1 + np.exp(-bias))) == pytest.approx(steps, rel=0.02)


@pytest.mark.parametrize("f", [-0.1, 1.1, np.nan])
def test_a_gate_that_is_none_has_no_half_life(f):
    with pytest.raises(ValueError, match=r"between 0 and 1|not a finite number"):
        probes.half_life(f)


def test_chrono_spreads_time_scales_evenly_up_to_the_longest():
    layer = probes.chrono(layers.LSTM(1, 400, rng()), 101, rng())
    i, f, g, o = layer.params["b"].reshape(4, 400)
    scales = np.exp(f)
    assert scales.min() >= 1 and scales.max() <= 100 and scales.mean() == pytest.approx(50.5, rel=0.1)
    np.testing.assert_array_equal(i, -f)
    assert not g.any() and not o.any()


def test_chrono_refuses_what_it_cannot_set():
    with pytest.raises(ValueError, match="sets the gates of an LSTM, but this is RNN"):
        probes.chrono(layers.RNN(1, 2, rng()), 10, rng())
    with pytest.raises(ValueError, match="must be at least 3 steps"):
        probes.chrono(layers.LSTM(1, 2, rng()), 2, rng())


def test_traces_obey_the_equations():
    layer, x = layers.LSTM(3, 4, rng()), rng(1).standard_normal((6, 2, 3))
    start = tuple(rng(2).standard_normal((2, 2, 4)))
    trace = probes.traces(layer, x, start)
    before = np.concatenate([start[1][None], trace["c"][:-1]])
    np.testing.assert_allclose(trace["c"], trace["f"] * before + trace["i"] * trace["g"], atol=1e-14)
    np.testing.assert_allclose(trace["h"], trace["o"] * np.tanh(trace["c"]), atol=1e-14)
    np.testing.assert_allclose(trace["h"], layer.forward(x, start)[0], atol=1e-14)
    plain = layers.RNN(3, 4, rng())
    np.testing.assert_allclose(probes.traces(plain, x)["h"], plain.forward(x)[0], atol=1e-14)


@pytest.mark.parametrize("kind", [layers.RNN, layers.LSTM])
def test_jacobians_are_autograds(kind):
    layer, x = kind(3, 4, rng()), rng(1).standard_normal((5, 1, 3))
    ours = probes.jacobians(layer, x)
    theirs = pytorch.to_torch(layer.cell)
    S = ours.shape[1]
    state = torch.zeros(S, dtype=torch.float64)

    def step(state, x_t):
        return torch.cat(theirs(x_t, tuple(state.reshape(2, 1, -1))), 1)[0] if kind is layers.LSTM else theirs(x_t, state[None])[0]

    for t, x_t in enumerate(torch.from_numpy(x)):
        expected = torch.autograd.functional.jacobian(lambda s, x_t=x_t: step(s, x_t), state)
        np.testing.assert_allclose(ours[t], expected, atol=1e-12)
        state = step(state, x_t).detach()


def test_reach_is_the_spectrum_of_the_product():
    J = rng().standard_normal((3, 4, 4))
    values = probes.reach(J)
    np.testing.assert_allclose(values[0], 1)
    np.testing.assert_allclose(values[3], np.linalg.svd(J[2] @ J[1] @ J[0], compute_uv=False))
    scaled = probes.reach(np.tile(0.5 * np.eye(2), (10, 1, 1)))
    np.testing.assert_allclose(scaled[:, 0], 0.5 ** np.arange(11))


@pytest.mark.parametrize("kind", [layers.RNN, layers.LSTM])
def test_the_gradient_by_lag_is_autograds(kind):
    layer, x = kind(3, 4, rng()), rng(1).standard_normal((6, 1, 3))
    ours = probes.gradient_by_lag(layer, x)
    full = torch.autograd.functional.jacobian(lambda x: pytorch.to_torch(layer)(x)[0][-1, 0], torch.from_numpy(x))
    np.testing.assert_allclose(ours, np.sqrt((full.numpy() ** 2).sum(axis=(0, 2, 3)))[::-1], atol=1e-12)


def test_the_gradient_by_lag_knows_the_start():
    layer, x = layers.LSTM(3, 4, rng()), rng(1).standard_normal((6, 1, 3))
    _, middle = layer.forward(x[:2])
    whole, part = probes.gradient_by_lag(layer, x), probes.gradient_by_lag(layer, x[2:], middle)
    np.testing.assert_allclose(part, whole[:4], atol=1e-13)


def test_probes_refuse_what_they_cannot_look_into():
    stack = layers.Stack([layers.RNN(2, 3, rng())])
    with pytest.raises(ValueError, match="this is Stack: take one of its layers"):
        probes.traces(stack, np.zeros((4, 1, 2)))
    for probe in (probes.jacobians, probes.gradient_by_lag):
        with pytest.raises(ValueError, match=r"give .T, 1, D."):
            probe(stack.layers[0], np.zeros((4, 2, 2)))
    with pytest.raises(ValueError, match=r".T, S, S. is read"):
        probes.reach(np.eye(2))


@pytest.mark.parametrize(("u", "dtype", "lag"), [(0.5, np.float32, 100), (0.5, np.float64, 900), (2.0, np.float64, 800)])
def test_a_gradient_is_measured_as_far_as_numbers_go(u, dtype, lag):
    """One unit at zero: the gradient by the input k steps back is u^k."""
    layer = layers.RNN(1, 1, rng(), dtype)
    layer.params["W"][:], layer.params["U"][:], layer.params["b"][:] = 1, u, 0
    with np.errstate(over="raise"):
        measured = probes.gradient_by_lag(layer, np.zeros((lag + 1, 1, 1)))
    np.testing.assert_allclose(np.log(measured.astype(float)), np.log(u) * np.arange(lag + 1), rtol=1e-5)


def test_measuring_leaves_the_layer_as_it_was():
    layer, x = layers.LSTM(3, 4, rng()), rng(1).standard_normal((6, 4, 3))
    h, _ = layer.forward(x)
    layer.backward(np.ones_like(h))
    before = {name: gradient.copy() for name, gradient in layer.grads.items()}
    probes.gradient_by_lag(layer, x[:, :1])
    layer.backward(np.ones_like(h))
    for name in before:
        np.testing.assert_array_equal(layer.grads[name], before[name])


def test_a_product_too_large_for_a_number_is_one_sentence():
    with pytest.raises(ValueError, match="over 1024 steps the product is too large for a number"):
        probes.reach(np.full((1100, 1, 1), 2.0))
    with pytest.raises(ValueError, match="jacobians holds a value that is not a finite number"):
        probes.reach(np.full((3, 1, 1), np.nan))


def test_chrono_changes_nothing_when_it_refuses():
    layer = layers.LSTM(1, 2, rng())
    before = layer.params["b"].copy()
    for longest, generator in ((100, None), ("a", rng()), (2, rng())):
        with pytest.raises((ValueError, TypeError), match=r"generator|longest"):
            probes.chrono(layer, longest, generator)
    np.testing.assert_array_equal(layer.params["b"], before)


def test_nudging_finds_the_slopes_of_a_polynomial_and_leaves_the_array_as_it_was():
    w = np.random.default_rng(0).standard_normal((3, 2))
    before = w.copy()
    assert np.allclose(probes.by_nudging(lambda: (w**3).sum(), w), 3 * w**2, rtol=0, atol=1e-8)
    assert np.array_equal(w, before)


def test_nudging_leaves_the_array_as_it_was_when_the_loss_fails():
    w = np.ones(3)

    def loss():
        raise RuntimeError("no loss")

    with pytest.raises(RuntimeError, match="no loss"):
        probes.by_nudging(loss, w)
    assert np.array_equal(w, np.ones(3))


@pytest.mark.parametrize("array", [np.arange(3), [1.0, 2.0], np.broadcast_to(1.0, 3)], ids=["whole", "list", "read-only"])
def test_only_a_writable_array_of_numbers_can_be_nudged(array):
    with pytest.raises(ValueError, match="can be nudged"):
        probes.by_nudging(lambda: 0.0, array)


def test_relative_error_runs_from_the_same_to_the_opposite():
    a = np.array([3.0, 4.0])
    assert probes.relative_error(a, a) == 0 and probes.relative_error(a, -a) == 2
    assert probes.relative_error(np.zeros(2), np.zeros(2)) == 0 and probes.relative_error(a, np.zeros(2)) == 1
    assert np.isclose(probes.relative_error(a, 1.1 * a), 0.1 / 1.1)
    with pytest.raises(ValueError, match="cannot be compared"):
        probes.relative_error(a, np.zeros((1, 2)))
