/** The album: pictures and films with their state, and how new ones come in. */

import { api, Gone } from "./api.js";
import { byId, icon, make, plural } from "./elements.js";

const STATES = {
  grey: "untouched",
  coloured: "written",
  corrected: "corrected",
  changed: "changed since written",
};
const AT_ONCE = 2;

export class Album {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.list = byId("album");
    /** Files on their way, and those that were refused. @type {{name: string, words: string, failed: boolean}[]} */
    this.coming = [];
    this.queue = [];
    this.running = 0;
    this.items = new Map();
    studio.on("workspace", () => this.draw());
    studio.on("picture", () => this.#mark());
    this.#listen();
  }

  draw() {
    const { workspace, album } = this.studio;
    const shown = [];
    for (const film of workspace.films) shown.push(this.#item(`film-${film.id}`, film, () => this.#film(film)));
    for (const picture of album) shown.push(this.#item(picture.id, picture, () => this.#picture(picture)));
    for (const file of this.coming) shown.push(this.#file(file));
    const keep = new Set(shown);
    for (const old of [...this.list.children]) if (!keep.has(old)) old.remove();
    shown.forEach((item, at) => this.list.children[at] !== item && this.list.insertBefore(item, this.list.children[at] ?? null));
    const empty = !shown.length;
    document.body.classList.toggle("nothing", empty);
    byId("welcome").hidden = !empty;
    byId("stage").hidden = empty;
    byId("count").textContent = album.length + workspace.films.length || "";
    byId("promise").textContent = workspace.apart
      ? `Each is coloured at once, seen by nobody else${workspace.keep_hours ? `, and deleted after ${plural(workspace.keep_hours, "hour")}` : ""}.`
      : "Each is coloured at once, and nothing leaves this machine.";
    byId("drop").accept = [...(workspace.accept ?? []), ...(workspace.accept_films ?? []), ".featcolor"].join(",");
    this.#mark();
  }

  /** The line of a picture or film, made anew only when something of it is. */
  #item(key, subject, build) {
    const stamp = JSON.stringify(subject);
    const known = this.items.get(key);
    if (known?.stamp === stamp) return known.item;
    const item = build();
    known?.item.replaceWith(item);
    this.items.set(key, { stamp, item });
    return item;
  }

  #picture(picture) {
    const state = picture.error ? "broken" : picture.state;
    const words = picture.error ?? [STATES[picture.state], picture.hints ? plural(picture.hints, "hint") : null, picture.mask ? "part" : null].filter(Boolean).join(", ");
    const button = make(
      "button",
      { class: "item", title: `${picture.name}\n${words}`, onclick: () => this.studio.open(picture.id) },
      picture.error ? make("span", { class: "thumb", icon: "picture" }) : make("img", { class: "thumb", src: api.thumb(picture), alt: "", loading: "lazy", decoding: "async" }),
      make("span", { class: "name" }, shortened(picture.name)),
      make("span", { class: "state" }, words),
    );
    const item = make("li", { "data-id": picture.id, "data-state": state }, button);
    if (picture.dropped) {
      item.append(make("button", { class: "remove", icon: "close", title: "Take out of the album", "aria-label": `Take ${picture.name} out of the album`, onclick: () => this.#remove(picture) }));
    }
    return item;
  }

  #film(film) {
    const { state, frames } = film;
    const words = film.error ?? { new: "film", scanning: "looking for shots", ready: plural(film.shots?.length ?? 0, "shot"), failed: "cannot be read" }[state];
    const button = make(
      "button",
      { class: "item", title: film.name, onclick: () => this.studio.openFilm(film) },
      frames ? make("img", { class: "thumb", src: `api/films/${encodeURIComponent(film.id)}/frames/${film.shots?.[0]?.key ?? 0}/thumb.jpg`, alt: "", loading: "lazy" }) : make("span", { class: "thumb", icon: "film" }),
      make("span", { class: "name" }, icon("film"), shortened(film.name)),
      make("span", { class: "state" }, words + (film.written ? ", written" : "")),
    );
    const item = make("li", { "data-id": film.id, "data-film": film.id, "data-state": film.error ? "broken" : film.written ? "coloured" : "grey" }, button);
    if (film.dropped) {
      item.append(make("button", { class: "remove", icon: "close", title: "Take out of the album", "aria-label": `Take ${film.name} out of the album`, onclick: () => this.#removeFilm(film) }));
    }
    return item;
  }

  async #removeFilm(film) {
    const { studio } = this;
    const told = film.corrected.length ? `, with the hints on ${plural(film.corrected.length, "frame")}` : "";
    if (!(await studio.confirm(`Take ${film.name} out${told}?`, "Take it out"))) return;
    await studio.attempt(async () => {
      await api.removeFilm(film.id);
      if (studio.film === film.id) {
        studio.closeFilm();
        studio.close();
      }
      await studio.load();
    }, film.name);
  }

  #file(file) {
    const item = make("li", { class: "coming", "data-state": file.failed ? "broken" : "coming" },
      make("div", { class: "item" }, make("span", { class: "thumb", icon: "picture" }), make("span", { class: "name" }, shortened(file.name)), make("span", { class: "state" }, file.words)));
    if (file.failed) {
      const forget = () => {
        this.coming = this.coming.filter((other) => other !== file);
        this.draw();
      };
      item.append(make("button", { class: "remove", icon: "close", "aria-label": `Close the message about ${file.name}`, onclick: forget }));
    }
    return item;
  }

  #mark() {
    const { studio } = this;
    if (!studio.workspace) return;
    const film = studio.film ?? studio.picture?.film;
    for (const item of this.list.children) {
      const on = item.dataset.film ? item.dataset.film === film : item.dataset.id === studio.opened;
      const button = item.querySelector("button.item");
      if (on && button?.getAttribute("aria-current") !== "true") item.scrollIntoView({ block: "nearest", inline: "nearest" });
      button?.setAttribute("aria-current", String(on));
    }
    if (studio.film && studio.opened && studio.find(studio.opened)?.film !== studio.film) studio.closeFilm();
  }

  async #remove(picture) {
    const { studio } = this;
    if (picture.hints && !(await studio.confirm(`Take ${picture.name} out, with its ${plural(picture.hints, "hint")}?`, "Take it out"))) return;
    await studio.attempt(async () => {
      await api.remove(picture.id);
      const album = studio.album;
      const at = album.findIndex((other) => other.id === picture.id);
      studio.workspace.pictures = studio.workspace.pictures.filter((other) => other.id !== picture.id);
      this.items.delete(picture.id);
      if (studio.opened === picture.id) {
        const next = album[at + 1] ?? album[at - 1];
        if (next) studio.open(next.id);
        else studio.close();
      }
      studio.tellOf("workspace");
    }, picture.name);
  }

  // Coming in

  /** @param {File[]} files of any kind that the studio takes */
  take(files) {
    const { workspace } = this.studio;
    for (const file of files) {
      const name = file.webkitRelativePath || file.name;
      const end = /\.[^.]+$/.exec(name.toLowerCase())?.[0] ?? "";
      const kind = end === ".featcolor" ? "model" : workspace.accept_films?.includes(end) ? "film" : "picture";
      const line = { name, words: "coming in", failed: false };
      this.coming.push(line);
      this.queue.push({ file, kind, line });
    }
    this.draw();
    for (let free = AT_ONCE - this.running; free > 0; free--) this.#work();
  }

  async #work() {
    const next = this.queue.shift();
    if (!next) return;
    const { file, kind, line } = next;
    const { studio } = this;
    this.running++;
    try {
      const { bytes } = studio.workspace.limits ?? {};
      if (bytes && file.size > bytes) throw new Error(`larger than ${Math.floor(bytes / 2 ** 20)} MB, the most that this studio takes`);
      if (kind === "model") await this.#model(file);
      else if (kind === "film") await this.#newFilm(file);
      else {
        const picture = await api.add(file);
        studio.update(picture);
        if (!studio.opened) studio.open(picture.id);
        studio.say(`${picture.name} is in the album.`);
      }
      this.coming = this.coming.filter((other) => other !== line);
    } catch (error) {
      if (error instanceof Gone) studio.lose();
      Object.assign(line, { failed: true, words: error.message });
    }
    this.running--;
    this.draw();
    this.#work();
  }

  async #model(file) {
    const model = await api.addModel(file);
    await this.studio.load();
    this.studio.say(`Model ${model.name} is there to choose.`);
  }

