"""The whole LSTM cell of one unit: every gate a slider on the diagram, two memories that stand like water in vessels."""

import html
import math
import textwrap

import numpy as np
import traitlets

from lstmbook.palette import PALETTE
from lstmbook.widgets import BookWidget

PRESETS = {
    "remember for ever": {"forget": 1.0, "input": 0.0, "output": 1.0},
    "overwrite": {"forget": 0.0, "input": 1.0, "output": 1.0},
    "forget all": {"forget": 0.0, "input": 0.0},
    "write in secret": {"forget": 1.0, "input": 1.0, "output": 0.0},
    "whisper": {"forget": 1.0, "input": 0.0, "output": 0.1},
    "half and half": {"forget": 0.5, "input": 0.5, "output": 0.5},
}
"""What each preset sets the gates to; it leaves the memories alone."""

USUAL = [[2.0, 0.5, -1.0], [-1.0, 0.5, 1.5], [1.5, 0.5, 0.0], [0.5, 1.0, 0.5]]
"""The weights w, u, b at the start: a row each for the input gate, forget gate, candidate and output gate."""

_RANGES = {
    "input": (0, 1),
    "forget": (0, 1),
    "candidate": (-1, 1),
    "output": (0, 1),
    "c_before": (-1000, 1000),
    "h_before": (-1, 1),
    "x": (-2, 2),
}
_LETTERS = {"input": "i", "forget": "f", "candidate": "g", "output": "o", "c_before": "c", "h_before": "h", "x": "x"}
_PIPE = 26  # the width of a pipe in the drawing, which a memory of 2 fills


