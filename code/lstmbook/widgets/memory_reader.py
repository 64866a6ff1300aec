"""A trained plain RNN and a trained LSTM that read a sentence word by word: what they hold, and what they would answer."""

import base64
import html
import math
import textwrap

import numpy as np
import traitlets

from lstmbook import tasks
from lstmbook.palette import PALETTE
from lstmbook.widgets import BookWidget
from lstmbook.widgets.gradient_reach import uniforms

LONGEST, DRAWS, UNITS = 60, 1000, 32
"""The most filler words, the number of choices of filler words, and the most units of a network."""

LOOKS = {
    "c": "cell state c",
    "h": "hidden state h",
    "i": "input gate i",
    "f": "forget gate f",
    "g": "candidate g",
    "o": "output gate o",
}
"""What can be looked at in an LSTM, by its letter."""

_KINDS = {"c": "cell", "h": "hidden", "i": "input", "f": "forget", "g": "candidate", "o": "output"}
_NAMES = {"RNN": "plain RNN", "LSTM": "LSTM"}
_LEVELS = 10  # of colour, on each side of zero
_EDGE = 0.4  # of the height of a divided cell is above, and as much below


class _Words(traitlets.List):
    """A list of words of the vocabulary; a text is taken apart into them."""

    def set(self, obj, value):
        super().set(obj, _known(value) if isinstance(value, str | list | tuple) else value)


