/* SPDX-License-Identifier: ISC */
/* Starts Swagger UI on this server's own description. */
"use strict";

/* Changes what Swagger UI gives to each component of a kind. */
const withProps = (change) => (Component, { React }) => (props) =>
	React.createElement(Component, { ...props, ...change(props) });

/* Who is signed in. The tokens are in the memory of this page only. */
let session = null;

const remember = ({ auth, token }) => {
	session = token.refresh_token === undefined ? null : {
		auth, token,
		ends: Date.now() + (token.expires_in - 30) * 1000,
	};
};

const send = (url, form) => fetch(url, {
	method: "POST", body: new URLSearchParams(form) });

/* Returns once the session has new tokens, or cannot get any. */
const refresh = async ({ auth, token }) => {
	const response = await send(auth.schema.get("tokenUrl"), {
		grant_type: "refresh_token", refresh_token: token.refresh_token });

	if (response.ok)
		window.ui.authActions.authorizeOauth2({
			auth, token: await response.json() });
};

/* A request with a token that ends soon waits for the next one. */
const requestInterceptor = async (request) => {
	const used = session;
	const bearer = () => `Bearer ${session.token.access_token}`;

	if (used === null || Date.now() < used.ends ||
	    request.headers.Authorization !== bearer())
		return request;
	used.refreshing ??= refresh(used).finally(() => {
		used.refreshing = undefined;
	});
	await used.refreshing;
	if (session !== null)
		request.headers.Authorization = bearer();
	return request;
};

const changes = {
	statePlugins: { auth: { wrapActions: {
		authorizeOauth2: (act) => (grant) => {
			remember(grant);
			return act(grant);
		},
		/* Ends the session, too. */
		logout: (act) => (names) => {
			if (session !== null && names.includes(session.auth.name))
				send(new URL("revoke", new URL(
				    session.auth.schema.get("tokenUrl"), location)), {
					token: session.token.refresh_token });
			session = null;
			return act(names);
		},
	} } },
	wrapComponents: {
		/* Sign-in begins at the user name; no token is shown. */
		Input: withProps(({ id }) => id === "auth-bearer-value" ?
		    { type: "password", autoFocus: false } : {}),

		/* Enter signs in. */
		oauth2: (Component, { React }) => (props) =>
			React.createElement("div", { onKeyDown: ({ key,
			    target, currentTarget }) => {
				if (key === "Enter" &&
				    target.id === "oauth_password")
					currentTarget.querySelector(
					    ".authorize").click();
			} }, React.createElement(Component, props)),

		/* What everybody may do has no lock. */
		OperationSummary: withProps(({ operationProps }) => ({
			operationProps: operationProps.update("security",
			    (ways) => ways?.some((way) => way.isEmpty()) ?
			    ways.clear() : ways),
		})),

		/* An empty field shows an example, which is not sent. */
		JsonSchema_string: withProps(({ schema, description }) => ({
			description: schema?.getIn(["examples", 0]) ||
			    description,
		})),
	},
};

window.ui = SwaggerUIBundle({
	url: "openapi.json",
	dom_id: "#docs",
	plugins: [changes],
	deepLinking: true,
	displayRequestDuration: true,
	requestInterceptor,
	onComplete: () => {
		document.title = window.ui.specSelectors.info().get("title");
	},
	/* No request goes to another server. */
	validatorUrl: null,
	queryConfigEnabled: false,
});
