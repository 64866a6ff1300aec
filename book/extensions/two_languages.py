"""What of a page is in which language, so that a screen reader takes the right voice and a browser knows where a link leads.

The book is in English. A page whose front matter says ``lang: hi-Latn`` is in Hinglish: Hindi in Roman letters, with the English words of
the field. Such a page declares its language; what stands around it (menus, buttons) and the widgets in it stay English and are marked so.
In a chapter the box *In Hinglish* is marked. The text of a link to a page in the other language is in the language of that page.

Inside a page ``:class: language-en`` marks a block: docutils writes such a class as the attribute ``lang``.
"""

import posixpath
import re
from urllib.parse import unquote

from docutils import nodes

BOOKS, HINGLISH = "en", "hi-Latn"
LINK = re.compile(r'<a class="(?:current )?reference internal" href="(?:([^"#]+)\.html|#")')
WIDGET = re.compile(r'<div class="lstm-widget" data-widget="\w+"')


def language(app, name):
    """The language that a page declares, or None."""
    return app.env.metadata.get(name, {}).get("lang", BOOKS)


def mark_boxes(app, doctree):
    """Mark what is in the other language, with the language."""
    for box in doctree.findall(nodes.admonition):
        if box[0].astext() == "In Hinglish":
            box["classes"].append(f"language-{HINGLISH}")
            for english in box[:2]:  # the title, and the note below it
                english["classes"].append(f"language-{BOOKS}")


def mark_page(app, pagename, templatename, context, doctree):
    """Tell a page's language to its template."""
    here = language(app, pagename)

    def mark_links(text, around):
        def mark_link(match):
            there = language(app, posixpath.normpath(f"{pagename}/../{unquote(match[1])}") if match[1] else pagename)
            return match[0] if there == around else match[0].replace("<a ", f'<a lang="{there}" hreflang="{there}" ', 1)

        return LINK.sub(mark_link, text)

    menu = context["toctree"]
    context["toctree"] = lambda **options: mark_links(menu(**options), BOOKS)
    for way in ("prev", "next"):
        if context.get(way):
            there = language(app, posixpath.normpath(f"{pagename}/../{context[way]['link'].removesuffix('.html')}"))
            if there != BOOKS:
                context[way]["title"] = f'<span lang="{there}">{context[way]["title"]}</span>'
    if "body" not in context:
        return
    body = mark_links(context["body"], here)
    if here != BOOKS:
        english = WIDGET.sub(lambda match: f'{match[0]} lang="{BOOKS}"', body)
        body = f'<div lang="{here}">{english}</div>'
    context["body"] = body
    context["language"] = here  # of the root; the template says what the rest of the page is in
    context["language_of_the_book"] = BOOKS


def setup(app):
    app.connect("doctree-read", mark_boxes)
    app.connect("html-page-context", mark_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
