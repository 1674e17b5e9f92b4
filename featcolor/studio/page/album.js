/** The album: pictures and films with their state, and how new ones come in. */

import { api, Gone } from "./api.js";
import { bare, byId, icon, make, on, plural, put, reason, span, thumbnail } from "./elements.js";

const STATES = { grey: "untouched", coloured: "written", corrected: "corrected", changed: "changed since written" };
const FILM_STATES = { new: "film", scanning: "looking for shots", failed: "cannot be read" };
const AT_ONCE = 2;

export class Album {
	list = byId("album");
	/** Files on their way, and those that were refused. @type {{name: string, words: string, failed: boolean}[]} */
	coming = [];
	queue = [];
	running = 0;
	lines = new Map();

	constructor(studio) {
		this.studio = studio;
		studio.on("workspace", () => this.draw());
		studio.on("picture", () => this.#mark());
		this.#listen();
	}

	draw() {
		const { workspace, album } = this.studio;
		const { films, apart, keep_hours: hours } = workspace;
		const shown = [...films.map((film) => this.#line(film, this.#film)), ...album.map((picture) => this.#line(picture, this.#picture)), ...this.coming.map((file) => this.#file(file))];
		if (shown.length !== this.list.children.length || shown.some((line, at) => line !== this.list.children[at])) this.list.replaceChildren(...shown);
		const empty = !shown.length;
		document.body.classList.toggle("nothing", empty);
		byId("welcome").hidden = !empty;
		byId("stage").hidden = empty;
		byId("count").textContent = album.length + films.length || "";
		const deleted = hours ? `, and deleted after ${plural(hours, "hour")}` : "";
		byId("promise").textContent = apart ? `Each is coloured at once, seen by nobody else${deleted}.` : "Each is coloured at once, and nothing leaves this machine.";
		byId("drop").accept = [...workspace.accept, ...workspace.accept_films, ".featcolor"].join(",");
		this.#mark();
	}

	/** The line of a picture or film, made anew only when something of it is. */
	#line(subject, build) {
		const stamp = JSON.stringify(subject);
		const known = this.lines.get(subject.id);
		if (known?.stamp === stamp) return known.line;
		const line = build.call(this, subject);
		const [old, fresh] = [known?.line, line].map((each) => each?.querySelector("img"));
		if (old && fresh) {
			// It shows what it showed until the new one is there.
			old.src = fresh.src;
			fresh.replaceWith(old);
		}
		this.lines.set(subject.id, { stamp, line });
		return line;
	}

	#item({ name, thumb, words, sign = "picture", failed = () => {} }, onclick) {
		const last = name.split("/").at(-1);
		const short = last.length > 30 ? `${last.slice(0, 14)}…${last.slice(-14)}` : last;
		const stand = make("span", { class: "thumb", icon: sign });
		const onerror = () => {
			picture.replaceWith(stand);
			failed();
		};
		const picture = thumb ? thumbnail(thumb, { class: "thumb", onerror }) : stand;
		const title = span("name", sign === "film" ? icon(sign) : null, short);
		return make(onclick ? "button" : "div", { class: "item", title: `${name}\n${words}`, onclick }, picture, title, span("state", words));
	}

	#picture(picture) {
		const { id, name, state, hints, mask, error } = picture;
		const words = error ? reason(error) : [STATES[state], hints ? plural(hints, "hint") : "", mask ? "a part" : ""].filter(Boolean).join(", ");
		const failed = () => this.studio.find(id) && api.picture(id).catch(({ status, message }) => status === 422 && this.studio.update({ ...picture, error: message }));
		const item = this.#item({ name, words, thumb: error ? "" : api.thumb(picture), failed }, () => this.studio.open(id));
		return make("li", { "data-id": id, "data-state": error ? "broken" : state }, item, this.#remove(picture, hints ? `, with its ${plural(hints, "hint")}` : null, api.remove));
	}

	#film(film) {
		const { id, name, state, error, frames, shots, written, corrected } = film;
		const words = error ?? (FILM_STATES[state] ?? plural(shots.length, "shot")) + (written ? ", written" : "");
		const thumb = frames ? `api/films/${id}/frames/${shots?.[0]?.key ?? 0}/thumb.jpg` : "";
		const item = this.#item({ name, words, thumb, sign: "film" }, () => this.studio.openFilm(film));
		const told = corrected.length ? `, with the hints on ${plural(corrected.length, "frame")}` : "";
		const look = { "data-id": id, "data-film": id, "data-state": error ? "broken" : written ? "coloured" : "grey" };
		return make("li", look, item, this.#remove(film, told, api.removeFilm));
	}

	#file(file) {
		const forget = () => {
			this.coming = this.coming.filter((other) => other !== file);
			this.draw();
		};
		const close = file.failed ? bare("close", `Close the message about ${file.name}`, forget) : null;
		return make("li", { class: "coming", "data-state": file.failed ? "broken" : "coming" }, this.#item(file, null), close);
	}

	#mark() {
		const { studio } = this;
		if (!studio.workspace) return;
		const frameOf = studio.find(studio.opened)?.film;
		if (studio.film && studio.opened && frameOf !== studio.film) studio.closeFilm();
		for (const line of this.list.children) {
			const on = line.dataset.film ? line.dataset.film === studio.film : line.dataset.id === studio.opened;
			const item = line.querySelector(".item");
			if (on && item.ariaCurrent !== "true") line.scrollIntoView({ block: "nearest", inline: "nearest" });
			item.ariaCurrent = String(on);
		}
	}

