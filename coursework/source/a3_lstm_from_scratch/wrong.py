"""Known wrong answers to assignment 3: name, cell, the right text, the wrong one, and the marks that it must lose.

The names tell the mistake. Several hang in the museum of chapter 9. The last ones lose nothing: they are other ways to be right.
"""

PAPER, STABLE, POWER, COMPARED = (
    {"q1-paper": 1},
    {"q2-stable": 1},
    {"q4-power": 1},
    {"q4-compared": 1},
)
GATES = {"q2-check": 1, "q2-values": 1}
STEP, STEP_HIDDEN = {"q3-check": 1, "q3-values": 1}, {"q3-values": 1}
READ, READ_HIDDEN = {"q5-check": 1, "q5-values": 2}, {"q5-values": 2}
BACK, BACK_HIDDEN = {"q6-check": 1, "q6-values": 1}, {"q6-values": 1}
WALK, WALK_HIDDEN = {"q7-one": 1, "q7-time": 2}, {"q7-time": 2}
LOSS, LOSS_HIDDEN = {"q8-check": 1, "q8-values": 1}, {"q8-values": 1}
SLOPES, SLOPES_HIDDEN = {"q9-check": 1, "q9-values": 1}, {"q9-values": 1}

# fmt: off
WRONG = [
    ("c_shown_without_tanh", "q1", "h_paper = -0.21", "h_paper = -0.23", PAPER),
    ("i_and_f_exchanged", "q1", "c_paper = -0.46", "c_paper = 0.5", PAPER),
    ("exp_overflows", "q2-sigmoid", "(1 + np.tanh(z / 2)) / 2", "1 / (1 + np.exp(-z))", STABLE),
    ("order_i_f_o_g", "q2-gates", "i, f, g, o = np.split", "i, f, o, g = np.split", GATES),
    ("sigmoid_for_g", "q2-gates", "np.tanh(g)", "sigmoid(g)", GATES),
    ("cut_along_the_rows", "q2-gates", "axis=1", "axis=0", GATES),
    ("bias_twice", "q2-gates", " + b  #", " + 2 * b  #", GATES),
    ("h_not_read", "q2-gates", " + h @ U.T", "", {"q2-values": 1}),
    ("c_shown_bare", "q3", "np.tanh(c_next)", "c_next", STEP),
    ("c_before_h", "q3", "return o * np.tanh(c_next), c_next", "return c_next, o * np.tanh(c_next)", STEP),
    ("old_c_shown", "q3", "np.tanh(c_next)", "np.tanh(c)", STEP_HIDDEN),
    ("memory_changed_in_place", "q3", "c_next = f * c + i * g", "c *= f; c += i * g; c_next = c", STEP_HIDDEN),
    ("forgets_nothing", "q3", "f * c + i * g", "c + i * g", STEP_HIDDEN),
    ("natural_logarithm", "q4", "np.log10", "np.log", POWER),
    ("before_over_after", "q4", "apart[38] / apart[10]", "apart[10] / apart[38]", POWER),
    ("counted_from_the_next_word", "q4", "apart[10]", "apart[11]", POWER),
    ("difference_with_a_sign", "q4", "abs(guess - power)", "guess - power", COMPARED),
    ("guess_in_words", "q4-guess", "guess = -8", 'guess = "nothing is left"', COMPARED),
    ("padding_is_read", "q5", "(t < lengths)[:, None]", "np.full((B, 1), True)", READ),
    ("one_word_too_many", "q5", "t < lengths", "t <= lengths", READ),
    ("h_does_not_stand_still", "q5", "np.where(reads, o * np.tanh(c_next), h[t])", "o * np.tanh(c_next)", READ),
    ("reset_in_the_padding", "q5", "np.where(reads, c_next, c[t])", "np.where(reads, c_next, 0)", READ),
    ("always_starts_anew", "q5", "gates(x[t], h[t],", "gates(x[t], h[0],", READ),
    ("gates_kept_in_another_order", "q5", "steps.append((i, f, g, o))", "steps.append((i, f, o, g))", READ_HIDDEN),
    ("slope_of_a_slope", "q6", "di * i * (1 - i)", "di * sigmoid(i) * (1 - sigmoid(i))", BACK),
    ("paths_do_not_meet", "q6", "dc = dc + dh * o * (1 - shown**2)", "dc = dc + 0 * dh", BACK),
    ("line_is_cut", "q6", "axis=1), dc * f", "axis=1), 0 * dc", BACK),
    ("blame_of_f_by_the_new_c", "q6", "dc * c,", "dc * c_next,", BACK),
    ("blame_of_o_without_tanh", "q6", "do = dh * shown", "do = dh * c_next", BACK),
    ("curve_of_g_forgotten", "q6", "dg * (1 - g**2)", "dg", BACK),
    ("blame_changed_in_place", "q6", "dc = dc + dh", "dc += dh", BACK_HIDDEN),
    ("h_after_the_step", "q7", "dz.T @ h[t]", "dz.T @ h[t + 1]", WALK),
    ("mean_over_the_batch", "q7", "dz.sum(axis=0)", "dz.mean(axis=0)", WALK),
    ("nothing_carried", "q7", "np.where(reads, dz @ U, dh)", "np.where(reads, 0 * dh, dh)", WALK_HIDDEN),
    ("line_cut_between_steps", "q7", "np.where(reads, before, dc)", "np.where(reads, 0 * dc, dc)", WALK_HIDDEN),
    ("blame_lost_in_the_padding", "q7", "dh = np.where(reads, dz @ U, dh)", "dh = dz @ U", WALK_HIDDEN),
    ("padding_is_blamed", "q7", "dz = dz * reads", "dz = 1 * dz", WALK_HIDDEN),
    ("last_step_for_all", "q7", "dW += dz.T", "dW = dz.T", WALK_HIDDEN),
    ("walks_forwards", "q7", "reversed(range(len(x)))", "range(len(x))", WALK_HIDDEN),
    ("blame_enters_at_every_step", "q7", "back_step(dh, dc, c[t]", "back_step(dh + (t < len(x) - 1) * dlast, dc, c[t]", WALK_HIDDEN),
    ("sum_for_mean", "q8", "surprise.mean()", "surprise.sum()", LOSS),
    ("slope_not_shared", "q8", "p[asked] / len(asked)", "p[asked]", LOSS),
    ("mean_over_all", "q8", "surprise.mean()", "surprise.sum() / len(answers)", LOSS_HIDDEN),
    ("minus_one_is_the_last", "q8", "np.flatnonzero(answers >= 0)", "np.arange(len(answers))", LOSS_HIDDEN),
    ("exp_of_a_thousand", "q8", "np.exp(scores - scores.max(axis=1, keepdims=True))", "np.exp(scores)", LOSS_HIDDEN),
    ("readout_on_its_side", "q9", "dscores.T @ last", "last.T @ dscores", SLOPES),
    ("words_not_taught", "q9", 'np.add.at(grads["E"], tokens, dx)', 'del grads["E"]', SLOPES),
    ("a_word_twice_counts_once", "q9", 'np.add.at(grads["E"], tokens, dx)', 'grads["E"][tokens] += dx', SLOPES_HIDDEN),
    ("all_as_long_as_the_longest", "q9", "read(E[tokens], lengths,", "read(E[tokens], 0 * lengths + len(tokens),", SLOPES_HIDDEN),
    ("readout_bias_by_the_mean", "q9", "dscores.sum(axis=0)", "dscores.mean(axis=0)", SLOPES_HIDDEN),
    ("sigmoid_by_its_logarithm", "q2-sigmoid", "(1 + np.tanh(z / 2)) / 2", "np.exp(-np.logaddexp(0, -z))", {}),
    ("sigmoid_in_two_pieces", "q2-sigmoid", "(1 + np.tanh(z / 2)) / 2", "np.where(z < 0, np.exp(-abs(z)), 1) / (1 + np.exp(-abs(z)))", {}),
    ("gates_as_a_list_of_blocks", "q2-gates", "i, f, g, o = np.split(z, 4, axis=1)", "i, f, g, o = z.reshape(len(x), 4, -1).transpose(1, 0, 2)", {}),
    ("padding_by_a_product", "q5", "np.where(reads, c_next, c[t])", "reads * c_next + (1 - reads) * c[t]", {}),
    ("blame_carried_in_place", "q7", "dh = np.where(reads, dz @ U, dh)", "dh[lengths > t] = (dz @ U)[lengths > t]", {}),
    ("loss_by_the_belief", "q8", "return surprise.mean()", "return -np.log(p[asked, answers[asked]]).mean()", {}),
    ("words_by_one_hot", "q9", 'np.add.at(grads["E"], tokens, dx)', 'grads["E"] = np.einsum("tbv,tbd->vd", np.eye(len(E))[tokens], dx)', {}),
]
