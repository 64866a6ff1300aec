"""The built website in a real browser that can reach no host but this machine."""

import functools
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import live_widgets
import matplotlib.pyplot as plt
import numpy as np
import one_stylesheet
import prerendered_math
import pytest
import tinycss2
from bs4 import BeautifulSoup

from lstmbook.palette import PALETTE

ROOT = Path(__file__).parents[1]
CHAPTERS = [f"chapters/{path.stem}" for path in sorted((ROOT / "chapters").glob("*.ipynb"))]
PAGES = [f"book/{path.stem}" for path in sorted((ROOT / "book").glob("*.md"))] + CHAPTERS
ALL = [*PAGES, "search", "genindex", "index"]
THEMES = ["light", "dark"]
HIDDEN = PALETTE["hidden"]["colour"]
WHOLE = """async () => {
    delete document.documentElement.dataset.late;
    for (const el of document.querySelectorAll("[data-widget]")) {
        el.scrollIntoView();
        for (const until = performance.now() + 30000; !("live" in el.dataset); await new Promise(requestAnimationFrame)) {
            if (performance.now() > until) throw new Error(`${el.dataset.widget} does not come alive`);
        }
    }
    scrollTo({ top: 0, behavior: "instant" });
}"""
"""A page as somebody knows it who has read it: laid out to its end, its widgets alive."""


def open_page(chromium, url, **options):
    """A page and the list of everything that went wrong or left this machine while it loaded."""
    context = chromium.new_context(**options)
    page, wrong = context.new_page(), []
    home = url.split("/")[2] if url.startswith("http") else ""
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
    page.on("response", lambda response: wrong.append(f"{response.status}: {response.url}") if response.status >= 400 else None)

    def watch(request):
        scheme, rest = request.url.split(":", 1)
        if scheme not in ("data", "blob") and not (scheme == "file" and not home) and rest[2:].split("/")[0] != home:
            wrong.append(f"foreign: {request.url}")

    page.on("request", watch)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    if options.get("java_script_enabled", True):
        page.evaluate(WHOLE)
    return page, wrong


@functools.cache
def documents(site):
    """Every page of the site, read once: nothing may change it."""
    return {path: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in site.rglob("*.html")}


def document(site, name):
    return documents(site)[site / f"{name}.html"]


def where(address, site, name, scheme):
    return f"{address}/{name}.html" if scheme == "http" else (site / f"{name}.html").as_uri()


@pytest.fixture(scope="module", params=ALL)
def opened(request, chromium, address, site):
    """The name of a page, the page on the narrowest phone, and what went wrong: opened once for all the tests that only look at it."""
    url, screen = where(address, site, request.param, "http"), {"width": 320, "height": 740}
    page, wrong = open_page(chromium, url, viewport=screen, reduced_motion="reduce")
    yield request.param, page, wrong
    page.context.close()


def resized(page, width):
    """The page as wide as that, and drawn."""
    page.set_viewport_size({"width": width, "height": 740})
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page


def unfolded(page):
    """The page with every fold opened by a click."""
    for handle in page.locator(".toggle-button").all():
        if "toggle-button-hidden" in handle.get_attribute("class"):
            handle.click()
    assert page.locator("article .toggle-hidden").count() == 0
    return page


def test_a_page_asks_nobody_and_fails_nowhere(opened):
    name, page, wrong = opened
    assert wrong == []
    assert page.title(), name


def test_nothing_is_wider_than_the_screen(opened):
    _, page, _ = opened
    for folds in (lambda page: page, unfolded):
        for width in (320, 375, 768):
            assert folds(resized(page, width)).evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_is_cut_off_on_a_phone(opened):
    """A page can be narrow enough because it hides what sticks out, so each piece of text is measured."""
    _, page, _ = opened
    sticks_out = """nodes => nodes
        .filter(node => !node.closest("mjx-container, .lb-formula, .pst-scrollable-table-container, .table-wrapper"))
        .filter(node => [...node.getClientRects()].some(box => box.width > 2 && box.right > innerWidth))
        .map(node => node.textContent.slice(0, 60) || node.outerHTML.slice(0, 60))"""
    text = unfolded(resized(page, 375)).locator("article").locator("p, li, h1, h2, code, figure, img, td, dd, a")
    assert text.evaluate_all(sticks_out) == []


