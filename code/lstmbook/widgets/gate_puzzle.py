"""A game in which the reader is the network: three gates for each word, five levels."""

import html
import textwrap

import numpy as np
import traitlets

from lstmbook import tasks
from lstmbook.palette import PALETTE
from lstmbook.widgets import BookWidget

CLOSE = 0.01
"""How near h has to be to the h of an answer to be read as that answer."""

_ZERO = 1e-9  # what rounding leaves of a memory that was counted up and down again
_REACH = 1.2  # the number at the brim of a vessel
_CODES = {"Maharashtra": 0.9, "Punjab": 0.7, "Kerala": 0.4}  # the candidates of the names


class _Gates(traitlets.List):
    """A list that may also be given as an array."""

    def validate(self, obj, value):
        return super().validate(obj, value.tolist() if isinstance(value, np.ndarray) else value)


class GatePuzzle(BookWidget):
    """A sentence goes by word by word, and the reader sets the forget, input and output gate of a memory of one number.

    At step t, with the candidate g_t given and the gates f, i, o each 0 (closed) or 1 (open)::

        c_t = f * c_{t-1} + i * g_t
        h_t = o * tanh(c_t)

    An answer is read from h: of the answers whose code a has tanh(a) within 0.01 of h, the nearest; "garbled" if there is none. A closed
    output gate and an empty memory both give h = 0, so a level also asks that the output gate is open where a question stands. Fillers are
    junk, and their candidates are negative: no sum of them can be taken for an answer.

    Levels 1 to 3 have gates for every word; 4 and 5 have them for every *kind* of sign, and one rule has to be right for three strings.

    Args:
        level: which of the levels, 1 to 5.
        gates: a row [f, i, o] of zeros and ones for each word, or for each kind of sign; a list or an array. All closed if it is left out.
        used_hint: whether the hint has been read; then a solved level is worth one star.

    Attributes:
        level, gates, used_hint: set them from Python and the page changes, play in the page and Python sees it. A change of the level
            closes all gates.
        levels: the sentences, candidates, goals and hints (read only).
        memory: c after every word, an array; for levels 4 and 5 a list of three arrays (read only).
        shown: h after every word, in the same way (read only).
        answers: what is read at each question (read only).
        openings: how many gates are open (read only).
        par: the fewest gates that have to be open to solve the level (read only).
        solved: whether every answer is right and nothing is shown elsewhere (read only).
        stars: 3 for a level solved with the fewest openings, 2 with more, 1 after the hint, 0 if it is not solved (read only).

    Raises:
        traitlets.TraitError: for a level that is not there, or gates that do not fit the level.

    >>> view = GatePuzzle(level=1)
    >>> view.gates = [[0, 1, 0]] + [[1, 0, 0]] * 12 + [[1, 0, 1]]
    >>> print(view.message())
    Shown: Marathi. Solved with 15 gate openings, the fewest possible: 3 stars.
    >>> view.memory[[0, -1]].tolist(), round(view.shown[-1].item(), 2)
    ([0.9, 0.9], 0.72)
    """

    stem = "gate_puzzle"

    level = traitlets.Int(1).tag(sync=True)
    gates = _Gates(traitlets.List(traitlets.Int())).tag(sync=True)
    used_hint = traitlets.Bool(False).tag(sync=True)
    levels = traitlets.List(read_only=True).tag(sync=True)

    def __init__(self, level=1, gates=None, used_hint=False, **kwargs):
        self.set_trait("levels", levels())
        given = {} if gates is None else {"gates": gates}
        super().__init__(level=level, used_hint=used_hint, **given, **kwargs)

    @traitlets.default("gates")
    def _all_closed(self):
        return closed(self._puzzle)

    @traitlets.validate("level")
    def _level_is_there(self, proposal):
        if not 1 <= proposal["value"] <= len(self.levels):
            raise traitlets.TraitError(f"level must be a whole number from 1 to {len(self.levels)}, not {proposal['value']}")
        return proposal["value"]

    @traitlets.validate("gates")
    def _gates_fit(self, proposal):
        if not fit(self._puzzle, proposal["value"]):
            of = "kind of sign" if self._puzzle["rules"] else "word"
            raise traitlets.TraitError(
                f"gates must be {len(closed(self._puzzle))} rows [f, i, o] of zeros and ones, one for each {of} of level {self.level}"
            )
        return [[int(gate) for gate in row] for row in proposal["value"]]

    @traitlets.observe("level")
    def _other_level(self, change):
        if not fit(self._puzzle, self.gates):  # they do fit when a page sends a level together with its gates
            self.reset()

    @property
    def _puzzle(self):
        return self.levels[self.level - 1]

    @property
    def memory(self):
        """The long-term memory after each word, for each string of a level with rules, otherwise of its one string."""
        return self._one_or_all([c for c, _ in play(self._puzzle, self.gates)])

    @property
    def shown(self):
        """The short-term memory after each word, as :attr:`memory`."""
        return self._one_or_all([h for _, h in play(self._puzzle, self.gates)])

    @property
    def answers(self):
        """What the network answers where it is asked."""
        return answers(self._puzzle, self.gates)

    @property
    def openings(self):
        """How many gates are open, over all words."""
        return sum(map(sum, self.gates))

    @property
    def par(self):
        """How many gates our own solution opens."""
        return sum(map(sum, self._puzzle["solution"]))

    @property
    def solved(self):
        """Are all answers right?"""
        return check(self._puzzle, self.gates, self.used_hint)["ok"]

    @property
    def stars(self):
        """0 unless solved; then 1 with the hint, 3 with no more open gates than ours, 2 with more."""
        return stars(self._puzzle, self.gates, self.used_hint)

    def message(self):
        """What is shown, and then the first step that spoils it, or how well the level is solved."""
        return check(self._puzzle, self.gates, self.used_hint)["message"]

    def solve(self):
        """Set the gates of the reference solution. That counts as a hint."""
        self.used_hint = True
        self.gates = self._puzzle["solution"]

    def reset(self):
        """Close all gates of this level, and forget that its hint was read."""
        self.used_hint = False
        self.gates = closed(self._puzzle)

    def description(self):
        puzzle = self._puzzle
        read = "; ".join("“" + " ".join(shown for shown, _, _ in s["steps"]) + "”" for s in puzzle["strings"])
        total = 3 * len(self.gates)
        return (
            f"The gate puzzle, level {self.level} of {len(self.levels)}: {puzzle['title']}. To read: {read}. "
            f"{self.openings} of {total} gates are open. {self.message()}"
        )

    def picture(self):
        return _draw(self._puzzle, self.level, self.gates, self.message())

    def _one_or_all(self, arrays):
        return arrays if self._puzzle["rules"] else arrays[0]


