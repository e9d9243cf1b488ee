/* SPDX-License-Identifier: ISC */
/*
 * Debian's Chromium, with a profile of its own that is gone at the end. It
 * trusts the server's certificate, as a user's browser does: one that is told
 * to ignore bad certificates keeps nothing in its cache.
 */

import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { chromium } from "playwright-core";

function fingerprint(file) {
	const key = new X509Certificate(readFileSync(file)).publicKey;

	return createHash("sha256").update(
	    key.export({ type: "spki", format: "der" })).digest("base64");
}

export async function launch(certificate) {
	const profile = mkdtempSync(path.join(tmpdir(), "keel-chromium-"));
	const browser = await chromium.launchPersistentContext(profile, {
		executablePath: "/usr/bin/chromium",
		viewport: { width: 1280, height: 900 },
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic",
		    "--no-first-run", "--disable-background-networking",
		    "--disable-component-update", "--disable-sync",
		    "--ignore-certificate-errors-spki-list=" +
			fingerprint(certificate)],
	});

	browser.end = async () => {
		await browser.close();
		rmSync(profile, { recursive: true });
	};
	return browser;
}
