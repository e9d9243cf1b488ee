/* SPDX-License-Identifier: ISC */
/*
 * Several of Prism's validating proxies in one process: Prism itself takes two
 * seconds to load, a proxy a fraction of one. Each line of the standard input
 * asks for one, {"port", "upstream", "document"}, or ends one, {"end": port}.
 * It ends with its standard input.
 */

const readline = require("node:readline");

const { createSingleProcessPrism } =
    require("@stoplight/prism-cli/dist/util/createServer");

const proxies = new Map();

/*
 * Not errors: Prism would answer in the server's stead. Not cors: it would
 * answer every preflight itself.
 */
async function start({ port, upstream, document }) {
	const proxy = await createSingleProcessPrism({
		document, port, upstream: new URL(upstream),
		host: "127.0.0.1", validateRequest: true, errors: false,
		cors: false, verboseLevel: "error", dynamic: false,
	});

	proxies.set(port, proxy);
}

async function end(port) {
	await proxies.get(port)?.close();
	proxies.delete(port);
}

readline.createInterface({ input: process.stdin })
    .on("line", (line) => {
	const order = JSON.parse(line);

	(order.end ? end(order.end) : start(order)).catch((error) => {
		console.error(error);
		process.exit(1);
	});
    })
    .on("close", () => process.exit(0));
