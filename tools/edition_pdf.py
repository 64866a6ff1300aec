"""The PDF edition: the pages of the built site in the order of ``_toc.yml``, as one page of HTML that Chromium prints.

One page, so that page numbers run on and each link of the book leads to its place in it. It is printed twice: the first time to learn
on which page each section begins, the second time with these numbers in the contents. Bookmarks and what the file says of itself are
added afterwards.
"""

import base64
import html
import importlib.util
import os
import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pikepdf
import programs
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "book" / "editions"
FONTS = {"fontpkg_ibm_plex_serif": "IBM Plex Serif", "fontpkg_ibm_plex_mono": "IBM Plex Mono"}
FACES = {"Regular": (400, "normal"), "Italic": (400, "italic"), "SemiBold": (600, "normal"), "SemiBoldItalic": (600, "italic")}
PLAIN = "pre .n, pre .nn, pre .p, pre .w, pre .lb-line"
"""Code that is not coloured: its spans would double the size of the file."""
LEFT_OUT = ".headerlink, .lb-editions, #three-ways-in, .toctree-wrapper, mjx-assistive-mml, script"
"""What has no meaning on paper."""
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
    return BeautifulSoup(markup, "html.parser")


def text_of(heading):
    return " ".join(heading.get_text().split())


def article(site, name, known):
    """The article of one page of the site, fit to stand among all others."""
    path = site / f"{name}.html"
    page = soup_of(path.read_text("utf-8")).find("article")
    for formula in page.find_all("mjx-container"):
        formula.svg["aria-label"] = " ".join(formula.math.get_text(" ").split())
        del formula.svg["aria-hidden"]
    for heading in page.find_all(["h1", "h2"]):
        heading["data-title"] = text_of(heading).removesuffix("#")
    for node in page.select(LEFT_OUT):
        node.decompose()
    for span in page.select(PLAIN):
        span.unwrap()
    for widget in page.select("[data-widget]"):
        picture = widget.img
        drawing = soup_of(base64.b64decode(picture["src"].split(",")[1]).decode()).svg
        drawing["role"], drawing["aria-label"] = "img", picture["alt"]
        picture.replace_with(drawing)
        del widget["data-state"]
        widget.append(soup_of(f"<p>{MOVES.format(page=path.relative_to(site))}</p>"))
    for image in page.find_all("img"):
        image["src"] = urljoin(path.as_uri(), image["src"])
    for link in page.find_all("a", href=True):
        target, anchor = urldefrag(urljoin(path.as_uri(), link["href"]))
        there = unquote(target).removeprefix(site.as_uri().rstrip("/") + "/").removesuffix(".html")
        if there in known:
            link["href"] = "#" + label(there, unquote(anchor))
        elif target.startswith("file:"):
            link.unwrap()
    for node in page.find_all(id=True):
        node["id"] = label(name, node["id"])
    collect_solutions(page, name)
    page["id"] = label(name)
    return page


def collect_solutions(page, name):
    """Solutions stand at the end of a chapter, where nobody reads them by accident; each exercise leads to its own."""
    solutions = page.select(".solution")
    if not solutions:
        return
    last = soup_of(f'<section id="{label(name, "solutions")}"><h2 data-title="Solutions">Solutions</h2></section>').section
    for solution in solutions:
        exercise = page.find(id=solution.find("a")["href"][1:])
        exercise.append(soup_of(f'<p class="solved"><a href="#{solution["id"]}">Its solution is at the end of the chapter.</a></p>'))
        last.append(solution.extract())
    page.section.append(last)


def fonts():
    """The faces of the print, as a style sheet: they come with the requirements, so that every machine prints the same."""
    return "".join(
        f"@font-face {{ font-family: '{family}'; font-weight: {weight}; font-style: {slant}; src: url('{file.as_uri()}'); }}\n"
        for package, family in FONTS.items()
        for face, (weight, slant) in FACES.items()
        for file in (Path(importlib.util.find_spec(package).origin).parent / "files").glob(f"*-{face}.ttf")
    )


def opening(caption, names, pages, door):
    """The page that begins a part: its number, its title, and what the door asks of each of its chapters."""
    number, _, title = caption.rpartition(". ")
    asked = next((heading.parent.dl.extract() for heading in door.find_all("h2") if heading.text.startswith(f"{number}: ")), None)
    links = "".join(f'<dt><a href="#{label(name)}">{pages[name].h1["data-title"]}</a></dt>' for name in names)
    return f'<section class="part" id="{label(caption)}"><p>{number}</p><h1>{title}</h1>{asked or f"<dl>{links}</dl>"}</section>'


