/* SPDX-License-Identifier: ISC */
/* A client by @hey-api/openapi-ts. */

import { client } from "./build/hey_api/client.gen.js";
import * as api from "./build/hey_api/index.js";
import { address, Refused, SignInRefused, walk } from "./walk.js";

/* The result, or the error, whose type is the description's. */
async function take<T>(call: Promise<{ data?: T; error?: api.Error;
    response?: Response }>): Promise<T> {
	const { data, error, response } = await call;

	if (error)
		throw new Refused(response?.status ?? 0, error);
	return data as T;
}

/* Either grant. */
async function getTokens(body: api.TokenRequest) {
	const { data, error, response } = await api.createToken({ body });

	if (data) {
		client.setConfig({ auth: data.access_token });
		return data;
	}
	if ("error_description" in error)
		throw new SignInRefused(error);
	throw new Refused(response?.status ?? 0, error);
}

client.setConfig({ baseUrl: address() });

await walk({
	register: (body) => take(api.createUser({ body })),

	signIn: ({ email, password }) => getTokens({
		username: email, password }),

	refresh: (token) => getTokens({
		grant_type: "refresh_token", refresh_token: token }),

	async me() {
		const { data, error, response } = await api.readMe();

		if (!data || !response)
			throw new Refused(response?.status ?? 0, error!);
		return { user: data, tag: response.headers.get("ETag") };
	},

	rename: (tag, name) => take(api.updateMe({
		headers: { "If-Match": tag }, body: { name } })),

	async page(page, limit) {
		const list = await take(api.listUsers({
			query: { page, limit, sort: "-created_at" } }));

		if (!("total" in list))
			throw new Error("not a page");
		return list;
	},

	write: (key, post) => take(api.createPost({
		headers: { "Idempotency-Key": key }, body: post })),

	read: (post_id) => take(api.readPost({
		path: { post_id }, query: { expand: "author" } })),

	async posts(author_id, cursor) {
		const list = await take(api.listPosts({ query: {
			author_id, cursor, limit: 1, fields: "id,title" } }));

		if (!("next_cursor" in list))
			throw new Error("not by cursor");
		return list;
	},

	end: () => take(api.endSessions()),
});
