/* SPDX-License-Identifier: ISC */
/* Starts Swagger UI on this server's own description. */
"use strict";

window.ui = SwaggerUIBundle({
	url: "openapi.json",
	dom_id: "#docs",
	deepLinking: true,
	displayRequestDuration: true,
	/* Nothing is asked of, or told to, anybody else. */
	validatorUrl: null,
	queryConfigEnabled: false,
});
