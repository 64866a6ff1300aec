"""Known wrong answers to assignment 4: name, cell, the right text, the wrong one, and the marks that it must lose.

Most of them come from chapters 11 and 12 and from what people ask when they learn PyTorch: they raise no error. The last ones lose nothing:
they are other ways to be right.
"""

SHAPES, JUDGE = {"q1-compared": 1}, {"q9-judged": 1}
CARRY, CARRY_HIDDEN = {"q2-check": 1, "q2-values": 1}, {"q2-values": 1}
LAST, LAST_HIDDEN = {"q3-check": 1, "q3-values": 1}, {"q3-values": 1}
PACK, PACK_HIDDEN = {"q4-check": 1, "q4-values": 2}, {"q4-values": 2}
LOSS, LOSS_HIDDEN = {"q5-check": 1, "q5-values": 1}, {"q5-values": 1}
LAB, LAB_HIDDEN = {"q6-lab": 1, "q6-others": 2}, {"q6-others": 2}
PIECES, SLOPES = {"q7-numbers": 1, "q7-slopes": 1}, {"q7-slopes": 1}
STEP, STEP_HIDDEN = {"q8-check": 1, "q8-values": 1}, {"q8-values": 1}
RUN, RUN_HIDDEN = {"q10-weights": 1, "q10-run": 1}, {"q10-run": 1}

BIASES = "lstm.bias_hh_l0.zero_()"
ENDS = "output[lengths - 1, torch.arange(len(lengths))]"
PACKS = "packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)"
READ = "return torch.cat([*h_n[-ways:]], dim=1)"
MASKED = "return F.cross_entropy(scores[real], wanted[real])"
FLAT = "F.cross_entropy(scores.flatten(0, 1), wanted.flatten()"
AGAIN = "return same(first, reader(tokens, lengths))"
HANDED = "state = tuple(part.detach() for part in state)"
CLIP = "length = nn.utils.clip_grad_norm_(model.parameters(), limit)"
BODY = f"""optimiser.zero_grad()
    loss = loss_of(model, batch)
    loss.backward()
    {CLIP}
    optimiser.step()"""

