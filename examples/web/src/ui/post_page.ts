/* SPDX-License-Identifier: ISC */
/* One post: to edit for its author, to read for others. */

import { readPost } from "../api/posts";
import { h, heading, when } from "./dom";
import { editor } from "./editor";

export async function postPage(id: string, me: string | undefined):
    Promise<HTMLElement> {
	const read = await readPost(id);
	const { title, content, author_id, published_at } = read.post;

	if (author_id === me)
		return h("section", {}, heading("Edit a post"), editor(read));
	return h("article", {},
	    heading(title),
	    h("p", {}, published_at ? when(published_at) : "A draft"),
	    h("p", { className: "text" }, content));
}