	/** What takes something out that was dropped; it asks where work is lost with it. */
	#remove({ id, name, dropped }, told, remove) {
		const { studio } = this;
		const work = async () => {
			if (told !== null && !(await studio.confirm(`Take ${name} out${told}?`, "Take it out"))) return;
			// What is open is asked about.
			if (studio.opened === id) studio.step(1);
			if (studio.opened === id || studio.film === id) studio.close();
			// Nothing more is asked about it.
			this.lines.get(id).line.querySelector("img")?.removeAttribute("src");
			await remove(id);
			await studio.load();
		};
		return dropped ? bare("close", `Take ${name} out of the album`, () => studio.attempt(work, name)) : null;
	}

	/** @param {File[]} files of any kind that the studio takes */
	take(files) {
		for (const file of files) {
			const line = { name: file.webkitRelativePath || file.name, words: "coming in", failed: false };
			this.coming.push(line);
			this.queue.push({ file, line });
		}
		this.draw();
		while (this.running < AT_ONCE && this.queue.length) this.#work();
	}

	async #work() {
		this.running++;
		while (this.queue.length) {
			const { file, line } = this.queue.shift();
			try {
				await this.#add(file);
				this.coming = this.coming.filter((other) => other !== line);
			} catch (error) {
				if (error instanceof Gone) this.studio.lose();
				Object.assign(line, { failed: true, words: error.message });
			}
			this.draw();
		}
		this.running--;
	}

	async #add(file) {
		const { studio } = this;
		const { limits, accept_films: films } = studio.workspace;
		if (limits.bytes && file.size > limits.bytes) throw new Error(`Larger than ${Math.floor(limits.bytes / 1e6)} MB, the most that this studio takes.`);
		const end = file.name.toLowerCase().replace(/^.*(?=\.)/, "");
		if (end === ".featcolor") {
			await api.addModel(file);
			await studio.load();
		} else if (films.includes(end)) {
			const film = await api.addFilm(file);
			put(studio.workspace.films, film);
			studio.tellOf("workspace");
			if (!studio.opened) studio.openFilm(film);
		} else {
			const picture = await api.add(file);
			studio.update(picture);
			if (!studio.opened) studio.open(picture.id);
		}
		studio.say(`${file.name} is there.`);
	}

	#listen() {
		const input = byId("drop");
		const sign = byId("dropping");
		const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
		on(input, "change", () => {
			this.take([...input.files]);
			input.value = "";
		});
		on(window, "dragover", (event) => {
			if (!carriesFiles(event)) return;
			event.preventDefault();
			sign.hidden = Boolean(event.target.closest?.("#references"));
		});
		on(window, "dragleave", (event) => (sign.hidden ||= !event.relatedTarget));
		on(window, "drop", async (event) => {
			sign.hidden = true;
			if (!carriesFiles(event) || event.defaultPrevented) return;
			event.preventDefault();
			this.take(await filesOf(event.dataTransfer));
		});
		on(window, "paste", (event) => {
			const files = [...event.clipboardData.files];
			if (files.length) event.preventDefault();
			this.take(files.map((file) => (file.name === "image.png" ? new File([file], "pasted.png") : file)));
		});
	}
}

/** All files that were dropped, those within folders too. */
export async function filesOf(transfer) {
	const files = [...transfer.files];
	const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
	if (!entries.some((entry) => entry.isDirectory)) return files;
	const found = [];
	const visit = async (entry) => {
		if (entry.isFile && !entry.name.startsWith(".")) found.push(await new Promise((yes, no) => entry.file(yes, no)));
		const reader = entry.isDirectory && entry.createReader();
		for (let some = [entry]; reader && some.length; ) {
			some = await new Promise((yes, no) => reader.readEntries(yes, no));
			for (const inner of some) await visit(inner);
		}
	};
	for (const entry of entries) await visit(entry);
	return found;
}
