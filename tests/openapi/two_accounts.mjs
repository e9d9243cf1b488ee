/* SPDX-License-Identifier: ISC */
/*
 * Two users of one browser, one after the other. The browser's cache has the
 * first user's responses when the second signs in; the second must not get
 * them.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

function person(name) {
	return {
		email: `${name}-${randomBytes(6).toString("hex")}@example.com`,
		name,
		password: `Pw1-${randomBytes(12).toString("hex")}`,
	};
}

/* In the page: registers, signs in, reads /users/me twice. */
async function use({ email, name, password }) {
	const base = "/api/v1";
	const made = await fetch(`${base}/users`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ email, name, password }),
	});
	const token = await fetch(`${base}/auth/token`, {
		method: "POST",
		body: new URLSearchParams({ username: email, password }),
	});
	const headers = {
		authorization: `Bearer ${(await token.json()).access_token}`,
	};
	const read = async (path) => {
		const answer = await fetch(base + path, { headers });

		return {
			status: answer.status,
			etag: answer.headers.get("etag"),
			body: await answer.json(),
		};
	};

	return {
		id: (await made.json()).id,
		headers,
		me: await read("/users/me"),
		again: await read("/users/me"),
		sessions: await read("/users/me/sessions"),
	};
}

/* In the page: returns the status of a PATCH with the given ETag. */
async function change({ headers, etag }) {
	return (await fetch("/api/v1/users/me", {
		method: "PATCH",
		headers: { ...headers, "content-type": "application/json",
		    "if-match": etag },
		body: JSON.stringify({ name: "Changed" }),
	})).status;
}

export async function two_accounts(context, server) {
	const page = await context.newPage();

	await page.goto(`${server}/docs`);
	for (let round = 0; round < 3; round++) {
		const first = await page.evaluate(use, person("first"));
		const second = await page.evaluate(use, person("second"));

		for (const who of [first, second]) {
			assert.equal(who.me.status, 200);
			assert.equal(who.me.body.id, who.id);
			assert.deepEqual(who.again, who.me);
			assert.equal(who.sessions.body.total, 1);
		}
		assert.notEqual(first.id, second.id);
		assert.notEqual(first.me.etag, second.me.etag);
		assert.equal(await page.evaluate(change, {
			headers: second.headers, etag: first.me.etag }), 412);
		assert.equal(await page.evaluate(change, {
			headers: second.headers, etag: second.me.etag }), 200);
	}
}