def test_code_and_what_it_prints_never_scroll_sideways(opened):
    name, page, _ = opened
    too_wide = "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.textContent)"
    code = unfolded(page).locator("article pre")
    assert code.count() > 20 or name not in CHAPTERS
    for width in (375, 1280):
        resized(page, width)
        assert code.evaluate_all(too_wide) == [], width
    folded = """lines => lines
        .filter(line => line.clientHeight > 1.5 * parseFloat(getComputedStyle(line).lineHeight))
        .map(line => line.textContent)"""
    assert page.locator("article .cell_input .lb-line").evaluate_all(folded) == [], "a line is folded on a wide screen"


def test_everybody_can_use_the_page(opened):
    from axe_playwright_python.sync_playwright import Axe

    _, page, _ = opened
    unfolded(resized(page, 1280)).evaluate("""() => {  // of the thousands of words of code, one of each kind
        const seen = new Set();
        for (const word of document.querySelectorAll(".highlight span[class]:not(:has(*))")) {
            if (seen.has(word.className)) word.remove();
            seen.add(word.className);
        }
    }""")
    colours = ["color-contrast", "link-in-text-block", "image-alt", "svg-img-alt", "role-img-alt"]  # what a theme can change
    for theme, rules in (("light", {}), ("dark", {"runOnly": colours})):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.wait_for_selector(f"html[data-theme={theme}]")
        found = Axe().run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]
        serious = [f"{theme}: {v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")]
        assert serious == []


@pytest.mark.parametrize("name", ALL)
def test_a_page_from_a_folder_asks_nobody_and_fails_nowhere(chromium, address, site, name):
    page, wrong = open_page(chromium, where(address, site, name, "file"))
    assert wrong == []
    assert page.title()
    page.context.close()


@pytest.mark.parametrize(("width", "height"), [(375, 667), (390, 844), (1280, 720)])
def test_the_first_screen_of_the_door_holds_its_name_a_gate_and_three_ways_in(chromium, address, site, width, height):
    page, _ = open_page(chromium, where(address, site, "book/index", "http"), viewport={"width": width, "height": height})
    ways = page.locator(".lb-ways .sd-card")
    assert [way.inner_text().split()[0] for way in ways.all()] == ["Read", "Run", "Assign"]
    gate = page.get_by_role("slider"), page.get_by_role("status")
    for shown in (page.locator("article h1"), page.locator(".lb-languages"), *gate, *ways.all()):
        box = shown.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["y"] >= 0 and box["y"] + box["height"] <= height, shown
    assert all(way.bounding_box()["height"] >= 44 for way in ways.all())
    page.context.close()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_gate_of_the_door_answers_the_keyboard_the_mouse_and_the_finger(chromium, address, site, scheme):
    page, wrong = open_page(chromium, where(address, site, "book/index", scheme), has_touch=True)
    gate, status = page.get_by_role("slider", name="forget gate f"), page.get_by_role("status")
    assert status.inner_text().startswith("Forgotten. 38 words later 0.90³⁸ ≈ 1.8 %")
    gate.focus()
    page.keyboard.press("End")
    assert gate.get_attribute("aria-valuetext") == "1.00, keeps 100 % at each word"
    assert page.locator(".lw-one-blank").inner_text() == "Marathi"
    box = gate.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.touchscreen.tap(box["x"] + box["width"] / 2, middle)
    assert status.inner_text().startswith("Forgotten. 38 words later 0.5")
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 5, middle, steps=5)
    page.mouse.up()
    assert status.inner_text().startswith("Remembered.")
    assert wrong == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_sliders_answer_the_keyboard(chromium, address, site, scheme):
    page, _ = open_page(chromium, where(address, site, "chapters/01_why_remember", scheme))
    gap = page.get_by_role("slider", name="gap (filler words)").first
    window = page.get_by_role("slider", name="window (last words)").first
    assert gap.get_attribute("aria-valuetext") == "10 words"
    status = page.get_by_role("status").first
    assert "outside the window" in status.inner_text()
    gap.focus()
    page.keyboard.press("Home")
    assert gap.get_attribute("aria-valuetext") == "0 words"
    page.keyboard.press("ArrowRight")
    assert gap.get_attribute("aria-valuetext") == "1 word"
    page.keyboard.press("Tab")
    assert window.evaluate("node => node === document.activeElement")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "The answer is known: Marathi." in status.inner_text()  # 1 + 1 + 5 words
    assert page.locator(".lw-blank").first.inner_text() == "Marathi"
    page.context.close()


