"""The book's promises about its own pages."""

import base64
import json
import math
import re
import struct
import subprocess
import sys
import xml.dom.minidom
from pathlib import Path

import nbformat
import notebooks
import pytest
import yaml

from lstmbook.palette import PALETTE
from lstmbook.widgets.gate_puzzle import GatePuzzle

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
PAGES = sorted((ROOT / "book").glob("*.md"))
NAMES = [path.stem for path in CHAPTERS]


@pytest.fixture(params=CHAPTERS, ids=NAMES)
def chapter(request):
    return nbformat.read(request.param, 4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def figures(notebook):
    return [cell for cell in code(notebook) for output in cell.outputs if "image/png" in output.get("data", {})]


def test_the_order_of_files_is_the_order_of_reading():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    listed = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    read = [Path(name).name for name in listed if name.startswith("chapters/")]
    assert read == NAMES
    assert [name[:2] for name in read] == [f"{k:02}" for k in range(1, len(read) + 1)]
    pages = {"index", *(Path(name).name for name in listed if name.startswith("book/"))}
    assert pages == {path.stem for path in PAGES}


@pytest.mark.parametrize("path", CHAPTERS, ids=NAMES)
def test_a_chapter_is_stored_normalised_and_complete(path):
    text = path.read_text("utf-8")
    notebook = nbformat.reads(text, 4)
    nbformat.validate(notebook)
    assert text.rstrip("\n") == nbformat.writes(notebooks.normalise(notebook)).rstrip("\n"), (
        "run make notebooks, or tools/notebooks.py --only-normalise"
    )
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    for cell in code(notebook):
        assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in cell.outputs), cell.source


def test_the_stored_pictures_of_widgets_are_well_formed(chapter):
    """A browser without JavaScript shows nothing of a picture with one wrong sign in it."""
    stored = ["".join(output.get("data", {}).get("text/html", "")) for cell in code(chapter) for output in cell.outputs]
    for drawing in re.findall('data:image/svg\\+xml;base64,([^"]*)', "".join(stored)):
        assert xml.dom.minidom.parseString(base64.b64decode(drawing)).documentElement.tagName == "svg"


def test_a_chapter_has_the_size_of_a_sitting(chapter):
    assert 25 <= len(chapter.cells) <= 45
    assert 1500 <= len(re.findall(r"\w+", prose(chapter))) <= 3500


def test_a_chapter_opens_with_a_label_a_promise_and_a_time(chapter):
    opening = chapter.cells[0].source
    assert re.match(r"\(ch-[a-z-]+\)=\n# ", opening)
    assert re.search(r"^\*By the end you can .+\*$", opening, re.MULTILINE)
    assert re.search(r"\{bdg-secondary\}`\d+ minutes`", opening)
    assert chapter.cells[1].cell_type == "code" and "import" in chapter.cells[1].source


def test_a_chapter_keeps_its_promise_by_an_assertion(chapter):
    at = next(k for k, cell in enumerate(chapter.cells) if "## The promise, kept" in cell.source)
    kept = chapter.cells[at + 1]
    assert kept.cell_type == "code" and "assert" in kept.source
    rest = "\n".join(cell.source for cell in chapter.cells[at + 2 :])
    assert 3 <= len(re.findall(r"^- ", rest.split("##")[0], re.MULTILINE)) <= 7
    assert ":::{admonition} In Hinglish\n:class: dropdown" in rest
    assert "## Where to read on" in rest and "{cite" in rest


def test_a_chapter_asks_before_it_tells(chapter):
    assert prose(chapter).count(":::{admonition} Predict") >= 3


def test_a_code_cell_fits_the_page(chapter):
    for cell in code(chapter):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= 18, cell.source
        assert max(map(len, lines)) <= 78, cell.source


def test_a_paragraph_is_short(chapter):
    """At most five lines of about 90 characters, as the website sets them."""
    for cell in chapter.cells:
        if cell.cell_type == "markdown":
            for paragraph in re.split(r"\n\s*\n", cell.source):
                if not re.match(r"\s*(\||```|:::|- |\$\$|#)", paragraph) and "Hinglish" not in cell.source:
                    assert len(re.sub(r"\{[a-z:-]+\}|\\textcolor\{#\w+\}", "", paragraph)) <= 560, paragraph


def test_a_line_that_is_printed_fits_the_page(chapter):
    for cell in code(chapter):
        for output in cell.outputs:
            for line in output.get("text", "").splitlines():
                assert len(line) <= 78 or "____" in line, line  # the sentence itself may fold


