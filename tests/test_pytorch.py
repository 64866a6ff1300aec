import numpy as np
import pytest
import torch

from lstmbook import cells, layers, pytorch, tasks, train


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


def answered(model, batch):
    tokens, answers = batch
    return torch.nn.functional.cross_entropy(model(tokens)[0][-1], answers)


def twins(seed=0):
    """A reader of the engine and one of PyTorch with the same weights, in float64."""
    ours = layers.Reader(9, 4, 8, 4, rng(seed), layers.LSTM)
    theirs = pytorch.Reader(9, 4, 8, 4).double()
    theirs.recurrent = pytorch.to_torch(ours.layers["recurrent"])
    theirs.recurrent.bias_hh_l0.requires_grad_(False)  # the engine has one bias
    with torch.no_grad():
        theirs.embedding.weight.copy_(torch.from_numpy(ours.layers["embedding"].params["E"]))
        theirs.readout.weight.copy_(torch.from_numpy(ours.layers["readout"].params["R"]))
        theirs.readout.bias.copy_(torch.from_numpy(ours.layers["readout"].params["r"]))
    return ours, theirs


def test_training_in_pytorch_is_training_in_the_engine():
    ours, theirs = twins()
    task = tasks.BareRecall(gap=2, keys=4, fillers=4)
    drawn = rng(1)
    batches = [tuple(map(torch.from_numpy, task.batch(drawn, 16))) for _ in range(60)]
    before = train.fit(ours, task, 60, rng(1), 16, 0.01)
    after = pytorch.fit(theirs, batches, answered, rate=0.01)
    np.testing.assert_allclose(after.loss, before.loss, atol=1e-9)
    np.testing.assert_allclose(after.norm, before.norm, atol=1e-9)


def test_a_schedule_gives_each_step_its_rate():
    asked, line = [], torch.nn.Linear(1, 1)
    weight = line.weight.item()

    def rate(step):
        asked.append(step)
        return 0.0 if step < 3 else 0.1

    x = torch.ones(4, 1)
    pytorch.fit(line, [x] * 3, lambda model, x: ((model(x) - 5) ** 2).mean(), rate)
    assert line.weight.item() == weight and set(asked) == {0, 1, 2}
    pytorch.fit(line, [x] * 4, lambda model, x: ((model(x) - 5) ** 2).mean(), rate)
    assert line.weight.item() != weight


def test_training_that_diverges_says_so_and_keeps_its_history():
    line, x = torch.nn.Linear(1, 1), torch.ones(4, 1)
    batches = [x, x, x * float("nan"), x]
    with pytest.raises(train.Diverged, match="after 2 steps") as caught:
        pytorch.fit(line, batches, lambda model, x: (model(x) ** 2).mean())
    assert len(caught.value.history.loss) == 2 and torch.isfinite(line.weight).all()


def test_interrupted_training_returns_what_it_has():
    def batches():
        yield from [torch.ones(4, 1)] * 3
        raise KeyboardInterrupt

    line = torch.nn.Linear(1, 1).eval()
    assert len(pytorch.fit(line, batches(), lambda model, x: (model(x) ** 2).mean()).loss) == 3
    assert not line.training


def test_a_reader_drops_only_while_it_trains_and_starts_where_it_is_told():
    torch.manual_seed(0)
    reader = pytorch.Reader(9, 4, 6, 3, depth=2, dropout=0.5, forget_bias=5.0)
    tokens = torch.arange(6).reshape(3, 2)
    assert not torch.equal(reader(tokens)[0], reader(tokens)[0])
    reader.eval()
    assert torch.equal(reader(tokens)[0], reader(tokens)[0])
    for k in (0, 1):
        total = getattr(reader.recurrent, f"bias_ih_l{k}") + getattr(reader.recurrent, f"bias_hh_l{k}")
        assert (total[6:12] == 5).all()
        assert not (total[:6] == 5).any()
    numbers, state = pytorch.Reader(None, 2, 6, 1, kind="GRU")(torch.zeros(5, 4, 2))
    assert numbers.shape == (5, 4, 1) and state.shape == (1, 4, 6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "lstm"}, "kind is 'lstm', but the recurrent layers are"),
        ({"kind": "RNN", "forget_bias": 1.0}, "opened in an nn.LSTM with biases, but this is RNN"),
    ],
)
def test_a_reader_that_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        pytorch.Reader(9, 4, 3, 2, **options)
