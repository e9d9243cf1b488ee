/* SPDX-License-Identifier: ISC */
/*
 * Debian's Chromium. It trusts the server's certificate: if it ignored
 * certificate errors, it would cache nothing.
 */

import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

import { chromium } from "playwright-core";

function fingerprint(file) {
	const key = new X509Certificate(readFileSync(file)).publicKey;

	return createHash("sha256").update(
	    key.export({ type: "spki", format: "der" })).digest("base64");
}

export function launch(certificate) {
	return chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic",
		    "--no-first-run", "--disable-background-networking",
		    "--disable-component-update", "--disable-sync",
		    "--ignore-certificate-errors-spki-list=" +
			fingerprint(certificate)],
	});
}
