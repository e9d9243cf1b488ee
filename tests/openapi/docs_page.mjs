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

/* Opens an operation to try it. */
async function open(page, id) {
	const block = operation(page, id);

	await block.locator(".opblock-summary-control").click();
	await block.getByRole("button", { name: "Try it out" }).click();
	return block;
}

/* Fills in its body, sends it. Returns its URL, and the status and body. */
async function tryOut(page, id, body) {
	const block = await open(page, id);

	if (body !== undefined)
		await block.locator("textarea.body-param__text").fill(
		    JSON.stringify(body));
	await block.getByRole("button", { name: "Execute" }).click();

	const answer = block.locator(".live-responses-table");

	await answer.waitFor();
	return {
		url: await block.locator(".request-url pre").innerText(),
		status: Number(await answer.locator(
		    "tbody .response-col_status").first().innerText()),
		text: await answer.locator(
		    "tbody .response-col_description").first().innerText(),
	};
}

/* The title is in view, the user name has the focus, no client is asked for. */
async function checkDialog(page, dialog) {
	const name = dialog.locator("#oauth_username");
	const bearer = dialog.locator("#auth-bearer-value");

	await name.waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.id),
	    "oauth_username");
	for (const part of [name, dialog.getByRole("heading").first()]) {
		const box = await part.boundingBox();
		const { x, y, width, height } = await dialog.boundingBox();

		assert.ok(box.x >= x && box.y >= y &&
		    box.x + box.width <= x + width &&
		    box.y + box.height <= y + height, "scrolled away");
	}
	assert.equal(await bearer.getAttribute("type"), "password");
	for (const field of ["client_id_password", "client_secret_password",
	    "password_type"])
		assert.ok(!await dialog.locator(`#${field}`).isVisible(), field);
	assert.ok(!await dialog.locator(".scope-def").isVisible(), "scopes");
}

/* With the keyboard only, from the dialog's first focus. */
async function authorise(page, folder) {
	const dialog = page.locator(".modal-ux");

	for (const width of [400, 1280]) {
		await page.setViewportSize({ width, height: 900 });
		await page.locator(".auth-wrapper .btn.authorize").click();
		await checkDialog(page, dialog);
		await page.screenshot({
			path: path.join(folder, `authorise-${width}.png`) });
		if (width !== 1280)
			await dialog.locator(".close-modal").click();
	}
	await page.keyboard.type(user.email);
	await page.keyboard.press("Tab");
	await page.keyboard.type(user.password);
	await page.keyboard.press("Enter");
	await dialog.getByText("Logout").first().waitFor();
	await page.screenshot({ path: path.join(folder, "authorised.png") });
	await dialog.locator(".close-modal").click();
}

/* Whether an operation has a lock, and which. */
async function lock(page, id) {
	const button = operation(page, id).locator(".authorization__btn");

	return await button.count() === 0 ? "none" :
	    (await button.getAttribute("aria-label")).split(" ").at(-1);
}

async function checkLocks(page, signedIn) {
	for (const id of ["create_user", "create_token", "alive", "ready"])
		assert.equal(await lock(page, id), "none", id);
	for (const id of ["read_me", "list_users", "retry_job"])
		assert.equal(await lock(page, id),
		    signedIn ? "locked" : "unlocked", id);
}

/* The forms that the page sends to an endpoint from now on. */
function watchForms(page, endpoint) {
	const forms = [];

	page.on("request", (request) => {
		if (new URL(request.url()).pathname === endpoint)
			forms.push(Object.fromEntries(new URLSearchParams(
			    request.postData() ?? "")));
	});
	return forms;
}

/* When the token has ended, the next request has a new one; the one after it
   needs none. */
async function checkRefresh(page) {
	const forms = watchForms(page, "/api/v1/auth/token");

	await page.evaluate(() => {
		window.realNow = Date.now;
		Date.now = () => window.realNow() + 900000;
	});
	for (let i = 0; i < 2; i++) {
		const block = operation(page, "read_me");

		await block.getByRole("button", { name: "Clear" }).click();
		await block.getByRole("button", { name: "Execute" }).click();

		const status = block.locator(
		    ".live-responses-table tbody .response-col_status").first();

		await status.waitFor();
		assert.equal(Number(await status.innerText()), 200);
	}
	await page.evaluate(() => { Date.now = window.realNow; });
	assert.deepEqual(forms.map((form) => form.grant_type),
	    ["refresh_token"]);
	await checkLocks(page, true);
}

/* "Logout" ends the session, not only the page's memory of it. */
async function checkLogout(page) {
	const forms = watchForms(page, "/api/v1/auth/revoke");
	const dialog = page.locator(".modal-ux");
	const revoked = page.waitForResponse((response) =>
		response.url().endsWith("/auth/revoke"));

	await page.locator(".auth-wrapper .btn.authorize").click();
	await dialog.getByText("Logout").first().click();
	assert.equal((await revoked).status(), 200);
	await dialog.locator(".close-modal").click();
	await checkLocks(page, false);

	const refreshed = await page.evaluate(async (token) => (await fetch(
	    "/api/v1/auth/token", { method: "POST",
	    body: new URLSearchParams({ grant_type: "refresh_token",
	    refresh_token: token }) })).json(), forms[0].token);

	assert.equal(refreshed.error, "invalid_grant");
}

/* An empty filter shows an example, and is not sent. */
async function checkExamples(page) {
	const { status, text, url } = await tryOut(page, "list_sessions");
	const block = await open(page, "list_users");
	const field = (name) => block.locator(
	    `tr[data-param-name="${name}"] input`);

	assert.equal(status, 200, text);
	assert.equal(new URL(url).search, "?limit=20");
	assert.equal(await field("q").getAttribute("placeholder"), "ada");
	assert.equal(await field("q").inputValue(), "");
	assert.equal(await field("skip").inputValue(), "");
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

/* The page works below a prefix that a proxy removes: its links are relative. */
async function checkPrefix(context, server, complaints) {
	const page = await context.newPage();

	await watch(page, server, complaints);
	await page.route(`${server}/**`, (route) => {
		const url = route.request().url();

		if (!url.startsWith(`${server}/backend/`))
			complaints.push(`leaves the prefix: ${url}`);
		return route.continue({ url: url.replace("/backend", "") });
	});
	await page.goto(`${server}/backend/docs`);
	await operation(page, "create_user").waitFor();
	assert.equal(await page.locator("link[rel=icon]").evaluate((link) =>
	    link.href), `${server}/backend/docs/favicon.svg`);
	await page.close();
}

export async function docs_page(context, server, folder) {
	const page = await context.newPage();
	const complaints = [];

	await watch(page, server, complaints);
	await page.goto(server);
	await operation(page, "create_user").waitFor();
	assert.equal(new URL(page.url()).pathname, "/docs");
	await checkLocks(page, false);

	const created = await tryOut(page, "create_user", user);
	assert.equal(created.status, 201, created.text);
	assert.match(created.text, new RegExp(user.email));

	await authorise(page, folder);
	await checkLocks(page, true);

	const me = await tryOut(page, "read_me");
	assert.equal(me.status, 200, me.text);
	assert.match(me.text, new RegExp(user.email));
	await checkRefresh(page);
	await checkExamples(page);

	await screenshots(page, folder);
	await checkPrefix(context, server, complaints);
	assert.deepEqual(complaints, []);
	// The console tells of the 400 that follows.
	await checkLogout(page);
}
