/** sRGB and CIELAB (D65), with the constants of featcolor/colour/lab.py, and the gamut at a lightness. */

const WHITE = [0.95047, 1, 1.08883];
const XYZ = [
	[0.412453, 0.35758, 0.180423],
	[0.212671, 0.71516, 0.072169],
	[0.019334, 0.119193, 0.950227],
];
const LINEAR = [
	[3.240481, -1.537152, -0.498536],
	[-0.969255, 1.87599, 0.041556],
	[0.055647, -0.204041, 1.057311],
];

const decode = (code) => (code <= 0.04045 ? code / 12.92 : ((code + 0.055) / 1.055) ** 2.4);
const encode = (linear) => (linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055);
const f = (share) => (share > 0.008856 ? Math.cbrt(share) : 7.787 * share + 16 / 116);
const inverse = (value) => (value > 0.2068966 ? value ** 3 : (value - 16 / 116) / 7.787);

/** @param {number[]} rgb 0..255 L* 0..100, a*, b* */
export function labOf(rgb) {
	const linear = rgb.map((code) => decode(code / 255));
	const [x, y, z] = XYZ.map((row, i) => f((row[0] * linear[0] + row[1] * linear[1] + row[2] * linear[2]) / WHITE[i]));
	return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Linear red, green and blue; outside 0..1 where there is no such colour on a screen. */
function linearOf(lightness, a, b) {
	const y = (lightness + 16) / 116;
	const xyz = [inverse(y + a / 500) * WHITE[0], inverse(y), inverse(y - b / 200) * WHITE[2]];
	return LINEAR.map((row) => row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2]);
}

const inside = (linear) => linear.every((value) => value > -1e-4 && value < 1 + 1e-4);

export const inGamut = (lightness, a, b) => inside(linearOf(lightness, a, b));

/** a* and b* as far toward neutral as the gamut asks. */
export function intoGamut(lightness, a, b) {
	if (inGamut(lightness, a, b)) return [a, b];
	let [low, high] = [0, 1];
	for (let step = 0; step < 14; step++) {
		const middle = (low + high) / 2;
		if (inGamut(lightness, a * middle, b * middle)) low = middle;
		else high = middle;
	}
	return [a * low, b * low];
}

/** codes 0..255, of the nearest colour there is */
export const rgbOf = (lightness, a, b) =>
	linearOf(lightness, a, b).map((value) => Math.round(255 * encode(Math.min(Math.max(value, 0), 1))));

export const hexOf = (rgb) => "#" + rgb.map((code) => code.toString(16).padStart(2, "0")).join("");

/** Red, green and blue of "#rrggbb", "rrggbb" or "#rgb"; null for what is none. */
export function rgbOfHex(text) {
	const digits = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(text.trim())?.[1];
	if (!digits) return null;
	const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
	return [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16));
}

export function isGrey(hex) {
	const rgb = rgbOfHex(hex);
	return rgb !== null && rgb[0] === rgb[1] && rgb[1] === rgb[2];
}

const HUES = ["pink", "red", "orange", "yellow", "yellow green", "green", "blue green", "blue", "blue", "violet", "purple"];
const ANGLES = [0, 30, 60, 92, 118, 155, 208, 250, 288, 322, 336];
/** What people call the dark and dull ones. */
const DULL = { red: "reddish brown", orange: "brown", yellow: "olive brown", "yellow green": "olive" };

/** A colour in words, for who does not see it. */
export function words(hex) {
	const rgb = rgbOfHex(hex);
	if (!rgb) return hex;
	const [lightness, a, b] = labOf(rgb);
	const chroma = Math.hypot(a, b);
	const tone = lightness < 30 ? "dark " : lightness > 78 ? "light " : "";
	if (chroma < 3) return tone + "grey";
	const angle = ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360;
	const apart = ANGLES.map((other) => Math.abs(((angle - other + 540) % 360) - 180));
	const hue = HUES[apart.indexOf(Math.min(...apart))];
	const dull = lightness < 62 && chroma < 45 ? (DULL[hue] ?? hue) : hue;
	if (chroma < 11) return `${tone}${["yellow green", "green"].includes(hue) ? "greenish" : DULL[hue] || hue === "pink" ? "warm" : "bluish"} grey`;
	return tone + (chroma < 20 && dull === hue ? `greyish ${hue}` : dull);
}
