/* SPDX-License-Identifier: ISC */
/*
 * Who is signed in: one session for all tabs of this origin. Both tokens are in
 * memory only. A tab that opens asks the others for them; when the last tab is
 * closed or reloaded, they are gone, and the user signs in again.
 */

import createClient from "openapi-fetch";

import { ApiError, result, SignedOut } from "./errors";
import type { components, paths } from "./schema";
import { send } from "./send";

/* Errors are not problem+json, as no request asks for that. */
export type Media = "application/json";

export const baseUrl = import.meta.env.VITE_API_URL ?? "";

type Tokens = {
	access: string;
	refresh: string;
	got: number;		/* when, in ms: the latest ones count */
	ends: number;
};
type Told =
	{ kind: "ask" } |
	{ kind: "tokens"; tokens: Tokens } |
	{ kind: "ended"; at: number; byServer: boolean };

const open = createClient<paths, Media>({ baseUrl, fetch: send });
const form = { "Content-Type": "application/x-www-form-urlencoded" };
const REFRESH_EARLY_MS = 30_000;
const ASK_MS = 200;

function toTokens(token: components["schemas"]["Token"]): Tokens {
	const got = Date.now();

	return {
		access: token.access_token,
		refresh: token.refresh_token,
		got,
		ends: got + token.expires_in * 1000 - REFRESH_EARLY_MS,
	};
}

/* Sends "change" when a user has signed in, or out, or the session has ended. */
export class Session extends EventTarget {
	/* The last session was ended by the server, and not by the user. */
	endedByServer = false;
	private tokens: Tokens | undefined;
	private readonly tabs = new BroadcastChannel("session");

	constructor() {
		super();
		this.tabs.onmessage = ({ data }: MessageEvent<Told>) =>
		    this.hear(data);
	}

	get signedIn(): boolean {
		return this.tokens !== undefined;
	}

	/* Gets the tokens of another tab, if there is one. */
	async join(): Promise<void> {
		await new Promise<void>((done) => {
			this.addEventListener("change", () => done(),
			    { once: true });
			setTimeout(done, ASK_MS);
			this.tell({ kind: "ask" });
		});
	}

	/* Raises ApiError: 400 for a wrong address or password. */
	async signIn(username: string, password: string): Promise<void> {
		const { data } = await result(open.POST("/api/v1/auth/token", {
			headers: form,
			body: { grant_type: "password", username, password },
		}));

		this.take(toTokens(data), true);
	}

	/* Ends the session, also if its access token has expired. */
	async signOut(): Promise<void> {
		await this.exclusively(async () => {
			if (this.tokens === undefined)
				return;

			const token = this.tokens.refresh;

			this.end(this.tokens, false);
			await open.POST("/api/v1/auth/revoke",
			    { headers: form, body: { token } });
		});
	}

	/* The access token: a new one if it ends soon or was refused; undefined
	   if nobody is signed in. Raises SignedOut. */
	async accessToken(refused?: string): Promise<string | undefined> {
		if (this.isOld(refused))
			await this.exclusively(async () => {
				// Another request, or another tab, was first.
				if (this.isOld(refused))
					await this.refresh();
			});
		return this.tokens?.access;
	}

	private isOld(refused?: string): boolean {
		return this.tokens !== undefined &&
		    (Date.now() > this.tokens.ends ||
		    this.tokens.access === refused);
	}

	/* One at a time, in all tabs. If this tab has not yet heard of the
	   refresh before its own, it gets the same refresh token as the other:
	   the server sees to that for ten seconds. */
	private async exclusively(work: () => Promise<void>): Promise<void> {
		await navigator.locks.request("session", work);
	}

	private async refresh(): Promise<void> {
		const used = this.tokens!;

		try {
			const { data } = await result(open.POST(
			    "/api/v1/auth/token", {
				headers: form,
				body: {
					grant_type: "refresh_token",
					refresh_token: used.refresh,
				},
			}));

			this.take(toTokens(data), true);
		} catch (error) {
			// Anything else says nothing about the token: keep it.
			if (!(error instanceof ApiError && error.status === 400))
				throw error;
			// Meanwhile the user has signed in again elsewhere.
			if (this.tokens && this.tokens !== used)
				return;
			this.end(used, true);
			throw new SignedOut(new Response(null, { status: 401 }),
			    error.code, "Your session has ended");
		}
	}

	private take(tokens: Tokens, tell: boolean): void {
		const before = this.tokens;

		this.tokens = tokens;
		if (tell)
			this.tell({ kind: "tokens", tokens });
		if (before === undefined)
			this.dispatchEvent(new Event("change"));
	}

	private end(tokens: Tokens, byServer: boolean): void {
		this.tell({ kind: "ended", at: tokens.got, byServer });
		if (this.tokens)
			this.forget(byServer);
	}

	private forget(byServer: boolean): void {
		this.tokens = undefined;
		this.endedByServer = byServer;
		this.dispatchEvent(new Event("change"));
	}

	private tell(message: Told): void {
		this.tabs.postMessage(message);
	}

	private hear(message: Told): void {
		const got = this.tokens?.got ?? 0;

		if (message.kind === "tokens" && message.tokens.got > got)
			this.take(message.tokens, false);
		else if (message.kind === "ended" && this.tokens &&
		    message.at >= got)
			this.forget(message.byServer);
		else if (message.kind === "ask" && this.tokens)
			this.tell({ kind: "tokens", tokens: this.tokens });
	}
}
