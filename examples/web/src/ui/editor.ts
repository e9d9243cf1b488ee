/* SPDX-License-Identifier: ISC */
/*
 * Edits a post. Each change has the version that was read (If-Match), so nobody
 * overwrites what they have not seen.
 */

import { ApiError } from "../api/errors";
import { publishPost, readPost, updatePost, type Versioned } from
    "../api/posts";
import { button, h, notice, when, type Child } from "./dom";
import { describe, form } from "./forms";
import { postFields, type PostFields, type Text } from "./post_fields";

const isChanged = (error: unknown) =>
	error instanceof ApiError && error.status === 412;

const isEqual = (a: Text, b: Text) =>
	a.title === b.title && a.content === b.content;

function version(title: string, { title: name, content }: Text,
    action: HTMLElement): HTMLElement {
	return h("section", {}, h("h3", {}, title), h("h4", {}, name),
	    h("p", { className: "text" }, content), action);
}

class Editor {
	readonly element: HTMLElement;
	private readonly state = h("p", { id: "state" });
	private readonly conflict = h("div");
	private readonly publishing = button("", () => void this.publish(),
	    "plain");
	private readonly fields: PostFields;

	constructor(private read: Versioned) {
		this.fields = postFields(read.post);
		this.element = h("div", {}, this.state, this.publishing,
		    this.conflict, form(this.fields.fields, "Save",
			() => this.save()));
		this.show(read);
	}

	/* What the next change is based on. The form stays as it is. */
	private show(read: Versioned, ...conflict: Child[]): void {
		const { published_at: since } = read.post;

		this.read = read;
		this.state.replaceChildren(...since ?
		    ["Published ", when(since)] : ["A draft"]);
		this.publishing.textContent = since ? "Unpublish" : "Publish";
		this.conflict.replaceChildren(...conflict.filter((child) =>
		    child !== undefined && child !== false));
	}

	private async save(): Promise<void> {
		try {
			this.show(await updatePost(this.read,
			    this.fields.read()));
			notice("The post is saved.");
		} catch (error) {
			if (!isChanged(error))
				throw error;
			await this.resolve();
		}
	}

	private async publish(): Promise<void> {
		notice("");
		try {
			this.show(await publishPost(this.read,
			    !this.read.post.published_at));
			notice(this.read.post.published_at ?
			    "The post is published." : "The post is a draft.");
		} catch (error) {
			if (isChanged(error))
				await this.resolve();
			else
				notice(describe(error));
		}
	}

	/* The post has changed since: the user decides. */
	private async resolve(): Promise<void> {
		const theirs = await readPost(this.read.post.id);
		const mine = this.fields.read();

		// The same text: perhaps the response to this change was lost.
		if (isEqual(mine, theirs.post)) {
			this.show(theirs);
			notice("The post is saved.");
			return;
		}

		const title = h("h2", { tabIndex: -1 },
		    "Somebody has changed this post meanwhile");

		this.show(theirs, h("section", { className: "conflict" }, title,
		    h("p", {}, "Nothing is saved yet. Which one shall it be? ",
			"You can also go on editing below."),
		    h("div", { className: "versions" },
			version("Your version", mine,
			    button("Save mine", () => void this.keep(mine))),
			version("The saved version", theirs.post,
			    button("Take the saved one", () => {
				this.fields.write(theirs.post);
				this.show(theirs);
			    })))));
		title.focus();
	}

	private async keep(mine: Text): Promise<void> {
		this.fields.write(mine);
		this.element.querySelector("form")!.requestSubmit();
	}
}

export const editor = (read: Versioned) => new Editor(read).element;
