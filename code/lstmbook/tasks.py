"""The problems that the book's networks learn, each with its chance level and its source.

*Recall* is the sentence that runs through the whole book: a state of India is named, other words follow, and then the language spoken
there is asked for. *BareRecall* is the same with symbols for words. *Adding* and *TemporalOrder* are two classics from the paper that
introduced the LSTM. All draw from the generator that is passed in, so one seed gives one set of batches.
"""

from dataclasses import dataclass

import numpy as np

from lstmbook import checks

STATES = {
    "Andhra Pradesh": "Telugu",
    "Arunachal Pradesh": "English",
    "Assam": "Assamese",
    "Bihar": "Hindi",
    "Chhattisgarh": "Hindi",
    "Goa": "Konkani",
    "Gujarat": "Gujarati",
    "Haryana": "Hindi",
    "Himachal Pradesh": "Hindi",
    "Jharkhand": "Hindi",
    "Karnataka": "Kannada",
    "Kerala": "Malayalam",
    "Madhya Pradesh": "Hindi",
    "Maharashtra": "Marathi",
    "Manipur": "Manipuri",
    "Meghalaya": "English",
    "Mizoram": "Mizo",
    "Nagaland": "English",
    "Odisha": "Odia",
    "Punjab": "Punjabi",
    "Rajasthan": "Hindi",
    "Sikkim": "Nepali",
    "Tamil Nadu": "Tamil",
    "Telangana": "Telugu",
    "Tripura": "Bengali",
    "Uttar Pradesh": "Hindi",
    "Uttarakhand": "Hindi",
    "West Bengal": "Bengali",
}
"""The 28 states of India and, for each, one official language: the question the book asks of every sentence.

India is far more multilingual than one language a state; the choice is explained in :mod:`lstmbook.data`.
"""

LANGUAGES = tuple(sorted(set(STATES.values())))
"""The possible answers, in alphabetical order. An answer is a number: the index into this tuple."""

QUESTION = ("the", "language", "spoken", "there", "is")

_OPENERS = ("is a beautiful state", "is a big place", "is beautiful", "thrives")
_CLAUSES = (
    "it has many cities",
    "its vegetation is lush and green",
    "its people love cricket more than anything",
    "the economy grows",
    "it has its own team of cricketers",
    "the trains run late",
    "its food is famous in the whole country",
    "tourists come",
    "farmers sow rice when the first rain falls",
    "rivers flow through its old towns",
    "the markets are loud and full of colour",
    "children play",
    "a new road joins the villages",
    "its festivals last for many days and nights",
    "students fill the libraries",
    "the hills turn green after every monsoon",
)
# The notes that the book grew from, less the two clauses that name Mumbai and so give the answer away.
_CLAUSES_OF_THE_NOTES = (
    "it has twenty-five cities",
    "it has beautiful vegetation",
    "it has an IPL team that everybody loves because of one batsman",
    "it is the engine of the economy of India",
)
_LENGTHS = {text: len(text.split()) for text in _OPENERS + _CLAUSES + _CLAUSES_OF_THE_NOTES}


@dataclass(frozen=True)
class Sentence:
    """A sentence about one state, cut just before its last word.

    Attributes:
        state: the name at the start, one word to the network even where it is written as two.
        gap: how many filler words stand between the name and the question.
        shown: the words with their commas, as a reader sees them.
        answer: the missing last word.
    """

    state: str
    gap: int
    shown: tuple[str, ...]
    answer: str

    @property
    def words(self):
        """The words without commas, as a network reads them: ``1 + gap + 5`` of them."""
        return tuple(word.rstrip(",:") for word in self.shown)

    def __str__(self):
        return " ".join(self.shown) + " ____"


