"""The site of `whybounce site` as its readers have it: in Chromium, on a phone
and on a desk, light and dark, with and without script, from a disk. Where there
is no Chromium, the files alone are looked at."""

import html.parser
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

from support import BUILD, wait_for
from lab import Browser

LANGUAGES = ("en", "de", "id", "th", "tr", "vi")


def build(directory, *arguments):
    return subprocess.run([BUILD / "whybounce", "site", *arguments, directory], capture_output=True, text=True,
                          check=False)


class Site(unittest.TestCase):
    """One site for all tests of a class: in memory, where that is possible."""

    @classmethod
    def setUpClass(cls):
        memory = pathlib.Path("/dev/shm")
        cls.parent = pathlib.Path(tempfile.mkdtemp(
            prefix="whybounce-site-", dir=memory if os.access(memory, os.W_OK) else None))
        cls.addClassCleanup(shutil.rmtree, cls.parent, ignore_errors=True)
        cls.site = cls.parent / "site"
        done = build(cls.site)
        assert done.returncode == 0, done.stderr

    def pages(self):
        return sorted(self.site.rglob("*.html"))

    def url(self, path):
        return (self.site / path).as_uri()


# ---- files ----

class Reader(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, _, attributes):
        for name, value in attributes:
            if name in ("href", "src", "data-words"):
                self.links.append(value)
            elif name == "id":
                self.ids.add(value)


class Files(Site):
    def test_all_links_resolve(self):
        found = {page: Reader(page) for page in self.pages()}
        for page, reader in found.items():
            for link in reader.links:
                address = urllib.parse.urlsplit(link)
                self.assertEqual(("", ""), (address.scheme, address.netloc), f"{page}: {link}")
                target = pathlib.Path(os.path.normpath(page.parent / address.path)) if address.path else page
                self.assertTrue(target.is_file(), f"{page}: {link}")
                if address.fragment:
                    self.assertIn(address.fragment, found[target].ids, f"{page}: {link}")

    def test_all_languages_have_the_same_pages(self):
        def below(tag):
            return {p.relative_to(self.site / tag) for p in (self.site / tag).rglob("*.html")}
        for tag in LANGUAGES[1:]:
            self.assertEqual(below("en"), below(tag))
        self.assertGreater(len(below("en")), 1000)

    def test_valid_html(self):
        if not shutil.which("tidy"):
            self.skipTest("tidy is not installed")
        pages = self.pages()
        for start in range(0, len(pages), 500):
            done = subprocess.run(["tidy", "-q", "-e", "-utf8", "--drop-empty-elements", "no",
                                   *pages[start:start + 500]], capture_output=True, text=True, check=False)
            # newer than Debian's tidy, and in the standard
            faults = [line for line in done.stderr.splitlines() if '"aria-current"' not in line]
            self.assertEqual([], faults, f"one of {pages[start]} and the 499 after it")

    def test_full_disk(self):
        disk = self.parent / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("may not mount a small disk")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        done = build(disk / "site")
        self.assertEqual(1, done.returncode)
        self.assertIn("No space left on device", done.stderr)
        self.assertEqual([], list(disk.iterdir()))


# ---- readers ----

# Text whose contrast with what is behind it is below 4.5 (3 where it is large).
CONTRAST = r"""
function parts(c) { return (c.match(/[\d.]+/g) || []).map(Number); }
function light(c) {
    const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b;
}
function behind(e) {
    for (; e; e = e.parentElement) {
        const c = parts(getComputedStyle(e).backgroundColor);
        if (c.length === 3 || c[3] > 0) return c.slice(0, 3);
    }
    return [255, 255, 255];
}
return [...document.querySelectorAll("body *")].filter(e => e.offsetParent && !e.closest(".unseen, .skip, label") &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(e => {
    const style = getComputedStyle(e), a = light(parts(style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const large = parseFloat(style.fontSize) >= 24;
    return ratio < (large ? 3 : 4.5) ? `${e.tagName}.${e.className} ${ratio.toFixed(2)}: ${e.textContent.slice(0, 40)}` : null;
}).filter(Boolean);
"""


