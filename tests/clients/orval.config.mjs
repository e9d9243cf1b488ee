// SPDX-License-Identifier: ISC
// orval's fetch client and its zod schemas, from the same description.

const made = (client) => ({
	input: "build/openapi.json",
	output: {
		target: `build/orval/${client}.ts`,
		client,
		baseUrl: { runtime: "process.argv[2]" },
	},
});

export default { fetch: made("fetch"), zod: made("zod") };