class GateLab(BookWidget):
    """One unit of an LSTM, its gates set by hand or computed from an input::

        c_t = f c_{t-1} + i g
        h_t = o tanh(c_t)

    With ``mode="input"`` the gates come from the input and the short-term memory before: z = w x + u h_{t-1} + b for each of them, then
    i, f, o = sigmoid(z) and g = tanh(z). The sliders of the gates then rest, and keep what was set by hand.

    Args:
        forget: the forget gate f set by hand, 0 to 1.
        input: the input gate i set by hand, 0 to 1.
        candidate: the candidate g set by hand, -1 to 1.
        output: the output gate o set by hand, 0 to 1.
        c_before: the long-term memory before this step, the cell state c_{t-1}. Its slider goes from -3 to 3; steps may carry it to 1000.
        h_before: the short-term memory before this step, the hidden state h_{t-1}, -1 to 1. Only ``mode="input"`` uses it.
        x: the input, -2 to 2. Only ``mode="input"`` uses it.
        mode: "hand" or "input", where the gates come from.
        weights: the numbers [w, u, b] of the input gate, forget gate, candidate and output gate, a list (4, 3), each -10 to 10.
        trace: the memories [c, h] at the start and after each step; empty before the first one.

    Attributes:
        forget, input, candidate, output, c_before, h_before, x, mode, weights: the controls; set them from Python and they move,
            move them and Python sees it.
        trace: as above; ``step``, ``feed``, ``undo`` and ``reset`` write it.
        c, h: the two memories after this step (read only).
        gates: the gates that count now, ``{"i": ..., "f": ..., "g": ..., "o": ...}`` (read only).

    Raises:
        traitlets.TraitError: for a value outside its range; nothing changes.

    >>> lab = GateLab(forget=0.5, input=0.3, candidate=0.6, output=0.5, c_before=0.8)
    >>> print(lab.arithmetic())
    c = 0.50 × 0.80 + 0.30 × 0.60 = 0.40 + 0.18 = 0.58
    h = 0.50 × tanh(0.58) ≈ 0.50 × 0.52 = 0.26
    >>> print(lab.verdict())
    It keeps 50 % of the long-term memory and adds 0.18. It shows half of what it knows.
    >>> h, c = lab.step(forget=1.0, input=0.0)  # time moves on one step
    >>> c, lab.c_before, lab.trace[0]
    (0.8, 0.8, [0.8, 0.3])
    """

    stem = "gate_lab"

    forget = traitlets.Float(0.5).tag(sync=True)
    input = traitlets.Float(0.3).tag(sync=True)
    candidate = traitlets.Float(0.6).tag(sync=True)
    output = traitlets.Float(0.5).tag(sync=True)
    c_before = traitlets.Float(0.8).tag(sync=True)
    h_before = traitlets.Float(0.3).tag(sync=True)
    x = traitlets.Float(1.0).tag(sync=True)
    mode = traitlets.Enum(["hand", "input"], "hand").tag(sync=True)
    weights = traitlets.List(traitlets.List(traitlets.Float()), USUAL).tag(sync=True)
    trace = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)

    @traitlets.validate(*_RANGES)
    def _in_range(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        low, high = _RANGES[name]
        if not low <= value <= high:
            raise traitlets.TraitError(f"{name} must be a number from {low} to {high}, not {value}")
        return float(value) + 0.0  # no -0.0

    @traitlets.validate("weights")
    def _four_rows_of_three(self, proposal):
        rows = proposal["value"]
        if [len(row) for row in rows] != [3] * 4 or not all(-10 <= value <= 10 for row in rows for value in row):
            raise traitlets.TraitError(f"weights must be 4 rows of 3 numbers from -10 to 10, not {rows}")
        return [[float(value) for value in row] for row in rows]

    @traitlets.validate("trace")
    def _pairs(self, proposal):
        rows = proposal["value"]
        if not all(len(row) == 2 and abs(row[0]) <= 1000 and abs(row[1]) <= 1 for row in rows):
            raise traitlets.TraitError(f"trace must be a list of pairs [c, h], c from -1000 to 1000 and h from -1 to 1, not {rows}")
        return [[float(value) for value in row] for row in rows]

    @property
    def c(self):
        """The long-term memory after the step."""
        return cell(self.held())["c"]

    @property
    def h(self):
        """The short-term memory after the step."""
        return cell(self.held())["h"]

    @property
    def gates(self):
        """What the four gates and the candidate are at this step: ``{"i": ..., "f": ..., "g": ..., "o": ...}``."""
        now = cell(self.held())
        return {letter: now[letter] for letter in "ifgo"}

    def step(self, **changes):
        """Set some controls, then let time move on one step: the memories after it become the memories before the next.

        Args:
            **changes: any of the controls, such as ``forget=1.0``.

        Returns:
            h, c: the short-term and the long-term memory after the step.

        Raises:
            TypeError: for a name that is no control.
            traitlets.TraitError: for a value outside its range, or if the long-term memory would leave it; nothing changes.
        """
        unknown = sorted(set(changes) - {*_RANGES, "mode", "weights"})
        if unknown:
            raise TypeError(f"{unknown[0]!r} is no control of the gate lab")
        old = {name: getattr(self, name) for name in changes}
        self._set(changes)
        try:
            now = cell(self.held())
            self._set({"c_before": now["c"], "h_before": now["h"], "trace": [*self._past(), [now["c"], now["h"]]]})
        except traitlets.TraitError:
            self._set(old)
            raise
        return self.h_before, self.c_before

    def feed(self, xs):
        """Read a sequence of inputs, one step each, with the gates computed from them.

        Args:
            xs: the inputs, numbers from -2 to 2.

        Returns:
            The memories (h, c) after each step, an array (T, 2).

        Raises:
            ValueError: unless ``mode`` is "input".
            traitlets.TraitError: for an input out of range, or if the long-term memory would leave its range; nothing changes.

        >>> lab = GateLab(mode="input", c_before=0.0, h_before=0.0)
        >>> lab.feed([1, 0, 0]).shape, len(lab.trace)
        ((3, 2), 4)
        """
        if self.mode != "input":
            raise ValueError("feed reads inputs, but the gates are set by hand: set mode to 'input' first")
        xs = [float(x) for x in xs]
        for x in xs:
            if not -2 <= x <= 2:
                raise traitlets.TraitError(f"x must be a number from -2 to 2, not {x}")
        state, after = self.held(), []
        for x in xs:
            now = cell({**state, "x": x})
            state = {**state, "c_before": now["c"], "h_before": now["h"]}
            after.append([now["h"], now["c"]])
        if after:
            h, c = after[-1]
            self._set({"x": xs[-1], "trace": self._past() + [[c, h] for h, c in after], "c_before": c, "h_before": h})
        return np.array(after).reshape(-1, 2)

    def undo(self):
        """Take the last step back. Before the first step it does nothing."""
        if len(self.trace) > 1:
            c, h = self.trace[-2]
            self._set({"trace": self.trace[:-1] if len(self.trace) > 2 else [], "c_before": c, "h_before": h})

    def reset(self):
        """Go back to the memories at the start of the trace. The gates stay as they are."""
        if self.trace:
            c, h = self.trace[0]
            self._set({"trace": [], "c_before": c, "h_before": h})

    def preset(self, name):
        """Set the gates as one of ``PRESETS`` does; a ``ValueError`` for another name."""
        if name not in PRESETS:
            raise ValueError(f"there is no preset {name!r}: choose from {', '.join(PRESETS)}")
        self._set(PRESETS[name])

    def link(self):
        """The present state as the end of an address: on a page that shows the lab, following ``link()`` sets it so."""
        parts = [self.mode, *(letter + _short(getattr(self, name)) for name, letter in _LETTERS.items())]
        if self.weights != USUAL:
            parts.append("w" + "_".join(_short(weight) for row in self.weights for weight in row))
        return f"#gate_lab={','.join(parts)}"

    def arithmetic(self):
        """The two lines that compute c and h, with every number in them."""
        return "\n".join(" ".join(parts) for parts in lines(cell(self.held())))

    def verdict(self):
        """What the cell does now, in one or two sentences."""
        now = cell(self.held())
        f, c0, q, c, t, o = (now[name] for name in ("f", "c0", "q", "c", "t", "o"))
        amount = say(abs(q))
        size = "almost nothing" if amount == "0.00" else amount
        written = f"−{size}" if q < 0 and size == amount else size
        if c0 == 0:
            keeps = "The long-term memory is empty, and nothing is written."
            if q != 0:
                keeps = f"The long-term memory was empty: it writes {written}."
        elif f == 0:
            keeps = f"It forgets the whole long-term memory and {'writes nothing' if q == 0 else f'writes {written} in its place'}."
        else:
            adds = "adds nothing" if q == 0 else f"adds {size}" if q > 0 or size != amount else f"takes away {size}"
            keeps = f"It keeps {'all' if f == 1 else percent(f)} of the long-term memory and {adds}."
        if o == 0:
            shows = "It shows nothing." if c == c0 else "It shows nothing: the change stays secret."
        elif t == 0:
            shows = "It has nothing to show."
        else:
            shows = f"It shows {'all' if o == 1 else 'half' if o == 0.5 else percent(o)} of what it knows."
        return f"{keeps} {shows}"

    def description(self):
        now = cell(self.held())
        return (
            f"One LSTM unit: long-term memory before {say(now['c0'])}, forget gate {say_gate(now['f'])}, "
            f"input gate {say_gate(now['i'])}, candidate {say(now['g'])}, output gate {say_gate(now['o'])}; "
            f"long-term memory now {say(now['c'])}, short-term memory now {say(now['h'])}. {self.verdict()}"
        )

    def picture(self):
        width, now, soft = 440, cell(self.held()), PALETTE["rnn"]["on_light"]
        parts = "".join(map(_drawn, draw_wide(now, width)))
        room = wide(width, now["mode"])
        before = [(82 - 20 - 19, 155, "c before", say(now["c0"]), "cell"), (82 - 20 - 19, 325, "h before", say(now["h0"]), "hidden")]
        if now["mode"] == "input":
            before.append((82 - 20 - 19, 425, "input x", say(now["x"]), "rnn"))
        for x, y, name, value, colour in before:
            parts += _words(x, y, name, soft) + _words(x, y + 19, value, PALETTE[colour]["on_light"], bold=True)
        for name, letter, x in zip(("forget", "input", "candidate", "output"), "figo", room["columns"], strict=True):
            value = say(now[letter]) if letter == "g" else say_gate(now[letter])
            parts += _words(x, 329, name, soft) + _words(x, 348, f"{letter} = {value}", PALETTE[name]["on_light"], bold=True)
            if now["mode"] == "input":
                parts += _words(x, 367, f"z = {say(now['z']['ifgo'.index(letter)])}", "#111")
        y = 470 if now["mode"] == "input" else 382
        for line in lines(now):
            text = " ".join(line)
            for row in [text] if len(text) < 58 else [" ".join(line[:2]), "   " + " ".join(line[2:])]:
                parts += f'<text x="16" y="{y}" fill="#111" xml:space="preserve">{html.escape(row)}</text>'
                y += 20
        y += 6
        for row in textwrap.wrap(self.verdict(), 56):
            parts += f'<text x="16" y="{y}" fill="#111" font-weight="bold">{html.escape(row)}</text>'
            y += 19
        if self.trace:
            shapes = history(self.trace, [now["c0"], now["h0"]], [now["c"], now["h"]], width - 20, 150)
            parts += f'<g transform="translate(10 {y})">{"".join(map(_drawn, shapes))}</g>'
            y += 156
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" width="600" height="{round(y * 600 / width)}" '
            f'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="#fff"/>{parts}</svg>'
        )

    def _past(self):
        """The trace up to the memories before this step, whatever hand has set them."""
        return [*self.trace[:-1], [self.c_before, self.h_before]]

    def _set(self, changes):
        """All or none of the changes."""
        with self.hold_sync(), self.hold_trait_notifications():
            for name, value in changes.items():
                setattr(self, name, value)


