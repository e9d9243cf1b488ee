/* SPDX-License-Identifier: ISC */
/*
 * A front end on a port of its own, in Debian's Chromium: what its pages can do
 * with Keel. The same pages under another name, or without one, are of origins
 * that KEEL_CORS_ORIGINS does not name.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

const user = {
	email: `cors-${randomBytes(6).toString("hex")}@example.com`,
	name: "Cors",
	password: `Pw1-${randomBytes(12).toString("hex")}`,
};

async function serve(port) {
	const site = createServer((request, answer) => {
		answer.setHeader("content-type", "text/html");
		answer.end("<!doctype html><title>A front end</title>");
	});

	await new Promise((listening) => site.listen(port, listening));
	return site;
}

/* In the page: what it can read of a response, or "unreadable". */
async function ask([url, { size, ...options }]) {
	if (size !== undefined)
		options.body = "x".repeat(size);
	try {
		const answer = await fetch(url, options);
		const text = await answer.text();

		return {
			status: answer.status,
			redirected: answer.redirected,
			header: Object.fromEntries(answer.headers),
			body: text === "" ? null : JSON.parse(text),
		};
	} catch (error) {
		return error instanceof TypeError ? "unreadable" : String(error);
	}
}

function json(method, body, headers = {}) {
	return {
		method,
		headers: { "content-type": "application/json", ...headers },
		body: JSON.stringify(body),
	};
}

function form(parameters) {
	return {
		method: "POST",
		headers: {
			"content-type": "application/x-www-form-urlencoded" },
		body: String(new URLSearchParams(parameters)),
	};
}

/* Registers, signs in, refreshes twice at once with the same token, as two tabs
   do; returns the header that says who asks. */
async function sign_in(from) {
	const made = await from("/api/v1/users", json("POST", user));

	assert.equal(made.status, 201, JSON.stringify(made));
	assert.equal(made.header.location, `/api/v1/users/${made.body.id}`);

	const token = await from("/api/v1/auth/token", form({
		username: user.email, password: user.password }));

	assert.equal(token.status, 200, JSON.stringify(token));
	assert.match(token.header.ratelimit, /"token";r=/);

	const tabs = await Promise.all([1, 2].map(() =>
		from("/api/v1/auth/token", form({ grant_type: "refresh_token",
		    refresh_token: token.body.refresh_token }))));

	assert.deepEqual(tabs.map(({ status }) => status), [200, 200]);
	assert.equal(tabs[0].body.refresh_token, tabs[1].body.refresh_token);
	return { authorization: `Bearer ${tabs[0].body.access_token}` };
}

async function sign_out(from, who) {
	const post = { method: "POST", headers: who };

	assert.equal((await from("/api/v1/auth/logout", post)).status, 204);
	assert.equal((await from("/api/v1/auth/logout", post)).status, 401);
	assert.equal((await from("/api/v1/auth/revoke", form({
		token: "no-token" }))).status, 200);
}

async function read_and_change(from, who) {
	const first = await from("/api/v1/users/me", { headers: who });
	const again = await from("/api/v1/users/me", { headers: who });
	const change = (etag) => from("/api/v1/users/me",
	    json("PATCH", { name: "Changed" }, { ...who, "if-match": etag }));

	assert.equal(first.body.email, user.email);
	assert.deepEqual(again.body, first.body);
	assert.equal(again.header.etag, first.header.etag);
	assert.equal((await change(first.header.etag)).body.name, "Changed");

	const late = await change(first.header.etag);

	assert.equal(late.status, 412);
	assert.equal(late.body.error.code, "PRECONDITION_FAILED");
}

async function read_errors(from, who) {
	const errors = [
		[401, "/api/v1/users/me", {}],
		[403, "/api/v1/users", { headers: who }],
		[404, "/nothing", { headers: who }],
		[405, "/healthz", { method: "DELETE" }],
		[409, "/api/v1/users", json("POST", user)],
		[422, "/api/v1/users", json("POST", { email: "x" })],
		[413, "/api/v1/users", { ...json("POST"), size: 300000 }],
	];

	for (const [status, path, options] of errors) {
		const answer = await from(path, options);

		assert.equal(answer.status, status, JSON.stringify(answer));
		assert.equal(answer.body.error.request_id,
		    answer.header["x-request-id"]);
	}
	assert.equal((await from("/healthz/", { headers: who })).redirected,
	    true);
}

async function read_limit(from) {
	let answer;

	for (let n = 0; n < 5; n++)
		answer = await from("/api/v1/auth/token", { method: "POST" });
	assert.equal(answer.status, 429);
	assert.ok(Number(answer.header["retry-after"]) > 0);
}

export async function cors_page(context, server, folder, { url, port }) {
	const site = await serve(port);
	const page = await context.newPage();
	const from = (path, options) => page.evaluate(ask, [url + path,
	    { credentials: "include", ...options }]);

	try {
		await page.goto(`http://localhost:${port}/`);
		assert.equal((await from("/healthz", {})).body.status, "ok");

		const who = await sign_in(from);

		await read_and_change(from, who);
		await read_errors(from, who);
		await read_limit(from);
		await sign_out(from, who);
		for (const place of [`http://127.0.0.1:${port}/`,
		    "data:text/html,x"]) {
			await page.goto(place);
			for (const options of [{}, { headers: who },
			    { method: "DELETE" }])
				assert.equal(await from("/healthz", options),
				    "unreadable", place);
		}
	} finally {
		site.close();
		site.closeAllConnections();
	}
}
