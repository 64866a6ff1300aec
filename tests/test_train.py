import functools
import io
import os
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmbook import layers, tasks, train


@given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 10**6))
@settings(deadline=None)
def test_cross_entropy_is_pytorchs(B, K, seed):
    rng = np.random.default_rng(seed)
    scores, answers = rng.normal(scale=5, size=(B, K)), rng.integers(K, size=B)
    theirs = torch.tensor(scores, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(theirs, torch.from_numpy(answers))
    expected.backward()
    loss, dscores = train.cross_entropy(scores, answers)
    assert loss == pytest.approx(expected.item(), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(dscores, theirs.grad, atol=1e-14)


def test_cross_entropy_of_huge_scores_is_finite():
    with np.errstate(over="raise", invalid="raise"):
        loss, dscores = train.cross_entropy(np.array([[1e4, -1e4]]), np.array([1]))
    assert loss == 2e4
    np.testing.assert_array_equal(dscores, [[1, -1]])


def test_cross_entropy_refuses_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"scores are .B, K. and answers .B,."):
        train.cross_entropy(np.zeros((2, 3)), np.zeros(3, int))


@pytest.mark.parametrize("answers", [[-1, 0], [0, 3], [0.0, 1.0]])
def test_an_answer_that_is_no_class_is_refused(answers):
    with pytest.raises(ValueError, match="answers are whole numbers from 0 to 2"):
        train.cross_entropy(np.zeros((2, 3)), np.array(answers))


def test_accuracy_counts_rows_and_refuses_columns():
    scores = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    assert train.accuracy(scores, np.array([1, 0, 0])) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="one for each row of scores"):
        train.accuracy(scores, np.array([[1], [0], [0]]))


def test_evaluating_mixed_gaps_draws_many_of_them():
    task, lengths = tasks.Recall((0, 10)), []

    class Model:
        def forward(self, tokens):
            lengths.append(len(tokens))
            return np.zeros((tokens.shape[1], 16))

    assert 0 <= train.evaluate(Model(), task, np.random.default_rng(0), size=1010) < 0.2
    assert len(lengths) == 21 and len(set(lengths)) > 5


def test_adam_takes_pytorchs_steps():
    rng = np.random.default_rng(0)
    ours = rng.standard_normal((3, 2))
    theirs = torch.nn.Parameter(torch.tensor(ours))
    mine, reference = train.Adam(rate=0.01), torch.optim.Adam([theirs], lr=0.01)
    for _ in range(20):
        gradient = rng.standard_normal((3, 2))
        mine.step([(ours, gradient)])
        theirs.grad = torch.from_numpy(gradient)
        reference.step()
    np.testing.assert_allclose(ours, theirs.detach(), atol=1e-12)


def test_clipping_is_pytorchs_and_leaves_short_gradients_alone():
    rng = np.random.default_rng(0)
    ours = [rng.standard_normal(4), rng.standard_normal((2, 3))]
    theirs = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in ours]
    for parameter, gradient in zip(theirs, ours, strict=True):
        parameter.grad = torch.tensor(gradient)
    norm = train.clip_gradients(ours, limit=0.5)
    assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(theirs, 0.5).item())
    for gradient, parameter in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(gradient, parameter.grad, rtol=1e-5)
    huge = [np.full(2, 1e200)]
    assert train.clip_gradients(huge, limit=1.0) == pytest.approx(np.sqrt(2) * 1e200)
    np.testing.assert_allclose(huge[0], np.sqrt(0.5))
    with pytest.raises(FloatingPointError, match="not a finite number"):
        train.clip_gradients([np.array([np.inf])], limit=1.0)
    before = [gradient.copy() for gradient in ours]
    train.clip_gradients(ours, limit=10)
    for gradient, kept in zip(ours, before, strict=True):
        np.testing.assert_array_equal(gradient, kept)


def reader(seed=0):
    task = tasks.Recall(gap=2)
    return task, layers.Reader(len(task.vocabulary), 8, 16, 16, np.random.default_rng(seed))


def test_a_plain_network_learns_a_short_gap():
    task, model = reader()
    rng = np.random.default_rng(0)
    history = train.fit(model, task, steps=1000, rng=rng, target=0.98)
    assert len(history.loss) == len(history.accuracy) < 1000  # it stopped at the target
    assert train.evaluate(model, task, rng) > 0.9
    assert np.mean(history.loss[-20:]) < 0.5 * np.mean(history.loss[:20])