def sigmoid(z):
    """The S-curve from 0 to 1, of one number."""
    return math.exp(z) / (1 + math.exp(z)) if z < 0 else 1 / (1 + math.exp(-z))


def cell(state):
    """Every number of one step, by name: z (sums), i, f, g, o, p = f c0 and q = i g, then c, t = tanh c and h."""
    x, h0, c0 = state["x"], state["h_before"], state["c_before"]
    z = [w * x + u * h0 + b for w, u, b in state["weights"]]
    if state["mode"] == "input":
        i, f, g, o = sigmoid(z[0]), sigmoid(z[1]), math.tanh(z[2]), sigmoid(z[3])
    else:
        i, f, g, o = (state[name] for name in ("input", "forget", "candidate", "output"))
    p, q = f * c0, i * g
    c = p + q
    t = math.tanh(c)
    return dict(mode=state["mode"], x=x, h0=h0, c0=c0, z=z, i=i, f=f, g=g, o=o, p=p, q=q, c=c, t=t, h=o * t)


def fixed(value, digits):
    """A number to so many decimals. Halves go away from 0, and so does what rounding errors made of a half."""
    whole = math.floor(abs(value) * 10**digits + 0.5 + 1e-9)
    return f"{'−' if value < 0 and whole else ''}{whole / 10**digits:.{digits}f}"


