"""What cells and layers ask of their arguments, and the sentence with which they refuse. A layer changes nothing before it has asked."""

import numpy as np


class NotFinite(ValueError, FloatingPointError):
    """A value is nan or infinite."""


def made_of(rng, dtype, **sizes):
    """Raise unless ``rng`` is a generator, ``dtype`` is float32 or float64 and every size is a whole number of at least 1."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{name} is {size!r}, but it must be a whole number and needs at least 1")
    generator(rng)
    if dtype not in (np.float32, np.float64, np.dtype("float32"), np.dtype("float64")):
        raise ValueError(f"dtype is {dtype}, but weights are numpy.float32 or numpy.float64")


def generator(rng):
    """Raise a ``TypeError`` unless ``rng`` is a generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}, but random numbers are drawn from a generator such as np.random.default_rng(0)")


def numbers(name, array, dtype=None):
    """``array`` in the precision ``dtype``, or its own; a ``ValueError`` unless every entry is a finite number."""
    try:
        array = np.asarray(array)
    except ValueError:
        raise ValueError(f"{name} is no array: its rows have different lengths") from None
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} holds {array.dtype} values, but real numbers are read here")
    if dtype is None:
        dtype = array.dtype if array.dtype in (np.float32, np.float64) else np.float64
    with np.errstate(over="ignore"):
        array = array.astype(dtype, copy=False)
    if not np.isfinite(array).all():
        raise NotFinite(f"{name} holds a value that is not a finite number (nan, infinite, or too large for {np.dtype(dtype)})")
    return array


def matrix(name, array, letters="(B, K)"):
    """``array`` as numbers in two dimensions, neither of them empty; the numbers need not be finite."""
    array = np.asarray(array)
    if array.ndim != 2 or not array.size:
        raise ValueError(f"{name} has shape {array.shape}, but {letters} is read here, with at least one row")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def sequence(x, inputs, dtype):
    """``x`` as numbers ``(T, B, inputs)``, with at least one step and one sentence."""
    x = numbers("x", x, dtype)
    shape = x.shape
    if len(shape) != 3:
        raise ValueError(f"x has shape {shape}, but this layer reads (T, B, D): words, sentences, features")
    if 0 in shape:
        raise ValueError(f"x has shape {shape}: there is nothing to read")
    if shape[2] != inputs:
        raise ValueError(f"x has {shape[2]} features, but this layer reads {inputs}")
    return x


def rows(name, array, size, dtype, reader="this cell"):
    """``array`` as numbers ``(B, size)``, with at least one row."""
    array = numbers(name, array, dtype)
    shape = array.shape
    if len(shape) != 2:
        raise ValueError(f"{name} has shape {shape}, but {reader} reads (B, {size}): one row for each sentence")
    if shape[1] != size:
        raise ValueError(f"{name} has {shape[1]} features, but {reader} reads {size}")
    if not shape[0]:
        raise ValueError(f"{name} has no rows: there is nothing to read")
    return array


def shaped(name, array, shape, dtype, letters):
    """``array`` as numbers of exactly this ``shape``, spelt ``letters`` in the sentence of refusal."""
    array = numbers(name, array, dtype)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, but this batch needs {letters} = {shape}")
    return array


def parts(name, values, count, needed):
    """``values`` as a list of ``count`` entries; None stands for that many Nones."""
    if values is None:
        return [None] * count
    if not isinstance(values, tuple | list) or len(values) != count:
        raise ValueError(f"{name} must be {needed}")
    return list(values)


def has_run(kept):
    """Raise unless a forward pass has left something to go back through."""
    if kept is None:
        raise ValueError("there is nothing to go back through yet: call forward before backward")
    return kept
