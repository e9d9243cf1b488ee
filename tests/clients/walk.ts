/* SPDX-License-Identifier: ISC */
/* What every generated client does at a running server. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

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
