import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmbook import layers, pytorch, train

sizes = st.tuples(*[st.integers(1, 5)] * 4)


def rng(seed=0):
    return np.random.default_rng(seed)


@given(sizes, st.integers(0, 10**6))
@settings(deadline=None)
def test_a_sequence_forward_and_backward_is_pytorchs(size, seed):
    T, B, D, H = size
    random = rng(seed)
    layer = layers.RNN(D, H, random)
    x, h0, dh = random.standard_normal((T, B, D)), random.standard_normal((B, H)), random.standard_normal((T, B, H))
    theirs = pytorch.rnn(layer)
    tx, th0 = torch.tensor(x, requires_grad=True), torch.tensor(h0[None], requires_grad=True)
    states, _ = theirs(tx, th0)
    states.backward(torch.from_numpy(dh))

    np.testing.assert_allclose(layer.forward(x, h0), states.detach(), atol=1e-12)
    np.testing.assert_allclose(layer.backward(dh), tx.grad, atol=1e-10)
    np.testing.assert_allclose(layer.grads["W"], theirs.weight_ih_l0.grad, atol=1e-10)
    np.testing.assert_allclose(layer.grads["U"], theirs.weight_hh_l0.grad, atol=1e-10)
    np.testing.assert_allclose(layer.grads["b"], theirs.bias_ih_l0.grad, atol=1e-10)
    np.testing.assert_allclose(layer.grads["h0"], th0.grad[0], atol=1e-10)


def central_difference(f, array, step=1e-5):
    slope = np.empty_like(array)
    for place in np.ndindex(array.shape):
        kept = array[place]
        array[place] = kept + step
        up = f()
        array[place] = kept - step
        down = f()
        array[place] = kept
        slope[place] = (up - down) / (2 * step)
    return slope


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
    recurrent = pytorch.rnn(model.layers["recurrent"])
    states, _ = recurrent(E[torch.from_numpy(tokens)])
    theirs = torch.nn.functional.cross_entropy(states[-1] @ R.T + r, torch.from_numpy(answers))
    theirs.backward()
    assert loss == pytest.approx(theirs.item(), rel=1e-12)
    for (_, ours), other in zip(
        model.pairs(), (E, recurrent.weight_ih_l0, recurrent.weight_hh_l0, recurrent.bias_ih_l0, R, r), strict=True
    ):
        np.testing.assert_allclose(ours, other.grad, atol=1e-12)


def test_a_sequence_can_be_read_in_two_parts():
    layer, x = layers.RNN(2, 3, rng()), rng(1).standard_normal((8, 2, 2))
    whole = layer.forward(x)
    first = layer.forward(x[:5])
    np.testing.assert_array_equal(layer.forward(x[5:], first[-1]), whole[5:])


def test_sentences_side_by_side_do_not_touch():
    layer, x = layers.RNN(2, 3, rng()), rng(1).standard_normal((8, 4, 2))
    together = layer.forward(x)
    for k in range(4):
        np.testing.assert_allclose(together[:, k : k + 1], layer.forward(x[:, k : k + 1]), atol=1e-14)


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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (forward(layers.RNN(3, 2, rng()), np.zeros((4, 3))), "reads .T, B, D."),
        (forward(layers.RNN(3, 2, rng()), np.zeros((4, 1, 5))), "x has 5 features, but this layer reads 3"),
        (forward(layers.RNN(3, 2, rng()), np.zeros((0, 1, 3))), "there is nothing to read"),
        (forward(layers.RNN(3, 2, rng()), np.zeros((4, 0, 3))), "there is nothing to read"),
        (forward(layers.RNN(3, 2, rng()), np.zeros((4, 2, 3)), np.zeros((1, 2))), "this batch needs .B, H. = .2, 2."),
        (forward(layers.Embedding(3, 2, rng()), np.array([[3]])), "outside the vocabulary of 3 words: they are numbered 0 to 2"),
        (forward(layers.Embedding(3, 2, rng()), np.array([[-1]])), "outside the vocabulary"),
        (forward(layers.Embedding(3, 2, rng()), np.array([[0.5]])), "tokens are whole numbers"),
        (forward(layers.Linear(3, 2, rng()), np.zeros((1, 4))), "this layer reads .B, 3."),
        (forward(layers.Reader(5, 2, 2, 2, rng()), np.array([1, 2])), "a reader reads .T, B."),
    ],
)
def test_a_wrong_input_is_told_in_the_readers_terms(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_whole_numbers_and_lists_are_read_like_any_numbers():
    layer = layers.RNN(1, 2, rng())
    np.testing.assert_array_equal(layer.forward([[[1]], [[-3]]]), layer.forward(np.array([[[1.0]], [[-3.0]]])))
    np.testing.assert_array_equal(layer.cell.forward([[1]], [[0, 0]]), layer.forward([[[1]]])[0])
    assert layer.forward([[[1]]]).any()


def test_returned_states_cannot_be_changed_under_the_backward_pass():
    states = layers.RNN(1, 2, rng()).forward(np.ones((3, 1, 1)))
    with pytest.raises(ValueError, match="read-only"):
        states *= 0


def test_gradients_before_a_backward_pass_are_refused():
    with pytest.raises(ValueError, match="call forward and backward first"):
        list(layers.Reader(5, 2, 2, 2, rng()).pairs())


def test_a_gradient_of_the_wrong_shape_is_refused():
    layer = layers.RNN(3, 2, rng())
    layer.forward(np.zeros((4, 1, 3)))
    with pytest.raises(ValueError, match="the hidden states had"):
        layer.backward(np.zeros((3, 1, 2)))
