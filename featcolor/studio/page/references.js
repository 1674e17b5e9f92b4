/** Model and references: what the colours are learned from, and each model's colours side by side. */

import { filesOf } from "./album.js";
import { api } from "./api.js";
import { bare, byId, done, make, on, plural, press, span } from "./elements.js";
import { withChoices } from "./hints.js";
import { GOING } from "./jobs.js";

export class References {
	root = byId("references");
	coming = 0;

	constructor(studio) {
		this.studio = studio;
		const { root } = this;
		this.model = make("select", { label: "Model of all pictures", onchange: () => studio.settle({ model: this.model.value }) });
		this.own = make("p", { class: "advice" });
		this.beside = press("Side by side", () => this.#sideBySide());
		this.input = make("input", { type: "file", multiple: true, class: "aside", id: "reference-files", onchange: () => this.take([...this.input.files]) });
		const drop = make("label", { class: "dropzone", for: "reference-files" }, make("strong", {}, "Colour pictures"), " of the same place, people or time: drop them here, or choose them. ", make("code", {}, "--refs"));
		this.list = make("ul", { class: "names" });
		this.note = make("p", { class: "soft", role: "status" });
		this.fit = press("", () => this.#fit());
		root.append(make("label", { class: "head" }, "Model", make("code", {}, "--model"), this.model), this.own, this.beside, this.input, drop, this.list, this.note, this.fit);
		on(root, "dragover dragleave drop", (event) => root.classList.toggle("over", event.type === "dragover"));
		on(root, "drop", async (event) => {
			done(event);
			this.take(await filesOf(event.dataTransfer));
		});
		studio.on("workspace", () => this.draw());
		studio.on("job", (job) => job.kind === "fit" && this.#progress(job));
		studio.on("said picture", () => this.#own());
	}

	draw() {
		const { models, model, references, jobs } = this.studio.workspace;
		this.model.replaceChildren(...models.map(({ id, name }) => make("option", { value: id }, name)));
		this.model.value = model;
		this.beside.hidden = models.length < 2;
		const remove = (reference) => bare("close", `Do not learn from ${reference.name}`, () => this.#remove(reference));
		this.list.replaceChildren(...references.map((reference) => make("li", {}, make("span", {}, reference.name), remove(reference))));
		this.fit.hidden = !references.length;
		this.fit.textContent = `Learn from ${plural(references.length, "picture")}`;
		const fitting = jobs.findLast(({ kind, state }) => kind === "fit" && GOING.includes(state));
		if (fitting) this.#progress(fitting);
		this.#own();
	}

	#own() {
		const { studio } = this;
		const own = studio.said.choices.model;
		const name = studio.workspace?.models.find(({ id }) => id === own)?.name ?? own;
		this.own.hidden = !own;
		this.own.replaceChildren(`This picture goes by ${name}. `, press("As all others", () => studio.tell(withChoices(studio.said, { model: null })), { class: "link" }));
	}

	async take(files) {
		const { studio } = this;
		this.root.open = true;
		this.coming += files.length;
		let learnable = 0;
		for (const file of files) {
			this.note.textContent = `Coming in: ${this.coming}`;
			if (file.name.endsWith(".featcolor")) await studio.attempt(() => api.addModel(file), file.name);
			else if (await studio.attempt(() => api.addReference(file), file.name)) learnable++;
			this.coming--;
		}
		this.input.value = this.note.textContent = "";
		await studio.attempt(() => studio.load());
		if (!this.coming && learnable) this.#fit();
	}

	#remove({ id, name }) {
		return this.studio.attempt(async () => {
			await api.removeReference(id);
			await this.studio.load();
		}, name);
	}

	async #fit() {
		const job = await this.studio.attempt(api.fit);
		if (job) this.studio.tellOf("job", job);
	}

	async #progress(job) {
		const { studio } = this;
		const going = GOING.includes(job.state);
		const words = { waiting: "Waiting for its turn", done: "Learned: all pictures go by it now.", failed: job.errors.join(" "), cancelled: "Cancelled." };
		this.fit.disabled = going;
		this.note.textContent = words[job.state] ?? (job.stage || "Learning");
		if (job.state !== "done" || this.learned === job.id) return;
		this.learned = job.id;
		await studio.settle({ model: "album" });
		studio.say("Learned from your pictures; all go by them now.");
	}

	async #sideBySide() {
		const { studio } = this;
		if (!studio.grey) return;
		const { id, name } = studio.picture;
		const { models, model } = studio.workspace;
		const dialog = byId("models");
		const chosen = studio.said.choices.model ?? model;
		const figures = models.map((each) => {
			const canvas = make("canvas", { ...studio.stage.size, role: "img", label: `${name} by ${each.name}` });
			canvas.getContext("2d").drawImage(studio.grey, 0, 0);
			const choose = (all) => () => {
				dialog.close();
				const own = all || each.id === model ? null : each.id;
				studio.tell(withChoices(studio.said, { model: own }));
				if (all) studio.settle({ model: each.id });
			};
			const mark = each.id === chosen ? span("soft", "chosen") : null;
			const caption = make("figcaption", {}, make("strong", {}, each.name), mark, press("For this picture", choose(false)), press("For all", choose(true)));
			return { each, canvas, figure: make("figure", { ariaBusy: "true" }, canvas, caption) };
		});
		const head = make("header", {}, make("h2", {}, "Models side by side"), span("soft", name), bare("close", "Close", () => dialog.close()));
		dialog.replaceChildren(head, make("div", { class: "contact models" }, ...figures.map(({ figure }) => figure)));
		dialog.showModal();
		for (const { each, canvas, figure } of figures) {
			if (!dialog.open) return;
			const view = await studio.attempt(() => api.view(id, withChoices(studio.said, { model: each.id }), false), each.name);
			if (view) canvas.getContext("2d").drawImage(view, 0, 0, canvas.width, canvas.height);
			figure.ariaBusy = "false";
		}
	}
}