@unittest.skipIf(Browser.missing(), Browser.missing())
class Readers(Site):
    def reader(self, **more):
        browser = Browser(**more)
        browser.__enter__()
        self.addCleanup(browser.__exit__)
        return browser

    def assert_page(self, browser, path):
        """The right page, not wider than the screen, without complaints."""
        wait_for(lambda: browser.url().partition("#")[0] == self.url(path), f"{path}, not {browser.url()}")
        self.assert_fits(browser, path)
        self.assertEqual([], browser.console(), path)

    def assert_fits(self, browser, path):
        width = browser.run("return document.documentElement.scrollWidth")
        if width > browser.width:
            wide = browser.run("return [...document.querySelectorAll('body *')].filter("
                               "e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 120))")
            self.fail(f"{path} is {width} wide on {browser.width}: {wide[:3]}")

    def search(self, browser, words):
        browser.type(".search input", words)
        wait_for(lambda: browser.run("return document.querySelectorAll('.found a').length"), f"results for {words}")

    def walk(self, browser):
        """As the issue has it: search, follow, switch, compare."""
        browser.open(self.url("en/index.html"))
        self.assert_page(browser, "en/index.html")
        self.search(browser, "mailbox full")
        self.assert_fits(browser, "results")
        self.assertRegex(browser.text(".found p"), r"^Results: [1-9]")
        browser.click(".found a")
        self.assert_page(browser, "en/cause/mailbox_full.html")
        self.assertEqual("The mailbox is full", browser.text("h1"))
        browser.click(".languages summary")
        self.assert_fits(browser, "languages")
        browser.follow("ไทย")
        self.assert_page(browser, "th/cause/mailbox_full.html")
        self.assertEqual("th", browser.run("return document.documentElement.lang"))
        browser.open(self.url("de/index.html"))
        self.search(browser, "Postfach")
        self.assertRegex(browser.text(".found p"), r"^Treffer: [1-9]")
        browser.click(".found a")
        self.assert_page(browser, "de/cause/mailbox_full.html")
        browser.open(self.url("en/index.html"))
        browser.follow("Compare codes")
        self.assert_page(browser, "en/compare/index.html")
        browser.follow("All comparisons with 550")
        self.assert_page(browser, "en/code/550.html")
        browser.follow("554")
        self.assert_page(browser, "en/compare/550-554.html")
        self.assertEqual("550 and 554 compared", browser.text("h1"))

    def test_walk(self):
        for dark in False, True:
            browser = self.reader(dark=dark)
            for width in 1280, 360:
                with self.subTest(width=width, dark=dark):
                    browser.size(width, 800)
                    self.walk(browser)

    def test_every_kind_of_page_fits_a_phone(self):
        browser = self.reader(width=360)
        browser.open(self.url("index.html"))
        self.assert_page(browser, "index.html")
        for tag in LANGUAGES:
            longest = sorted((self.site / tag).glob("c*/*.html"), key=lambda p: -p.stat().st_size)
            names = ["index.html", "compare/index.html", "code/550.html", "code/5.7.26.html",
                     "cause/rate_limited.too_many_recipients.html", "compare/421-451.html"]
            for page in [self.site / tag / n for n in names] + longest[:6]:
                path = page.relative_to(self.site)
                browser.open(page.as_uri())
                self.assert_page(browser, path)

    def test_contrast(self):
        for dark in False, True:
            browser = self.reader(dark=dark)
            for path in ("index.html", "en/index.html", "en/code/450.html", "de/code/456.html",
                         "th/cause/auth_failure.spf.html", "vi/compare/354-451.html", "tr/compare/index.html"):
                browser.open(self.url(path))
                self.assertEqual([], browser.run(CONTRAST), f"{path}, {'dark' if dark else 'light'}")
        browser.open(self.url("en/index.html"))
        self.search(browser, "5.7")
        self.assertEqual([], browser.run(CONTRAST))

    def test_search_is_lenient(self):
        browser = self.reader()
        for tag, words, path in (("en", "5.1.1", "code/5.1.1.html"), ("en", "x.7.1", "code/5.7.1.html"),
                                 ("en", "4.2.2", "code/4.2.2.html"), ("en", "MAILBOX, FULL", "cause/mailbox_full.html"),
                                 ("de", "empfanger hat eine neue", "cause/moved.html"),
                                 ("tr", "POSTA KUTUSU DOLU", "cause/mailbox_full.html"),
                                 ("vi", "hop thu da day", "cause/mailbox_full.html"),
                                 ("th", "กล่องจดหมายเต็ม", "cause/mailbox_full.html")):
            browser.open(self.url(f"{tag}/compare/550-554.html"))
            self.search(browser, words)
            self.assertEqual(self.url(f"{tag}/{path}"), browser.run("return document.querySelector('.found a').href"),
                             f"{tag}: {words}")
        browser.open(self.url("th/code/550.html"))
        browser.type(".search input", "zzzz")
        wait_for(lambda: "550" in browser.text(".found p"), "the hint that nothing was found")
        self.assertEqual([], browser.console())

    def focus(self, browser):
        return browser.run("const e = document.activeElement; return e.className || e.id || e.textContent")

    def test_keyboard(self):
        browser = self.reader()
        browser.open(self.url("en/code/550.html"))
        browser.press("tab")
        self.assertEqual("skip", self.focus(browser))
        browser.press("enter")
        wait_for(lambda: self.focus(browser) != "skip", "the skip link to be followed")
        self.search(browser, "mailbox full")
        browser.press("down")
        self.assertIn("The mailbox is full", self.focus(browser))
        browser.press("down")
        self.assertIn("Mailbox Full", self.focus(browser))
        browser.press("escape")
        self.assertEqual("q", self.focus(browser))
        self.assertFalse(browser.run("return document.querySelector('.found').offsetParent !== null"))
        browser.run("document.querySelector('#q').value = ''")
        self.search(browser, "5.2.2")
        browser.press("enter")
        wait_for(lambda: browser.url() == self.url("en/code/5.2.2.html"), "the first result")

    def test_without_script(self):
        browser = self.reader(width=360)
        browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
        browser.cdp("Page.navigate", url=self.url("en/code/550.html"))
        wait_for(lambda: browser.box("h1"), "the page")
        self.assertIsNone(browser.box(".search"))  # it could not do anything
        browser.click_at(".languages summary")
        browser.click_at(".languages a[lang=th]")
        wait_for(lambda: browser.url() == self.url("th/code/550.html"), "the page in Thai")


if __name__ == "__main__":
    unittest.main()
