/* SPDX-License-Identifier: ISC */
/* Starts Swagger UI on this server's own description. */
"use strict";

window.ui = SwaggerUIBundle({
	url: "openapi.json",
	dom_id: "#docs",
	deepLinking: true,
	displayRequestDuration: true,
	/* No request goes to another server. */
	validatorUrl: null,
	queryConfigEnabled: false,
});