# fmt: off
WRONG = [
    ("batch_first_in_h_n_too", "q1", "tuple(array.shape) for name", "tuple(array.transpose(0, 1).shape) for name", SHAPES),
    ("guess_without_a_word", "q1-guess", ', "word": 5', "", SHAPES),
    ("all_four_are_right", "q1", "sum(guess[name] == measured[name] for name in measured)", "4", SHAPES),
    ("second_bias_left_random", "q2", BIASES, "pass", CARRY),
    ("bias_in_both", "q2", BIASES, "lstm.bias_hh_l0.copy_(torch.from_numpy(b))", CARRY),
    ("float32", "q2", ", dtype=torch.float64", "", CARRY),
    ("blocks_i_o_f_g", "q2", "torch.from_numpy(W)", "torch.from_numpy(W.reshape(4, -1)[[0, 3, 1, 2]].reshape(W.shape))", CARRY),
    ("memory_shared_with_numpy", "q2", "lstm.weight_hh_l0.copy_(torch.from_numpy(U))", "lstm.weight_hh_l0.data = torch.from_numpy(U)", CARRY_HIDDEN),
    ("cannot_be_trained", "q2", "return lstm", "return lstm.requires_grad_(False)", CARRY_HIDDEN),
    ("last_step_of_the_batch", "q3", ENDS, "output[-1]", LAST),
    ("every_end_for_every_sentence", "q3", ENDS, "output[lengths - 1]", LAST),
    ("order_is_enforced", "q4", ", enforce_sorted=False", "", PACK),
    ("sorted_and_not_put_back", "q4", PACKS, "order = lengths.argsort(descending=True); packed = rnn.pack_padded_sequence(x[:, order], lengths[order])", PACK),
    ("padding_is_read", "q4", "lstm(packed)", "lstm(x)", PACK),
    ("one_half_only", "q4", "[*h_n[-ways:]]", "[h_n[-1]]", PACK),
    ("view_mixes_sentences", "q4", READ, "return h_n[-ways:].contiguous().view(x.shape[1], -1)", PACK),
    ("cell_state_is_read", "q4", "_, (h_n, _) = lstm", "_, (_, h_n) = lstm", PACK),
    ("wrong_end_of_the_backward_half", "q4", READ, "return last_words(rnn.pad_packed_sequence(lstm(packed)[0])[0], lengths)", PACK),
    ("lowest_layer", "q4", "h_n[-ways:]", "h_n[:ways]", PACK_HIDDEN),
    ("always_two_ways", "q4", "2 if lstm.bidirectional else 1", "2", PACK_HIDDEN),
    ("slopes_cut_off", "q4", READ, READ + ".detach()", PACK_HIDDEN),
    ("padding_counts_in_the_mean", "q5", MASKED, f'return ({FLAT}, reduction="none") * real.flatten()).mean()', LOSS),
    ("padding_is_asked", "q5", MASKED, f"return {FLAT})", LOSS),
    ("word_0_is_ignored", "q5", MASKED, f"return {FLAT}, ignore_index=0)", LOSS),
    ("sum_for_mean", "q5", "wanted[real])", 'wanted[real], reduction="sum")', LOSS),
    ("one_word_too_many", "q5", "< lengths", "<= lengths", LOSS),
    ("mask_of_the_other_axis", "q5", "torch.arange(len(scores))[:, None] < lengths", "(torch.arange(len(scores)) < lengths[:, None]).reshape(wanted.shape)", LOSS),
    ("no_slopes_sent_back", "q5", MASKED, MASKED + ".detach()", LOSS),
    ("softmax_twice", "q5", "scores[real],", "scores[real].softmax(dim=1),", LOSS_HIDDEN),
    ("mean_of_means", "q5", MASKED, "return sum(F.cross_entropy(scores[:n, k], wanted[:n, k]) for k, n in enumerate(lengths)) / len(lengths)", LOSS_HIDDEN),
    ("compared_with_itself", "q6-twice", AGAIN, "return same(first, first)", LAB),
    ("alone_with_its_padding", "q6-alone", "tokens[:n, [k]]", "tokens[:, [k]]", LAB),
    ("first_sentence_only", "q6-alone", "in enumerate(lengths):", "in enumerate(lengths[:1]):", LAB),
    ("all_sentences_at_once", "q6-heard", "changed[t, k] = (changed[t, k] + 1) % 9", "changed[[0, *(lengths - 1)], [k, *range(len(lengths))]] += 1; changed %= 9", LAB),
    ("padding_for_the_last_word", "q6-heard", "(0, n - 1)", "(0, -1)", LAB),
    ("tokens_changed_in_place", "q6-heard", "tokens.clone()", "tokens", LAB),
    ("first_word_only", "q6-heard", "(0, n - 1)", "(0,)", LAB_HIDDEN),
    ("state_not_handed_over", "q7", "lstm(piece, state)", "lstm(piece)", PIECES),
    ("rest_is_dropped", "q7", "x.split(size)", "x[: len(x) // size * size].split(size)", PIECES),
    ("cut_along_the_batch", "q7", "x.split(size)", "x.split(size, dim=1)", PIECES),
    ("not_detached", "q7", HANDED, "pass", SLOPES),
    ("only_h_detached", "q7", HANDED, "state = state[0].detach(), state[1]", SLOPES),
    ("no_slopes_at_all", "q7", "outputs.append(output)", "outputs.append(output.detach())", SLOPES),
    ("cut_after_every_word", "q7", "x.split(size)", "x.split(1)", SLOPES),
    ("zero_grad_forgotten", "q8", "optimiser.zero_grad()", "pass", STEP),
    ("zero_grad_after_backward", "q8", "loss.backward()", "loss.backward(); optimiser.zero_grad()", STEP),
    ("cleared_only_at_the_end", "q8", BODY, BODY.replace("optimiser.zero_grad()", "pass") + "; optimiser.zero_grad()", STEP_HIDDEN),
    ("clipped_before_backward", "q8", BODY, BODY.replace(f"loss.backward()\n    {CLIP}", f"{CLIP}\n    loss.backward()"), STEP),
    ("clipped_after_the_step", "q8", BODY, BODY.replace(f"{CLIP}\n    optimiser.step()", f"optimiser.step()\n    {CLIP}"), STEP),
    ("never_clipped", "q8", "model.parameters(), limit)", 'model.parameters(), float("inf"))', STEP),
    ("each_array_by_itself", "q8", CLIP, "length = torch.stack([nn.utils.clip_grad_norm_(p, limit) for p in model.parameters()]).norm()", STEP_HIDDEN),
    ("each_number_by_itself", "q8", CLIP, CLIP.replace("limit", "1e9") + "; nn.utils.clip_grad_value_(model.parameters(), limit)", STEP_HIDDEN),
    ("no_step", "q8", "optimiser.step()", "pass", STEP),
    ("loss_with_its_graph", "q8", "return loss.item(),", "return loss,", STEP),
    ("dropout_while_judged", "q9", "model.eval()", "pass", JUDGE),
    ("left_in_eval", "q9", "model.train(was)", "pass", JUDGE),
    ("always_back_to_training", "q9", "model.train(was)", "model.train()", JUDGE),
    ("slopes_while_judged", "q9", "torch.no_grad()", "torch.enable_grad()", JUDGE),
    ("a_tensor_for_a_float", "q9", ".mean().item()", ".mean()", JUDGE),
    ("not_copied", "q10-keep", "copy.deepcopy(parts)", "parts", RUN),
    ("copied_like_a_list", "q10-keep", "copy.deepcopy(parts)", "tuple(dict(part) for part in parts)", RUN),
    ("optimiser_forgotten", "q10-back", "optimiser.load_state_dict(averages)", "pass", RUN_HIDDEN),
    ("coins_forgotten", "q10-back", "torch.set_rng_state(coins)", "pass", RUN_HIDDEN),
    ("kept_is_given_away", "q10-back", "copy.deepcopy(kept)", "kept", RUN_HIDDEN),
    ("half_of_the_bias_in_each", "q2", BIASES, "lstm.bias_ih_l0 /= 2; lstm.bias_hh_l0.copy_(lstm.bias_ih_l0)", {}),
    ("new_parameters", "q2", "lstm.weight_ih_l0.copy_(torch.from_numpy(W))", "lstm.weight_ih_l0 = nn.Parameter(torch.tensor(W))", {}),
    ("ends_by_gather", "q3", ENDS, "output.gather(0, (lengths - 1)[None, :, None].expand(1, -1, output.shape[2]))[0]", {}),
    ("every_sentence_read_alone", "q4", "_, (h_n, _) = lstm(packed)", "h_n = torch.cat([lstm(x[:n, [k]])[1][0] for k, n in enumerate(lengths)], dim=1)", {}),
    ("sorted_and_put_back", "q4", PACKS, "order = lengths.argsort(descending=True); packed = rnn.pack_padded_sequence(x[:, order], lengths[order]); packed = packed._replace(unsorted_indices=order.argsort(), sorted_indices=order)", {}),
    ("padding_marked_by_minus_100", "q5", MASKED, "return F.cross_entropy(scores.transpose(1, 2), wanted.masked_fill(~real, -100))", {}),
    ("sum_over_count", "q5", MASKED, f'return ({FLAT}, reduction="none") * real.flatten()).sum() / lengths.sum()', {}),
    ("another_word_by_counting_down", "q6-heard", "changed[t, k] = (changed[t, k] + 1) % 9", "changed[t, k] = 8 - changed[t, k] if changed[t, k] != 4 else 0", {}),
    ("model_clears_its_slopes", "q8", "optimiser.zero_grad()", "model.zero_grad()", {}),
    ("a_copy_is_judged", "q9", "model.eval()", "model = copy.deepcopy(model).eval()", {}),
    ("kept_as_a_file", "q10-keep", "return copy.deepcopy(parts), torch.get_rng_state()", "import io; file = io.BytesIO(); torch.save((parts, torch.get_rng_state()), file); file.seek(0); return torch.load(file)", {}),
]
