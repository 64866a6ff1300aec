import tracemalloc
from pathlib import Path

import numpy as np
import oracles
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmbook import layers, train

sizes = st.tuples(*[st.integers(1, 5)] * 4)
recurrent = pytest.mark.parametrize("kind", [layers.RNN, layers.LSTM])


def rng(seed=0):
    return np.random.default_rng(seed)


@recurrent
@given(size=sizes, seed=st.integers(0, 10**6), final=st.booleans())
@settings(deadline=None)
def test_a_sequence_forward_and_backward_is_pytorchs(kind, size, seed, final):
    T, B, D, H = size
    layer, random = kind(D, H, rng(seed)), rng(seed)
    x, start, dh, dlast = oracles.draw(random, layer, T, B)
    case = (x, start, dh, dlast if final else None)
    states, last, slopes = oracles.by_autograd(layer, *case)
    h, ours = layer.forward(x, oracles.one_or_pair(start))
    np.testing.assert_allclose(h, states, rtol=0, atol=1e-12)
    for mine, theirs in zip(ours if isinstance(ours, tuple) else (ours,), last, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12)
    oracles.agree(oracles.gradients(layer, *case), slopes, rtol=1e-10, atol=1e-13)


@recurrent
@given(size=st.tuples(*[st.integers(1, 3)] * 4), seed=st.integers(0, 10**6), final=st.booleans())
@settings(deadline=None, max_examples=25)
def test_every_gradient_agrees_with_central_differences(kind, size, seed, final):
    T, B, D, H = size
    layer, random = kind(D, H, rng(seed)), rng(seed)
    x, start, dh, dlast = oracles.draw(random, layer, T, B)
    case = (x, start, dh, dlast if final else None)
    oracles.agree(oracles.gradients(layer, *case), oracles.by_differences(layer, *case), rtol=1e-6, atol=1e-8)


@recurrent
def test_a_long_sequence_is_pytorchs_too(kind):
    """Longer than the steps that the backward pass takes at once, and no multiple of them."""
    layer = kind(3, 4, rng())
    case = oracles.draw(rng(1), layer, 2 * layers.CHUNK + 3, 2)
    _, _, slopes = oracles.by_autograd(layer, *case)
    oracles.agree(oracles.gradients(layer, *case), slopes, rtol=1e-10, atol=1e-13)


@recurrent
def test_a_layer_is_its_cell_step_after_step(kind):
    layer = kind(3, 4, rng())
    x, start, _, _ = oracles.draw(rng(1), layer, 6, 2)
    h, last = layer.forward(x, oracles.one_or_pair(start))
    state = start
    for t in range(6):
        state = layer.cell.forward(x[t], *state)
        state = state if isinstance(state, tuple) else (state,)
        np.testing.assert_allclose(h[t], state[0], atol=1e-14)
    for a, b in zip(last if isinstance(last, tuple) else (last,), state, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-14)


