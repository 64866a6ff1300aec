"""The PDF edition: the pages of the built site in the order of ``_toc.yml``, as one page of HTML that Chromium prints.

One page, so that page numbers run on and each link of the book leads to its place in it. It is printed twice: the first time to learn
on which page each section begins, the second time with these numbers in the contents. Bookmarks and what the file says of itself are
added afterwards.
"""

import base64
import html
import re
import tempfile
from pathlib import Path

import pikepdf
from edition_pages import HERE, book_of, citation, drawn, fonts, sections, soup_of

PLAIN = "pre .n, pre .nn, pre .p, pre .w, pre .lb-line"
"""Code that is not coloured: its spans would double the size of the file."""


def fit_for_print(page):
    """Take from a page what paper does not need, and draw its widgets into it."""
    for span in page.select(PLAIN):
        span.unwrap()
    for picture in page.select("[data-widget] img"):
        drawing = soup_of(base64.b64decode(picture["src"].split(",")[1]).decode()).svg
        drawing["role"], drawing["aria-label"] = "img", picture["alt"]
        picture.replace_with(drawing)


def assemble(site):
    """The whole book as one page, and its bookmarks: for each, its depth, its title and where it leads."""
    marks, body, style = [], [], []
    for caption, opening, pages in book_of(site):
        depth = int(bool(caption))
        if opening:
            marks.append((0, caption, opening["id"]))
            body.append(str(opening))
        for page in pages.values():
            fit_for_print(page)
            title = page.h1["data-title"]
            marks.append((depth, title, page["id"]))
            marks += [(depth + 1, *section) for section in sections(page)]
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


def printed(markup, target):
    """Print a page of HTML into a PDF, which is opened."""
    drawn(markup, target, "--no-pdf-header-footer", f"--print-to-pdf={target}")
    return pikepdf.open(target, allow_overwriting_input=True)


def places(pdf):
    """Where each place that is linked to lies: the number of its page, from 0, and its height on it."""
    number = {page.objgen: k for k, page in enumerate(pdf.pages)}
    return {name[1:]: (number[there[0].objgen], float(there[3])) for name, there in pdf.Root.Dests.items()}


def write_pdf(site, target):
    """Print a built site, twice, and write the PDF to ``target``."""
    about = citation()
    markup, marks = assemble(site)
    with tempfile.TemporaryDirectory() as folder:
        paper = Path(folder, "book.pdf")
        with printed(re.sub('(<b data-page="[^"]*">)', r"\g<1>000", markup), paper) as draft:
            begins = places(draft)
        markup = re.sub('<b data-page="([^"]*)">', lambda found: f"<b>{begins[found[1]][0] + 1}", markup)
        with printed(markup, paper) as pdf:
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
