/** Model and references: what the colours are learned from, and each model's colours side by side. */

import { api, Gone } from "./api.js";
import { filesOf } from "./album.js";
import { byId, make, plural } from "./elements.js";
import { withChoices } from "./hints.js";

export class References {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.coming = 0;
    this.#panel();
    studio.on("workspace", () => this.draw());
    studio.on("job", (job) => job.kind === "fit" && this.#progress(job));
    studio.on("said", () => this.#own());
    studio.on("picture", () => this.#own());
  }

  #panel() {
    const root = byId("references");
    this.model = make("select", { "aria-label": "Model of all pictures", onchange: () => this.studio.settle({ model: this.model.value }) });
    this.own = make("p", { class: "advice", hidden: true });
    this.beside = make("button", { onclick: () => this.#sideBySide() }, "Side by side");
    this.input = make("input", { type: "file", multiple: true, class: "aside", id: "reference-files", "aria-label": "Add colour pictures to learn from", onchange: () => this.take([...this.input.files]) });
    const drop = make("label", { class: "dropzone", for: "reference-files" }, make("strong", {}, "Colour pictures"), " of the same place, people or time: drop them here, or choose them. ", make("code", {}, "--refs"));
    this.list = make("ul", { class: "names" });
    this.bar = make("progress", { max: 1, value: 0, hidden: true, "aria-label": "Learning" });
    this.note = make("p", { class: "soft", role: "status" });
    this.cancel = make("button", { hidden: true, onclick: () => this.studio.attempt(() => api.tellJob(this.job, "cancel")) }, "Cancel");
    this.fit = make("button", { onclick: () => this.#fit() }, "Learn from them");
    root.append(make("label", { class: "head" }, "Model ", make("code", {}, "--model"), this.model), this.own, this.beside, drop, this.input, this.list, this.bar, this.note, make("div", { class: "row" }, this.fit, this.cancel));
    root.addEventListener("dragover", (event) => {
      event.preventDefault();
      root.classList.add("over");
    });
    for (const end of ["dragleave", "drop"]) root.addEventListener(end, () => root.classList.remove("over"));
    root.addEventListener("drop", async (event) => {
      event.preventDefault();
      this.take(await filesOf(event.dataTransfer));
    });
  }

  draw() {
    const { models, model, references, jobs } = this.studio.workspace;
    this.model.replaceChildren(...models.map(({ id, name }) => make("option", { value: id }, name)));
    this.model.value = model;
    this.beside.hidden = models.length < 2;
    this.list.replaceChildren(
      ...references.map((reference) =>
        make("li", {}, make("span", {}, reference.name), make("button", { icon: "close", "aria-label": `Do not learn from ${reference.name}`, onclick: () => this.#remove(reference) })),
      ),
    );
    this.fit.hidden = !references.length;
    this.fit.textContent = `Learn from ${plural(references.length, "picture")}`;
    const fitting = jobs.findLast((job) => job.kind === "fit" && ["waiting", "running", "paused"].includes(job.state));
    if (fitting) this.#progress(fitting);
    this.#own();
  }

  /** Says where the open picture has a model of its own. */
  #own() {
    const { studio } = this;
    const own = studio.picture && studio.said.choices?.model;
    const name = own && studio.workspace.models.find(({ id }) => id === own)?.name;
    this.own.hidden = !own;
    if (own) this.own.replaceChildren(`This picture goes by ${name ?? own}. `, make("button", { class: "link", onclick: () => studio.tell(withChoices(studio.said, { model: null })) }, "As all others"));
  }

  /** @param {File[]} files colour pictures, or models */
  async take(files) {
    const { studio } = this;
    byId("references").open = true;
    this.coming += files.length;
    let learned = 0;
    for (const file of files) {
      this.note.textContent = `Coming in: ${this.coming}`;
      try {
        if (file.name.endsWith(".featcolor")) await api.addModel(file);
        else {
          await api.addReference(file);
          learned++;
        }
      } catch (error) {
        if (error instanceof Gone) studio.lose();
        else studio.complain(error, file.name);
      }
      this.coming--;
    }
    this.input.value = "";
    this.note.textContent = "";
    await studio.attempt(() => studio.load());
    if (learned && !this.coming) this.#fit();
  }

  async #remove(reference) {
    await this.studio.attempt(async () => {
      await api.removeReference(reference.id);
      await this.studio.load();
    }, reference.name);
  }

  async #fit() {
    const job = await this.studio.attempt(api.fit);
    if (job) this.#progress(job);
  }

  async #progress(job) {
    this.job = job;
    const going = ["waiting", "running", "paused"].includes(job.state);
    this.bar.hidden = this.cancel.hidden = !going;
    this.fit.disabled = going;
    if (going) {
      if (job.total) this.bar.value = job.done / job.total;
      else this.bar.removeAttribute("value");
      this.note.textContent = job.state === "waiting" ? "Waiting for its turn" : job.stage || "Learning";
    } else this.note.textContent = { done: "Learned. The model is there to choose.", failed: job.errors.join(" "), cancelled: "Cancelled." }[job.state] ?? "";
    if (job.state !== "done" || this.finished === job.id) return;
    this.finished = job.id;
    await this.studio.attempt(() => this.studio.load());
    if (this.studio.workspace.models.some(({ id }) => id === "album")) await this.studio.settle({ model: "album" });
    this.studio.say("Learned from your pictures; all pictures go by them now.");
  }

  // Side by side

  async #sideBySide() {
    const { studio } = this;
    if (!studio.picture) return;
    const { id, name } = studio.picture;
    const dialog = byId("models");
    const { models, model } = studio.workspace;
    const chosen = studio.said.choices.model ?? model;
    const close = make("button", { icon: "close", "aria-label": "Close", onclick: () => dialog.close() });
    const grid = make("div", { class: "beside" });
    dialog.replaceChildren(make("header", {}, make("h2", {}, "Models side by side"), make("span", { class: "soft" }, name), close), grid);
    const figures = models.map((each) => {
      const canvas = make("canvas", { width: studio.grey.width, height: studio.grey.height, role: "img", "aria-label": `${name} by ${each.name}` });
      canvas.getContext("2d").drawImage(studio.grey, 0, 0);
      const take = (work) => () => {
        dialog.close();
        work();
      };
      const here = make("button", { onclick: take(() => studio.tell(withChoices(studio.said, { model: each.id === model ? null : each.id }))) }, "For this picture");
      const all = make("button", { onclick: take(() => this.#forAll(each.id)) }, "For all");
      const caption = make("figcaption", {}, make("strong", {}, each.name), each.id === chosen ? make("span", { class: "soft" }, "chosen") : null, here, all);
      const figure = make("figure", { "aria-busy": "true" }, canvas, caption);
      grid.append(figure);
      return { each, canvas, figure };
    });
    dialog.showModal();
    for (const { each, canvas, figure } of figures) {
      if (!dialog.open) return;
      const said = withChoices(studio.said, { model: each.id });
      const view = await studio.attempt(async () => createImageBitmap(await api.view(id, said, false)));
      if (view) canvas.getContext("2d").drawImage(view, 0, 0, canvas.width, canvas.height);
      figure.setAttribute("aria-busy", "false");
    }
  }

  async #forAll(model) {
    const { studio } = this;
    if (studio.said.choices.model) studio.tell(withChoices(studio.said, { model: null }));
    await studio.settle({ model });
  }
}