def say(value, digits=2):
    """A number to two decimals if these are all it has, otherwise to ``digits`` decimals."""
    hundredths = abs(value) * 100
    return fixed(value, 2 if abs(hundredths - math.floor(hundredths + 0.5)) < 1e-7 else digits)


def say_gate(value, digits=2):
    """A gate: 0 or 1 where it is exactly that, and never where it is not."""
    if value in (0, 1):
        return f"{value:.0f}"
    for more in range(digits, 5):
        text = say(value, more)
        if float(text) not in (0, 1):
            return text
    return "0.0001" if value < 0.5 else "0.9999"


def percent(share):
    """A share as a percentage: 0 % and 100 % only where it is exactly that."""
    for digits in range(3):
        text = fixed(100 * share, digits)
        if share in (0, 1) or 0 < float(text) < 100:
            return f"{text} %"
    return "less than 0.01 %" if share < 0.5 else "more than 99.99 %"


def lines(now):
    """The arithmetic of c and of h, each as its parts: the name, then what follows each sign of equality, the sign included.

    They have the least number of decimals, 2 to 4, with which whoever redoes them from the numbers in them gets the numbers in them.
    """
    f, c0, i, g, p, q, c, o, t, h = (now[name] for name in ("f", "c0", "i", "g", "p", "q", "c", "o", "t", "h"))

    def long_term(d):
        forget, before, write, new = say_gate(f, d), say(c0, d), say_gate(i, d), say(g, d)
        kept, added, after = _product(p, d), _product(q, d), say(c, d)
        fc, ig, total = _read(forget) * _read(before), _read(write) * _read(new), _read(kept) + _read(added)
        agrees = all(fixed(redone, d) == fixed(_read(shown), d) for redone, shown in ((fc, kept), (ig, added), (total, after)))
        parts = [
            f"= {forget} × {_held(before)} + {write} × {_held(new)}",
            f"{_sign(fc + ig, total)} {kept} {_plus(added)}",
            f"{_sign(total, _read(after))} {after}",
        ]
        return agrees, ["c", *parts]

    def short_term(memory, d):
        show, known, shown = say_gate(o, d), say(t, d), _product(h, d)
        squashed, product = math.tanh(_read(memory)), _read(show) * _read(known)
        agrees = fixed(squashed, d) == fixed(_read(known), d) and fixed(product, d) == fixed(_read(shown), d)
        parts = [
            f"= {show} × tanh({memory})",
            f"{_sign(squashed, _read(known))} {show} × {_held(known)}",
            f"{_sign(product, _read(shown))} {shown}",
        ]
        return agrees, ["h", *parts]

    for digits in (2, 3, 4):
        good, first = long_term(digits)
        for fewer in range(2, digits + 1):
            also, second = short_term(first[3][2:], fewer)
            if good and also:
                return [first, second]
    return [first, second]


