/** What counts for the whole picture: how strong, warm and bold, by which filter, and what is mended first. */

import { api } from "./api.js";
import { bare, byId, make, press, span } from "./elements.js";
import { withChoices } from "./hints.js";

const SLIDERS = [
	{ key: "saturation", name: "Strength", ends: ["grey", "vivid"] },
	{ key: "warmth", name: "Warmth", ends: ["cooler", "warmer"] },
	{ key: "boldness", name: "Boldness", ends: ["mild", "bold"] },
];

export class Whole {
	root = byId("whole");
	/** Each shows what is chosen. @type {((choices: import("./api.js").Choices, picture: any) => void)[]} */
	controls = [];
	shown = make("code", { class: "command", hidden: true, tabIndex: 0, label: "Command line" });

	constructor(studio) {
		this.studio = studio;
		const copy = press("Copy as command line", () => this.#copy(), { id: "copy-command", icon: "copy", title: "The same picture by a line to type" });
		this.root.append(copy, this.shown);
		this.controls.push((_, picture) => (copy.disabled = !picture));
		this.#begin();
		studio.on("said picture", () => this.show());
		studio.on("back", () => this.options || this.#begin());
	}

	async #begin() {
		this.options = await this.studio.attempt(api.options);
		if (!this.options) return;
		this.root.querySelector("summary").after(...SLIDERS.map((slider) => this.#slider(slider)), this.#refine(), this.#prepare());
		this.show();
	}

	show() {
		const { picture, said } = this.studio;
		for (const control of this.controls) control(said.choices, picture);
		this.shown.hidden = true;
	}

	#tell(change) {
		if (this.studio.picture) this.studio.tell(withChoices(this.studio.said, change));
	}

	#control(name, option, beside, ...below) {
		return make("div", { class: "control" }, make("div", { class: "head" }, make("span", {}, name), make("code", {}, option), ...beside), ...below);
	}

	#slider({ key, name, ends }) {
		const { option, help, min, max, default: usual } = this.options[key];
		const range = make("input", { type: "range", min, max, step: 0.05, label: name, title: help });
		const value = make("output");
		const reset = bare("undo", `${name} as the model has it`, () => this.#tell({ [key]: null }));
		range.addEventListener("input", () => this.studio.attemptTo(withChoices(this.studio.said, { [key]: Number(range.value) })));
		range.addEventListener("change", () => this.#tell({ [key]: Number(range.value) }));
		this.controls.push((choices, picture) => {
			const chosen = choices[key] ?? null;
			range.disabled = !picture;
			// Where it is automatic the thumb waits in the middle.
			range.value = String([chosen, usual, (min + max) / 2].find((each) => typeof each === "number"));
			value.textContent = chosen === null ? "as the model" : typeof chosen === "number" ? chosen.toFixed(2) : chosen;
			reset.hidden = chosen === null;
		});
		return this.#control(name, option, [value, reset], range, make("div", { class: "ends" }, ...ends.map((end) => make("span", {}, end))));
	}

	#refine() {
		const { refine } = this.options;
		const names = refine.choices;
		const select = make("select", { label: "Refinement", title: refine.help, onchange: () => this.#tell({ refine: select.value || null }) });
		select.append(make("option", { value: "" }, "as the model"), ...names.map((name) => make("option", { value: name }, name.replaceAll("_", " "))));
		this.controls.push((choices, picture) => {
			select.disabled = !picture;
			select.value = choices.refine ?? "";
		});
		return this.#control("Refine", refine.option, [select]);
	}

	#prepare() {
		const { prepare } = this.options;
		const steps = prepare.choices;
		// Auto stands for the others, so that it goes alone.
		const tell = (changed) => {
			const on = boxes.filter((box) => box.checked && (box === changed || !changed.checked || (box.value === "auto") === (changed.value === "auto")));
			this.#tell({ prepare: on.map((box) => box.value).join(",") || null });
		};
		const boxes = steps.map(({ name }) => make("input", { type: "checkbox", value: name, onchange: ({ target }) => tell(target) }));
		const labels = boxes.map((box, at) => make("label", { title: steps[at].help }, box, box.value));
		const advice = make("p", { class: "advice" });
		this.controls.push((choices, picture) => {
			const chosen = (choices.prepare ?? "").split(",").map((step) => step.split(":")[0].trim());
			for (const box of boxes) Object.assign(box, { disabled: !picture, checked: chosen.includes(box.value) });
			const signs = picture?.signs ?? [];
			advice.hidden = !signs.length || Boolean(choices.prepare);
			advice.replaceChildren(`It looks ${signs.join(" and ")}. `, press("Mend it first", () => this.#tell({ prepare: "auto" }), { class: "link" }));
		});
		return this.#control("Mend", prepare.option, [span("soft", "before colour")], make("div", { class: "chips" }, ...labels), advice);
	}

	async #copy() {
		const { studio } = this;
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
	}
}