def levels():
    """The five levels as plain lists and dictionaries, which the page gets too.

    Each has a title, a goal, a hint; ``unit`` and ``holds``, the words for a step and for what the memory holds; ``reads``, the codes and
    the answers they stand for; ``rules``, the kinds of signs by label and name (none in a sentence); ``strings``, whose ``steps`` are
    [sign, candidate, row of the gates] and whose ``asks`` are [step of the question, first step that matters, right answer]; ``solution``.
    """
    languages = [[0, "unknown"], *([code, tasks.STATES[name]] for name, code in _CODES.items())]
    keep, write, show, shut = [1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 0]

    def sentence(words, junk, asks):
        words = words.split() if isinstance(words, str) else words
        return [{"steps": [[word, _CODES.get(_plain(word), junk[t % len(junk)]), t] for t, word in enumerate(words)], "asks": asks}]

    def signs(text, candidates, rows, want):
        steps = [[sign, candidates[sign], rows.get(sign, rows[""])] for sign in text]
        return {"steps": steps, "asks": [[len(text) - 1, 0, want]]}

    junk = {"m": -0.8, "n": -0.5, "g": -0.4, "o": -0.7, "s": -0.5, "b": -0.7, "c": -0.4, "?": -0.4}
    letters = {"a": 0, "": 1, "?": 2}
    counted = {**junk, "a": 0.3}
    brackets = {"(": 0, ")": 1, "": 2, "?": 3}
    matched = {**junk, "a": -0.5, "(": 0.3, ")": -0.3}
    return [
        {
            "title": "One fact",
            "goal": "Carry the name through the sentence. At the last word show the language; show nothing before.",
            "hint": "Write only at “Maharashtra”. Keep at every later word, and let nothing else in. Show at the last word.",
            "unit": "word",
            "holds": "name",
            "reads": languages,
            "rules": [],
            "strings": sentence(tasks.sentence("Maharashtra", gap=8).shown, [-0.7, -0.6, -0.8], [[13, 0, "Marathi"]]),
            "solution": [write, *[keep] * 12, show],
        },
        {
            "title": "Two facts, the second is asked",
            "goal": "Two states are named, and the question is about the second. At the last word show its language; show nothing before.",
            "hint": "At “Kerala” close the forget gate and open the input gate: the old name is out, the new one is in. Then keep it.",
            "unit": "word",
            "holds": "name",
            "reads": languages,
            "rules": [],
            "strings": sentence(
                "Punjab grows wheat, Kerala grows coconuts, and the language spoken there is", [-0.6, -0.9, -0.8], [[11, 3, "Malayalam"]]
            ),
            "solution": [*[shut] * 3, write, *[keep] * 7, show],
        },
        {
            "title": "Forget at the full stop",
            "goal": "At the first “speak” show the language of Punjab. The second “speak” is about a state without a name: open the output "
            "gate there too, and show that the memory is empty. It then reads “unknown”.",
            "hint": "A full stop ends the old fact. Close the forget gate there, and the memory is empty. Write nothing after it.",
            "unit": "word",
            "holds": "name",
            "reads": languages,
            "rules": [],
            "strings": sentence(
                "Punjab is green, people there speak . The next state is cold, people there speak",
                [-0.6, -0.8, -0.5],
                [[5, 0, "Punjabi"], [14, 6, "unknown"]],
            ),
            "solution": [write, *[keep] * 4, show, *[shut] * 8, [0, 0, 1]],
        },
        {
            "title": "Count",
            "goal": "How many letters a? Now you set one rule for each kind of sign, and it reads all three words. At “?” show "
            "the count; show nothing before.",
            "hint": "Each a adds 0.3 to the count if its input gate is open and the old count is kept. Other letters keep the count "
            "and add nothing. So does “?”, which also shows it.",
            "unit": "letter",
            "holds": "count",
            "reads": [[0, "0"], [0.3, "1"], [0.6, "2"], [0.9, "3"], [1.2, "4"]],
            "rules": [["a", "every a"], ["other letters", "every other letter"], ["?", "the question mark"]],
            "strings": [signs(f"{word}?", counted, letters, want) for word, want in [("mango", "1"), ("samosa", "2"), ("banana", "3")]],
            "solution": [[1, 1, 0], keep, show],
        },
        {
            "title": "Brackets",
            "goal": "Are all brackets closed? One rule for each kind of sign reads all three strings. At “?” show how many are still "
            "open; show nothing before. In no string does a “)” come too early: the count at the end could not tell.",
            "hint": "“(” adds 0.3 and “)” takes 0.3 away, so both write, and both keep what was there. Letters only keep. “?” keeps "
            "and shows.",
            "unit": "sign",
            "holds": "count",
            "reads": [[0, "balanced"], [0.3, "1 open"], [0.6, "2 open"], [0.9, "3 open"]],
            "rules": [
                ["(", "every opening bracket"],
                [")", "every closing bracket"],
                ["letters", "every letter"],
                ["?", "the question mark"],
            ],
            "strings": [
                signs(f"{text}?", matched, brackets, want)
                for text, want in [("((a(b)))", "balanced"), ("(((m)n", "2 open"), ("(a)(b", "1 open")]
            ],
            "solution": [[1, 1, 0], [1, 1, 0], keep, show],
        },
    ]


