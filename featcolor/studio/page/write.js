/** Writing: pictures in full size to where they are kept, and downloads. */

import { api } from "./api.js";
import { byId, make, plural } from "./elements.js";

export class Write {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.where = make("p", { class: "soft" });
    this.one = make("button", { id: "write", class: "main", title: "Write this picture in full size (W)", onclick: () => this.write([studio.picture.id]) }, "Write");
    this.all = make("button", { id: "write-all", title: "Colour and write every picture of the album", onclick: () => this.write(null) }, "Write all");
    this.file = make("a", { class: "button", icon: "download", download: "", hidden: true, "aria-label": "Download this picture" }, "Download");
    this.zip = make("a", { class: "button", icon: "download", href: api.zip, download: "", hidden: true }, "All as zip");
    byId("out").append(this.where, make("div", { class: "row" }, this.one, this.all, this.file, this.zip));
    studio.write = this;
    studio.on("workspace", () => this.draw());
    studio.on("picture", () => this.draw());
    studio.on("job", (job) => job.kind === "write" && this.#done(job));
  }

  draw() {
    const { workspace, picture, album } = this.studio;
    if (!workspace) return;
    this.where.textContent = workspace.output;
    this.one.disabled = !picture || Boolean(picture.film);
    this.all.disabled = !album.length;
    this.all.textContent = album.length > 1 ? `Write all ${album.length}` : "Write all";
    this.file.hidden = !picture?.written;
    if (picture) this.file.href = api.file(picture.id);
    this.zip.hidden = album.filter(({ written }) => written).length < 2;
  }

  /** @param {string[] | null} pictures null: all @param {boolean} overwrite */
  async write(pictures, overwrite = false) {
    const { studio } = this;
    if (studio.palette.isOpen) studio.palette.keep();
    try {
      studio.say("Writing.");
      const job = await api.write(pictures, overwrite);
      studio.tellOf("job", job);
    } catch (error) {
      if (error.status !== 409 || !error.exists?.length) {
        studio.complain(error);
        return;
      }
      const words = `${error.exists.length === 1 ? "This file is" : "These files are"} there already, and not from this studio:`;
      if (await studio.confirm(words, "Replace", error.exists)) await this.write(pictures, true);
      else studio.say("Nothing is written.");
    }
  }

  #done(job) {
    if (job.state !== "done" || this.last === job.id) return;
    this.last = job.id;
    const written = job.total - job.errors.length;
    this.studio.say(`Written: ${plural(written, "picture")}${job.errors.length ? `; ${job.errors.length} could not be` : ""}.`);
  }
}