def test_training_twice_from_one_seed_gives_the_same_weights():
    weights = []
    for _ in range(2):
        task, model = reader()
        train.fit(model, task, steps=5, rng=np.random.default_rng(0))
        weights.append([w.copy() for w, _ in model.pairs()])
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)


def test_an_interrupted_training_gives_back_what_it_recorded():
    task, model = reader()

    class Interrupted:
        count = 0

        def batch(self, rng, size):
            self.count += 1
            if self.count == 4:
                raise KeyboardInterrupt
            return task.batch(rng, size)

    history = train.fit(model, Interrupted(), steps=100, rng=np.random.default_rng(0))
    assert len(history.loss) == len(history.accuracy) == len(history.norm) == 3


def test_a_loss_that_is_no_number_stops_training_with_a_sentence():
    task, model = reader()
    model.layers["readout"].params["R"][0, 0] = np.nan
    with pytest.raises(train.Diverged, match="training stopped after 0 steps: the loss is not a number; try a smaller rate"):
        train.fit(model, task, steps=5, rng=np.random.default_rng(0))


@pytest.mark.parametrize("layer", ["embedding", "recurrent", "readout"])
@pytest.mark.filterwarnings("error")
def test_weights_that_overflow_stop_training_with_the_same_sentence_and_keep_the_history(layer):
    task, model = reader()

    class Spoilt:
        count = 0

        def batch(self, rng, size):
            self.count += 1
            if self.count == 4:
                next(iter(model.layers[layer].params.values()))[:] = np.nan
            return task.batch(rng, size)

    with pytest.raises(train.Diverged, match=r"training stopped after 3 steps: .* not a (finite )?number.*; try a smaller rate") as caught:
        train.fit(model, Spoilt(), steps=100, rng=np.random.default_rng(0))
    assert len(caught.value.history.loss) == 3


@pytest.mark.parametrize(
    ("change", "message"), [({"rate": 0}, "rate is 0"), ({"rate": np.nan}, "rate is nan"), ({"limit": 0}, "limit is 0")]
)
def test_an_impossible_training_is_refused(change, message):
    task, model = reader()
    before = [w.copy() for layer in model.layers.values() for w in layer.params.values()]
    with pytest.raises(ValueError, match=message):
        train.fit(model, task, steps=5, rng=np.random.default_rng(0), **change)
    for kept, w in zip(before, (w for layer in model.layers.values() for w in layer.params.values()), strict=True):
        np.testing.assert_array_equal(kept, w)


@given(st.integers(1, 6), st.integers(1, 3), st.integers(0, 10**6))
@settings(deadline=None)
def test_squared_error_is_pytorchs(B, K, seed):
    rng = np.random.default_rng(seed)
    outputs, targets = rng.standard_normal((2, B, K))
    theirs = torch.tensor(outputs, requires_grad=True)
    expected = torch.nn.functional.mse_loss(theirs, torch.from_numpy(targets))
    expected.backward()
    loss, doutputs = train.squared_error(outputs, targets)
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(doutputs, theirs.grad, atol=1e-14)


def test_close_counts_sequences_within_the_bound_and_nothing_is_broadcast():
    assert train.close(np.array([[0.5], [0.5]]), np.array([[0.53], [0.55]])) == 0.5
    for function in (train.close, train.squared_error):
        with pytest.raises(ValueError, match=r"both .B, K."):
            function(np.zeros((3, 1)), np.zeros(3))


def test_a_gradient_that_two_parameters_share_is_clipped_once():
    shared = np.array([3.0, 4.0])
    assert train.clip_gradients([shared, shared], limit=1.0) == pytest.approx(5)
    np.testing.assert_allclose(shared, [0.6, 0.8])
    assert train.clip_gradients([shared], limit=None) == pytest.approx(1)


def test_an_lstm_learns_a_gap_that_a_plain_network_does_not():
    """The recall of 4 keys over 30 fillers: at the forget bias of 5 an LSTM learns it in seconds; an RNN stays at chance."""
    task, right = tasks.BareRecall(gap=30, keys=4, fillers=20), {}
    for name, kind in (("rnn", layers.RNN), ("lstm", functools.partial(layers.LSTM, forget_bias=5.0))):
        rng = np.random.default_rng(0)
        model = layers.Reader(task.words, 16, 16, task.classes, rng, recurrent=kind)
        train.fit(model, task, steps=400, rng=rng, size=32, rate=1e-2, target=0.99)
        right[name] = train.evaluate(model, task, rng)
    assert right["lstm"] > 0.9 and right["rnn"] < 0.5