def test_the_sliders_answer_the_mouse_and_the_finger(chromium, address, site):
    page, _ = open_page(chromium, where(address, site, "chapters/01_why_remember", "http"), has_touch=True)
    window = page.get_by_role("slider", name="window (last words)").first
    window.scroll_into_view_if_needed()
    box = window.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 4 / 45, middle)  # 5 of 1 to 46
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, middle, steps=5)
    page.mouse.up()
    assert window.get_attribute("aria-valuetext") == "46 words"
    page.touchscreen.tap(box["x"] + 3, middle)
    assert window.get_attribute("aria-valuetext") == "1 word"
    assert len(page.locator(".lw-seen").first.inner_text().split()) == 1
    page.context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_each_figure_is_seen_in_the_copy_of_its_theme_and_only_that_is_fetched(chromium, address, theme):
    page, _ = open_page(chromium, f"{address}/chapters/06_gates.html", color_scheme=theme)
    pairs = page.locator("article figure .only-light"), page.locator("article figure .only-dark")
    assert pairs[0].count() == pairs[1].count() >= 4
    for kind, images in zip(THEMES, pairs, strict=True):
        assert {image.is_visible() for image in images.all()} == {kind == theme}
    images = pairs[THEMES.index(theme)]
    assert all(image.evaluate("image => image.decode().then(() => image.naturalWidth > 0)") for image in images.all())
    fetched = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name).filter(name => name.includes('_images'))")
    assert fetched and {"/dark/" in name for name in fetched} == {theme == "dark"}
    page.context.close()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_two_trained_networks_read_the_sentence_in_the_page(chromium, address, site, scheme):
    """What the chapter asserts of the networks that it stores: one holds Marathi over 33 words, both over 5."""
    page, wrong = open_page(chromium, where(address, site, "chapters/15_reading_the_gates", scheme))
    gap, status = page.get_by_role("slider", name="gap (filler words)"), page.get_by_role("status")
    assert gap.get_attribute("aria-valuetext") == "33 words" and "only the LSTM is right" in status.inner_text()
    gap.focus()
    page.keyboard.press("Home")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert gap.get_attribute("aria-valuetext") == "5 words" and "both are right" in status.inner_text()
    assert wrong == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_gradient_moves_with_its_sliders(chromium, address, site, scheme):
    page, wrong = open_page(chromium, where(address, site, "chapters/04_vanishing_gradients", scheme), has_touch=True)
    scale = page.get_by_role("slider", name="scale of U")
    status = page.get_by_role("status")
    assert "in float32 it is lost" in status.inner_text() or "it is small" in status.inner_text()
    scale.focus()
    page.keyboard.press("End")
    assert scale.get_attribute("aria-valuetext") == "2.00"
    page.get_by_role("radio", name="linear").check()
    assert "it explodes" in status.inner_text()
    box = page.get_by_role("slider", name="gap (words back)").bounding_box()
    page.touchscreen.tap(box["x"] + 3, box["y"] + box["height"] / 2)
    assert "At a gap of 0 words" in status.inner_text() or "last word" in status.inner_text()
    before = page.locator(".lw-box svg").first.inner_html()
    page.get_by_role("button", name="another network").click()
    page.get_by_role("radio", name="tanh").check()
    assert page.locator(".lw-box svg").first.inner_html() != before
    assert wrong == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_phase_diagram_can_be_explored(chromium, address, site, scheme):
    page, wrong = open_page(chromium, where(address, site, "chapters/10_training", scheme), has_touch=True)
    status = page.get_by_role("status")
    assert status.inner_text().startswith("LSTM, b = 1, gap 12:")
    bias = page.get_by_role("slider", name="forget bias b")
    bias.focus()
    page.keyboard.press("End")
    assert status.inner_text().startswith("LSTM, b = 5, gap 12:") and "3 of 3 seeds learnt" in status.inner_text()
    page.get_by_role("gridcell").filter(has_text="/3").last.tap()  # the plain RNN at the longest gap
    assert status.inner_text().startswith("Plain RNN, gap 50:") and "0 of 3 seeds learnt" in status.inner_text()
    assert bias.is_disabled()
    page.get_by_role("radio", name="LSTM").check()
    page.get_by_role("slider", name="gap (filler words)").focus()
    page.keyboard.press("Home")
    assert status.inner_text().startswith("LSTM, b = 5, gap 3:")
    assert wrong == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_widgets_of_the_hinglish_page_live_and_say_what_the_page_says(chromium, address, site, scheme):
    page, wrong = open_page(chromium, where(address, site, "book/hinglish", scheme))
    fade, lab, puzzle, reader = (
        page.locator(f"[data-widget={name}][data-live]") for name in ("fading_memory", "gate_lab", "gate_puzzle", "memory_reader")
    )
    assert page.locator("[data-widget]").count() == page.locator("[data-widget][data-live]").count() == 4
    fade.get_by_role("slider", name="forget gate bias b").fill("5")
    assert "77 % is left: Maharashtra is remembered" in fade.get_by_role("status").inner_text()
    assert "= 0.40 + 0.18 = 0.58" in lab.inner_text() and "0.50 × 0.52 = 0.26" in lab.inner_text()
    forget = lab.get_by_role("slider", name="forget gate")
    forget.scroll_into_view_if_needed()
    box = forget.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 5, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert "= 0.80 + 0.18 = 0.98" in lab.inner_text()
    lab.get_by_role("slider", name="output gate").focus()
    page.keyboard.press("Home")
    assert "It shows nothing: the change stays secret." in lab.inner_text()
    for gate in ("keep at every word", "keep at word 1, Maharashtra", "write at word 1, Maharashtra", "show at word 14, is"):
        puzzle.get_by_role("button", name=gate, exact=True).click()
    assert "Shown: Marathi. Solved with 15 gate openings, the fewest possible" in puzzle.get_by_role("status").inner_text()
    gap, status = reader.get_by_role("slider", name="gap (filler words)"), reader.get_by_role("status")
    assert "only the LSTM is right" in status.inner_text()
    gap.fill("5")
    assert "both are right" in status.inner_text()
    assert wrong == []
    page.context.close()


