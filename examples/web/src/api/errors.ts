/* SPDX-License-Identifier: ISC */
/* A response that is an error, as an exception. */

import type { components } from "./schema";

type Envelope = components["schemas"]["Error"];
type OAuthError = components["schemas"]["OAuthError"];
export type Detail = components["schemas"]["ErrorDetail"];

export class ApiError extends Error {
	readonly status: number;
	readonly requestId: string | null;
	/* The seconds after which it may be sent again. */
	readonly retryAfter: number | undefined;

	constructor(response: Response, readonly code: string, message: string,
	    readonly details: Detail[] = []) {
		super(message);
		this.status = response.status;
		this.requestId = response.headers.get("X-Request-ID");
		this.retryAfter = retryAfter(response);
	}
}

/* The session has ended: the user must sign in again. */
export class SignedOut extends ApiError {}

/* Keel sends seconds; what else a proxy may send counts as none. */
export function retryAfter(response: Response): number | undefined {
	const seconds = response.headers.get("Retry-After");

	return seconds !== null && /^\d{1,6}$/.test(seconds) ?
	    Number(seconds) : undefined;
}

function has<K extends string>(value: unknown, key: K):
    value is Record<K, unknown> {
	return typeof value === "object" && value !== null && key in value;
}

function isEnvelope(body: unknown): body is Envelope {
	return has(body, "error") && has(body.error, "code");
}

function isOAuth(body: unknown): body is OAuthError {
	return has(body, "error_description");
}

/* The body is the server's, or that of a proxy in front of it: any text. */
function toError(response: Response, body: unknown): ApiError {
	if (isEnvelope(body))
		return new ApiError(response, body.error.code,
		    body.error.message, body.error.details ?? []);
	if (isOAuth(body))
		return new ApiError(response, body.error,
		    body.error_description);
	return new ApiError(response, "",
	    `The server responded with ${response.status}`);
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/* What openapi-fetch returns; raises ApiError. */
export async function result<T>(answer: Promise<Answer<T>>):
    Promise<{ data: T; response: Response }> {
	const { data, error, response } = await answer;

	if (data === undefined)
		throw toError(response, error);
	return { data, response };
}
