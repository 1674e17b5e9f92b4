/** What a person says of a picture, and all that they said before: values that are never changed, only replaced. */

/**
 * @typedef {import("./api.js").Said} Said
 * @typedef {import("./api.js").Hint} Hint
 * @typedef {{past: Said[], present: Said, future: Said[]}} History
 */

/** A hint as the page gives it: no radius is 0. @param {Hint} hint @returns {Hint} */
export const plain = ({ points, colour, radius }) => (radius ? { points, colour, radius } : { points, colour });

/** @param {Said} said @returns {History} */
export const begin = (said) => ({ past: [], present: said, future: [] });

export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** @param {History} history @param {Said} said @returns {History} */
export const tell = (history, said) =>
  same(said, history.present) ? history : { past: [...history.past, history.present], present: said, future: [] };

/** @param {History} history @returns {History} */
export const undo = ({ past, present, future }) =>
  past.length ? { past: past.slice(0, -1), present: past.at(-1), future: [present, ...future] } : { past, present, future };

/** @param {History} history @returns {History} */
export const redo = ({ past, present, future }) =>
  future.length ? { past: [...past, present], present: future[0], future: future.slice(1) } : { past, present, future };

/** @param {Said} said @param {Hint} hint @returns {Said} */
export const withHint = (said, hint) => ({ ...said, hints: [...said.hints, hint] });

/** @param {Said} said @param {number} index @param {Partial<Hint>} change @returns {Said} */
export const withChange = (said, index, change) => ({
  ...said,
  hints: said.hints.map((hint, at) => (at === index ? { ...hint, ...change } : hint)),
});

/** @param {Said} said @param {number} index @returns {Said} */
export const withoutHint = (said, index) => ({ ...said, hints: said.hints.filter((_, at) => at !== index) });

/** @param {Said} said @param {Partial<import("./api.js").Choices>} choices @returns {Said} */
export const withChoices = (said, choices) => ({ ...said, choices: { ...said.choices, ...choices } });

/**
 * The points of a hint moved by whole pixels, all of them inside the picture.
 * @param {Hint} hint @param {number} dx @param {number} dy @param {{width: number, height: number}} size
 */
export function movedPoints({ points }, dx, dy, { width, height }) {
  const within = (values, by, side) => Math.round(Math.min(Math.max(by, -Math.min(...values)), side - 1 - Math.max(...values)));
  const x = within(points.map((point) => point[0]), dx, width);
  const y = within(points.map((point) => point[1]), dy, height);
  return points.map((point) => [point[0] + x, point[1] + y]);
}
