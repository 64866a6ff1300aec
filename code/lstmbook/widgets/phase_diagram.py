"""What training found for every architecture, forget bias and gap, and the line that the law of memory had drawn before it."""

import html
import itertools
import math
import textwrap

import numpy as np
import traitlets

from lstmbook.palette import PALETTE
from lstmbook.widgets import BookWidget
from lstmbook.widgets.fading_memory import percent, rate

THOUSANDTH, CLOSE = 1e-3, 3
"""The part of the gradient where the law draws its line (ten half-lives), and the factor around it within which it calls a cell close."""

LEARNT = 0.95
"""The share of right answers at the end from which a run counts as learnt."""

_FINE = 32  # points of the law's line in each row


class PhaseDiagram(BookWidget):
    """A diagram of training runs, one cell for each gap and forget bias and a row for the plain RNN, with the curves of one cell.

    With the gate held at f = sigmoid(b), the part f^(gap + 1) of the gradient comes back to the first word along the cell state. The law
    forbids an LSTM to learn where this is less than a thousandth, which is where gap + 1 is more than ten half-lives; what it
    allows it does not promise. Its line::

        gap + 1 = ln 1000 / -ln sigmoid(b)

    It says nothing about the plain RNN, which has no forget gate.

    Args:
        runs: a list with one dictionary for each combination: ``architecture`` ("LSTM" or "RNN"), ``bias`` (b, a number; None for the
            RNN), ``gap`` (filler words, a whole number), ``curves`` (one list for each seed: the share of right answers, 0 to 1, averaged
            over each ``every`` batches). A curve shorter than ``batches / every`` is that of a run that stopped because it had learnt.
            Each architecture and bias must have the same gaps.
        chance: the share of right answers of a constant answer, between 0 and 1.
        every: how many batches each value of a curve is the mean of.
        batches: how many batches a run had at most.
        architecture, bias, gap: the cell that is selected; for the RNN the bias stays where it is and means nothing.

    Attributes:
        architecture, bias, gap: the selection; set it from Python and it moves, move it and Python sees it.
        runs, chance, every, batches: what was handed over, with three decimals, sorted (read only).
        architectures, biases, gaps: the choices, sorted (read only).
        curves: the curves of the selected cell, one list for each seed (read only).
        share: the share of right answers at the end, the mean over its seeds (read only).
        learnt: how many of its seeds learnt: at least 0.95 of the answers right at the end (read only).
        arrives: f^(gap + 1), the part of the gradient that comes back along the cell state; None for the RNN (read only).
        prediction: "allows", "forbids" or, within a factor of 3 of a thousandth, "close"; None for the RNN (read only).

    Raises:
        ValueError: when the runs, ``chance``, ``every`` or ``batches`` are not as described.
        traitlets.TraitError: for an architecture, bias or gap that the runs do not have.

    >>> runs = [{"architecture": "LSTM", "bias": b, "gap": 40, "curves": [[0.3, 0.25 + b / 8]]} for b in (0, 1, 6)]
    >>> view = PhaseDiagram(runs, every=20, batches=40, gap=40)
    >>> view.prediction, view.learnt, f"{view.arrives:.1e}"
    ('forbids', 0, '2.6e-06')
    >>> view.bias = 6
    >>> print(view.verdict())
    LSTM, b = 6, gap 40: along the cell state 90.3 % of the gradient comes back. That is more than a thousandth (0.1 %), so the law \
allows it. In 40 batches 1 of 1 seed learnt.
    """

    stem = "phase_diagram"

    architecture = traitlets.Unicode("LSTM").tag(sync=True)
    bias = traitlets.Float(1.0).tag(sync=True)
    gap = traitlets.Int(20).tag(sync=True)
    runs = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)
    chance = traitlets.Float(read_only=True).tag(sync=True)
    every = traitlets.Int(read_only=True).tag(sync=True)
    batches = traitlets.Int(read_only=True).tag(sync=True)

    def __init__(self, runs, chance=0.25, every=20, batches=400, architecture="LSTM", bias=1.0, gap=20, **kwargs):
        if isinstance(chance, str) or not 0 < chance < 1:
            raise ValueError(f"chance is {chance!r}, but it must be a number between 0 and 1: the share of right answers of a guess")
        for name, value in (("every", every), ("batches", batches)):
            if not _whole(value) or value < 1:
                raise ValueError(f"{name} is {value!r}, but it must be a whole number of at least 1")
        self.set_trait("runs", _checked(runs, int(every), int(batches)))
        self.set_trait("chance", round(float(chance), 3))
        self.set_trait("every", int(every))
        self.set_trait("batches", int(batches))
        super().__init__(architecture=architecture, bias=bias, gap=gap, **kwargs)

    @traitlets.validate("architecture")
    def _architecture_is_there(self, proposal):
        return _among("architecture", proposal["value"], self.architectures)

    @traitlets.validate("bias")
    def _bias_is_there(self, proposal):
        return _among("bias", proposal["value"], self.biases)

    @traitlets.validate("gap")
    def _gap_is_there(self, proposal):
        return _among("gap", proposal["value"], self.gaps)

    @property
    def architectures(self):
        """The architectures among the runs."""
        return sorted({run["architecture"] for run in self.runs})

    @property
    def biases(self):
        """The forget biases among the runs, in order."""
        return sorted({run["bias"] for run in self.runs if run["bias"] is not None})

    @property
    def gaps(self):
        """The gaps among the runs, in words and in order."""
        return sorted({run["gap"] for run in self.runs})

    @property
    def curves(self):
        """The learning curves of the chosen square, one for each seed."""
        return self._curves(self.architecture, self.bias, self.gap)

    @property
    def share(self):
        """The share of right answers at the end of the chosen runs, their mean."""
        return share(self.curves)

    @property
    def learnt(self):
        """How many of the chosen runs learnt."""
        return learnt(self.curves)

    @property
    def arrives(self):
        """The share of the gradient that arrives over the chosen gap; None for a plain RNN."""
        return arrives(self.bias, self.gap) if self.architecture == "LSTM" else None

    @property
    def prediction(self):
        """What the memory law says of the chosen square; None for a plain RNN."""
        return prediction(self.bias, self.gap) if self.architecture == "LSTM" else None

    def _curves(self, architecture, bias, gap):
        bias = bias if architecture == "LSTM" else None
        return next(run["curves"] for run in self.runs if (run["architecture"], run["bias"], run["gap"]) == (architecture, bias, gap))

    def verdict(self):
        """What the law predicted for the selected cell, and what training found, in plain words."""
        seeds, right = len(self.curves), self.learnt
        found = f"In {self.batches} batches {right} of {_many(seeds, 'seed')} learnt"
        where = called(self.architecture, self.bias, self.gap)
        if self.architecture == "RNN":
            return f"{where}: it has no forget gate, so the law predicts nothing here. {found}."
        law = {
            "allows": "That is more than a thousandth (0.1 %), so the law allows it.",
            "forbids": "That is less than a thousandth (0.1 %), so the law forbids it.",
            "close": "That is near a thousandth (0.1 %), so the law calls it close.",
        }[self.prediction]
        judged = "."
        if self.prediction == "forbids":
            judged = f": the law was wrong for {_many(right, 'seed')}." if right else ", as predicted."
        return f"{where}: along the cell state {percent(self.arrives)} of the gradient comes back. {law} {found}{judged}"

    def learning(self):
        """What the learning curves of the selected cell show, in one or two sentences."""
        return learning(called(self.architecture, self.bias, self.gap), self.curves, self.chance, self.every, self.batches)

    def description(self):
        def row(architecture, bias):
            cells = (self._curves(architecture, bias, gap) for gap in self.gaps)
            return ", ".join(f"{learnt(curves)}/{len(curves)}" for curves in cells)

        rows = [f"LSTM, b = {plain(bias)}: {row('LSTM', bias)}" for bias in reversed(self.biases)]
        rows += [f"plain RNN: {row('RNN', None)}"] if "RNN" in self.architectures else []
        line = _listed([f"{math.floor(max(reach(bias), 0))} for b = {plain(bias)}" for bias in self.biases])
        return (
            f"A diagram of training runs, the gap from left to right ({_listed(self.gaps)} words), the forget bias from bottom to top. "
            f"So many seeds learnt: {'; '.join(rows)}. The law allows gaps up to {line}. {self.learning()} {self.verdict()}"
        )

    def picture(self):
        width, top, left, row, label = 720, 34, 16, 36, 46
        ink, soft, rule = "#111", PALETTE["rnn"]["on_light"], "#D5D5D5"
        tones = {"LSTM": PALETTE["forget"], "RNN": PALETTE["rnn"]}
        gaps, rows = self.gaps, [("LSTM", bias) for bias in reversed(self.biases)]
        x0, column, strip = left + label, (356 - label) / len(gaps), 28
        below = top + row * len(rows) + strip  # where the row of the RNN begins
        parts = [f'<text x="{left}" y="20" fill="{soft}">forget bias b</text>']
        if "RNN" in self.architectures:
            rows.append(("RNN", None))
            for part, dy in (("plain", -3), ("RNN", 12)):
                parts.append(f'<text x="{x0 - 10}" y="{below + row / 2 + dy:.1f}" fill="{soft}" text-anchor="end">{part}</text>')
        ring, numbers = "", []
        for (n, (architecture, bias)), (k, gap) in itertools.product(enumerate(rows), enumerate(gaps)):
            curves, x = self._curves(architecture, bias, gap), x0 + k * column
            y = below if architecture == "RNN" else top + n * row
            place = f'x="{x + 1.5:.1f}" y="{y + 1.5:.1f}" width="{column - 3:.1f}" height="{row - 3}" rx="5"'
            shade = shading(share(curves), self.chance) * (1 if architecture == "LSTM" else 0.8)
            ground = _thinned(tones[architecture]["colour"], shade)
            parts.append(f'<rect {place} fill="{ground}" stroke="{rule}"/>')
            numbers.append(  # a rim in the colour of the cell lets the law's line pass behind the number
                f'<text x="{x + column / 2:.1f}" y="{y + row / 2 + 5:.1f}" fill="{ink}" text-anchor="middle" font-weight="bold" '
                f'paint-order="stroke" stroke="{ground}" stroke-width="7" stroke-linejoin="round">{learnt(curves)}/{len(curves)}</text>'
            )
            if not k and bias is not None:
                parts.append(f'<text x="{x0 - 10}" y="{y + row / 2 + 5:.1f}" fill="{soft}" text-anchor="end">{plain(bias)}</text>')
            if (architecture, gap) == (self.architecture, self.gap) and bias in (None, self.bias):
                ring = (
                    f'<rect {place} fill="none" stroke="#fff" stroke-width="6"/><rect {place} fill="none" stroke="{ink}" stroke-width="3"/>'
                )
        line = law(gaps, self.biases)
        if line:
            path = "L".join(f"{x0 + x * column:.1f} {top + y * row:.1f}" for x, y in line)
            for colour, wide in (("#fff", 6), (ink, 2.5)):
                parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{wide}" stroke-linejoin="round"/>')
        words, foot = label_of(gaps, self.biases)
        y, end = below - strip, x0 + column * len(gaps)
        if foot is None:
            parts.append(f'<path d="M{x0} {y + 15}h{16 if line else 0}" stroke="{ink}" stroke-width="2.5" fill="none"/>')
            parts.append(f'<text x="{x0 + (22 if line else 0)}" y="{y + 19}" fill="{ink}">{words}</text>')
        else:
            x, way, anchor = x0 + foot * column, *((1, "start") if foot < len(gaps) / 2 else (-1, "end"))
            parts.append(f'<path d="M{x:.1f} {y}v15h{10 * way}" stroke="{ink}" stroke-width="2.5" fill="none"/>')
            parts.append(f'<text x="{x + 15 * way:.1f}" y="{y + 19}" fill="{ink}" text-anchor="{anchor}">{words}</text>')
        parts += [*numbers, ring]
        y = below + row * ("RNN" in self.architectures) + 17
        parts.append(f'<text x="{x0 - 10}" y="{y}" fill="{soft}" text-anchor="end">gap</text>')
        for k, gap in enumerate(gaps):
            parts.append(f'<text x="{x0 + (k + 0.5) * column:.1f}" y="{y}" fill="{soft}" text-anchor="middle">{gap}</text>')
        y += 20
        parts.append(f'<text x="{end:.1f}" y="{y}" fill="{soft}" text-anchor="end">filler words before the question</text>')
        y += 26
        parts.append(f'<text x="{left}" y="{y}" fill="{soft}">right answers at the end:</text>')
        parts.append(f'<text x="{left + 208}" y="{y}" fill="{soft}" text-anchor="end">{whole(self.chance)}</text>')
        for n in range(10):
            place = f'x="{left + 216 + 8 * n}" y="{y - 12}" width="8" height="14"'
            parts.append(f'<rect {place} fill="{_thinned(tones["LSTM"]["colour"], n / 9)}"/>')
        parts.append(f'<rect x="{left + 216}" y="{y - 12}" width="80" height="14" fill="none" stroke="{rule}"/>')
        parts.append(f'<text x="{left + 304}" y="{y}" fill="{soft}">100 %</text>')
        y += 20
        parts.append(f'<text x="{left}" y="{y}" fill="{soft}">2/3: two of three seeds learnt</text>')

        tone = tones[self.architecture]
        looks = {
            "lw-phase-rule": f'stroke="{rule}" fill="none"',
            "lw-phase-chance": f'stroke="{soft}" stroke-dasharray="5 4" fill="none"',
            "lw-phase-curve": f'stroke="{tone["on_light"]}" stroke-width="2" stroke-linejoin="round" fill="none"',
            "lw-phase-stop": f'fill="{tone["on_light"]}" stroke="#fff" stroke-width="1.5"',
            "lw-phase-tick": f'fill="{soft}"',
            "lw-phase-said": f'fill="{soft}" paint-order="stroke" stroke="#fff" stroke-width="4" stroke-linejoin="round"',
            "lw-phase-here": f'fill="{tone["on_light"]}" font-weight="bold"',
        }
        shapes = ""
        for tag, kind, attributes, inner in plot(self.curves, self.chance, self.every, self.batches, 312, y - 34):
            given = " ".join(f'{name}="{value}"' for name, value in attributes.items())
            shapes += f"<{tag} {given} {looks[kind]}>{html.escape(inner)}</{tag}>"
        parts.append(f'<text x="392" y="20" fill="{ink}" font-weight="bold">{called(self.architecture, self.bias, self.gap)}</text>')
        parts.append(f'<text x="704" y="20" fill="{soft}" text-anchor="end">one line a seed</text>')
        parts.append(f'<g transform="translate(392 34)" font-size="13">{shapes}</g>')
        y += 12
        for text in textwrap.wrap(self.verdict(), 88):
            y += 22
            parts.append(f'<text x="{left}" y="{y}" fill="{ink}" font-size="16" font-weight="bold">{html.escape(text)}</text>')
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 18}" width="{width}" height="{y + 18}" '
            f'font-family="sans-serif" font-size="14"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
        )