def test_two_languages_lead_to_each_other_by_keyboard(chromium, address, site):
    page, wrong = open_page(chromium, where(address, site, "book/index", "http"))
    for here, there, title in (("en", "hi-Latn", "LSTM seekhta hai"), ("hi-Latn", "en", "Learning to Remember")):
        assert page.locator("html").get_attribute("lang") == here
        link = page.locator("article .lb-languages a")
        assert (link.get_attribute("lang"), link.get_attribute("hreflang")) == (there, there)
        assert link.bounding_box()["y"] < page.viewport_size["height"]
        link.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{'hinglish' if there == 'hi-Latn' else 'index'}.html")
        assert page.locator("h1").last.inner_text().startswith(title)
    assert wrong == []
    page.context.close()


def test_each_part_of_a_page_says_its_language(site):
    soup = {name: document(site, name) for name in PAGES}

    def spoken_in(tag):
        return next(part["lang"] for part in (tag, *tag.parents) if part.get("lang"))

    for name, page in soup.items():
        here = "hi-Latn" if name == "book/hinglish" else "en"
        assert page.html["lang"] == here, name
        assert spoken_in(page.article.h1) == here, name
        assert {spoken_in(tag) for tag in page.find_all(class_=["lstm-widget", "bd-sidebar-primary", "bd-header-article"])} == {"en"}, name
        for title in page.find_all(string=re.compile("LSTM seekhta hai")):
            if title.parent.name != "title" and not title.find_parent(id="jb-print-docs-body"):  # which is never shown
                assert spoken_in(title.parent) == "hi-Latn", f"{name}: {title.parent}"
        for link in page.article.find_all("a", class_="internal"):
            elsewhere = ".html" in link["href"]
            if elsewhere and ("hinglish.html" in link["href"]) != (here == "hi-Latn"):
                assert link["lang"] == link["hreflang"] == ("en" if here == "hi-Latn" else "hi-Latn"), f"{name}: {link}"
    for name in CHAPTERS:
        box = soup[name].article.find(string="In Hinglish").find_parent(class_="admonition")
        assert box["lang"] == "hi-Latn" and spoken_in(box.find_all("p")[-1]) == "hi-Latn" and spoken_in(box.p) == "en"
    assert {spoken_in(quote) for quote in soup["book/hinglish"].article.find_all("blockquote")} == {"en"}


@pytest.mark.parametrize(
    ("name", "said"),
    [("book/index", "1.8 % of the name is left"), ("chapters/01_why_remember", "The name is outside the window")],
)
def test_without_javascript_a_true_picture_stands_there(chromium, address, site, name, said):
    page, _ = open_page(chromium, where(address, site, name, "http"), java_script_enabled=False)
    picture = page.locator("[data-widget] img").first
    assert picture.is_visible()
    assert said in picture.get_attribute("alt")
    page.context.close()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_a_word_of_the_book(chromium, address, site, scheme):
    page, wrong = open_page(chromium, where(address, site, "search", scheme) + "?q=latch")
    page.wait_for_selector("#search-results li a")
    assert any("02_recurrence" in link.get_attribute("href") for link in page.locator("#search-results li a").all())
    assert wrong == []
    page.context.close()


