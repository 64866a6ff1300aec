"""The EPUB edition: the pages of the built site in the order of ``_toc.yml``, as the files of one EPUB 3.

A formula stays the drawing that it is on the site: every reader shows it, in the colour of the text, and what it says is its label.
Colours come with the palette; where a reader knows no CSS variables, what is coloured is written as the text around it.
"""

import base64
import hashlib
import html
import math
import tempfile
import uuid
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from edition_pages import HERE, book_of, citation, drawn, fonts, label, parts, sections

from lstmbook import palette

TYPES = {
    ".xhtml": "application/xhtml+xml",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
MARKED = {"k", "kn", "kc", "ow", "c1", "sd"}
"""What is told apart in code, by weight and slant, so that it is legible on paper-like screens and at night: keywords and comments."""
RIGHTS = "Text and figures may be shared and changed under CC BY 4.0, code under the MIT licence."
CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="{language}" xml:lang="{language}">
<head><title>{title}</title><meta name="viewport" content="width=device-width"/><link rel="stylesheet" href="book.css"/></head>
<body>
{body}
</body>
</html>
"""
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
{metadata}
</metadata>
<manifest>
{manifest}
</manifest>
<spine>
{spine}
</spine>
</package>
"""
ACCESSIBILITY = [
    ("accessMode", "textual"),
    ("accessMode", "visual"),
    ("accessModeSufficient", "textual"),
    ("accessibilityFeature", "alternativeText"),
    ("accessibilityFeature", "describedMath"),
    ("accessibilityFeature", "displayTransformability"),
    ("accessibilityFeature", "readingOrder"),
    ("accessibilityFeature", "structuralNavigation"),
    ("accessibilityFeature", "tableOfContents"),
    ("accessibilityHazard", "none"),
    (
        "accessibilitySummary",
        "Every figure, widget and formula has an alternative text. What a figure claims is said in its caption, and every colour is "
        "repeated by a label or a line style. Widgets are pictures here; the website and the notebooks of the book have them live.",
    ),
]


def file_of(name):
    """The file of a page or a part inside the EPUB."""
    return f"{label(name.rpartition('/')[2])}.xhtml"


def cover():
    """The cover as a PNG, for there are libraries that draw no SVG."""
    drawing = (HERE / "cover.svg").read_text("utf-8")
    markup = f"<!doctype html><style>{fonts()} body {{ margin: 0 }}</style>{drawing}"
    size = ["--hide-scrollbars", "--window-size=700,1000", "--force-device-scale-factor=2"]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "cover.png")
        return drawn(markup, target, *size, f"--screenshot={target}").read_bytes()


def content_of(address):
    """The kind and the bytes of an image, which is a file or stands in its address."""
    if address.startswith("data:image/svg+xml;base64,"):
        suffix, content = ".svg", base64.b64decode(address.partition(",")[2])
    else:
        path = Path(unquote(urlsplit(address).path))
        suffix, content = path.suffix, path.read_bytes()
    return suffix, plain(content) if suffix == ".svg" else content


def plain(drawing):
    """A drawing without what SVG 1.1, which EPUB means, does not know yet."""
    soup = BeautifulSoup(drawing, "xml")
    for letters in soup.find_all(attrs={"paint-order": True}):
        letters["style"] = f"paint-order:{letters.attrs.pop('paint-order')}"
    for ring in soup.find_all("circle", pathLength=True):
        scale = 2 * math.pi * float(ring["r"]) / float(ring.attrs.pop("pathLength"))
        ring["stroke-dasharray"] = " ".join(f"{scale * float(length):.1f}" for length in ring["stroke-dasharray"].split())
    for part in soup.svg.find_all(role=True):
        del part["role"]
    return str(soup).encode()


def make_xhtml(page, files):
    """Turn an article of the site into what EPUB allows; its images join the files."""
    page.name = "section"
    for formula in page.find_all("mjx-container"):
        formula.unwrap()
    for frame in page.select(".lb-formula"):
        frame.attrs = {"class": "lb-formula"}  # the drawing in it says what it is
    for code in page.find_all("pre"):
        for span in code.find_all("span"):
            if not MARKED & set(span.get("class", [])):
                span.unwrap()
    for image in page.find_all("img"):
        suffix, content = content_of(image["src"])
        image["src"] = f"images/{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
        files[image["src"]] = content
    for drawing in page.find_all("svg"):
        drawing["viewBox"] = drawing.attrs.pop("viewbox")  # HTML knows no capitals
        del drawing["focusable"]
    for node in [page, *page.find_all(True)]:
        node.attrs = {key: value for key, value in node.attrs.items() if not key.startswith("data-")}
        if "lang" in node.attrs:
            node["xml:lang"] = node["lang"]