class MemoryReader(BookWidget):
    """One sentence of the recall task, read by a plain RNN and by an LSTM, word by word.

    The sentence is a state of India, filler words, and the question for the language spoken there. After every word the networks
    hold a memory and would give each language a belief, the softmax of their scores. Both compute with the float32 weights of the modules
    that were handed over, here in NumPy and on the page in JavaScript.

    Args:
        rnn: a trained :class:`lstmbook.pytorch.Reader` of the kind "RNN", for the vocabulary of :class:`lstmbook.tasks.Recall`.
        lstm: one of the kind "LSTM", for the same vocabulary. Each has one layer of at most 32 units.
        state: the state that is named, one of ``tasks.STATES``.
        gap: filler words between the name and the question, 0 to 60.
        filler: these words themselves, as a list or as one text, in place of ``gap``. A name of a state is one word.
        word: the word after which the networks are looked at, counted from 1; the last one if it is None.
        shown: what is looked at in the LSTM: "c", "h", "i", "f", "g" or "o".
        draw: which choice of filler words, 0 to 999; 0 has them in the order in which ``tasks.sentence`` has them.

    Attributes:
        state, gap, filler, word, shown, draw: as above; set them from Python and the page moves, change the page and Python sees it. A new
            gap brings new words, and new words bring their gap. Words of your own stay; a longer gap goes on behind them.
        words: the whole sentence, a list of ``1 + gap + 5`` words (read only).
        answer: the right answer, a language (read only).
        answers: for "RNN" and "LSTM" the beliefs after each word, arrays (T, 16) that sum to 1, in the order of ``languages`` (read only).
        weights, vocabulary, languages: what was handed over and what its numbers mean (read only).

    Raises:
        ValueError: for a network that is not as described.
        traitlets.TraitError: for a state, a word or a number that is not as described; nothing changes.

    >>> import torch
    >>> from lstmbook import pytorch
    >>> _ = torch.manual_seed(0)
    >>> untrained = [pytorch.Reader(tasks.Recall.words, 8, 6, tasks.Recall.classes, kind=kind) for kind in ("RNN", "LSTM")]
    >>> view = MemoryReader(*untrained, state="Kerala", gap=5)
    >>> " ".join(view.words), view.word, view.answer
    ('Kerala is a beautiful state and the language spoken there is', 11, 'Malayalam')
    >>> view.filler = "is old, and children play"
    >>> view.memory("LSTM", "f").shape  # a row for each word, a column for each unit
    (11, 6)
    """

    stem = "memory_reader"

    state = traitlets.Unicode("Maharashtra").tag(sync=True)
    gap = traitlets.Int(12).tag(sync=True)
    filler = _Words(traitlets.Unicode()).tag(sync=True)
    word = traitlets.Int(1).tag(sync=True)
    shown = traitlets.Unicode("c").tag(sync=True)
    draw = traitlets.Int(0).tag(sync=True)
    weights = traitlets.Dict(read_only=True).tag(sync=True)
    vocabulary = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    languages = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    spoken = traitlets.List(traitlets.Int(), read_only=True).tag(sync=True)
    question = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    openers = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    clauses = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)

    def __init__(self, rnn, lstm, state="Maharashtra", gap=12, filler=None, word=None, shown="c", draw=0, **kwargs):
        self._following = False
        self._networks = {"RNN": _weights("rnn", rnn, "RNN"), "LSTM": _weights("lstm", lstm, "LSTM")}
        self.set_trait("weights", {kind: _packed(network) for kind, network in self._networks.items()})
        self.set_trait("vocabulary", list(tasks.Recall.vocabulary))
        self.set_trait("languages", list(tasks.LANGUAGES))
        self.set_trait("spoken", [tasks.LANGUAGES.index(language) for language in tasks.STATES.values()])
        self.set_trait("question", list(tasks.QUESTION))
        self.set_trait("openers", list(tasks._OPENERS))
        self.set_trait("clauses", list(tasks._CLAUSES))
        if filler is None:
            filler = between(_within("gap", gap, 0, LONGEST), _within("draw", draw, 0, DRAWS - 1))
        filler = _known(filler)
        last = 1 + len(filler) + len(tasks.QUESTION)
        word = last if word is None else _within("word", word, 1, last)
        super().__init__(state=state, gap=len(filler), filler=filler, word=word, shown=shown, draw=draw, **kwargs)
        self._following = True

    def set_state(self, sync_data):
        """Take what the page has changed. It is consistent already, so nothing follows from it."""
        self._following, before = False, self._following
        try:
            super().set_state(sync_data)
        finally:
            self._following = before

    @traitlets.validate("state")
    def _state_is_one_of_the_28(self, proposal):
        if proposal["value"] not in tasks.STATES:
            raise traitlets.TraitError(f"{proposal['value']!r} is not one of the 28 states: see tasks.STATES")
        return proposal["value"]

    @traitlets.validate("gap")
    def _gap_in_range(self, proposal):
        return _within("gap", proposal["value"], 0, LONGEST)

    @traitlets.validate("word")
    def _word_in_the_sentence(self, proposal):
        return _within("word", proposal["value"], 1, 1 + len(self.filler) + len(tasks.QUESTION))

    @traitlets.validate("shown")
    def _shown_has_a_letter(self, proposal):
        if proposal["value"] not in LOOKS:
            raise traitlets.TraitError(f"shown must be one of {', '.join(LOOKS)}, not {proposal['value']!r}")
        return proposal["value"]

    @traitlets.validate("draw")
    def _draw_in_range(self, proposal):
        return _within("draw", proposal["value"], 0, DRAWS - 1)

    @traitlets.observe("gap", "filler", "draw")
    def _follow(self, change):
        if not self._following:
            return
        self._following = False
        try:
            with self.hold_sync(), self.hold_trait_notifications():
                if change.name == "filler":
                    before, filler = len(change.old), self.filler
                elif change.name == "gap":
                    before, filler = change.old, stretched(self.filler, self.gap, self.draw)
                else:
                    before, filler = self.gap, between(self.gap, self.draw)
                self.word = followed(self.word, before, len(filler))
                self.filler, self.gap = filler, len(filler)
        finally:
            self._following = True

    @property
    def words(self):
        """The sentence: the name, the filler, the question."""
        return [self.state, *self.filler, *tasks.QUESTION]

    @property
    def answer(self):
        """The language that is right."""
        return tasks.STATES[self.state]

    @property
    def answers(self):
        """What each network believes after each word: ``{name: (words, languages)}``."""
        return {kind: self._read(kind)["beliefs"] for kind in self._networks}

    def memory(self, network="LSTM", what=None):
        """What a network holds after each word, or what its gates do at each word.

        Args:
            network: "LSTM" or "RNN".
            what: a letter of ``LOOKS``; a plain RNN has the hidden state "h" alone. ``shown`` if it is None, and "h" for the RNN.

        Returns:
            An array (T, H), a row for each word of the sentence.
        """
        if network not in self._networks:
            raise ValueError(f"network is {network!r}, but it must be 'LSTM' or 'RNN'")
        what = what or ("h" if network == "RNN" else self.shown)
        held = self._read(network)
        if what == "beliefs" or what not in held:
            letters = "'h'" if network == "RNN" else ", ".join(map(repr, LOOKS))
            raise ValueError(f"what is {what!r}, but the {_NAMES[network]} has {letters}")
        return held[what]

    def _read(self, kind):
        tokens = [tasks.Recall.vocabulary.index(word) for word in self.words]
        return read(self._networks[kind], tokens)

    def verdict(self):
        """What both networks would answer after the word that is looked at, in plain words."""
        return verdict(self.words, self.word, {kind: each[self.word - 1] for kind, each in self.answers.items()}, self.answer)

    def description(self):
        right = tasks.LANGUAGES.index(self.answer)
        at = {"the name": 0, "the last word before the question": self.gap, "the question": self.gap + len(tasks.QUESTION)}
        told = "; ".join(
            f"{_NAMES[kind]} {_listed([percent(beliefs[t][right]) for t in at.values()])}" for kind, beliefs in self.answers.items()
        )
        looks = " ".join(self._told(kind) for kind in self._networks)
        return (
            f"A plain RNN and an LSTM read the {len(self.words)} words “{' '.join(self.words)}”. Belief in {self.answer} after "
            f"{_listed(at)}: {told}. {looks} {self.verdict()}"
        )

    def _told(self, kind):
        what = "h" if kind == "RNN" else self.shown
        return told(kind, what, self.memory(kind, what), self.answers[kind][:, tasks.LANGUAGES.index(self.answer)], self.word, self.answer)

    def picture(self):
        width, ink, soft, rule = 720, "#111", PALETTE["rnn"]["on_light"], "#D5D5D5"
        parts, x, y = [], 16, 32
        for n, word in enumerate([*self.words, "____"], 1):
            wide = _text_width(word)
            if x + wide > width - 16:
                x, y = 16, y + 30
            if n == self.word:
                parts.append(f'<rect x="{x - 5:.1f}" y="{y - 19}" width="{wide + 10:.1f}" height="26" rx="5" fill="{ink}"/>')
            place = f'x="{x:.1f}" y="{y}" textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs"'
            heavy = ' font-weight="bold"' if n in (1, self.word) else ""
            parts.append(f'<text {place} fill="{"#fff" if n == self.word else ink}"{heavy}>{html.escape(word)}</text>')
            x += wide + 12
        y += 40
        for kind, left in (("RNN", 16), ("LSTM", 376)):
            what, wide = "h" if kind == "RNN" else self.shown, 328
            entry, line = PALETTE[_KINDS[what]], soft if kind == "RNN" else ink
            beliefs, name = self.answers[kind], _NAMES[kind]
            parts.append(
                f'<text x="{left}" y="{y}" fill="{line}" font-weight="bold">{name[0].upper() + name[1:]}</text>'
                f'<text x="{left + wide}" y="{y}" fill="{entry["on_light"]}" font-weight="bold" text-anchor="end">{LOOKS[what]}</text>'
            )
            looks = {
                "lw-mem-ground": f'fill="#fff" stroke="{rule}"',
                "lw-mem-rule": f'stroke="{rule}" fill="none"',
                "lw-mem-cells lw-mem-plus": f'stroke="{entry["colour"]}" fill="none"',
                "lw-mem-cells lw-mem-minus": 'stroke="#444" fill="none"',
                "lw-mem-bar lw-mem-plus": f'fill="{entry["colour"]}"',
                "lw-mem-bar lw-mem-minus": 'fill="#444"',
                "lw-mem-edge": f'stroke="{soft}" stroke-dasharray="2 3" fill="none"',
                "lw-mem-line": f'stroke="{line}" stroke-width="2" stroke-linejoin="round" fill="none"',
                "lw-mem-dot": f'fill="{line}" stroke="#fff" stroke-width="1.5"',
                "lw-mem-halo": 'fill="none" stroke="#fff" stroke-width="4"',
                "lw-mem-here": f'fill="none" stroke="{ink}" stroke-width="1.5"',
                "lw-mem-tick": f'fill="{soft}"',
                "lw-mem-number": f'fill="{line}" font-weight="bold" font-size="18"',
                "lw-mem-word": f'fill="{ink}" font-weight="bold"',
            }
            shapes = ""
            right = tasks.LANGUAGES.index(self.answer)
            for tag, look, given, inner in chart(
                what, self.memory(kind, what), beliefs[:, right], self.words, self.word, self.answer, wide
            ):
                attributes = " ".join(f'{key}="{value}"' for key, value in given.items())
                shapes += f"<{tag} {attributes} {looks[look]}>{html.escape(inner)}</{tag}>"
            parts.append(f'<g transform="translate({left} {y + 14})" font-size="12.5">{shapes}</g>')
            below = y + 14 + frame(wide, self.memory(kind, what).shape[1], len(self.words))["height"] + 24
            for rank, k in enumerate(best(beliefs[self.word - 1])):
                yb, part = below + 26 * rank, beliefs[self.word - 1][k]
                weight = ' font-weight="bold"' if k == right else ""
                parts.append(
                    f'<text x="{left}" y="{yb}" fill="{ink}" font-size="15"{weight}>{tasks.LANGUAGES[k]}{" ✓" if k == right else ""}</text>'
                    f'<rect x="{left + 124}" y="{yb - 13}" width="{wide - 124 - 66}" height="16" fill="none" stroke="{rule}"/>'
                    f'<rect x="{left + 124}" y="{yb - 13}" width="{(wide - 124 - 66) * part:.1f}" height="16" fill="{line}"/>'
                    f'<text x="{left + wide}" y="{yb}" fill="{ink}" font-size="15" text-anchor="end"{weight}>'
                    f"{html.escape(short(part))}</text>"
                )
        y = below + 62
        for text in textwrap.wrap(self.verdict(), 64):
            y += 24
            parts.append(f'<text x="16" y="{y}" fill="{ink}" font-weight="bold">{html.escape(text)}</text>')
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 18}" width="{width}" height="{y + 18}" '
            f'font-family="sans-serif" font-size="17"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
        )


