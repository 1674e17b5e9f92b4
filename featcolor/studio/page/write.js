/** Writing: pictures in full size to where they are kept, and downloads. */

import { api } from "./api.js";
import { byId, make, plural, press, row } from "./elements.js";

export class Write {
  where = make("p", { class: "soft" });
  one = press("Write", () => this.write([this.studio.picture.id]), { id: "write", class: "main", title: "Write this picture in full size (W)" });
  all = press("", () => this.write(null), { id: "write-all", title: "Colour and write every picture of the album" });
  file = make("a", { class: "button", icon: "download", download: "" }, "Download");
  zip = make("a", { class: "button", icon: "download", href: api.zip, download: "" }, "All as zip");

  constructor(studio) {
    this.studio = studio;
    studio.write = this;
    byId("out").append(this.where, row(this.one, this.all), row(this.file, this.zip));
    studio.on("workspace picture", () => this.draw());
    studio.on("job", (job) => job.kind === "write" && job.state === "done" && this.#done(job));
  }

  draw() {
    const { workspace, picture, album } = this.studio;
    if (!workspace) return;
    this.where.textContent = `Pictures are written ${workspace.output}.`;
    this.one.disabled = !picture || Boolean(picture.film);
    this.all.disabled = !album.length;
    this.all.textContent = album.length > 1 ? `Write all ${album.length}` : "Write all";
    this.file.hidden = !picture?.written;
    if (picture) this.file.href = api.file(picture.id);
    this.zip.hidden = album.filter(({ written }) => written).length < 2;
  }

  /** @param {string[] | null} pictures null: all */
  async write(pictures, overwrite = false) {
    const { studio } = this;
    if (studio.palette.isOpen) studio.palette.keep();
    try {
      studio.tellOf("job", await api.write(pictures, overwrite));
    } catch (error) {
      if (!error.exists?.length) {
        studio.complain(error);
        return;
      }
      const words = `${error.exists.length === 1 ? "This file is" : "These files are"} there already, and not from this studio:`;
      if (await studio.confirm(words, "Replace", error.exists)) await this.write(pictures, true);
      else studio.say("Nothing is written.");
    }
  }

  #done({ total, errors }) {
    this.studio.say(`Written: ${plural(total - errors.length, "picture")}${errors.length ? `; ${errors.length} could not be` : ""}.`);
  }
}
