"""How far back the gradient of a small recurrent network reaches, for every scale of its recurrent weights."""

import html
import itertools
import math
import textwrap

import numpy as np
import traitlets

from lstmbook.palette import PALETTE
from lstmbook.widgets import BookWidget

H, STEPS = 16, 101
LOST = 2.0**-24
"""Half of float32's epsilon: in float32, ``1 + LOST`` is 1."""

_LOW, _HIGH, _SIZE = -12, 6, 13  # the vertical axis in powers of ten; the letters in the plot
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class GradientReach(BookWidget):
    """The length of the gradient of a small RNN's last state, 0 to 100 words back, by backpropagation.

    The network has 16 units and reads 101 random inputs: h_t = tanh(U h_{t-1} + W x_t), with U = scale * Q and Q orthogonal, so every
    singular value of U is ``scale``. What is drawn is the length of the gradient of v · h_T by h_{T-k}, for a fixed random v of length 1.

    Args:
        scale: the singular values of U, 0.5 to 2; kept to two decimals, as the slider has them.
        gap: the number k of words back that is marked, 0 to 100.
        nonlinearity: "tanh" or "linear" (no tanh: h_t = U h_{t-1} + W x_t).
        network: which random network, 0 to 99.

    Attributes:
        scale, gap, nonlinearity, network: the controls; set them from Python and they move, move them and Python sees it.
        reach: the length of the gradient at lags 0 to 100, an array (101); it is 1 at lag 0 (read only).
        at_gap: the length at ``gap`` (read only).

    Raises:
        traitlets.TraitError: for a value outside its range.

    >>> view = GradientReach(scale=0.9, gap=20)
    >>> print(view.verdict())
    At a gap of 20 words the gradient is 0.0010 times that at the last word: it is small, and learning from that word is slow.
    >>> view.nonlinearity = "linear"
    >>> print(f"{view.at_gap:.4f}, {0.9**20:.4f}")
    0.1216, 0.1216
    """

    stem = "gradient_reach"

    scale = traitlets.Float(0.9).tag(sync=True)
    gap = traitlets.Int(20).tag(sync=True)
    nonlinearity = traitlets.Enum(["tanh", "linear"], "tanh").tag(sync=True)
    network = traitlets.Int(0).tag(sync=True)

    def __init__(self, scale=0.9, gap=20, nonlinearity="tanh", network=0, **kwargs):
        super().__init__(scale=scale, gap=gap, nonlinearity=nonlinearity, network=network, **kwargs)

    @traitlets.validate("scale")
    def _scale_in_range(self, proposal):
        return round(_between("scale", proposal["value"], 0.5, 2, "number"), 2)

    @traitlets.validate("gap")
    def _gap_in_range(self, proposal):
        return _between("gap", proposal["value"], 0, STEPS - 1, "whole number")

    @traitlets.validate("network")
    def _network_in_range(self, proposal):
        return _between("network", proposal["value"], 0, 99, "whole number")

    @property
    def reach(self):
        """The length of the gradient at each gap, from 0 words on."""
        return reach(self.scale, self.nonlinearity, *network(self.network))

    @property
    def at_gap(self):
        """The length of the gradient at the chosen gap."""
        return float(self.reach[self.gap])

    def verdict(self):
        """What the gradient at the gap is good for, in one sentence."""
        if self.gap == 0:
            return "At a gap of 0 words is the last word itself: its gradient is 1, by definition."
        length, words = self.at_gap, "1 word" if self.gap == 1 else f"{self.gap} words"
        if length <= LOST * (1 + 1e-9):
            means = "in float32 it is lost beside the rest."
        elif length < 0.01:
            means = "it is small, and learning from that word is slow."
        elif length > 1000:
            means = "it explodes, and one step of learning throws the weights far off."
        else:
            means = "it can be learnt from."
        return f"At a gap of {words} the gradient is {number(length)} times that at the last word: {means}"

    def description(self):
        lengths = self.reach
        return (
            f"How long the gradient is in a {self.nonlinearity} RNN with recurrent scale {self.scale:.2f} (network {self.network}), "
            f"on a logarithmic axis: 1 at the last word, {number(lengths[50])} at 50 words back, {number(lengths[100])} at 100. "
            f"{self.verdict()}"
        )

    def picture(self):
        width, height = 440, 300
        soft, hidden = PALETTE["rnn"]["on_light"], PALETTE["hidden"]["colour"]
        looks = {
            "lw-lost": 'fill="#EFEFEF"',
            "lw-grid": 'stroke="#D5D5D5" fill="none"',
            "lw-limit": f'stroke="{soft}" stroke-dasharray="5 4" fill="none"',
            "lw-marker": f'stroke="{soft}" fill="none"',
            "lw-curve": f'stroke="{hidden}" stroke-width="2.5" stroke-linejoin="round" fill="none"',
            "lw-dot": f'fill="{hidden}" stroke="#fff" stroke-width="1.5"',
            "lw-leaves": f'fill="{hidden}"',
            "lw-tick": f'fill="{soft}"',
            "lw-here": f'fill="{hidden}" font-weight="bold"',
        }

        def drawn(shape):
            tag, kind, attributes, inner = shape
            inner = "".join(map(drawn, inner)) if isinstance(inner, list) else html.escape(inner)
            given = " ".join([*(f'{name}="{value}"' for name, value in attributes.items()), looks.get(kind, "")]).strip()
            return f"<{tag} {given}>{inner}</{tag}>"

        shapes = "".join(map(drawn, plot(self.reach, self.gap, width, height)))
        about = f"scale of U {self.scale:.2f}, {self.nonlinearity}, random network no. {self.network}"
        y = height + 12
        parts = [f'<text x="16" y="{y}" fill="#111">{about}</text>']
        for line in textwrap.wrap(self.verdict(), 58):
            y += 19
            parts.append(f'<text x="16" y="{y}" fill="#111" font-weight="bold">{html.escape(line)}</text>')
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 14}" width="600" height="{round((y + 14) * 600 / width)}" '
            f'font-family="sans-serif" font-size="{_SIZE}"><rect width="100%" height="100%" fill="#fff"/>{shapes}{"".join(parts)}</svg>'
        )


