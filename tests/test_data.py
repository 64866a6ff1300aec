"""The text that comes with Python, against Python itself."""

import re
import sys
from pydoc_data.topics import topics

import pytest

from lstmbook import data


def test_every_topic_of_python_is_there_in_alphabetical_order():
    reference = data.python_reference()
    assert list(reference) == sorted(topics)
    assert 300_000 < sum(map(len, reference.values())) < 900_000


def test_the_alphabet_is_small_letters_digits_signs_space_and_new_line():
    assert len(data.ALPHABET) == len(set(data.ALPHABET)) == 70
    assert data.ALPHABET.lower() == data.ALPHABET
    assert {"\n", " ", "a", "z", "0", "9", "~", '"'} <= set(data.ALPHABET)


@pytest.mark.parametrize("name", ["lambda", "with", "strings", "compound"])
def test_only_letters_case_and_white_space_have_changed(name):
    """The words of a topic are those that Python prints, but for their capitals."""
    text = data.python_reference()[name]
    assert re.findall("[a-z]+", text) == re.findall("[a-z]+", topics[name].translate({0x2019: "'"}).lower())
    assert set(text) <= set(data.ALPHABET)
    assert not re.search(r" \n|\n\n\n|\t", text) and re.search(r"[^\n]\n\Z", text)


def test_sections_stand_twice():
    reference = data.python_reference()
    paragraphs = [p for p in reference["with"].split("\n\n") if len(p) > 200]
    assert paragraphs and sum(p in reference["compound"] for p in paragraphs) > len(paragraphs) / 2


def test_a_python_without_the_text_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(ModuleNotFoundError, match=r"this Python came without its reference text, the module pydoc_data\.topics"):
        data.python_reference()
