/* SPDX-License-Identifier: ISC */
/* A user of examples/web's test, with a second client: node's fetch. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

const random = (bytes) => randomBytes(bytes).toString("hex");

export class Person {
	email = `web-${random(6)}@example.com`;
	password = `Pw1-${random(12)}`;
	/* In each of their titles. */
	word = `w${random(8)}`;

	constructor(server) {
		this.base = `${server}/api/v1`;
	}

	async ask(method, path, body) {
		const response = await fetch(this.base + path, {
			method,
			headers: {
				...(body && { "content-type": "application/json" }),
				...(this.token && {
					authorization: `Bearer ${this.token}` }),
			},
			body: body && JSON.stringify(body),
		});
		const text = await response.text();

		assert.ok(response.ok, `${method} ${path}: ${text}`);
		return text === "" ? undefined : JSON.parse(text);
	}

	async signUp() {
		const { email, password } = this;

		this.id = (await this.ask("POST", "/users",
		    { email, password, name: "Ada" })).id;
		this.token = (await this.ask("POST", "/auth/login",
		    { username: email, password })).access_token;
		return this;
	}

	/* One after the other, so that the last one is the latest. */
	async writePosts(count) {
		for (let n = 1; n <= count; n++)
			await this.ask("POST", "/posts", {
				title: `${this.word} ${n}`, content: "Some text.",
				published: n % 2 === 0 });
	}

	posts(q) {
		return this.ask("GET", `/users/${this.id}/posts?page=1&` +
		    new URLSearchParams({ q }));
	}

	read(id) {
		return this.ask("GET", `/posts/${id}`);
	}

	change(id, body) {
		return this.ask("PATCH", `/posts/${id}`, body);
	}

	async sessions() {
		return (await this.ask("GET", "/users/me/sessions")).total;
	}

	endOtherSessions() {
		return this.ask("DELETE", "/users/me/sessions?except=current");
	}
}
