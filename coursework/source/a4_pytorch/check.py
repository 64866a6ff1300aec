"""The cross-check of assignment 4.

Its functions take layers and models, which are made beside them, from secret seeds; what is compared are the numbers, slopes and weights that
come of it. All functions are called; `put_back` together with `keep`, whose form is the student's own. No function is asked for by
q1-compared.
"""

import numpy as np

from coursework.crosscheck import Call

# fmt: off


def of_tensors(function, *arrays):
    return function(*map(torch.from_numpy, arrays))


def carried(carry, x, W, U, b):
    x, lstm = torch.from_numpy(x), carry(W, U, b)
    return lstm(x)[0]


def carried_and_trained(carry, x, W, U, b):
    x, lstm = torch.from_numpy(x), carry(W, U, b)
    before = lstm(x)[0]
    before.sum().backward()
    torch.optim.SGD(lstm.parameters(), lr=1.0).step()
    return before, lstm(x)[0]


def encoded(encode, seed, x, lengths, units, depth, two_ways):
    torch.manual_seed(seed)
    x = torch.from_numpy(x)
    lstm = nn.LSTM(x.shape[2], units, depth, bidirectional=two_ways, dtype=torch.float64)
    return encode(lstm, x, torch.from_numpy(lengths)), x


def encoded_with_slopes(encode, seed, x, lengths, units, depth, two_ways):
    torch.manual_seed(seed)
    x = torch.from_numpy(x).requires_grad_()
    lstm = nn.LSTM(x.shape[2], units, depth, bidirectional=two_ways, dtype=torch.float64)
    found = encode(lstm, x, torch.from_numpy(lengths))
    return found, torch.autograd.grad(found.sum(), x)[0]


def loss_and_slopes(masked_loss, scores, wanted, lengths):
    scores = torch.from_numpy(scores).requires_grad_()
    loss = masked_loss(scores, torch.from_numpy(wanted), torch.from_numpy(lengths))
    return loss, torch.autograd.grad(loss, scores)[0]


def in_the_lab(check, seed, tokens, lengths):
    torch.manual_seed(seed)
    tokens, lengths = torch.from_numpy(tokens), torch.from_numpy(lengths)
    readers = Reader(), Reader(0.5), PaddingRead(), AxesSwapped(), LeftOver(), Mixed()
    with torch.no_grad():
        return [check(reader.eval(), tokens, lengths) for reader in readers], tokens


def of_others(check, seed, tokens, lengths):
    def alone(reader, x, lengths):
        return torch.cat([reader.lstm(x[:n, [k]])[0][-1] for k, n in enumerate(lengths)])

    def random_start(reader, x, lengths):
        return reader.lstm(x, tuple(torch.randn(2, 1, x.shape[1], 4, dtype=x.dtype)))[0][lengths - 1, torch.arange(len(lengths))]

    def centred(reader, x, lengths):
        return alone(reader, x, lengths) - alone(reader, x, lengths).mean(dim=0)

    def two_words(reader, x, lengths):
        return torch.cat([reader.lstm(x[max(n - 2, 0) : n, [k]])[0][-1] for k, n in enumerate(lengths)])

    def stops_early(reader, x, lengths):
        return alone(reader, x, lengths - 1)

    def last_step_lost(reader, x, lengths):
        return alone(reader, x, lengths.clamp(max=len(x) - 1))

    def not_put_back(reader, x, lengths):
        order = lengths.argsort(descending=True)
        return alone(reader, x[:, order], lengths[order])

    torch.manual_seed(seed)
    tokens, lengths, said = torch.from_numpy(tokens), torch.from_numpy(lengths), []
    for read in (random_start, centred, two_words, stops_early, last_step_lost, not_put_back, alone):
        reader = type("Another", (Reader,), {"read": read})(0.5).eval()
        with torch.no_grad():
            said.append(check(reader, tokens, lengths))
    return said, tokens


def in_pieces(read_in_pieces, seed, x, size, units, depth):
    torch.manual_seed(seed)
    x = torch.from_numpy(x)
    return read_in_pieces(nn.LSTM(x.shape[2], units, depth, dtype=torch.float64), x, size)


def slopes_in_pieces(read_in_pieces, seed, x, size, units, depth):
    torch.manual_seed(seed)
    x = torch.from_numpy(x).requires_grad_()
    output, _ = read_in_pieces(nn.LSTM(x.shape[2], units, depth, dtype=torch.float64), x, size)
    return output, [torch.autograd.grad((step**2).sum(), x, retain_graph=True)[0] for step in output]


def along_a_line(train_step, weight, slope):
    line = nn.Linear(1, 1, bias=False).double()
    line.weight.data.fill_(weight)
    sgd, one, found = torch.optim.SGD(line.parameters(), lr=0.1), torch.ones(1, 1, dtype=torch.float64), []
    for limit in (100.0, 1.0):
        said = train_step(line, sgd, lambda model, x: slope * model(x).sum(), one, limit)
        found.append([*said, line.weight.item(), *(type(number) is float for number in said)])
    return found


def trained(train_step, seed, x, wanted, limit):
    torch.manual_seed(seed)
    model = nn.LSTM(x.shape[2], wanted.shape[2], dtype=torch.float64)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    batch, sgd = (torch.from_numpy(x), torch.from_numpy(wanted)), torch.optim.SGD(model.parameters(), lr=0.5)
    said = [train_step(model, sgd, lambda model, batch: ((model(batch[0])[0] - batch[1]) ** 2).mean(), batch, limit) for _ in range(3)]
    return said, [type(number) is float for numbers in said for number in numbers], list(model.parameters())