def assemble(site):
    """The whole book as one page, and its bookmarks: for each, its depth, its title and where it leads."""
    (_, [root]), *rest = parts()
    known = [root, *(name for _, names in rest for name in names)]
    pages = {name: article(site, name, known) for name in known}
    openings = {names[0]: (caption, opening(caption, names, pages, pages[root])) for caption, names in rest}
    for heading in pages[root].find_all("h2"):
        if re.match(r"Part [IVX]+: ", heading.text):
            heading.parent.decompose()
    marks, body, style = [], [], []
    for name, page in pages.items():
        depth = int(name != root)
        if name in openings:
            caption, markup = openings[name]
            marks.append((0, caption, label(caption)))
            body.append(markup)
        title = page.h1["data-title"]
        marks.append((depth, title, page["id"]))
        marks += [(depth + 1, heading["data-title"], heading.parent["id"]) for heading in page.find_all("h2")]
        body.append(str(page))
        style.append(f'@page {page["id"]} {{ @top-left {{ content: "{title}"; }} }} #{page["id"]} {{ page: {page["id"]}; }}\n')
    about = citation()
    authors = ", ".join(author["name"] for author in about["authors"])
    entries = "".join(
        f'<li class="depth-{depth}"><a href="#{where}"><span>{html.escape(words)}</span><b data-page="{where}"></b></a></li>'
        for depth, words, where in marks
    )
    sheets = [site / "_static" / "pygments.css", site / "_static" / "widgets.css", HERE / "print.css"]
    links = "".join(f'<link rel="stylesheet" href="{path.as_uri()}">' for path in sheets)
    markup = f"""<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{about["title"]}</title>{links}
        <style>{fonts()}{"".join(style)}</style></head><body><section class="cover">{(HERE / "cover.svg").read_text("utf-8")}
        <p>{authors}</p><p>Edition {about["version"]}, {about["date-released"]}. Text and figures may be shared and changed under CC BY
        4.0, code under the MIT licence.</p></section><section class="contents"><h1>Contents</h1><ol>{entries}</ol></section>
        {"".join(body)}</body></html>"""
    return markup, marks


def chromium():
    path = programs.find("chromium")
    if path is None:
        raise SystemExit(programs.ADVICE["chromium"])
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [path, "--headless", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND", *(["--no-sandbox"] if root else [])]


def printed(markup, folder):
    """Print a page of HTML into a PDF, which is opened."""
    (folder / "book.html").write_text(markup, "utf-8")
    target = folder / "book.pdf"
    target.unlink(missing_ok=True)
    command = [*chromium(), f"--user-data-dir={folder / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={target}"]
    done = subprocess.run([*command, (folder / "book.html").as_uri()], capture_output=True, text=True)
    if not target.exists():
        raise SystemExit(f"Chromium could not print the book: {done.stderr.strip().splitlines()[-1:]}")
    return pikepdf.open(target, allow_overwriting_input=True)


def places(pdf):
    """Where each place that is linked to lies: the number of its page, from 0, and its height on it."""
    number = {page.objgen: k for k, page in enumerate(pdf.pages)}
    return {name[1:]: (number[there[0].objgen], float(there[3])) for name, there in pdf.Root.Dests.items()}


def write_pdf(site, target):
    about = citation()
    markup, marks = assemble(site)
    with tempfile.TemporaryDirectory() as folder:
        with printed(re.sub('(<b data-page="[^"]*">)', r"\g<1>000", markup), Path(folder)) as draft:
            begins = places(draft)
        markup = re.sub('<b data-page="([^"]*)">', lambda found: f"<b>{begins[found[1]][0] + 1}", markup)
        with printed(markup, Path(folder)) as pdf:
            begins = places(pdf)
            with pdf.open_outline() as outline:
                outline.root[:] = [pikepdf.OutlineItem("Contents", 1)]
                inside = {0: outline.root}
                for depth, words, where in marks:
                    page, top = begins[where]
                    entry = pikepdf.OutlineItem(words, page, "XYZ", top=top)
                    entry.is_closed = depth > 0
                    inside[depth].append(entry)
                    inside[depth + 1] = entry.children
            with pdf.open_metadata() as data:
                data["dc:title"] = about["title"]
                data["dc:creator"] = [author["name"] for author in about["authors"]]
                data["dc:description"] = about["abstract"]
                data["dc:language"] = ["en"]
                data["pdf:Keywords"] = ", ".join(about["keywords"])
            pdf.Root.PageMode = pikepdf.Name.UseOutlines
            pdf.Root.ViewerPreferences.DisplayDocTitle = True
            pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True, linearize=True)
