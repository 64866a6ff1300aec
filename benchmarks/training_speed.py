"""What makes a training step of an LSTM in PyTorch faster or slower: a loop, torch.compile, threads, the batch, packing, a GPU.

    python benchmarks/training_speed.py            # less than two minutes, a good part of it torch.compile's
    python benchmarks/training_speed.py --quick    # a smaller layer, fewer repeats

A step is what a training loop does with one batch of word numbers: forward through embedding, LSTM and readout, the loss, backward,
and Adam. Everything is printed as a ratio of two steps that were timed in turn in this one process, so that a busy moment hits both:
the middle one of many, and the range of the middle half of them. Where that is wide, the machine has been measured and not the way.
Weights and batches are the same on both sides, and so, but for rounding, are the losses: that is asserted before anything is timed.
Threads: one, unless a row says otherwise. Precision: float32.
"""

import argparse
import copy
import os
import statistics
import sys
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TORCHINDUCTOR_FORCE_DISABLE_CACHES", "1")  # so that compiling is compiling

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstmbook import pytorch

WORDS = 200


class Loop(torch.nn.Module):
    """The same reader with a loop of its own over the steps, as one writes it for a cell that PyTorch does not have."""

    def __init__(self, reader):
        super().__init__()
        lstm = reader.recurrent
        self.reader = torch.nn.ModuleDict({"embedding": reader.embedding, "readout": reader.readout})
        self.W, self.U = lstm.weight_ih_l0, lstm.weight_hh_l0
        self.b = torch.nn.Parameter((lstm.bias_ih_l0 + lstm.bias_hh_l0).detach())

    def forward(self, tokens):
        """The scores (T, B, classes) for tokens (T, B), and a state."""
        z = torch.nn.functional.linear(self.reader["embedding"](tokens), self.W, self.b)
        h = c = z.new_zeros(tokens.shape[1], self.U.shape[1])
        outputs = []
        for z_x in z:
            i, f, g, o = (z_x + h @ self.U.T).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            outputs.append(h)
        return self.reader["readout"](torch.stack(outputs)), (h, c)


class Compiled(torch.nn.Module):
    """The same loop through ``torch.compile``: all its steps as one graph. (Of ``nn.LSTM`` it makes no graph; there is nothing to gain.)"""

    def __init__(self, loop):
        super().__init__()
        self.loop = loop

    def forward(self, tokens):
        """The scores (T, B, classes) for tokens (T, B), and a state."""
        if not hasattr(self, "compiled"):
            object.__setattr__(self, "compiled", torch.compile(self.loop, fullgraph=True))
        return self.compiled(tokens)


class CellLoop(torch.nn.Module):
    """The same reader with a loop of ``nn.LSTMCell``."""

    def __init__(self, reader):
        super().__init__()
        lstm = reader.recurrent
        self.reader, self.cell = reader, torch.nn.LSTMCell(lstm.input_size, lstm.hidden_size)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            setattr(self.cell, name, getattr(lstm, name + "_l0"))

    def forward(self, tokens):
        """The scores (T, B, classes) for tokens (T, B), and a state."""
        x, outputs = self.reader.embedding(tokens), []
        h = c = x.new_zeros(x.shape[1], self.cell.hidden_size)
        for x_t in x:
            h, c = self.cell(x_t, (h, c))
            outputs.append(h)
        return self.reader.readout(torch.stack(outputs)), (h, c)


class Packed(torch.nn.Module):
    """The same reader over a packed batch."""

    def __init__(self, reader, lengths):
        super().__init__()
        self.reader, self.lengths = reader, lengths

    def forward(self, tokens):
        """The scores (T, B, classes) for tokens (T, B), and a state."""
        packed = pack_padded_sequence(self.reader.embedding(tokens), self.lengths, enforce_sorted=False)
        h, state = self.reader.recurrent(packed)
        return self.reader.readout(pad_packed_sequence(h)[0]), state


def make(units):
    """The model that every row begins with, from one seed."""
    torch.manual_seed(0)
    return pytorch.Reader(WORDS, units, units, WORDS)


def batch(T, B, lengths=None):
    """Word numbers ``(T, B)`` to read and the next ones to find; beyond a sentence's length nothing is asked (-100)."""
    tokens = torch.randint(WORDS, (T + 1, B), generator=torch.Generator().manual_seed(1))
    wanted = tokens[1:].clone()
    if lengths is not None:
        wanted[torch.arange(T)[:, None] >= lengths] = -100
    return tokens[:-1], wanted


def stepper(model, tokens, wanted, threads=1, steps=1):
    """A function without arguments that takes training steps and returns the last loss."""
    model = copy.deepcopy(model)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)

    def run():
        torch.set_num_threads(threads)
        for _ in range(steps):
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(tokens)[0].flatten(0, 1), wanted.flatten())
            loss.backward()
            optimiser.step()
        return loss.item()  # on a GPU this waits until the step is done

    return run


def ratios(functions, repeats):
    """How long each function takes as a multiple of the first: ``repeats`` ratios each, sorted, all functions taking turns."""
    for _ in range(2):
        for function in functions.values():
            function()
    taken = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            before = time.perf_counter()
            function()
            taken[name].append(time.perf_counter() - before)
    first = next(iter(taken.values()))
    return {name: sorted(a / b for a, b in zip(values, first, strict=True)) for name, values in taken.items()}


