"""No line ends inside a short piece of code, nor between a number and its percent sign, or between *chapter* and its number."""

import re

from docutils import nodes

TORN = re.compile(r"(?<=\d) (?=%)|(?<=\b[Cc]hapter) (?=\d)|(?<=\bPart) (?=[IV]+\b)")
SHORT = 24
"""Letters of code that fit into a line of a phone."""


def join(app, doctree, docname):
    """Put spaces that do not break into the prose of a page, and mark its short code for the style sheet."""
    for text in list(doctree.findall(nodes.Text)):
        joined = TORN.sub("\u00a0", text)
        if joined != text and not isinstance(text.parent, nodes.literal | nodes.FixedTextElement):
            text.parent.replace(text, nodes.Text(joined))
    for code in doctree.findall(nodes.literal):
        if len(code.astext()) <= SHORT:
            code["classes"].append("lb-short")


def setup(app):
    app.connect("doctree-resolved", join, priority=900)  # after exercises and sources have got their words
    return {"parallel_read_safe": True, "parallel_write_safe": True}
