"""What the PDF and the EPUB share: the pages of the built site in the order of ``_toc.yml``, fit to stand in one book."""

import importlib.util
import os
import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import programs
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "book" / "editions"
LEFT_OUT = ".headerlink, .lb-editions, .lb-ways, .only-dark, .toctree-wrapper, mjx-assistive-mml, script"
"""What has no meaning in a book that is one file."""
FONTS = {"fontpkg_ibm_plex_serif": "IBM Plex Serif", "fontpkg_ibm_plex_mono": "IBM Plex Mono"}
FACES = {"Regular": (400, "normal"), "Italic": (400, "italic"), "SemiBold": (600, "normal"), "SemiBoldItalic": (600, "italic")}
MOVES = "This is a picture. It moves on the page <code>{page}</code> of the website and of the zip, and in its notebook."


def citation():
    """What the book says of itself in ``CITATION.cff``."""
    return yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))


def parts():
    """The parts of the book in reading order, each a caption and the names of its pages; the first is the door, and has no caption."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [("", [toc["root"]]), *((part["caption"], [entry["file"] for entry in part["chapters"]]) for part in toc["parts"])]


def label(name, anchor=""):
    """The one identifier, among all pages, of a place on a page."""
    return re.sub(r"\W", "-", f"{name}--{anchor}" if anchor else name)


def soup_of(markup):
    """Markup as a tree."""
    return BeautifulSoup(markup, "html.parser")


def text_of(heading):
    """The words of a heading, with one space between them."""
    return " ".join(heading.get_text().split())


def article(site, name, known, file):
    """The article of one page of the site, fit to stand among all others; ``file(name)`` is where the page of a name lies."""
    path = site / f"{name}.html"
    whole = soup_of(path.read_text("utf-8"))
    page = whole.find("article")
    page["id"], page["lang"] = label(name), whole.html["lang"]
    for formula in page.find_all("mjx-container"):
        formula.svg["aria-label"] = " ".join(formula.math.get_text(" ").split())
        del formula.svg["aria-hidden"]
    for heading in page.find_all(["h1", "h2"]):
        heading["data-title"] = text_of(heading).removesuffix("#")
    for node in page.select(LEFT_OUT):
        node.decompose()
    for widget in page.select("[data-widget]"):
        del widget["data-state"]
        widget.append(soup_of(f"<p>{MOVES.format(page=path.relative_to(site))}</p>"))
    for image in page.find_all("img"):
        image["src"] = urljoin(path.as_uri(), image["src"])
        del image["loading"], image["decoding"]  # there is no screen on which it may be far below
    for link in page.find_all("a", href=True):
        target, anchor = urldefrag(urljoin(path.as_uri(), link["href"]))
        there = unquote(target).removeprefix(site.as_uri().rstrip("/") + "/").removesuffix(".html")
        if there in known:
            link["href"] = f"{file(there)}#{label(there, unquote(anchor))}"
        elif target.startswith("file:"):
            link.unwrap()
    for node in page.select("#exercise-content, #solution-content"):
        del node["id"]  # each exercise has the same
    for node in page.find_all(id=True):
        node["id"] = label(name, node["id"])
    collect_solutions(page, name)
    return page


def collect_solutions(page, name):
    """Solutions stand at the end of a chapter, where nobody reads them by accident; each exercise leads to its own."""
    solutions = page.select(".solution")
    if not solutions:
        return
    last = soup_of(f'<section id="{label(name, "solutions")}"><h2 data-title="Solutions">Solutions</h2></section>').section
    for solution in solutions:
        exercise = page.find(id=solution.find("a")["href"].partition("#")[2])
        exercise.append(soup_of(f'<p class="solved"><a href="#{solution["id"]}">Its solution is at the end of the chapter.</a></p>'))
        last.append(solution.extract())
    page.section.append(last)


def opening(caption, pages, door, file):
    """The page that begins a part: its number, its title, and what the door asks of each of its chapters."""
    number, _, title = caption.rpartition(". ")
    asked = next((heading.parent.dl.extract() for heading in door.find_all("h2") if heading.text.startswith(f"{number}: ")), None)
    links = "".join(f'<li><a href="{file(name)}#{label(name)}">{page.h1["data-title"]}</a></li>' for name, page in pages.items())
    number = number and f"<p>{number}</p>"
    return soup_of(f'<section class="part" id="{label(caption)}">{number}<h1>{title}</h1>{asked or f"<ul>{links}</ul>"}</section>').section


def book_of(site, file=lambda name: ""):
    """The parts of the book: each its caption, its opening and, by name, the articles of its pages. The door has no opening."""
    (_, [root]), *rest = parts()
    known = [root, *(name for _, names in rest for name in names)]
    pages = {name: article(site, name, known, file) for name in known}
    door = pages[root]
    book = [("", None, {root: door})]
    for caption, names in rest:
        inside = {name: pages[name] for name in names}
        book.append((caption, opening(caption, inside, door, file), inside))
    for heading in door.find_all("h2"):
        if part := re.match(r"(Part [IVX]+): ", heading.text):
            caption = next(caption for caption, *_ in book if caption.startswith(f"{part[1]}. "))
            moved = {node["id"] for node in [heading.parent, *heading.parent.find_all(id=True)]}
            for link in (link for page in pages.values() for link in page.find_all("a", href=True)):
                if link["href"].partition("#")[2] in moved:
                    link["href"] = f"{file(caption)}#{label(caption)}"
            heading.parent.decompose()
    return book


def sections(page):
    """The sections of a page, each its title and the identifier of its place."""
    return [(heading["data-title"], heading.parent["id"]) for heading in page.find_all("h2")]


def fonts():
    """The faces of what is printed or drawn, as a style sheet: they come with the requirements, so that every machine prints the same."""
    return "".join(
        f"@font-face {{ font-family: '{family}'; font-weight: {weight}; font-style: {slant}; src: url('{file.as_uri()}'); }}\n"
        for package, family in FONTS.items()
        for face, (weight, slant) in FACES.items()
        for file in (Path(importlib.util.find_spec(package).origin).parent / "files").glob(f"*-{face}.ttf")
    )


def drawn(markup, target, *options):
    """Let Chromium make a file of a page of HTML: a print or a picture, as the options say."""
    program = programs.find("chromium")
    if program is None:
        raise SystemExit(programs.ADVICE["chromium"])
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    flags = ["--headless", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND", *(["--no-sandbox"] if root else []), *options]
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "book.html")
        page.write_text(markup, "utf-8")
        command = [program, *flags, f"--user-data-dir={folder}/profile", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True)
    if not target.exists():
        raise SystemExit(f"Chromium could not draw the book: {done.stderr.strip().splitlines()[-1:]}")
    return target
