/* SPDX-License-Identifier: ISC */
/* Writes a post, once, however often it is sent. */

import { createPost, type Draft } from "../api/posts";
import { h, heading, notice } from "./dom";
import { field, form } from "./forms";
import { postFields } from "./post_fields";

export async function writePage(): Promise<HTMLElement> {
	const { fields, read } = postFields({ title: "", content: "" });
	const published = h("input", { type: "checkbox" });
	const sent = { body: "", key: "" };

	/* Without a response nobody knows whether the post is written, so the
	   same post has the same key; a corrected one has another. */
	function keyOf(body: Draft): string {
		const text = JSON.stringify(body);

		if (text !== sent.body)
			Object.assign(sent,
			    { body: text, key: crypto.randomUUID() });
		return sent.key;
	}

	return h("section", {},
	    heading("Write a post"),
	    form([...fields, field("Publish it now", "published", published)],
	    "Save", async () => {
		const body = { ...read(), published: published.checked };
		const post = await createPost(body, keyOf(body));

		// The next page begins without a notice.
		addEventListener("hashchange",
		    () => notice("The post is saved."), { once: true });
		location.hash = `#/posts/${post.id}`;
	    }));
}