def test_every_figure_has_a_caption_and_says_what_it_shows(chapter):
    assert figures(chapter)
    names = set()
    for cell in figures(chapter):
        mystnb = cell.metadata["mystnb"]
        assert len(mystnb["figure"]["caption"]) > 60
        assert len(mystnb["image"]["alt"]) > 80
        assert mystnb["figure"]["caption"] != mystnb["image"]["alt"]
        names.add(mystnb["figure"]["name"])
    assert len(names) == len(figures(chapter))
    for block in re.findall(r"```\{figure\}.*?```", prose(chapter), re.DOTALL):
        assert ":alt:" in block and ":name:" in block


def test_every_figure_is_sharp_and_small(chapter):
    for cell in figures(chapter):
        for output in cell.outputs:
            image = base64.b64decode(output.data["image/png"])
            assert struct.unpack(">I", image[16:20])[0] >= 900  # pixels wide
            assert len(image) < 150_000


def test_every_exercise_has_a_solution_that_runs(chapter):
    text = prose(chapter)
    labels = re.findall(r"```\{exercise\}.*?\n:label: (\S+)", text)
    assert len(labels) >= 3
    assert [kind for kind in ("check", "problem", "project") if re.search(rf"\n\*A {kind}, ", text)] == ["check", "problem", "project"]
    assert re.findall(r"```\{solution-start\} (\S+)", text) == labels
    assert text.count("```{solution-end}") == len(labels)
    for label in labels:
        at = next(k for k, cell in enumerate(chapter.cells) if f"{{solution-start}} {label}" in cell.source)
        assert chapter.cells[at + 1].cell_type == "code" and "assert" in chapter.cells[at + 1].source, label


def test_the_voice_is_the_books(chapter):
    avoided = r"\b(simply|obviously|trivial(ly)?|clearly|just|delve|powerful|seamless(ly)?|straightforward|easy to see|of course)\b|!(?!\[)"
    without_code = re.sub(r"`[^`]*`|\$[^$]*\$|:::\{admonition\} In Hinglish.*?:::", "", prose(chapter), flags=re.DOTALL)
    assert not re.findall(avoided, without_code, re.IGNORECASE)


def test_no_stored_output_holds_a_time_an_address_or_a_version(chapter):
    for cell in code(chapter):
        for output in cell.outputs:
            text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            assert not re.search(r"0x[0-9a-f]{6,}|\d+ ?ms\b|\bseconds\b|\d+\.\d+\.\d+|/home/|/tmp/|site-packages", text), text


def test_the_only_output_that_is_not_compared_is_that_of_a_widget_made_of_what_was_trained(chapter):
    for cell in code(chapter):
        if cell.metadata.get("tags"):
            assert cell.metadata.tags == ["nbval-ignore-output"], cell.source
            assert len(cell.outputs) == 1, cell.source
            assert re.search('data-widget="(phase_diagram|memory_reader)"', cell.outputs[0].data["text/html"]), cell.source
        assert "NBVAL" not in cell.source


def test_the_first_cell_takes_the_books_look(chapter):
    assert 'plt.style.use("lstmbook.book")' in chapter.cells[1].source


def test_every_term_that_is_linked_is_in_the_glossary():
    glossary = (ROOT / "book" / "glossary.md").read_text("utf-8")
    terms = re.findall(r"^(\S[^\n]*)\n  \S", glossary, re.MULTILINE)
    assert terms == sorted(terms, key=str.lower)
    linked = {term for path in CHAPTERS for term in re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", prose(nbformat.read(path, 4)))}
    assert linked <= set(terms)
    assert set(terms) <= linked, "a term that no chapter uses"
    on_pages = {term for path in PAGES for term in re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", path.read_text("utf-8"))}
    assert on_pages <= set(terms)


def test_every_entry_of_the_bibliography_is_cited():
    entries = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "book" / "references.bib").read_text("utf-8"), re.MULTILINE))
    text = "".join(prose(nbformat.read(path, 4)) for path in CHAPTERS) + "".join(path.read_text("utf-8") for path in PAGES)
    assert entries == {key for keys in re.findall(r"\{cite:[a-z]\}`([^`]+)`", text) for key in re.split(r",\s*", keys)}


def hinglish():
    """The text of the Hinglish page, and its sections by label."""
    text = (ROOT / "book" / "hinglish.md").read_text("utf-8")
    parts = re.split(r"^\((hinglish-[a-z]+)\)=\n", text, flags=re.MULTILINE)
    return text, dict(zip(parts[1::2], parts[2::2], strict=True))


def spoken(text):
    """What is read aloud: without front matter, formulas, directives, labels and the titles of other pages."""
    text = re.sub(r"\A---.*?---|\$\$.*?\$\$|\$[^$]*\$", " ", text, flags=re.DOTALL)
    text = re.sub(r"^(:|```|\().*$|^\*English mein:.*$", " ", text, flags=re.MULTILINE)
    return re.sub(r"\{[a-z]+\}`([^`<]*)[^`]*`", r"\1", text)


