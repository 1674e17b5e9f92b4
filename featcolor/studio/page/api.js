/** The studio's API as functions; api/openapi.json says what each takes and gives. */

/**
 * @typedef {{points: [number, number][], colour: string, radius?: number}} Hint in pixels of the full picture
 * @typedef {{model: string|null, saturation: number|"auto"|null, boldness: number|null, warmth: number|null,
 *   refine: string|null, prepare: string|null}} Choices
 * @typedef {{hints: Hint[], choices: Choices}} Said what a person has said of a picture
 */

/** An answer that is no success; the message is one line for a person. */
export class Refusal extends Error {
	/** @param {string} message @param {number} status @param {string[]} exists files that stand in the way */
	constructor(message, status, exists = []) {
		super(message);
		Object.assign(this, { status, exists });
	}
}

/** No answer at all: the studio has stopped, or the line is cut. */
export class Gone extends Error {
	message = "The studio does not answer.";
}

/** Where the studio itself does not say it. */
const WORDS = {
	401: "This page is not signed in: open the address that featcolor studio printed.",
	413: "This is larger than the studio takes.",
	507: "The disk is full. Make room; nothing that you told is lost.",
};
const PROXY_ALONE = [502, 503, 504];

/** @param {string} method @param {string} path @param {any} content JSON, or a Blob as it is */
async function call(method, path, content = undefined) {
	const raw = content instanceof Blob;
	const body = content === undefined || raw ? content : JSON.stringify(content);
	const headers = content === undefined ? {} : { "Content-Type": raw ? "application/octet-stream" : "application/json" };
	const answer = await fetch(path, { method, body, headers }).catch(() => {
		throw new Gone();
	});
	if (answer.ok) return answer;
	const told = await answer.json().catch(() => null);
	if (!told && PROXY_ALONE.includes(answer.status)) throw new Gone();
	throw new Refusal(told?.error ?? WORDS[answer.status] ?? `The studio answered ${answer.status}.`, answer.status, told?.exists);
}

const json = async (...asked) => (await call(...asked)).json();
const picture = async (...asked) => createImageBitmap(await (await call(...asked)).blob());
const of = (id, what = "") => `api/pictures/${id}${what}`;
const file = (kind) => (given) => json("PUT", `api/${kind}?name=${encodeURIComponent(given.webkitRelativePath || given.name)}`, given);

export const api = {
	json,
	workspace: () => json("GET", "api/workspace"),
	settle: (change) => json("PUT", "api/workspace", change),
	options: () => json("GET", "api/options"),
	names: () => json("GET", "api/names"),
	place: async () => (await json("GET", "api/queue")).place,

	picture: (id) => json("GET", of(id)),
	thumb: ({ id, stamp }, colour = true) => of(id, `/thumb.jpg?s=${stamp}${colour ? "&colour=1" : ""}`),
	grey: (id) => picture("GET", of(id, "/grey.jpg")),
	/** @param {Said} said @param {boolean} keep stored as the picture's, or only looked at */
	view: (id, said, keep) => picture("POST", of(id, "/view"), { ...said, keep }),
	command: async (id, said) => (await json("POST", of(id, "/command"), said)).command,
	suggest: (id, x, y) => json("GET", of(id, `/suggest?x=${x}&y=${y}`)),
	ask: async (id, count) => (await json("GET", of(id, `/ask?count=${count}`))).questions,
	remove: (id) => call("DELETE", of(id)),
	mask: (id) => picture("GET", of(id, "/mask.png")),
	keepMask: (id, png) => call("PUT", of(id, "/mask"), png),
	dropMask: (id) => call("DELETE", of(id, "/mask")),
	write: (pictures, overwrite) => json("POST", "api/write", { pictures, overwrite }),
	file: (id) => of(id, "/file"),
	zip: "api/written.zip",

	add: file("pictures"),
	addFilm: file("films"),
	removeFilm: (id) => call("DELETE", `api/films/${id}`),
	addModel: file("models"),
	addReference: file("references"),
	removeReference: (id) => call("DELETE", `api/references/${id}`),
	fit: () => json("POST", "api/references/fit"),
	/** @param {"cancel"|"pause"|"resume"} what */
	tellJob: (job, what) => json("POST", `api/jobs/${job.id}/${what}`),
};

/** Asks for views of one picture: one at a time, and of those that wait only the latest. */
export class Views {
	busy = false;
	/** Whether what is asked for now is stored with it. */
	storing = false;
	/** @type {{said: Said, keep: boolean} | null} */
	waiting = null;

	/**
	 * @param {(picture: ImageBitmap, said: Said, milliseconds: number) => Promise<void>} shown
	 * @param {(error: Error) => void} failed
	 */
	constructor(id, shown, failed) {
		Object.assign(this, { id, shown, failed });
	}

	/** @param {Said} said @param {boolean} keep */
	ask(said, keep) {
		this.waiting = { said, keep };
		if (!this.busy) this.going = this.run();
	}

	/** Sends what waits; when the studio is gone it goes on waiting. */
	async run() {
		if (this.busy) return;
		this.busy = true;
		while (this.waiting) {
			const asked = this.waiting;
			const begun = performance.now();
			this.waiting = null;
			this.storing = asked.keep;
			try {
				await this.shown(await api.view(this.id, asked.said, asked.keep), asked.said, performance.now() - begun);
			} catch (error) {
				const gone = error instanceof Gone;
				if (gone) this.waiting ??= asked;
				this.failed(error);
				if (gone) break;
			}
		}
		this.busy = this.storing = false;
	}
}