  async #newFilm(file) {
    const film = await api.addFilm(file);
    if (!this.studio.workspace.films.some((other) => other.id === film.id)) this.studio.workspace.films.push(film);
    this.studio.tellOf("workspace");
    if (!this.studio.opened) this.studio.openFilm(film);
  }

  #listen() {
    const input = byId("drop");
    input.addEventListener("change", () => {
      this.take([...input.files]);
      input.value = "";
    });
    const hint = byId("dropping");
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    const onReferences = (event) => event.target instanceof Element && event.target.closest("#references");
    addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      hint.hidden = Boolean(onReferences(event));
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) hint.hidden = true;
    });
    addEventListener("drop", async (event) => {
      hint.hidden = true;
      if (!carriesFiles(event) || event.defaultPrevented) return;
      event.preventDefault();
      this.take(await filesOf(event.dataTransfer));
    });
    addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length || event.target.closest?.("input, textarea")) return;
      event.preventDefault();
      this.take(files.map((file) => new File([file], file.name === "image.png" ? "pasted.png" : file.name, { type: file.type })));
    });
  }
}

/** All files that were dropped, those within folders too. @param {DataTransfer} transfer @returns {Promise<File[]>} */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const found = [];
  const visit = async (entry) => {
    if (entry.isFile) {
      if (!entry.name.startsWith(".")) found.push(await new Promise((done, failed) => entry.file(done, failed)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return;
      for (const inner of some) await visit(inner);
    }
  };
  for (const entry of entries) await visit(entry);
  return found;
}

/** A name whose end, by which pictures of a folder differ, stays in sight. @param {string} name */
function shortened(name) {
  const last = name.split("/").at(-1);
  return last.length > 30 ? `${last.slice(0, 14)}…${last.slice(-14)}` : last;
}