def closed(puzzle):
    """All gates of a level, closed."""
    return [[0, 0, 0] for _ in puzzle["rules"] or puzzle["strings"][0]["steps"]]


def fit(puzzle, gates):
    """Whether ``gates`` has a row of three zeros and ones for each row of the level."""
    return len(gates) == len(closed(puzzle)) and all(len(row) == 3 and set(row) <= {0, 1} for row in gates)


def play(puzzle, gates):
    """The long-term memory c and what is shown of it, h, after every step: a pair of arrays for each string of the level."""
    played = []
    for string in puzzle["strings"]:
        c, memory, shown = 0.0, [], []
        for _, g, row in string["steps"]:
            f, i, o = gates[row]
            c = f * c + i * g
            memory.append(c)
            shown.append(o * np.tanh(c))
        played.append((np.array(memory), np.array(shown)))
    return played


def read(puzzle, h):
    """The answer that ``h`` stands for, or "garbled"."""
    distance, answer = min((abs(h - np.tanh(code)), answer) for code, answer in puzzle["reads"])
    return answer if distance < CLOSE else "garbled"


def answers(puzzle, gates):
    """What is read at each question, in order; "nothing" where the output gate is closed."""
    return [
        read(puzzle, h[ask]) if gates[string["steps"][ask][2]][2] else "nothing"
        for string, (_, h) in zip(puzzle["strings"], play(puzzle, gates), strict=True)
        for ask, _, _ in string["asks"]
    ]


