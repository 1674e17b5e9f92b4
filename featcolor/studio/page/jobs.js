/** Long work: how far each job is, and what of it did not come out. */

import { api } from "./api.js";
import { byId, make } from "./elements.js";

const GOING = ["waiting", "running", "paused"];
/** Milliseconds that a job stays in sight when it has come out well. */
const LINGER = 6000;

export class Jobs {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.root = byId("jobs");
    this.items = new Map();
    studio.on("workspace", () => {
      for (const job of studio.workspace.jobs) if (GOING.includes(job.state)) this.show(job);
    });
    studio.on("job", (job) => this.show(job));
  }

  /** @param {import("./api.js").Job} job */
  show(job) {
    const known = this.items.get(job.id);
    if (known?.closed) return;
    if (!known) this.#add(job);
    const item = this.items.get(job.id);
    clearTimeout(item.timer);
    const going = GOING.includes(job.state);
    item.job = job;
    item.title.textContent = job.title;
    item.words.textContent = wordsOf(job);
    item.bar.hidden = !going;
    if (job.total && job.state !== "waiting") {
      item.bar.max = job.total;
      item.bar.value = job.done;
    } else item.bar.removeAttribute("value");
    item.pause.hidden = !going || job.state === "waiting";
    item.pause.replaceChildren(...make("button", { icon: job.state === "paused" ? "play" : "pause" }).children);
    const verb = job.state === "paused" ? "Go on" : "Pause";
    item.pause.title = verb;
    item.pause.setAttribute("aria-label", `${verb}: ${job.title}`);
    const close = going ? "Cancel" : "Close";
    item.close.title = close;
    item.close.setAttribute("aria-label", `${close}: ${job.title}`);
    item.errors.hidden = !job.errors.length;
    item.errors.replaceChildren(...job.errors.map((error) => make("li", {}, error)));
    item.root.dataset.state = job.state;
    if ((job.state === "done" && !job.errors.length) || job.state === "cancelled") item.timer = setTimeout(() => this.#close(job.id), LINGER);
  }

  #add(job) {
    const item = {
      title: make("strong", {}),
      words: make("span", { class: "soft" }),
      bar: make("progress", { "aria-label": job.title }),
      errors: make("ul", { hidden: true }),
      pause: make("button", { onclick: () => this.#tell(item.job, item.job.state === "paused" ? "resume" : "pause") }),
      close: make("button", { icon: "close", onclick: () => (GOING.includes(item.job.state) ? this.#tell(item.job, "cancel") : this.#close(job.id)) }),
    };
    item.root = make("article", { "data-job": job.id }, item.title, item.pause, item.close, item.bar, item.words, item.errors);
    this.items.set(job.id, item);
    this.root.append(item.root);
  }

  async #tell(job, what) {
    const told = await this.studio.attempt(() => api.tellJob(job, what), job.title);
    if (told) this.studio.tellOf("job", told);
  }

  #close(id) {
    const item = this.items.get(id);
    item.root.remove();
    item.closed = true;
  }
}

/** @param {import("./api.js").Job} job */
function wordsOf(job) {
  const far = job.total ? `${job.done} of ${job.total}` : "";
  const left = job.state === "running" && job.done > 0 && job.seconds > 4 ? leftOf((job.seconds * (job.total - job.done)) / job.done) : "";
  const failed = job.errors.length ? `${job.errors.length} failed` : "";
  const state = {
    waiting: job.place > 0 ? `waiting, ${job.place} before it` : "waiting",
    running: job.stage,
    paused: "paused",
    done: "done",
    failed: "failed",
    cancelled: "cancelled",
  }[job.state];
  return [state, far, left, failed].filter(Boolean).join(" · ");
}

/** @param {number} seconds */
const leftOf = (seconds) => (seconds < 90 ? `${Math.ceil(seconds)} s left` : `${Math.ceil(seconds / 60)} min left`);
