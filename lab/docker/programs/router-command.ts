/**
 * How the health checker of a lab reaches a router whose kernel is a virtual machine: what it would
 * write and call on the router itself goes through the machines' sockets.
 *
 *     node router-command.mjs SOCKET,SOCKET condition NAME VALUE
 *     node router-command.mjs SOCKET,SOCKET conntrack -D --reply-src 192.168.0.1
 */
import { createConnection } from "node:net";
import { createAgentChannel } from "../../vm/machine/agent-channel.ts";
import { createGuest } from "../../vm/machine/guest.ts";

const [sockets = "", what = "", ...words] = process.argv.slice(2);

let worst = 0;
for (const path of sockets.split(","))
	worst = Math.max(worst, await tell(path));
process.exit(worst);

/** @returns an exit code: 0 when the router did it */
async function tell(path: string): Promise<number> {
	const socket = createConnection(path);
	await new Promise<void>((resolve, reject) => {
		socket.once("connect", resolve);
		socket.once("error", reject);
	});
	let greeted = () => {};
	const isThere = new Promise<void>((resolve) => {
		greeted = resolve;
	});
	const channel = createAgentChannel(socket, greeted, { stays: true });
	await isThere;
	const guest = createGuest({
		call: channel.call,
		fail: (_, message) => {
			throw new Error(message);
		},
	});
	try {
		if (what === "condition") {
			const [name = "", value = ""] = words;
			const errno = await guest.write(`/proc/net/nf_condition/${name}`, value);
			return errno === 0 ? 0 : 1;
		}
		const { status, out, err } = await guest.run([what, ...words]);
		process.stdout.write(out);
		process.stderr.write(err);
		return status;
	} finally {
		socket.destroy();
	}
}
