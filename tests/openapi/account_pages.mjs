/* SPDX-License-Identifier: ISC */
/*
 * The pages that links in mails open, walked with the keyboard alone, on a
 * narrow and on a wide screen, light and dark. The pictures stay in the build
 * folder, for people to look at.
 */

import assert from "node:assert/strict";

const SCREENS = [
	{ width: 390, height: 844, colorScheme: "light" },
	{ width: 1280, height: 900, colorScheme: "dark" },
];

async function look(page, file) {
	const fits = await page.evaluate(() =>
	    document.documentElement.scrollWidth <= innerWidth);

	assert.ok(fits, `${file} is wider than the screen`);
	await page.screenshot({ path: file, fullPage: true });
}

const heading = (page) => page.locator("h1").textContent();

/* A page gives the focus when it is drawn, which may be after it has loaded. */
const focus = (page, wanted) => page.locator(`${wanted}:focus`).waitFor();

/* Enter sends the form; the address of what follows has no token. */
async function enter(page, title) {
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { name: title }).waitFor();
	assert.ok(!page.url().includes("token"), page.url());
}

async function verify(page, link, name) {
	await page.goto(link);
	assert.equal(await heading(page), "Verify your e-mail address");
	await focus(page, "button");
	await look(page, name("verify"));
	await enter(page, "Your e-mail address is verified");
	await look(page, name("verified"));
}

/* Each broken rule is shown; the field is empty and has the focus. */
async function enter_weak_password(page, name) {
	await page.keyboard.type("short");
	await page.keyboard.press("Enter");
	const problem = page.getByRole("alert");
	await problem.waitFor();
	assert.equal(await problem.textContent(), [
		"Password must have at least 8 characters",
		"Password must contain uppercase letter",
		"Password must contain digit"].join("\n"));
	await focus(page, "#new_password");
	const field = page.getByLabel("New password");
	assert.equal(await field.getAttribute("aria-invalid"), "true");
	assert.equal(await field.inputValue(), "");
	await look(page, name("reset-problem"));
}

async function reset(page, link, name) {
	await page.goto(link);
	await focus(page, "#new_password");
	await look(page, name("reset"));
	await enter_weak_password(page, name);
	await page.keyboard.type("Rainy-day-43");
	await page.keyboard.press("Tab");
	await focus(page, "button");
	await enter(page, "Your new password is set");
	await look(page, name("reset-done"));

	await page.goto(link);
	await focus(page, "#new_password");
	await page.keyboard.type("Rainy-day-44");
	await enter(page, "This link does not work");
	await look(page, name("refused"));
}

async function change_email(page, links, name) {
	await page.goto(links.email);
	assert.equal(await heading(page), "Confirm your new e-mail address");
	await focus(page, "button");
	await look(page, name("email"));
	await enter(page, "Your e-mail address is changed");
	await look(page, name("email-done"));

	await page.goto(links["email/cancel"]);
	assert.equal(await heading(page), "Keep your e-mail address");
	await focus(page, "button");
	await look(page, name("cancel"));
	await enter(page, "Your e-mail address stays as it is");
	await look(page, name("cancel-done"));
}

/* An error is a page, too, and the way back leads to the form. */
async function unreadable(page, link, name) {
	await page.goto(link);
	await focus(page, "button");
	await page.route("**/account/verify", (route) => route.continue({
		headers: { ...route.request().headers(),
			"content-encoding": "gzip" } }));
	await enter(page, "This form cannot be read");
	await look(page, name("error"));
	await page.unroute("**/account/verify");
	await page.goBack();
	await page.getByRole("heading", { name: "Verify your e" }).waitFor();
}

async function walk(page, links, name) {
	await verify(page, links.verify, name);
	await reset(page, links.reset, name);
	await change_email(page, links, name);
	await unreadable(page, links.verify, name);
}

export async function account_pages(context, server, folder, site) {
	for (const [i, screen] of SCREENS.entries()) {
		const page = await context.newPage();
		const refused = [];

		page.on("console", (message) => {
			if (message.text().includes("Content Security Policy"))
				refused.push(message.text());
		});
		await page.setViewportSize(screen);
		await page.emulateMedia({ colorScheme: screen.colorScheme });
		await walk(page, site.links[i], (name) =>
		    `${folder}/account-${name}-${screen.width}.png`);
		assert.deepEqual(refused, []);
		await page.close();
	}
}