def sentence(state="Maharashtra", gap=5, rng=None):
    """A sentence about ``state`` in which ``gap`` filler words stand between the name and the question.

    With a generator the filler is drawn at random; without one it comes in a fixed order, and Maharashtra gets the
    clauses of the notes that this book grew from.

    Args:
        state: one of the names in :data:`STATES`.
        gap: how many filler words, 0 or more.
        rng: a ``numpy.random.Generator``, or None.

    Returns:
        A :class:`Sentence` of ``1 + gap + 5`` words.

    Raises:
        ValueError: for a state that is not in the list, or a gap that is not a whole number of at least 0.

    >>> print(sentence("Maharashtra", gap=5))
    Maharashtra is a beautiful state and the language spoken there is ____
    >>> sentence("Kerala", gap=0).answer
    'Malayalam'
    """
    if state not in STATES:
        raise ValueError(f"{state!r} is not one of the 28 states: see tasks.STATES")
    gap = _whole("gap", gap)
    clauses = _filler(gap, rng, notes=state == "Maharashtra" and rng is None)
    shown = [state, *(word for clause in clauses for word in f"{clause},".split())]
    if len(shown) <= gap:
        shown[-1:] = [shown[-1].rstrip(","), "and"]
    if gap == 0:
        shown = [state + ":"]
    return Sentence(state, gap, (*shown, *QUESTION), STATES[state])


def _filler(gap, rng, notes=False):
    """An opener and whole clauses of ``gap`` words together, or of one word less, since no clause is as short as that."""

    def drawn(texts):
        return texts if rng is None else [texts[k] for k in rng.permutation(len(texts)).tolist()]

    openers = drawn(_OPENERS)
    if gap == 0:
        return []
    chosen = [next(text for text in openers if _LENGTHS[text] <= gap)]
    left = gap - _LENGTHS[chosen[0]]
    while left > 1:
        for text in drawn(_CLAUSES_OF_THE_NOTES + _CLAUSES if notes else _CLAUSES):
            if _LENGTHS[text] <= left:
                chosen.append(text)
                left -= _LENGTHS[text]
    return chosen


def _whole(name, number, least=0):
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {number!r}")
    return int(number)


def _range(name, given, least=0):
    ends = (given, given) if np.ndim(given) == 0 else tuple(given)
    if len(ends) != 2:
        raise ValueError(f"{name} is one number or a pair (shortest, longest), not {given!r}")
    shortest, longest = (_whole(name, end, least) for end in ends)
    if shortest > longest:
        raise ValueError(f"the shortest {name}, {shortest}, is larger than the longest, {longest}")
    return shortest, longest


def _drawable(rng, size):
    checks.generator(rng)
    if _whole("size", size) == 0:
        raise ValueError("size is 0: a batch needs at least one sentence")