def sigmoid(z):
    """The S-curve from 0 to 1, without overflow."""
    small = np.exp(-np.abs(z))
    return np.where(z < 0, small, 1) / (1 + small)


def softmax(scores):
    """The beliefs that belong to scores (..., K): positive, and their sum is 1."""
    grown = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return grown / grown.sum(axis=-1, keepdims=True)


def read(network, tokens):
    """Read the numbers of words with the weights of a network.

    Returns:
        A dictionary of arrays with a row for each word: h (T, H), beliefs (T, 16), and for an LSTM also c, i, f, g and o (T, H).
    """
    E, W, U, b, V, d = (np.asarray(network[name], float) for name in ("E", "W", "U", "b", "V", "d"))
    H = U.shape[1]
    h, c, rows = np.zeros(H), np.zeros(H), []
    for x in E[tokens]:
        z = W @ x + U @ h + b
        if len(z) == H:
            h = np.tanh(z)
            rows.append({"h": h})
        else:
            i, f, g, o = sigmoid(z[:H]), sigmoid(z[H : 2 * H]), np.tanh(z[2 * H : 3 * H]), sigmoid(z[3 * H :])
            c = f * c + i * g
            h = o * np.tanh(c)
            rows.append({"h": h, "c": c, "i": i, "f": f, "g": g, "o": o})
    held = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return {**held, "beliefs": softmax(held["h"] @ V.T + d)}


