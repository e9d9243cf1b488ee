/* SPDX-License-Identifier: ISC */
/*
 * /docs in Debian's Chromium, as a reader uses it: registers a user, signs in,
 * reads the signed-in user. Any error in the console and any violation of the
 * page's policy is a failure. Screenshots go to the given folder.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import path from "node:path";

const user = {
	email: `docs-${randomBytes(6).toString("hex")}@example.com`,
	name: "Docs",
	password: `Pw1-${randomBytes(12).toString("hex")}`,
};

function watch(page, server, complaints) {
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			complaints.push(`console: ${message.text()}`);
	});
	page.on("pageerror", (error) => complaints.push(`page: ${error}`));
	page.on("requestfailed", (request) =>
		complaints.push(`failed: ${request.url()}`));
	page.on("request", (request) => {
		const url = request.url();

		if (!url.startsWith(server) && !url.startsWith("data:"))
			complaints.push(`asks elsewhere: ${url}`);
	});
	return page.addInitScript(() => {
		document.addEventListener("securitypolicyviolation", (event) =>
			console.error(`policy: ${event.violatedDirective} ` +
			    `${event.blockedURI} ${event.sourceFile}`));
	});
}

function operation(page, id) {
	return page.locator(`.opblock[id$="-${id}"]`);
}

/* Opens an operation, fills in its body, sends it. Returns status and body. */
async function tryOut(page, id, body) {
	const block = operation(page, id);

	await block.locator(".opblock-summary-control").click();
	await block.getByRole("button", { name: "Try it out" }).click();
	if (body !== undefined)
		await block.locator("textarea.body-param__text").fill(
		    JSON.stringify(body));
	await block.getByRole("button", { name: "Execute" }).click();

	const answer = block.locator(".live-responses-table");

	await answer.waitFor();
	return {
		status: Number(await answer.locator(
		    "tbody .response-col_status").first().innerText()),
		text: await answer.locator(
		    "tbody .response-col_description").first().innerText(),
	};
}

async function authorise(page, folder) {
	await page.locator(".auth-wrapper .btn.authorize").first().click();

	const dialog = page.locator(".modal-ux");

	await dialog.locator("#oauth_username").fill(user.email);
	await dialog.locator("#oauth_password").fill(user.password);
	await dialog.locator("button.authorize").first().click();
	await dialog.getByText("Logout").waitFor();
	await page.screenshot({ path: path.join(folder, "authorised.png") });
	await dialog.locator(".close-modal").click();
}

async function screenshots(page, folder) {
	for (const width of [1280, 390]) {
		await page.setViewportSize({ width, height: 900 });
		await page.evaluate(() => window.scrollTo(0, 0));
		await page.screenshot({
			path: path.join(folder, `docs-${width}.png`) });
		await operation(page, "read_me").screenshot({
			path: path.join(folder, `docs-${width}-read_me.png`) });
		assert.ok(await page.evaluate(() =>
			document.documentElement.scrollWidth <=
			    window.innerWidth), `scrolls sideways at ${width}`);
	}
}

export async function docs_page(context, server, folder) {
	const page = await context.newPage();
	const complaints = [];

	await watch(page, server, complaints);
	await page.goto(`${server}/docs`);
	await operation(page, "create_user").waitFor();

	const created = await tryOut(page, "create_user", user);
	assert.equal(created.status, 201, created.text);
	assert.match(created.text, new RegExp(user.email));

	await authorise(page, folder);

	const me = await tryOut(page, "read_me");
	assert.equal(me.status, 200, me.text);
	assert.match(me.text, new RegExp(user.email));

	await screenshots(page, folder);
	assert.deepEqual(complaints, []);
}
