import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmbook import tasks


@given(st.sampled_from(sorted(tasks.STATES)), st.integers(0, 300), st.none() | st.integers(0, 10**6))
def test_a_sentence_has_exactly_the_gap_that_was_asked_for(state, gap, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    words = tasks.sentence(state, gap, rng).words
    assert words[0] == state
    assert " ".join(words[-5:]) == "the language spoken there is"
    assert len(words) == 1 + gap + 5
    assert state not in words[1:]


@given(st.integers(1, 120), st.integers(0, 10**6))
def test_a_sentence_is_made_of_whole_clauses(gap, seed):
    """Between two commas stands a clause that the book wrote, except that the last may end with "and"."""
    text = str(tasks.sentence("Goa", gap, np.random.default_rng(seed)))
    filler = text.removeprefix("Goa ").removesuffix("the language spoken there is ____").strip().removesuffix(" and").rstrip(",")
    allowed = {*tasks._OPENERS, *tasks._CLAUSES}
    assert set(filler.split(", ")) <= allowed


def test_the_short_sentence_is_the_one_in_the_notes():
    assert str(tasks.sentence(gap=5)) == "Maharashtra is a beautiful state and the language spoken there is ____"


def test_there_are_28_states_and_the_best_constant_answer_is_right_for_nine():
    assert len(tasks.STATES) == 28
    assert list(tasks.STATES.values()).count("Hindi") == 9
    assert tasks.Recall().chance == 9 / 28


def test_states_have_their_languages():
    """Spot checks against the states' official language acts."""
    known = {"Karnataka": "Kannada", "Goa": "Konkani", "Punjab": "Punjabi", "West Bengal": "Bengali", "Mizoram": "Mizo", "Odisha": "Odia"}
    assert {state: tasks.STATES[state] for state in known} == known


def test_a_batch_can_be_read_back():
    task = tasks.Recall(gap=7)
    tokens, answers = task.batch(np.random.default_rng(0), size=50)
    assert tokens.shape == (13, 50)
    for sentence, answer in zip(tokens.T, answers, strict=True):
        state = task.vocabulary[sentence[0]]
        assert tasks.STATES[state] == task.languages[answer]


def test_the_same_seed_gives_the_same_batch():
    first, second = (tasks.Recall(9).batch(np.random.default_rng(3), 20)[0] for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("gap", [0, 1, 2, 5, 33])
def test_a_batch_is_made_of_sentences(gap):
    """It is drawn without their words, to be quick, and from the same random numbers."""
    task, rng = tasks.Recall(gap), np.random.default_rng(0)
    tokens, answers = task.batch(np.random.default_rng(0), size=40)
    rng.integers(gap, gap + 1)
    drawn = [tasks.sentence(task.states[k], gap, rng) for k in rng.integers(28, size=40)]
    np.testing.assert_array_equal(tokens, np.hstack([task.encode(each) for each in drawn]))
    assert [task.languages[answer] for answer in answers] == [each.answer for each in drawn]


def test_mixed_gaps_reach_both_ends():
    task, rng = tasks.Recall((2, 4)), np.random.default_rng(0)
    lengths = {len(task.batch(rng, 1)[0]) - 6 for _ in range(100)}
    assert lengths == {2, 3, 4}


def test_states_are_drawn_evenly():
    tokens, _ = tasks.Recall(0).batch(np.random.default_rng(0), size=28_000)
    counts = np.bincount(tokens[0], minlength=28)
    chi_squared = ((counts - 1000) ** 2 / 1000).sum()
    assert chi_squared < 55.5  # 0.1 % of fair draws exceed this, for 27 degrees of freedom


def test_chance_is_that_of_the_states_asked_about():
    assert tasks.Recall(states=["Goa", "Kerala", "Bihar", "Haryana"]).chance == 0.5


@pytest.mark.parametrize("state", ["Atlantis", "maharashtra", ""])
def test_an_unknown_state_is_named(state):
    with pytest.raises(ValueError, match="is not one of the 28 states"):
        tasks.sentence(state)
    with pytest.raises(ValueError, match="is not one of the 28 states"):
        tasks.Recall(states=[state])


@pytest.mark.parametrize("gap", [-1, 2.5, "5", True, None])
def test_an_impossible_gap_is_explained(gap):
    with pytest.raises(ValueError, match="gap must be a whole number of at least 0"):
        tasks.sentence(gap=gap)
    with pytest.raises(ValueError, match=r"gap (must be|is one)"):
        tasks.Recall(gap)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gap": (5, 2)}, "the shortest gap, 5, is larger than the longest, 2"),
        ({"gap": (1, 2, 3)}, "a pair"),
        ({"states": []}, "at least one state"),
    ],
)
def test_an_impossible_task_is_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        tasks.Recall(**arguments)


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="at least one sentence"):
        tasks.Recall().batch(np.random.default_rng(0), 0)


