/* SPDX-License-Identifier: ISC */
/*
 * examples/web in Debian's Chromium: what was built, as files on an origin of
 * its own; then its development server. Errors of the page, violations of its
 * policy, requests to elsewhere and unexpected errors in the console are
 * failures. The pictures stay in the folder, for people to look at.
 *
 *	NODE_EXTRA_CA_CERTS=CERTIFICATE node web_example.mjs SERVER \
 *	    CERTIFICATE ORIGIN DEVELOPMENT-ORIGIN DIST FOLDER
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";

import { launch } from "./chromium.mjs";
import { Person } from "./web_person.mjs";

const [server, certificate, origin, development, dist, folder] =
    process.argv.slice(2);
const EXPIRED_MS = 900_000;
const TYPES = { ".html": "text/html", ".js": "text/javascript",
    ".css": "text/css", ".svg": "image/svg+xml" };

/* Files and nothing else, as any web server has them. */
async function serve() {
	const site = createServer(async ({ url }, answer) => {
		const name = url === "/" ? "/index.html" : url;

		try {
			answer.end(await readFile(path.join(dist, name),
			    answer.setHeader("content-type",
				TYPES[path.extname(name)])));
		} catch {
			answer.writeHead(404).end();
		}
	});

	await new Promise((listening) =>
		site.listen(new URL(origin).port, listening));
	return site;
}

/* In the page: what the next of these requests meets, and how many there were
   that asked for tokens. */
function meddle() {
	const send = window.fetch;

	window.mishaps = {};
	window.refreshes = 0;
	document.addEventListener("securitypolicyviolation", (event) =>
		console.error(`policy: ${event.violatedDirective}`));
	window.fetch = async (request, init) => {
		const name = `${request.method} ${new URL(request.url).pathname}`;
		const mishap = window.mishaps[name]?.shift();

		if (name === "POST /api/v1/auth/token" &&
		    (await request.clone().text()).includes("refresh_token="))
			window.refreshes++;
		if (mishap === "refused")
			request.headers.set("Authorization", "Bearer old");
		else if (mishap !== undefined && mishap !== "lost")
			return new Response("{}", mishap);
		const response = await send(request, init);

		if (mishap === "lost")
			throw new TypeError("The response was lost");
		return response;
	};
}

const complaints = [];

async function open(context, url) {
	const page = await context.newPage();

	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			complaints.push(`console: ${message.text()}`);
	});
	page.on("pageerror", (error) => complaints.push(`page: ${error}`));
	page.on("request", (request) => {
		if (![server, origin, development].includes(
		    new URL(request.url()).origin))
			complaints.push(`asks elsewhere: ${request.url()}`);
	});
	await page.addInitScript(meddle);
	await page.goto(url);
	return page;
}

/* Forgets the browser's lines about these refusals, which must be all. */
function expectRefused(...statuses) {
	const found = complaints.splice(0).map((complaint) =>
		complaint.startsWith("console: Failed to load resource") ?
		    Number(/status of (\d+)/.exec(complaint)?.[1]) : complaint);

	assert.deepEqual(found, statuses);
}

/* All earlier ones have happened. */
async function mishap(page, request, ...what) {
	assert.deepEqual(await page.evaluate(([request, what]) => {
		const left = Object.values(window.mishaps).flat();

		window.mishaps = { [request]: what };
		return left;
	}, [request, what]), []);
}

const button = (page, name) => page.getByRole("button", { name, exact: true });
const link = (page, name) => page.getByRole("link", { name, exact: true });
const shows = (page, text) => page.getByText(text).first().waitFor();
const has = (page, name) => page.getByRole("heading", { name }).waitFor();
const picture = (page, name) => page.screenshot({
	path: path.join(folder, `web-${name}.png`), fullPage: true });

/* As after 15 minutes, for what the page does next. */
async function expire(page) {
	await page.evaluate((ms) => {
		const { now } = Date;

		Date.now = () => now() + ms;
		window.refreshes = 0;
	}, EXPIRED_MS);
}

/* With the keyboard alone. */
async function signIn(page, { email, password }) {
	await page.getByLabel("E-mail address").waitFor();
	await page.getByLabel("E-mail address").fill("");
	await page.getByLabel("E-mail address").focus();
	await page.keyboard.type(email);
	await page.keyboard.press("Tab");
	await page.getByLabel("Password").fill("");
	await page.keyboard.type(password);
	await page.keyboard.press("Enter");
}

