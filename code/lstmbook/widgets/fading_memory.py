"""A memory that keeps one part of itself at every word: how much of Maharashtra is left when the question comes?"""

import html
import math
import textwrap

import numpy as np
import traitlets

from lstmbook import tasks
from lstmbook.palette import PALETTE
from lstmbook.widgets import BookWidget

LONGEST, WHOLE = 100, 40
"""The longest gap, and the longest at which every word of the sentence is shown."""

_AXIS = 120  # words, in the plot


class FadingMemory(BookWidget):
    """The sentence about Maharashtra, and under every word the part of the name that a leaky memory still holds there.

    The memory is c_t = f c_{t-1} with f = sigmoid(b), and it is 1 when *Maharashtra* has been read. So f^k is left k words later, and
    f^(gap + 5) when the question has been read.

    Args:
        bias: the bias b of the forget gate, -3 to 9; kept to one decimal, as the slider has it.
        gap: filler words between the name and the question, 0 to 100. Above 40 the middle of the sentence is not shown, only counted.

    Attributes:
        bias, gap: the two sliders; set them from Python and they move, move them and Python sees it.
        forget: f, the part that is kept at every word (read only).
        half_life: after how many words half of the memory is gone (read only).
        kept: what is left at every word from the name to the end of the question, an array (gap + 6); it starts at 1 (read only).
        left: the last of these, what is left when the question has been read (read only).

    Raises:
        traitlets.TraitError: for a bias or a gap outside its range.

    >>> memory = FadingMemory(bias=1.0, gap=20)
    >>> round(memory.forget, 3), round(memory.half_life, 1), round(memory.left, 5)
    (0.731, 2.2, 0.0004)
    >>> memory.bias = 5
    >>> print(memory.verdict())
    With b = 5.0 the gate keeps 99.33 % at every word. Half is gone after 103 words; at the question, 25 words later, 85 % is left: \
Maharashtra is remembered.
    """

    stem = "fading_memory"

    bias = traitlets.Float(1.0).tag(sync=True)
    gap = traitlets.Int(20).tag(sync=True)
    sentences = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)

    def __init__(self, bias=1.0, gap=20, **kwargs):
        self.set_trait("sentences", [_shown(gap) for gap in range(LONGEST + 1)])
        super().__init__(bias=bias, gap=gap, **kwargs)

    @traitlets.validate("bias")
    def _bias_in_range(self, proposal):
        return round(_between("bias", proposal["value"], -3, 9, "number"), 1) + 0.0  # a rounded -0.0 is 0.0

    @traitlets.validate("gap")
    def _gap_in_range(self, proposal):
        return _between("gap", proposal["value"], 0, LONGEST, "whole number")

    @property
    def forget(self):
        """The forget gate sigma(b), between 0 and 1."""
        return 1 / (1 + math.exp(-self.bias))

    @property
    def half_life(self):
        """Words until half of the memory is left, ln 2 / -ln f."""
        return math.log(2) / rate(self.bias)

    @property
    def kept(self):
        """What is left after each word, from the name to the question: (gap + 6,)."""
        return np.exp(-rate(self.bias) * np.arange(self.gap + 6))

    @property
    def left(self):
        """What is left when the question has been read."""
        return math.exp(-rate(self.bias) * (self.gap + 5))

    def verdict(self):
        """What becomes of the name, in two sentences."""
        fate = "remembered" if self.left >= 0.5 else "faint" if self.left >= 0.05 else "forgotten"
        return (
            f"With b = {signed(self.bias)} the gate keeps {percent(self.forget)} at every word. Half is gone after "
            f"{words(self.half_life)}; at the question, {self.gap + 5} words later, {percent(self.left)} is left: Maharashtra is {fate}."
        )

    def description(self):
        filler = "1 filler word" if self.gap == 1 else f"{self.gap} filler words"
        return (
            f"How much of Maharashtra is left in a leaky memory after each of {_AXIS} words: all of it at the name, half after "
            f"{words(self.half_life)}, {percent(self.left)} at the question behind {filler}. {self.verdict()}"
        )

    def picture(self):
        width, row, strip, x, y, parts = 720, 50, 14, 16, 34, []
        cell, soft, line = PALETTE["cell"]["colour"], PALETTE["rnn"]["on_light"], "#D5D5D5"
        for word, k in [*places(self.sentences[self.gap], self.gap), ("____", None)]:
            wide = _text_width(word)
            if x + wide > width - 16:
                x, y = 16, y + row
            if k is None:
                parts.append(f'<text x="{x:.1f}" y="{y}" fill="{soft}">{word}</text>')
            else:
                left = math.exp(-rate(self.bias) * k)
                box = f'<rect x="{x - 4:.1f}" width="{wide + 8:.1f}" fill="{cell}"'
                parts.append(f'{box} y="{y - 18}" height="25" rx="4" fill-opacity="{0.38 * left:.3f}"/>')
                parts.append(f'{box} y="{y + 10 + strip * (1 - left):.2f}" height="{strip * left:.2f}"/>')
                parts.append(f'<path d="M{x - 4:.1f} {y + 10.5 + strip}h{wide + 8:.1f}" stroke="{line}"/>')
                place = f'x="{x:.1f}" y="{y}" textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs"'
                parts.append(f'<text {place} fill="#111">{html.escape(word)}</text>')
            x += wide + 12
        y += 62
        inner = width - 32 - 150 - 100
        parts.append(
            f'<text x="16" y="{y}" fill="#111">left at the question</text>'
            f'<rect x="182" y="{y - 20}" width="{inner}" height="28" rx="5" fill="#fff" stroke="{PALETTE["cell"]["on_light"]}"/>'
            f'<rect x="183" y="{y - 19}" width="{(inner - 2) * self.left:.2f}" height="26" rx="4" fill="{cell}" fill-opacity="0.5"/>'
            f'<text x="193" y="{y}" fill="#111">Maharashtra</text>'
            f'<text x="{width - 16}" y="{y}" fill="#111" text-anchor="end">{percent(self.left).replace("less than", "&lt;")}</text>'
        )
        pale = "#F4E1EC"  # a fifth of the cell state's colour, on white
        letters = 'fill="#111" font-weight="bold" paint-order="stroke" stroke-width="3" stroke-linejoin="round"'
        looks = {
            "lw-fade-grid": f'stroke="{line}" fill="none"',
            "lw-fade-half": f'stroke="{soft}" stroke-dasharray="5 4" fill="none"',
            "lw-fade-mark": f'stroke="{soft}" fill="none"',
            "lw-fade-area": f'fill="{pale}"',
            "lw-fade-curve": f'stroke="{PALETTE["cell"]["on_light"]}" stroke-width="2.5" stroke-linejoin="round" fill="none"',
            "lw-fade-dot": f'fill="{PALETTE["cell"]["on_light"]}" stroke="#fff" stroke-width="1.5"',
            "lw-fade-ring": f'fill="#fff" stroke="{PALETTE["cell"]["on_light"]}" stroke-width="2"',
            "lw-fade-tick": f'fill="{soft}"',
            "lw-fade-here": f'{letters} stroke="#fff"',
            "lw-fade-under": f'{letters} stroke="{pale}"',
        }
        shapes = ""
        for tag, kind, attributes, inner in plot(self.bias, self.gap, width - 32, 210):
            given = " ".join(f'{name}="{value}"' for name, value in attributes.items())
            shapes += f"<{tag} {given} {looks[kind]}>{html.escape(inner)}</{tag}>"
        parts.append(f'<g transform="translate(16 {y + 22})" font-size="13">{shapes}</g>')
        y += 258
        parts.append(
            f'<text x="16" y="{y}" fill="#111">forget gate bias b = {signed(self.bias)}, f = sigmoid(b) = {decimal(self.bias)}, '
            f"half is gone after {words(self.half_life)}</text>"
        )
        for text in textwrap.wrap(self.verdict(), 78):
            y += 25
            parts.append(f'<text x="16" y="{y}" fill="#111" font-weight="bold">{html.escape(text)}</text>')
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 18}" width="{width}" height="{y + 18}" '
            f'font-family="sans-serif" font-size="17"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
        )


