"""whybounce enrich on every sample, read by Python's email package: the parts for
machines and the returned message are the same, and our words come first."""

import html.parser
import json
import subprocess
import unittest

from support import BUILD, TREE, parse

FOLDERS = ("postfix", "sendmail", "exim", "text")
SAMPLES = [path for folder in FOLDERS for path in sorted((TREE / "tests" / "bounces" / folder).glob("*.eml"))]
LANGUAGES = ("en", "th")
LEFT_ALONE = {"broken-boundary.eml"}

# What our pages are made of; whatever else stands in one was put there by a bounce.
TAGS = {"html", "head", "meta", "title", "style", "body", "table", "tr", "td", "div", "h1", "h2", "h3", "p",
        "span", "b", "ol", "ul", "li", "a", "details", "summary", "br", "hr"}
ATTRIBUTES = {"lang", "dir", "charset", "name", "content", "class", "style", "role", "width", "cellpadding",
              "cellspacing", "border", "align", "href"}
VOID = {"meta", "br", "hr"}


class Page(html.parser.HTMLParser):
    """Balanced, from our own tags and attributes, without anything to load."""

    def __init__(self, test, text):
        super().__init__()
        self.test, self.open, self.links = test, [], []
        self.feed(text)
        self.close()
        test.assertEqual([], self.open)

    def handle_starttag(self, tag, attrs):
        self.test.assertIn(tag, TAGS)
        for name, value in attrs:
            self.test.assertIn(name, ATTRIBUTES)
            self.test.assertNotRegex(value or "", r"url\(|javascript|expression")
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        self.test.assertEqual(self.open.pop(), tag)


def whybounce(*arguments):
    return subprocess.run([str(BUILD / "whybounce"), *map(str, arguments)], capture_output=True)


def kept_parts(message):
    """The parts that programs read, and what was returned, in their order."""
    parts = list(message.iter_parts()) if message.is_multipart() else []
    return [part.as_bytes() for part in parts
            if part.get_content_maintype() == "message" or part.get_content_subtype().startswith("rfc822")]


def ours(message):
    """Our multipart/alternative, the first there is."""
    return next(part for part in message.walk()
                if part.get_content_type() == "multipart/alternative" and part["Content-Description"] == "Explanation")


class Samples(unittest.TestCase):
    def setUp(self):
        self.assertGreater(len(SAMPLES), 80)

    def check(self, path, language):
        before = path.read_bytes()
        run = whybounce("enrich", "-l", language, path)
        if path.name.startswith("no-") or path.name in LEFT_ALONE:
            self.assertEqual(1, run.returncode)
            self.assertEqual(before, run.stdout)
            return
        self.assertEqual(0, run.returncode, run.stderr)
        old, new = parse(before), parse(run.stdout)
        self.assertIn(f"lang={language}", new["X-Whybounce"])
        self.assertEqual(kept_parts(old), kept_parts(new))
        text, page = ours(new).iter_parts()
        self.assertEqual(("text/plain", "text/html"), (text.get_content_type(), page.get_content_type()))
        self.assertFalse(text.defects + page.defects + ours(new).defects)
        self.assertTrue(text.get_content().strip())
        for link in Page(self, page.get_content()).links:
            self.assertRegex(link, "^https://")
        if old.get_content_type() == "multipart/report":
            self.assertEqual(old.get_boundary(), new.get_boundary())
            first = next(old.iter_parts()).get_content_maintype()
            added = 1 if first == "message" else 0
            self.assertEqual(len(list(old.iter_parts())) + added, len(list(new.iter_parts())))

    def test_every_sample(self):
        for path in SAMPLES:
            for language in LANGUAGES:
                with self.subTest(sample=f"{path.parent.name}/{path.name}", language=language):
                    self.check(path, language)

    def test_defects_are_those_that_came_in(self):
        for path in SAMPLES:
            run = whybounce("enrich", path)
            with self.subTest(sample=path.name):
                self.assertEqual([str(d) for d in parse(path.read_bytes()).defects],
                                 [str(d) for d in parse(run.stdout).defects])

    def test_json(self):
        for path in SAMPLES:
            run = whybounce("explain", "-f", "json", "-l", "th", path)
            for line in run.stdout.decode().splitlines():
                keys = json.loads(line).keys()
                self.assertLessEqual({"language", "title", "recipients", "cause", "happened", "hops", "who", "steps",
                                      "findings", "reply"}, keys)
            for line in whybounce("diagnose", "-f", "json", path).stdout.decode().splitlines():
                self.assertLessEqual({"file", "cause"}, json.loads(line).keys())


if __name__ == "__main__":
    unittest.main()