def arrives(bias, gap):
    """The part of the gradient that comes back to the first word along the cell state: sigmoid(bias)^(gap + 1)."""
    return math.exp(-rate(bias) * (gap + 1))


def reach(bias):
    """The gap, a number of words, across which a thousandth of the gradient comes back: ten half-lives, less one step."""
    return -math.log(THOUSANDTH) / rate(bias) - 1


def prediction(bias, gap):
    """What the law says of an LSTM: "allows", "forbids", or "close" within a factor of 3 of a thousandth."""
    part = arrives(bias, gap) / THOUSANDTH
    return "close" if 1 / CLOSE <= part <= CLOSE else "allows" if part > 1 else "forbids"


def learnt(curves):
    """How many of the curves end with at least 95 % of the answers right."""
    return sum(curve[-1] >= LEARNT for curve in curves)


def share(curves):
    """The share of right answers at the end, the mean over the curves."""
    return sum(curve[-1] for curve in curves) / len(curves)


def shading(part, chance):
    """How deep a cell is coloured: 0 at chance and below, 1 where every answer is right."""
    return min(1, max(0, (part - chance) / (1 - chance)))


def law(gaps, biases):
    """The law's line over the grid, a list of points (x, y) from its foot upwards; empty where it misses the grid.

    The unit is a cell: the column of the n-th gap has its middle at x = n + 0.5, the row of the highest bias its middle at y = 0.5. Between
    the middles a gap has its place by the logarithm of gap + 1, and a bias by its value.
    """
    points, rows, logs = [], len(biases), [math.log(gap + 1) for gap in gaps]
    for n in range(_FINE * rows + 1):
        y = rows - n / _FINE
        points.append((0.5 + _index(logs, math.log(reach(_value(biases, rows - y - 0.5)) + 1), math.log(2)), y))
    kept = []
    for (x1, y1), (x2, y2) in itertools.pairwise(points):  # x grows all the way up
        if x2 > 0 and x1 < len(gaps):
            low, high = max(0, -x1 / (x2 - x1)), min(1, (len(gaps) - x1) / (x2 - x1))
            kept += [] if kept else [(x1 + low * (x2 - x1), y1 + low * (y2 - y1))]
            kept.append((x1 + high * (x2 - x1), y1 + high * (y2 - y1)))
    return kept


