"""What a chapter must be, as far as a machine can see: for all that is amiss a sentence, which says where, and what to do.

    python tools/rules.py                           every chapter
    python tools/rules.py chapters/16_my_title.ipynb

Each rule is a function of a notebook that yields a cell, or None for the whole, and the words about it. ``tests/test_book.py`` holds every
chapter to every rule. What a notebook prints when it is run, and whether the site builds, is asked elsewhere.
"""

import argparse
import ast
import base64
import functools
import itertools
import json
import re
import struct
import sys
import xml.dom.minidom
from pathlib import Path

import nbformat
import notebooks

ROOT = Path(__file__).resolve().parents[1]
AVOIDED = re.compile(
    r"\b(simply|obviously|trivial(ly)?|clearly|just|delve|powerful|seamless(ly)?|straightforward|easy to see|of course)\b|!(?!\[)",
    re.IGNORECASE,
)
"""Words that tell a reader nothing, or that the matter should be easy."""
TERM = re.compile(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`")
CITED = re.compile(r"\{cite:[a-z]\}`([^`]+)`")
REFERENCE = re.compile(r"\{(?:ref|numref)\}`(?:[^`<]*<)?([^`>]+)>?`")
SYMBOLS = {"f": "forget", "i": "input", "g": "candidate", "o": "output", "c": "cell", "h": "hidden"}
PALETTE = json.loads((ROOT / "code" / "lstmbook" / "palette.json").read_text("utf-8"))
COLOURED = re.compile(r"\\textcolor\{(#\w{6})\}\{(?:d?([figoch])(?![A-Za-z]))?(?:[^{}]|\{[^{}]*\})*\}")
BARE = re.compile(r"(?<![\\A-Za-z_^])(?<![_^]\{)d?([figoch])(?![A-Za-z(])")
"""A symbol of a formula in a colour, and without one; the blame of a symbol, d and it, has its colour."""
STORED_BY = "run python tools/notebooks.py on this file"


def code(notebook):
    """The code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown(notebook):
    """The cells of prose."""
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def prose(notebook):
    """All prose as one text."""
    return "\n\n".join(cell.source for cell in markdown(notebook))


def figures(notebook):
    """The cells that have drawn something, or will when they are run."""
    return [cell for cell in code(notebook) if re.search(r"\bplt\.show\(", cell.source) or pictures(cell)]


def pictures(cell):
    """The PNG pictures that a cell has stored, as bytes."""
    return [base64.b64decode(output.data["image/png"]) for output in cell.outputs if "image/png" in output.get("data", {})]


def it_has_the_size_of_a_sitting(chapter):
    for count, what, least, most in (
        (len(chapter.cells), "cells", 25, 45),
        (len(re.findall(r"\w+", prose(chapter))), "words of prose", 1500, 3500),
    ):
        if not least <= count <= most:
            yield None, f"it has {count:,} {what}: write at least {least:,} and at most {most:,}"


def it_opens_with_a_label_a_promise_and_a_time(chapter):
    if len(chapter.cells) < 2:
        return
    opening, second = chapter.cells[:2]
    if not re.match(r"\(ch-[a-z-]+\)=\n# ", opening.source):
        yield opening, "begin it with a label, (ch-your-label)=, and on the next line with # and the title"
    if not re.search(r"^\*By the end you can .+\*$", opening.source, re.MULTILINE):
        yield opening, "say the promise in a line of its own: *By the end you can ...*"
    if not re.search(r"\{bdg-secondary\}`\d+ minutes`", opening.source):
        yield opening, "say how long it takes to read: {bdg-secondary}`30 minutes`"
    if second.cell_type != "code" or "import" not in second.source or 'plt.style.use("lstmbook.book")' not in second.source:
        yield second, 'make the second cell the one of the imports, with plt.style.use("lstmbook.book") at its end'


def it_keeps_its_promise_by_an_assertion(chapter):
    at = next((k for k, cell in enumerate(chapter.cells) if "## The promise, kept" in cell.source), None)
    if at is None:
        yield None, "the heading ## The promise, kept is missing: put it behind the exercises"
        return
    kept, rest = chapter.cells[at + 1 : at + 2], chapter.cells[at + 2 :]
    if not (kept and kept[0].cell_type == "code" and "assert" in kept[0].source):
        yield chapter.cells[at], "put one code cell behind it that keeps the promise by an assert"
    text = "\n".join(cell.source for cell in rest)
    if not 3 <= len(re.findall(r"^- ", text.split("##")[0], re.MULTILINE)) <= 7:
        yield None, "sum it up behind the promise, in 3 to 7 lines that begin with - "
    if ":::{admonition} In Hinglish\n:class: dropdown" not in text:
        yield None, "tell its idea once more in :::{admonition} In Hinglish with :class: dropdown, behind the summary"
    if "## Where to read on" not in text or "{cite" not in text:
        yield None, "end it with ## Where to read on, and cite at least one source there: {cite:t}`key`"


def it_asks_before_it_tells(chapter):
    asked = prose(chapter).count(":::{admonition} Predict\n:class: predict")
    if asked < 3:
        yield None, f"it asks {asked} times: ask at least 3 times for a prediction, with :::{{admonition}} Predict and :class: predict"


def its_cells_are_short(chapter):
    for cell in code(chapter):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        if not lines:
            yield cell, "it is empty: delete it"
        if len(lines) > 18:
            yield cell, f"it has {len(lines)} lines: cut it into cells of at most 18"


def its_lines_fit_the_page(chapter):
    for cell in code(chapter):
        for line in cell.source.splitlines():
            if len(line) > 78:
                yield cell, f"a line has {len(line)} characters, so break it at 78: {line.strip()}"


def its_paragraphs_are_short(chapter):
    """At most five lines of about 90 characters, as the website sets them."""
    for cell in markdown(chapter):
        for paragraph in re.split(r"\n\s*\n", cell.source):
            long = len(re.sub(r"\{[a-z:-]+\}|\\textcolor\{#\w+\}", "", paragraph))
            if long > 560 and "Hinglish" not in cell.source and not re.match(r"\s*(\||```|:::|- |\$\$|#)", paragraph):
                yield cell, f"a paragraph has {long} characters, so cut it at 560: it begins with “{paragraph[:40]}”"


def what_it_prints_fits_the_page(chapter):
    for cell in code(chapter):
        for line in "".join(output.get("text", "") for output in cell.outputs).splitlines():
            if len(line) > 78 and "____" not in line:  # the sentence itself may fold
                yield cell, f"it prints a line of {len(line)} characters, so print at most 78: {line}"


def its_figures_have_a_caption_and_say_what_they_show(chapter):
    if not figures(chapter):
        yield None, "it has no figure: draw one"
    names = []
    for cell in figures(chapter):
        about = cell.metadata.get("mystnb", {})
        figure, image = about.get("figure", {}), about.get("image", {})
        for at, text, least, what in (
            ("figure.caption", figure.get("caption", ""), 60, "the caption, what the figure claims and what is drawn,"),
            ("image.alt", image.get("alt", ""), 80, "the alternative text, what can be seen, for somebody who cannot see it,"),
        ):
            if len(text) <= least:
                yield cell, f"write {what} into the cell's metadata, at mystnb.{at}, in more than {least} characters"
        if figure.get("caption") and figure["caption"] == image.get("alt"):
            yield cell, "the caption and the alternative text are the same: let the second tell what can be seen"
        if not re.fullmatch(r"fig-[a-z0-9-]+", figure.get("name", "")):
            yield cell, "give the figure a name, fig-your-name, in the cell's metadata, at mystnb.figure.name"
        elif figure["name"] in names:
            yield cell, f"two figures are called {figure['name']}: rename one, in the cell's metadata, at mystnb.figure.name"
        names.append(figure.get("name"))


def its_drawings_say_what_they_show(chapter):
    for cell in markdown(chapter):
        for block in re.findall(r"```\{(?:figure|image)\}.*?```", cell.source, re.DOTALL):
            for option, what in ((":alt:", "what can be seen"), (":name:", "fig-your-name")):
                if option not in block:
                    yield cell, f"a drawing needs a line {option} {what}: {block.splitlines()[0]}"
        if re.search(r"!\[\s*\]\(|<img(?![^>]*\balt=\"[^\"])", cell.source):
            yield cell, "an image has no alternative text: write what can be seen between the brackets of ![]"


def its_figures_are_sharp_and_small(chapter):
    for cell in figures(chapter):
        for image in pictures(cell):
            wide = struct.unpack(">I", image[16:20])[0]
            if wide < 900:
                yield cell, f"its figure is {wide} pixels wide: draw it in the book's style, at least 900 wide"
            if len(image) >= 150_000:
                yield cell, f"its figure takes {len(image):,} bytes: draw fewer things, until it takes less than 150,000"


def its_exercises_have_solutions_that_run(chapter):
    text = prose(chapter)
    labels = re.findall(r"```\{exercise\}[^\n]*\n:label: (\S+)", text)
    solved = re.findall(r"```\{solution-start\} (\S+)", text)
    for cell in markdown(chapter):
        for title in re.findall(r"```\{exercise\}([^\n]*)\n(?!:label: )", cell.source):
            yield cell, f"an exercise needs a line :label: ex-your-label below its title:{title}"
    for kind, time in (("check", "one minute"), ("problem", "ten minutes"), ("project", "an evening")):
        if not re.search(rf"\n\*A {kind}, ", text):
            yield None, f"there is no exercise that begins with *A {kind}, {time}.*: write one"
    for label in labels:
        if label not in solved:
            yield None, f"the exercise {label} has no solution: write one, from ```{{solution-start}} {label} to ```{{solution-end}}"
    for label in solved:
        at = next(k for k, cell in enumerate(chapter.cells) if f"{{solution-start}} {label}" in cell.source)
        after = chapter.cells[at + 1 : at + 2]
        if label not in labels:
            yield chapter.cells[at], f"a solution has no exercise: write one with :label: {label}, or mend the label"
        if not (after and after[0].cell_type == "code" and "assert" in after[0].source):
            yield chapter.cells[at], f"put one code cell behind it that shows by an assert that the solution of {label} is right"
    if sorted(labels) == sorted(solved) and labels != solved:
        yield None, f"put each solution behind its exercise: the exercises are {', '.join(labels)}, the solutions {', '.join(solved)}"
    if text.count("```{solution-end}") != len(solved):
        yield None, "end each solution, behind its code cell, by ```{solution-end}"


def its_voice_is_the_books(chapter):
    for cell in markdown(chapter):
        without_code = re.sub(r"`[^`]*`|\$[^$]*\$|:::\{admonition\} In Hinglish.*?:::", "", cell.source, flags=re.DOTALL)
        for found in AVOIDED.finditer(without_code):
            yield cell, f"leave out “{found[0]}”, here: …{' '.join(without_code[max(0, found.start() - 30) : found.end() + 20].split())}…"


def its_outputs_are_stored(chapter):
    for cell in code(chapter):
        for output in cell.outputs:
            if output.output_type == "error":
                yield cell, f"a stored output is an error, so mend the cell and {STORED_BY}: {output.ename}: {output.evalue}"
            elif output.get("name") == "stderr":
                yield cell, f"a stored output is a warning, so mend its cause and {STORED_BY}: {output.text.strip().splitlines()[0]}"
        if not cell.outputs and shows(cell.source):
            yield cell, f"its output is not stored: {STORED_BY}"
        elif cell in figures(chapter) and not pictures(cell):
            yield cell, f"its figure is not stored: {STORED_BY}"


def shows(source):
    """Does a cell print, draw, or end in a widget? What only defines a function does not."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    run = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    calls = {ast.unparse(node.func) for part in run for node in ast.walk(part) if isinstance(node, ast.Call)}
    last = getattr(tree.body[-1], "value", None) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    ends = last and (isinstance(last, ast.Name) or (isinstance(last, ast.Call) and re.match(r"[A-Z]", ast.unparse(last.func))))
    return bool(calls & {"print", "plt.show", "display"} or ends)


def its_outputs_are_those_of_any_machine(chapter):
    for cell in code(chapter):
        for output in cell.outputs:
            text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            if found := re.search(r"0x[0-9a-f]{6,}|\d+ ?ms\b|\bseconds\b|\d+\.\d+\.\d+|/home/|/tmp/|site-packages", text):
                yield cell, f"it prints a time, an address or a version, “{found[0]}”: print what any machine prints alike"


def its_outputs_are_compared(chapter):
    """But for that of a widget that is made of what was trained, which no two processors share to the last digit."""
    for cell in code(chapter):
        stored = "".join("".join(output.get("data", {}).get("text/html", "")) for output in cell.outputs)
        trained = re.search('data-widget="(phase_diagram|memory_reader)"', stored) and len(cell.outputs) == 1
        if "NBVAL" in cell.source or (cell.metadata.get("tags") and not (cell.metadata.tags == ["nbval-ignore-output"] and trained)):
            yield cell, "its output would not be compared: take its tags and NBVAL away, and print what any machine prints alike"


def its_widgets_are_stored_with_a_picture(chapter):
    """A browser without JavaScript shows nothing of a picture with one wrong sign in it."""
    for cell in code(chapter):
        stored = "".join("".join(output.get("data", {}).get("text/html", "")) for output in cell.outputs)
        for drawing in re.findall('data:image/svg\\+xml;base64,([^"]*)', stored):
            try:
                good = xml.dom.minidom.parseString(base64.b64decode(drawing)).documentElement.tagName == "svg"
            except xml.parsers.expat.ExpatError:
                good = False
            if not good:
                yield cell, f"the picture of its widget is no SVG: mend picture() of the widget, then {STORED_BY}"


def its_symbols_have_their_colours(chapter):
    """But in headings, whose text is an address too, and in the language a^n b^n c^n, whose c is a letter."""
    for cell in markdown(chapter):
        for formula in formulas(cell.source):
            bare = re.sub(r"\\(text|mathrm)\{[^{}]*\}", "", COLOURED.sub("", formula))
            wrong = [symbol for hue, symbol in COLOURED.findall(formula) if symbol and hue != colour_of(symbol)]
            for symbol in sorted({*wrong, *BARE.findall("" if "a^n" in formula else bare)}):
                yield cell, f"write {symbol} in its colour, \\textcolor{{{colour_of(symbol)}}}{{{symbol}}}, in {' '.join(formula.split())}"


def formulas(text):
    """The formulas of a text, those in lines of their own included, those of code and headings not."""
    text = re.sub(r"`[^`\n]*`|^```.*?^```$|^#.*?$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\$\$.+?\$\$|\$[^$\n]+\$", text, flags=re.DOTALL)


def colour_of(symbol):
    """The colour of a symbol in every formula."""
    return PALETTE[SYMBOLS[symbol]]["colour"]


def what_it_names_is_there(chapter):
    for cell in markdown(chapter):
        for term in sorted(set(TERM.findall(cell.source)) - set(terms())):
            yield cell, f"the term “{term}” is not in book/glossary.md: add it there, or write {{term}}`shown <term>`"
        for key in itertools.chain.from_iterable(re.split(r",\s*", keys) for keys in CITED.findall(cell.source)):
            if key not in sources():
                yield cell, f"the source “{key}” is not in book/references.bib: add it there"
        for label in sorted(set(REFERENCE.findall(cell.source)) - labels_of(chapter) - labels()):
            yield cell, f"there is no label “{label}” in the book: mend it, or put ({label})= before what is meant"


def terms():
    """The terms of the glossary, in its order."""
    text = (ROOT / "book" / "glossary.md").read_text("utf-8").split("{glossary}")[1]
    return re.findall(r"^(\S[^\n]*)\n  \S", text, re.MULTILINE)


def sources():
    """The keys of the bibliography."""
    return set(re.findall(r"^@\w+\{(\w+),", (ROOT / "book" / "references.bib").read_text("utf-8"), re.MULTILINE))


def labels_of(chapter):
    """The labels that a chapter gives, those of its figures too."""
    named = {cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in code(chapter)}
    return named | set(re.findall(LABEL, prose(chapter), re.MULTILINE))


LABEL = r"^(?:\((?=.*\)=$)|:label: |:name: )([\w-]+)"


@functools.cache
def labels():
    """The labels of all chapters and pages."""
    found = {label for path in (ROOT / "book").glob("*.md") for label in re.findall(LABEL, path.read_text("utf-8"), re.MULTILINE)}
    return found.union(*(labels_of(nbformat.read(path, 4)) for path in chapters()))


RULES = [
    it_has_the_size_of_a_sitting,
    it_opens_with_a_label_a_promise_and_a_time,
    it_keeps_its_promise_by_an_assertion,
    it_asks_before_it_tells,
    its_cells_are_short,
    its_lines_fit_the_page,
    its_paragraphs_are_short,
    what_it_prints_fits_the_page,
    its_figures_have_a_caption_and_say_what_they_show,
    its_drawings_say_what_they_show,
    its_figures_are_sharp_and_small,
    its_exercises_have_solutions_that_run,
    its_voice_is_the_books,
    its_outputs_are_stored,
    its_outputs_are_those_of_any_machine,
    its_outputs_are_compared,
    its_widgets_are_stored_with_a_picture,
    its_symbols_have_their_colours,
    what_it_names_is_there,
]


def chapters():
    """The paths of all chapters, in order."""
    return sorted((ROOT / "chapters").glob("*.ipynb"))


def kept_as_the_repository_keeps_it(path):
    text = path.read_text("utf-8")
    try:
        nbformat.validate(nbformat.reads(text, 4))
    except nbformat.ValidationError as error:
        yield f"{said(path)}: it is no valid notebook, so save it once in JupyterLab: {error.message}"
    if text.rstrip("\n") != nbformat.writes(notebooks.normalise(nbformat.reads(text, 4))).rstrip("\n"):
        yield f"{said(path)}: an editor has left something in it: run python tools/notebooks.py {said(path)}"


def said(path):
    """How a sentence names a file: from the root of the repository."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def complaints(path, rules=RULES):
    """All that is amiss with the notebook at ``path``, sentence by sentence."""
    notebook = nbformat.read(path, 4)
    for cell, words in itertools.chain.from_iterable(rule(notebook) for rule in rules):
        where = f", cell {notebook.cells.index(cell) + 1} “{cell.source.lstrip().partition(chr(10))[0][:40]}”" if cell else ""
        yield f"{said(path)}{where}: {words.replace('on this file', str(said(path)))}"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, help="notebooks; every chapter if none is named")
    amiss = 0
    for path in [path.resolve() for path in parser.parse_args(arguments).paths] or chapters():
        if not path.is_file():
            sys.exit(f"There is no notebook at {path}.")
        found = [*kept_as_the_repository_keeps_it(path), *complaints(path)]
        print("\n".join(found) or f"{said(path)}: all rules are kept")
        amiss += len(found)
    sys.exit(bool(amiss))


if __name__ == "__main__":
    main()
