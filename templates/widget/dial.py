"""A dial: how much of itself a memory keeps at every word, and what is left of it after ten."""

import traitlets

from lstmbook.palette import PALETTE
from lstmbook.widgets import BookWidget

WORDS = 10


class Dial(BookWidget):
    """A memory that keeps the part ``keep`` of itself at every word.

    Args:
        keep: the slider, 0 to 1.

    Attributes:
        left: what is left after ten words (read only).

    Raises:
        traitlets.TraitError: for a ``keep`` outside of its range.

    >>> dial = Dial(keep=0.5)
    >>> dial.left == 0.5**10
    True
    >>> dial.verdict()
    'After 10 words 0.001 is left.'
    """

    stem = "dial"

    keep = traitlets.Float(0.9).tag(sync=True)

    @traitlets.validate("keep")
    def _keep_in_range(self, proposal):
        if not 0 <= proposal["value"] <= 1:
            raise traitlets.TraitError(f"keep must be a number from 0 to 1, not {proposal['value']}")
        return proposal["value"]

    @property
    def left(self):
        return self.keep**WORDS

    def verdict(self):
        """The result in one sentence; ``dial.js`` says the same."""
        return f"After {WORDS} words {self.left:.3f} is left."

    def description(self):
        return f"A memory that keeps {self.keep:.2f} of itself at every word, drawn as a bar. {self.verdict()}"

    def picture(self):
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 90" width="720" height="90" font-family="sans-serif" font-size="17">'
            f'<rect width="720" height="90" fill="#fff"/><rect x="16" y="16" width="688" height="24" fill="none" stroke="#777"/>'
            f'<rect x="16" y="16" width="{688 * self.left:.1f}" height="24" fill="{PALETTE["cell"]["colour"]}"/>'
            f'<text x="16" y="68" fill="#111">{self.verdict()}</text></svg>'
        )
