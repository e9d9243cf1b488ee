/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */


/*
 * A client whose types are the description's: openapi-typescript writes
 * description.d.ts, openapi-fetch calls. docs/clients.md explains it.
 *
 *	NODE_EXTRA_CA_CERTS=cert.pem node client.js https://127.0.0.1:8888 \
 *	    admin@example.com PASSWORD
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import createClient, { type Middleware } from "openapi-fetch";

import type { components, paths } from "./description.js";

type User = components["schemas"]["User"];

/* Signs in; the token is good for `expires_in` seconds. */
async function signIn(server: string, username: string, password: string) {
	const api = createClient<paths>({ baseUrl: server });
	const { data, error } = await api.POST("/api/v1/auth/token", {
		body: { grant_type: "password", username, password },
		bodySerializer: (form) =>
			new URLSearchParams(form as Record<string, string>),
		headers: { "content-type": "application/x-www-form-urlencoded" },
	});

	if (data === undefined)
		throw new Error("error_description" in error ?
		    error.error_description : error.error.message);
	return { token: data.access_token,
	    until: Date.now() + data.expires_in * 1000 };
}

/* A client that signs in, and again shortly before its token expires. */
function createSignedIn(server: string, username: string, password: string) {
	let session: Awaited<ReturnType<typeof signIn>> | undefined;
	const bearer: Middleware = {
		async onRequest({ request }) {
			if (session === undefined ||
			    session.until < Date.now() + 30_000)
				session = await signIn(server, username,
				    password);
			request.headers.set("authorization",
			    `Bearer ${session.token}`);
			return request;
		},
	};
	const api = createClient<paths>({ baseUrl: server });

	api.use(bearer);
	return api;
}

async function register(server: string) {
	const api = createClient<paths>({ baseUrl: server });
	const body = {
		email: `ts-${randomBytes(6).toString("hex")}@example.com`,
		name: "TypeScript",
		password: `Pw1-${randomBytes(12).toString("hex")}`,
	};
	const { data, response } = await api.POST("/api/v1/users", { body });

	assert.ok(data, `not registered: ${response.status}`);
	assert.equal(response.headers.get("location"),
	    `/api/v1/users/${data.id}`);
	return body;
}

/* Every bad member is named; TypeScript knows the shape. */
async function seeErrors(server: string) {
	const api = createClient<paths>({ baseUrl: server });
	const { error, response } = await api.POST("/api/v1/users", {
		body: { email: "nobody", name: "", password: "short" } });

	assert.equal(response.status, 422);
	assert.ok(error);
	assert.equal(error.error.code, "VALIDATION_ERROR");
	assert.deepEqual(new Set(error.error.details?.map((d) => d.field)),
	    new Set(["body.email", "body.name", "body.password"]));
	assert.equal(error.error.request_id,
	    response.headers.get("x-request-id"));
	await assert.rejects(signIn(server, "nobody@example.com", "wrong"),
	    /Incorrect username or password/);
}

/* Nobody else's change is lost: ETag and If-Match. */
async function changeOneself(api: ReturnType<typeof createSignedIn>) {
	const read = await api.GET("/api/v1/users/me");
	const version = read.response.headers.get("etag");

	assert.ok(version);
	const header = { "If-Match": version };
	const change = { params: { header }, body: { name: "Changed" } };
	const { data } = await api.PATCH("/api/v1/users/me", change);
	assert.equal(data?.name, "Changed");

	const stale = await api.PATCH("/api/v1/users/me", {
		params: { header }, body: { name: "Lost" } });
	assert.equal(stale.response.status, 412);
	assert.equal(stale.error?.error.code, "PRECONDITION_FAILED");
}

async function readAfter(api: ReturnType<typeof createSignedIn>,
    cursor: string) {
	const { data, error } = await api.GET("/api/v1/users", {
		params: { query: { cursor, limit: 2 } } });

	if (data === undefined || !("next_cursor" in data))
		throw new Error(error?.error.message);
	return data;
}

/* All users, whoever comes and goes meanwhile. */
async function readAll(api: ReturnType<typeof createSignedIn>) {
	const all: User[] = [];

	for (let cursor: string | null = ""; cursor !== null;) {
		const page = await readAfter(api, cursor);

		all.push(...page.items);
		cursor = page.next_cursor;
	}
	return all;
}

async function countPages(api: ReturnType<typeof createSignedIn>) {
	const { data } = await api.GET("/api/v1/users", {
		params: { query: { page: 1, limit: 2, sort: "-name" } } });

	assert.ok(data && "total" in data);
	assert.equal(data.pages, Math.ceil(data.total / 2));
	return data.total;
}

async function leave(api: ReturnType<typeof createSignedIn>) {
	const sessions = await api.GET("/api/v1/users/me/sessions");
	assert.ok(sessions.data?.items.some((one) => one.current));
	const others = await api.DELETE("/api/v1/users/me/sessions", {
		params: { query: { except: "current" } } });
	assert.equal(others.response.status, 204);

	const gone = await api.DELETE("/api/v1/users/me");
	assert.equal(gone.response.status, 204);
	const after = await api.GET("/api/v1/users/me");
	assert.equal(after.response.status, 401);
	assert.equal(after.error?.error.code, "UNAUTHORIZED");
}

const [server, email, password] = process.argv.slice(2);

assert.ok(server && email && password);
const user = await register(server);
const mine = createSignedIn(server, user.email, user.password);
const admins = createSignedIn(server, email, password);

await seeErrors(server);
await changeOneself(mine);
assert.equal((await readAll(admins)).length, await countPages(admins));
await leave(mine);
console.log("typescript: registered, signed in, changed, listed, left");