def _product(value, digits):
    return "0" if value == 0 else say(value, digits)


def _read(text):
    return float(text.replace("−", "-"))


def _held(text):
    return f"({text})" if text.startswith("−") else text


def _plus(text):
    return f"− {text[1:]}" if text.startswith("−") else f"+ {text}"


def _sign(left, right):
    return "=" if abs(left - right) < 1e-9 else "≈"


def _short(value):
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


# Drawing. A shape is (tag, class, attributes, text); JavaScript draws the same ones.


def wide(width, mode):
    """Where the diagram has its parts: columns by the width, the rows always the same."""
    left, right = (126, 104) if width >= 540 else (82, 78)
    column = (width - left - right) / 4
    return {"left": left, "right": right, "columns": [left + column * (n + 0.5) for n in range(4)], "roomy": width >= 540}


def draw_wide(now, width):
    """The diagram as shapes: long-term memory along the top, gates below, time from left to right."""
    room = wide(width, now["mode"])
    (x1, x2, x3, x4), L, R, roomy = room["columns"], room["left"], room["right"], room["roomy"]
    xm = (x2 + x3) / 2
    yc, yh, yq, yt, row = 74, 264, 178, 158, 312
    w = 50 if roomy else 38
    left, right = L - 20 - w, width - R + (26 if roomy else 20)
    box = {"x": _at(L - 4), "y": "4.0", "width": _at(width - L - R + 8), "height": _at(row - 10), "rx": "14"}
    shapes = [("rect", "lw-lab-cell-box", box, "")]
    if now["mode"] == "input":
        bus = 408
        ways = _path([(left + w, yh + 14), (L - 6, yh + 14), (L - 6, bus), (x4, bus)])
        shapes.append(("path", "lw-lab-bus", {"d": ways + _path([(L - 10, bus + 29), (L - 6, bus + 29), (L - 6, bus)])}, ""))
        for x in (x1, x2, x3, x4):
            shapes += [("path", "lw-lab-bus", {"d": _path([(x, bus), (x, bus - 10)])}, ""), _arrow("soft", x, bus - 10, 180)]
    flows = [
        *_flow("cell", now["c0"], [(left + w, yc), (x1, yc)]),
        *_flow("cell", now["p"], [(x1, yc), (xm, yc)]),
        *_flow("cell", now["c"], [(xm, yc), (right, yc)]),
        *_flow("cell", now["c"], [(x4, yc), (x4, yt)]),
        *_flow("cell", now["t"], [(x4, yt), (x4, yh)]),
        *_flow("hidden", now["h"], [(x4, yh), (right, yh)]),
        *_flow("candidate", now["g"], [(x3, row), (x3, yq), (xm, yq)]),
        *_flow("candidate", now["q"], [(xm, yq), (xm, yc)]),
    ]
    return [
        *shapes,
        *sorted(flows, key=lambda shape: shape[1] != "lw-lab-pipe"),  # no pipe lies on a flow
        _wire("forget", [(x1, row), (x1, yc + 30)]),
        _wire("input", [(x2, row), (x2, yq), (xm - 30, yq)]),
        _wire("output", [(x4, row), (x4, yh + 30)]),
        _arrow("forget", x1, yc + 21, 180),
        _arrow("input", xm - 21, yq, -90),
        _arrow("output", x4, yh + 21, 180),
        _chevron(x3, (row + yq) / 2, 180),
        _chevron(xm, (yc + yq) / 2, 180),
        _chevron((left + w + x1) / 2 + 4, yc, -90),
        _chevron((x1 + xm) / 2, yc, -90),
        _chevron((xm + x4) / 2, yc, -90),
        _chevron(x4, (yt + yh) / 2, 0),
        _chevron((x4 + right) / 2 + 8, yh, -90),
        *_times("forget", now["f"], x1, yc),
        ("circle", "lw-lab-node", {"cx": _at(xm), "cy": _at(yc), "r": "16"}, ""),
        ("path", "lw-lab-sign", {"d": f"M{_at(xm - 7)} {_at(yc)}h14m-7 -7v14"}, ""),
        *_times("input", now["i"], xm, yq),
        ("rect", "lw-lab-node", {"x": _at(x4 - 25), "y": _at(yt - 14), "width": "50.0", "height": "28.0", "rx": "8"}, ""),
        _text("inside", x4, yt + 4.5, "middle", "tanh"),
        *_times("output", now["o"], x4, yh),
        *_vessel("cell", now["c0"], 3, (left, 12, w, 124), "left"),
        *_vessel("hidden", now["h0"], 1, (left, 222, w, 84), "left"),
        *_vessel("cell", now["c"], 3, (right, 12, w, 124), "right"),
        *_vessel("hidden", now["h"], 1, (right, 222, w, 84), "right"),
        _text("name", (x1 + xm) / 2, yc - 40, "middle", "f × c"),
        _text("number lw-lab-cell", (x1 + xm) / 2, yc - 22, "middle", say(now["p"])),
        _text("name", xm + 20, (yc + yq) / 2 - 2, "start", "i × g"),
        _text("number lw-lab-candidate", xm + 20, (yc + yq) / 2 + 16, "start", say(now["q"])),
        _text("name", x4 - 20, (yt + yh) / 2 - 2, "end", "tanh(c)"),
        _text("number lw-lab-cell", x4 - 20, (yt + yh) / 2 + 16, "end", say(now["t"])),
        _text("name", right + w / 2, 155, "middle", "long-term now" if roomy else "c now"),
        _text("number lw-lab-cell", right + w / 2, 174, "middle", f"c = {say(now['c'])}" if roomy else say(now["c"])),
        _text("name", right + w / 2, 325, "middle", "short-term now" if roomy else "h now"),
        _text("number lw-lab-hidden", right + w / 2, 344, "middle", f"h = {say(now['h'])}" if roomy else say(now["h"])),
    ]


