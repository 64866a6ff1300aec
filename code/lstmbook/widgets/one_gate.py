"""One gate and the author's sentence: does the name arrive at the blank?"""

import html
import textwrap

import numpy as np
import traitlets

from lstmbook import tasks
from lstmbook.palette import PALETTE
from lstmbook.widgets import BookWidget

GAP = 33
"""The filler words of the sentence, as the author's notes have it."""

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class OneGate(BookWidget):
    """The author's sentence, and what a memory of its name still holds at every word.

    The memory is c_t = f c_{t-1}, and it is 1 when *Maharashtra* has been read: f^k is left k words later. With at least half of it left
    at the blank the name is remembered, with less than 5 % forgotten, and faint in between.

    Args:
        forget: the forget gate f, 0 to 1; kept to two decimals, as the slider has it.

    Attributes:
        forget: the slider; set it from Python and it moves, move it and Python sees it.
        kept: what is left at every word from the name to the end of the question, an array (39); it starts at 1 (read only).
        fate: "remembered", "faint" or "forgotten" (read only).

    Raises:
        traitlets.TraitError: for a gate outside 0 to 1.

    >>> gate = OneGate(forget=0.9)
    >>> len(gate.kept), round(float(gate.kept[-1]), 3), gate.fate
    (39, 0.018, 'forgotten')
    >>> gate.forget = 0.99
    >>> gate.verdict()
    'Remembered. 38 words later 0.99³⁸ ≈ 68 % of the name is left, at least half. The answer is Marathi.'
    """

    stem = "one_gate"

    forget = traitlets.Float(0.9).tag(sync=True)
    sentence = traitlets.Unicode(read_only=True).tag(sync=True)
    answer = traitlets.Unicode(read_only=True).tag(sync=True)
    guess = traitlets.Unicode(read_only=True).tag(sync=True)
    chance = traitlets.List(traitlets.Int(), read_only=True).tag(sync=True)

    def __init__(self, forget=0.9, **kwargs):
        told = tasks.sentence(gap=GAP)
        answers = list(tasks.STATES.values())
        commonest = max(sorted(set(answers)), key=answers.count)
        self.set_trait("sentence", " ".join(told.shown))
        self.set_trait("answer", told.answer)
        self.set_trait("guess", commonest)
        self.set_trait("chance", [answers.count(commonest), len(answers)])
        super().__init__(forget=forget, **kwargs)

    @traitlets.validate("forget")
    def _forget_in_range(self, proposal):
        if not 0 <= proposal["value"] <= 1:
            raise traitlets.TraitError(f"forget must be a number from 0 to 1, not {proposal['value']}")
        return round(proposal["value"], 2)

    @property
    def kept(self):
        """What is left of the name after each word, f^n: an array as long as the sentence."""
        return self.forget ** np.arange(len(self.sentence.split()))

    @property
    def fate(self):
        """What becomes of the name until the blank: remembered from a half on, faint from a twentieth on, else forgotten."""
        return "remembered" if self.kept[-1] >= 0.5 else "faint" if self.kept[-1] >= 0.05 else "forgotten"

    def filled(self):
        """What stands in the blank."""
        return {"remembered": self.answer, "faint": f"{self.answer}?", "forgotten": f"{self.guess}?"}[self.fate]

    def verdict(self):
        """What becomes of the name, in three sentences."""
        count = len(self.kept) - 1
        limit, answer = {
            "remembered": ("at least half", f"The answer is {self.answer}."),
            "faint": ("under half", f"Perhaps {self.answer}."),
            "forgotten": ("under 5 %", f"The best guess is {self.guess}, right for {self.chance[0]} of {self.chance[1]} states."),
        }[self.fate]
        power = f"{self.forget:.2f}{str(count).translate(_RAISED)}"
        return f"{self.fate.capitalize()}. {count} words later {power} {percent(self.kept[-1])} of the name is left, {limit}. {answer}"

    def description(self):
        return (
            f"The sentence “{self.sentence} ____”. The further from the name, the less of it is left in a memory that keeps "
            f"{self.forget:.2f} of itself at every word. {self.verdict()}"
        )

    def picture(self):
        width, row, x, y, parts = 720, 40, 16, 38, []
        cell, forget = PALETTE["cell"]["colour"], PALETTE["forget"]
        for word, left in zip(self.sentence.split(), self.kept, strict=True):
            wide = _text_width(word)
            if x + wide > width - 16:
                x, y = 16, y + row
            high = 6 * left
            parts.append(
                f'<rect x="{x - 4:.1f}" y="{y - 20}" width="{wide + 9:.1f}" height="27" fill="{cell}" fill-opacity="{0.38 * left:.3f}"/>'
                f'<rect x="{x - 4:.1f}" y="{y + 7}" width="{wide + 9:.1f}" height="{high:.2f}" fill="{cell}"/>'
                f'<text x="{x:.1f}" y="{y}" textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs" fill="#111">{html.escape(word)}</text>'
            )
            x += wide + 9
        parts.append(
            f'<text x="{x + 8:.1f}" y="{y}" fill="#111" font-weight="bold">{self.filled()}</text>'
            f'<path d="M{x:.1f} {y + 8}h92" stroke="#111" stroke-width="2"/>'
        )
        y += 48
        stop = 200 + 480 * self.forget
        parts.append(
            f'<text x="16" y="{y}" fill="{forget["on_light"]}" font-weight="bold">forget gate f = {self.forget:.2f}</text>'
            f'<path d="M200 {y - 6}H680" stroke="#D5D5D5" stroke-width="8" stroke-linecap="round"/>'
            f'<path d="M200 {y - 6}H{stop:.1f}" stroke="{forget["colour"]}" stroke-width="8" stroke-linecap="round"/>'
            f'<circle cx="{stop:.1f}" cy="{y - 6}" r="12" fill="{forget["colour"]}" stroke="#fff" stroke-width="3"/>'
        )
        y += 10
        for line in textwrap.wrap(self.verdict(), 76):
            y += 27
            parts.append(f'<text x="16" y="{y}" fill="#111">{html.escape(line)}</text>')
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 18}" width="{width}" height="{y + 18}" '
            f'font-family="sans-serif" font-size="17"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
        )


def percent(part):
    """A part of 1 after its sign: ≈ 68 %, ≈ 1.8 %, < 0.1 %; nothing and all are exact."""
    if part in (0, 1):
        return f"= {100 * part:.0f} %"
    return f"≈ {100 * part:.{0 if part >= 0.0995 else 1}f} %" if part >= 0.0005 else "< 0.1 %"


def _text_width(word, size=17):
    """About how wide a sans-serif font sets ``word``, in pixels, so that the boxes fit the words in any viewer."""
    return size * sum(0.28 if c in "fijltrI,.:-" else 0.84 if c in "mwMW" else 0.69 if c.isupper() else 0.55 for c in word)
