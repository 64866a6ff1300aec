"""The editions that are made from the site, each as a reader without a network opens it."""

import re
import zipfile

import editions
import pytest


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
        page.wait_for_load_state("networkidle")
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
            widget.locator('input[type="range"], .lw-puz-gate').first.focus()
            before = widget.inner_html()
            for key in ("Home", "ArrowRight", "End", "Enter"):
                widget.page.keyboard.press(key)
                if widget.inner_html() != before:
                    moved.add(name)
    assert moved == {path.stem for path in (editions.ROOT / "code" / "lstmbook" / "widgets").glob("*.js")}
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
