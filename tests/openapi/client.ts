/* SPDX-License-Identifier: ISC */
/*
 * A TypeScript client of Keel, and a walk through its features, against a
 * running server. docs/clients.md quotes the parts between the marks.
 *
 *	openapi-typescript SERVER/openapi.json --default-non-nullable false \
 *	    -o build/api.d.ts
 *	tsc && NODE_EXTRA_CA_CERTS=var/ca.pem node build/client.js SERVER
 *
 * ADMIN_EMAIL and ADMIN_PASSWORD are an administrator's (./keel create-admin).
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

// [client]
import createClient, { type Client, type Middleware } from "openapi-fetch";

import type { components, paths } from "./build/api.js";

type Token = components["schemas"]["Token"];
export type Account = { email: string; password: string };

export class SignInError extends Error {
	constructor(public code: string, message: string) {
		super(message);
	}
}

export async function signIn(api: Client<paths>, account: Account):
    Promise<Token> {
	const { data, error } = await api.POST("/api/v1/auth/token", {
		headers: { "Content-Type": "application/x-www-form-urlencoded" },
		body: {
			grant_type: "password",
			username: account.email,
			password: account.password,
		},
	});

	if (data)
		return data;
	// Refused before the server looked at the path: no OAuth error.
	if (error && "error_description" in error)
		throw new SignInError(error.error, error.error_description);
	throw new SignInError(error?.error.code ?? "", "Cannot sign in now");
}

/* Signs in when it has to: first, shortly before the token ends, on a 401. */
export function staySignedIn(baseUrl: string, account: Account): Middleware {
	const open = createClient<paths>({ baseUrl });
	const again = new Map<string, Request>();
	let token: Promise<string> | undefined;
	let ends = 0;

	// Requests at the same time share one sign-in.
	const renew = (): Promise<string> => token = signIn(open, account).then(
		(got) => {
			ends = Date.now() + (got.expires_in - 30) * 1000;
			return got.access_token;
		},
		(reason: unknown) => {
			token = undefined;
			throw reason;
		});
	const authorize = (request: Request, bearer: string): Request => {
		request.headers.set("Authorization", `Bearer ${bearer}`);
		return request;
	};

	return {
		async onRequest({ request, id }) {
			if (!token || Date.now() > ends) {
				ends = Infinity;
				void renew();
			}
			authorize(request, await token!);
			// A body is read once, so what is sent again is a copy.
			again.set(id, request.clone());
			return request;
		},
		async onResponse({ response, id }) {
			const copy = again.get(id);

			again.delete(id);
			if (response.status !== 401 || !copy)
				return undefined;
			return fetch(authorize(copy, await renew()));
		},
		onError({ id }) {
			again.delete(id);
		},
	};
}

export function connect(baseUrl: string, account: Account): Client<paths> {
	const api = createClient<paths>({ baseUrl });

	api.use(staySignedIn(baseUrl, account));
	return api;
}
// [end]

const server = process.argv[2] ?? "https://127.0.0.1:8888";
const anonymous = createClient<paths>({ baseUrl: server });
const account = {
	email: `ts-${randomBytes(6).toString("hex")}@example.com`,
	password: `Pw1-${randomBytes(12).toString("hex")}`,
};

async function register() {
	const { data, response } = await anonymous.POST("/api/v1/users", {
		body: { ...account, name: "Ada" },
	});

	assert(data, `${response.status}`);
	assert.equal(response.headers.get("Location"),
	    `/api/v1/users/${data.id}`);
	assert.equal(data.role, "user");
	assert.equal(data.is_active, true);
	return data;
}

// [errors]
/* The errors of each field, by its name. */
async function refused() {
	const { error, response } = await anonymous.POST("/api/v1/users", {
		body: { email: "nobody", name: "", password: "Short-1" },
	});

	assert.equal(response.status, 422);
	assert(error);
	assert.equal(error.error.code, "VALIDATION_ERROR");
	assert.equal(error.error.request_id,
	    response.headers.get("X-Request-ID"));
	return (error.error.details ?? []).map((detail) => detail.field);
}
// [end]