def between(gap, draw, opening=True):
    """So many filler words: whole clauses, and a last "and" where one word is left.

    Args:
        gap: how many words.
        draw: the choice: 0 keeps the order in which ``tasks.sentence`` has them, every other number shuffles.
        opening: whether they begin as a sentence does, with "is a beautiful state" or the like.
    """
    drawn = uniforms(draw)

    def shuffled(items):
        items = list(items)
        for n in range(len(items) - 1, 0, -1) if draw else ():
            k = math.floor(next(drawn) * (n + 1))
            items[n], items[k] = items[k], items[n]
        return items

    words = []
    if gap and opening:
        words += next(opener for opener in map(str.split, shuffled(tasks._OPENERS)) if len(opener) <= gap)
    while gap - len(words) > 1:
        for clause in map(str.split, shuffled(tasks._CLAUSES)):
            if len(words) + len(clause) <= gap:
                words += clause
    return words + ["and"] * (gap - len(words))


def stretched(filler, gap, draw):
    """The filler words for another gap: new ones, unless they are words of the reader's own. Those stay, cut or with more behind them."""
    if filler == between(len(filler), draw):
        return between(gap, draw)
    return filler[:gap] + between(max(0, gap - len(filler)), draw, opening=False)


def followed(word, before, after):
    """Which word is looked at when the gap has changed: the same one of the question, or the same one before it if it is still there."""
    return min(word, 1 + after) if word <= 1 + before else word + after - before


