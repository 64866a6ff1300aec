"""Our LSTM layer beside PyTorch's, in one process with one thread: time and peak memory of a forward and a backward pass.

    make bench                                       # or: python benchmarks/speed.py
    OPENBLAS_CORETYPE=SkylakeX make bench            # NumPy's matrix products with AVX-512, on a CPU that has it

Five implementations read the same numbers: ours (NumPy); ``nn.LSTM``, as it comes and with oneDNN's ready-made kernels switched off; a
loop of ``nn.LSTMCell``; and the LSTM with four weight matrices and autograd that textbooks write. Times are medians, taken in turn, so a
busy moment hits all of them. Peak memory is what a run adds to the process at its highest point (Linux only). A second table follows
our layer to long sequences.
"""

import argparse
import ctypes
import gc
import os
import statistics
import time
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("VECLIB_MAXIMUM_THREADS", "1")

import numpy as np
import torch
from threadpoolctl import threadpool_info

from lstmbook import pytorch
from lstmbook.layers import LSTM

SIZES = ((50, 16, 32, 32), (100, 32, 64, 64), (100, 64, 128, 128), (100, 64, 256, 256))
LENGTHS = (250, 500, 1000, 2000)
MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h


class Scratch(torch.nn.Module):
    """The LSTM as textbooks write it for autograd: a weight matrix for every gate and every input, one step after the other."""

    def __init__(self, ours):
        super().__init__()
        split = {name: np.split(array, 4) for name, array in ours.params.items()}
        for name, blocks in split.items():
            for gate, block in zip("ifgo", blocks, strict=True):
                setattr(self, f"{name}_{gate}", torch.nn.Parameter(torch.tensor(block)))

    def forward(self, x):
        """The hidden states (T, B, H) for inputs (T, B, D)."""
        h = c = x.new_zeros(x.shape[1], len(self.b_i))
        outputs = []
        for x_t in x:
            i = torch.sigmoid(x_t @ self.W_i.T + h @ self.U_i.T + self.b_i)
            f = torch.sigmoid(x_t @ self.W_f.T + h @ self.U_f.T + self.b_f)
            g = torch.tanh(x_t @ self.W_g.T + h @ self.U_g.T + self.b_g)
            o = torch.sigmoid(x_t @ self.W_o.T + h @ self.U_o.T + self.b_o)
            c = f * c + i * g
            h = o * torch.tanh(c)
            outputs.append(h)
        return torch.stack(outputs)


def cell_loop(cell):
    """A forward pass that calls ``nn.LSTMCell`` at each step."""

    def forward(x):
        """The hidden states (T, B, H) for inputs (T, B, D)."""
        h = c = x.new_zeros(x.shape[1], cell.hidden_size)
        outputs = []
        for x_t in x:
            h, c = cell(x_t, (h, c))
            outputs.append(h)
        return torch.stack(outputs)

    return forward


def runs(T, B, D, H, dtype):
    """Each implementation as a function without arguments that goes forward and backward and returns the gradient by the inputs."""
    rng = np.random.default_rng(0)
    ours = LSTM(D, H, rng, dtype)
    x, dh = rng.standard_normal((T, B, D)).astype(dtype), rng.standard_normal((T, B, H)).astype(dtype)
    tdh = torch.from_numpy(dh)

    def numpy():
        ours.forward(x)
        dx, _ = ours.backward(dh)
        ours._kept, ours.grads = None, {}  # as PyTorch, which drops its graph, so that each run starts from nothing
        return dx

    def through(module, forward=None, onednn=True):
        tx = torch.tensor(x, requires_grad=True)

        def run():
            tx.grad = None
            module.zero_grad()
            with torch.backends.mkldnn.flags(enabled=onednn):
                h = (forward or module)(tx)
                (h[0] if isinstance(h, tuple) else h).backward(tdh)
            return tx.grad.numpy()

        return run

    fused, cell = pytorch.to_torch(ours), pytorch.to_torch(ours.cell)
    return {
        "ours": numpy,
        "nn.LSTM": through(fused),
        "nn.LSTM without oneDNN": through(fused, onednn=False),
        "nn.LSTMCell loop": through(cell, cell_loop(cell)),
        "autograd scratch": through(Scratch(ours)),
    }


def times(functions, repeats):
    """Medians in seconds, the functions taking turns."""
    for function in functions.values():
        function()
        function()
    taken = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            before = time.perf_counter()
            function()
            taken[name].append(time.perf_counter() - before)
    return {name: statistics.median(values) for name, values in taken.items()}


def peak(function):
    """The bytes that a run adds to the process at its highest point, or None where the system does not tell."""
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:
        return None
    try:
        libc.mallopt(MMAP_THRESHOLD, 2**16)  # what is freed goes back to the system, so that every run starts from the same level
        gc.collect()
        libc.malloc_trim(0)
        with open("/proc/self/clear_refs", "w") as handle:
            handle.write("5")
        before = _status("VmRSS")
        function()
        return _status("VmHWM") - before
    except OSError:
        return None
    finally:
        libc.mallopt(MMAP_THRESHOLD, 2**25)


def _status(name):
    with open("/proc/self/status") as handle:
        return next(1024 * int(line.split()[1]) for line in handle if line.startswith(name))


def kept(T, B, D, H, size):
    """The bytes that a backward pass cannot do without: gates, both memories, inputs, and the gradient it returns."""
    return size * T * B * (4 * H + 2 * H + D + D)


def main():
    """Time every layer at every size and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15, help="runs behind a median, 9 or more for figures that are quoted (default 15)")
    parser.add_argument("--quick", action="store_true", help="the two smaller sizes and a short sequence only")
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error("--repeats is at least 1")
    sizes, lengths = (SIZES[:2], LENGTHS[:1]) if options.quick else (SIZES, LENGTHS)
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="TF32")

    blas = next((library for library in threadpool_info() if library["user_api"] == "blas"), {})
    print(f"NumPy {np.__version__} with {blas.get('internal_api')} kernels for {blas.get('architecture')}; torch {torch.__version__}")
    print(f"one thread, medians of {options.repeats}\n")
    for dtype in (np.float64, np.float32):
        print(f"{np.dtype(dtype).name}: time as a multiple of nn.LSTM's, and peak memory as a multiple of what a backward pass must keep")
        for size in sizes:
            functions = runs(*size, dtype)
            expected = functions["ours"]()
            for name, function in functions.items():
                worst = np.abs(function() - expected).max() / np.abs(expected).max()
                assert worst < (1e-10 if dtype == np.float64 else 1e-3), f"{name} gives other gradients than ours: {worst}"
            taken = times(functions, options.repeats)
            print(f"  (T, B, D, H) = {size}, nn.LSTM {1e3 * taken['nn.LSTM']:.1f} ms")
            for name, function in functions.items():
                most = peak(function)
                memory = "not told here" if most is None else f"{most / kept(*size, np.dtype(dtype).itemsize):4.1f}"
                print(f"    {name:<24} time {taken[name] / taken['nn.LSTM']:5.2f}   memory {memory}")
        print()

    print("our layer on long sequences, B, D, H = 32, 64, 64, float32: time for each step, as a multiple of the shortest's")
    first = None
    for T in lengths:
        one = {"ours": runs(T, 32, 64, 64, np.float32)["ours"]}
        taken = times(one, options.repeats)["ours"] / T
        first = first or taken
        most = peak(one["ours"])
        memory = "not told here" if most is None else f"{most / kept(T, 32, 64, 64, 4):4.1f}"
        print(f"    T = {T:<6} time {taken / first:5.2f}   memory {memory}")


if __name__ == "__main__":
    main()
