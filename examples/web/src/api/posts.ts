/* SPDX-License-Identifier: ISC */
/* What the pages do with posts. */

import { api } from "./client";
import { result } from "./errors";
import type { components } from "./schema";

export type Post = components["schemas"]["Post"];
export type PostItem = components["schemas"]["PostItem"];
export type Draft = components["schemas"]["PostCreate"];

/* The published posts; those of one user, with their drafts, if it is them. */
export type Filter = { author: string | undefined; q: string };

/* A post, and the version of it that If-Match names. */
export type Versioned = { post: Post; etag: string };

function versioned(
    { data, response }: { data: Post; response: Response }): Versioned {
	const etag = response.headers.get("ETag");

	if (etag === null)
		throw new Error("The response has no ETag");
	return { post: data, etag };
}

function get({ author, q }: Filter,
    place: { cursor: string } | { page: number }, limit: number) {
	const query = {
		...place, limit,
		// Without `sort`, the best match of a search comes first.
		...(q !== "" && { q }),
	};

	if (author !== undefined)
		return result(api.GET("/api/v1/users/{user_id}/posts", {
			params: { path: { user_id: author }, query } }));
	return result(api.GET("/api/v1/posts", { params: { query: {
		...query, published: true, expand: "author",
		...(q === "" && { sort: "-published_at" as const }),
	} } }));
}

/* A page of a list; the first one if the cursor is empty. */
export async function listPosts(filter: Filter, cursor: string, limit = 10) {
	const { data } = await get(filter, { cursor }, limit);

	if (!("next_cursor" in data))
		throw new Error("Not a page by cursor");
	return data;
}

/* How many posts the list has. A page by cursor does not say it. */
export async function countPosts(filter: Filter) {
	const { data } = await get(filter, { page: 1 }, 1);

	if (!("total" in data))
		throw new Error("Not a page with a total");
	return data;
}

/* The key is the same when the same post is sent again: it is written once. */
export async function createPost(body: Draft, key: string): Promise<Post> {
	return (await result(api.POST("/api/v1/posts", {
		params: { header: { "Idempotency-Key": key } }, body,
	}))).data;
}

export async function readPost(post_id: string): Promise<Versioned> {
	return versioned(await result(api.GET("/api/v1/posts/{post_id}", {
		params: { path: { post_id } } })));
}

const match = ({ post, etag }: Versioned) => ({
	path: { post_id: post.id }, header: { "If-Match": etag },
});

/* Raises ApiError, 412, if the post has changed since it was read. */
export async function updatePost(read: Versioned,
    body: components["schemas"]["PostUpdate"]): Promise<Versioned> {
	return versioned(await result(api.PATCH("/api/v1/posts/{post_id}",
	    { params: match(read), body })));
}

export async function publishPost(read: Versioned, published: boolean):
    Promise<Versioned> {
	const path = published ? "/api/v1/posts/{post_id}/publish" :
	    "/api/v1/posts/{post_id}/unpublish";

	const { path: place, header } = match(read);

	return versioned(await result(api.POST(path, { params: {
		path: place,
		header: { ...header, "Idempotency-Key": crypto.randomUUID() },
	} })));
}
