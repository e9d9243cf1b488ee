/* SPDX-License-Identifier: ISC */
/* Starts Swagger UI on this server's own description. */
"use strict";

/* Changes what Swagger UI gives to each component of a kind. */
const withProps = (change) => (Component, { React }) => (props) =>
	React.createElement(Component, { ...props, ...change(props) });

const changes = {
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
	/* No request goes to another server. */
	validatorUrl: null,
	queryConfigEnabled: false,
});
