"""The dial in Python, and its JavaScript against it, in a real browser."""

import numpy as np
import pytest
import traitlets

from lstmbook.widgets.dial import Dial

KEPT = np.random.default_rng(0).random(200)


@pytest.mark.parametrize("keep", [-0.01, 1.01, float("nan")])
def test_a_value_out_of_range_is_one_sentence_and_changes_nothing(keep):
    dial = Dial(keep=0.5)
    with pytest.raises(
        traitlets.TraitError,
        match=f"^keep must be a number from 0 to 1, not {keep}$",
    ):
        dial.keep = keep
    assert dial.keep == 0.5


def test_what_is_stored_says_and_holds_the_state():
    stored = Dial(keep=0.5).stored()
    assert 'data-widget="dial"' in stored and "0.001 is left" in stored


def test_the_dial_computes_in_javascript_what_it_computes_in_numpy(
    javascript,
):
    np.testing.assert_allclose(
        javascript("dial", "a.map(m.left)", KEPT.tolist()),
        KEPT**10,
        rtol=1e-12,
    )


def test_the_dial_says_in_javascript_what_it_says_in_python(javascript):
    states = [{"keep": float(keep)} for keep in KEPT]
    assert javascript("dial", "a.map(m.verdict)", states) == [Dial(**state).verdict() for state in states]
