"""The book's promises about its own pages."""

import itertools
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import rules
import yaml
from sentences import none

from lstmbook.palette import PALETTE
from lstmbook.widgets.gate_puzzle import GatePuzzle

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
PAGES = sorted((ROOT / "book").glob("*.md"))
NAMES = [path.stem for path in CHAPTERS]


def test_the_order_of_files_is_the_order_of_reading():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    listed = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    read = [Path(name).name for name in listed if name.startswith("chapters/")]
    for name in NAMES:
        assert name in read, f"_toc.yml does not list chapters/{name}: add the line  - file: chapters/{name}  where it is to be read"
    for name in read:
        assert name in NAMES, f"_toc.yml lists chapters/{name}, which is not there: take the line away"
    assert [name[:2] for name in read] == [f"{k:02}" for k in range(1, len(read) + 1)], (
        f"number the chapters 01, 02, ... in the order of _toc.yml, which is now {', '.join(read)}"
    )
    pages = {"index", *(Path(name).name for name in listed if name.startswith("book/"))}
    there = {path.stem for path in PAGES}
    assert pages == there, f"bring _toc.yml and the pages of book/ into line: {', '.join(sorted(pages ^ there))} is in one of them alone"


@pytest.mark.parametrize("path", CHAPTERS, ids=NAMES)
def test_the_door_asks_what_a_chapter_answers(path):
    asked = rules.REFERENCE.findall((ROOT / "book" / "index.md").read_text("utf-8"))
    labels = re.findall(r"\A\((ch-[a-z-]+)\)=", nbformat.read(path, 4).cells[0].source)  # a chapter without one breaks another rule
    none(f"book/index.md: ask there, in the part of the chapter, what {{ref}}`{label}` answers" for label in labels if label not in asked)


@pytest.mark.parametrize("path", CHAPTERS, ids=NAMES)
def test_a_chapter_is_stored_as_the_repository_keeps_it(path):
    none(rules.kept_as_the_repository_keeps_it(path))


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", CHAPTERS, ids=NAMES)
def test_a_chapter_keeps_the_rule(path, rule):
    none(rules.complaints(path, [rule]))


@pytest.mark.parametrize(
    "rule", [rules.its_drawings_say_what_they_show, rules.its_symbols_have_their_colours], ids=lambda rule: rule.__name__
)
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_keeps_the_rules_of_drawings_and_formulas(path, rule):
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(path.read_text("utf-8"))])
    none((words for _, words in rule(page)), f"book/{path.name}")


def texts():
    """The prose of every chapter, and every page."""
    return [rules.prose(nbformat.read(path, 4)) for path in CHAPTERS], [path.read_text("utf-8") for path in PAGES]


def test_every_term_of_the_glossary_is_used_and_in_its_place():
    terms, (chapters, pages) = rules.terms(), texts()
    for before, after in itertools.pairwise(terms):
        assert before.lower() <= after.lower(), f"book/glossary.md: put “{after}” in front of “{before}”, in the order of the alphabet"
    linked = set(rules.TERM.findall("\n".join(chapters)))
    for term in terms:
        assert term in linked, f"book/glossary.md: no chapter links to “{term}”: write {{term}}`{term}` where it is first used"
    for term in set(rules.TERM.findall("\n".join(pages))):
        assert term in terms, f"the term “{term}”, to which a page of book/ links, is not in book/glossary.md: add it there"


def test_every_entry_of_the_bibliography_is_cited():
    cited = {key for keys in rules.CITED.findall("\n".join(itertools.chain(*texts()))) for key in re.split(r",\s*", keys)}
    for key in rules.sources() - cited:
        pytest.fail(f"book/references.bib: nobody cites {key}: cite it with {{cite:t}}`{key}`, or take it away")
    for key in cited - rules.sources():
        pytest.fail(f"book/references.bib: {key} is cited and not in it: add it there")


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
    sums = [60 * int(h) + int(m) for h, m in re.findall(r"(\d+) h (\d+) min", door.replace("&nbsp;", " "))]
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
    text = re.sub(r"\\textcolor\{#\w+\}\{(\w)\}", r"\1", hinglish()[0])
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
        ("| RNN | 3 mein 0 |", "10_training", "RNN    far above the constant answer: 0 of 3"),
        ("| LSTM, $b = 1$ | 3 mein 0 |", "10_training", "b = 1  far above the constant answer: 0 of 3"),
        ("| LSTM, $b = 5$ | 3 mein 3 |", "10_training", "b = 5  far above the constant answer: 3 of 3"),
        ("phir 90 network train kiye", "10_training", "These ninety runs"),
        ("Line ke paar ek bhi nahi seekha", "10_training", "forbidden: 5 squares, some seed learnt: False"),
        ("Line ke is taraf zyadatar seekhe", "10_training", "over 85 % of their runs learnt: True"),
        ("200 ka gap 80 batch mein kisi ne nahi seekha", "10_training", "gap 200, b = 5: learnt by 0 of 3"),
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
            assert "#" in line, f"requirements.txt: say in a comment what needs this: {line}"
    needed = {"torch": r"import torch", "tqdm": r"(train|pytorch)\.fit\(", "joblib": r"side_by_side\("}
    needed |= {"statsmodels": r"statsmodels", "ipywidgets": r"lstmbook\.widgets"}
    amiss = []
    for path, (package, sign) in itertools.product(CHAPTERS, needed.items()):
        line = next(line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith(package))
        uses = bool(re.search(sign, "\n".join(cell.source for cell in rules.code(nbformat.read(path, 4)))))
        number = int(path.stem[:2])
        if uses != bool(re.search(rf"\b{number}\b", line.split("#")[1])):
            do = "add it to" if uses else "take it out of"
            amiss.append(f"chapter {number} {'uses' if uses else 'does not use'} {package}: {do} the comment in that line")
    none(amiss, "requirements.txt")


@pytest.mark.parametrize("part", ["format --check", "check"])
def test_style_is_ruffs(part):
    done = subprocess.run([sys.executable, "-m", "ruff", *part.split(), "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"make format mends most of this: {done.stdout}"


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
