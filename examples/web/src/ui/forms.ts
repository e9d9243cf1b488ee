/* SPDX-License-Identifier: ISC */
/*
 * Forms. The server has the rules: a form sends what was typed, and shows the
 * errors of a 422 at their fields.
 */

import { ApiError, type Detail } from "../api/errors";
import { h, notice } from "./dom";

type Input = HTMLInputElement | HTMLTextAreaElement;

export type Field = {
	element: HTMLElement;
	/* A member of the body. */
	name: string;
	input: Input;
	error: HTMLElement;
};

let ids = 0;

export function field(label: string, name: string, input: Input): Field {
	const id = `field-${++ids}`;
	const error = h("p", { id: `${id}-error`, className: "error" });

	input.id = id;
	input.name = name;
	input.setAttribute("aria-describedby", error.id);

	const text = h("label", { htmlFor: id }, label);
	const element = input.type === "checkbox" ?
	    h("div", { className: "field check" }, input, text, error) :
	    h("div", { className: "field" }, text, input, error);

	return { element, name, input, error };
}

function setError({ input, error }: Field, text: string): void {
	error.textContent = text;
	input.setAttribute("aria-invalid", String(text !== ""));
}

/* An error for a reader, with what finds it in the server's log. */
export function describe(error: unknown): string {
	if (error instanceof ApiError) {
		const again = error.retryAfter === undefined ? "" :
		    ` Try again in ${error.retryAfter} s.`;
		const id = error.requestId === null ? "" :
		    ` (Request ${error.requestId})`;

		return `${error.message}.${again}${id}`;
	}
	// fetch: no connection, no permission, or no response in time.
	if (error instanceof TypeError || error instanceof DOMException)
		return "The server cannot be reached.";
	return String(error);
}

/* The first wrong field gets the focus. Returns the errors of no field. */
function showDetails(fields: Field[], details: Detail[]): Detail[] {
	const other = details.filter((detail) => !fields.some((field) =>
	    detail.field === `body.${field.name}`));

	for (const field of fields)
		setError(field, details.filter((detail) =>
		    detail.field === `body.${field.name}`).map((detail) =>
		    detail.message).join(" "));
	fields.find(({ error }) => error.textContent !== "")?.input.focus();
	return other;
}

/* A form that sends one request at a time. */
export function form(fields: Field[], submit: string,
    send: () => Promise<void>): HTMLFormElement {
	const alert = h("p", { className: "error" });
	const element = h("form", { noValidate: true },
	    ...fields.map((field) => field.element), alert,
	    h("button", { type: "submit" }, submit));
	let notBefore = 0;

	alert.role = "alert";

	async function run() {
		element.ariaBusy = "true";
		alert.textContent = "";
		notice("");
		showDetails(fields, []);
		try {
			await send();
		} catch (error) {
			fail(error);
		} finally {
			element.ariaBusy = "false";
		}
	}

	function fail(error: unknown) {
		const details = error instanceof ApiError ? error.details : [];
		const other = showDetails(fields, details);

		alert.textContent = [describe(error), ...other.map((detail) =>
		    `${detail.field}: ${detail.message}`)].join(" ");
		if (error instanceof ApiError && error.retryAfter)
			notBefore = Date.now() + error.retryAfter * 1000;
	}

	element.onsubmit = (event) => {
		const left = Math.ceil((notBefore - Date.now()) / 1000);

		event.preventDefault();
		if (left > 0)
			alert.textContent = `Not yet: try again in ${left} s.`;
		else if (element.ariaBusy !== "true")
			void run();
	};
	return element;
}