def history(trace, before, now, width, height):
    """Both memories over the steps as shapes: the long-term one in a whole line, the short-term one in a broken line, the next as rings."""
    points = [*trace[:-1], before]
    every = [*points, now]
    limit = max(1, *(math.ceil(abs(c) - 1e-9) for c, _ in every))
    span = max(6, len(every) - 1)
    left, right, top, bottom = 30, width - 86, 10, height - 30

    def x(step):
        return left + step / span * (right - left)

    def y(value):
        return top + (limit - value) / (2 * limit) * (bottom - top)

    shapes = []
    for tick in (limit, 0, -limit):
        shapes.append(("path", "lw-lab-grid" if tick else "lw-lab-zero", {"d": _path([(left, y(tick)), (right, y(tick))])}, ""))
        shapes.append(_text("tick", left - 6, y(tick) + 4, "end", f"{tick}".replace("-", "−")))
    shapes += [_text("tick", x(step), bottom + 16, "middle", f"{step}") for step in range(0, span + 1, math.ceil(span / 8))]
    shapes.append(_text("tick", right + 12, bottom + 16, "start", "steps"))
    ys = [y(now[0]) + 4, y(now[1]) + 4]
    gap = 15 - abs(ys[0] - ys[1])
    if gap > 0:
        up = 0 if ys[0] <= ys[1] else 1
        ys[up] -= gap / 2
        ys[1 - up] += gap / 2
    for colour, n, words in (("cell", 0, "long-term c"), ("hidden", 1, "short-term h")):
        done = [(x(step), y(point[n])) for step, point in enumerate(points)]
        xn, yn = x(len(points)), y(now[n])
        shapes.append(("path", f"lw-lab-line lw-lab-{colour}", {"d": _path(done), "stroke-dasharray": "6 4" if n else "none"}, ""))
        shapes.append(("path", f"lw-lab-coming lw-lab-{colour}", {"d": _path([done[-1], (xn, yn)])}, ""))
        for px, py in done[-1:] if len(every) > 24 else done:
            shapes.append(("circle", f"lw-lab-dot lw-lab-{colour}", {"cx": _at(px), "cy": _at(py), "r": "3.5"}, ""))
        shapes.append(("circle", f"lw-lab-open lw-lab-{colour}", {"cx": _at(xn), "cy": _at(yn), "r": "4"}, ""))
        shapes.append(_text(f"label lw-lab-{colour}", xn + 9, ys[n], "start", words))
    return shapes