async function signsIn(page, person) {
	const alert = page.locator("dialog [role=alert]");

	await button(page, "Sign in").focus();
	await page.keyboard.press("Enter");
	await mishap(page, "POST /api/v1/auth/token",
	    { status: 429, headers: { "Retry-After": "60" } });
	await signIn(page, person);
	await shows(page, "Try again in 60 s.");
	await page.keyboard.press("Enter");
	await shows(page, "Not yet: try again in");
	await picture(page, "sign-in");
	await page.keyboard.press("Escape");
	await button(page, "Sign in").click();
	await signIn(page, { ...person, password: "Wrong-passw0rd" });
	await alert.getByText("Incorrect username or password").waitFor();
	assert.match(await alert.innerText(), /\(Request [\w-]+\)$/);
	expectRefused(400);
	await signIn(page, person);
	await button(page, "Sign out").waitFor();
	assert.equal(await page.locator("dialog").count(), 0);
}

const titles = (page) => page.locator(".posts a").allInnerTexts();

async function lists(page, { id, word }) {
	const expected = Array.from({ length: 12 }, (_, n) => `${word} ${12 - n}`);

	await mishap(page, `GET /api/v1/users/${id}/posts`,
	    { status: 503, headers: { "Retry-After": "0" } });
	await link(page, "My posts").click();
	await has(page, "My posts");
	await shows(page, "12 posts");
	assert.deepEqual(await titles(page), expected.slice(0, 10));
	assert.equal(await link(page, "Previous page").count(), 0);
	await picture(page, "list");
	await link(page, "Next page").click();
	await shows(page, `${word} 1`);
	await link(page, "Previous page").waitFor();
	assert.deepEqual(await titles(page), expected.slice(10));
	assert.equal(await link(page, "Next page").count(), 0);
	await link(page, "Previous page").click();
	await link(page, "Next page").waitFor();
	assert.deepEqual(await titles(page), expected.slice(0, 10));
	await page.goBack();
	await link(page, "Previous page").waitFor();
	assert.deepEqual(await titles(page), expected.slice(10));

	await page.getByRole("searchbox", { name: "Search" }).fill(`"${word} 7"`);
	await page.keyboard.press("Enter");
	await shows(page, /^1 post$/);
	assert.deepEqual(await titles(page), [`${word} 7`]);
}

/* Three responses are lost, and the user tries again: one post. Its title looks
   like HTML. */
async function writes(page, person) {
	const title = page.getByLabel("Title");
	const name = `${person.word} <img src=x onerror=alert(1)>`;

	await link(page, "Write a post").click();
	await page.getByLabel("Text").fill("Nice to meet you.");
	await button(page, "Save").click();
	await page.locator("[name=title][aria-invalid=true]").waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.name),
	    "title");
	assert.notEqual(await page.locator(
	    "#" + await title.getAttribute("aria-describedby")).innerText(), "");
	await picture(page, "fields");
	expectRefused(422);

	await title.fill(name);
	await mishap(page, "POST /api/v1/posts", "lost", "lost", "lost");
	await page.keyboard.press("Enter");
	await shows(page, "The server cannot be reached.");
	await page.keyboard.press("Enter");
	await has(page, "Edit a post");
	await shows(page, "The post is saved.");
	assert.equal(await title.inputValue(), name);
	assert.equal((await person.posts(`"${name}"`)).total, 1);
	await link(page, "My posts").click();
	await link(page, name).click();
	await has(page, "Edit a post");
	return new URL(page.url()).hash.split("/").at(-1);
}

async function edits(page, person, id) {
	const title = page.getByLabel("Title");
	const save = async (text) => {
		await title.fill(text);
		await button(page, "Save").click();
	};

	await save("Second");
	await shows(page, "The post is saved.");
	assert.equal((await person.read(id)).title, "Second");
	await button(page, "Publish").click();
	await shows(page, "The post is published.");
	assert.notEqual((await person.read(id)).published_at, null);

	// Another program was first, twice.
	await person.change(id, { title: "Theirs", content: "Theirs" });
	await save("Mine");
	await has(page, "Somebody has changed this post meanwhile");
	await has(page, "Mine");
	await has(page, "Theirs");
	await picture(page, "conflict");
	assert.equal((await person.read(id)).title, "Theirs");
	await button(page, "Save mine").click();
	await button(page, "Save mine").waitFor({ state: "detached" });
	assert.equal((await person.read(id)).title, "Mine");
	await person.change(id, { title: "Theirs again" });
	await save("Mine again");
	await button(page, "Take the saved one").click();
	assert.equal(await title.inputValue(), "Theirs again");
	expectRefused(412, 412);

	// The change was done, but its response is lost.
	await mishap(page, `PATCH /api/v1/posts/${id}`, "lost");
	await save("Once");
	await shows(page, "The post is saved.");
	assert.equal(await button(page, "Save mine").count(), 0);
	expectRefused(412);
	await button(page, "Unpublish").click();
	await shows(page, "The post is a draft.");
	assert.equal((await person.read(id)).published_at, null);
}

