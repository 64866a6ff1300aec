"""The real series against values that others have published."""

import sys

import numpy as np
import pytest

from lstmbook import data

# Wolfer's sunspot numbers from 1770 on, as Box and Jenkins print them (Time Series Analysis, series E), in whole numbers.
WOLFER = "101 82 66 35 31 7 20 92 154 125 85 68 38 23 10 24 83 132 131 118 90 67 60 47 41 21 16 6 4 7 14 34 45 43 48 42 28 10 8 2 0 1 5 12"

# Monthly means at Mauna Loa, in ppm, January to December, as R prints its dataset co2. They are centred on the month and on an earlier
# calibration scale, so they differ by some tenths.
MAUNA_LOA = {
    1965: "319.27 320.28 320.73 321.97 322.00 321.71 321.05 318.71 317.66 317.14 318.70 319.25",
    1980: "337.84 338.19 339.91 340.60 341.29 341.00 339.39 337.43 335.72 335.84 336.93 338.04",
    1997: "363.23 364.06 364.61 366.40 366.84 365.68 364.52 362.57 360.24 360.83 362.49 364.34",
}


def numbers(text):
    return np.array([float(word) for word in text.split()])


def test_every_year_from_1700_to_2008_has_one_sunspot_number():
    years, counts = data.sunspots()
    assert years.tolist() == list(range(1700, 2009))
    assert counts.shape == years.shape and np.isfinite(counts).all() and counts.min() >= 0


def test_sunspots_are_those_that_box_and_jenkins_print():
    years, counts = data.sunspots()
    published = numbers(WOLFER)
    ours = counts[years >= 1770][: len(published)]
    assert np.abs(ours - published).max() <= 1


def test_the_first_version_of_the_sunspot_series_is_meant():
    """Version 2 of 2015 gives 1957 the value 269.3."""
    years, counts = data.sunspots()
    assert counts[years == 1957].item() == 190.2
    assert counts[years == 1810].item() == 0.0


def test_every_month_from_may_1964_to_december_2001_has_one_value():
    months, ppm = data.co2()
    assert np.allclose(months, 1964 + np.arange(4, 456) / 12)
    assert ppm.shape == months.shape and np.isfinite(ppm).all()


@pytest.mark.parametrize("year", MAUNA_LOA)
def test_carbon_dioxide_is_that_of_the_published_months(year):
    months, ppm = data.co2()
    first = np.abs(months - year).argmin()
    assert np.abs(ppm[first : first + 12] - numbers(MAUNA_LOA[year])).max() < 0.5


@pytest.mark.parametrize("series", [data.sunspots, data.co2])
def test_without_statsmodels_one_sentence_says_what_is_missing(series, monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    monkeypatch.delitem(sys.modules, "statsmodels.datasets", raising=False)
    with pytest.raises(ImportError, match=r"comes with the package statsmodels, which is not installed here: pip install statsmodels$"):
        series()
