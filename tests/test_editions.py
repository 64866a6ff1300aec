"""The editions that are made from the site, each as a reader without a network opens it."""

import json
import os
import re
import struct
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import edition_epub
import edition_pages
import edition_pdf
import editions
import pikepdf
import programs
import pypdfium2
import pytest
import yaml

ROOT = editions.ROOT
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
WIDGETS = {path.stem for path in (ROOT / "code" / "lstmbook" / "widgets").glob("*.js")}


def headings(chapter):
    """The title of a chapter and of its sections, as its notebook has them."""
    cells = json.loads(chapter.read_text("utf-8"))["cells"]
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return re.findall(r"^#{1,2} (.+)", prose, re.MULTILINE)


def pictures_of_widgets():
    """How many widgets the chapters store and the other pages repeat."""
    stored = sum(path.read_text("utf-8").count('data-widget=\\"') for path in CHAPTERS)
    return stored + sum(path.read_text("utf-8").count("```{widget}") for path in (ROOT / "book").glob("*.md"))


@pytest.fixture(scope="module")
def stick(site, tmp_path_factory):
    """The zip, unpacked where a reader may put it."""
    folder = tmp_path_factory.mktemp("editions")
    editions.write_zip(site, folder / "book.zip")
    with zipfile.ZipFile(folder / "book.zip") as archive:
        archive.extractall(folder / "my stick, मेरी")
    return folder / "my stick, मेरी" / editions.NAME


@pytest.fixture
def offline(chromium):
    """A function that opens a file with nothing but files to be had, and a list of what went wrong."""
    context, wrong = chromium.new_context(offline=True), []
    context.route(re.compile("^(?!file:|data:|blob:)"), lambda route: wrong.append(route.request.url) or route.abort())
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))

    def visit(path, query=""):
        page.goto(path.as_uri() + query)
        page.wait_for_timeout(500)  # for what a page asks for when it has loaded
        return page

    yield visit, wrong
    context.close()


