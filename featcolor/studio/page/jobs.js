/** Long work: how far each job is, and what of it did not come out. */

import { api } from "./api.js";
import { bare, byId, icon, make, span } from "./elements.js";

export const GOING = ["waiting", "running", "paused"];
/** Milliseconds that a job stays in sight when it has come out well. */
const LINGER = 6000;

export class Jobs {
	root = byId("jobs");
	items = new Map();

	constructor(studio) {
		this.studio = studio;
		studio.on("job", (job) => this.show(job));
		studio.on("workspace", () => {
			for (const job of studio.workspace.jobs) if (GOING.includes(job.state) || this.items.has(job.id)) this.show(job);
		});
	}

	show(job) {
		const item = this.items.get(job.id) ?? this.#add(job);
		const { state, title, errors } = job;
		const going = GOING.includes(state);
		const paused = state === "paused";
		item.job = job;
		item.words.textContent = wordsOf(job);
		item.bar.hidden = !going;
		if (job.total && state !== "waiting") item.bar.value = job.done / job.total;
		else item.bar.removeAttribute("value");
		item.pause.hidden = !going || state === "waiting";
		item.pause.replaceChildren(icon(paused ? "play" : "pause"));
		item.pause.title = `${paused ? "Go on" : "Pause"}: ${title}`;
		item.close.title = `${going ? "Cancel" : "Close"}: ${title}`;
		item.errors.replaceChildren(...errors.map((error) => make("li", {}, error)));
		if (!going && !errors.length) item.timer ??= setTimeout(() => item.root.remove(), LINGER);
	}

	#add(job) {
		const item = {
			job,
			words: span("soft"),
			bar: make("progress", { label: job.title }),
			errors: make("ul"),
			pause: bare("pause", "", () => this.#tell(item.job, item.job.state === "paused" ? "resume" : "pause")),
			close: bare("close", "", () => (GOING.includes(item.job.state) ? this.#tell(item.job, "cancel") : item.root.remove())),
		};
		item.root = make("article", { "data-job": job.id }, make("strong", {}, job.title), item.pause, item.close, item.bar, item.words, item.errors);
		this.items.set(job.id, item);
		this.root.append(item.root);
		return item;
	}

	/** What becomes of it comes as an event, which may be here before the answer. */
	#tell(job, what) {
		this.studio.attempt(() => api.tellJob(job, what), job.title);
	}
}

function wordsOf({ state, place, stage, done, total, seconds, errors }) {
	const words = { waiting: place > 0 ? `waiting, ${place} before it` : "waiting", running: stage }[state] ?? state;
	const left = state === "running" && done && seconds > 4 ? (seconds * (total - done)) / done : 0;
	const time = left < 90 ? `${Math.ceil(left)} s left` : `${Math.ceil(left / 60)} min left`;
	return [words, total ? `${done} of ${total}` : "", left ? time : "", errors.length ? `${errors.length} failed` : ""].filter(Boolean).join(" · ");
}
