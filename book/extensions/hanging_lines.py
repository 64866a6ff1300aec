"""Lines of code that are too long for a phone are folded there, and what is folded hangs under its line, so that Python's shape is kept.

Each line becomes an element that carries its indentation; ``book.css`` does the rest. Copied code is unchanged.
"""

import re

from pygments.formatters import HtmlFormatter
from sphinx.highlighting import PygmentsBridge


def in_element(line):
    """A line of highlighted code as an element that knows its indentation."""
    text = re.sub("<[^>]*>", "", line)
    return f'<span class="lb-line" style="--indent:{len(text) - len(text.lstrip(" "))}">{line}</span>'


class HangingLines(HtmlFormatter):
    """Pygments' HTML, with an element for each line."""

    def wrap(self, source):
        return super().wrap((is_code, in_element(line) if is_code else line) for is_code, line in source)


def setup(app):
    PygmentsBridge.html_formatter = HangingLines
    return {"parallel_read_safe": True, "parallel_write_safe": True}