def test_the_zip_is_one_folder_that_opens_at_its_index(stick, offline):
    visit, wrong = offline
    page = visit(stick / "index.html")
    page.wait_for_selector("article h1")
    assert page.url.endswith("/book/index.html")
    page.get_by_role("link", name="Why a network must remember").first.click()
    page.wait_for_selector("text=By the end you can")
    assert page.locator("article mjx-container svg").first.is_visible()
    assert page.locator("article figure img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    assert [path.name for path in stick.parent.iterdir()] == [editions.NAME]
    assert (stick / "LICENSE").is_file()
    assert wrong == []


def test_every_widget_of_the_zip_answers_the_keyboard(stick, offline):
    visit, wrong = offline
    moved = set()
    for path in sorted(stick.glob("*/*.html")):
        for name in set(re.findall(r'data-widget="(\w+)"', path.read_text("utf-8"))) - moved:
            widget = visit(path).locator(f'[data-widget="{name}"]').first
            widget.scroll_into_view_if_needed()
            widget.page.wait_for_function("el => 'live' in el.dataset", arg=widget.element_handle())
            before = widget.inner_html()
            for control in widget.locator('input[type="range"], [role=slider], button, [tabindex="0"]').all()[:5]:
                control.focus()
                for key in ("Home", "ArrowRight", "End", "Enter"):
                    widget.page.keyboard.press(key)
            if widget.inner_html() != before:
                moved.add(name)
    assert moved == WIDGETS
    assert wrong == []


def test_the_search_of_the_zip_finds_a_word(stick, offline):
    visit, wrong = offline
    page = visit(stick / "search.html", "?q=latch")
    page.wait_for_selector("#search-results li a")
    assert any("02_recurrence" in link.get_attribute("href") for link in page.locator("#search-results li a").all())
    assert wrong == []


def test_the_same_site_makes_the_same_zip(site, tmp_path):
    for name in ("first", "second"):
        editions.write_zip(site, tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.fixture(scope="module")
def pdf(site, chromium, tmp_path_factory):
    target = tmp_path_factory.mktemp("pdf") / "book.pdf"
    edition_pdf.write_pdf(site, target)
    return target


@pytest.fixture(scope="module")
def opened(pdf):
    """Another library than the one that has written it."""
    with pypdfium2.PdfDocument(pdf) as document:
        yield document


@pytest.fixture(scope="module")
def texts(opened):
    """What can be read on each page, without the spaces: where they fall is the reader's guess."""
    return ["".join(page.get_textpage().get_text_bounded().split()) for page in opened]


@pytest.fixture(scope="module")
def objects(pdf):
    with pikepdf.open(pdf) as document:
        yield [entry for entry in document.objects if isinstance(entry, pikepdf.Dictionary)]


@pytest.fixture(scope="module")
def bookmarks(opened):
    """The parts, each with its chapters, each with its sections: title, page and what is inside."""
    root = (None, None, [])
    path = [root]
    for entry in opened.get_toc():
        made = (entry.get_title(), entry.get_dest().get_index(), [])
        del path[entry.level + 1 :]
        path[-1][2].append(made)
        path.append(made)
    return root[2]


def test_the_pdf_has_no_blank_page_and_one_size(opened, texts):
    assert len(texts) > 200
    assert [number for number, text in enumerate(texts) if len(text) < 15] == []
    assert {page.get_size() for page in opened} == {(504, 720)}


def test_the_pdf_is_printed_as_large_as_it_is_meant(opened):
    """A browser that finds something wider than the page prints everything smaller: then the first word of the cover moves, too."""
    left = opened[0].get_textpage().get_charbox(0)[0]
    assert left == pytest.approx(140 / 700 * 504, abs=2)


def test_the_bookmarks_of_the_pdf_are_the_books_order(bookmarks, texts):
    contents, door, *parts = bookmarks
    assert (contents[0], door[0]) == ("Contents", "Learning to Remember")
    assert [part[0] for part in parts] == [part["caption"] for part in TOC["parts"]]
    chapters = [chapter for part in parts for chapter in part[2]]
    assert len(chapters) == sum(len(part["chapters"]) for part in TOC["parts"])
    for number, (path, (title, page, sections)) in enumerate(zip(CHAPTERS, chapters, strict=False), 1):
        said, *inside = headings(path)
        assert title == f"{number}. {said}"
        assert "".join(said.split()) in texts[page]
        assert [name.split()[0] for name, _, _ in sections] == [*(f"{number}.{k}." for k in range(1, len(inside) + 1)), "Solutions"]
        for name, where, _ in sections[:-1]:
            assert f"{name.split()[0]}" in texts[where]
    pages = [page for _, page, sections in chapters for page in (page, *(place for _, place, _ in sections))]
    assert pages == sorted(pages)


def test_the_contents_of_the_pdf_tell_the_true_page(bookmarks, texts):
    front = "".join(texts[1 : bookmarks[1][1]])
    for _, _, chapters in bookmarks[2:]:
        for title, page, _ in chapters:
            assert f"{''.join(title.split())}{page + 1}" in front


def test_the_pictures_of_the_widgets_stand_in_the_pdf(texts):
    book = "".join(texts)
    assert book.count("Thisisapicture.Itmovesonthepage") == pictures_of_widgets()
    for name, said in {
        "sentence_window": "Thenameisoutsidethewindow.",
        "gradient_reach": "randomnetworkno.0",
        "fading_memory": "forgetgatebiasb=1.0",
        "one_gate": "forgetgatef=0.90",
        "gate_lab": "gate",
        "gate_puzzle": "Level1:Onefact",
        "phase_diagram": "LSTM,b=1,gap12",
        "memory_reader": "Maharashtra",
    }.items():
        page = next(text for text in texts if "Itmovesonthepagechapters/" in text and said in text)
        assert page, name


def test_every_formula_and_picture_of_the_pdf_can_be_heard(objects, site):
    """A formula is drawn, so what it says travels as the alternative text of a figure."""
    said = [str(entry.Alt) for entry in objects if "/Alt" in entry]
    names = [name for _, names in edition_pages.parts() for name in names]
    articles = [(site / f"{name}.html").read_text("utf-8").split("<article")[1].split("</article>")[0] for name in names]
    assert len(said) == sum(len(re.findall('<mjx-container|<img (?!class="only-dark")', article)) for article in articles)
    assert "c t = f c t − 1 + i g" in said and "w = 1" in said
    assert all(said)


def test_links_of_the_pdf_stay_in_the_book_or_lead_to_the_web(pdf, objects):
    links = [entry for entry in objects if entry.get("/Subtype") == "/Link"]
    inside = {str(link.Dest) for link in links if "/Dest" in link}
    with pikepdf.open(pdf) as document:
        assert len(inside) > 300 and inside <= set(document.Root.Dests.keys())
    assert all(str(link.A.URI).startswith("http") for link in links if "/Dest" not in link)


def test_the_fonts_of_the_pdf_travel_with_it(objects):
    """Those of Type 3 are drawings in the file; every other is a file in it."""
    faces = {
        str(entry.BaseFont).split("+")[-1]: entry.FontDescriptor for entry in objects if "/FontDescriptor" in entry and "/BaseFont" in entry
    }
    assert {"IBMPlexSerif-Regular", "IBMPlexSerif-SemiBold", "IBMPlexSerif-Italic", "IBMPlexMono-Regular"} <= set(faces)
    assert all("/FontFile2" in face or "/FontFile3" in face for face in faces.values())
    assert {str(entry.Subtype) for entry in objects if entry.get("/Type") == "/Font"} <= {"/Type0", "/Type3", "/CIDFontType2"}


def test_the_pdf_says_what_it_is(pdf):
    with pikepdf.open(pdf) as document:
        assert document.docinfo.Title == "Learning to Remember: LSTMs from the gates up"
        assert document.docinfo.Author == "The authors of Learning to Remember"
        assert document.Root.Lang == "en" and document.Root.MarkInfo.Marked and document.Root.PageMode == "/UseOutlines"


XHTML, SVG, OPF = (f"{{http://www.{name}}}" for name in ("w3.org/1999/xhtml", "w3.org/2000/svg", "idpf.org/2007/opf"))
DC, LANGUAGE = "{http://purl.org/dc/elements/1.1/}", "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture(scope="module")
def epub(site, chromium, tmp_path_factory):
    target = tmp_path_factory.mktemp("epub") / "book.epub"
    edition_epub.write_epub(site, target)
    return target


@pytest.fixture(scope="module")
def inside(epub):
    """The files of the EPUB by name; its pages as trees, for each is XML."""
    with zipfile.ZipFile(epub) as archive:
        files = {name.removeprefix("book/"): archive.read(name) for name in archive.namelist()}
    return {name: ET.fromstring(content) if name.endswith((".xhtml", ".opf")) else content for name, content in files.items()}


@pytest.fixture(scope="module")
def leaves(inside):
    """The pages of the EPUB in the order of its spine."""
    book = inside["package.opf"]
    href = {item.get("id"): item.get("href") for item in book.iter(f"{OPF}item")}
    return {href[item.get("idref")]: inside[href[item.get("idref")]] for item in book.iter(f"{OPF}itemref")}


def test_epubcheck_has_nothing_to_say(epub):
    path = programs.find("epubcheck")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(programs.ADVICE["epubcheck"])
    jar = Path(path).read_bytes().startswith(b"PK")  # Debian's, which not every kernel runs by itself
    command = [*(["java", "-jar"] if jar else []), path, "--failonwarnings", epub]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No errors or warnings detected" in done.stdout + done.stderr


def listed(node):
    """A list of contents: each entry its title, where it leads and what is below it."""
    return [
        (item.find(f"{XHTML}a").text, item.find(f"{XHTML}a").get("href"), listed(below) if (below := item.find(f"{XHTML}ol")) else [])
        for item in node.findall(f"{XHTML}li")
    ]


def test_the_contents_of_the_epub_are_the_books_order(inside, leaves):
    door, *parts = listed(inside["nav.xhtml"].find(f".//{XHTML}nav/{XHTML}ol"))
    assert door[:2] == ("Learning to Remember", "index.xhtml")
    assert [part[0] for part in parts] == [part["caption"] for part in TOC["parts"]]
    expected = [f"{Path(entry['file']).name}.xhtml" for part in TOC["parts"] for entry in part["chapters"]]
    chapters = [chapter for part in parts for chapter in part[2]]
    assert [where for _, where, _ in chapters] == expected
    assert [name for name in leaves if name in expected] == expected
    for number, (path, (title, where, sections)) in enumerate(zip(CHAPTERS, chapters, strict=False), 1):
        said, *below = headings(path)
        assert title == f"{number}. {said}"
        assert [name.split()[0] for name, _, _ in sections] == [*(f"{number}.{k}." for k in range(1, len(below) + 1)), "Solutions"]
        places = [node.get("id") for node in leaves[where].iter() if node.get("id")]
        order = [places.index(anchor.partition("#")[2]) for _, anchor, _ in sections]
        assert order == sorted(order)


def test_the_pictures_of_the_widgets_stand_in_the_epub(inside, leaves):
    frames = [node for page in leaves.values() for node in page.iter(f"{XHTML}div") if node.get("class") == "lstm-widget"]
    assert len(frames) == pictures_of_widgets()
    for frame in frames:
        picture = frame.find(f".//{XHTML}img")
        assert len(picture.get("alt").split()) > 12 and inside[picture.get("src")].count(b"<text") > 3
        assert "It moves on the page" in "".join(frame.find(f"{XHTML}p").itertext())


def test_every_formula_and_picture_of_the_epub_can_be_heard_and_fits(leaves, site):
    """A formula is a drawing in the colour of the text, with the numbers of its size, so that it shrinks with its column."""
    formulas = [node for page in leaves.values() for node in page.iter(f"{SVG}svg") if node.get("role") == "img"]
    images = [node for page in leaves.values() for node in page.iter(f"{XHTML}img")]
    names = [name for _, names in edition_pages.parts() for name in names]
    articles = [(site / f"{name}.html").read_text("utf-8").split("<article")[1].split("</article>")[0] for name in names]
    assert len(formulas) == sum(article.count("<mjx-container") for article in articles)
    assert len(images) == sum(len(re.findall('<img (?!class="only-dark")', article)) for article in articles) + 1
    said = {formula.get("aria-label") for formula in formulas}
    assert "c t = f c t − 1 + i g" in said and "w = 1" in said
    assert all(said) and all(image.get("alt") for image in images)
    assert all(formula.get("viewBox") and formula.get("fill") == "currentColor" for formula in formulas)


def test_links_of_the_epub_lead_to_a_place_in_it_or_to_the_web(inside, leaves):
    places = {name: {node.get("id") for node in page.iter()} for name, page in leaves.items()}
    across = 0
    for name, page in leaves.items():
        for link in page.iter(f"{XHTML}a"):
            file, _, anchor = link.get("href").partition("#")
            if not file.startswith(("http://", "https://")):
                across += (file or name) != name
                assert (anchor or None) in places[file or name], f"{name}: {link.get('href')}"
    assert across > 300


def test_an_exercise_of_the_epub_leads_to_its_solution_and_back(leaves):
    for path in CHAPTERS:
        page = leaves[f"{path.stem}.xhtml"]
        boxes = {node.get("id"): node for node in page.iter(f"{XHTML}div") if "admonition" in (node.get("class") or "").split()}
        there = {name: [a.get("href").partition("#")[2] for a in box.iter(f"{XHTML}a")] for name, box in boxes.items() if name}
        solved = [name for name, box in boxes.items() if name and "exercise" in box.get("class").split()]
        assert len(solved) == 3
        for name in solved:
            assert name in there[there[name][-1]]


def test_nothing_of_the_epub_is_foreign_or_runs(epub, inside, leaves):
    listed = {item.get("href") for item in inside["package.opf"].iter(f"{OPF}item")}
    assert listed == set(inside) - {"mimetype", "META-INF/container.xml", "package.opf"}
    for name, page in leaves.items():
        nodes = list(page.iter())
        assert not [node.tag for node in nodes if node.tag.rpartition("}")[2] in ("script", "iframe", "object", "video", "audio")]
        assert {node.get("src") for node in nodes if node.get("src")} <= listed
        assert not [key for node in nodes for key in node.attrib if key.startswith("on")], name
    pictures = b"".join(content for name, content in inside.items() if name.endswith((".svg", ".css")))
    assert not re.search(rb"(?:href|src)=|url\(\s*.?https?:|@import", pictures)
    assert epub.stat().st_size < 6e6


def test_the_epub_says_what_it_is(inside, leaves):
    book = inside["package.opf"]
    about = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    said = {name: book.find(f".//{DC}{name}").text for name in ("title", "creator", "language", "date", "description")}
    assert said["title"] == about["title"] and said["creator"] == about["authors"][0]["name"] and said["language"] == "en"
    assert said["date"] == str(about["date-released"]) and said["description"] == about["abstract"]
    assert "CC BY" in book.find(f".//{DC}rights").text
    meta = {(node.get("property"), node.text) for node in book.iter(f"{OPF}meta")}
    assert {
        ("schema:accessMode", "textual"),
        ("schema:accessibilityHazard", "none"),
        ("schema:accessibilityFeature", "describedMath"),
    } <= meta
    [cover] = [item.get("href") for item in book.iter(f"{OPF}item") if item.get("properties") == "cover-image"]
    assert struct.unpack(">II", inside[cover][16:24]) == (1400, 2000)
    assert {name for name, page in leaves.items() if page.get(LANGUAGE) != "en"} == {"hinglish.xhtml"}
    assert leaves["hinglish.xhtml"].get(LANGUAGE) == leaves["hinglish.xhtml"].get("lang") == "hi-Latn"


def test_the_same_site_makes_the_same_epub(site, epub, tmp_path):
    edition_epub.write_epub(site, tmp_path / "again.epub")
    assert (tmp_path / "again.epub").read_bytes() == epub.read_bytes()
