/* SPDX-License-Identifier: ISC */
/* The dialog to sign in. It opens over a page, whose text is not lost. */

import { session } from "../api/client";
import { button, h } from "./dom";
import { field, form } from "./forms";

export function askToSignIn(reason = ""): void {
	if (document.querySelector("dialog[open]"))
		return;

	const email = field("E-mail address", "username", h("input", {
		type: "email", required: true, autocomplete: "username" }));
	const password = field("Password", "password", h("input", {
		type: "password", required: true,
		autocomplete: "current-password" }));
	const title = h("h2", { id: "sign-in" }, "Sign in");
	const closed = new AbortController();
	const dialog = h("dialog", {
		onclose: () => {
			closed.abort();
			dialog.remove();
		},
	    }, title,
	    reason !== "" && h("p", {}, reason),
	    form([email, password], "Sign in", () =>
		session.signIn(email.input.value, password.input.value)),
	    button("Cancel", () => dialog.close(), "plain"));

	dialog.setAttribute("aria-labelledby", title.id);
	// The user may have signed in in another tab.
	session.addEventListener("change", () => {
		if (session.signedIn)
			dialog.close();
	}, { signal: closed.signal });
	document.body.append(dialog);
	dialog.showModal();
}