/* OAuth's errors have their own form; TypeScript distinguishes the two. */
async function refusedByOAuth() {
	await assert.rejects(
	    signIn(anonymous, { ...account, password: "Wrong-passw0rd" }),
	    (error) => error instanceof SignInError &&
	    error.code === "invalid_grant");
}

// [versions]
/* Changes what was read, unless it has changed since. */
async function rename(api: Client<paths>, name: string) {
	const read = await api.GET("/api/v1/users/me");
	const version = read.response.headers.get("ETag");

	assert(version);
	return api.PATCH("/api/v1/users/me", {
		params: { header: { "If-Match": version } },
		body: { name },
	});
}
// [end]

async function update(api: Client<paths>) {
	const { data, response } = await rename(api, "Ada Lovelace");

	assert.equal(data?.name, "Ada Lovelace", `${response.status}`);

	const stale = await api.PATCH("/api/v1/users/me", {
		params: { header: { "If-Match": '"1"' } },
		body: { name: "Too late" },
	});

	assert.equal(stale.response.status, 412);
	assert.equal(stale.error?.error.code, "PRECONDITION_FAILED");
	assert.equal(stale.error.error.details, null);
}

// [lists]
/* Page by page, with a total. */
async function countUsers(api: Client<paths>) {
	const { data } = await api.GET("/api/v1/users", {
		params: { query: { page: 1, limit: 2, sort: "-created_at" } },
	});

	assert(data && "total" in data);
	return data.total;
}

/* By cursor: each once, even if others are added or deleted. */
async function everyUser(api: Client<paths>) {
	const emails: string[] = [];
	let cursor: string | null = "";

	while (cursor !== null) {
		const { data }: { data?: components["schemas"]["UserList"] |
		    components["schemas"]["UserCursorList"] } = await api.GET(
		    "/api/v1/users", { params: { query: { cursor, limit: 2 } } });

		assert(data && "next_cursor" in data);
		emails.push(...data.items.map((user) => user.email));
		cursor = data.next_cursor;
	}
	return emails;
}
// [end]

async function lists() {
	const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = process.env;

	assert(email && password, "no ADMIN_EMAIL or ADMIN_PASSWORD");
	const admin = connect(server, { email, password });
	const emails = await everyUser(admin);

	assert.equal(emails.length, await countUsers(admin));
	assert.equal(new Set(emails).size, emails.length);
	assert(emails.includes(account.email) && emails.includes(email));
}

async function changePassword(api: Client<paths>) {
	const password = `New1-${randomBytes(12).toString("hex")}`;
	const { response } = await api.POST("/api/v1/users/me/password", {
		body: {
			current_password: account.password,
			new_password: password,
		},
	});

	assert.equal(response.status, 204);
	account.password = password;
}

/* After a change of password every session has ended: the next request is a
   401, and the client signs in again. */
async function sessions(api: Client<paths>) {
	await signIn(anonymous, account);

	const { data } = await api.GET("/api/v1/users/me/sessions");
	const other = data?.items.find((session) => !session.current);

	assert.equal(data?.total, 2);
	assert(other);

	const one = await api.DELETE(
	    "/api/v1/users/me/sessions/{session_id}",
	    { params: { path: { session_id: other.id } } });
	const rest = await api.DELETE("/api/v1/users/me/sessions", {
		params: { query: { except: "current" } },
	});
	const all = await api.DELETE("/api/v1/users/me/sessions");

	assert.deepEqual([one, rest, all].map((end) => end.response.status),
	    [204, 204, 204]);
}

async function deleteMe(api: Client<paths>) {
	const { response } = await api.DELETE("/api/v1/users/me");

	assert.equal(response.status, 204);
	await assert.rejects(api.GET("/api/v1/users/me"), SignInError);
}

const registered = await register();

assert.deepEqual(await refused(),
    ["body.email", "body.name", "body.password"]);
await refusedByOAuth();

const api = connect(server, account);
const { data: me } = await api.GET("/api/v1/users/me");

assert.deepEqual(me, registered);
await update(api);
await lists();
await changePassword(api);
await sessions(api);
await deleteMe(api);