def test_the_first_symbol_is_the_answer_and_the_mark_comes_last():
    task = tasks.BareRecall((2, 5), keys=3, fillers=4)
    tokens, answers = task.batch(np.random.default_rng(0), 500)
    assert 4 <= len(tokens) <= 7
    np.testing.assert_array_equal(tokens[0], answers)
    assert set(answers) == {0, 1, 2} and set(np.unique(tokens[1:-1])) == {3, 4, 5, 6} and (tokens[-1] == 7).all()
    assert task.words == 8 and task.chance == 1 / 3


@pytest.mark.parametrize("length", [20, 21, 100])
def test_the_adding_problem_is_the_one_of_1997(length):
    x, targets = tasks.Adding(length).batch(np.random.default_rng(0), 2000)
    number, marker = x[:, :, 0], x[:, :, 1]
    marked = marker == 1
    lost = marked.sum(axis=0) == 1
    assert (marker[-1] == -1).all() and (marker[0] != 0).all() and not lost.any()
    np.testing.assert_allclose(targets[:, 0], 0.5 + (number * marked).sum(axis=0) / 4)
    first, second = np.sort(np.argsort(~marked, axis=0, kind="stable")[:2], axis=0)
    assert first.max() <= 9 and second.max() == max(9, length // 2 - 1)
    assert np.abs(number).max() <= 1 and (number[0][marked[0]] == 0).all()


@pytest.mark.parametrize("length", [20, 100])
def test_the_variance_of_the_sums_is_their_chance_level(length):
    task = tasks.Adding(length)
    _, targets = task.batch(np.random.default_rng(0), 200_000)
    assert targets.var() == pytest.approx(task.chance, rel=0.02)
    assert targets.mean() == pytest.approx(0.5, abs=0.002)


@pytest.mark.parametrize("length", [10, 100])
def test_temporal_order_can_be_read_back(length):
    task = tasks.TemporalOrder(length)
    tokens, answers = task.batch(np.random.default_rng(0), 400)
    assert set(answers) == {0, 1, 2, 3} and task.words == len(task.vocabulary)
    for sequence, answer in zip(tokens.T, answers, strict=True):
        text = "".join(task.vocabulary[k] for k in sequence)
        assert text[0] == "E" and text[-1] == "B" and len(text) == length
        signals = [k for k, symbol in enumerate(text) if symbol in "XY"]
        assert length // 10 <= signals[0] <= length // 5 and length // 2 <= signals[1] <= length * 6 // 10
        assert ["XX", "XY", "YX", "YY"].index(text[signals[0]] + text[signals[1]]) == answer


TASKS = [tasks.Recall((0, 9)), tasks.BareRecall((0, 9)), tasks.Adding(), tasks.TemporalOrder()]


@pytest.mark.parametrize("name", [name for name, each in vars(tasks).items() if hasattr(each, "batch")])
def test_every_task_is_tried_and_names_its_source_and_its_chance(name):
    tried = {type(task).__name__: task for task in TASKS}
    assert name in tried, f"add tasks.{name}() to TASKS in tests/test_tasks.py"
    text = getattr(tasks, name).__doc__
    assert "Source:" in text, f"say in the docstring of tasks.{name} where it comes from, in a line that begins with Source:"
    assert name in tasks.__doc__, f"name {name} in the docstring at the top of code/lstmbook/tasks.py"
    assert tried[name].chance > 0, f"give tasks.{name} its chance, what the best constant answer reaches"


@pytest.mark.parametrize("task", TASKS)
def test_one_seed_gives_one_batch_and_an_empty_batch_is_refused(task):
    first, second = (task.batch(np.random.default_rng(3), 20) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="at least one sentence"):
        task.batch(np.random.default_rng(0), 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tasks.BareRecall(-1), "gap must be a whole number of at least 0"),
        (lambda: tasks.BareRecall(5, keys=0), "keys must be a whole number of at least 1"),
        (lambda: tasks.Adding(19), "length must be a whole number of at least 20"),
        (lambda: tasks.Adding((30, 20)), "the shortest length, 30, is larger than the longest, 20"),
        (lambda: tasks.TemporalOrder(9), "length must be a whole number of at least 10"),
    ],
)
def test_an_impossible_classic_is_explained(make, message):
    with pytest.raises(ValueError, match=message):
        make()