def test_the_theme_can_be_switched_by_hand(chromium, address, site):
    page, _ = open_page(chromium, where(address, site, "book/index", "http"), color_scheme="light")
    seen = set()
    for _ in range(3):
        page.locator("button.theme-switch-button").first.click()
        seen.add(page.locator("html").get_attribute("data-theme"))
    assert seen == {"light", "dark"}
    page.context.close()


@pytest.mark.parametrize("name", ["chapters/02_recurrence", "chapters/15_reading_the_gates"])
def test_a_folded_line_of_code_hangs_under_its_beginning(chromium, address, site, name):
    page, _ = open_page(chromium, where(address, site, name, "http"), viewport={"width": 375, "height": 740})
    folded = """nodes => nodes.map(node => {
        const text = node.textContent, first = document.createRange(), walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
        let at = text.search(/\\S/), leaf = walk.nextNode();
        while (at >= leaf.length) { at -= leaf.length; leaf = walk.nextNode(); }
        if (at < 0) return null;
        first.setStart(leaf, at); first.setEnd(leaf, at + 1);
        const start = first.getBoundingClientRect();
        first.selectNodeContents(node);
        const below = [...first.getClientRects()].filter(box => box.top > start.bottom - 1 && box.width > 1);
        return below.length ? Math.min(...below.map(box => box.left)) - start.left : null;
    }).filter(distance => distance !== null)"""
    distances = page.locator("article .cell_input .lb-line").evaluate_all(folded)
    assert len(distances) > 20 and min(distances) > 10
    page.context.close()


def test_code_is_copied_as_it_was_written(site):
    notebook = json.loads((ROOT / "chapters" / "02_recurrence.ipynb").read_text("utf-8"))
    written = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    shown = [block.get_text().rstrip("\n") for block in document(site, "chapters/02_recurrence").select(".cell_input pre")]
    assert set(written) == set(shown)


@pytest.mark.parametrize("theme", THEMES)
def test_a_printed_page_is_the_article_alone_black_on_white_and_unfolded(chromium, address, site, theme):
    page, _ = open_page(chromium, where(address, site, "chapters/01_why_remember", "http"), color_scheme=theme)
    solution = page.locator(".solution p:not(.admonition-title)").first
    assert solution.evaluate("node => getComputedStyle(node).visibility") == "hidden"
    page.emulate_media(media="print", color_scheme=theme)
    for menu in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".prev-next-footer", "button.toggle-button"):
        assert not page.locator(menu).first.is_visible(), menu
    article = page.locator("article").bounding_box()
    assert article["width"] >= page.viewport_size["width"] - 40
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    ink = page.locator("article p").first.evaluate("node => getComputedStyle(node).color")
    assert ground == "rgb(255, 255, 255)" and max(map(int, re.findall(r"\d+", ink))) < 60
    assert solution.evaluate("node => getComputedStyle(node).visibility") == "visible" and solution.bounding_box()["height"] > 15
    page.emulate_media(media="screen", color_scheme=theme)
    page.wait_for_selector(f"html[data-theme={theme}]")
    page.context.close()


def test_every_internal_link_and_anchor_leads_somewhere(site):
    pages = documents(site)
    ids = {path: {tag["id"] for tag in soup.find_all(id=True)} for path, soup in pages.items()}
    broken = []
    for path, soup in pages.items():
        for tag, attribute in [(t, a) for a in ("href", "src") for t in soup.find_all(attrs={a: True})]:
            link = tag[attribute]
            if re.match(r"(https?|mailto|data|javascript):", link) or link == "#":
                continue
            target, anchor = urldefrag(urljoin(path.as_uri(), link))
            file = Path(unquote(target.removeprefix("file://").split("?")[0]))
            if not file.exists() or (anchor and file in ids and unquote(anchor) not in ids[file]):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_no_line_of_prose_ends_between_a_number_and_what_it_counts(site):
    for name in PAGES:
        article = document(site, name).find("article")
        for text in article.find_all(string=re.compile(r"\d %|\b[Cc]hapter \d|\bPart [IV]")):
            assert text.find_parent(["pre", "code", "script"]) or text.find_parent(attrs={"data-widget": True}), (name, text)


def test_each_term_leads_to_the_chapter_that_first_speaks_of_it_and_back(site):
    pages = {path.relative_to(site).as_posix(): soup for path, soup in documents(site).items()}
    glossary = pages["book/glossary.html"]
    for term in glossary.select("dl.glossary dt"):
        found = term.find_next_sibling("dd").select("a.lb-met")
        assert found, f"book/glossary.md: no chapter speaks of {term.text}: write {{term}}`...` where one does, or take it away"
        (there,) = found
        page, _, anchor = there["href"].removeprefix("../").partition("#")
        back = f"../book/glossary.html#{term['id']}"
        assert pages[page].find(id=anchor).find("a", href=back), f"{term.text}: nothing in {page}, #{anchor} leads to it"
        assert there.text == f"Chapter\u00a0{int(page.removeprefix('chapters/')[:2])}"


