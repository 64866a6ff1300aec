"""What cells and layers ask of their arguments, and the sentence with which they refuse. Nothing changes before a check has passed."""

import numpy as np


class NotFinite(ValueError, FloatingPointError):
    """A value is nan or infinite."""


def made_of(rng, dtype, **sizes):
    """Raise unless ``rng`` is a generator, ``dtype`` is float32 or float64 and every size is a whole number of at least 1."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{name} is {size!r}, but it must be a whole number and needs at least 1")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}, but weights are drawn from a generator such as np.random.default_rng(0)")
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype is {np.dtype(dtype)}, but weights are float32 or float64")


def numbers(name, array, dtype):
    """``array`` in the precision ``dtype``; a ``ValueError`` unless every entry is a finite number."""
    array = np.asarray(array)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} holds {array.dtype} values, but real numbers are read here")
    array = array.astype(dtype, copy=False)
    if not np.isfinite(array).all():
        raise NotFinite(f"{name} holds a value that is not a finite number (nan or infinite)")
    return array


def sequence(x, inputs, dtype):
    """``x`` as numbers ``(T, B, inputs)``, with at least one step and one sentence."""
    shape = np.shape(x)
    if len(shape) != 3:
        raise ValueError(f"x has shape {shape}, but this layer reads (T, B, D): words, sentences, features")
    if 0 in shape:
        raise ValueError(f"x has shape {shape}: there is nothing to read")
    if shape[2] != inputs:
        raise ValueError(f"x has {shape[2]} features, but this layer reads {inputs}")
    return numbers("x", x, dtype)


def rows(name, array, size, dtype, reader="this cell"):
    """``array`` as numbers ``(B, size)``, with at least one row."""
    shape = np.shape(array)
    if len(shape) != 2:
        raise ValueError(f"{name} has shape {shape}, but {reader} reads (B, {size}): one row for each sentence")
    if shape[1] != size:
        raise ValueError(f"{name} has {shape[1]} features, but {reader} reads {size}")
    if not shape[0]:
        raise ValueError(f"{name} has no rows: there is nothing to read")
    return numbers(name, array, dtype)


def shaped(name, array, shape, dtype, letters):
    """``array`` as numbers of exactly this ``shape``, spelt ``letters`` in the sentence of refusal."""
    if np.shape(array) != shape:
        raise ValueError(f"{name} has shape {np.shape(array)}, but this batch needs {letters} = {shape}")
    return numbers(name, array, dtype)


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
