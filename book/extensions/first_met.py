"""Behind each entry of the glossary a link to where the chapters first speak of it, so that a term leads both ways."""

from docutils import nodes
from sphinx import addnodes

GLOSSARY = "book/glossary"


def first_met(env):
    """For each term, in small letters, the chapter and the section that first refer to it."""
    met = {}
    for name in sorted(name for name in env.found_docs if name.startswith("chapters/")):
        for node in env.get_doctree(name).findall(addnodes.pending_xref):
            if node["reftype"] == "term":
                section = node.parent
                while not (isinstance(section, nodes.section) and isinstance(section.parent, nodes.section | nodes.document)):
                    section = section.parent
                met.setdefault(node["reftarget"].lower(), (name, section["ids"][0]))
    return met


def lead_back(app, doctree, docname):
    """Write the links, when the glossary is written."""
    if docname != GLOSSARY:
        return
    met = first_met(app.env)
    for item in doctree.findall(nodes.definition_list_item):
        places = [met[term.astext().lower()] for term in item.findall(nodes.term) if term.astext().lower() in met]
        if places:
            name, anchor = min(places)
            number = int(name.removeprefix("chapters/")[:2])
            address = f"{app.builder.get_relative_uri(docname, name)}#{anchor}"
            last = list(item.findall(nodes.paragraph))[-1]
            last += [nodes.Text(" "), nodes.reference("", f"Chapter\u00a0{number}", internal=True, refuri=address, classes=["lb-met"])]


def setup(app):
    app.connect("env-updated", lambda app, env: [GLOSSARY])  # another page may have changed what it leads to
    app.connect("doctree-resolved", lead_back)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
