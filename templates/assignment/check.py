"""The cross-check: the functions of a submission are called once more, with secret inputs.

Each call names the marks that a wrong result contradicts, with inputs of the kind that their tests try: three words by hand, or any number.
A mark that no call can contradict would be named here.
"""

import numpy as np

from coursework.crosscheck import Call


def draw(rng):
    yield Call(
        "q1",
        "leaky",
        (np.array([rng.uniform(1, 2), 0.0, 0.0]), rng.uniform(0.2, 0.8)),
        ("q1-hand", "q1-any"),
    )
    for T in rng.integers(4, 20, 3):
        yield Call(
            "q1",
            "leaky",
            (rng.standard_normal(T), rng.uniform(0.2, 0.8)),
            ("q1-any",),
            kept=(0,),
        )