BROKEN = {
    "input gate: its slope": ("z_i[:] = g * i * (1 - i)", "z_i[:] = g * i"),
    "input gate: multiplied by the wrong block": ("z_i[:] = g * i", "z_i[:] = f * i"),
    "forget gate: the memory after the step": ("c_before, tanh_c = c[:-1][steps]", "c_before, tanh_c = c[1:][steps]"),
    "forget gate: its slope": ("z_f[:] = c_before * f * (1 - f)", "z_f[:] = c_before * (1 - f)"),
    "candidate: the sigmoid's slope": ("z_g[:] = i * (1 - g**2)", "z_g[:] = i * g * (1 - g)"),
    "output gate: c for tanh(c)": ("z_o[:] = tanh_c * o", "z_o[:] = c[1:][steps] * o"),
    "output gate: the gradient by c": ("z_o[t] *= carried", "z_o[t] *= dc"),
    "the cell state is not seen through h": ("dc += carried * shown[t]", "pass"),
    "the slope of tanh(c) is taken twice": ("shown = o * (1 - tanh_c**2)", "shown = o * (1 - tanh_c**2) ** 2"),
    "h is not carried from step to step": ("carried = dz[t] @ U\n        ", "carried = 0 * (dz[t] @ U)\n        "),
    "c is not carried from step to step": ("dc *= f[t]", "dc *= 0"),
    "c is carried past the forget gate": ("dc *= f[t]", "pass"),
    "the recurrent weights see the state after the step": ("_summed(dz, h[:-1][steps])", "_summed(dz, h[1:][steps])"),
    "only the last steps count for the weights": ("dW += _summed", "dW = _summed"),
    "the bias sees one sentence": ("db += dz.sum(axis=(0, 1))", "db += dz.sum(axis=0)[0]"),
    "the last state has no gradient": (
        "            if given is not None:\n                memory += ",
        "            if False:\n                memory += ",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_both_checks_see_a_broken_line_of_the_backward_pass(fault):
    line, broken = BROKEN[fault]
    source = Path(layers.__file__).read_text()
    start = source.index("class LSTM:")
    assert source[start:].count(line) == 1, "the line has changed: break it anew"
    module = {"__name__": "broken"}
    exec(source[:start] + source[start:].replace(line, broken), module)
    layer = module["LSTM"](2, 3, rng())
    case = oracles.draw(rng(1), layer, layers.CHUNK + 2, 2)
    ours = oracles.gradients(layer, *case)
    with pytest.raises(AssertionError, match="differs"):
        oracles.agree(ours, oracles.by_differences(layer, *case), rtol=1e-6, atol=1e-8)
    with pytest.raises(AssertionError, match="differs"):
        oracles.agree(ours, oracles.by_autograd(layer, *case)[2], rtol=1e-10, atol=1e-13)


@recurrent
@pytest.mark.parametrize("sign", [1, -1])
def test_extreme_inputs_neither_overflow_nor_warn(kind, sign):
    layer = kind(2, 3, rng())
    with np.errstate(all="raise"):
        h, _ = layer.forward(np.full((4, 1, 2), sign * 1e4))
        dx, _ = layer.backward(np.ones_like(h))
    assert all(np.isfinite(array).all() for array in (h, dx, *layer.grads.values()))


def central_difference(f, array, step=1e-5):
    slope = np.empty_like(array)
    for place in np.ndindex(array.shape):
        kept = array[place]
        array[place] = kept + step
        up = f()
        array[place] = kept - step
        slope[place] = (up - f()) / (2 * step)
        array[place] = kept
    return slope


def composed():
    random = rng()
    pair = [layers.Bidirectional(layers.LSTM(D, 2, random), layers.LSTM(D, 2, random)) for D in (3, 4)]
    return {
        "stack": layers.Stack([layers.LSTM(3, 4, random), layers.RNN(4, 2, random)]),
        "bidirectional": pair[0],
        "stack of bidirectional": layers.Stack(pair),
    }


def leaves(state):
    return [leaf for each in state for leaf in leaves(each)] if isinstance(state, tuple | list) else [state]


@pytest.mark.parametrize("name", composed())
def test_every_gradient_through_composed_layers_agrees_with_differences(name):
    layer, x = composed()[name], rng(1).standard_normal((4, 2, 3))
    h, start = layer.forward(x)  # any state of the right shapes will do
    dh, dlast = rng(2).standard_normal(h.shape), layer.forward(x[::-1])[1]

    def loss():
        h, last = layer.forward(x, start)
        return (h * dh).sum() + sum((a * b).sum() for a, b in zip(leaves(last), leaves(dlast), strict=True))

    loss()
    dx, dstart = layer.backward(dh, dlast)
    ours = [dx.copy(), *layer.grads.values(), *leaves(dstart)]
    arrays = [x, *layer.params.values(), *leaves(start)]
    assert list(layer.grads) == list(layer.params)
    for gradient, array in zip(ours, arrays, strict=True):
        np.testing.assert_allclose(gradient, central_difference(loss, array), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("words", [7, None])
@pytest.mark.parametrize("name", ["LSTM", *composed()])
def test_a_reader_with_any_recurrent_layer_has_the_gradients_of_differences(name, words):
    def make(features, units, random, dtype):
        return layers.LSTM(features, units, random, dtype) if name == "LSTM" else composed()[name]

    model = layers.Reader(words, 3, 4, 5, rng(), recurrent=make)
    inputs = rng(1).standard_normal((4, 2, 3)) if words is None else rng(1).integers(7, size=(4, 2))
    answers = np.array([0, 4])
    _, dscores = train.cross_entropy(model.forward(inputs), answers)
    model.backward(dscores)
    for parameter, gradient in [(w, g.copy()) for w, g in model.pairs()]:
        expected = central_difference(lambda: train.cross_entropy(model.forward(inputs), answers)[0], parameter)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


def test_a_bidirectional_reader_answers_from_both_ends():
    """The last output of the direction that reads backwards has seen one word only; the answer must not come from there."""
    make = lambda D, H, random, dtype: layers.Bidirectional(layers.RNN(D, H, random), layers.RNN(D, H, random))  # noqa: E731
    model, first = layers.Reader(None, 2, 3, 4, rng(), recurrent=make), rng(1).standard_normal((6, 1, 2))
    other = first.copy()
    other[0] += 1
    model.layers["recurrent"].layers[0].params["W"][:] = 0  # only the backward reader sees anything
    assert not np.allclose(model.forward(first), model.forward(other))


def test_every_gradient_of_a_reader_agrees_with_finite_differences():
    model = layers.Reader(words=7, features=3, units=4, classes=5, rng=rng())
    tokens, answers = rng(1).integers(7, size=(6, 3)), np.array([0, 4, 2])
    _, dscores = train.cross_entropy(model.forward(tokens), answers)
    model.backward(dscores)

    def loss():
        return train.cross_entropy(model.forward(tokens), answers)[0]

    pairs = [(w, g.copy()) for w, g in model.pairs()]
    assert len(pairs) == 6
    for parameter, gradient in pairs:
        np.testing.assert_allclose(gradient, central_difference(loss, parameter), rtol=1e-6, atol=1e-9)


def test_the_whole_reader_has_autograds_gradients():
    model = layers.Reader(words=9, features=4, units=3, classes=2, rng=rng())
    tokens, answers = rng(1).integers(9, size=(5, 8)), rng(2).integers(2, size=8)
    loss, dscores = train.cross_entropy(model.forward(tokens), answers)
    model.backward(dscores)

    E, R, r = (
        torch.tensor(array, requires_grad=True)
        for array in (model.layers["embedding"].params["E"], *model.layers["readout"].params.values())
    )
    recurrent = oracles.torch_layer(model.layers["recurrent"])
    states, _ = recurrent(E[torch.from_numpy(tokens)])
    theirs = torch.nn.functional.cross_entropy(states[-1] @ R.T + r, torch.from_numpy(answers))
    theirs.backward()
    assert loss == pytest.approx(theirs.item(), rel=1e-12)
    for (_, ours), other in zip(
        model.pairs(), (E, recurrent.weight_ih_l0, recurrent.weight_hh_l0, recurrent.bias_ih_l0, R, r), strict=True
    ):
        np.testing.assert_allclose(ours, other.grad, atol=1e-12)


@recurrent
def test_a_sequence_can_be_read_in_two_parts(kind):
    layer, x = kind(2, 3, rng()), rng(1).standard_normal((8, 2, 2))
    whole, _ = layer.forward(x)
    _, middle = layer.forward(x[:5])
    np.testing.assert_allclose(layer.forward(x[5:], middle)[0], whole[5:], atol=1e-15)


@recurrent
def test_sentences_side_by_side_do_not_touch(kind):
    layer, x = kind(2, 3, rng()), rng(1).standard_normal((8, 4, 2))
    together, _ = layer.forward(x)
    for k in range(4):
        np.testing.assert_allclose(together[:, k : k + 1], layer.forward(x[:, k : k + 1])[0], atol=1e-14)


@recurrent
def test_going_back_twice_gives_the_same_gradients(kind):
    layer = kind(2, 3, rng())
    case = oracles.draw(rng(1), layer, 5, 2)
    first = oracles.gradients(layer, *case)
    dx, _ = layer.backward(case[2], oracles.one_or_pair(case[3]))
    np.testing.assert_array_equal(dx, first["x"])
    oracles.agree(layer.grads, {name: first[name] for name in "WUb"}, rtol=0, atol=0)


@recurrent
def test_a_last_state_changed_by_the_reader_does_not_change_the_gradients(kind):
    layer = kind(2, 3, rng())
    x, _, dh, _ = oracles.draw(rng(1), layer, 5, 2)
    _, last = layer.forward(x)
    dx, _ = layer.backward(dh)
    for array in leaves(last):
        array *= 0
    np.testing.assert_array_equal(layer.backward(dh)[0], dx)


def test_embedding_is_a_one_hot_product_and_repeated_words_add_up():
    table = layers.Embedding(5, 3, rng())
    tokens = np.array([[1, 4], [1, 1]])
    np.testing.assert_array_equal(table.forward(tokens), np.eye(5)[tokens] @ table.params["E"])
    table.backward(np.ones((2, 2, 3)))
    np.testing.assert_array_equal(table.grads["E"][:, 0], [0, 3, 0, 0, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_reader_computes_in_the_precision_it_was_made_in(dtype):
    model = layers.Reader(words=7, features=3, units=4, classes=5, rng=rng(), dtype=dtype)
    _, dscores = train.cross_entropy(model.forward(np.array([[0], [3]])), np.array([1]))
    model.backward(dscores)
    assert dscores.dtype == dtype
    assert {array.dtype for pair in model.pairs() for array in pair} == {np.dtype(dtype)}


def forward(layer, *arguments):
    return lambda: layer.forward(*arguments)


def sequence_errors(kind):
    layer, zeros = kind(3, 2, rng()), np.zeros((4, 2, 3))
    return [
        (forward(layer, np.zeros((4, 3))), "reads .T, B, D."),
        (forward(layer, np.zeros((4, 1, 5))), "x has 5 features, but this layer reads 3"),
        (forward(layer, np.zeros((0, 1, 3))), "there is nothing to read"),
        (forward(layer, np.zeros((4, 0, 3))), "there is nothing to read"),
        (forward(layer, np.full((4, 2, 3), np.inf)), "x holds a value that is not a finite number"),
        (forward(layer, np.full((4, 2, 3), "a")), "real numbers are read here"),
        (forward(layer, zeros, oracles.one_or_pair([np.zeros((1, 2))] * oracles.states_of(layer))), "needs .B, H. = .2, 2."),
        (
            forward(layer, zeros, oracles.one_or_pair([np.full((2, 2), np.nan)] * oracles.states_of(layer))),
            "start holds a value that is not",
        ),
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        *sequence_errors(layers.RNN),
        *sequence_errors(layers.LSTM),
        (forward(layers.LSTM(3, 2, rng()), np.zeros((4, 2, 3)), np.zeros((2, 2))), "start must be a pair .h, c."),
        (forward(layers.Stack([layers.RNN(3, 2, rng())] * 1), np.zeros((4, 2, 3)), []), "start must be a list of 1 states"),
        (lambda: layers.Stack([]), "a stack needs at least one"),
        (lambda: layers.Stack([layers.RNN(3, 2, rng()), layers.RNN(3, 2, rng())]), "layer 1 reads 3 features, but layer 0 below it has 2"),
        (lambda: layers.Bidirectional(layers.RNN(3, 2, rng()), layers.RNN(2, 2, rng())), "ahead reads 3 features and back 2"),
        (forward(layers.Embedding(3, 2, rng()), np.array([[3]])), "outside the vocabulary of 3 words: they are numbered 0 to 2"),
        (forward(layers.Embedding(3, 2, rng()), np.array([[-1]])), "outside the vocabulary"),
        (forward(layers.Embedding(3, 2, rng()), np.array([[0.5]])), "tokens are whole numbers"),
        (forward(layers.Linear(3, 2, rng()), np.zeros((1, 4))), "h has 4 features, but this layer reads 3"),
        (forward(layers.Reader(5, 2, 2, 2, rng()), np.array([1, 2])), "tokens have shape .2,., but .T, B. is read here"),
        (lambda: layers.Linear(0, 2, rng()), "inputs is 0"),
        (lambda: layers.Embedding(2, 0, rng()), "features is 0"),
    ],
)
def test_a_wrong_input_is_told_in_the_readers_terms(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@recurrent
def test_a_refused_input_leaves_the_layer_as_it_was(kind):
    layer = kind(3, 2, rng())
    x, _, dh, _ = oracles.draw(rng(1), layer, 4, 2)
    layer.forward(x)
    dx, _ = layer.backward(dh)
    weights, slopes = {k: w.copy() for k, w in layer.params.items()}, {k: g.copy() for k, g in layer.grads.items()}
    for call, _ in sequence_errors(kind):
        with pytest.raises(ValueError):  # noqa: PT011
            call()
    for bad in (np.full_like(x, np.nan), x[:, :, :1], x[0]):
        with pytest.raises(ValueError):  # noqa: PT011
            layer.forward(bad)
    with pytest.raises(ValueError, match="dh holds a value"):
        layer.backward(np.full_like(dh, np.nan))
    oracles.agree(layer.params, weights, 0, 0)
    oracles.agree(layer.grads, slopes, 0, 0)
    np.testing.assert_array_equal(layer.backward(dh)[0], dx)


def test_whole_numbers_and_lists_are_read_like_any_numbers():
    layer = layers.RNN(1, 2, rng())
    np.testing.assert_array_equal(layer.forward([[[1]], [[-3]]])[0], layer.forward(np.array([[[1.0]], [[-3.0]]]))[0])
    np.testing.assert_array_equal(layer.cell.forward([[1]], [[0, 0]]), layer.forward([[[1]]])[1])
    assert layer.forward([[[1]]])[0].any()


@recurrent
def test_returned_states_cannot_be_changed_under_the_backward_pass(kind):
    states, _ = kind(1, 2, rng()).forward(np.ones((3, 1, 1)))
    with pytest.raises(ValueError, match="read-only"):
        states *= 0


def test_gradients_before_a_backward_pass_are_refused():
    with pytest.raises(ValueError, match="call forward and backward first"):
        list(layers.Reader(5, 2, 2, 2, rng()).pairs())


@recurrent
@pytest.mark.parametrize(
    ("dh", "dlast", "message"),
    [
        (np.zeros((3, 1, 2)), None, "dh has shape .3, 1, 2., but this batch needs .T, B, H. = .4, 1, 2."),
        (np.zeros((4, 1, 2)), np.zeros((2, 2)), "dlast (has shape|must be a pair)"),
    ],
)
def test_a_gradient_of_the_wrong_shape_is_refused(kind, dh, dlast, message):
    layer = kind(3, 2, rng())
    layer.forward(np.zeros((4, 1, 3)))
    with pytest.raises(ValueError, match=message):
        layer.backward(dh, dlast)


@pytest.mark.parametrize(
    "layer", [layers.RNN(3, 2, rng()), layers.LSTM(3, 2, rng()), layers.Linear(3, 2, rng()), layers.Embedding(3, 2, rng())]
)
def test_going_back_before_going_forward_is_refused(layer):
    with pytest.raises(ValueError, match="call forward before backward"):
        layer.backward(np.zeros((1, 1, 2)))


def test_gradients_of_the_wrong_shape_are_refused_by_every_layer():
    table, scores, both = layers.Embedding(3, 2, rng()), layers.Linear(3, 2, rng()), composed()["bidirectional"]
    table.forward(np.array([[1]]))
    scores.forward(np.zeros((1, 3)))
    both.forward(np.zeros((4, 1, 3)))
    for layer, gradient, message in (
        (table, np.zeros((1, 1, 3)), "dx has"),
        (scores, np.zeros((2, 2)), "dscores has"),
        (both, np.zeros((4, 1, 2)), "outputs were .T, B, 4."),
    ):
        with pytest.raises(ValueError, match=message):
            layer.backward(gradient)


def test_backward_keeps_little_more_than_it_must():
    """Peak memory of forward and backward, against the inputs, gates and states that going back needs, and the gradient it returns."""
    T, B, D, H = 200, 16, 32, 32
    layer, x = layers.LSTM(D, H, rng(), np.float32), np.zeros((T, B, D), np.float32)
    dh = np.ones((T, B, H), np.float32)
    needed = 4 * T * B * (4 * H + H + H + D + D)  # gates, h, c, x; dx
    tracemalloc.start()
    layer.forward(x)
    layer.backward(dh)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * needed


@pytest.mark.parametrize("make", [layers.RNN, layers.LSTM, layers.Linear])
def test_changing_an_input_afterwards_does_not_change_the_gradients(make):
    layer = make(3, 4, rng())
    x = rng(1).standard_normal((2, 3) if make is layers.Linear else (5, 2, 3))
    out = layer.forward(x)
    dh = np.ones_like(out if make is layers.Linear else out[0])
    layer.backward(dh)
    before = {name: gradient.copy() for name, gradient in layer.grads.items()}
    x *= 0
    layer.backward(dh)
    oracles.agree(layer.grads, before, 0, 0)


def test_changing_tokens_afterwards_does_not_change_the_gradients():
    table, tokens = layers.Embedding(5, 3, rng()), np.array([[1], [4]])
    table.forward(tokens)
    tokens[:] = 0
    table.backward(np.ones((2, 1, 3)))
    assert not table.grads["E"][0].any() and table.grads["E"][4].all()


def same_layer_twice():
    layer = layers.RNN(3, 3, rng())
    return layer, layer


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Stack(same_layer_twice()), "one layer stands in two places"),
        (lambda: layers.Bidirectional(*same_layer_twice()), "one layer stands in two places"),
        (lambda: layers.Stack([layers.RNN(3, 3, rng()), layers.Linear(3, 3, rng())]), "Linear is no recurrent layer"),
        (lambda: layers.Stack([layers.LSTM(3, 3, rng()).cell]), "LSTMCell is no recurrent layer"),
        (lambda: layers.Bidirectional(layers.RNN(3, 3, rng()), layers.RNN(3, 3, rng(), np.float32)), "differ in precision"),
    ],
)
def test_layers_that_cannot_be_put_together_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", ["stack", "bidirectional"])
def test_a_reading_that_was_refused_halfway_cannot_be_gone_back_through(name):
    layer, x = composed()[name], rng(1).standard_normal((4, 2, 3))
    h, _ = layer.forward(x)
    with pytest.raises(ValueError, match="start has shape"):
        layer.forward(x, [None, np.zeros((1, 1)) if name == "stack" else (np.zeros((1, 1)), None)])
    with pytest.raises(ValueError, match="call forward before backward"):
        layer.backward(np.zeros_like(h))


def test_either_memory_of_a_start_may_be_left_out():
    layer, x = layers.LSTM(3, 2, rng()), rng(1).standard_normal((4, 1, 3))
    c = np.ones((1, 2))
    np.testing.assert_array_equal(layer.forward(x, (None, c))[0], layer.forward(x, (np.zeros((1, 2)), c))[0])


def test_weights_put_into_a_part_are_the_whole_ones_weights():
    stack = composed()["stack"]
    stack.layers[0].params["W"] = np.zeros_like(stack.layers[0].params["W"])
    assert not stack.params["0.W"].any()


def test_a_reader_above_bidirectional_layers_inside_each_other_answers_where_each_one_ends():
    """The direction that runs back inside the one that runs ahead ends at the first word, and so on."""

    def make(D, H, random, dtype):
        inner = layers.Bidirectional(layers.RNN(D, 1, random), layers.RNN(D, 1, random))
        outer = layers.Bidirectional(layers.RNN(D, 1, random), layers.RNN(D, 1, random))
        return layers.Bidirectional(inner, outer)

    model = layers.Reader(None, 2, 4, 2, rng(), recurrent=make)
    assert [t for t, _ in model._ends()] == [-1, 0, 0, -1]
