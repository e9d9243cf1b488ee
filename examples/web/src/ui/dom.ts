/* SPDX-License-Identifier: ISC */
/* Elements. What a server or a user has written is text, never HTML. */

type Tags = HTMLElementTagNameMap;
type Attributes<K extends keyof Tags> = Omit<Partial<Tags[K]>,
    "innerHTML" | "outerHTML" | "style" | "dataset" | "children">;
export type Child = Node | string | undefined | false;

export function h<K extends keyof Tags>(tag: K,
    attributes?: Attributes<K>, ...children: Child[]): Tags[K] {
	const element = document.createElement(tag);

	Object.assign(element, attributes);
	element.append(...children.filter((child) => child !== undefined &&
	    child !== false));
	return element;
}

export function button(text: string, onclick: () => void,
    className = ""): HTMLButtonElement {
	return h("button", { type: "button", onclick, className }, text);
}

export function when(time: string): HTMLElement {
	return h("time", { dateTime: time }, new Date(time).toLocaleString());
}

/* The page's heading, which gets the focus when the page is shown. */
export function heading(text: string): HTMLElement {
	document.title = text;
	return h("h1", { tabIndex: -1 }, text);
}

/* Screen readers read it out. */
export function notice(text: string): void {
	document.getElementById("notice")!.textContent = text;
}
