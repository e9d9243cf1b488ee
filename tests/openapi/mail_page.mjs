/* SPDX-License-Identifier: ISC */
/*
 * The HTML part of a mail, as a browser shows it on a wide and on a narrow
 * screen. The pictures stay in the build folder, for people to look at.
 */

import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";

const SHADES = 30;	/* an empty page has few; text has more */

/* The raw pixels of a PNG. */
function pixels(png) {
	const packed = [];
	let offset = 8;		/* the signature */

	while (offset < png.length) {
		const length = png.readUInt32BE(offset);

		if (png.toString("latin1", offset + 4, offset + 8) === "IDAT")
			packed.push(png.subarray(offset + 8, offset + 8 + length));
		offset += 12 + length;
	}
	return inflateSync(Buffer.concat(packed));
}

export async function mail_page(context, server, folder) {
	const page = await context.newPage();

	for (const width of [800, 360]) {
		await page.setViewportSize({ width, height: 700 });
		await page.goto(`file://${folder}/mail.html`);
		const picture = await page.screenshot({
			path: `${folder}/mail-${width}.png` });

		assert.ok(new Set(pixels(picture)).size > SHADES);
	}
}
