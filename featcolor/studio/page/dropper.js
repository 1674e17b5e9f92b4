/** The dropper: a colour out of any picture of the album, as it is or as it is coloured. */

import { api } from "./api.js";
import { hexOf } from "./colour.js";
import { make } from "./elements.js";

const WIDTH = 268;
const HEIGHT = 220;
/** Pixels to each side whose mean is taken. */
const AROUND = 1;

export class Dropper {
  /** @param {any} studio @param {() => void} back @param {(hex: string) => void} chosen */
  constructor(studio, back, chosen) {
    Object.assign(this, { studio, chosen });
    this.at = { x: 0.5, y: 0.5 };
    this.canvas = make("canvas", { tabIndex: 0, role: "application", "aria-label": "Picture to take a colour out of; arrows move, Enter takes", width: WIDTH, height: HEIGHT });
    this.canvas.addEventListener("pointermove", (event) => this.#hover(event));
    this.canvas.addEventListener("click", (event) => {
      this.#hover(event);
      this.#take();
    });
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.cross = make("span", { class: "cross", "aria-hidden": "true", hidden: true });
    this.patch = make("span", { class: "patch", "aria-hidden": "true" });
    this.words = make("span", { class: "soft" }, "Click a colour");
    this.coloured = make("input", { type: "checkbox", checked: true, onchange: () => this.#load() });
    const head = make("header", {}, this.patch, make("h3", {}, "From a picture"), make("button", { icon: "close", "aria-label": "Back to the palette", onclick: back }));
    const strip = make("div", { class: "strip", role: "group", "aria-label": "Pictures" });
    for (const picture of studio.workspace.pictures.filter((each) => !each.error)) {
      const image = make("img", { src: api.thumb(picture), alt: picture.name, loading: "lazy" });
      const button = make("button", { title: picture.name, onclick: () => this.#choose(picture, button) }, image);
      strip.append(button);
      if (picture.id === studio.picture.id || !this.picture) [this.picture, this.button] = [picture, button];
    }
    const shown = make("div", { class: "dropped" }, this.canvas, this.cross);
    this.root = make("div", { class: "dropper" }, head, strip, shown, make("div", { class: "row" }, make("label", {}, this.coloured, " coloured"), this.words));
    this.#choose(this.picture, this.button);
  }

  focus() {
    this.canvas.focus({ preventScroll: true });
  }

  #choose(picture, button) {
    this.picture = picture;
    for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
    this.#load();
  }

  /** The thumbnail at once, then the view. */
  async #load() {
    const { picture, studio } = this;
    const coloured = this.coloured.checked;
    const still = () => this.picture === picture && this.coloured.checked === coloured && this.root.isConnected;
    try {
      const small = await (await fetch(api.thumb(picture, coloured))).blob();
      this.#draw(await createImageBitmap(small));
      if (!coloured) {
        const grey = await createImageBitmap(await api.grey(picture.id));
        if (still()) this.#draw(grey);
        return;
      }
      const { hints, choices } = picture.id === studio.picture.id ? studio.history.present : await api.picture(picture.id);
      const view = await createImageBitmap(await api.view(picture.id, { hints, choices }, false));
      if (still()) this.#draw(view);
    } catch (error) {
      if (still()) this.words.textContent = error.message;
    }
  }

  #draw(bitmap) {
    const scale = Math.min(WIDTH / bitmap.width, HEIGHT / bitmap.height);
    this.canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    this.canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, this.canvas.width, this.canvas.height);
  }

  #hover(event) {
    const box = this.canvas.getBoundingClientRect();
    this.at = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
    this.#show();
  }

  #colour() {
    const { width, height } = this.canvas;
    const side = 2 * AROUND + 1;
    const within = (share, most) => Math.min(Math.max(Math.floor(share * most) - AROUND, 0), Math.max(most - side, 0));
    const { data } = this.canvas.getContext("2d").getImageData(within(this.at.x, width), within(this.at.y, height), side, side);
    const mean = [0, 1, 2].map((channel) => {
      let sum = 0;
      for (let at = channel; at < data.length; at += 4) sum += data[at];
      return Math.round((4 * sum) / data.length);
    });
    return hexOf(mean);
  }

  #show() {
    const hex = this.#colour();
    this.patch.style.background = hex;
    this.words.textContent = hex;
    Object.assign(this.cross.style, { left: `${this.canvas.offsetLeft + this.at.x * this.canvas.offsetWidth}px`, top: `${this.canvas.offsetTop + this.at.y * this.canvas.offsetHeight}px` });
  }

  #take() {
    this.chosen(this.#colour());
  }

  #key(event) {
    const step = event.shiftKey ? 0.1 : 0.02;
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (by) {
      this.at = { x: Math.min(Math.max(this.at.x + by[0], 0), 1), y: Math.min(Math.max(this.at.y + by[1], 0), 1) };
      this.cross.hidden = false;
      this.#show();
    } else if (event.key === "Enter") this.#take();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