def best(beliefs, count=3):
    """The numbers of the languages with the largest beliefs, the largest first; equal ones in their own order."""
    return sorted(range(len(beliefs)), key=lambda k: -beliefs[k])[:count]


def short(part):
    """A part of 1 in whole percents, halves up, with "<1 %" and ">99 %" at the ends."""
    whole = math.floor(100 * part + 0.5)
    return "<1 %" if whole < 1 else ">99 %" if whole > 99 else f"{whole} %"


def percent(part):
    """The same in words: less than 1 %, 31 %, more than 99 %."""
    return short(part).replace("<", "less than ").replace(">", "more than ")


def verdict(words, word, beliefs, answer):
    """What both networks say after one word, given their beliefs (16) there, and who is right."""
    said = {kind: best(each, 1)[0] for kind, each in beliefs.items()}
    names = {kind: f"{tasks.LANGUAGES[k]} ({percent(beliefs[kind][k])})" for kind, k in said.items()}
    right = {kind: tasks.LANGUAGES[k] == answer for kind, k in said.items()}
    who = {
        (True, True): "both are",
        (False, True): "only the LSTM is",
        (True, False): "only the plain RNN is",
        (False, False): "neither is",
    }
    says = "says" if word == len(words) else "would say"
    return (
        f"After “{words[word - 1]}”, word {word} of {len(words)}, the LSTM {says} {names['LSTM']} and the plain RNN {names['RNN']}. "
        f"The answer is {answer}: {who[right['RNN'], right['LSTM']]} right."
    )


def told(kind, what, values, belief, word, answer):
    """What the chart of a network shows, in words."""
    row = values[word - 1]
    k = int(np.argmax(np.abs(row)))
    name = _NAMES[kind]
    return (
        f"{name[0].upper() + name[1:]}, {LOOKS[what]}: {values.shape[1]} units by {len(values)} words, from {signed(values.min())} to "
        f"{signed(values.max())}; after word {word} the largest is {signed(row[k])} in unit {k + 1}. "
        f"Belief in {answer} there: {percent(belief[word - 1])}."
    )


