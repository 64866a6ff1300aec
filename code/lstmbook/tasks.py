"""The problems that the book's networks learn, each with its chance level and its source.

So far there is one: *recall*, the sentence that runs through the whole book. A state of India is named, other
words follow, and then the language spoken there is asked for.
"""

from dataclasses import dataclass

import numpy as np

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
    notes = state == "Maharashtra" and rng is None
    clauses = _CLAUSES_OF_THE_NOTES + _CLAUSES if notes else _CLAUSES
    openers = _OPENERS
    if rng is not None:
        openers = [openers[k] for k in rng.permutation(len(openers))]
    return Sentence(state, gap, (*_filler(state, gap, openers, clauses, rng), *QUESTION), STATES[state])


def _filler(state, gap, openers, clauses, rng):
    """The name and ``gap`` words after it: an opener, whole clauses, and a last "and" where one word is left."""
    if gap == 0:
        return [state + ":"]
    parts = [next(words for words in map(str.split, openers) if len(words) <= gap)]
    left = gap - len(parts[0])
    while left > 1:
        order = clauses if rng is None else [clauses[k] for k in rng.permutation(len(clauses))]
        for words in map(str.split, order):
            if len(words) <= left:
                parts.append(words)
                left -= len(words)
    shown = [state]
    for k, words in enumerate(parts):
        comma = "" if left and k == len(parts) - 1 else ","
        shown += [*words[:-1], words[-1] + comma]
    return shown + ["and"] * left


def _whole(name, number):
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
        raise ValueError(f"{name} must be a whole number of at least 0, not {number!r}")
    return int(number)


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
        vocabulary: every word that can occur, the states first; the same for every gap.
        languages: the possible answers, :data:`LANGUAGES`.
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
    languages = LANGUAGES

    def __init__(self, gap=5, states=tuple(STATES)):
        ends = (gap, gap) if np.ndim(gap) == 0 else tuple(gap)
        if len(ends) != 2:
            raise ValueError(f"gap is one number or a pair (shortest, longest), not {gap!r}")
        self.shortest, self.longest = (_whole("gap", end) for end in ends)
        if self.shortest > self.longest:
            raise ValueError(f"the shortest gap, {self.shortest}, is larger than the longest, {self.longest}")
        self._number = {word: k for k, word in enumerate(self.vocabulary)}
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
        if _whole("size", size) == 0:
            raise ValueError("size is 0: a batch needs at least one sentence")
        gap = int(rng.integers(self.shortest, self.longest + 1))
        drawn = [sentence(self.states[k], gap, rng) for k in rng.integers(len(self.states), size=size)]
        tokens = np.concatenate([self.encode(each) for each in drawn], axis=1)
        return tokens, np.array([LANGUAGES.index(each.answer) for each in drawn])
