/** What a person says of a picture, and all that they said before: values that are never changed, only replaced. */

/** @typedef {import("./api.js").Said} Said @typedef {{past: Said[], present: Said, future: Said[]}} History */

/** A hint as the page gives it: no radius is 0. */
export const plain = ({ points, colour, radius }) => (radius ? { points, colour, radius } : { points, colour });

export const begin = (said) => ({ past: [], present: said, future: [] });

export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export const tell = (history, said) =>
	same(said, history.present) ? history : { past: [...history.past, history.present], present: said, future: [] };

export const undo = ({ past, present, future }) =>
	past.length ? { past: past.slice(0, -1), present: past.at(-1), future: [present, ...future] } : { past, present, future };

export const redo = ({ past, present, future }) =>
	future.length ? { past: [...past, present], present: future[0], future: future.slice(1) } : { past, present, future };

export const withHint = (said, hint) => ({ ...said, hints: [...said.hints, hint] });

export const withChange = (said, index, change) => ({
	...said,
	hints: said.hints.map((hint, at) => (at === index ? { ...hint, ...change } : hint)),
});

export const withoutHint = (said, index) => ({ ...said, hints: said.hints.filter((_, at) => at !== index) });

export const withChoices = (said, choices) => ({ ...said, choices: { ...said.choices, ...choices } });

/** The points of a hint moved by whole pixels, all of them inside a picture of a size. */
export function movedPoints({ points }, dx, dy, { width, height }) {
	const within = (values, by, side) => Math.round(Math.min(Math.max(by, -Math.min(...values)), side - 1 - Math.max(...values)));
	const x = within(points.map((point) => point[0]), dx, width);
	const y = within(points.map((point) => point[1]), dy, height);
	return points.map((point) => [point[0] + x, point[1] + y]);
}
