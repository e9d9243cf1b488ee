/* SPDX-License-Identifier: ISC */
/*
 * The development server, the build, and the page's policy (CSP).
 *
 *	VITE_API_URL	where browsers find the API, if it is not this origin
 *	PROXY_TARGET	the server that the proxy asks for /api
 *	PROXY_CA	the authority that has signed its certificate
 */

import { existsSync, readFileSync } from "node:fs";
import { Agent } from "node:https";

import { defineConfig, loadEnv } from "vite";

/* Scripts and styles come from files of this origin only. Trusted types make
   the browser refuse innerHTML, so that no text of a user becomes HTML. */
function policy(api) {
	const content = [
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self'",
		`connect-src 'self' ${api ? new URL(api).origin : ""}`.trim(),
		"base-uri 'none'",
		"form-action 'none'",
		"require-trusted-types-for 'script'",
	].join("; ");

	return {
		name: "policy",
		transformIndexHtml: () => [{
			tag: "meta",
			attrs: { "http-equiv": "Content-Security-Policy", content },
			injectTo: "head-prepend",
		}],
	};
}

/* For a browser, page and API are one origin then. */
function proxy({ PROXY_TARGET = "https://127.0.0.1:8888",
    PROXY_CA = new URL("../../var/ca.pem", import.meta.url) }) {
	const ca = existsSync(PROXY_CA) ? readFileSync(PROXY_CA) : undefined;

	return {
		"/api": {
			target: PROXY_TARGET,
			// Host is the server's, Origin stays the page's.
			changeOrigin: true,
			...(PROXY_TARGET.startsWith("https:") &&
			    { agent: new Agent({ ca, keepAlive: true }) }),
		},
	};
}

export default defineConfig(({ mode }) => {
	const settings = loadEnv(mode, process.cwd(), ["VITE_", "PROXY_"]);
	const served = { strictPort: true, proxy: proxy(settings) };

	return {
		base: "./",
		build: { target: "es2022" },
		plugins: [policy(settings.VITE_API_URL)],
		server: { ...served, port: 5173 },
		preview: { ...served, port: 3000 },
	};
});