def uniforms(seed):
    """A generator of even numbers in [0, 1): mulberry32, which is the same in JavaScript."""
    a = seed
    while True:
        a = (a + 0x6D2B79F5) % 2**32
        t = (a ^ a >> 15) * (a | 1) % 2**32
        t ^= (t + (t ^ t >> 7) * (t | 61)) % 2**32
        yield (t ^ t >> 14) / 2**32


def normals(seed, count):
    """The first ``count`` standard normal numbers of a seed, by Box and Muller; ``count`` is even."""
    drawn = np.array(list(itertools.islice(uniforms(seed), count))).reshape(-1, 2)
    radius, angle = np.sqrt(-2 * np.log(1 - drawn[:, 0])), 2 * np.pi * drawn[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()


def network(seed):
    """The random network of a seed.

    Returns:
        Q (16, 16) with orthonormal rows, by Gram and Schmidt; the inputs (101, 16) times their weights; v (16) of length 1.
    """
    rows = normals(seed, H * (H + STEPS + 1)).reshape(-1, H)
    Q = np.zeros((H, H))
    for n in range(H):
        q = rows[n]
        for other in [*Q[:n], *Q[:n]]:  # twice, or rounding errors remain
            q = q - q @ other * other
        Q[n] = q / np.sqrt(q @ q)
    v = rows[-1]
    return Q, 0.5 * rows[H:-1], v / np.sqrt(v @ v)


def reach(scale, nonlinearity, Q, inputs, v):
    """The length of the gradient of v · h_T by h_{T-k} for k = 0 to 100, an array (101), where h_t = phi(scale Q h_{t-1} + input_t)."""
    U, h, states = scale * Q, np.zeros(H), []
    for x in inputs:
        h = U @ h + x
        h = np.tanh(h) if nonlinearity == "tanh" else h
        states.append(h)
    dh, lengths = v, [1.0]
    for h in states[:0:-1]:
        da = dh * (1 - h**2) if nonlinearity == "tanh" else dh
        dh = U.T @ da
        lengths.append(math.sqrt(dh @ dh))
    return np.array(lengths)


def number(value):
    """A positive number to two digits: 0.12, 630, 3.4×10⁻⁹. Halves go up, and so does what rounding errors made of a half."""
    power = math.floor(math.log10(value) + 1e-9)
    digits = math.floor(value / 10.0**power * 10 + 0.5 + 1e-6)
    if digits == 100:
        digits, power = 10, power + 1
    first, second = str(digits)
    if not -3 <= power <= 3:
        return f"{first}.{second}×10{_raised(power)}"
    if power < 0:
        return f"0.{'0' * (-power - 1)}{digits}"
    return f"{first}.{second}" if power == 0 else f"{digits}{'0' * (power - 1)}"


def plot(lengths, gap, width, height):
    """The plot as shapes, each (tag, class, attributes, text or shapes), in a frame of width by height. JavaScript draws the same ones."""
    left, right, top, bottom = 48, width - 12, 32, height - 46
    logs = [math.log10(length) for length in lengths]

    def x(lag):
        return left + lag / 100 * (right - left)

    def y(log):
        return top + (_HIGH - log) / (_HIGH - _LOW) * (bottom - top)

    def line(kind, x1, y1, x2, y2):
        return "path", kind, {"d": f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"}, ""

    def text(kind, xt, yt, anchor, words):
        return "text", kind, {"x": f"{xt:.1f}", "y": f"{yt:.1f}", "text-anchor": anchor}, words

    lost = y(math.log10(LOST))
    shapes = [("rect", "lw-lost", _frame(left, lost, right - left, bottom - lost), "")]
    for power in [-12, -8, -4, 0, 4]:
        shapes.append(line("lw-grid", left, y(power), right, y(power)))
        shapes.append(text("lw-tick", left - 7, y(power) + 4.5, "end", f"10{_raised(power)}" if power else "1"))
    shapes += [text("lw-tick", x(lag), bottom + 18, "middle", f"{lag}") for lag in range(0, 101, 20)]
    shapes.append(text("lw-tick", left - 7, 15, "start", "gradient (last word: 1)"))
    shapes.append(text("lw-tick", right + 6, bottom + 37, "end", "words back"))
    shapes.append(line("lw-limit", left, lost, right, lost))
    shapes.append(line("lw-marker", x(gap), top, x(gap), bottom))
    curve = "".join(f"{'L' if lag else 'M'}{x(lag):.1f} {y(log):.1f}" for lag, log in enumerate(logs))
    frame = _frame(left, top, right - left, bottom - top)
    shapes.append(("svg", "", {**frame, "viewBox": " ".join(frame.values()), "role": "none"}, [("path", "lw-curve", {"d": curve}, "")]))

    px, py = x(gap), min(bottom, max(top, y(logs[gap])))
    tip = 1 if logs[gap] < _LOW else -1 if logs[gap] > _HIGH else 0
    if tip:
        shapes.append(("path", "lw-dot", {"d": f"M{px - 6:.1f} {py - 5 * tip:.1f}h12l-6 {10 * tip}z"}, ""))
    else:
        shapes.append(("circle", "lw-dot", {"cx": f"{px:.1f}", "cy": f"{py:.1f}", "r": "5"}, ""))

    # A label takes the first of its places where it covers nothing; one that must stand covers, if need be, the marker, or more.
    points = [point for lag, log in enumerate(logs) for point in ((x(lag), y(log)), (x(lag), lost))]

    def label(kind, words, places, always=True):
        boxes, size = [], _wide(words, kind == "lw-here")
        for xt, yt, anchor in places:
            start = xt - size if anchor == "end" else xt
            boxes.append((start - 3, yt - _SIZE + 1, start + size + 3, yt + 4))

        def inside(box):
            return box[0] >= left and box[2] <= right + 8 and box[1] >= top - 4 and box[3] <= bottom + 1

        def free(box):
            return not any(box[0] < xp < box[2] and box[1] < yp < box[3] for xp, yp in points)

        good = [n for n, box in enumerate(boxes) if inside(box)]
        fit = [n for n in good if free(boxes[n])]
        clear = [n for n in fit if px < boxes[n][0] or px > boxes[n][2]]
        if clear or (good and always):
            chosen = (clear or fit or good)[0]
            x1, y1, x2, y2 = boxes[chosen]
            points.extend((xp, yp) for xp in np.arange(x1, x2, 4) for yp in (y1 + 1, (y1 + y2) / 2, y2 - 1))
            shapes.append(text(kind, *places[chosen], words))

    sides = [(px + 9, -9, "start"), (px - 9, 20, "end"), (px - 9, -9, "end"), (px + 9, 20, "start")]
    around = [(xl, py + dy + math.copysign(more, dy), anchor) for more in (0, 15) for xl, dy, anchor in sides]
    label("lw-here", number(lengths[gap]), around)
    across = [(left + 6, "start"), (right - 4, "end"), ((left + right) / 2, "start")]
    label("lw-tick", "lost in float32", [(xl, yl, anchor) for yl in (lost + 17, bottom - 6) for xl, anchor in across])
    out = next((lag for lag, log in enumerate(logs) if not _LOW <= log <= _HIGH), 0)
    if out:
        edge, down = (_LOW, 1) if logs[out] < _LOW else (_HIGH, -1)
        xe = x(out - (logs[out] - edge) / (logs[out] - logs[out - 1]))
        shapes.append(("path", "lw-leaves", {"d": f"M{xe - 5:.1f} {y(edge):.1f}h10l-5 {8 * down}z"}, ""))
        ye = y(edge) + (-7 if down > 0 else 14)
        rows = [(xl, ye - 17 * n * down, anchor) for xl, anchor in ((xe + 12, "start"), (xe - 12, "end")) for n in range(3)]
        label("lw-here", f"to {number(lengths[100])}", rows, always=False)
    return shapes


def _frame(x, y, width, height):
    return {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}


def _raised(power):
    return str(power).translate(_RAISED)


def _wide(words, bold):
    """About how wide a sans-serif font sets ``words``, in pixels, so that labels keep clear of each other."""
    return _SIZE * (1.1 if bold else 1) * sum(0.41 if c in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻" else 0.56 for c in words)


def _between(name, value, low, high, kind):
    if not low <= value <= high:
        raise traitlets.TraitError(f"{name} must be a {kind} from {low} to {high}, not {value}")
    return value
