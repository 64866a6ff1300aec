"""What a student gets back: one page with the marks, the comments and what went wrong, without hidden tests.

A marked notebook holds the hidden tests, and errors quote them. The page is made of the notebook without them: of a test's error only the
last line is kept, what a test cell printed is left out, and so is any other output that repeats a line of a hidden test.
"""

import functools
import html
from pathlib import Path

import nbformat

from coursework import fast

WAITING = "Not marked yet; until then it counts nothing in the sum above."


def without_secrets(notebook, seed=None):
    """The notebook without its hidden tests and whatever shows them or the seed; a new node.

    A seed of few digits is looked for nowhere: it stands in many an honest output, and can be guessed.
    """
    hidden = {line.strip() for cell in notebook.cells for part in fast.HIDDEN.findall(cell.source) for line in part.split("\n")}
    secrets = {line for line in hidden if len(line) > 12 and "HIDDEN TESTS" not in line}
    secrets |= {str(seed)} if len(str(seed)) > 5 else set()
    shown = nbformat.from_dict(notebook)
    for cell in shown.cells:
        cell.source = fast.HIDDEN.sub("", cell.source).rstrip("\n")
        if cell.cell_type == "code":
            test = fast.info(cell).get("grade") and not fast.is_manual(cell)
            cell.outputs = [kept for output in cell.outputs if (kept := _shown(output, secrets, test))]
    return shown


def _shown(output, secrets, test):
    """An output as a student sees it, or None."""
    if output.output_type == "error":
        words = f"{output.ename}: {output.evalue}"
        if any(line in words for line in secrets):
            words = output.ename = "the error of this cell repeats a hidden test, and is not shown"
        trace = [words] if test or any(line in text for text in output.traceback for line in secrets) else output.traceback
        return nbformat.v4.new_output("error", ename=output.ename, evalue=words, traceback=trace)
    text = output.get("text") or str(output.get("data", {}).get("text/plain", ""))
    return None if test or any(line in text for line in secrets) else output


def page(name, notebook, scores, most, comments, seed=None):
    """The page of one student, as HTML.

    Args:
        name: the assignment, the title of the page.
        notebook: as it was marked, its text.
        scores: ``{id: points}``, None where nobody has marked yet.
        most: ``{id: points}`` that can be had.
        comments: ``{id: text}``.
        seed: of the hidden tests.
    """
    shown = without_secrets(nbformat.reads(notebook, 4), seed)
    for cell in shown.cells:
        about = fast.info(cell)
        question = about.get("grade_id")
        if about.get("grade"):
            about["score"], about["points"] = scores.get(question) or 0.0, most[question]
        if about.get("solution"):
            about["comment"] = comments.get(question) or (WAITING if about.get("grade") and scores.get(question) is None else None)
    shown.cells.insert(0, nbformat.v4.new_markdown_cell(summary(shown, scores, most)))
    sums = {"score": sum(score or 0 for score in scores.values()), "max_score": sum(most.values()), "late_penalty": 0}
    made, _ = exporter().from_notebook_node(shown, resources={"nbgrader": {"notebook": name} | sums, "metadata": {"name": name}})
    return made


def summary(shown, scores, most):
    """What was lost, and why, in a few lines of Markdown."""
    lost, waiting = [], []
    for cell in shown.cells:
        name = fast.info(cell).get("grade_id")
        if fast.info(cell).get("grade") and scores.get(name) is None:
            waiting.append(f"`{name}`")
        elif fast.info(cell).get("grade") and scores[name] < most[name]:
            why = next(
                (
                    ": `" + output.evalue.replace("`", "'").replace("\n", " ")[:300] + "`"
                    for output in cell.get("outputs", [])
                    if output.output_type == "error"
                ),
                "",
            )
            lost.append(f"- `{name}`: {scores[name]:g} of {most[name]:g}{why}")
    lines = ["## What was lost, and why", "", *lost] if lost else ["## Nothing was lost"]
    return "\n".join([*lines, "", *([f"A person has still to mark {', '.join(waiting)}."] if waiting else [])])


def refusal(name, reason):
    """The page of a student whose work could not be marked."""
    sentence = html.escape(f"Your work on {name} could not be marked: {reason}.")
    return f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>{name}</title><p>{sentence}</p></html>\n'


@functools.cache
def exporter():
    """nbconvert with nbgrader's template for feedback."""
    import nbgrader.server_extensions.formgrader as formgrader
    from nbconvert.exporters import HTMLExporter
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor

    folder = Path(formgrader.__file__).parent
    made = HTMLExporter(
        sanitize_html=True,
        template_name="feedback",
        extra_template_basedirs=[str(folder / "templates")],
        extra_template_paths=[str(folder / "static" / "node_modules" / "bootstrap" / "dist" / "css")],
    )
    made.register_preprocessor(CSSHTMLHeaderPreprocessor, enabled=True)
    return made
