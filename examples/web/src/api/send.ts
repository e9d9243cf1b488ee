/* SPDX-License-Identifier: ISC */
/* Sends a request again where that can help and does no harm. */

import { retryAfter } from "./errors";

const TRIES = 3;
const TIMEOUT_MS = 10_000;
/* A user waits that long without being told. */
const PATIENCE_SECONDS = 3;

/* Does it have the same effect twice as once? The POSTs of auth do: a token
   that is refreshed again has the same successor for ten seconds. */
function isRepeatable(request: Request): boolean {
	return request.method !== "POST" ||
	    request.headers.has("Idempotency-Key") ||
	    new URL(request.url).pathname.includes("/auth/");
}

/* These were not served, whatever the method is. A 409 has Retry-After only
   while the first request with its Idempotency-Key is being handled. */
function pause(response: Response): number | undefined {
	return [409, 429, 503].includes(response.status) ?
	    retryAfter(response) : undefined;
}

const sleep = (seconds: number) =>
	new Promise((done) => setTimeout(done, seconds * 1000));

/* Without a response it sends the same at once; after 429 and 503, when the
   server says so, unless that is too long to wait in silence. */
export async function send(request: Request): Promise<Response> {
	for (let left = TRIES - 1; ; left--) {
		try {
			// A body is read once, so a copy is sent.
			const response = await fetch(request.clone(), {
				signal: AbortSignal.timeout(TIMEOUT_MS) });
			const seconds = pause(response);

			if (left === 0 || seconds === undefined ||
			    seconds > PATIENCE_SECONDS)
				return response;
			await sleep(seconds);
		} catch (reason) {
			if (left === 0 || !isRepeatable(request))
				throw reason;
		}
	}
}
