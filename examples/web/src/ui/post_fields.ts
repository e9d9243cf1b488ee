/* SPDX-License-Identifier: ISC */
/* The fields of a post. */

import { h } from "./dom";
import { field, type Field } from "./forms";

export type Text = { title: string; content: string };

export type PostFields = {
	fields: Field[];
	read: () => Text;
	write: (text: Text) => void;
};

export function postFields(text: Text): PostFields {
	const title = field("Title", "title",
	    h("input", { required: true }));
	const content = field("Text", "content",
	    h("textarea", { rows: 12, required: true }));
	const write = (text: Text) => {
		title.input.value = text.title;
		content.input.value = text.content;
	};

	write(text);
	return {
		fields: [title, content],
		read: () => ({
			title: title.input.value, content: content.input.value,
		}),
		write,
	};
}