def judged(share_right, said, answers):
    class Fake(nn.Module):
        def forward(self, tokens, lengths):
            seen.append([self.training, torch.is_grad_enabled()])
            return torch.eye(3)[tokens[0] * 0 if self.training else tokens[0]]

    seen, found = [], []
    for mode in (True, False):
        fake = Fake().train(mode)
        share = share_right(fake, torch.from_numpy(said), torch.ones(said.shape[1]), torch.from_numpy(answers))
        found.append([share, type(share) is float, fake.training])
    return found, seen


def put_back_twice(keep, seed):
    torch.manual_seed(seed)
    line = nn.Linear(3, 2)
    sgd, found = torch.optim.SGD(line.parameters(), lr=0.5), [line.weight.tolist()]
    kept = keep(line, sgd)
    for _ in range(2):
        line(torch.ones(1, 3)).sum().backward()
        sgd.step()
        put_back(kept, line, sgd)
        found.append(line.weight.tolist())
    return found


def goes_on(keep, seed, x):
    def run(rate):
        model = nn.Sequential(nn.Linear(4, 5), nn.Dropout(0.5), nn.Linear(5, 1)).double()
        return model, torch.optim.Adam(model.parameters(), lr=rate)

    def on(model, optimiser):
        for _ in range(3):
            optimiser.zero_grad()
            (model(x) ** 2).mean().backward()
            optimiser.step()
        return [parameter.detach().clone() for parameter in model.parameters()]

    torch.manual_seed(seed)
    x, here, found = torch.from_numpy(x), run(0.05), []
    on(*here)
    kept = keep(*here)
    for again in (here, run(0.1), run(0.2)):
        torch.rand(3)
        put_back(kept, *again)
        found.append(on(*again))
    return found


def draw(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    def seed():
        return int(rng.integers(2**31))

    T, B, D, H, K = (int(n) for n in rng.permutation([2, 3, 4, 5, 6]) + 1)
    x, lengths = normal(T, B, D), np.array([1, *rng.integers(1, T + 1, B - 2), T])

    def trains(got):  # the numbers, and whether they are others afterwards
        return got[0], np.shape(got[0]) == np.shape(got[1]) and np.allclose(*got)

    weights = normal(4 * H, D), normal(4 * H, H), normal(4 * H)
    yield Call("q2", "carry", (x, *weights), ("q2-check", "q2-values"), by=carried)
    yield Call("q2", "carry", (x, *weights), ("q2-values",), of=trains, kept=(1, 2, 3), by=carried_and_trained)

    places = np.arange(T)[:, None, None] + np.zeros((T, B, H))
    yield Call("q3", "last_words", (places, lengths), ("q3-check", "q3-values"), by=of_tensors)
    yield Call("q3", "last_words", (normal(T, B, H), lengths), ("q3-values",), by=of_tensors)

    yield Call("q4", "encode", (seed(), x, lengths, H, 1, True), ("q4-check", "q4-values"), by=encoded)
    for depth, two_ways in ((1, False), (2, True), (3, False)):
        yield Call("q4", "encode", (seed(), x, lengths, H, depth, two_ways), ("q4-values",), by=encoded)
        yield Call("q4", "encode", (seed(), x, lengths, H, depth, two_ways), ("q4-values",), by=encoded_with_slopes)

    answers = rng.integers(K, size=(4, 2))
    answers[1] = 0

    def visible(got):  # the loss, and where there is a slope
        return got[0], np.any(got[1], axis=2)[[1, 2, 3, 1], [0, 0, 0, 1]]

    yield Call("q5", "masked_loss", (np.zeros((4, 2, K)), answers, np.array([1, 4])), ("q5-check",), of=visible, by=loss_and_slopes)
    wanted = rng.integers(K, size=(T, B)) * (np.arange(T)[:, None] < lengths)
    wanted[0, :2] = 0  # which is a word, too
    yield Call("q5", "masked_loss", (3 * normal(T, B, K), wanted, lengths), ("q5-values",), by=loss_and_slopes)

    lab = rng.integers(9, size=(6, 4)), np.array([6, 3, 2, 5])
    others = rng.integers(9, size=(T + 4, 4)), np.array([T + 4, 3, rng.integers(3, T + 4), T + 3])
    for check in ("twice", "alone", "heard"):
        yield Call(f"q6-{check}", check, (seed(), *lab), ("q6-lab",), by=in_the_lab)
        yield Call(f"q6-{check}", check, (seed(), *others), ("q6-others",), by=of_others)

    for depth in (1, 2):
        words, size = normal(2 * D + 1, D + 2, B), D  # a cut along the batch would be seen
        yield Call("q7", "read_in_pieces", (seed(), words, size, H, depth), ("q7-numbers", "q7-slopes"), by=in_pieces)
        yield Call("q7", "read_in_pieces", (seed(), words, size, H, depth), ("q7-slopes",), by=slopes_in_pieces)

    yield Call("q8", "train_step", tuple(rng.uniform(2, 4, 2).tolist()), ("q8-check", "q8-values"), by=along_a_line)
    for limit in (0.01, 1000.0):
        yield Call("q8", "train_step", (seed(), x, normal(T, B, H), limit), ("q8-values",), by=trained)

    yield Call("q9", "share_right", (rng.integers(3, size=(1, 50)), rng.integers(3, size=50)), ("q9-judged",), by=judged)

    yield Call("q10-keep", "keep", (seed(),), ("q10-weights", "q10-run"), by=put_back_twice)
    yield Call("q10-keep", "keep", (seed(), normal(6, 4)), ("q10-run",), by=goes_on)
