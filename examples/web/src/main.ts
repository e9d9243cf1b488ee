/* SPDX-License-Identifier: ISC */
/* The header, and the page that the address names. */

import { readMe, session, type User } from "./api/client";
import { SignedOut } from "./api/errors";
import { button, h, heading, notice } from "./ui/dom";
import { describe } from "./ui/forms";
import { listPage } from "./ui/list_page";
import { postPage } from "./ui/post_page";
import { askToSignIn } from "./ui/sign_in";
import { writePage } from "./ui/write_page";

const header = document.getElementById("header")!;
const main = document.getElementById("main")!;

let me: User | undefined;
/* Whose page is shown, and how many were asked for. */
let shownFor: string | undefined;
let asked = 0;

async function signOut(): Promise<void> {
	try {
		await session.signOut();
		notice("You are signed out.");
	} catch (error) {
		notice(`This page has forgotten you. ${describe(error)}`);
	}
}

/* The address's path and query are behind its #. */
function where(): [string, URLSearchParams] {
	const [path = "", query] = location.hash.slice(1).split("?");

	return [path || "/posts", new URLSearchParams(query)];
}

function showHeader(): void {
	const [path] = where();
	const link = (to: string, text: string) => {
		const element = h("a", { href: `#${to}` }, text);

		if (to === path)
			element.ariaCurrent = "page";
		return element;
	};

	header.replaceChildren(
	    h("nav", { ariaLabel: "Main" },
		link("/posts", "Published posts"),
		...me ? [link("/mine", "My posts"),
		    link("/write", "Write a post")] : []),
	    me ? h("span", {}, `${me.name} `,
		button("Sign out", () => void signOut(), "plain")) :
	    button("Sign in", () => askToSignIn()));
}

function makePage(): Promise<HTMLElement> {
	const [path, query] = where();
	const [, post] = /^\/posts\/([\w-]+)$/.exec(path) ?? [];

	if (post !== undefined)
		return postPage(post, me?.id);
	if (me && path === "/mine")
		return listPage("My posts", path, me.id, query);
	if (me && path === "/write")
		return writePage();
	return listPage("Published posts", "/posts", undefined, query);
}

async function show(): Promise<void> {
	const mine = ++asked;
	let page: HTMLElement;

	shownFor = me?.id;
	showHeader();
	try {
		page = await makePage();
	} catch (error) {
		// Another page is still there. This one comes after a sign-in.
		if (error instanceof SignedOut) {
			shownFor = undefined;
			return;
		}
		page = h("section", {}, heading("This did not work"),
		    h("p", { className: "error", role: "alert" },
			describe(error)),
		    button("Try again", () => void show()));
	}
	// The user may have gone on to another page.
	if (mine !== asked)
		return;
	main.replaceChildren(page);
	main.querySelector<HTMLElement>("h1")?.focus();
}

/* When a session ends by itself, the page stays: it may have unsaved text. So it
   does when the same user signs in again. */
async function userChanged(): Promise<void> {
	const ended = session.endedByServer && !session.signedIn;

	me = undefined;
	try {
		const user = session.signedIn ? await readMe() : undefined;

		// The user may have signed out meanwhile.
		me = session.signedIn ? user : undefined;
	} catch (error) {
		notice(describe(error));
	}
	if (ended || (me && me.id === shownFor)) {
		showHeader();
	} else {
		// What the user could see is not for who comes next.
		if (shownFor !== undefined)
			history.replaceState(null, "", "#/posts");
		await show();
	}
	if (ended)
		askToSignIn("Your session has ended. Please sign in again.");
}

addEventListener("hashchange", () => {
	notice("");
	void show();
});

await session.join();
session.addEventListener("change", () => void userChanged());
await userChanged();
