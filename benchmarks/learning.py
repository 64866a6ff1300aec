"""What the NumPy engine learns and what it does not: recall over gaps, and the adding problem, three seeds each.

    python benchmarks/learning.py            # about six minutes with one thread
    python benchmarks/learning.py --only adding

Recall is ``tasks.BareRecall``: one of K symbols, a gap of random fillers, a mark that asks which it was. Unless a row says otherwise:
K = 12, 60 fillers, rows of 32 numbers for each symbol, 64 units, 64 sequences a batch, Adam at 0.003, the gradient clipped at length 1.
"Learnt after" is when 20 batches in a row were 99 % right on average; training goes on to the end all the same.
"""

import argparse
import functools
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

import numpy as np

from lstmbook import layers, probes, tasks, train

SEEDS = 3
FURTHER = (0, 2, 5, 20, 50, 200, 1000)


def biased(bias):
    """A maker of LSTM layers with this forget bias."""
    return functools.partial(layers.LSTM, forget_bias=bias)


def chrono(longest):
    """A maker of LSTM layers that start as chrono initialisation for ``longest`` steps says."""
    return lambda inputs, units, rng, dtype: probes.chrono(layers.LSTM(inputs, units, rng, dtype), longest, rng)


small = {"keys": 4, "fillers": 20}
RECALL = (
    # name, what makes the layer, gap, arguments of the task, units, batches
    ("RNN, gap 20", layers.RNN, 20, {}, 64, 1500),
    ("RNN, gap 50", layers.RNN, 50, {}, 64, 1500),
    ("RNN, gaps 0 to 50 mixed", layers.RNN, (0, 50), {}, 64, 3000),
    ("LSTM, forget bias 1, gap 20", biased(1.0), 20, {}, 64, 1000),
    ("LSTM, forget bias 1, gap 50", biased(1.0), 50, {}, 64, 1000),
    ("LSTM, forget bias 5, gap 50", biased(5.0), 50, {}, 64, 400),
    ("LSTM, chrono to 100, gap 100, K = 4, 20 fillers, 32 units", chrono(100), 100, small, 32, 400),
    ("LSTM, forget bias 5, gap 100, K = 4, 20 fillers, 32 units", biased(5.0), 100, small, 32, 1000),
)
ADDING = (("RNN, adding, T = 100", layers.RNN, 3000), ("LSTM, forget bias 5, adding, T = 100", biased(5.0), 3000))


def recall(make, gap, arguments, units, steps, seed):
    """Train on the bare recall task. Returns chance, whether and when it was learnt, the accuracy, and that at further gaps."""
    rng = np.random.default_rng(seed)
    task = tasks.BareRecall(gap, **arguments)
    model = layers.Reader(task.words, 32, units, task.classes, rng, recurrent=make, dtype=np.float32)
    history = train.fit(model, task, steps, rng, size=64, rate=3e-3, limit=1.0)
    right = train.evaluate(model, task, rng)
    further = [train.evaluate(model, tasks.BareRecall(g, **arguments), rng, size=500) for g in FURTHER] if right > 0.9 else []
    smooth = np.convolve(history.accuracy, np.full(20, 1 / 20), mode="valid")
    learnt = f"learnt after {np.argmax(smooth >= 0.99) + 20}" if (smooth >= 0.99).any() else "not learnt"
    return task.chance, learnt, right, further


def adding(make, steps, seed):
    """Train on the adding problem with 100 to 110 steps. Returns chance, the batches until it was learnt, the error, the share close."""
    rng = np.random.default_rng(seed)
    task = tasks.Adding((100, 110))
    model = layers.Reader(None, task.inputs, 64, 1, rng, recurrent=make, dtype=np.float32)
    history = train.fit(model, task, steps, rng, size=64, rate=3e-3, target=0.99, loss=train.squared_error, score=train.close)
    x, targets = task.batch(rng, 2000)
    outputs = model.forward(x)
    return task.chance, len(history.loss), train.squared_error(outputs, targets)[0], train.close(outputs, targets)


def main():
    """Print a row for each layer and task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="WORDS", help="the rows whose name holds these words")
    options = parser.parse_args()
    rows = [row for row in RECALL if options.only in row[0]], [row for row in ADDING if options.only in row[0]]
    if not any(rows):
        parser.error(f"no row's name holds {options.only!r}")
    print(f"after training: accuracy at the trained gap; in brackets at gaps {FURTHER}")
    for name, make, gap, arguments, units, steps in rows[0]:
        print(f"\n{name}, {steps} batches")
        for seed in range(SEEDS):
            before = time.perf_counter()
            chance, learnt, right, further = recall(make, gap, arguments, units, steps, seed)
            beyond = "  [" + " ".join(f"{share:.0%}" for share in further) + "]" if further else ""
            print(
                f"  seed {seed}: {learnt:<18} {right:4.0%} (chance {chance:.0%}){beyond}   {time.perf_counter() - before:.0f} s",
                flush=True,
            )
    for name, make, steps in rows[1]:
        print(f"\n{name}, at most {steps} batches: squared error, and the share of sums that miss by less than 0.04")
        for seed in range(SEEDS):
            before = time.perf_counter()
            chance, used, error, close = adding(make, steps, seed)
            print(
                f"  seed {seed}: {used:5} batches, {error:.5f} (variance {chance:.5f}), {close:.0%}   {time.perf_counter() - before:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