def _shown(gap):
    """The sentence as it is shown; above a gap of 40, whole clauses of its middle give way to an ellipsis."""
    shown = tasks.sentence(gap=gap).shown
    if gap <= WHOLE:
        return " ".join(shown)
    stops = [k for k, word in enumerate(shown, 1) if word.endswith(",")]
    head = max(k for k in stops if k <= 26)
    tail = max(k for k in stops if k <= len(shown) - 5 - 4)
    return " ".join([*shown[:head], "…", *shown[tail:]])


def places(sentence, gap):
    """The words of a shown sentence, each with its number counted from the name; an ellipsis says how many it hides, and has none."""
    shown, k, result = sentence.split(), 0, []
    hidden = gap + 6 - len([word for word in shown if word != "…"])
    for word in shown:
        if word == "…":
            result.append((f"… {hidden} words …", None))
            k += hidden
        else:
            result.append((word, k))
            k += 1
    return result


def rate(bias):
    """-ln f, for f = sigmoid(b), exact also where f is close to 1: each word multiplies the memory by exp(-rate)."""
    return math.log1p(math.exp(-bias))


def signed(bias):
    """The bias with its one decimal and a true minus sign: −0.5."""
    return f"{bias:.1f}".replace("-", "−")


def decimal(bias):
    """The gate sigmoid(b) to three decimals or, close to 1, to two digits of what is missing: 0.731, 0.9933, 0.99988."""
    missing = 1 / (1 + math.exp(bias))
    return _fixed(1 / (1 + math.exp(-bias)), max(3, 1 - math.floor(math.log10(missing))))


