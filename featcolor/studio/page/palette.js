/** The palette at a place: likely colours, a wheel of what is possible there, names, grey, and a dropper. */

import { api } from "./api.js";
import { hexOf, intoGamut, isGrey, labOf, rgbOf, rgbOfHex, words } from "./colour.js";
import { Dropper } from "./dropper.js";
import { byId, make } from "./elements.js";
import { withChange, withHint } from "./hints.js";
import { Wheel } from "./wheel.js";

const MOST_NAMES = 8;
const SUGGESTED = 5;

export class Palette {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.root = byId("palette");
    this.isOpen = false;
    this.root.addEventListener("keydown", (event) => this.#key(event));
    studio.on("picture", () => this.isOpen && this.#shut());
    studio.stage.onMoved(() => this.isOpen && this.#place());
  }

  /**
   * @param {[number, number][]} points of the hint that is told
   * @param {number | null} index of the hint whose colour changes; null for a new one
   */
  open(points, index) {
    const { studio } = this;
    this.isOpen = true;
    this.points = points;
    this.index = index;
    this.before = studio.history.present;
    this.colour = index === null ? null : this.before.hints[index].colour;
    const place = studio.stage.viewOf(points[0]);
    this.lightness = labOf(studio.stage.before(place))[0];
    this.#build();
    this.root.hidden = false;
    this.#place();
    this.root.focus({ preventScroll: true });
    this.#suggest();
  }

  #build() {
    const { studio } = this;
    this.patch = make("span", { class: "patch", "aria-hidden": "true" });
    this.title = make("h3", {});
    const head = make("header", {}, this.patch, this.title);
    head.append(make("button", { icon: "close", title: "Close (Esc)", "aria-label": "Close without telling a colour", onclick: () => this.cancel() }));
    this.suggestions = make("div", { class: "suggestions", role: "group", "aria-label": "Likely colours", "aria-busy": "true" });
    for (let row = 0; row < SUGGESTED; row++) this.suggestions.append(make("span", { class: "ghost" }));
    const grey = make("button", { class: "grey", title: "Keep this place without colour (G)", onclick: () => this.choose("#808080") }, "Keep grey");
    const others = studio.workspace.pictures.length > 0;
    const dropper = others ? make("button", { icon: "dropper", title: "Take a colour out of any picture of the album", onclick: () => this.#dropper() }, "From a picture") : null;
    this.wheel = new Wheel(this.lightness, (hex) => this.#attempt(hex));
    this.hex = make("input", { type: "text", class: "hex", maxLength: 9, spellcheck: false, autocomplete: "off", placeholder: "#rrggbb", "aria-label": "Colour as #rrggbb", oninput: () => this.#typed() });
    const done = make("button", { class: "main", onclick: () => this.keep() }, "Done");
    this.search = make("input", { type: "search", placeholder: "A name: khaki, navy, skin…", autocomplete: "off", "aria-label": "Search a colour by name", oninput: () => this.#find() });
    this.found = make("div", { class: "found", role: "group", "aria-label": "Names found" });
    const parts = [head, this.suggestions, make("div", { class: "row" }, grey, dropper), this.search, this.found];
    parts.push(make("div", { class: "mix" }, this.wheel.root, make("div", { class: "column" }, this.hex, make("p", { class: "soft" }, "All that a place so light can be."), done)));
    if (this.index !== null) parts.push(make("button", { class: "delete", icon: "remove", onclick: () => this.#delete() }, "Delete this hint"));
    this.root.replaceChildren(...parts);
    this.#showColour();
  }

  async #suggest() {
    const [x, y] = this.points[Math.floor((this.points.length - 1) / 2)];
    const { suggestions, studio } = this;
    try {
      const told = await api.suggest(studio.picture.id, x, y);
      if (this.suggestions !== suggestions) return;
      const most = told.suggestions[0]?.share || 1;
      const buttons = told.suggestions.map(({ colour, share, name }, at) => {
        const said = name ?? words(colour);
        const button = make("button", { class: "suggestion", "aria-label": `${said}, ${Math.round(100 * share)} per cent likely`, title: `${colour} (${at + 1})`, onclick: () => this.choose(colour) });
        const bar = make("span", { class: "share" });
        bar.style.width = `${Math.round((100 * share) / most)}%`;
        const swatch = make("span", { class: "swatch" });
        swatch.style.background = colour;
        button.append(swatch, make("span", { class: "word" }, said), make("span", { class: "number" }, `${Math.round(100 * share)} %`), bar);
        return button;
      });
      suggestions.replaceChildren(...buttons);
      suggestions.setAttribute("aria-busy", "false");
      if (document.activeElement === this.root) buttons[0]?.focus({ preventScroll: true });
      this.#place();
    } catch (error) {
      if (this.suggestions !== suggestions) return;
      suggestions.replaceChildren(make("p", { class: "soft" }, error.message));
    }
  }

  // What is chosen

  /** The saying with this colour. @param {string} colour */
  #with(colour) {
    if (this.index !== null) return withChange(this.before, this.index, { colour });
    return withHint(this.before, { points: this.points, colour });
  }

  /** Tells the colour, and closes. @param {string} colour */
  choose(colour) {
    const said = this.#with(colour);
    const index = this.index ?? said.hints.length - 1;
    this.#shut();
    this.studio.tell(said);
    this.studio.marks.select(index);
    this.studio.say(`Told: ${words(colour)}.`);
  }

  /** Shows the colour in the picture; it is told when the palette closes. */
  #attempt(colour, from = null) {
    this.colour = colour;
    this.studio.attemptTo(this.#with(colour));
    this.#showColour(from);
  }

  /** Closes with what was tried, if anything was. */
  keep() {
    const tried = this.studio.tried !== null;
    if (tried) this.choose(this.colour);
    else this.#shut();
  }

  /** Closes as if nothing had been. */
  cancel() {
    this.#shut();
    this.studio.attemptTo(null);
  }

  #shut() {
    const within = this.root.contains(document.activeElement);
    this.isOpen = false;
    this.root.hidden = true;
    this.suggestions = null;
    if (this.lifted) this.studio.stage.fit();
    this.lifted = null;
    this.studio.marks.pending = null;
    this.studio.marks.draw();
    if (within) (this.studio.marks.buttons[this.index ?? -1] ?? this.studio.stage.root).focus({ preventScroll: true });
  }

  #delete() {
    const { index } = this;
    this.#shut();
    this.studio.tried = null;
    this.studio.marks.remove(index);
  }

  #showColour(from = null) {
    const { colour } = this;
    const lab = colour ? labOf(rgbOfHex(colour)) : null;
    this.title.textContent = colour ? (isGrey(colour) ? "kept grey" : words(colour)) : "What colour is this?";
    const grey = hexOf(rgbOf(this.lightness, 0, 0));
    this.patch.style.background = colour ?? grey;
    if (from !== "hex") this.hex.value = colour ?? "";
    if (lab) this.wheel.point(...intoGamut(this.lightness, lab[1], lab[2]));
  }

  #typed() {
    const rgb = rgbOfHex(this.hex.value);
    this.hex.setAttribute("aria-invalid", String(!rgb && this.hex.value.length > 0));
    if (rgb) this.#attempt(hexOf(rgb), "hex");
  }

  #find() {
    const wanted = this.search.value.toLowerCase().replace(/[\s_-]/g, "").replace("gray", "grey");
    const names = [...this.studio.names].map(([name, { code }]) => ({ name, code, at: name.replace(/ /g, "").indexOf(wanted) }));
    const found = wanted ? names.filter(({ at }) => at >= 0).sort((one, other) => one.at - other.at || one.name.length - other.name.length) : [];
    this.found.replaceChildren(
      ...found.slice(0, MOST_NAMES).map(({ name, code }) => {
        const swatch = make("span", { class: "swatch" });
        swatch.style.background = code;
        return make("button", { title: code, onclick: () => this.choose(code) }, swatch, name);
      }),
    );
    if (wanted && !found.length) this.found.replaceChildren(make("p", { class: "soft" }, "No such name; the field below takes #rrggbb."));
    this.#place();
  }

  #dropper() {
    const kept = [...this.root.children];
    const back = () => {
      this.root.replaceChildren(...kept);
      this.#place();
      this.root.focus({ preventScroll: true });
    };
    const dropper = new Dropper(this.studio, back, (hex) => {
      back();
      this.#attempt(hex);
    });
    this.root.replaceChildren(dropper.root);
    this.#place();
    dropper.focus();
  }

  // Where it is

  /** Beside the place, and never over it while there is room. */
  #place() {
    const { stage } = this.studio;
    if (!stage.size) return;
    const { root } = this;
    if (matchMedia("(max-width: 760px)").matches) {
      root.style.left = root.style.top = "";
      this.#uncover();
      return;
    }
    const { clientWidth, clientHeight } = stage.root;
    const xs = this.points.map((point) => stage.screenOf(point));
    const right = Math.max(...xs.map((point) => point[0])) + 24;
    const left = Math.min(...xs.map((point) => point[0])) - 24 - root.offsetWidth;
    const within = (at, most) => Math.max(8, Math.min(at, most));
    const at = right + root.offsetWidth < clientWidth - 8 || left < 8 ? right : left;
    root.style.left = `${within(at, clientWidth - root.offsetWidth - 8)}px`;
    root.style.top = `${within(xs[0][1] - 90, clientHeight - root.offsetHeight - 8)}px`;
  }

  /** Moves the picture where the sheet at the foot of a small screen lies over the place. */
  #uncover() {
    const { stage } = this.studio;
    const y = stage.screenOf(this.points[0])[1] + stage.root.getBoundingClientRect().top;
    const over = y + 30 - this.root.getBoundingClientRect().top;
    if (over <= 0) return;
    this.lifted ??= stage.fitted;
    stage.pan(0, -over);
  }

  #key(event) {
    const field = event.target.matches("input");
    if (event.key === "Escape") this.cancel();
    else if (event.key === "Tab") {
      const all = [...this.root.querySelectorAll("button, input, [tabindex='0']")].filter((each) => !each.disabled && each.offsetParent);
      const at = all.indexOf(document.activeElement);
      const next = at < 0 ? 0 : (at + (event.shiftKey ? -1 : 1) + all.length) % all.length;
      all[next]?.focus();
    } else if (event.key === "Enter" && event.target === this.search) this.found.querySelector("button")?.click();
    else if (event.key === "Enter" && event.target === this.hex) this.keep();
    else if (!field && /^[1-9]$/.test(event.key)) this.root.querySelectorAll(".suggestion")[Number(event.key) - 1]?.click();
    else if (!field && event.key === "g") this.choose("#808080");
    else if (!field && ["ArrowUp", "ArrowDown"].includes(event.key) && event.target.matches(".suggestion")) {
      const next = event.key === "ArrowDown" ? event.target.nextElementSibling : event.target.previousElementSibling;
      next?.focus();
    } else {
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