const refreshes = (page) => page.evaluate(() => window.refreshes);

/* Two requests at once, one refresh: before the token expires, and when it is
   refused. */
async function staysSignedIn(page, person) {
	await expire(page);
	await link(page, "My posts").click();
	await has(page, "My posts");
	assert.equal(await refreshes(page), 1);
	await mishap(page, `GET /api/v1/users/${person.id}/posts`, "refused",
	    "refused");
	await page.getByRole("searchbox").fill(person.word);
	await page.keyboard.press("Enter");
	await shows(page, "12 posts");
	assert.equal(await refreshes(page), 2);
	expectRefused(401, 401);
	assert.equal(await person.sessions(), 2);
}

/* Another tab has the same session, and the next tokens. */
async function sharesTabs(context, page, person) {
	const other = await open(context, `${origin}/#/mine`);

	await button(other, "Sign out").waitFor();
	await has(other, "My posts");
	for (const tab of [page, other])
		await expire(tab);
	await Promise.all([page, other].map((tab) =>
		link(tab, "Write a post").click()));
	await Promise.all([page, other].map((tab) =>
		link(tab, "My posts").click()));
	for (const tab of [page, other])
		await has(tab, "My posts");
	assert.ok(await refreshes(page) + await refreshes(other) <= 2);
	assert.equal(await person.sessions(), 2);
	return other;
}

/* Unsaved text is still there after the user has signed in again. */
async function outlivesSession(page, person, id) {
	await page.goto(`${origin}/#/posts/${id}`);
	await page.getByLabel("Title").fill("Unsaved");
	await person.endOtherSessions();
	await button(page, "Save").click();
	await shows(page, "Your session has ended. Please sign in again.");
	await signIn(page, person);
	await button(page, "Sign out").waitFor();
	assert.equal(await page.getByLabel("Title").inputValue(), "Unsaved");
	await button(page, "Save").click();
	await shows(page, "The post is saved.");
	assert.equal((await person.read(id)).title, "Unsaved");
	expectRefused(401, 400);
}

/* In one tab, and so in both; the session has ended. */
async function signsOut(page, other, person) {
	await button(page, "Sign out").click();
	await shows(page, "You are signed out.");
	for (const tab of [page, other]) {
		await button(tab, "Sign in").waitFor();
		await has(tab, "Published posts");
	}
	assert.equal(await person.sessions(), 1);
	await mishap(page, "none");
	expectRefused();
}

async function fits(page) {
	await page.setViewportSize({ width: 360, height: 700 });
	await picture(page, "narrow");
	assert.ok(await page.evaluate(() =>
		document.documentElement.scrollWidth <= innerWidth));
}

/* Through its proxy, page and API are one origin. */
async function develops(context, person) {
	const page = await open(context, development);

	await has(page, "Published posts");
	await button(page, "Sign in").click();
	await signIn(page, person);
	await link(page, "My posts").click();
	await shows(page, "13 posts");
	await button(page, "Sign out").click();
	await shows(page, "You are signed out.");
	expectRefused();
}

const site = await serve();
const browser = await launch(certificate);

try {
	const person = await new Person(server).signUp();
	const context = await browser.newContext({
		viewport: { width: 1000, height: 900 } });

	context.setDefaultTimeout(20000);
	await person.writePosts(12);

	const page = await open(context, origin);

	await has(page, "Published posts");
	await signsIn(page, person);
	await lists(page, person);

	const id = await writes(page, person);

	await edits(page, person, id);
	await staysSignedIn(page, person);

	const other = await sharesTabs(context, page, person);

	await outlivesSession(page, person, id);
	await signsOut(page, other, person);
	await fits(page);
	await develops(context, person);
} finally {
	await browser.close();
	site.close();
	site.closeAllConnections();
}