def signed(value):
    """A number to two decimals, halves up, with a true minus sign; never minus zero."""
    hundredths = math.floor(100 * abs(value) + 0.5)
    return f"{'−' if value < 0 and hundredths else ''}{hundredths // 100}.{hundredths % 100:02}"


def limit_of(what, values):
    """At which size a value has its full colour: 1, or for the cell state a round number that no value exceeds."""
    most = float(np.abs(values).max()) if what == "c" else 1
    return next(limit for limit in (1, 2, 3, 5, 10, 20, 30, 50, 100) if most <= limit)


def frame(width, units, count):
    """Where a chart has its parts: the map from ``left`` to ``right`` and from ``top`` to ``bottom``, the bars from ``bars`` on."""
    room = max(54, math.floor(0.22 * width))
    row = min(9, max(5, math.floor(336 / units) / 2))
    top = 88
    bottom = top + row * units
    right = width - room - 14
    return {"left": 30, "right": right, "bars": right + 14, "top": top, "bottom": bottom, "row": row, "column": (right - 30) / count,
            "height": bottom + 82}  # fmt: skip


def chart(what, values, belief, words, word, answer, width):
    """What a network holds as shapes, each (tag, class, attributes, text), in a frame of ``width``. JavaScript draws the same ones.

    Above, the belief in the answer; below it the values (T, H) as a map, a row for each unit and a column for each word; beside it the
    values after the word that is looked at, as bars. A negative value is a divided cell.
    """
    units, count, signs = values.shape[1], len(words), what in "cgh"
    f, limit = frame(width, units, count), limit_of(what, values)
    left, right, top, bottom, row, column = (f[name] for name in ("left", "right", "top", "bottom", "row", "column"))
    low, high = 76, 24  # the belief, 0 and 1

    def text(kind, x, y, anchor, label):
        return "text", f"lw-mem-{kind}", {"x": _at(x), "y": _at(y), "text-anchor": anchor}, label

    def path(kind, d):
        return "path", f"lw-mem-{kind}", {"d": d}, ""

    def rect(kind, x, y, wide, tall):
        return "rect", f"lw-mem-{kind}", {"x": _at(x), "y": _at(y), "width": _at(wide), "height": _at(tall)}, ""

    def y(part):
        return low - part * (low - high)

    shapes = [text("tick", left, 13, "start", f"belief in {answer}, %")]
    for part in (0, 0.5, 1):
        shapes.append(path("rule", f"M{_at(left)} {_at(y(part))}H{_at(right)}"))
        shapes.append(text("tick", left - 6, y(part) + 4, "end", f"{100 * part:.0f}"))
    shapes.append(rect("ground", left, top, right - left, bottom - top))

    cells = {}
    for unit in range(units):
        start, levels = 0, [_level(value, limit) for value in values[:, unit]]
        for n in range(1, count + 1):
            if n < count and levels[n] == levels[start]:
                continue
            cells.setdefault(levels[start], []).append((unit, start, n - start))
            start = n
    for level in sorted(set(cells) - {0}):
        d = "".join(
            _cell(left + start * column, top + unit * row, long * column, row - 0.7, level < 0) for unit, start, long in cells[level]
        )
        shapes.append(_shade(level, row - 0.7, d))
    for edge in (left + column, right - len(tasks.QUESTION) * column):
        shapes.append(path("edge", f"M{_at(edge)} {_at(top - 4)}V{_at(bottom + 5)}"))

    points = "L".join(f"{_at(left + (n + 0.5) * column)} {_at(y(part))}" for n, part in enumerate(belief))
    shapes.append(path("line", f"M{points}"))
    here = left + (word - 1) * column, high - 5, max(column, 2), bottom - high + 6
    shapes += [rect("halo", *here), rect("here", *here)]
    dot = {"cx": _at(left + (word - 0.5) * column), "cy": _at(y(belief[word - 1])), "r": "4"}
    shapes.append(("circle", "lw-mem-dot", dot, ""))

    every = next(step for step in (1, 2, 4, 5, 8, 10, 16, 32) if step * row >= 26)
    for unit in range(1, units + 1):
        if unit % every == 0 or (unit == 1 and every > 2):
            shapes.append(text("tick", left - 6, top + (unit - 0.5) * row + 4, "end", f"{unit}"))
    shapes.append(text("tick", left - 6, bottom + 17, "end", "unit"))
    shapes.append(text("tick", left, bottom + 17, "start", "name"))
    shapes.append(text("tick", right, bottom + 17, "end", "question"))
    wide = 8.6 * len(words[word - 1])
    middle = min(max(left + (word - 0.5) * column, left + wide / 2), right - wide / 2)
    shapes.append(text("word", middle, bottom + 34, "middle", words[word - 1]))

    bars, end = f["bars"], width - 2
    zero = (bars + end) / 2 if signs else bars
    shapes.append(text("number", bars, 56, "start", short(belief[word - 1])))
    reach = end - zero
    for unit, value in enumerate(values[word - 1]):
        long = min(1, abs(value) / limit) * reach
        x = zero - long if value < 0 else zero
        shapes.append(rect(f"bar lw-mem-{'minus' if value < 0 else 'plus'}", x, top + unit * row + 0.3, long, row - 1.3))
    shapes.append(path("rule", f"M{_at(zero)} {_at(top)}V{_at(bottom)}"))
    ticks = [(-limit, bars, "start"), (0, zero, "middle"), (limit, end, "end")] if signs else [(0, zero, "start"), (limit, end, "end")]
    if signs and end - zero < 12 + 8 * len(f"-{limit}"):
        del ticks[1]
    for value, x, anchor in ticks:
        shapes.append(text("tick", x, bottom + 17, anchor, f"{value}".replace("-", "−")))

    x, yl = 0, bottom + 48
    shapes.append(text("tick", x, yl + 10, "start", f"−{limit}" if signs else "0, shut"))
    x += 7 + 8.2 * (len(f"{limit}") + 1 if signs else 6)
    for level in [*range(-_LEVELS, 0, 2), *range(2, _LEVELS + 1, 2)] if signs else range(2, _LEVELS + 1, 2):
        d = _cell(x, yl, 11, 11, level < 0)
        shapes.append(_shade(level, 11, d))
        x += 12 if level != -2 else 18
    shapes.append(text("tick", x + 4, yl + 10, "start", f"{limit}" if signs else "1, open"))
    now = values[word - 1]
    shapes.append(text("tick", 0, yl + 29, "start", f"at the mark: {signed(now.min())} to {signed(now.max())}"))
    return shapes


