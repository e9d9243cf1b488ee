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

/* What the next requests for tokens meet, before or after the server. */
const mishaps: ((send: () => Promise<Response>) => Promise<Response>)[] = [];
const send = globalThis.fetch;
/* The refresh tokens that were sent. */
const used = new Set<string>();

globalThis.fetch = async (input, init) => {
	const request = new Request(input, init);

	if (!request.url.endsWith("/auth/token"))
		return send(request);

	const form = new URLSearchParams(await request.clone().text());
	const mishap = mishaps.shift();

	if (form.has("refresh_token"))
		used.add(form.get("refresh_token")!);
	return mishap ? mishap(() => send(request)) : send(request);
};

const server = process.argv[2] ?? "https://127.0.0.1:8888";
const anonymous = createClient<paths, Media>({ baseUrl: server });
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

async function update(api: Api) {
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

async function lists() {
	const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = process.env;

	assert(email && password, "no ADMIN_EMAIL or ADMIN_PASSWORD");
	const { api: admin } = await connect(server, { email, password });
	const emails = await everyUser(admin);

	assert.equal(emails.length, await countUsers(admin));
	assert.equal(new Set(emails).size, emails.length);
	assert(emails.includes(account.email) && emails.includes(email));
}

/* The server has confirmed no session by its sign-in. */
async function confirms(api: Api) {
	let asked = 0;
	const asking = (password: string) => confirmed(api,
	    () => api.DELETE("/api/v1/users/me/sessions", {
		params: { query: { except: "current" } },
	}), async () => {
		asked++;
		return password;
	});

	const refused = await asking("Wrong-passw0rd");

	assert.equal(refused.response.status, 403);
	for (let i = 0; i < 2; i++)
		assert.equal((await asking(account.password)).response.status,
		    204);
	assert.equal(asked, 2);
}

async function changePassword(api: Api) {
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

async function sessions(api: Api) {
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

	assert.deepEqual([one, rest].map((end) => end.response.status),
	    [204, 204]);
}

async function deleteMe(api: Api) {
	const { response } = await confirmed(api,
	    () => api.DELETE("/api/v1/users/me"),
	    async () => account.password);

	assert.equal(response.status, 204);
	await assert.rejects(api.GET("/api/v1/users/me"), SignInError);
}

const me = (api: Api) => api.GET("/api/v1/users/me");

/* Three requests at once succeed, with this many refresh tokens. */
async function goesOn(api: Api, expected: number) {
	const before = used.size;
	const answers = await Promise.all([me(api), me(api), rename(api, "Ada")]);

	assert.deepEqual(answers.map(({ response }) => response.status),
	    [200, 200, 200]);
	assert.equal(used.size - before, expected);
	assert.equal(mishaps.length, 0);
}

const old = (token: Token) => ({ ...token, access_token: "old" });

/* Without the password, so it is still one session. */
async function staysSignedIn() {
	let token = await signIn(anonymous, account);
	const session = new Session(anonymous, token);
	const api = createClient<paths, Media>({ baseUrl: server });
	const { now } = Date;

	api.use(authorized(session));
	session.tell = (next) => { token = next; };
	await goesOn(api, 0);
	Date.now = () => now() + token.expires_in * 1000;
	await goesOn(api, 1);
	Date.now = now;

	session.take(old(token));
	await goesOn(api, 1);

	session.take(old(token));
	mishaps.push(async (send) => {
		await send();
		throw new TypeError("The response was lost");
	});
	await goesOn(api, 1);

	session.take(old(token));
	mishaps.push(async () => Response.json({
		error: "temporarily_unavailable",
		error_description: "Cannot serve this now",
	}, { status: 503 }));
	await assert.rejects(me(api), (error) => error instanceof SignInError &&
	    error.code === "temporarily_unavailable");
	// The same token again.
	await goesOn(api, 0);

	const { data } = await api.GET("/api/v1/users/me/sessions");

	assert.equal(data?.total, 1);
	await twoTabs(session, token);
	await signsOut(api, token);
}

/* With the same token: both refresh at once, then one tells the other. */
async function twoTabs(first: Session, token: Token) {
	const second = new Session(anonymous, token);
	const next: Token[] = [];

	for (const tab of [first, second]) {
		tab.tell = (token) => next.push(token);
		tab.take(old(token));
	}
	await Promise.all([first.accessToken("old"),
	    second.accessToken("old")]);
	assert.equal(next.length, 2);
	assert.equal(next[0]?.refresh_token, next[1]?.refresh_token);

	const channels = [share(first), share(second)];
	const told = new Promise((resolve) => {
		channels[1]!.addEventListener("message", resolve);
	});
	const refused = await first.accessToken();
	const fresh = await first.accessToken(refused);

	await told;
	assert.notEqual(fresh, refused);
	assert.equal(await second.accessToken(), fresh);
	channels.forEach((channel) => channel.close());
}

/* Every token of the session is refused at once. */
async function signsOut(api: Api, token: Token) {
	const { response } = await api.POST("/api/v1/auth/logout");

	assert.equal(response.status, 204);
	await assert.rejects(me(api), (error) =>
	    error instanceof SignInError && error.code === "invalid_grant");
	assert.equal((await anonymous.POST("/api/v1/auth/revoke", {
		headers: { "Content-Type": "application/x-www-form-urlencoded" },
		body: { token: token.refresh_token },
	})).response.status, 200);
}

const registered = await register();

assert.deepEqual(await refused(),
    ["body.email", "body.name", "body.password"]);
await refusedByOAuth();
await staysSignedIn();

const { api } = await connect(server, account);
const { data: profile } = await me(api);

assert.equal(profile?.id, registered.id);
await update(api);
await lists();
await confirms(api);
await sessions(api);
await changePassword(api);
// Every session has ended.
await assert.rejects(me(api), SignInError);
await deleteMe((await connect(server, account)).api);
