"""The real data in the book: what it is, where it comes from, and its licence. The two series need ``statsmodels``, which ships them.

**The 28 states and their languages** (:data:`lstmbook.tasks.STATES`). The book needs one answer for each state, so it takes one official
language of that state. This is a simplification: many states have several official languages, every state speaks many more, and in some
the official language is not the one most people speak at home. The language taken is the sole one or the first one named in the state's
own official language act, or, where that leaves a choice, by the Commissioner for Linguistic Minorities in India (52nd report, 2016);
Sikkim's act of 1977 names Nepali first, Meghalaya's of 2005 English, and Mizoram has Mizo, English and Hindi side by side. Names and
languages can change by law: a bill to rename Kerala "Keralam" was before Parliament in 2026.
The table is a list of facts and carries no licence of its own.

**The filler clauses** of the sentences are the book's own (CC BY 4.0, like all its text).

**Python's own reference text** (:func:`python_reference`). The pages that ``help("lambda")`` and its like print: 79 topics in Python 3.11
to 3.13, about half a million characters. They come with Python, in the module ``pydoc_data.topics``, which is made from the Python
Language Reference and parts of the Library Reference. Copyright Python Software Foundation, under the PSF License Version 2; the examples
in them are also under the Zero-Clause BSD License. The book reads them from the reader's own Python and copies none of them, so the text
differs a little from version to version.
"""

import re

import numpy as np

ALPHABET = "\n" + "".join(chr(code) for code in range(32, 127) if not chr(code).isupper())
"""The 70 characters of :func:`python_reference`: the new line, and the printable ASCII characters without the capital letters."""

_PLAIN = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "ß": "ss"})


def sunspots():
    """The number of sunspots in each year from 1700 to 2008: how active the sun was.

    A sunspot number is not a plain count. Rudolf Wolf defined it as ``k (10 g + s)``, with ``g`` groups of spots, ``s`` single spots and
    a factor ``k`` that makes observers alike; the value of a year is the mean of its days, where days were recorded. The early values,
    above all those before 1749, rest on few observations and are less certain. This is the first version of the series (Zurich
    Observatory until 1980, Royal Observatory of Belgium after), as it stood until 2015, when a second version corrected it and changed
    its scale: do not mix the two.

    Returns:
        years: ``(309,)``, whole numbers.
        counts: ``(309,)``, mean daily sunspot number of the year, without unit, at least 0; none is missing.

    Raises:
        ImportError: when statsmodels, whose copy is read, is not installed.

    Source: National Geophysical Data Center, Boulder, in the file that statsmodels ships as ``statsmodels.datasets.sunspots`` and marks as
    public domain. Nothing is downloaded.

    >>> years, counts = sunspots()
    >>> int(years[counts.argmax()]), float(counts.max())
    (1957, 190.2)
    """
    table = _shipped("sunspots").load_pandas().data
    return table["YEAR"].to_numpy().astype(int), table["SUNACTIVITY"].to_numpy(float)


def co2():
    """Carbon dioxide in the air at Mauna Loa, Hawaii, each month from May 1964 to December 2001.

    The series is weekly from March 1958; 59 weeks of its 2,284 were not measured, and five months before May 1964 have no week at all. A
    month here is the mean of its measured weeks (named by their Saturdays), so that no value had to be filled in.

    Returns:
        months: ``(452,)``, the beginning of each month as a year with a fraction: 1964.5 is July 1964.
        ppm: ``(452,)``, molecules of carbon dioxide in a million of dry air; none is missing.

    Raises:
        ImportError: when statsmodels, whose copy is read, is not installed.

    Source: C. D. Keeling and T. P. Whorf, Scripps Institution of Oceanography, from the Carbon Dioxide Information Analysis Center, in the
    file that statsmodels ships as ``statsmodels.datasets.co2`` and marks as public domain. Nothing is downloaded.

    >>> months, ppm = co2()
    >>> float(months[2]), round(float(ppm[2]))
    (1964.5, 320)
    """
    weeks = _shipped("co2").load_pandas().data["co2"]
    means = weeks.groupby([weeks.index.year, weeks.index.month]).mean().loc[(1964, 5) :]
    years, months = (np.asarray(level, float) for level in zip(*means.index, strict=True))
    return years + (months - 1) / 12, means.to_numpy()


def _shipped(name):
    try:
        import statsmodels.datasets
    except ImportError:
        raise ImportError(
            f"the series {name!r} comes with the package statsmodels, which is not installed here: pip install statsmodels"
        ) from None
    return getattr(statsmodels.datasets, name)


def python_reference():
    """The reference text that comes with Python, one text a topic, in a small alphabet.

    Capital letters become small, typographic quotes and dashes plain ones, and what then is not in :data:`ALPHABET` a question mark.
    Spaces at the end of a line and more than one empty line in a row are dropped. The line breaks stay as they are.

    Returns:
        A dictionary from a topic's name to its text, in alphabetical order. Each text ends with one new line. The texts repeat one
        another in whole sections: what stands in "with" stands in "compound" as well.

    Raises:
        ModuleNotFoundError: when this Python came without its reference text, as some reduced builds do.

    Source: the Python Software Foundation's documentation of Python; see the top of this module for the licence.

    >>> reference = python_reference()
    >>> reference["lambda"].splitlines()[:2]
    ['lambdas', '*******']
    >>> set("".join(reference.values())) <= set(ALPHABET)
    True
    """
    try:
        from pydoc_data.topics import topics
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "this Python came without its reference text, the module pydoc_data.topics; a full Python, such as python.org's, has it"
        ) from None
    return {name: _plain(topics[name]) for name in sorted(topics)}


def _plain(text):
    text = text.translate(_PLAIN).lower()
    text = "".join(character if character in ALPHABET else "?" for character in text.expandtabs())
    text = re.sub(" +\n", "\n", text)
    return re.sub("\n{3,}", "\n\n", text).strip("\n") + "\n"