def _level(value, limit):
    size = min(_LEVELS, math.floor(_LEVELS * abs(value) / limit + 0.5))
    return -size if value < 0 else size


def _cell(x, y, wide, tall, divided):
    """A stretch of cells as lines along the middle of what they fill: one, or above and below for a divided cell."""
    return "".join(f"M{_at(x)} {_at(y + share * tall)}h{_at(wide)}" for share in ((_EDGE / 2, 1 - _EDGE / 2) if divided else (0.5,)))


def _shade(level, tall, d):
    """How cells of a level are drawn."""
    look = {"stroke-width": f"{tall * (_EDGE if level < 0 else 1):.2f}", "stroke-opacity": f"{abs(level) / _LEVELS:.1f}"}
    return "path", f"lw-mem-cells lw-mem-{'minus' if level < 0 else 'plus'}", {"d": d, **look}, ""


def _weights(argument, module, kind):
    """The weights of a Reader as float32 arrays by name; or one sentence on what is wrong with it."""
    wanted = f"{argument} must be a lstmbook.pytorch.Reader of the kind {kind!r}"
    recurrent, readout = getattr(module, "recurrent", None), getattr(module, "readout", None)
    if recurrent is None or readout is None or not hasattr(module, "embedding"):
        raise ValueError(f"{wanted}, not {type(module).__name__}")
    if type(recurrent).__name__ != kind:
        raise ValueError(f"{wanted}, not of the kind {type(recurrent).__name__!r}")
    if recurrent.num_layers != 1:
        raise ValueError(f"{wanted} with one layer, but this one has {recurrent.num_layers}")
    if module.embedding is None:
        raise ValueError(f"{wanted} that reads words, but this one has no embedding")
    given = {name: array.detach().cpu().numpy() for name, array in module.state_dict().items()}
    words, classes, units = given["embedding.weight"].shape[0], given["readout.weight"].shape[0], recurrent.hidden_size
    if words != tasks.Recall.words or classes != tasks.Recall.classes:
        raise ValueError(
            f"{wanted} for the {tasks.Recall.words} words and {tasks.Recall.classes} languages of tasks.Recall, but this one has {words} "
            f"and {classes}"
        )
    if units > UNITS:
        raise ValueError(f"{wanted} with at most {UNITS} units, but this one has {units}")
    arrays = {
        "E": given["embedding.weight"],
        "W": given["recurrent.weight_ih_l0"],
        "U": given["recurrent.weight_hh_l0"],
        "b": given["recurrent.bias_ih_l0"] + given["recurrent.bias_hh_l0"],
        "V": given["readout.weight"],
        "d": given["readout.bias"],
    }
    arrays = {name: np.asarray(array, "<f4") for name, array in arrays.items()}
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError(f"{argument} has weights that are not finite numbers: its training has diverged")
    return arrays