class Recall:
    """The sentence as a task: read a state and ``gap`` filler words, then name the language.

    Every batch draws its states from ``states``, each with the same chance, and its filler at random. Given two gaps, each batch
    draws one gap from that range (both ends included) and all its sentences share it, so that no padding is needed.

    Source: the book's own notes. As a problem for networks it is the *latch* problem of Bengio, Simard and Frasconi
    (1994) in words: something said at the start decides the answer at the end.

    Args:
        gap: a whole number, or a pair ``(shortest, longest)``.
        states: the names to draw from; all 28 by default.

    Attributes:
        vocabulary: every word that can occur, the states first; the same for every gap. ``words`` is V, their number.
        languages: the possible answers, :data:`LANGUAGES`. ``classes`` is K, their number.
        chance: accuracy of the best constant answer, which has read nothing.

    >>> task = Recall(gap=5)
    >>> tokens, answers = task.batch(np.random.default_rng(0), size=3)
    >>> tokens.shape, answers.shape
    ((11, 3), (3,))
    >>> round(task.chance, 2)  # always "Hindi": 9 of the 28 states
    0.32
    """

    vocabulary = tuple(STATES) + tuple(
        sorted({w for text in (*_OPENERS, *_CLAUSES, *_CLAUSES_OF_THE_NOTES, *QUESTION, "and") for w in text.split()})
    )
    words = len(vocabulary)
    languages = LANGUAGES
    classes = len(LANGUAGES)

    def __init__(self, gap=5, states=tuple(STATES)):
        self.shortest, self.longest = _range("gap", gap)
        self._number = {word: k for k, word in enumerate(self.vocabulary)}
        self._numbers = {text: [self._number[word] for word in text.split()] for text in _OPENERS + _CLAUSES}
        self._question = [self._number[word] for word in QUESTION]
        self.states = tuple(states)
        for state in self.states:
            if state not in STATES:
                raise ValueError(f"{state!r} is not one of the 28 states: see tasks.STATES")
        if not self.states:
            raise ValueError("states is empty: name at least one state")
        answers = [STATES[state] for state in self.states]
        self.chance = max(map(answers.count, answers)) / len(answers)

    def encode(self, sentence):
        """The words of one sentence as numbers, shape ``(T, 1)``: a batch of one."""
        return np.array([[self._number[word]] for word in sentence.words])

    def batch(self, rng, size):
        """Draw ``size`` sentences.

        Args:
            rng: a ``numpy.random.Generator``.
            size: how many sentences, B.

        Returns:
            tokens: word numbers, ``(T, B)`` with ``T = 1 + gap + 5``, time first.
            answers: language numbers, ``(B,)``.
        """
        _drawable(rng, size)
        gap = int(rng.integers(self.shortest, self.longest + 1))
        states = [self.states[k] for k in rng.integers(len(self.states), size=size).tolist()]
        rows = []
        for state in states:  # sentence() and encode(), without the words
            row = [self._number[state], *(number for clause in _filler(gap, rng) for number in self._numbers[clause])]
            rows.append(row + [self._number["and"]] * (1 + gap - len(row)) + self._question)
        return np.stack(rows, axis=1), np.array([LANGUAGES.index(STATES[state]) for state in states])


class BareRecall:
    """Recall with symbols for words: the first is the answer, then ``gap`` fillers drawn at random, then a mark that asks for it.

    Given two gaps, each batch draws one gap from that range, as :class:`Recall` does.

    Source: the *latch* problem of Bengio, Simard and Frasconi (1994) with more than two answers.

    Args:
        gap: a whole number, or a pair ``(shortest, longest)``.
        keys: K, how many symbols can stand first; each is drawn with the same chance.
        fillers: how many symbols the gap is drawn from.

    Attributes:
        words: V, how many symbols there are: first the keys, then the fillers, last the mark.
        classes: K.
        chance: accuracy of any constant answer, ``1 / K``.

    >>> tokens, answers = BareRecall(gap=5).batch(np.random.default_rng(0), size=3)
    >>> tokens.shape, bool((tokens[0] == answers).all())
    ((7, 3), True)
    """

    def __init__(self, gap, keys=12, fillers=60):
        self.shortest, self.longest = _range("gap", gap)
        self.classes, self.fillers = _whole("keys", keys, 1), _whole("fillers", fillers, 1)
        self.words, self.chance = self.classes + self.fillers + 1, 1 / self.classes

    def batch(self, rng, size):
        """Draw ``size`` sequences: tokens ``(T, B)`` with ``T = 1 + gap + 1``, and answers ``(B,)``."""
        _drawable(rng, size)
        gap = int(rng.integers(self.shortest, self.longest + 1))
        answers = rng.integers(self.classes, size=size)
        filler = rng.integers(self.classes, self.classes + self.fillers, size=(gap, size))
        mark = np.full(size, self.words - 1)
        return np.vstack([answers, filler, mark]), answers


