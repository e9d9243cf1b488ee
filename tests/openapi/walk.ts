/* SPDX-License-Identifier: ISC */
/*
 * A walk through the features of client.ts, against a running server.
 *
 *	openapi-typescript SERVER/openapi.json --default-non-nullable false \
 *	    -o build/api.d.ts
 *	tsc && NODE_EXTRA_CA_CERTS=var/ca.pem node build/walk.js SERVER
 *
 * ADMIN_EMAIL and ADMIN_PASSWORD are an administrator's (./keel create-admin).
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import createClient from "openapi-fetch";

import type { components, paths } from "./build/api.js";
import { authorized, confirmed, connect, countUsers, everyUser, refused,
    rename, retitle, search, Session, share, signIn, SignInError, write,
    type Api, type Media, type Token } from "./client.js";

type Mishap = (send: () => Promise<Response>) => Promise<Response>;

/* What the next of these requests meet, before or after the server. */
const mishaps = { tokens: [] as Mishap[], posts: [] as Mishap[] };
const send = globalThis.fetch;
/* The refresh tokens that were sent. */
const used = new Set<string>();

globalThis.fetch = async (input, init) => {
	const request = new Request(input, init);

	let mishap: Mishap | undefined;

	if (request.url.endsWith("/auth/token")) {
		const form = new URLSearchParams(await request.clone().text());

		if (form.has("refresh_token"))
			used.add(form.get("refresh_token")!);
		mishap = mishaps.tokens.shift();
	} else if (request.url.endsWith("/posts")) {
		mishap = mishaps.posts.shift();
	}
	return mishap ? mishap(() => send(request)) : send(request);
};

const loseResponse: Mishap = async (send) => {
	await send();
	throw new TypeError("The response was lost");
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

/* OAuth's errors have their own form; TypeScript distinguishes the two. */
async function refusedByOAuth() {
	await assert.rejects(
	    signIn(anonymous, { ...account, password: "Wrong-passw0rd" }),
	    (error) => error instanceof SignInError &&
	    error.code === "invalid_grant");
}

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

async function lists() {
	const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = process.env;

	assert(email && password, "no ADMIN_EMAIL or ADMIN_PASSWORD");
	const { api: admin } = await connect(server, { email, password });
	const emails = await everyUser(admin);

	assert.equal(emails.length, await countUsers(admin));
	assert.equal(new Set(emails).size, emails.length);
	assert(emails.includes(account.email) && emails.includes(email));
}

/* A response is lost: one post, and the repetition gets its response. */
async function writesOnce(api: Api, word: string) {
	mishaps.posts.push(loseResponse);

	const { data, response } = await write(api, {
		title: `${word} 1`, content: "Nice to meet you.", published: true });

	assert(data, `${response.status}`);
	assert.equal(mishaps.posts.length, 0);
	assert.equal(response.headers.get("Idempotent-Replayed"), "true");
	assert.equal(response.headers.get("Location"),
	    `/api/v1/posts/${data.id}`);

	const mine = await api.GET("/api/v1/users/{user_id}/posts", {
		params: {
			path: { user_id: data.author_id }, query: { page: 1 },
		},
	});

	assert(mine.data && "total" in mine.data);
	assert.equal(mine.data.total, 1);
	assert.deepEqual(mine.data.items.map((post) => post.id), [data.id]);
	// Of the items of a list, only ?fields shows it.
	assert(mine.data.items.every((post) => post.content === undefined));
	return data;
}

async function retitles(api: Api, post: components["schemas"]["Post"]) {
	const { data, response } = await retitle(api, post.id,
	    `${post.title} again`);

	assert.equal(data?.title, `${post.title} again`, `${response.status}`);
	assert.deepEqual(data.author, { id: post.author_id, name: "Ada Lovelace" });
	assert.equal(data.content, post.content);

	// The tag of the response without the author, which is not this one.
	const plain = await api.GET("/api/v1/posts/{post_id}", {
		params: { path: { post_id: post.id } },
	});
	const stale = await api.PATCH("/api/v1/posts/{post_id}", {
		params: {
			path: { post_id: post.id }, query: { expand: "author" },
			header: {
				"If-Match": plain.response.headers.get("ETag")!,
			},
		},
		body: { title: "Too late" },
	});

	assert.equal(plain.data?.author, undefined);
	assert.equal(stale.error?.error.code, "PRECONDITION_FAILED");
}

/* Forwards to the end of a search, and back again. */
async function searches(api: Api, word: string) {
	for (const n of [2, 3, 4, 5]) {
		const { response } = await write(api, {
			title: `${word} ${n}`, content: "", published: n !== 5 });

		assert.equal(response.headers.get("Idempotent-Replayed"), null);
	}

	const there = [await search(api, word)];

	for (let page = there[0]!; page.next_cursor !== null; there.push(page))
		page = await search(api, word, page.next_cursor);

	const items = there.flatMap((page) => page.items);

	assert.equal(there[0]!.prev_cursor, null);
	assert.equal(there.length, 3);
	assert.equal(new Set(items.map((post) => post.id)).size, 5);
	for (const post of items) {
		assert.deepEqual(Object.keys(post), ["id", "title", "author"]);
		assert(post.title?.startsWith(word));
		assert.equal(post.author?.name, "Ada Lovelace");
	}

	const back = [there.pop()!];

	for (let page = back[0]!; page.prev_cursor !== null; back.unshift(page))
		page = await search(api, word, page.prev_cursor);
	assert.deepEqual(back.flatMap((page) => page.items), items);

	// The draft is for its author.
	const { data } = await anonymous.GET("/api/v1/posts", {
		params: { query: { q: word, page: 1 } },
	});

	assert(data && "total" in data);
	assert.equal(data.total, 4);
	assert.equal(data.total_is_estimate, false);
}

async function posts(api: Api) {
	const word = `w${randomBytes(8).toString("hex")}`;
	const post = await writesOnce(api, word);

	await retitles(api, post);
	await searches(api, word);

	const gone = await api.DELETE("/api/v1/posts/{post_id}", {
		params: { path: { post_id: post.id } },
	});

	assert.equal(gone.response.status, 204);
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
	assert.equal(mishaps.tokens.length, 0);
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
	mishaps.tokens.push(loseResponse);
	await goesOn(api, 1);

	session.take(old(token));
	mishaps.tokens.push(async () => Response.json({
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

assert.deepEqual(await refused(anonymous),
    ["body.email", "body.name", "body.password"]);
await refusedByOAuth();
await staysSignedIn();

const { api } = await connect(server, account);
const { data: profile } = await me(api);

assert.equal(profile?.id, registered.id);
await update(api);
await lists();
await posts(api);
await confirms(api);
await sessions(api);
await changePassword(api);
// Every session has ended.
await assert.rejects(me(api), SignInError);
await deleteMe((await connect(server, account)).api);
