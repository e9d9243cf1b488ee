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
const focused = (page) => page.evaluate(() => document.activeElement.id ||
    document.activeElement.tagName);

/* Enter sends the form; the address of what follows has no token. */
async function enter(page, title) {
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { name: title }).waitFor();
	assert.ok(!page.url().includes("token"), page.url());
}

async function walk(page, { reset, verify }, name) {
	await page.goto(verify);
	assert.equal(await heading(page), "Verify your e-mail address");
	assert.equal(await focused(page), "BUTTON");
	await look(page, name("verify"));
	await enter(page, "Your e-mail address is verified");
	await look(page, name("verified"));

	await page.goto(reset);
	assert.equal(await focused(page), "new_password");
	await look(page, name("reset"));
	await page.keyboard.type("short");
	await page.keyboard.press("Enter");
	const problem = page.getByRole("alert");
	await problem.waitFor();
	assert.match(await problem.textContent(), /^Password must /);
	assert.equal(await focused(page), "new_password");
	const field = page.getByLabel("New password");
	assert.equal(await field.getAttribute("aria-invalid"), "true");
	assert.equal(await field.inputValue(), "");
	await look(page, name("reset-problem"));
	await page.keyboard.type("Rainy-day-43");
	await page.keyboard.press("Tab");
	assert.equal(await focused(page), "BUTTON");
	await enter(page, "Your new password is set");
	await look(page, name("reset-done"));

	await page.goto(reset);
	await page.keyboard.type("Rainy-day-44");
	await enter(page, "This link does not work");
	await look(page, name("refused"));
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
