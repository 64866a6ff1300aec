"""Whoever breaks a rule of the book reads one sentence: which file, which cell, and what to do. The template is broken in every way."""

import base64
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import rules

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "templates" / "chapter.ipynb"
ONE_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def at(notebook, text):
    """The one cell that holds a text."""
    (cell,) = (cell for cell in notebook.cells if text in cell.source)
    return cell


def text(old, new):
    """Somebody changes what is written."""

    def change(notebook):
        cell = at(notebook, old)
        cell.source = cell.source.replace(old, new)

    return change


def figure(part, name, value):
    """Somebody changes what the metadata say of the figure."""
    return lambda notebook: at(notebook, "fig, ax").metadata["mystnb"][part].update({name: value})


def output(where, made):
    """Somebody changes what is stored of the cell with a text in it."""
    return lambda notebook: at(notebook, where).update(outputs=made)


def twice(notebook):
    copy = nbformat.from_dict(at(notebook, "fig, ax"))
    notebook.cells.insert(6, copy)
    copy.id = "copy"


def printed(text):
    return [nbformat.v4.new_output("stream", name="stdout", text=text)]


def shown(**data):
    return [nbformat.v4.new_output("display_data", {kind.replace("_", "/"): value for kind, value in data.items()})]


WIDGET = '<div class="lstm-widget" data-widget="fading_memory" data-state="{}"><img alt="x" src="data:image/svg+xml;base64,%s"></div>'
LONG = "This sentence is said once more. " * 20

BROKEN = [
    # the rule, what somebody does, and what they read
    ("opens", text("(ch-your-label)=\n", ""), "cell 1 “# A title that says what is true”: begin it with a label, (ch-your-label)=, and"),
    ("opens", text("*By the end you can", "*You can"), "cell 1 “(ch-your-label)=”: say the promise in a line of its own: *By the"),
    ("opens", text("{bdg-secondary}`30 minutes`", ""), "say how long it takes to read: {bdg-secondary}`30 minutes`"),
    ("opens", text('plt.style.use("lstmbook.book")', ""), "cell 2 “import matplotlib.pyplot as plt”: make the second cell the one of"),
    ("keeps_its", text("## The promise, kept", "## Kept"), "the heading ## The promise, kept is missing: put it behind the exercises"),
    ("keeps_its", text("assert np.isclose(0.97**n, 0.5)", ""), "put one code cell behind it that keeps the promise by an assert"),
    ("keeps_its", text("- The summary has", "The summary has"), "sum it up behind the promise, in 3 to 7 lines that begin with -"),
    ("keeps_its", text("{admonition} In Hinglish", "{admonition} In short"), "tell its idea once more in :::{admonition} In Hinglish"),
    ("keeps_its", text("{cite:t}`hochreiter1997long`", "A paper"), "end it with ## Where to read on, and cite at least one source there"),
    (
        "asks",
        text(":::{admonition} Predict\n:class: predict\nHow long", ":::{note}\nHow long"),
        "it asks 2 times: ask at least 3 times for a",
    ),
    ("cells_are_short", text("f = 0.5 **", "\n".join(["pass"] * 18) + "\nf = 0.5 **"), "it has 20 lines: cut it into cells of at most 18"),
    ("cells_are_short", text("FadingMemory()", " "), "it is empty: delete it"),
    ("lines_fit", text("c = 1.0", "c = 1.0" + 9 * "          #"), "a line has 106 characters, so break it at 78: c = 1.0"),
    ("paragraphs", text("Say what to see", LONG + "Say what to see"), "so cut it at 560: it begins with “This sentence is said once more."),
    ("prints_fits", output("c = 1.0", printed("9" * 80)), "it prints a line of 80 characters, so print at most 78: 999"),
    ("caption", lambda notebook: at(notebook, "fig, ax").metadata.clear(), "the alternative text, what can be seen, for somebody who"),
    ("caption", figure("figure", "caption", ""), "cell 6 “fig, ax = plt.subplots()”: write the caption, what the figure claims and what"),
    ("caption", figure("image", "alt", "a plot"), "into the cell's metadata, at mystnb.image.alt, in more than 80 characters"),
    ("caption", figure("figure", "name", ""), "give the figure a name, fig-your-name, in the cell's metadata, at mystnb.figure.name"),
    ("caption", twice, "cell 7 “fig, ax = plt.subplots()”: two figures are called fig-your-name: rename one"),
    (
        "drawings",
        text("Say what to see", "![](x.svg)\n\nSay what to see"),
        "an image has no alternative text: write what can be seen between the brackets",
    ),
    (
        "drawings",
        text("Say what to see", "```{figure} x.svg\n:name: fig-x\n```\nSay what to see"),
        "a drawing needs a line :alt: what can be seen",
    ),
    (
        "drawings",
        text("Say what to see", "```{figure} x.svg\n:alt: Seen.\n```\nSay what to see"),
        "a drawing needs a line :name: fig-your-name",
    ),
    ("sharp", output("fig, ax", shown(image_png=ONE_PIXEL)), "its figure is 1 pixels wide: draw it in the book's style, at least 900 wide"),
    ("exercises", text(":label: ex-your-check\n", ""), "an exercise needs a line :label: ex-your-label below its title: A check"),
    ("exercises", text("*A problem, ten minutes.*", ""), "there is no exercise that begins with *A problem, ten minutes.*: write one"),
    (
        "exercises",
        text("```{solution-start} ex-your-project\n:class: dropdown\n```\n", ""),
        "the exercise ex-your-project has no solution: write one",
    ),
    (
        "exercises",
        text("} ex-your-project", "} ex-other"),
        "a solution has no exercise: write one with :label: ex-other, or mend the label",
    ),
    (
        "exercises",
        text("assert 0.7**2 < 0.5 < 0.7", "0.7**2"),
        "put one code cell behind it that shows by an assert that the solution of ex-your-check",
    ),
    (
        "exercises",
        text("```{solution-end}\n```\n\n## The promise", "## The promise"),
        "end each solution, behind its code cell, by ```{solution-end}",
    ),
    (
        "voice",
        text("Say what to see", "Simply say what to see"),
        "cell 7 “Simply say what to see in the figure. Th”: leave out “Simply”, here: …Simply say",
    ),
    ("outputs_are_stored", output("c = 1.0", []), "cell 4 “c = 1.0”: its output is not stored: run python tools/notebooks.py "),
    ("outputs_are_stored", output("FadingMemory()", []), "cell 8 “FadingMemory()”: its output is not stored: run python"),
    ("outputs_are_stored", output("fig, ax", printed("no figure")), "its figure is not stored: run python tools/notebooks.py"),
    (
        "outputs_are_stored",
        output("c = 1.0", [nbformat.v4.new_output("error", ename="NameError", evalue="no c")]),
        "and run python tools/notebooks",
    ),
    (
        "outputs_are_stored",
        output("c = 1.0", [nbformat.v4.new_output("stream", name="stderr", text="careful")]),
        "stored output is a warning",
    ),
    (
        "any_machine",
        output("c = 1.0", printed("it took 120 ms")),
        "it prints a time, an address or a version, “120 ms”: print what any machine",
    ),
    (
        "compared",
        lambda notebook: at(notebook, "c = 1.0").metadata.update(tags=["nbval-skip"]),
        "its output would not be compared: take its tags",
    ),
    (
        "picture",
        output("FadingMemory()", shown(text_html=WIDGET % base64.b64encode(b"<svg>").decode())),
        "the picture of its widget is no SVG",
    ),
    ("colours", text("Say what to see", "Say what $f_t$ is"), "write f in its colour, \\textcolor{#D55E00}{f}, in $f_t$"),
    ("colours", text("Say what to see", "Say $\\textcolor{#D55E00}{c}$"), "write c in its colour, \\textcolor{#CC79A7}{c}, in $"),
    ("colours", text("Say what to see", "Say $dc_t$"), "write c in its colour, \\textcolor{#CC79A7}{c}, in $dc_t$"),
    ("names_is_there", text("<half-life>", "<half-lives>"), "the term “half-lives” is not in book/glossary.md: add it there"),
    ("names_is_there", text("hochreiter1997long", "nobody2020"), "the source “nobody2020” is not in book/references.bib: add it there"),
    ("names_is_there", text("{ref}`ch-two-memories`", "{ref}`ch-nowhere`"), "there is no label “ch-nowhere” in the book: mend it"),
]


