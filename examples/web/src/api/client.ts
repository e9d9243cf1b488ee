/* SPDX-License-Identifier: ISC */
/* The client of the API, for whoever is signed in, or for nobody. */

import createClient from "openapi-fetch";

import { result } from "./errors";
import type { components, paths } from "./schema";
import { send } from "./send";
import { baseUrl, Session, type Media } from "./session";

export type User = components["schemas"]["User"];

export const session = new Session();

function withToken(request: Request, token: string): Request {
	const copy = request.clone();

	copy.headers.set("Authorization", `Bearer ${token}`);
	return copy;
}

/* On a 401 it sends the request once more, with a new token. */
async function authorized(request: Request): Promise<Response> {
	const token = await session.accessToken();

	if (token === undefined)
		return send(request);

	const response = await send(withToken(request, token));

	if (response.status !== 401)
		return response;

	const next = await session.accessToken(token);

	return next === undefined || next === token ? response :
	    send(withToken(request, next));
}

export const api = createClient<paths, Media>({ baseUrl, fetch: authorized });

export async function readMe(): Promise<User> {
	return (await result(api.GET("/api/v1/users/me"))).data;
}
