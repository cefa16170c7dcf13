"""A headless Chromium, driven through chromedriver: the W3C WebDriver protocol
is JSON over HTTP, so nothing but the two programs is needed."""

import base64
import json
import shutil
import subprocess
import urllib.error
import urllib.request

from .tools import free_port, wait_for

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"down": "\ue015", "up": "\ue013", "escape": "\ue00c", "enter": "\ue007", "tab": "\ue004"}


class Browser:
    """with Browser(dark=True, width=360) as b: b.open(url)"""

    PROGRAMS = ("chromium", "chromium-browser")

    def __init__(self, width=1280, height=900, dark=False):
        self.width, self.height, self.dark = width, height, dark
        self.session = None

    @staticmethod
    def missing():
        """Why it cannot run here, or None."""
        if not any(map(shutil.which, Browser.PROGRAMS)):
            return "chromium is not installed"
        return None if shutil.which("chromedriver") else "chromedriver is not installed"

    def __enter__(self):
        self.port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}", "--log-level=OFF"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(self._ready, "chromedriver", 30)
            self._start()
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        except OSError:
            pass
        self._kill()

    def _kill(self):
        self.driver.terminate()
        self.driver.wait(10)

    def _ready(self):
        try:
            return self._request("GET", "/status")["ready"]
        except OSError:
            return False

    def _start(self):
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--hide-scrollbars", "--lang=en"]
        answer = self._request("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"binary": next(filter(None, map(shutil.which, self.PROGRAMS))),
                                   "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = answer["sessionId"]
        self.size(self.width, self.height)
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])  # a click waits for no scrolling

    def _request(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"].splitlines()[0]) from None

    def call(self, method, path, body=None):
        return self._request(method, f"/session/{self.session}{path}", body)

    def cdp(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height):
        """The page's own size: a window cannot be as narrow as a phone."""
        self.width, self.height = width, height
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                 mobile=width < 600)

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def url(self):
        return self.call("GET", "/url")

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def text(self, selector):
        return self.call("GET", f"/element/{self.find(selector)}/text")

    def click(self, selector):
        self.call("POST", f"/element/{self.find(selector)}/click", {})

    def follow(self, text):
        """Click the link of that text."""
        link = self.call("POST", "/element", {"using": "link text", "value": text})[ELEMENT]
        self.call("POST", f"/element/{link}/click", {})

    def type(self, selector, text):
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": KEYS.get(text, text)})

    def press(self, key):
        """A key for whatever has the focus."""
        element = self.call("GET", "/element/active")[ELEMENT]
        self.call("POST", f"/element/{element}/value", {"text": KEYS[key]})

    def console(self):
        """What the browser complained about since the last call."""
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]

    def box(self, selector):
        """Where it is on the page, (x, y, width, height), without a script of the page; None: nowhere."""
        root = self.cdp("DOM.getDocument")["root"]["nodeId"]
        node = self.cdp("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        try:
            corners = self.cdp("DOM.getBoxModel", nodeId=node)["model"]["border"]
        except RuntimeError:
            return None
        return corners[0], corners[1], corners[4] - corners[0], corners[5] - corners[1]

    def click_at(self, selector):
        x, y, width, height = self.box(selector)
        for kind in "mousePressed", "mouseReleased":
            self.cdp("Input.dispatchMouseEvent", type=kind, x=x + width / 2, y=y + height / 2,
                     button="left", clickCount=1)

    def screenshot(self, path):
        """The whole page."""
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 8000), "scale": 1}
        path.write_bytes(base64.b64decode(
            self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]))
