/* SPDX-License-Identifier: ISC */
/* A client by openapi-zod-client: Zodios on axios, which checks with zod 3. */

import axios from "axios";
import { isErrorFromAlias } from "@zodios/core";

import { createApiClient, schemas } from "./generated/api.js";
import { address, Refused, SignInRefused, walk } from "../walk.js";

const api = createApiClient(address());

async function take<T>(call: Promise<T>): Promise<T> {
	return call.catch((error: unknown) => {
		if (axios.isAxiosError(error) && error.response)
			throw new Refused(error.response.status,
			    schemas.Error.parse(error.response.data));
		throw error;
	});
}

/* Either grant. */
async function getTokens(form: Parameters<typeof api.create_token>[0]) {
	const token = await api.create_token(form).catch((error: unknown) => {
		if (isErrorFromAlias(api.api, "create_token", error) &&
		    "error_description" in error.response.data)
			throw new SignInRefused(error.response.data);
		throw error;
	});

	api.axios.defaults.headers.common.Authorization =
	    `Bearer ${token.access_token}`;
	return token;
}

await walk({
	register: (account) => take(api.create_user(account)),

	signIn: ({ email, password }) => getTokens({
		username: email, password }),

	refresh: (token) => getTokens({
		grant_type: "refresh_token", refresh_token: token }),

	/* Zodios returns bodies only. */
	async me() {
		const { data, headers } = await take(
		    api.axios.get("/api/v1/users/me"));

		return { user: schemas.User.parse(data), tag: headers.etag };
	},

	rename: (tag, name) => take(api.update_me({ name }, {
		headers: { "If-Match": tag } })),

	async page(page, limit) {
		const list = await take(api.list_users({
			queries: { page, limit, sort: "-created_at" } }));

		if (!("total" in list))
			throw new Error("not a page");
		return list;
	},

	write: (key, post) => take(api.create_post(post, {
		headers: { "Idempotency-Key": key } })),

	read: (post_id) => take(api.read_post({
		params: { post_id }, queries: { expand: "author" } })),

	async posts(author_id, cursor) {
		const list = await take(api.list_posts({ queries: {
			author_id, cursor, limit: 1, fields: "id,title" } }));

		if (!("next_cursor" in list))
			throw new Error("not by cursor");
		return list;
	},

	async end() {
		await take(api.end_sessions(undefined));
	},
});