def entry(title, where, inside=()):
    """A line of the contents."""
    below = f"<ol>{''.join(inside)}</ol>" if inside else ""
    return f'<li><a href="{where}">{html.escape(title)}</a>{below}</li>\n'


def pages_of(site):
    """The files of the book by name, in reading order, and the contents."""
    files, lines = {}, []
    for caption, opening, pages in book_of(site, file_of):
        if opening:
            opening["epub:type"] = "part"
            files[file_of(caption)] = PAGE.format(language="en", title=html.escape(caption), body=opening)
        inside = []
        for name, page in pages.items():
            here, title = file_of(name), page.h1["data-title"]
            inside.append(entry(title, here, [entry(words, f"{here}#{where}") for words, where in sections(page)]))
            make_xhtml(page, files)
            page["epub:type"] = "chapter" if name.startswith("chapters/") else "bodymatter"
            files[here] = PAGE.format(language=page["lang"], title=html.escape(title), body=page)
        lines += [entry(caption, file_of(caption), inside)] if opening else inside
    return files, lines


def nav(lines):
    """The contents, which readers show in a menu and which are a page of the book too."""
    marks = [
        ("cover", "cover.xhtml", "Cover"),
        ("toc", "nav.xhtml", "Contents"),
        ("bodymatter", file_of(parts()[0][1][0]), "Start of the book"),
    ]
    landmarks = "".join(f'<li><a epub:type="{kind}" href="{where}">{title}</a></li>' for kind, where, title in marks)
    body = f"""<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>
{"".join(lines)}</ol></nav>
<nav epub:type="landmarks" hidden="hidden"><h2>Landmarks</h2><ol>{landmarks}</ol></nav>"""
    return PAGE.format(language="en", title="Contents", body=body)


def front(about):
    """The cover, and who made the book and what may be done with it."""
    title, authors = html.escape(about["title"]), ", ".join(author["name"] for author in about["authors"])
    body = f"""<section epub:type="cover"><img class="cover" src="images/cover.png" alt="{title}"/></section>
<section epub:type="titlepage"><h1>{title}</h1><p>{html.escape(authors)}</p>
<p>Edition {about["version"]}, {about["date-released"]}. {RIGHTS}</p></section>"""
    return PAGE.format(language="en", title=title, body=body)


def package(about, files):
    """What the book says of itself, which files it has, and in which order they are read."""
    metadata = [
        f'<dc:identifier id="id">urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, about["title"])}</dc:identifier>',
        f"<dc:title>{html.escape(about['title'])}</dc:title>",
        *(f"<dc:creator>{html.escape(author['name'])}</dc:creator>" for author in about["authors"]),
        "<dc:language>en</dc:language>",
        "<dc:language>hi-Latn</dc:language>",
        f"<dc:date>{about['date-released']}</dc:date>",
        f"<dc:rights>{RIGHTS}</dc:rights>",
        f"<dc:description>{html.escape(about['abstract'])}</dc:description>",
        *(f"<dc:subject>{html.escape(word)}</dc:subject>" for word in about["keywords"]),
        f'<meta property="dcterms:modified">{about["date-released"]}T00:00:00Z</meta>',
        *(f'<meta property="schema:{name}">{value}</meta>' for name, value in ACCESSIBILITY),
    ]
    manifest, spine = [], []
    for name, content in files.items():
        properties = {"nav.xhtml": "nav", "images/cover.png": "cover-image"}.get(name, "")
        if name.endswith(".xhtml"):
            spine.append(f'<itemref idref="file-{label(name)}"/>')
            properties = properties or ("svg" if "<svg" in content else "")
        said = properties and f' properties="{properties}"'
        manifest.append(f'<item id="file-{label(name)}" href="{name}" media-type="{TYPES[Path(name).suffix]}"{said}/>')
    return PACKAGE.format(metadata="\n".join(metadata), manifest="\n".join(manifest), spine="\n".join(spine))


def style():
    """The look of the book, with the palette by day and by night."""
    dark = "".join(f"--lstm-{name}-ink:{colours['on_dark']};" for name, colours in palette.PALETTE.items())
    night = f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    return palette.css() + night + (HERE / "epub.css").read_text("utf-8")


def write_epub(site, target):
    """Write the EPUB of a built site to ``target``."""
    about = citation()
    pages, lines = pages_of(site)
    files = {"cover.xhtml": front(about), "nav.xhtml": nav(lines), **pages, "book.css": style(), "images/cover.png": cover()}
    everything = {"META-INF/container.xml": CONTAINER, "book/package.opf": package(about, files)}
    everything |= {f"book/{name}": content for name, content in files.items()}
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip")
        for name, content in everything.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, compresslevel=9)
