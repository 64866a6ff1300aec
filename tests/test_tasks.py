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
