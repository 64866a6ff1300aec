"""Make an edition of the book from its built site: python tools/editions.py zip, pdf or epub. It lies in _build/editions.

zip     the site in one folder, to open without a network
pdf     its pages in the order of the book, to print
epub    the same, for an e-reader or a phone
"""

import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "learning-to-remember"
OFFER = re.compile(r'<div class="lb-editions.*?</div>\s*', re.DOTALL)
"""The door's list of editions: none of them offers itself."""


def write_zip(site, target):
    """The site in one folder, with its licence; the same bytes for the same site."""
    files = {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    files = {name: content for name, content in files.items() if not name.startswith("editions/")}
    files["book/index.html"] = OFFER.sub("", files["book/index.html"].decode()).encode()
    files["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{NAME}/{name}")
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, compresslevel=9)


def write_pdf(site, target):
    import edition_pdf  # needs what only this edition needs

    edition_pdf.write_pdf(site, target)


def write_epub(site, target):
    import edition_epub

    edition_epub.write_epub(site, target)


MAKE = {"zip": write_zip, "pdf": write_pdf, "epub": write_epub}


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in MAKE:
        return f"Say which edition to make: python tools/editions.py {', '.join(MAKE)}."
    kind, site = arguments[0], ROOT / "_build" / "html"
    if not (site / "index.html").is_file():
        return f"There is no site in {site}: build it first with make site."
    target = ROOT / "_build" / "editions" / f"{NAME}.{kind}"
    target.parent.mkdir(parents=True, exist_ok=True)
    MAKE[kind](site, target)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1e6:.1f} MB")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