def test_the_hinglish_page_is_short_in_all_it_says():
    text, sections = hinglish()
    assert 1500 <= len(re.findall(r"[^\W\d_]{2,}", spoken(text))) <= 2500
    for paragraph in re.split(r"\n\s*\n", spoken(text)):
        if not re.match(r"\s*(\||- |\d\. |#)", paragraph):
            assert len(paragraph) <= 560, paragraph
            if not paragraph.strip().startswith("> "):
                assert max(len(sentence.split()) for sentence in re.split(r"[.?:]\s", paragraph)) <= 30, paragraph
    assert all(section.startswith("## ") for section in sections.values())


def test_the_times_that_the_door_tells_are_those_of_the_chapters():
    door = (ROOT / "book" / "index.md").read_text("utf-8")
    told = [[int(n) for n in re.findall(r"\*(\d+) minutes\.\*", part)] for part in re.split(r"\n## Part [IV]+: ", door)[1:]]
    badges = [re.search(r"`(\d+) minutes`", nbformat.read(path, 4).cells[0].source)[1] for path in CHAPTERS]
    assert [n for part in told for n in part] == [int(n) for n in badges]
    sums = [60 * int(h) + int(m) for h, m in re.findall(r"(\d+) h (\d+) min", door)]
    assert sums == [*map(sum, told), sum(map(sum, told))]


def test_the_hinglish_page_and_the_chapters_lead_to_each_other_section_by_section():
    _, sections = hinglish()
    back = {}
    for label, section in sections.items():
        last = section.strip().splitlines()[-1]
        assert last.startswith("*English mein:* "), label
        back[label] = set(re.findall(r"\{(?:ref|doc)\}`(?:[^`<]*<)?([^`>]+)>?`", last))
        assert back[label], label
    there = {}
    for path in CHAPTERS:
        opening = nbformat.read(path, 4).cells[0].source
        for label in re.findall(r"<(hinglish-[a-z]+)>", opening):
            there[re.match(r"\((ch-[a-z-]+)\)=", opening)[1]] = label
    assert all(chapter in back[label] for chapter, label in there.items())
    assert set(there) == set().union(*back.values()) - {"index"}
    assert "<hinglish>" in (ROOT / "book" / "index.md").read_text("utf-8") and "<index>" in hinglish()[0]


def test_the_voice_of_the_hinglish_page_is_one_voice():
    text, _ = hinglish()
    text = spoken(text)
    assert not re.findall(r"!|\b(simply|obviously|just|powerful|amazing|zabardast|kamaal|aasaan|bilkul simple)\b", text, re.IGNORECASE)
    one_spelling = (
        r"mai|me|nahin|nai|kyon|kyu|kyo|wo|vo|woh hi|ye|yah|jaise ki|hei|he|pr|krta|krna|jbh|tbh|kese|bahot|bohot|jyada|isiliye|to|"
        r"thik|accha|acha|dusra|dusri|chota|choti|padta hain|kaun sa|kon|unhe hum|aap|main"
    )
    assert not re.findall(rf"\b({one_spelling})\b", text, re.IGNORECASE)
    assert set(re.findall(r"\\textcolor\{(#\w+)\}", hinglish()[0])) <= {entry["colour"] for entry in PALETTE.values()}