def check(puzzle, gates, used_hint=False):
    """Whether the level is solved, what to say, and which step of which string spoils it first.

    Returns:
        {"ok", "message", "string", "step"}; ``string`` and ``step`` count from 0 and are None if the level is solved or no gate is open.
    """
    openings, best = sum(map(sum, gates)), sum(map(sum, puzzle["solution"]))
    told = (", " if puzzle["rules"] else ", then ").join(answers(puzzle, gates))
    wrong = _first_wrong(puzzle, gates) if openings else (None, None, "Every gate is closed: nothing is written, kept or shown.")
    if wrong:
        string, step, what = wrong
    else:
        string = step = None
        what = {
            3: f"Solved with {openings} gate openings, the fewest possible: 3 stars.",
            2: f"Solved, with {openings} gate openings where {best} are enough: 2 stars.",
            1: "Solved after the hint: 1 star.",
        }[_worth(openings, best, used_hint)]
    return {"ok": not wrong, "message": f"Shown: {told}. {what}", "string": string, "step": step}


def stars(puzzle, gates, used_hint=False):
    """What the gates are worth: 0 to 3 stars."""
    if not check(puzzle, gates)["ok"]:
        return 0
    return _worth(sum(map(sum, gates)), sum(map(sum, puzzle["solution"])), used_hint)


