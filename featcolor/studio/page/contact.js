/** The contact sheet: the whole album before and after, and which of it is written. */

import { api } from "./api.js";
import { byId, make, plural } from "./elements.js";

export class ContactSheet {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.dialog = byId("contact");
    this.chosen = new Set();
    byId("contact-open").addEventListener("click", () => this.open());
    studio.on("workspace", () => {
      byId("contact-open").disabled = !studio.album.length;
      if (this.dialog.open) this.draw();
    });
  }

  open() {
    if (!this.studio.album.length) return;
    this.chosen.clear();
    this.coloured = true;
    this.cells = new Map();
    this.#build();
    this.draw();
    this.dialog.showModal();
  }

  #build() {
    const { studio } = this;
    const both = make("div", { class: "group", role: "group", "aria-label": "Shown" });
    this.sides = [false, true].map((after) =>
      make("button", { "aria-pressed": String(after === this.coloured), onclick: () => this.#show(after) }, after ? "After" : "Before"),
    );
    both.append(...this.sides);
    this.size = make("input", { type: "range", min: 110, max: 260, value: 190, "aria-label": "Size of the pictures", oninput: () => this.#size() });
    this.all = make("button", { onclick: () => this.#chooseAll() }, "Choose all");
    this.note = make("span", { class: "soft" });
    this.write = make("button", { class: "main", onclick: () => this.#write() });
    const share = make("input", { type: "checkbox", checked: studio.workspace.share, onchange: () => studio.settle({ share: share.checked }) });
    const zip = make("a", { class: "button", icon: "download", href: api.zip, download: "" }, "Zip");
    this.zip = zip;
    const close = make("button", { icon: "close", "aria-label": "Close the contact sheet", onclick: () => this.dialog.close() });
    const head = make("header", {}, make("h2", {}, "Contact sheet"), this.note, both, this.size, make("label", { class: "check" }, share, "Share hints"), this.all, this.write, zip, close);
    this.grid = make("ul", { class: "contact" });
    this.dialog.replaceChildren(head, this.grid);
    this.#size();
  }

  #size() {
    this.grid.style.setProperty("--side", `${this.size.value}px`);
  }

  #show(after) {
    this.coloured = after;
    this.sides.forEach((side, at) => side.setAttribute("aria-pressed", String(Boolean(at) === after)));
    for (const { image, picture } of this.cells.values()) if (image) image.src = api.thumb(picture, after);
  }

  draw() {
    const { album } = this.studio;
    for (const picture of album) {
      const known = this.cells.get(picture.id);
      if (known?.stamp === JSON.stringify(picture)) continue;
      const cell = this.#cell(picture);
      if (known) known.item.replaceWith(cell.item);
      else this.grid.append(cell.item);
      this.cells.set(picture.id, cell);
    }
    const written = album.filter(({ state }) => state === "coloured").length;
    this.note.textContent = `${plural(album.length, "picture")}, ${written} written`;
    this.zip.hidden = !album.some((picture) => picture.written);
    this.#words();
  }

  #cell(picture) {
    const box = make("input", { type: "checkbox", checked: this.chosen.has(picture.id), "aria-label": `Choose ${picture.name}` });
    box.addEventListener("change", () => {
      if (box.checked) this.chosen.add(picture.id);
      else this.chosen.delete(picture.id);
      this.#words();
    });
    const image = picture.error ? null : make("img", { src: api.thumb(picture, this.coloured), alt: picture.name, loading: "lazy" });
    const open = make("button", { class: "cell", title: `Open ${picture.name}`, "aria-label": `Open ${picture.name}`, onclick: () => this.#open(picture) });
    open.append(image ?? make("span", { class: "soft" }, picture.error));
    // Under the pointer it shows the other side.
    for (const [event, other] of [["pointerenter", true], ["pointerleave", false]]) {
      if (image) open.addEventListener(event, () => (image.src = api.thumb(picture, this.coloured !== other)));
    }
    const state = picture.error ? "broken" : picture.state;
    const words = { grey: "", coloured: "written", corrected: "corrected", changed: "changed", broken: "broken" }[state];
    const item = make("li", { "data-state": state }, open, make("label", {}, box, make("span", { class: "name" }, picture.name.split("/").at(-1)), make("span", { class: "state" }, words)));
    return { item, image, picture, box, stamp: JSON.stringify(picture) };
  }

  #words() {
    const count = this.chosen.size;
    this.write.textContent = count ? `Write ${count} chosen` : "Write all";
    this.all.textContent = count ? "Choose none" : "Choose all";
  }

  #chooseAll() {
    const all = this.chosen.size === 0;
    this.chosen = new Set(all ? this.studio.album.map(({ id }) => id) : []);
    for (const { box } of this.cells.values()) box.checked = all;
    this.#words();
  }

  #open(picture) {
    this.dialog.close();
    this.studio.open(picture.id);
  }

  #write() {
    const pictures = this.chosen.size ? [...this.chosen] : null;
    this.dialog.close();
    this.studio.write.write(pictures);
  }
}
