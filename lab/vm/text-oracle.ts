/** A kernel and its iptables, as generated texts ask them. */
import type { Said, TextOracle } from "../../scenarios/fuzz/text/oracle.ts";
import { DEFAULT_LINUX, type Linux } from "../../sim/linux/linux.ts";
import { restoreWords } from "../kernel/linux-gateway.ts";
import { withoutComments } from "../kernel/ruleset-text.ts";
import { createGuest } from "./machine/guest.ts";
import type { Machine } from "./machine/machine.ts";

export interface GuestTextOracle extends TextOracle {
	/** Leaves the namespace, once nothing is loaded there that its end would hurt. @throws LabError */
	close(): Promise<void>;
}

/**
 * In a network namespace of its own, which lasts until it is closed. Each text, or
 * the one that it is added to, begins by emptying all tables, so nothing else has to be taken away
 * between two.
 * @throws LabError
 */
export async function createTextOracle(
	machine: Machine,
	linux: Linux = DEFAULT_LINUX,
): Promise<GuestTextOracle> {
	const guest = createGuest(machine);
	await guest.newNamespace();
	const run = async (words: readonly string[], text: string): Promise<Said> => {
		const { status, out, err } = await guest.run(words, text);
		return { exitCode: status, words: `${out}${err}` };
	};
	const accounts = new Set<string>();
	return {
		linux,
		async account(names) {
			for (const name of names) {
				if (accounts.has(name)) continue;
				accounts.add(name);
				await guest.must(["nfacct", "add", name]);
			}
		},
		restore: (text, options) => run(restoreWords(options), text),
		test: (text, options) => run([...restoreWords(options), "--test"], text),
		save: async ({ counters }) =>
			withoutComments(
				await guest.must(["iptables-save", ...(counters ? ["-c"] : [])]),
			),
		close: () => guest.leaveNamespace(),
	};
}
