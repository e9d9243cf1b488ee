/* SPDX-License-Identifier: ISC */
/* What every generated client does at a running server. */

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";

export interface Account {
	email: string;
	password: string;
}

export interface User {
	id: string;
	email: string;
	name: string;
	role: string;
	is_active: boolean;
	email_verified: boolean;
	created_at: string;
	updated_at: string;
}

export interface NewPost {
	title: string;
	content: string;
	published?: boolean;
}

export interface Post {
	id: string;
	title: string;
	content: string;
	author_id: string;
	published_at: string | null;
	created_at: string;
	updated_at: string;
	author?: { id: string; name: string };
}

/* ?fields says which members the items of a list have. */
export interface PostPage {
	items: Partial<Post>[];
	next_cursor: string | null;
	prev_cursor: string | null;
}

/* The envelope of errors, as far as a program reads it. */
export interface ErrorBody {
	error: {
		code: string;
		message: string;
		details: { field: string }[] | null;
		request_id: string;
	};
}

/* An error of the API, as the client's own types have it. */
export class Refused extends Error {
	readonly status: number;
	readonly code: string;
	readonly fields: string[];

	constructor(status: number, body: ErrorBody) {
		super(body.error.message);
		this.status = status;
		this.code = body.error.code;
		this.fields = (body.error.details ?? []).map(
		    (detail) => detail.field);
	}
}

/* OAuth's error, which only the token endpoint sends. */
export class SignInRefused extends Error {
	readonly code: string;

	constructor(body: { error: string; error_description: string }) {
		super(body.error_description);
		this.code = body.error;
	}
}

/* What both grants return. The client already uses the access token. */
export interface Tokens {
	access_token: string;
	refresh_token: string;
	expires_in: number;
}

/* A client, made from what was generated. Each call throws what is above. */
export interface Client {
	register(account: Account & { name: string }): Promise<User>;
	signIn(account: Account): Promise<Tokens>;
	refresh(refreshToken: string): Promise<Tokens>;
	me(): Promise<{ user: User; tag: string | null }>;
	rename(tag: string, name: string): Promise<User>;
	page(page: number, limit: number): Promise<{
		items: User[]; total: number; page: number; limit: number }>;
	/* With the key as its Idempotency-Key. */
	write(key: string, post: NewPost): Promise<Post>;
	/* With its author. */
	read(post_id: string): Promise<Post>;
	/* One post of a user, with its id and title. */
	posts(author_id: string, cursor: string): Promise<PostPage>;
	end(): Promise<void>;
}

function refusal(status: number, code: string, ...fields: string[]) {
	return (error: unknown) => {
		assert(error instanceof Refused, String(error));
		assert.deepEqual([error.status, error.code, error.fields],
		    [status, code, fields]);
		return true;
	};
}

async function posts(client: Client, author: User) {
	const sent = { title: "Hello", content: "Nice to meet you." };
	const key = randomUUID();
	const post = await client.write(key, sent);

	assert.deepEqual([post.title, post.content, post.author_id],
	    [sent.title, sent.content, author.id]);
	assert.equal(post.published_at, null);
	assert.deepEqual(await client.write(key, sent), post);
	await assert.rejects(client.write(key, { ...sent, published: true }),
	    refusal(422, "VALIDATION_ERROR", "header.idempotency-key"));
	assert.deepEqual(await client.read(post.id), {
		...post, author: { id: author.id, name: author.name } });

	const other = await client.write(randomUUID(), { ...sent, title: "Bye" });
	const first = await client.posts(author.id, "");

	assert.deepEqual(first.items, [{ id: other.id, title: "Bye" }]);
	assert.equal(first.prev_cursor, null);
	assert(first.next_cursor);

	const second = await client.posts(author.id, first.next_cursor);

	assert.deepEqual(second.items, [{ id: post.id, title: "Hello" }]);
	assert.equal(second.next_cursor, null);
	assert(second.prev_cursor);
	assert.deepEqual((await client.posts(author.id,
	    second.prev_cursor)).items, first.items);
}

export async function walk(client: Client) {
	const account = {
		email: `walk-${randomBytes(6).toString("hex")}@example.com`,
		password: `Pw1-${randomBytes(12).toString("hex")}`,
	};

	const registered = await client.register({ ...account, name: "Ada" });

	assert.equal(registered.email, account.email);
	assert.equal(registered.role, "user");
	await assert.rejects(client.register({ ...account, name: "Ada" }),
	    refusal(409, "CONFLICT"));
	await assert.rejects(
	    client.register({ ...account, email: "nobody", name: "Ada" }),
	    refusal(422, "VALIDATION_ERROR", "body.email"));
	await assert.rejects(client.me(), refusal(401, "UNAUTHORIZED"));
	await assert.rejects(
	    client.signIn({ ...account, password: "Wrong-passw0rd" }),
	    (error) => error instanceof SignInRefused &&
	    error.code === "invalid_grant");
	const first = await client.signIn(account);

	assert.deepEqual((await client.me()).user, registered);

	const second = await client.refresh(first.refresh_token);

	assert.notEqual(second.access_token, first.access_token);
	assert.notEqual(second.refresh_token, first.refresh_token);
	assert.equal(second.expires_in, 900);

	const { user, tag } = await client.me();

	assert.deepEqual(user, registered);
	assert(tag);

	const renamed = await client.rename(tag, "Ada Lovelace");

	assert.equal(renamed.name, "Ada Lovelace");
	await assert.rejects(client.rename(tag, "Too late"),
	    refusal(412, "PRECONDITION_FAILED"));

	const page = await client.page(1, 1);

	assert.deepEqual([page.items.length, page.page, page.limit], [1, 1, 1]);
	assert(page.total >= 1);
	await posts(client, renamed);
	await client.end();
	await assert.rejects(client.me(), refusal(401, "UNAUTHORIZED"));
	await assert.rejects(client.refresh(second.refresh_token),
	    (error) => error instanceof SignInRefused &&
	    error.code === "invalid_grant");
}

/* The server's address. */
export function address(): string {
	const [, , server] = process.argv;

	assert(server, "usage: node CLIENT.js SERVER");
	return server;
}