class Adding:
    """The adding problem: of a long list of numbers two are marked, and their sum is asked for at the end.

    Every step shows a number drawn from -1 to 1 and a marker. Two markers are 1: one among the first ten steps, the other among the
    first ``T / 2 - 1`` that are still unmarked, where T is the shortest length. The first and the last step carry -1, all others 0;
    should the first step be one of the two, its number is 0. The target is ``0.5 + (X1 + X2) / 4``, which lies between 0 and 1.

    Source: Hochreiter and Schmidhuber (1997), whose lengths are drawn from T to T + T/10 for every sequence. Here a batch shares one
    length, so that no padding is needed.

    Args:
        length: T, a whole number of at least 20, or a pair ``(shortest, longest)``.

    Attributes:
        inputs: D, two numbers a step.
        chance: the squared error of the best constant answer, which has read nothing: the variance of the target, 1/24 less what the
            marked first steps take away.

    >>> x, targets = Adding(length=100).batch(np.random.default_rng(0), size=3)
    >>> x.shape, targets.shape
    ((100, 3, 2), (3, 1))
    >>> round(Adding(length=100).chance, 3)
    0.039
    """

    inputs = 2

    def __init__(self, length=(100, 110)):
        self.shortest, self.longest = _range("length", length, least=20)
        first_marked = 1 / 10 + 9 / 10 / (self.shortest // 2 - 1)
        self.chance = (2 - first_marked) / 3 / 16  # each number has the variance 1/3, and 4 divides the sum

    def batch(self, rng, size):
        """Draw ``size`` sequences: numbers and markers ``(T, B, 2)``, and targets ``(B, 1)``."""
        _drawable(rng, size)
        T, every = int(rng.integers(self.shortest, self.longest + 1)), np.arange(size)
        x = np.zeros((T, size, 2))
        x[:, :, 0] = rng.uniform(-1, 1, (T, size))
        x[0, :, 1] = x[-1, :, 1] = -1
        first = rng.integers(10, size=size)
        second = rng.integers(self.shortest // 2 - 1, size=size)
        second += second >= first  # one of the steps that are still unmarked
        x[first, every, 1] = x[second, every, 1] = 1
        x[0, x[0, :, 1] == 1, 0] = 0
        total = x[first, every, 0] + x[second, every, 0]
        return x, 0.5 + total[:, None] / 4


class TemporalOrder:
    """Two signals, X or Y each, are hidden far apart among noise; which came first and which second?

    A sequence opens with E and ends with B; all else is noise from a, b, c, d, but for X or Y at two places: one between a tenth and a
    fifth of the length, one between five and six tenths.

    Source: Hochreiter and Schmidhuber (1997), experiment 6a: lengths 100 to 110, places 10 to 20 and 50 to 60. Here a batch shares one
    length, so that no padding is needed, and the places go with it.

    Args:
        length: T, a whole number of at least 10, or a pair ``(shortest, longest)``.

    Attributes:
        vocabulary: the eight symbols; ``words`` is V, their number.
        classes: K = 4: X then X, X then Y, Y then X, Y then Y.
        chance: accuracy of any constant answer, 1/4.

    >>> task = TemporalOrder(length=20)
    >>> tokens, answers = task.batch(np.random.default_rng(1), size=1)
    >>> "".join(task.vocabulary[k] for k in tokens[:, 0]), int(answers[0])
    ('EcddYaddabdYbdbbccaB', 3)
    """

    vocabulary = tuple("XYabcdEB")
    words, classes, chance = 8, 4, 1 / 4

    def __init__(self, length=(100, 110)):
        self.shortest, self.longest = _range("length", length, least=10)

    def batch(self, rng, size):
        """Draw ``size`` sequences: tokens ``(T, B)`` and answers ``(B,)``."""
        _drawable(rng, size)
        T, every = int(rng.integers(self.shortest, self.longest + 1)), np.arange(size)
        tokens = rng.integers(2, 6, size=(T, size))
        tokens[0], tokens[-1] = self.vocabulary.index("E"), self.vocabulary.index("B")
        signals = rng.integers(2, size=(2, size))
        for signal, (earliest, latest) in zip(signals, ((T // 10, T // 5), (T // 2, T * 6 // 10)), strict=True):
            tokens[rng.integers(earliest, latest + 1, size=size), every] = signal
        return tokens, 2 * signals[0] + signals[1]
