/* SPDX-License-Identifier: ISC */
/*
 * The browser tests, all in one Chromium, which is Debian's. Each test has its
 * own context: cookies, storage and cache. Prints a line of JSON for each test:
 * its name and its error, or null.
 *
 *	node browser.mjs https://127.0.0.1:8888 CERTIFICATE FOLDER SITE
 *
 * SITE is JSON: the url of a second server with the same certificate, and the
 * port of the origin whose pages it allows, http://localhost:PORT; and the links
 * of two people, {path: link}.
 */

import { account_pages } from "./account_pages.mjs";
import { launch } from "./chromium.mjs";
import { cors_page } from "./cors_page.mjs";
import { docs_page } from "./docs_page.mjs";
import { mail_page } from "./mail_page.mjs";
import { two_accounts } from "./two_accounts.mjs";

const [server, certificate, folder] = process.argv.slice(2);
const site = JSON.parse(process.argv[5]);

const browser = await launch(certificate);

try {
	for (const test of [docs_page, two_accounts, mail_page, cors_page,
	    account_pages]) {
		const context = await browser.newContext({
			viewport: { width: 1280, height: 900 } });
		let wrong = null;

		context.setDefaultTimeout(20000);
		try {
			await test(context, server, folder, site);
		} catch (error) {
			wrong = String(error.stack);
		}
		await context.close();
		console.log(JSON.stringify([test.name, wrong]));
	}
} finally {
	await browser.close();
}