@pytest.mark.parametrize("name", PAGES)
def test_mathematics_is_typeset_and_can_be_heard(site, name):
    article = document(site, name).find("article")
    formulas = article.find_all("mjx-container")
    assert all(formula.find("svg") and formula.find("math") for formula in formulas)
    prose = "".join(text for text in article.find_all(string=True) if not text.find_parent(["script", "pre", "code"]))
    assert not re.search(r"\\\(|\\\[|\$\$|\\frac|\\tanh", prose)
    if name in ("book/notation", *CHAPTERS):
        assert len(formulas) > 3


def test_a_colour_in_a_formula_is_the_palettes(site):
    text = (site / "chapters" / "02_recurrence.html").read_text("utf-8")
    assert "fill:var(--lstm-hidden-ink)" in text
    assert not re.search(r'(fill|stroke)="#', text)


@pytest.mark.parametrize(
    ("formula", "paths"),
    [
        (r"x_t^{2} \le \sum_{k=1}^n a_{k_j}", 1),
        (rf"\textcolor{{{HIDDEN}}}{{h}} = \textcolor{{{HIDDEN}}}{{h_1^{{x_t}}}} + b", 2),
        # signs, bars, and two windows: on the tall brackets, on the brace
        (r"\frac{1}{\sqrt{1 + \frac ab}} \left(\frac{x}{\begin{matrix}1\\2\\3\end{matrix}}\right)^2", 4),
        (r"\underbrace{a + b + c + d}_{\text{sum}} \overline{u} \binom{n}{k}", 4),
    ],
)
def test_a_formula_of_few_paths_is_the_drawing_that_mathjax_made(chromium, formula, paths):
    flat, tree = prerendered_math.typeset(formula, True), prerendered_math.drawn(formula, True)
    assert flat.count("<path") == paths < tree.count("<path")
    page = chromium.new_page(viewport={"width": 500, "height": 200}, device_scale_factor=2)
    seen = []
    for markup in (flat, tree):
        visible = markup.partition("<mjx-assistive-mml")[0]
        page.set_content(f"<body style='--lstm-hidden-ink:{HIDDEN};font-size:30px'>{visible}")
        seen.append(plt.imread(io.BytesIO(page.screenshot()))[..., :3])
    page.close()
    assert (seen[0] < 0.5).any()
    assert np.abs(seen[0] - seen[1]).max() < 0.4  # where the edge of a sign lies by a thousandth of a letter elsewhere


@pytest.mark.parametrize(("formula", "good"), [(r"\frac{1}{2}", True), (r"\nonsense", False)])
def test_a_wrong_formula_stops_the_build_and_is_named(tmp_path, formula, good):
    extensions = str(ROOT / "book" / "extensions")
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.append({extensions!r})\n"
        "extensions = ['myst_parser', 'prerendered_math']\n"
        "myst_enable_extensions = ['dollarmath']; html_math_renderer = 'prerendered'\n"
    )
    (tmp_path / "index.md").write_text(f"# Page\n\n$${formula}$$\n")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", tmp_path, tmp_path / "html"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode == 0) == good
    if good:
        assert "<mfrac>" in (tmp_path / "html" / "index.html").read_text("utf-8")
    else:
        assert "cannot be typeset: Error: Undefined control sequence \\nonsense" in done.stderr


@pytest.mark.parametrize(("state", "good"), [({"c_before": 0.8}, True), ({"c_before": 0.5}, True), ({"c_before": 7}, False)])
def test_a_page_asks_for_a_stored_widget_by_its_state(tmp_path, state, good):
    extensions = str(ROOT / "book" / "extensions")
    (tmp_path / "conf.py").write_text(f"import sys; sys.path.append({extensions!r})\nextensions = ['myst_parser', 'live_widgets']\n")
    (tmp_path / "index.md").write_text(f"# Page\n\n```{{widget}} gate_lab\n:state: {json.dumps(state)}\n```\n")
    done = subprocess.run([sys.executable, "-m", "sphinx", "-W", "-q", tmp_path, tmp_path / "html"], capture_output=True, text=True)
    assert (done.returncode == 0) == good, done.stderr
    if good:
        shown = BeautifulSoup((tmp_path / "html" / "index.html").read_text("utf-8"), "html.parser").find(class_="lstm-widget")
        assert state.items() <= json.loads(shown["data-state"]).items()
    else:
        assert "no chapter has stored a widget called 'gate_lab' with {\"c_before\": 7}" in done.stderr


