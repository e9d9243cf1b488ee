/* SPDX-License-Identifier: ISC */
/* A client by orval: its fetch client, whose responses its zod schemas read. */

import * as api from "./build/orval/fetch.js";
import * as schemas from "./build/orval/zod.js";
import { Refused, SignInRefused, walk } from "./walk.js";

let headers: Record<string, string> = {};

/* The types have both shapes of an error; no request asks for a Problem. */
function refused(status: number, data: api.Error | api.Problem) {
	if (!("error" in data))
		throw new Error(`a problem: ${data.detail}`);
	return new Refused(status, data);
}

/* Either grant. */
async function getTokens(form: api.TokenRequest) {
	const answer = await api.createToken(form);

	if (answer.status === 200) {
		const token = schemas.CreateTokenResponse.parse(answer.data);

		headers = { authorization: `Bearer ${token.access_token}` };
		return token;
	}
	if ("error_description" in answer.data)
		throw new SignInRefused(answer.data);
	throw refused(answer.status, answer.data);
}

await walk({
	async register(account) {
		const answer = await api.createUser(account);

		if (answer.status !== 201)
			throw refused(answer.status, answer.data);
		return schemas.CreateUserResponse.parse(answer.data);
	},

	signIn: ({ email, password }) => getTokens({
		username: email, password }),

	refresh: (token) => getTokens({
		grant_type: "refresh_token", refresh_token: token }),

	async me() {
		const answer = await api.readMe({ headers });

		if (answer.status === 304)
			throw new Error("no condition was sent");
		if (answer.status !== 200)
			throw refused(answer.status, answer.data);
		return {
			user: schemas.ReadMeResponse.parse(answer.data),
			tag: answer.headers.get("ETag"),
		};
	},

	async rename(tag, name) {
		const answer = await api.updateMe(
		    { name }, { headers: { ...headers, "if-match": tag } });

		if (answer.status !== 200)
			throw refused(answer.status, answer.data);
		return schemas.UpdateMeResponse.parse(answer.data);
	},

	async page(page, limit) {
		const answer = await api.listUsers(
		    { page, limit, sort: "-created_at" }, { headers });

		if (answer.status !== 200)
			throw refused(answer.status, answer.data);
		const list = schemas.ListUsersResponse.parse(answer.data);

		if (!("total" in list))
			throw new Error("not a page");
		return list;
	},

	async write(key, post) {
		const answer = await api.createPost(post, undefined, {
			headers: { ...headers, "idempotency-key": key } });

		if (answer.status !== 201)
			throw refused(answer.status, answer.data);
		return schemas.CreatePostResponse.parse(answer.data);
	},

	async read(post_id) {
		const answer = await api.readPost(
		    post_id, { expand: "author" }, { headers });

		if (answer.status === 304)
			throw new Error("no condition was sent");
		if (answer.status !== 200)
			throw refused(answer.status, answer.data);
		return schemas.ReadPostResponse.parse(answer.data);
	},

	async posts(author_id, cursor) {
		const answer = await api.listPosts({
			author_id, cursor, limit: 1, fields: "id,title",
		}, { headers });

		if (answer.status !== 200)
			throw refused(answer.status, answer.data);
		const list = schemas.ListPostsResponse.parse(answer.data);

		if (!("next_cursor" in list))
			throw new Error("not by cursor");
		return list;
	},

	async end() {
		const answer = await api.endSessions(undefined, { headers });

		if (answer.status !== 204)
			throw refused(answer.status, answer.data);
	},
});