def test_every_number_of_the_hinglish_page_is_computed():
    """By a closed form here, or by a chapter: what the page says, and what the chapter prints or asserts."""
    text, _ = hinglish()
    f1, f5 = 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(-5))
    c, h = 0.5 * 0.8 + 0.3 * 0.6, 0.5 * math.tanh(0.5 * 0.8 + 0.3 * 0.6)

    def half(f):
        return math.log(2) / -math.log(f)

    for said in (
        f"$0.9^{{38}} = {0.9**38:.3f}$. Pachaasva hissa bhi poora nahi",
        f"$f = 0.9$ pe {half(0.9):.1f} word. $f = 0.99$ pe {half(0.99):.0f} word. $f = 0.999$ pe {half(0.999):.0f} word.",
        f"$b = 1$ pe $f = {f1:.2f}$, aur aadhi yaad {half(f1):.1f} word mein gayab. $b = 5$ pe half-life {half(f5):.0f} word.",
        f"38 word baad, {100 * f5**38:.0f} % abhi bhi bacha hai",
        f"is raste se {100 * f5**38:.0f} % pahunch jaati hai. $b = 1$ ho, toh das lakh mein {1e6 * f1**38:.0f} hisse",
        f"$b = 1$ pe das half-life matlab {10 * half(f1):.0f} word",
        f"= 0.40 + 0.18 = {c:.2f}",
        f"0.5 \\cdot {math.tanh(c):.2f} = {h:.2f}",
        f"Rubber ruk gaya, $c = {0.8 + 0.3 * 0.6:.2f}$",
        f"yaani {100 * 9 / 28:.0f} %",
        f"{GatePuzzle(level=1).par} gate kholna kaafi hai",
    ):
        assert said in text, said
    assert 1 / 60 < 0.9**38 < 1 / 50 and 10 * half(f5) > 1000 and math.isclose(2e-11, 1 / (5000 * 1e7))
    for said, chapter, computed in (
        ("Saare chhe LSTM 90 % se upar", "15_reading", "assert good[:, 5].min() > 0.9"),
        ("RNN mein koi 60 % tak bhi nahi", "15_reading", "plain[:, 5].max() < 0.6"),
        ("Kam se kam aadhe RNN usse bhi neeche", "15_reading", "assert np.median(plain[:, 5]) < 9 / 28"),
        ("28 states mein se 9", "01_why", "always say Hindi: 9 of 28 right, 32%"),
        ("naam 0.8 ban ke andar gaya", "07_program", "the schedule holds 0.8"),
        (r"$3 \cdot 10^{-12}$ ka farak", "07_program", "two names are 3e-12 apart"),
        ("1,000 word ke gap pe bhi 28 mein se 28", "07_program", "gap 1000: right for 28 of 28 names"),
        ("har word pe lagbhag aadhi", "04_vanishing", "each word multiplies the gradient by 0.45 to 0.6: True"),
        (r"$2 \cdot 10^{-11}$ hissa", "05_two", "plain RNN: 2e-11"),
        ("teenon RNN ne 1,000 symbol", "04_vanishing", 'shares["mixed"].min() > 0.9'),
        ("| RNN | 3 mein 0 |", "10_training", "RNN    far above the constant answer: 0 of 3   says Marathi: 0 of 3"),
        ("| LSTM, $b = 1$ | 3 mein 0 |", "10_training", "b = 1  far above the constant answer: 0 of 3   says Marathi: 0 of 3"),
        ("| LSTM, $b = 5$ | 3 mein 3 |", "10_training", "b = 5  far above the constant answer: 3 of 3   says Marathi: 3 of 3"),
        ("phir 90 network train kiye", "10_training", "These ninety runs"),
        ("Line ke paar ek bhi nahi seekha", "10_training", "forbidden: 5 squares, some seed learnt: False"),
        ("Line ke is taraf zyadatar seekhe", "10_training", "nine of ten learnt by most seeds: True"),
        ("200 ka gap 120 batch mein kisi ne nahi seekha", "10_training", "gap 200, b = 5: learnt by 0 of 3"),
        ("naam pe jitni chalti hai, lagbhag utni hi filler pe", "10_training", "input gate, name and filler alike: True"),
        ("Forget gate jama do, toh bhi saare chhe LSTM 90 %", "15_reading", "f frozen: all six above 90%"),
        ("Candidate jama do", "15_reading", "g frozen: no more than the constant answer"),
    ):
        notebook = nbformat.read(next(path for path in CHAPTERS if path.stem.startswith(chapter)), 4)
        whole = "\n".join(cell.source + "".join(o.get("text", "") for o in cell.get("outputs", [])) for cell in notebook.cells)
        assert said in text, said
        assert computed in whole, (chapter, computed)


def test_requirements_name_the_chapters_that_need_them():
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if "==" in line:
            assert "#" in line, line
    needed = {"torch": r"import torch", "tqdm": r"(train|pytorch)\.fit\(", "joblib": r"side_by_side\("}
    needed |= {"statsmodels": r"statsmodels", "ipywidgets": r"lstmbook\.widgets"}
    for package, sign in needed.items():
        line = next(line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith(package))
        for path in CHAPTERS:
            uses = bool(re.search(sign, "\n".join(cell.source for cell in code(nbformat.read(path, 4)))))
            assert uses == bool(re.search(rf"\b{int(path.stem[:2])}\b", line.split("#")[1])), (package, path.stem)


@pytest.mark.parametrize("part", ["format --check", "check"])
def test_style_is_ruffs(part):
    done = subprocess.run([sys.executable, "-m", "ruff", *part.split(), "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_repository_speaks_of_itself_alone():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".md", ".py", ".yml", ".toml", ".js", ".css", ".ipynb", ".txt"} and path.is_file() and path != Path(__file__):
            text = path.read_text("utf-8")
            assert not re.search(r"/work/|/root/|\bTODO\b|\bFIXME\b", text), name


def test_nothing_generated_is_tracked_but_notebook_outputs():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    assert not [name for name in tracked if re.search(r"(^|/)(_build|\.venv|__pycache__|.*\.egg-info|\.coverage.*)(/|$)", name)]


def test_metadata_of_notebooks_survives_an_editor():
    cell = json.loads(CHAPTERS[0].read_text("utf-8"))["metadata"]
    assert set(cell) == {"kernelspec", "language_info"}
