/* SPDX-License-Identifier: ISC */
/* The variables that the build reads. */

interface ViteTypeOptions {
	strictImportMetaEnv: unknown;
}

interface ImportMetaEnv {
	/* Where the API is, if it is not the page's own origin. */
	readonly VITE_API_URL?: string;
}
