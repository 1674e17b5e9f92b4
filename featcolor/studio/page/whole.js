/** What counts for the whole picture: how strong, warm and bold, by which filter, and what is mended first. */

import { api } from "./api.js";
import { byId, make } from "./elements.js";
import { withChoices } from "./hints.js";

const SLIDERS = [
  { key: "saturation", name: "Strength", min: 0, max: 2, middle: 1, step: 0.05, option: "--saturation", ends: ["grey", "vivid"] },
  { key: "warmth", name: "Warmth", min: -1, max: 1, middle: 0, step: 0.05, option: "--warmth", ends: ["cooler", "warmer"] },
  { key: "boldness", name: "Boldness", min: 0, max: 1, middle: 0.5, step: 0.05, option: "--boldness", ends: ["mild", "bold"] },
];

export class Whole {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.root = byId("whole");
    this.controls = [];
    this.#command();
    this.#begin();
    studio.on("said", () => this.show());
    studio.on("picture", () => this.show());
    studio.on("back", () => this.options || this.#begin());
  }

  async #begin() {
    this.options = await this.studio.attempt(api.options);
    if (!this.options) return;
    const parts = SLIDERS.filter(({ key }) => this.options[key]).map((slider) => this.#slider(slider));
    parts.push(this.#refine(), this.#prepare());
    this.root.querySelector("summary").after(...parts);
    this.show();
  }

  /** Shows what is chosen. */
  show() {
    const picture = this.studio.picture;
    const { choices } = this.studio.said;
    for (const control of this.controls) control(choices ?? {}, picture);
    this.root.classList.toggle("off", !picture);
    this.shown.hidden = true;
  }

  #tell(change) {
    if (this.studio.picture) this.studio.tell(withChoices(this.studio.said, change));
  }

  #head(name, option, value, reset) {
    return make("div", { class: "head" }, make("span", {}, name), make("code", {}, option), value, reset);
  }

  #slider({ key, name, min, max, middle, step, option, ends }) {
    const known = this.options[key];
    const range = make("input", { type: "range", min: known.min ?? min, max: known.max ?? max, step: known.step ?? step, "aria-label": name, title: known.help ?? "" });
    const value = make("output", {});
    const reset = make("button", { icon: "reset", title: `${name} as the model has it`, "aria-label": `${name} as the model has it`, onclick: () => this.#tell({ [key]: null }) });
    let before = null;
    range.addEventListener("input", () => {
      before ??= this.studio.said;
      this.studio.attemptTo(withChoices(before, { [key]: Number(range.value) }));
    });
    range.addEventListener("change", () => {
      before = null;
      this.#tell({ [key]: Number(range.value) });
    });
    range.addEventListener("dblclick", () => this.#tell({ [key]: null }));
    this.controls.push((choices, picture) => {
      const chosen = choices[key] ?? null;
      range.disabled = !picture;
      const number = typeof chosen === "number" ? chosen : (typeof known.default === "number" ? known.default : middle);
      if (document.activeElement !== range || !before) range.value = String(number);
      value.textContent = chosen === null ? "as the model" : chosen === "auto" ? "auto" : chosen.toFixed(2);
      reset.hidden = chosen === null;
    });
    const foot = make("div", { class: "ends", "aria-hidden": "true" }, make("span", {}, ends[0]), make("span", {}, ends[1]));
    return make("div", { class: "control" }, this.#head(name, known.option ?? option, value, reset), range, foot);
  }

  #refine() {
    const known = this.options.refine;
    const names = Array.isArray(known) ? known : known.names;
    const select = make("select", { "aria-label": "Refinement", title: known.help ?? "The filter that keeps colours within edges", onchange: () => this.#tell({ refine: select.value || null }) });
    select.append(make("option", { value: "" }, "as the model"), ...names.map((name) => make("option", { value: name }, name.replaceAll("_", " "))));
    this.controls.push((choices, picture) => {
      select.disabled = !picture;
      select.value = choices.refine ?? "";
    });
    return make("div", { class: "control" }, this.#head("Refinement", known.option ?? "--refine", select, null));
  }

  #prepare() {
    const known = this.options.prepare;
    const steps = Array.isArray(known) ? known : known.steps;
    const all = [...(steps.some(({ name }) => name === "auto") ? [] : [{ name: "auto", help: "what the picture needs" }]), ...steps];
    const boxes = all.map(({ name, help }) => {
      const box = make("input", { type: "checkbox", value: name, onchange: () => this.#tell({ prepare: this.#steps(boxes, box) }) });
      return { name, box, label: make("label", { title: help }, box, name) };
    });
    const advice = make("p", { class: "advice", hidden: true });
    this.controls.push((choices, picture) => {
      const chosen = (choices.prepare ?? "").split(",").map((step) => step.split(":")[0].trim());
      for (const { name, box } of boxes) {
        box.disabled = !picture;
        box.checked = chosen.includes(name);
      }
      const signs = picture?.signs ?? [];
      advice.hidden = !signs.length || Boolean(choices.prepare);
      if (advice.hidden) return;
      advice.replaceChildren(`It looks ${signs.join(" and ")}. `, make("button", { class: "link", onclick: () => this.#tell({ prepare: "auto" }) }, "Mend it first"));
    });
    const value = make("span", { class: "soft" }, "before colour");
    return make("div", { class: "control" }, this.#head("Mend", known.option ?? "--prepare", value, null), make("div", { class: "chips" }, ...boxes.map(({ label }) => label)), advice);
  }

  /** The steps that are ticked; auto stands for all, so that it goes alone. */
  #steps(boxes, changed) {
    for (const { box } of boxes) if (changed.checked && box !== changed && (changed.value === "auto" || box.value === "auto")) box.checked = false;
    return boxes.filter(({ box }) => box.checked).map(({ name }) => name).join(",") || null;
  }

  #command() {
    const { studio } = this;
    this.shown = make("code", { class: "command", hidden: true, tabIndex: 0, "aria-label": "Command line" });
    const copy = async () => {
      const command = await studio.attempt(() => api.command(studio.picture.id, studio.said));
      if (!command) return;
      this.shown.textContent = command;
      this.shown.hidden = false;
      try {
        await navigator.clipboard.writeText(command);
        studio.say("The command line is copied.");
      } catch {
        getSelection().selectAllChildren(this.shown);
        studio.say("Here is the command line; press Ctrl+C to copy it.");
      }
    };
    this.copy = make("button", { id: "copy-command", icon: "copy", onclick: copy, title: "The same picture by a line to type" }, "Copy as command line");
    this.controls.push((_, picture) => {
      this.copy.disabled = !picture;
    });
    this.root.append(this.copy, this.shown);
  }
}