def percent(part):
    """A part of 1 in percent, to two digits of itself or of what is missing: 73 %, 99.33 %, 0.040 %; never rounded over 5 % or 50 %."""
    if part < 1e-5:
        return "less than 0.001 %"
    places = max(0, -1 - math.floor(math.log10(min(part, 1 - part))))
    while any((part >= limit) != (float(_fixed(100 * part, places)) >= 100 * limit) for limit in (0.05, 0.5)):
        places += 1
    return f"{_fixed(100 * part, places)} %"


def words(count):
    """A number of words: 0.2 words, 1 word, 14.3 words, 103 words, 5,617 words."""
    if count >= 99.95:
        return f"{math.floor(count + 0.5):,} words"
    text = _fixed(count, 1)
    return "1 word" if text == "1.0" else f"{text} words"


def plot(bias, gap, width, height):
    """The fading as shapes, each (tag, class, attributes, text), in a frame of width by height. JavaScript draws the same ones."""
    left, right, top, bottom = 50, width - 12, 30, height - 44
    slope, half = rate(bias), math.log(2) / rate(bias)

    def x(count):
        return left + count / _AXIS * (right - left)

    def y(part):
        return bottom - part * (bottom - top)

    def line(kind, x1, y1, x2, y2):
        return "path", kind, {"d": f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"}, ""

    def text(kind, xt, yt, anchor, label):
        return "text", kind, {"x": f"{xt:.1f}", "y": f"{yt:.1f}", "text-anchor": anchor}, label

    def dot(kind, xd, yd):
        return "circle", kind, {"cx": f"{xd:.1f}", "cy": f"{yd:.1f}", "r": "5"}, ""

    counts = [_AXIS * (n / 160) ** 2 for n in range(161)]  # dense where the fall is steep
    curve = "L".join(f"{x(count):.1f} {y(math.exp(-slope * count)):.1f}" for count in counts)
    shapes = [("path", "lw-fade-area", {"d": f"M{left:.1f} {bottom:.1f}L{curve}L{right:.1f} {bottom:.1f}z"}, "")]
    shapes += [line("lw-fade-grid", left, y(part), right, y(part)) for part in (0, 1)]
    shapes.append(line("lw-fade-half", left, y(0.5), right, y(0.5)))
    shapes += [text("lw-fade-tick", left - 8, y(part) + 4.5, "end", f"{100 * part:.0f} %") for part in (0, 0.5, 1)]
    shapes += [text("lw-fade-tick", x(count), bottom + 18, "middle", f"{count}") for count in range(0, _AXIS + 1, 20)]
    shapes.append(text("lw-fade-tick", 0, 15, "start", "left of the memory"))
    shapes.append(text("lw-fade-tick", right + 8, bottom + 36, "end", "words after Maharashtra"))
    asked, remains = gap + 5, math.exp(-slope * (gap + 5))
    shapes.append(line("lw-fade-mark", x(asked), top, x(asked), bottom))
    shapes.append(("path", "lw-fade-curve", {"d": f"M{curve}"}, ""))

    # Right of a point and above it the curve is never in the way, nor left of it and below.
    gone, question = f"half: {words(half)}", f"question: {percent(remains).replace('less than', '<')}"
    if half > _AXIS:
        shapes.append(text("lw-fade-under", right - 4, y(0.5) + 18, "end", f"{gone} →"))
    else:
        shapes.append(dot("lw-fade-ring", x(half), y(0.5)))
        if x(half) + 8 + _wide(gone) <= width:
            shapes.append(text("lw-fade-here", x(half) + 8, y(0.5) - 8, "start", gone))
        else:
            shapes.append(text("lw-fade-under", max(x(half) - 8, left + 4 + _wide(gone)), y(0.5) + 18, "end", gone))
    shapes.append(dot("lw-fade-dot", x(asked), y(remains)))
    fits = x(asked) + 8 + _wide(question) <= width
    kind, level = ("lw-fade-under", bottom - 9) if remains > (0.85 if fits else 0.5) else ("lw-fade-here", top + 15)
    place = (x(asked) + 8, level, "start") if fits else (max(x(asked) - 8, left + 4 + _wide(question)), level, "end")
    shapes.append(text(kind, *place, question))
    return shapes


def _wide(label):
    """About how wide a sans-serif font sets a bold label of the plot, in pixels."""
    return 7.2 * len(label)


def _fixed(value, places):
    """``value`` with so many decimals; halves go up, and so does what rounding errors made of a half."""
    digits = str(math.floor(value * 10**places + 0.5 + 1e-7)).zfill(places + 1)
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def _text_width(word, size=17):
    """About how wide a sans-serif font sets ``word``, in pixels, so that the boxes fit the words in any viewer."""
    return size * sum(0.28 if c in "fijltrI,.:- " else 0.84 if c in "mwMW…" else 0.69 if c.isupper() else 0.55 for c in word)


def _between(name, value, low, high, kind):
    if not low <= value <= high:
        raise traitlets.TraitError(f"{name} must be a {kind} from {low} to {high}, not {value}")
    return value
