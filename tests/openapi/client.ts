/* SPDX-License-Identifier: ISC */
/*
 * A TypeScript client of Keel. docs/clients.md quotes the parts between the
 * marks; walk.ts uses all of them.
 */

import assert from "node:assert/strict";
// Node 18 has no global crypto; pages and later versions have.
import { webcrypto as crypto } from "node:crypto";

// [client]
import createClient, { type Client, type Middleware } from "openapi-fetch";

import type { components, paths } from "./build/api.js";

// What is sent without an Accept: errors are not problem+json.
type Media = "application/json";
type Api = Client<paths, Media>;
type Token = components["schemas"]["Token"];
type Grant = components["schemas"]["TokenRequest"];
export type Account = { email: string; password: string };

/* The code invalid_grant: the user must sign in again. */
export class SignInError extends Error {
	constructor(public code: string, message: string) {
		super(message);
	}
}

/* Sends the same again if no response comes. */
async function insist<T>(send: () => Promise<T>, left = 2): Promise<T> {
	return send().catch((reason: unknown) => {
		if (left === 0)
			throw reason;
		return insist(send, left - 1);
	});
}

async function getTokens(open: Api, body: Grant): Promise<Token> {
	const { data, error } = await insist(() =>
	    open.POST("/api/v1/auth/token", {
		headers: { "Content-Type": "application/x-www-form-urlencoded" },
		signal: AbortSignal.timeout(3000),
		body,
	}));

	if (data)
		return data;
	// Refused before the server looked at the path: no OAuth error.
	if (error && "error_description" in error)
		throw new SignInError(error.error, error.error_description);
	throw new SignInError(error?.error.code ?? "", "Cannot sign in now");
}

export function signIn(open: Api, { email, password }: Account) {
	return getTokens(open, {
		grant_type: "password", username: email, password });
}

/* Refreshes when it has to. It keeps no password. */
export class Session {
	private refreshing: Promise<void> | undefined;
	private ends = 0;
	tell: (token: Token) => void = () => {};

	constructor(private open: Api, private token: Token) {
		this.take(token);
	}

	/* New tokens, its own or those of another tab. */
	take(token: Token) {
		this.token = token;
		this.ends = Date.now() + (token.expires_in - 30) * 1000;
	}

	/* A new access token, if the old one ends soon or was refused. */
	async accessToken(refused?: string): Promise<string> {
		if (Date.now() > this.ends || this.token.access_token === refused) {
			// Requests at the same time share one refresh.
			this.refreshing ??= this.refresh().finally(() => {
				this.refreshing = undefined;
			});
			await this.refreshing;
		}
		return this.token.access_token;
	}

	private async refresh() {
		this.take(await getTokens(this.open, {
			grant_type: "refresh_token",
			refresh_token: this.token.refresh_token,
		}));
		this.tell(this.token);
	}
}

/* On a 401 a request is sent again, with a new token. */
export function authorized(session: Session): Middleware {
	const sent = new Map<string, { copy: Request; token: string }>();

	return {
		async onRequest({ request, id }) {
			const token = await session.accessToken();

			request.headers.set("Authorization", `Bearer ${token}`);
			// A body is read once, so what is sent again is a copy.
			sent.set(id, { copy: request.clone(), token });
			return request;
		},
		async onResponse({ response, id }) {
			const { copy, token } = sent.get(id)!;

			sent.delete(id);
			if (response.status !== 401)
				return undefined;
			copy.headers.set("Authorization",
			    `Bearer ${await session.accessToken(token)}`);
			return fetch(copy);
		},
		onError({ id }) {
			sent.delete(id);
		},
	};
}

export async function connect(baseUrl: string, account: Account) {
	const open = createClient<paths, Media>({ baseUrl });
	const session = new Session(open, await signIn(open, account));
	const api = createClient<paths, Media>({ baseUrl });

	api.use(authorized(session));
	return { api, session };
}

/* Tabs with the same refresh token tell each other the next one. */
export function share(session: Session): BroadcastChannel {
	const tabs = new BroadcastChannel("tokens");

	session.tell = (token) => tabs.postMessage(token);
	tabs.onmessage = ({ data }) => session.take(data as Token);
	return tabs;
}
// [end]

// [confirming]
type Sent = { error?: components["schemas"]["Error"] };

/* Sends a request, and once more if the user has to confirm it. */
export async function confirmed<T extends Sent>(api: Api,
    send: () => Promise<T>, askPassword: () => Promise<string>): Promise<T> {
	const first = await send();

	if (first.error?.error.code !== "CONFIRMATION_REQUIRED")
		return first;
	const { response } = await api.POST("/api/v1/auth/confirm", {
		body: { current_password: await askPassword() },
	});

	return response.ok ? send() : first;
}
// [end]

// [errors]
/* The errors of each field, by its name. */
async function refused(open: Api) {
	const { error, response } = await open.POST("/api/v1/users", {
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

// [repeating]
/* Writes a post, once, although the request may be sent three times. */
async function write(api: Api, post: components["schemas"]["PostCreate"]) {
	const key = crypto.randomUUID();

	return insist(() => api.POST("/api/v1/posts", {
		params: { header: { "Idempotency-Key": key } },
		signal: AbortSignal.timeout(3000),
		body: post,
	}));
}
// [end]

// [versions]
/* Changes what was read, unless it has changed since. */
async function rename(api: Api, name: string) {
	const read = await api.GET("/api/v1/users/me");
	const version = read.response.headers.get("ETag");

	assert(version);
	return api.PATCH("/api/v1/users/me", {
		params: { header: { "If-Match": version } },
		body: { name },
	});
}
// [end]

// [expanding]
/* The tag belongs to the URL that was read: expand is in both requests. */
async function retitle(api: Api, post_id: string, title: string) {
	const params = {
		path: { post_id }, query: { expand: "author" },
	} as const;
	const read = await api.GET("/api/v1/posts/{post_id}", { params });
	const version = read.response.headers.get("ETag");

	assert(version);
	return api.PATCH("/api/v1/posts/{post_id}", {
		params: { ...params, header: { "If-Match": version } },
		body: { title },
	});
}
// [end]

// [lists]
/* Page by page, with a total. */
async function countUsers(api: Api) {
	const { data } = await api.GET("/api/v1/users", {
		params: { query: { page: 1, limit: 2, sort: "-created_at" } },
	});

	assert(data && "total" in data);
	return data.total;
}

/* By cursor: each once, even if others are added or deleted. */
async function everyUser(api: Api) {
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

// [searching]
/*
 * A page of what a search finds. Its next_cursor and prev_cursor lead to the
 * pages behind and before it; each is null where the list ends.
 */
async function search(api: Api, q: string, cursor = "") {
	const { data } = await api.GET("/api/v1/posts", {
		params: { query: {
			q, cursor, limit: 2, fields: "id,title", expand: "author",
		} },
	});

	assert(data && "next_cursor" in data);
	return data;
}
// [end]

export { countUsers, everyUser, refused, rename, retitle, search, write };
export type { Api, Media, Token };
