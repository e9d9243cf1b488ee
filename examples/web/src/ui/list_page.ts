/* SPDX-License-Identifier: ISC */
/*
 * A list of posts, with a search. Where a reader is stands in the address, so
 * that the browser's buttons go back and forth, and a link leads there.
 */

import { countPosts, listPosts, type PostItem } from "../api/posts";
import { h, heading, when } from "./dom";
import { field } from "./forms";

const address = (path: string, q: string, cursor: string) =>
	`#${path}?${new URLSearchParams({ q, cursor })}`;

function item(post: PostItem): HTMLElement {
	const { id = "", title = "", published_at, author } = post;

	return h("li", {},
	    h("a", { href: `#/posts/${id}` }, title), " ",
	    h("small", {}, author ? `by ${author.name}, ` : "",
		published_at ? when(published_at) : "draft"));
}

function turn(text: string, href: string | null): HTMLElement | undefined {
	return href === null ? undefined : h("a", { href }, text);
}

/* `author` is a user's id; undefined for the published posts of everybody. */
export async function listPage(title: string, path: string,
    author: string | undefined, query: URLSearchParams):
    Promise<HTMLElement> {
	const q = query.get("q") ?? "";
	const cursor = query.get("cursor") ?? "";
	const filter = { author, q };
	const [page, count] = await Promise.all(
	    [listPosts(filter, cursor), countPosts(filter)]);
	const link = (to: string | null) =>
	    to === null ? null : address(path, q, to);
	const search = field("Search", "q",
	    h("input", { type: "search", value: q }));

	return h("section", {},
	    heading(title),
	    h("form", {
		role: "search",
		className: "search",
		onsubmit: (event) => {
			event.preventDefault();
			location.hash = address(path, search.input.value, "");
		},
	    }, search.element, h("button", { type: "submit" }, "Search")),
	    h("p", { id: "total" }, `${count.total_is_estimate ? "About " : ""}${
		count.total} ${count.total === 1 ? "post" : "posts"}`),
	    h("ul", { className: "posts" }, ...page.items.map(item)),
	    h("nav", { ariaLabel: "Pages" },
		turn("Previous page", link(page.prev_cursor)),
		turn("Next page", link(page.next_cursor))));
}
