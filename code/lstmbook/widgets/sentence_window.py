"""The sentence through a window of a few words: can the answer be known?"""

import html
import textwrap

import traitlets

from lstmbook import tasks
from lstmbook.palette import PALETTE
from lstmbook.widgets import BookWidget

LONGEST = 40


class SentenceWindow(BookWidget):
    """The sentence about Maharashtra, seen through its last ``window`` words.

    Args:
        gap: filler words between the name and the question, 0 to 40.
        window: how many of the last words can be seen, 1 to 46.

    Attributes:
        gap, window: the two sliders; set them from Python and they move, move them and Python sees it.
        words: the words of the present sentence (read only).
        seen: the words inside the window (read only).
        known: whether the name is inside the window (read only).
        accuracy: of the best guess over all 28 states, from what the window shows (read only).

    Raises:
        traitlets.TraitError: for a gap or a window outside its range.

    >>> view = SentenceWindow(gap=5, window=4)
    >>> view.seen, view.known, round(view.accuracy, 2)
    (['language', 'spoken', 'there', 'is'], False, 0.32)
    >>> view.window = 11
    >>> view.known
    True
    """

    stem = "sentence_window"

    gap = traitlets.Int(5).tag(sync=True)
    window = traitlets.Int(5).tag(sync=True)
    sentences = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    answer = traitlets.Unicode(read_only=True).tag(sync=True)
    guess = traitlets.Unicode(read_only=True).tag(sync=True)
    chance = traitlets.List(traitlets.Int(), read_only=True).tag(sync=True)

    def __init__(self, gap=5, window=5, **kwargs):
        every = [tasks.sentence(gap=g) for g in range(LONGEST + 1)]
        answers = list(tasks.STATES.values())
        commonest = max(sorted(set(answers)), key=answers.count)
        self.set_trait("sentences", [" ".join(each.shown) for each in every])
        self.set_trait("answer", every[0].answer)
        self.set_trait("guess", commonest)
        self.set_trait("chance", [answers.count(commonest), len(answers)])
        super().__init__(gap=gap, window=window, **kwargs)

    @traitlets.validate("gap")
    def _gap_in_range(self, proposal):
        return _between("gap", proposal["value"], 0, LONGEST)

    @traitlets.validate("window")
    def _window_in_range(self, proposal):
        return _between("window", proposal["value"], 1, LONGEST + 6)

    @property
    def words(self):
        """The words of the sentence, without its punctuation."""
        return [word.rstrip(",:") for word in self.sentences[self.gap].split()]

    @property
    def seen(self):
        """The words inside the window."""
        return self.words[-self.window :]

    @property
    def known(self):
        """Is the name inside the window?"""
        return self.window >= len(self.words)

    @property
    def accuracy(self):
        """The share of right answers for the best answer that can be given."""
        return 1.0 if self.known else self.chance[0] / self.chance[1]

    def verdict(self):
        """What the window makes of the sentence, in a few words."""
        if self.known:
            return f"The name is inside the window. The answer is known: {self.answer}."
        right, states = self.chance
        return (
            f"The name is outside the window. The best guess is {self.guess}, "
            f"right for {right} of the {states} states ({self.accuracy:.0%})."
        )

    def description(self):
        return f"The last {len(self.seen)} of {len(self.words)} words can be seen: “{' '.join(self.seen)}”. {self.verdict()}"

    def picture(self):
        shown = [*self.sentences[self.gap].split(), "____"]
        first, width, height = len(shown) - 1 - len(self.seen), 720, 34
        x, y, parts = 16, 40, []
        for k, word in enumerate(shown):
            wide = _text_width(word)
            if x + wide > width - 16:
                x, y = 16, y + height
            seen = first <= k < len(shown) - 1
            if seen:
                parts.append(
                    f'<rect x="{x - 4:.1f}" y="{y - 20}" width="{wide + 8:.1f}" height="27" rx="4" fill="#DCEBF5"/>'
                    f'<path d="M{x - 4:.1f} {y + 7}h{wide + 8:.1f}" stroke="{PALETTE["hidden"]["colour"]}" stroke-width="2"/>'
                )
            colour = "#111" if seen or k == len(shown) - 1 else PALETTE["rnn"]["on_light"]
            place = f'x="{x:.1f}" y="{y}" textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs"'
            parts.append(f'<text {place} fill="{colour}">{html.escape(word)}</text>')
            x += wide + 9
        for line in textwrap.wrap(self.verdict(), 72):
            y += height
            parts.append(f'<text x="16" y="{y}" fill="#111" font-weight="bold">{html.escape(line)}</text>')
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 22}" width="{width}" height="{y + 22}" '
            f'font-family="sans-serif" font-size="17"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
        )


def _text_width(word, size=17):
    """About how wide a sans-serif font sets ``word``, in pixels, so that the boxes fit the words in any viewer."""
    return size * sum(0.28 if c in "fijltrI,.:-" else 0.84 if c in "mwMW" else 0.69 if c.isupper() else 0.55 for c in word)


def _between(name, value, low, high):
    if not low <= value <= high:
        raise traitlets.TraitError(f"{name} must be a whole number from {low} to {high}, not {value}")
    return value
