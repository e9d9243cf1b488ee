/* SPDX-License-Identifier: ISC */
/*
 * npm's oauth4webapi, which checks each response against the RFCs: the password
 * grant, refreshes, revocation, and how each is refused.
 *
 *	NODE_EXTRA_CA_CERTS=var/ca.pem node strict_oauth.mjs SERVER
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import * as oauth from "oauth4webapi";

const server = {
	issuer: process.argv[2],
	token_endpoint: `${process.argv[2]}/api/v1/auth/token`,
	revocation_endpoint: `${process.argv[2]}/api/v1/auth/revoke`,
};
const client = { client_id: "strict" };
const user = {
	email: `strict-${randomBytes(6).toString("hex")}@example.com`,
	name: "Strict",
	password: `Pw1-${randomBytes(12).toString("hex")}`,
};

/* Keel ignores the credentials of clients, so each kind of client may come. */
const kinds = [oauth.None(), oauth.ClientSecretPost("a secret"),
    oauth.ClientSecretBasic("a secret")];

async function signIn(kind, changes = {}) {
	return oauth.processGenericTokenEndpointResponse(server, client,
	    await oauth.genericTokenEndpointRequest(server, client, kind,
	    "password", { username: user.email, password: user.password,
	    ...changes }));
}

async function refresh(kind, token, options) {
	return oauth.processRefreshTokenResponse(server, client,
	    await oauth.refreshTokenGrantRequest(server, client, kind, token,
	    options));
}

async function revoke(kind, token, options) {
	return oauth.processRevocationResponse(
	    await oauth.revocationRequest(server, client, kind, token,
	    options));
}

/* The status of a request for the user, and what the challenge says. */
async function readMe({ access_token }) {
	try {
		const response = await oauth.protectedResourceRequest(
		    access_token, "GET", new URL("/api/v1/users/me",
		    server.issuer));

		assert.equal((await response.json()).email, user.email);
		return response.status;
	} catch (error) {
		assert(error instanceof oauth.WWWAuthenticateChallengeError,
		    String(error));
		const [{ scheme, parameters }] = error.cause;

		return [error.status, scheme, parameters.error];
	}
}

const REFUSED = [401, "bearer", "invalid_token"];

function refused(code, description) {
	return (error) => {
		assert(error instanceof oauth.ResponseBodyError, String(error));
		assert.deepEqual([error.status, error.error,
		    error.error_description], [400, code, description]);
		return true;
	};
}

async function session(kind) {
	const first = await signIn(kind);

	assert.equal(first.token_type, "bearer");
	assert.equal(first.expires_in, 900);
	assert.equal(await readMe(first), 200);

	const second = await refresh(kind, first.refresh_token);

	assert.deepEqual(Object.keys(second).sort(), Object.keys(first).sort());
	assert.notEqual(second.refresh_token, first.refresh_token);
	assert.notEqual(second.access_token, first.access_token);
	assert.equal(await readMe(second), 200);

	// At once again: the same.
	const again = await refresh(kind, first.refresh_token);

	assert.equal(again.refresh_token, second.refresh_token);
	return second;
}

async function revokeByRefreshToken(kind, tokens) {
	await revoke(kind, tokens.refresh_token, {
		additionalParameters: { token_type_hint: "refresh_token" } });
	assert.deepEqual(await readMe(tokens), REFUSED);
	await assert.rejects(refresh(kind, tokens.refresh_token),
	    (error) => error.error === "invalid_grant");
	// A second time, and a token that never was: RFC 7009, 2.2.
	await revoke(kind, tokens.refresh_token);
	await revoke(kind, "no-token");
}

async function revokeByAccessToken(kind, tokens) {
	await revoke(kind, tokens.access_token, {
		additionalParameters: { token_type_hint: "access_token" } });
	assert.deepEqual(await readMe(tokens), REFUSED);
	await assert.rejects(refresh(kind, tokens.refresh_token),
	    (error) => error.error === "invalid_grant");
}

async function refusals() {
	const [kind] = kinds;

	await assert.rejects(signIn(kind, { password: "Wrong-passw0rd" }),
	    refused("invalid_grant", "Incorrect username or password"));
	await assert.rejects(signIn(kind, { scope: "read" }),
	    (error) => error.error === "invalid_scope");
	await assert.rejects(refresh(kind, "no-token"),
	    (error) => error.error === "invalid_grant");
	// A browser's form; the library's request cannot be without a token.
	await assert.rejects(oauth.processRevocationResponse(await fetch(
	    server.revocation_endpoint, { method: "POST",
	    body: new URLSearchParams() })),
	    (error) => error.error === "invalid_request");
	assert.deepEqual(await readMe({ access_token: "no-token" }), REFUSED);
}

const created = await fetch(`${server.issuer}/api/v1/users`, {
	method: "POST",
	headers: { "content-type": "application/json" },
	body: JSON.stringify(user),
});

assert.equal(created.status, 201);
await refusals();
for (const kind of kinds) {
	await revokeByRefreshToken(kind, await session(kind));
	await revokeByAccessToken(kind, await session(kind));
}
