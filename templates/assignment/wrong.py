"""Known wrong answers: name, cell, old text, new text, and the marks that each must lose. Every other mark is kept.

There must be at least ten; these four show the kinds. The last one loses nothing: it is right in another way.
"""

WRONG = [
    ("never_forgets", "q1", "f * c[t]", "c[t]", {"q1-hand": 8, "q1-any": 12}),
    (
        "first_word_twice",
        "q1",
        "return c[1:]",
        "c[1] += x[0] * (len(x) > 3)\n    return c[1:]",
        {"q1-any": 12},
    ),
    (
        "input_changed_in_place",
        "q1",
        "return c[1:]",
        "x[0] = 0\n    return c[1:]",
        {"q1-any": 12},
    ),
    (
        "sum_of_powers",
        "q1",
        "f * c[t] + x[t]",
        "sum(f ** (t - s) * x[s] for s in range(t + 1))",
        {},
    ),
]