def test_every_image_of_the_site_says_what_it_shows(site):
    for path, soup in documents(site).items():
        for image in soup.find_all("img"):
            assert len(image.get("alt", "")) > 20, f"{path.name}: {str(image)[:100]}"


def test_every_page_says_in_a_sentence_what_it_is_about(site):
    told = {}
    for name in PAGES:
        [description] = document(site, name).find_all("meta", attrs={"name": "description"})
        told[name] = description["content"]
    assert all(40 <= len(text) <= 165 for text in told.values()), told
    assert len(set(told.values())) == len(PAGES)


def test_every_picture_says_how_large_it_is(site):
    pages = documents(site)
    for path, soup in pages.items():
        for image in soup.find_all("img"):
            assert int(image["width"]) > 0 and int(image["height"]) > 0, f"{path.name}: {str(image)[:100]}"
            assert image["src"].startswith("data:") or image["loading"] == "lazy", f"{path.name}: {str(image)[:100]}"
    drawings = pages[site / "chapters" / "05_two_memories.html"].find_all("img", src=re.compile("two_states"))
    assert [(each["width"], each["height"]) for each in drawings] == [("560", "478")] * 2  # as its viewBox says, in either theme


@pytest.mark.parametrize("scheme", ["http", "file"])
@pytest.mark.parametrize("way", ["mouse", "touch", "keys"])
def test_the_menu_of_downloads_opens_and_its_script_comes_only_then(chromium, address, site, scheme, way):
    context = chromium.new_context(has_touch=True)
    page = context.new_page()
    page.goto(where(address, site, CHAPTERS[0], scheme))
    page.wait_for_load_state("networkidle")
    button, item = page.get_by_label("Download this page"), page.locator(".btn-download-source-button")
    assert not item.is_visible() and page.evaluate("!window.bootstrap")
    if way == "keys":
        button.focus()
        page.keyboard.press("Enter")
    else:
        (button.click if way == "mouse" else button.tap)()
    item.wait_for()
    page.wait_for_selector("[data-bs-toggle=dropdown][aria-expanded=true]")  # on a busy machine the mouse is there before the script
    assert page.evaluate("!!window.bootstrap")
    page.locator(".bd-article h1").click(position={"x": 5, "y": 5})
    item.wait_for(state="hidden")
    button.click()
    item.wait_for()
    context.close()


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("name", ["book/index", "book/hinglish", "chapters/01_why_remember", "chapters/15_reading_the_gates"])
def test_nothing_jumps_while_a_page_loads_and_is_read_to_its_end(chromium, address, site, name, width):
    page = chromium.new_page(viewport={"width": width, "height": 720})
    slow = page.context.new_cdp_session(page)  # so that what has come is drawn before the rest comes
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.add_init_script("""
        window.shifts = [];
        new PerformanceObserver((list) => shifts.push(...list.getEntries().map((entry) => entry.value)))
            .observe({ type: "layout-shift", buffered: true });
    """)
    page.goto(where(address, site, name, "http"))
    page.wait_for_load_state("networkidle")
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    page.mouse.move(width / 2, 360)
    for _ in range(200):
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(80)
        if page.evaluate("scrollY + innerHeight + 2 > document.documentElement.scrollHeight"):
            break
    assert page.evaluate("shifts.reduce((sum, shift) => sum + shift, 0)") < 0.02
    assert page.locator("[data-widget]").count() == page.locator("[data-live]").count()
    page.close()


def before_and_alive(page, url, widths):
    """For each width and widget of a page: how high it is before it is alive, with the room kept for it, and then by itself."""
    held = []
    page.route("**/widget_host.js*", lambda route: held.append(route))
    page.goto(url, wait_until="commit")
    page.wait_for_selector("footer", state="attached")
    page.evaluate("delete document.documentElement.dataset.late")

    def heights():
        all_of_them = "[...document.querySelectorAll('[data-widget]')].map(el => [el.dataset.widget, el.getBoundingClientRect().height])"
        return [(width, *found) for width in widths for found in resized(page, width).evaluate(all_of_them)]

    before = heights()
    held[0].continue_()
    page.evaluate(WHOLE)
    page.add_style_tag(content="[data-widget] { min-height: 0 !important; }")
    return zip(before, heights(), strict=True)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["chapters/02_recurrence", "chapters/06_gates"])