def row(name, found):
    """Print the median of a row and its quartiles."""
    middle, half = statistics.median(found), len(found) // 4
    print(f"    {name:<40} {middle:7.2f}   ({found[half]:.2f} to {found[-1 - half]:.2f})")
    return middle


def why_not_compiled():
    """A sentence if ``torch.compile`` does not work here, tried on something small; else nothing."""
    try:
        torch.compile(lambda x: torch.tanh(x) + 1)(torch.ones(3))
    except Exception as error:  # whatever is missing, the other rows can still be measured
        reason = "there is no C++ compiler" if "ompiler" in str(error) else f"it raised {type(error).__name__}"
        return f"torch.compile does not work here ({reason}), so its rows are left out."
    finally:
        torch.compiler.reset()
    return ""


def main():
    """Time every variant of a training step and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--repeats", type=int, default=11, help="steps behind each figure, 9 or more for figures that are quoted (default 11)"
    )
    parser.add_argument("--quick", action="store_true", help="one small layer, three repeats, no torch.compile")
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error("--repeats is at least 1")
    repeats = min(3, options.repeats) if options.quick else options.repeats
    sizes = ((10, 8, 16),) if options.quick else ((50, 32, 32), (50, 32, 128), (50, 32, 256))
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="dynamo_pgo")  # a cache that is switched off above
    why_not = "torch.compile is left out of a quick run." if options.quick else why_not_compiled()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    print(f"torch {torch.__version__}, {cores} cores; the time of a training step")
    print(f"the middle one of {repeats} ratios, and the range of the middle half of them\n")

    def table(title, functions):
        losses = [function() for function in functions.values()]
        assert max(losses) - min(losses) < 0.05, f"{title}: the losses differ: {losses}"
        print(title)
        found = {name: row(name, found) for name, found in ratios(functions, repeats).items()}
        sys.stdout.flush()
        return found

    for T, B, units in sizes:
        reader, data = make(units), batch(T, B)
        ways = {"nn.LSTM": reader, "a loop of nn.LSTMCell": CellLoop(reader), "a loop of our own": Loop(reader)}
        functions = {name: stepper(model, *data) for name, model in ways.items()}
        before = time.perf_counter()
        if not why_not and units < 256:  # a larger layer gains less
            functions["the same loop, compiled"] = stepper(Compiled(Loop(reader)), *data)
            functions["the same loop, compiled"]()
        compiling = time.perf_counter() - before
        found = table(f"T, B, H = {T}, {B}, {units}: as a multiple of nn.LSTM", functions)
        if "the same loop, compiled" in found:
            before = time.perf_counter()
            functions["a loop of our own"]()
            loop = time.perf_counter() - before
            saved = loop * (1 - found["the same loop, compiled"] / found["a loop of our own"])
            repaid = f"{compiling / saved:,.0f} steps, about" if saved > 0 else "never"
            print(f"    {'compiling is repaid after':<40} {repaid}")
    print(why_not or "nn.LSTM itself is left alone by torch.compile.")

    if cores == 1:
        print("\nThere is one core here, so threads are not measured.")
    for T, B, units in sizes if cores > 1 else ():
        reader, data = make(units), batch(T, B)
        functions = {f"threads: {count}": stepper(reader, *data, count, steps=5) for count in (1, 2, 4, 8) if count <= cores}
        table(f"\nT, B, H = {T}, {B}, {units}, nn.LSTM: as a multiple of one thread", functions)
    T, _, units = sizes[min(1, len(sizes) - 1)]
    reader = make(units)
    counts = (1, 8) if options.quick else (1, 8, 32, 128)
    taken = ratios({count: stepper(reader, *batch(T, count)) for count in counts}, repeats)
    print(f"\nT, H = {T}, {units}, nn.LSTM: time for each sentence as a multiple of a batch of one")
    for count, found in taken.items():
        row(f"sentences in a batch: {count}", [ratio / count for ratio in found])

    B = sizes[0][1]
    lengths = torch.linspace(1, T, B).round().long()
    data = batch(T, B, lengths)
    table(
        f"\nT, B, H = {T}, {B}, {units}, lengths from 1 to {T}, half of all steps padding: as a multiple of padded and masked",
        {"padded and masked": stepper(reader, *data), "packed": stepper(Packed(reader, lengths), *data)},
    )

    if not torch.cuda.is_available():
        print("\nThere is no GPU that PyTorch can use here, so its rows are left out.")
    for T, B, units in sizes if torch.cuda.is_available() else ():
        reader, data = make(units), batch(T, B)
        on_gpu = stepper(copy.deepcopy(reader).cuda(), *(part.cuda() for part in data))
        functions = {"GPU": on_gpu, "CPU, one thread": stepper(reader, *data)}
        table(f"\nT, B, H = {T}, {B}, {units}, nn.LSTM: as a multiple of {torch.cuda.get_device_name()}", functions)


if __name__ == "__main__":
    main()