def _packed(network):
    """Weights as the page gets them: float32, little endian, one after the other in the order E, W, U, b, V, d, in base64."""
    every = b"".join(network[name].tobytes() for name in ("E", "W", "U", "b", "V", "d"))
    return {"features": network["E"].shape[1], "units": network["U"].shape[1], "numbers": base64.b64encode(every).decode()}


def _known(filler):
    """The filler words as a list, each one of the vocabulary; or one sentence on the first that is not."""
    if isinstance(filler, str):
        filler, unknown = parsed(filler)
        if unknown:
            filler = [unknown]
    filler = list(filler)
    for word in filler:
        if word not in tasks.Recall.vocabulary:
            raise traitlets.TraitError(
                f"the networks do not know {word!r}: they know the {tasks.Recall.words} words of tasks.Recall.vocabulary"
            )
    if len(filler) > LONGEST:
        raise traitlets.TraitError(f"filler has {len(filler)} words, but at most {LONGEST} fit between the name and the question")
    return filler


def parsed(text):
    """The words of a text as the vocabulary has them, and the first word that it does not have (or an empty text).

    Capital letters and punctuation do not matter; a name such as "Tamil Nadu" is one word.
    """
    known = {word.lower(): word for word in tasks.Recall.vocabulary}
    raw = [word for word in (each.strip(",.:;!?\"'“”‘’()…_") for each in text.split()) if word]
    words, n = [], 0
    while n < len(raw):
        pair = " ".join(raw[n : n + 2]).lower()
        if n + 1 < len(raw) and pair in known:
            words.append(known[pair])
            n += 2
        elif raw[n].lower() in known:
            words.append(known[raw[n].lower()])
            n += 1
        else:
            return words, raw[n]
    return words, ""


def _within(name, value, low, high):
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise traitlets.TraitError(f"{name} must be a whole number from {low} to {high}, not {value}")
    return int(value)


def _at(value):
    text = f"{value:.1f}"
    return "0.0" if text == "-0.0" else text


def _listed(items):
    items = [str(item) for item in items]
    return " and ".join([*([", ".join(items[:-1])] if items[1:] else []), *items[-1:]])


def _text_width(word, size=17):
    """About how wide a sans-serif font sets ``word``, in pixels."""
    return size * sum(0.28 if c in "fijltrI,.:- " else 0.84 if c in "mwMW…" else 0.69 if c.isupper() else 0.55 for c in word)