def test_the_caption_of_each_figure_is_seen(chromium, address, name, theme):
    page, _ = open_page(chromium, f"{address}/{name}.html", color_scheme=theme)
    captions = page.locator("article figure > figcaption")
    assert captions.count() == page.locator("article figure").count() > 0
    assert captions.evaluate_all("all => all.filter(el => getComputedStyle(el).display === 'none').map(el => el.textContent)") == []
    page.context.close()


def test_a_figure_on_a_dark_page_has_no_ground_of_its_own(chromium, address):
    page, _ = open_page(chromium, f"{address}/chapters/02_recurrence.html", color_scheme="dark")
    grounds = page.eval_on_selector_all("figure img.only-dark", "all => all.map(el => getComputedStyle(el).backgroundColor)")
    assert len(grounds) > 3 and set(grounds) == {"rgba(0, 0, 0, 0)"}
    page.context.close()


def test_a_page_keeps_room_for_a_widget_before_it_is_alive(chromium, address, site):
    first = {}
    for path, soup in sorted(documents(site).items()):
        for each in soup.select("[data-widget]"):
            first.setdefault(each["data-widget"], path.relative_to(site))
    table = "ROOM in book/extensions/live_widgets.py"
    assert set(first) == set(live_widgets.ROOM), f"{table} says how high each widget is, and no other"
    wrong = []
    for path in sorted(set(first.values())):
        page = chromium.new_page(viewport={"width": 320, "height": 720})
        for (width, widget, room), (*_, alive) in before_and_alive(page, f"{address}/{path.as_posix()}", (320, 375, 550, 1280)):
            if abs(room - alive) >= 50:
                wrong.append(f"{path} at {width} pixels: {widget} takes {alive} alive and has {room} before: mend {table}")
        page.close()
    assert wrong == []


@pytest.mark.parametrize(("width", "height"), [(375, 667), (1280, 720)])
def test_what_is_far_is_neither_laid_out_nor_alive_and_is_where_a_link_leads(chromium, address, width, height):
    page = chromium.new_page(viewport={"width": width, "height": height})
    page.goto(f"{address}/chapters/15_reading_the_gates.html")
    page.wait_for_load_state("networkidle")
    *_, far, _ = page.locator(".bd-article > section > section").all()
    assert not far.locator("h2").evaluate("heading => heading.checkVisibility({ contentVisibilityAuto: true })")
    assert page.locator("[data-live]").count() == 0
    guessed = page.evaluate("document.documentElement.scrollHeight")
    page.evaluate("link => { location.hash = link }", far.get_attribute("id"))
    page.wait_for_function(
        "section => { const { top } = section.getBoundingClientRect(); return 0 <= top && top < 140 }", arg=far.element_handle()
    )
    assert far.locator("h2").is_visible()
    page.locator("[data-widget]").first.scroll_into_view_if_needed()
    page.wait_for_selector("[data-live]")
    page.evaluate("delete document.documentElement.dataset.late")
    assert 0.9 < page.evaluate("document.documentElement.scrollHeight") / guessed < 1.1
    page.close()


def test_a_page_asks_for_one_style_sheet_and_waits_for_no_script(site):
    for name in PAGES:
        head = document(site, name).head
        assert [link["href"].split("?")[0] for link in head.find_all("link", rel="stylesheet")] == ["../_static/pages.css"]
        assert all(script.has_attr("defer") for script in head.find_all("script", src=True))
    assert (site / "_static" / "pages.css").stat().st_size < 250_000
    assert '["pre"' not in (site / "_static" / "scripts" / "pydata-sphinx-theme.js").read_text("utf-8")


def test_the_style_sheet_drops_what_no_page_uses_and_keeps_the_rest():
    sheet = """.there,.gone>p{a:1}.gone{b:2}p:not(.gone){c:3}#there.gone{d:4}@media print{.gone{e:5}.there{f:6}}
        @media screen{.gone{g:7}}@keyframes k{from{h:8}}[class~=gone]{i:9}.there{}"""
    rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    left = re.sub(r"\s", "", one_stylesheet.used(rules, {"there"}))
    assert left == ".there{a:1}p:not(.gone){c:3}@mediaprint{.there{f:6}}@keyframesk{from{h:8}}[class~=gone]{i:9}.there{}"


def test_a_page_is_light(site):
    """What the book left out stays out: no icon font, no kernel, no second typesetter."""
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"fontawesome|thebe|require(\.min)?\.js|html-manager|MathJax\.js|tex-mml", text, re.IGNORECASE), path
    assert not list(site.rglob("*fontawesome*"))