def label_of(gaps, biases):
    """What is written beside the law's line, and at which x its foot stands on the lower edge; None where it does not."""
    line = law(gaps, biases)
    if line:
        return "the law: nothing right of this line", line[0][0] if line[0][1] == len(biases) else None
    return f"the law {'allows' if reach(biases[0]) > gaps[-1] else 'forbids'} every cell", None


def plot(curves, chance, every, batches, width, height):
    """The learning curves as shapes, each (tag, class, attributes, text), in a frame of width by height. JavaScript draws the same ones."""
    left, right, top, bottom = 48, width - 14, 44, height - 44

    def x(batch):
        return left + batch / batches * (right - left)

    def y(part):
        return bottom - part * (bottom - top)

    def line(kind, x1, y1, x2, y2):
        return "path", kind, {"d": f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"}, ""

    def text(kind, xt, yt, anchor, words):
        return "text", kind, {"x": f"{xt:.1f}", "y": f"{yt:.1f}", "text-anchor": anchor}, words

    shapes = [line("lw-phase-rule", left, y(part), right, y(part)) for part in (0, 0.5, 1)]
    shapes += [text("lw-phase-tick", left - 8, y(part) + 4.5, "end", whole(part)) for part in (0, 0.5, 1)]
    power = 10 ** math.floor(math.log10(batches))
    step = next(size for size in (power / 5, power / 2, power, 2 * power) if batches / size <= 5)
    shapes += [text("lw-phase-tick", x(n * step), bottom + 18, "middle", plain(n * step)) for n in range(math.floor(batches / step) + 1)]
    shapes.append(text("lw-phase-tick", 0, 15, "start", "right answers"))
    shapes.append(text("lw-phase-tick", right + 10, bottom + 37, "end", "batches"))
    shapes.append(line("lw-phase-chance", left, y(chance), right, y(chance)))
    stops = []
    for curve in curves:
        points = [(x(min(n * every, batches)), y(part)) for n, part in enumerate(curve, 1)]
        shapes.append(("path", "lw-phase-curve", {"d": "M" + "L".join(f"{xp:.1f} {yp:.1f}" for xp, yp in points)}, ""))
        if curve[-1] >= LEARNT:
            stops.append(points[-1])
    shapes += [("circle", "lw-phase-stop", {"cx": f"{xp:.1f}", "cy": f"{yp:.1f}", "r": "5"}, "") for xp, yp in stops]
    free = left - 8
    for xp, _ in sorted(stops):
        start = min(max(xp - 21, left - 8), right - 32)
        if start >= free:
            shapes.append(text("lw-phase-here", start + 21, top - 11, "middle", "learnt"))
            free = start + 46
    shapes.append(
        text("lw-phase-said", right - 2, y(chance) + (21 if y(chance) + 21 < bottom - 4 else -12), "end", f"chance, {whole(chance)}")
    )
    return shapes


def learning(name, curves, chance, every, batches):
    """What the learning curves of a cell called ``name`` show, in words."""
    ends = [
        f"seed {n} learnt within {min(len(curve) * every, batches)} batches"
        if curve[-1] >= LEARNT
        else f"seed {n} did not learn in {batches} batches and ended at {whole(curve[-1])}"
        for n, curve in enumerate(curves, 1)
    ]
    return f"Right answers against batches, one line a seed, for {name} (chance is {whole(chance)}): {_listed(ends)}."


def called(architecture, bias, gap):
    """The name of a cell: LSTM, b = 1, gap 40."""
    return f"LSTM, b = {plain(bias)}, gap {gap}" if architecture == "LSTM" else f"Plain RNN, gap {gap}"


def plain(value):
    """A number without needless zeros and with a true minus sign: 5, −0.5."""
    return f"{value:.10g}".replace("-", "−")


def whole(part):
    """A part of 1 in whole percents, halves up: 67 %."""
    return f"{math.floor(100 * part + 0.5 + 1e-7)} %"


def _index(values, value, step):
    """Where ``value`` lies among sorted ``values``: 1.5 is half way from the second to the third, and the ends go on as they are."""
    if len(values) == 1:
        return (value - values[0]) / step
    n = min(max(sum(each <= value for each in values) - 1, 0), len(values) - 2)
    return n + (value - values[n]) / (values[n + 1] - values[n])


def _value(values, index):
    """The other way round; a single value has its neighbours one unit away."""
    if len(values) == 1:
        return values[0] + index
    n = min(max(math.floor(index), 0), len(values) - 2)
    return values[n] + (index - n) * (values[n + 1] - values[n])


def _checked(runs, every, batches):
    """The runs with plain numbers of three decimals, sorted; or one sentence on what is wrong with them."""
    runs = list(runs)
    if not runs:
        raise ValueError("there are no runs: hand over one dictionary for each architecture, bias and gap")
    clean, most = {}, math.ceil(batches / every)
    for run in runs:
        missing = {"architecture", "bias", "gap", "curves"} - set(run)
        if missing:
            raise ValueError(f"a run lacks {_listed(sorted(missing))}: each has architecture, bias, gap and curves")
        architecture, bias, gap = run["architecture"], run["bias"], run["gap"]
        if architecture not in ("LSTM", "RNN"):
            raise ValueError(f"a run's architecture is {architecture!r}, but it must be 'LSTM' or 'RNN'")
        if architecture == "RNN" and bias is not None:
            raise ValueError(f"an RNN's bias is {bias!r}, but it must be None: a plain RNN has no forget gate")
        if architecture == "LSTM" and (bias is None or isinstance(bias, str) or not math.isfinite(bias)):
            raise ValueError(f"an LSTM's bias is {bias!r}, but it must be a number: the b of its forget gate")
        if not _whole(gap) or gap < 0:
            raise ValueError(f"a run's gap is {gap!r}, but it must be a whole number of words, 0 or more")
        key = architecture, None if bias is None else round(float(bias), 3) + 0.0, int(gap)
        name = called(*key)
        if key in clean:
            raise ValueError(f"{name} is there twice: put all its seeds into the curves of one run")
        curves = [np.asarray(curve, float) for curve in run["curves"]]
        if not curves:
            raise ValueError(f"{name} has no curves: hand over one for each seed")
        for curve in curves:
            if curve.ndim != 1 or not 1 <= len(curve) <= most:
                raise ValueError(
                    f"a curve of {name} has the shape {curve.shape}, but {batches} batches, averaged over {every} each, give 1 to {most} "
                    "values"
                )
            if not ((curve >= 0) & (curve <= 1)).all():
                raise ValueError(f"a curve of {name} leaves the range from 0 to 1: hand over shares of right answers, not percents")
        rounded = [[round(float(part), 3) for part in curve] for curve in curves]
        for curve in rounded:
            if len(curve) * every < batches and curve[-1] < LEARNT:
                raise ValueError(
                    f"a curve of {name} stops after {len(curve)} values at {curve[-1]}, but a run that stops before {batches} batches "
                    f"has learnt: let its last value be the mean of its last {every} batches, at least {LEARNT}"
                )
        clean[key] = rounded
    gaps = sorted({gap for *_, gap in clean})
    rows = sorted({key[:2] for key in clean}, key=lambda each: (each[0], each[1] or 0))
    if all(architecture == "RNN" for architecture, _ in rows):
        raise ValueError("there is no LSTM among the runs: hand over at least one forget bias for each gap")
    lacks = [called(*row, gap) for row in rows for gap in gaps if (*row, gap) not in clean]
    if lacks:
        raise ValueError(f"the runs lack {lacks[0]}: hand over every gap ({_listed(gaps)}) for each architecture and bias")
    return [
        {"architecture": row[0], "bias": row[1], "gap": gap, "curves": clean[(*row, gap)]} for row, gap in itertools.product(rows, gaps)
    ]


def _among(name, value, choices):
    if value not in choices:
        shown = [plain(choice) if isinstance(choice, float) else str(choice) for choice in choices]
        raise traitlets.TraitError(f"{name} must be one of those that were trained, {_listed(shown, 'or')}, not {value}")
    return value


def _thinned(colour, part):
    """The colour at so much of its strength on white."""
    return "#" + "".join(f"{round(255 + part * (int(colour[n : n + 2], 16) - 255)):02X}" for n in (1, 3, 5))


def _whole(value):
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _many(count, noun):
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _listed(items, last="and"):
    """The items as a sentence has them: 5, 10 and 20."""
    items = [str(item) for item in items]
    return f" {last} ".join([*([", ".join(items[:-1])] if items[1:] else []), *items[-1:]])
