/** The studio's API as functions. */

/**
 * @typedef {{points: [number, number][], colour: string, radius?: number}} Hint
 * @typedef {{model: string|null, saturation: number|"auto"|null, boldness: number|null, warmth: number|null,
 *   refine: string|null, prepare: string|null}} Choices
 * @typedef {{hints: Hint[], choices: Choices}} Said  what a person has said of a picture
 * @typedef {{id: string, name: string, state: string, hints: number, mask: boolean, dropped: boolean, written: string|null,
 *   stamp: string, error: string|null, film: string|null, frame: number|null}} Picture
 * @typedef {{id: string, kind: string, title: string, state: string, place: number, stage: string, done: number,
 *   total: number, errors: string[], seconds: number, film: string|null, shot: number|null}} Job
 */

/** An answer that is no success; the message is one line for a person. */
export class Refusal extends Error {
  /** @param {string} message @param {number} status @param {string[]} exists */
  constructor(message, status, exists = []) {
    super(message);
    this.status = status;
    this.exists = exists;
  }
}

/** No answer at all: the studio has stopped, or the line is cut. */
export class Gone extends Error {}

const WORDS = {
  401: "This page is not signed in: open the address that featcolor studio printed.",
  413: "This is larger than the studio takes.",
  507: "The disk is full. Make room; nothing that you told is lost.",
};

/** @param {string} method @param {string} path @param {any} content JSON, or a Blob as it is */
async function call(method, path, content = undefined) {
  const raw = content instanceof Blob;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      body: content === undefined || raw ? content : JSON.stringify(content),
      headers: content === undefined ? {} : { "Content-Type": raw ? "application/octet-stream" : "application/json" },
    });
  } catch {
    throw new Gone("The studio does not answer.");
  }
  if (answer.ok) return answer;
  if ([502, 503, 504].includes(answer.status) && !(answer.headers.get("Content-Type") ?? "").includes("json")) {
    throw new Gone("The studio does not answer.");
  }
  const told = await answer.json().catch(() => ({}));
  const words = told.error ?? WORDS[answer.status] ?? `The studio answered ${answer.status}.`;
  throw new Refusal(words, answer.status, told.exists);
}

const json = async (method, path, content) => (await call(method, path, content)).json();
const blob = async (method, path, content) => (await call(method, path, content)).blob();
const of = (id, what = "") => `api/pictures/${encodeURIComponent(id)}${what}`;
const named = (path, file) => `${path}?name=${encodeURIComponent(file.webkitRelativePath || file.name)}`;

export const api = {
  workspace: () => json("GET", "api/workspace"),
  settle: (change) => json("PUT", "api/workspace", change),
  options: () => json("GET", "api/options"),
  names: () => json("GET", "api/names"),
  place: async () => (await json("GET", "api/queue")).place,

  picture: (id) => json("GET", of(id)),
  thumb: (picture, colour = true) => of(picture.id, `/thumb.jpg?s=${encodeURIComponent(picture.stamp)}${colour ? "&colour=1" : ""}`),
  grey: (id) => blob("GET", of(id, "/grey.jpg")),
  /** @param {string} id @param {Said} said @param {boolean} keep stored as the picture's, or only looked at */
  view: (id, said, keep) => blob("POST", of(id, "/view"), { ...said, keep }),
  command: async (id, said) => (await json("POST", of(id, "/command"), said)).command,
  suggest: (id, x, y) => json("GET", of(id, `/suggest?x=${x}&y=${y}`)),
  ask: async (id, count) => (await json("GET", of(id, `/ask?count=${count}`))).questions,
  add: (file) => json("PUT", named("api/pictures", file), file),
  remove: (id) => call("DELETE", of(id)),
  mask: (id) => blob("GET", of(id, "/mask.png")),
  keepMask: (id, png) => call("PUT", of(id, "/mask"), png),
  dropMask: (id) => call("DELETE", of(id, "/mask")),

  write: (pictures, overwrite) => json("POST", "api/write", { pictures, overwrite }),
  file: (id) => of(id, "/file"),
  zip: "api/written.zip",
  removeFilm: (id) => call("DELETE", `api/films/${encodeURIComponent(id)}`),
  addFilm: (file) => json("PUT", named("api/films", file), file),
  addReference: (file) => json("PUT", named("api/references", file), file),
  removeReference: (id) => call("DELETE", `api/references/${encodeURIComponent(id)}`),
  fit: () => json("POST", "api/references/fit"),
  addModel: (file) => json("PUT", named("api/models", file), file),
  /** @param {Job} job @param {"cancel"|"pause"|"resume"} what */
  tellJob: (job, what) => json("POST", `api/jobs/${encodeURIComponent(job.id)}/${what}`),

  json,
};

/**
 * Asks for views of one picture: one at a time, and of those that wait only the latest.
 */
export class Views {
  /**
   * @param {string} id
   * @param {(picture: Blob, said: Said, milliseconds: number) => void} shown
   * @param {(error: Error, said: Said) => void} failed
   */
  constructor(id, shown, failed) {
    Object.assign(this, { id, shown, failed });
    this.busy = false;
    /** @type {{said: Said, keep: boolean} | null} */
    this.waiting = null;
  }

  /** @param {Said} said @param {boolean} keep */
  ask(said, keep) {
    this.waiting = { said, keep };
    this.run();
  }

  /** Sends what waits; also after the studio has come back. */
  async run() {
    if (this.busy) return;
    this.busy = true;
    while (this.waiting) {
      const { said, keep } = this.waiting;
      const begun = performance.now();
      this.waiting = null;
      try {
        const picture = await api.view(this.id, said, keep);
        this.shown(picture, said, performance.now() - begun);
      } catch (error) {
        if (error instanceof Gone) {
          this.waiting ??= { said, keep };
          this.failed(error, said);
          break;
        }
        this.failed(error, said);
      }
    }
    this.busy = false;
  }
}