def named(words):
    (rule,) = (rule for rule in rules.RULES if words in rule.__name__)
    return rule


@pytest.mark.parametrize(("rule", "change", "words"), BROKEN, ids=[f"{rule}-{words[:30]}" for rule, _, words in BROKEN])
def test_a_broken_rule_is_one_sentence_that_says_where_and_what_to_do(tmp_path, rule, change, words):
    notebook, path = nbformat.read(TEMPLATE, 4), tmp_path / "16_broken.ipynb"
    change(notebook)
    nbformat.write(notebook, path)
    found = list(rules.complaints(path, [named(rule)]))
    assert any(words in sentence for sentence in found), found
    assert all(sentence.startswith(str(path)) and "\n" not in sentence for sentence in found)


def test_each_rule_is_broken_here():
    assert {named(rule) for rule, _, _ in BROKEN} == set(rules.RULES) - {rules.it_has_the_size_of_a_sitting}


def test_the_template_keeps_every_rule_but_is_short():
    assert list(rules.kept_as_the_repository_keeps_it(TEMPLATE)) == []
    short, few = rules.complaints(TEMPLATE)
    assert short == "templates/chapter.ipynb: it has 21 cells: write at least 25 and at most 45"
    assert few.startswith("templates/chapter.ipynb: it has ") and few.endswith(" words of prose: write at least 1,500 and at most 3,500")


def test_what_an_editor_leaves_in_a_notebook_is_named(tmp_path):
    notebook = nbformat.read(TEMPLATE, 4)
    notebook.cells[1].metadata["collapsed"] = True
    nbformat.write(notebook, tmp_path / "16_edited.ipynb")
    (sentence,) = rules.kept_as_the_repository_keeps_it(tmp_path / "16_edited.ipynb")
    assert sentence.endswith(f"an editor has left something in it: run python tools/notebooks.py {tmp_path / '16_edited.ipynb'}")


@pytest.mark.parametrize(
    ("name", "code", "said"), [("templates/chapter.ipynb", 1, "it has 21 cells"), ("no.ipynb", 1, "There is no notebook at")]
)
def test_the_command_says_it_too(name, code, said):
    done = subprocess.run([sys.executable, "tools/rules.py", name], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == code and said in done.stdout + done.stderr
