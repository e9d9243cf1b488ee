/* SPDX-License-Identifier: ISC */
/* A client by swagger-typescript-api, which throws the response of an error. */

import { Api, type Error as ApiError, type HttpResponse,
    type TokenRequest } from "./build/swagger/api.js";
import { address, Refused, SignInRefused, walk } from "./walk.js";

const { api, setSecurityData } = new Api<string>({
	baseUrl: address(),
	securityWorker: (token) => token ?
	    { headers: { Authorization: `Bearer ${token}` } } : {},
});

async function take<T>(call: Promise<HttpResponse<T>>):
    Promise<HttpResponse<T>> {
	try {
		return await call;
	} catch (thrown) {
		const { status, error } = thrown as HttpResponse<T, ApiError>;

		throw new Refused(status, error);
	}
}

/* Either grant. */
async function getTokens(form: TokenRequest) {
	const call = api.createToken(form);
	const { data } = await call.catch((answer: Awaited<typeof call>) => {
		if ("error_description" in answer.error)
			throw new SignInRefused(answer.error);
		throw new Refused(answer.status, answer.error);
	});

	setSecurityData(data.access_token);
	return data;
}

await walk({
	register: async (account) => (await take(api.createUser(account))).data,

	signIn: ({ email, password }) => getTokens({
		username: email, password }),

	refresh: (token) => getTokens({
		grant_type: "refresh_token", refresh_token: token }),

	async me() {
		const { data, headers } = await take(api.readMe());

		return { user: data, tag: headers.get("ETag") };
	},

	rename: async (tag, name) => (await take(api.updateMe({ name }, {
		headers: { "If-Match": tag } }))).data,

	async page(page, limit) {
		const { data } = await take(api.listUsers({
			page, limit, sort: "-created_at" }));

		if (!("total" in data))
			throw new Error("not a page");
		return data;
	},

	write: async (key, post) => (await take(api.createPost(post, {}, {
		headers: { "Idempotency-Key": key } }))).data,

	read: async (post_id) => (await take(api.readPost(
	    post_id, { expand: "author" }))).data,

	async posts(author_id, cursor) {
		const { data } = await take(api.listPosts({
			author_id, cursor, limit: 1, fields: "id,title" }));

		if (!("next_cursor" in data))
			throw new Error("not by cursor");
		return data;
	},

	async end() {
		await take(api.endSessions());
	},
});