def test_the_progress_bar_shows_and_can_be_silenced(monkeypatch):
    for quiet, visible in (("", True), ("1", False)):
        monkeypatch.setenv("TQDM_DISABLE", quiet)
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        task, model = reader()
        train.fit(model, task, steps=2, rng=np.random.default_rng(0))
        assert ("batch" in stream.getvalue()) == visible


def test_a_gradient_that_is_no_number_is_found_wherever_it_stands():
    for bad in ([np.array([1.0]), np.array([np.nan])], [np.array([np.nan]), np.array([1.0])]):
        with pytest.raises(FloatingPointError, match="not a finite number"):
            train.clip_gradients(bad, 1.0)


def test_huge_gradients_in_half_the_precision_are_clipped_without_a_warning():
    gradient = np.full(4, 3e38, np.float32)
    assert train.clip_gradients([gradient], 1.0) == pytest.approx(6e38)
    np.testing.assert_allclose(gradient, 0.5, rtol=1e-6)


def test_losses_read_lists_and_whole_numbers_as_numbers():
    assert train.squared_error([[3]], [[0.5]])[0] == 6.25
    assert train.cross_entropy(np.array([[0, 3]], np.uint8), [0])[0] == pytest.approx(np.log(1 + np.exp(3)))
    assert train.accuracy([[0, 1]], [1]) == 1 and train.close([[1]], [[1.01]]) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: train.cross_entropy(np.zeros((0, 3)), np.zeros(0, int)), "at least one row"),
        (lambda: train.squared_error(np.zeros((0, 1)), np.zeros((0, 1))), "at least one row"),
        (lambda: train.evaluate(None, None, None, size=0), "at least one sequence"),
        (lambda: train.fit(None, None, -3, np.random.default_rng(0)), "steps is -3"),
        (lambda: train.fit(None, None, 2.5, np.random.default_rng(0)), "steps is 2.5"),
        (lambda: train.Adam().step([(np.zeros((2, 2)), np.zeros(2))]), "a parameter of shape .2, 2. has a gradient of shape"),
    ],
)
def test_what_cannot_be_learnt_from_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_task_that_delivers_no_numbers_is_blamed_itself():
    class Broken:
        def batch(self, rng, size):
            return np.full((3, size, 2), np.nan), np.zeros((size, 1))

    model = layers.Reader(None, 2, 3, 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="batch 0 of the task holds a value that is not a finite number"):
        train.fit(model, Broken(), 5, np.random.default_rng(0), loss=train.squared_error, score=train.close)


def test_a_seed_is_no_generator():
    task, model = reader()
    for call in (lambda: task.batch(0, 3), lambda: train.fit(model, task, 5, 0)):
        with pytest.raises(TypeError, match="rng is 0, but random numbers are drawn from a generator"):
            call()


def test_runs_side_by_side_are_the_runs_one_after_the_other():
    def losses(gap, seed):
        rng, task = np.random.default_rng(seed), tasks.BareRecall(gap, 3, 3)
        reader = layers.Reader(task.words, 4, 5, 3, rng)
        return train.fit(reader, task, 5, rng, size=4).loss

    jobs = [(gap, seed) for gap in (1, 3) for seed in (0, 1)]
    one_by_one = [losses(*job) for job in jobs]
    assert len({tuple(run) for run in one_by_one}) == 4
    assert train.side_by_side(losses, jobs) == train.side_by_side(losses, jobs, at_once=1) == one_by_one


def test_what_a_job_raises_is_raised_and_the_environment_stays_as_it_was(monkeypatch):
    def fails(number):
        raise ZeroDivisionError(f"job {number}")

    monkeypatch.delenv("TQDM_DISABLE")
    with pytest.raises(ZeroDivisionError, match="job 7"):
        train.side_by_side(fails, [(7,)], at_once=2)
    with pytest.raises(ZeroDivisionError, match="job 7"):
        train.side_by_side(fails, [(7,)], at_once=1)
    assert "TQDM_DISABLE" not in os.environ


@pytest.mark.parametrize("at_once", [0, -1, 1.5, True])
def test_at_least_one_run_at_once(at_once):
    with pytest.raises(ValueError, match="whole number of at least 1"):
        train.side_by_side(pow, [(2, 3)], at_once=at_once)