def _at(value):
    text = f"{value:.1f}"
    return "0.0" if text == "-0.0" else text


def _path(points):
    return "M" + "L".join(f"{_at(x)} {_at(y)}" for x, y in points)


def _text(kind, x, y, anchor, words):
    return "text", f"lw-lab-{kind}", {"x": _at(x), "y": _at(y), "text-anchor": anchor}, words


def _flow(colour, value, points):
    thick = 0 if value == 0 else min(_PIPE, max(1.5, _PIPE * abs(value) / 2))
    look = {"d": _path(points), "stroke-width": _at(thick), "stroke-dasharray": "6 3" if value < 0 else "none"}
    return [("path", "lw-lab-pipe", {"d": _path(points)}, ""), ("path", f"lw-lab-flow lw-lab-{colour}", look, "")]


def _wire(colour, points):
    return "path", f"lw-lab-wire lw-lab-{colour}", {"d": _path(points)}, ""


def _arrow(colour, x, y, turn):
    return "path", f"lw-lab-arrow lw-lab-{colour}", {"d": "M-5 -9L0 0L5 -9z", "transform": _turned(x, y, turn)}, ""


def _chevron(x, y, turn):
    return "path", "lw-lab-chevron", {"d": "M-4 -2.5L0 1.5L4 -2.5", "transform": _turned(x, y, turn)}, ""


def _turned(x, y, turn):
    return f"translate({_at(x)} {_at(y)}) rotate({turn})"


def _times(colour, share, x, y):
    place = {"cx": _at(x), "cy": _at(y), "r": "16"}
    ring = {"pathLength": "100", "stroke-dasharray": f"{_at(100 * share)} 100", "transform": f"rotate(-90 {_at(x)} {_at(y)})"}
    return [
        ("circle", "lw-lab-node", place, ""),
        ("circle", f"lw-lab-ring lw-lab-{colour}", {**place, **ring}, ""),
        ("path", "lw-lab-sign", {"d": f"M{_at(x - 5)} {_at(y - 5)}l10 10m0 -10l-10 10"}, ""),
    ]