def number(value, digits):
    """A number with a true minus sign, and without one where it rounds to 0."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def _worth(openings, best, used_hint):
    return 1 if used_hint else 3 if openings <= best else 2


def _first_wrong(puzzle, gates):
    """The string, the step and the sentence of the first mistake, or None. No mistake: every answer is right, and h is 0 elsewhere."""
    played, ideal = play(puzzle, gates), play(puzzle, puzzle["solution"])
    for n, (string, (c, h), (should, _)) in enumerate(zip(puzzle["strings"], played, ideal, strict=True)):
        start = 0
        for ask, since, want in string["asks"]:
            wrong = []
            if read(puzzle, np.tanh(c[ask])) != want:  # it went wrong where the memory left the right way for the last time
                step = ask
                while step > since and abs(c[step - 1] - should[step - 1]) > _ZERO:
                    step -= 1
                wrong.append((step, _cause(puzzle, gates, string, step, c[step - 1] if step else 0.0)))
            early = next((t for t in range(start, ask) if abs(h[t]) > _ZERO), None)
            if early is not None:
                wrong.append((early, "the output gate is open: the memory is shown before the question."))
            if not gates[string["steps"][ask][2]][2]:
                wrong.append((ask, "the output gate is closed: no answer is shown."))
            if wrong:
                step, what = min(wrong, key=lambda each: each[0])  # the first of those at the same step
                return n, step, f"{_place(puzzle, string, step)} {what}"
            start = ask + 1
    return None


def _cause(puzzle, gates, string, step, before):
    row = string["steps"][step][2]
    (f, i, _), (keep, write, _) = gates[row], puzzle["solution"][row]
    holds, held = puzzle["holds"], abs(before) > _ZERO
    if write and not i:
        return "the input gate is closed: it is not written." if holds == "name" else "the input gate is closed: it does not count."
    if held and f and not keep:
        what = "the new name is added to the old one." if write else "the old name stays."
        return f"the forget gate is open: {what}"
    if i and not write:
        where = f"is added to the {holds}" if held and f else f"is written over the {holds}" if held else "goes into the empty memory"
        return f"the input gate is open: its junk {where}."
    return f"the forget gate is closed: the {holds} is lost."


def _place(puzzle, string, step):
    sign = _plain(string["steps"][step][0])
    called = {".": "the full stop", "?": "the question mark"}.get(sign, f"“{sign}”")
    if not puzzle["rules"]:
        return f"At {puzzle['unit']} {step + 1}, {called},"
    text = "".join(sign for sign, _, _ in string["steps"][:-1])
    return f"In “{text}”, at {puzzle['unit']} {step + 1}, {called},"


def _plain(word):
    return word.rstrip(",")


def _draw(puzzle, level, gates, message):
    width, left, gap = 720, 104, 6
    ink, soft = "#111", PALETTE["rnn"]["on_light"]
    kinds = ["forget", "input", "output"]
    cell, hidden, candidate = PALETTE["cell"], PALETTE["hidden"], PALETTE["candidate"]
    parts = []

    def text(x, y, words, fill=ink, size=13, anchor="middle", bold=False, wide=None):
        fitted = f' textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs"' if wide else ""
        heavy = ' font-weight="bold"' if bold else ""
        place = f'x="{x:.1f}" y="{y:.1f}" fill="{fill}" font-size="{size}" text-anchor="{anchor}"'
        parts.append(f"<text {place}{heavy}{fitted}>{html.escape(words)}</text>")

    def gate(x, y, kind, letter, is_open):
        colour = PALETTE[kind]
        fill = colour["colour"] if is_open else "#fff"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="10" fill="{fill}" stroke="{colour["on_light"]}" stroke-width="1.3"/>')
        text(x, y + 4.5, letter, "#111" if is_open else colour["on_light"], 13, bold=is_open)

    def vessel(x, y, c, tall=44):
        zero, at = y + tall / 2, max(-_REACH, min(_REACH, c)) / _REACH * tall / 2
        parts.append(
            f'<rect x="{x - 11:.1f}" y="{min(zero, zero - at):.1f}" width="22" height="{abs(at):.1f}" fill="{cell["colour"]}"/>'
            f'<rect x="{x - 11:.1f}" y="{y:.1f}" width="22" height="{tall}" fill="none" stroke="{soft}"/>'
            f'<path d="M{x - 11:.1f} {zero:.1f}h22" stroke="{soft}"/>'
        )

    def columns(string, c, h, y, with_gates):
        steps, first = string["steps"], 0
        asks = {ask for ask, _, _ in string["asks"]}
        while first < len(steps):
            x, last = left, first
            while last < len(steps) and x + _column(steps[last][0]) <= width - 16:
                x, last = x + _column(steps[last][0]) + gap, last + 1
            down = 58 + (84 if with_gates else 0)
            text(16, y + 30, "candidate g", candidate["on_light"], 12, "start")
            if with_gates:
                for n, (kind, words) in enumerate(zip(kinds, ["f keep", "i write", "o show"], strict=True)):
                    text(16, y + 56 + 26 * n, words, PALETTE[kind]["on_light"], 12, "start")
            text(16, y + down + 8, "memory c", cell["on_light"], 12, "start")
            text(16, y + down + 59, "shown h", hidden["on_light"], 12, "start")
            x = left
            for t in range(first, last):
                (word, g, row), wide = steps[t], _column(steps[t][0])
                middle = x + wide / 2
                text(middle, y + 12, word, wide=_wide(word), bold=t in asks)
                text(middle, y + 30, number(g, 1), candidate["on_light"], 12)
                if with_gates:
                    for n, (kind, letter) in enumerate(zip(kinds, "fio", strict=True)):
                        gate(middle, y + 52 + 26 * n, kind, letter, gates[row][n])
                vessel(middle, y + down - 20, c[t])
                text(middle, y + down + 41, number(c[t], 1), cell["on_light"], 12)
                text(middle, y + down + 59, number(h[t], 2), hidden["on_light"] if abs(h[t]) > _ZERO else soft, 12)
                x += wide + gap
            y, first = y + down + 82, last
        return y

    text(16, 30, f"Level {level}: {puzzle['title']}", size=17, anchor="start", bold=True)
    y = 52
    for line in textwrap.wrap(puzzle["goal"], 96):
        text(16, y, line, soft, 13, "start")
        y += 18
    y += 14
    if puzzle["rules"]:
        x = 16
        for (label, _), row in zip(puzzle["rules"], gates, strict=True):
            wide = _wide(label)
            text(x, y + 4.5, label, anchor="start", wide=wide, bold=True)
            for n, (kind, letter) in enumerate(zip(kinds, "fio", strict=True)):
                gate(x + wide + 20 + 25 * n, y, kind, letter, row[n])
            x += wide + 114
        y += 34
    for string, (c, h) in zip(puzzle["strings"], play(puzzle, gates), strict=True):
        y = columns(string, c, h, y, not puzzle["rules"])
    y += 4
    for line in textwrap.wrap(message, 80):
        text(16, y, line, size=15, anchor="start", bold=True)
        y += 21
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" width="{width}" height="{y}" font-family="sans-serif">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
    )


def _column(word):
    return max(44, _wide(word) + 8)


def _wide(word, size=13):
    """About how wide a sans-serif font sets ``word``, in pixels, so that the columns fit the words in any viewer."""
    return size * sum(0.28 if c in "fijltrI,.:-()" else 0.84 if c in "mwMW" else 0.69 if c.isupper() else 0.55 for c in word)
