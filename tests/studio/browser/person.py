"""A person at the page: what they do, what they see, and what the browser complains of meanwhile."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

IN_ALBUM: Final = "#album > [data-id]"
PATIENCE_MS: Final = 30_000
WATCH: Final = """(() => {
  // The page says by an attribute whether the picture shows the last answer of the studio: no view is asked for, and
  // the canvas was drawn since.
  let asked = 0, answered = 0, drawn = 0;
  const note = () => {
    const picture = document.getElementById("colour")?.dataset.picture;
    document.documentElement?.toggleAttribute("data-settled", asked === 0 && drawn >= answered && Boolean(picture));
  };
  const { fetch } = window;
  window.fetch = async (path, options) => {
    const view = String(path).endsWith("/view");
    asked += view;
    note();
    try {
      const answer = await fetch(path, options);
      if (view && answer.ok) answered = performance.now();
      return answer;
    } finally {
      asked -= view;
      note();
    }
  };
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...what) {
    draw.apply(this, what);
    if (this.canvas.id !== "colour") return;
    drawn = performance.now();
    setTimeout(note);
  };
})();"""
PIXELS: Final = "canvas => canvas.toDataURL('image/png')"
PLACE: Final = """(canvas, [x, y]) => {
  const box = canvas.getBoundingClientRect();
  return [box.left + ((x + 0.5) * box.width) / canvas.width, box.top + ((y + 0.5) * box.height) / canvas.height];
}"""


class Person:
    """Somebody with a page of their own.

    Parameters
    ----------
    browser : of playwright's
    address : as the studio printed it
    options : of a context of the browser: viewport, color_scheme and so on

    Attributes
    ----------
    page : of playwright's
    clicks : presses of a button of the mouse
    forgiven : patterns of complaints that a test brings about
    """

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        self._origin = "/".join(address.split("/")[:3])
        self.context = browser.new_context(**{"viewport": {"width": 1400, "height": 860}} | options)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(WATCH)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.forgiven: list[str] = []
        self.clicks = 0
        self.page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.on("request", lambda request: self._judge(request.url))
        self.page.goto(address)
        self.page.wait_for_selector("body:not(.loading)")

    def _judge(self, url: str) -> None:
        if not url.startswith((f"{self._origin}/", "data:", "blob:")):
            self.complaints.append(f"foreign request: {url}")

    def leave(self) -> None:
        """Close the page; AssertionError where the browser has complained."""
        self.context.close()
        left = [each for each in self.complaints if not any(re.search(known, each) for known in self.forgiven)]
        assert not left, left

    # Pictures

    def give(self, *files: Path) -> None:
        """Choose files by the dialogue, and wait until all are in the album."""
        before = self.page.locator(IN_ALBUM).count()
        self.page.set_input_files("#drop", [str(path) for path in files])
        self.counts(IN_ALBUM, before + len(files))

    def drop(self, *files: Path, on: str = "#welcome") -> None:
        """Drop files out of a file manager."""
        content = [
            {
                "name": path.name,
                "content": base64.b64encode(path.read_bytes()).decode(),
                "type": f"image/{path.suffix[1:]}",
            }
            for path in files
        ]
        transfer = self.page.evaluate_handle(
            """files => {
              const transfer = new DataTransfer();
              for (const { name, content, type } of files) {
                const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], name, { type }));
              }
              return transfer;
            }""",
            content,
        )
        for event in ("dragenter", "dragover", "drop"):
            self.page.dispatch_event(on, event, {"dataTransfer": transfer})

    def open(self, name: str) -> None:
        """Click a picture in the album, and wait for its colours."""
        self.click(self.item(name).locator("button.item"))
        self.reads("#title", f"^{re.escape(name)}")
        self.settle()

    def take_out(self, name: str) -> None:
        """Take a picture out of the album."""
        self.click(self.page.get_by_role("button", name=f"Take {name} out of the album"))

    def title(self) -> str:
        """The name of the picture that is open."""
        self.settle()
        name = self.page.locator("#title").evaluate("title => title.firstChild.textContent")
        return str(name)

    def item(self, name: str) -> Locator:
        """The line of a picture in the album."""
        return self.page.locator("#album > li", has=self.page.locator(".name", has_text=re.compile(re.escape(name))))

    def settle(self) -> None:
        """Wait until the canvas shows what was last told."""
        self.sees("html[data-settled]")

    @contextmanager
    def recolouring(self) -> Iterator[None]:
        """Do what the picture is asked for anew after something else, and wait until it shows."""
        with self.page.expect_response("**/view"):
            yield
        self.settle()

    def pixels(self, canvas: str = "#colour") -> NDArray[np.uint8]:
        """What is on a canvas, (h, w, 3), after all that was told is there."""
        self.settle()
        _, content = self.page.locator(canvas).evaluate(PIXELS).split(",")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"))

    # What they do

    def click(self, where: str | Locator) -> None:
        """Press a button or whatever else stands there."""
        self.clicks += 1
        (self.page.locator(where) if isinstance(where, str) else where).click()

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the view is on the screen."""
        left, top = self.page.locator("#colour").evaluate(PLACE, [x, y])
        return left, top

    def click_picture(self, x: float, y: float) -> None:
        """Press a pixel of the view."""
        self.clicks += 1
        self.page.mouse.click(*self.place(x, y))

    def drag(self, *way: tuple[float, float]) -> None:
        """Drag from one pixel of the view over the others."""
        self.clicks += 1
        self.page.mouse.move(*self.place(*way[0]))
        self.page.mouse.down()
        for each in way[1:]:
            self.page.mouse.move(*self.place(*each), steps=4)
        self.page.mouse.up()

    def hint(self, x: float, y: float, *, rank: int = 0) -> None:
        """Give a place one of its likely colours."""
        self.settle()
        self.click_picture(x, y)
        self.click(self.page.locator("#palette .suggestion").nth(rank))
        self.settle()

    def press(self, *keys: str) -> None:
        """Keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    # What they see

    def sees(self, *where: str) -> None:
        """Wait until each is there to be seen."""
        for each in where:
            self.page.locator(each).first.wait_for(state="visible")

    def sees_not(self, *where: str) -> None:
        """Wait until none is there to be seen."""
        for each in where:
            self.page.locator(each).first.wait_for(state="hidden")

    def counts(self, where: str, count: int) -> None:
        """Wait until there are so many."""
        from playwright.sync_api import expect

        expect(self.page.locator(where)).to_have_count(count, timeout=PATIENCE_MS)

    def reads(self, where: str, pattern: str) -> None:
        """Wait until a text is there."""
        self.page.locator(where, has_text=re.compile(pattern)).first.wait_for(state="visible")

    def api(self, path: str) -> Any:
        """What the studio says to the page."""
        return self.page.evaluate("path => fetch(path).then((answer) => answer.json())", path)

    def picture(self, name: str) -> dict[str, Any]:
        """A picture with its hints and choices, as the studio keeps it."""
        listed = {each["name"]: each["id"] for each in self.api("api/workspace")["pictures"]}
        found: dict[str, Any] = self.api(f"api/pictures/{listed[name]}")
        return found

    def told(self, name: str) -> Sequence[dict[str, Any]]:
        """The hints that the studio keeps of a picture."""
        hints: list[dict[str, Any]] = self.picture(name)["hints"]
        return hints