def _vessel(colour, value, limit, place, side):
    x, y, w, h = place
    zero = y + h / 2
    level = zero - max(-limit, min(limit, value)) / limit * (h / 2)
    out = (value > limit) - (value < -limit)
    water = {"x": _at(x + 2), "y": _at(min(zero, level)), "width": _at(w - 4), "height": _at(abs(level - zero))}
    beyond = f"M{_at(x + w / 2 - 6)} {_at(level + 12 * out)}h12l-6 {-9 * out}z" if out else ""
    xt, anchor = (x - 5, "end") if side == "left" else (x + w + 5, "start")
    return [
        ("rect", "lw-lab-glass", {"x": _at(x), "y": _at(y), "width": _at(w), "height": _at(h), "rx": "7"}, ""),
        ("rect", f"lw-lab-water lw-lab-{colour}", water, ""),
        ("path", "lw-lab-zero", {"d": _path([(x, zero), (x + w, zero)])}, ""),
        ("path", f"lw-lab-top lw-lab-{colour}", {"d": _path([(x + 2, level), (x + w - 2, level)])}, ""),
        ("path", f"lw-lab-arrow lw-lab-{colour}", {"d": beyond}, ""),
        *(_text("tick", xt, zero - tick / limit * (h / 2 - 5) + 4, anchor, f"{tick}".replace("-", "−")) for tick in (limit, 0, -limit)),
    ]


def _looks(kind, colour):
    """What the style sheet says of a shape, for a picture that stands alone."""
    soft, line = PALETTE["rnn"]["on_light"], "#D5D5D5"
    fill, ink = (PALETTE[colour]["colour"], PALETTE[colour]["on_light"]) if colour in PALETTE else (soft, "#111")
    return {
        "cell-box": f'fill="#F3F3F3" stroke="{line}"',
        "bus": f'fill="none" stroke="{soft}" stroke-width="1.5"',
        "pipe": f'fill="none" stroke="#E4E4E4" stroke-width="{_PIPE}" stroke-linejoin="round"',
        "flow": f'fill="none" stroke="{fill}" stroke-linejoin="round"',
        "wire": f'fill="none" stroke="{fill}" stroke-width="2.5" stroke-dasharray="2 4"',
        "arrow": f'fill="{fill}"',
        "chevron": 'fill="none" stroke="#111" stroke-width="1.5" opacity="0.75"',
        "node": f'fill="#fff" stroke="{soft}" stroke-width="1.5"',
        "ring": f'fill="none" stroke="{fill}" stroke-width="6"',
        "sign": 'fill="none" stroke="#111" stroke-width="2.2" stroke-linecap="round"',
        "glass": f'fill="#fff" stroke="{soft}" stroke-width="1.5"',
        "water": f'fill="{fill}" fill-opacity="0.55"',
        "top": f'fill="none" stroke="{fill}" stroke-width="3"',
        "zero": f'fill="none" stroke="{soft}" stroke-dasharray="3 3"',
        "grid": f'fill="none" stroke="{line}"',
        "line": f'fill="none" stroke="{ink}" stroke-width="2.5" stroke-linejoin="round"',
        "coming": f'fill="none" stroke="{ink}" stroke-width="2" stroke-dasharray="1 4"',
        "dot": f'fill="{ink}"',
        "open": f'fill="#fff" stroke="{ink}" stroke-width="2"',
        "tick": f'fill="{soft}" font-size="12"',
        "name": f'fill="{soft}"',
        "inside": 'fill="#111"',
        "number": f'fill="{ink}" font-size="15" font-weight="bold"',
        "label": f'fill="{ink}" stroke="#fff" stroke-width="4" paint-order="stroke"',
    }[kind]


def _drawn(shape):
    tag, classes, attributes, words = shape
    kind, *colour = (name.removeprefix("lw-lab-") for name in classes.split())
    given = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<{tag} {given} {_looks(kind, *(colour or ['']))}>{html.escape(words)}</{tag}>"


def _words(x, y, words, colour, bold=False):
    weight = ' font-size="15" font-weight="bold"' if bold else ""
    return f'<text x="{_at(x)}" y="{y}" text-anchor="middle" fill="{colour}"{weight}>{html.escape(words)}</text>'
