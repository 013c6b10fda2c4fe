/** Which extensions of iptables a guest's kernel has. */
import { createGuest } from "./machine/guest.ts";
import type { Machine } from "./machine/machine.ts";

/** How iptables says that the kernel has no module for an extension, whatever else it says of the rule. */
const MISSING = /missing kernel module\?/;

interface Named {
	readonly matches: readonly string[];
	readonly targets: readonly string[];
}

interface Missing extends Named {
	/** Those of the targets that iptables takes for chains, without a word (1.8.7). */
	readonly takenForChains: readonly string[];
}

/**
 * Those of these that the kernel does not have: kernels of clouds leave some out. iptables is asked of each, in a
 * network namespace of its own.
 * @throws LabError
 */
export async function missingExtensions(
	machine: Machine,
	{ matches, targets }: Named,
): Promise<Missing> {
	const guest = createGuest(machine);
	await guest.newNamespace();
	const missing = async (option: "-m" | "-j", names: readonly string[]) => {
		const found: string[] = [];
		for (const name of names) {
			const words = ["iptables", "-C", "INPUT", option, name];
			const { out, err } = await guest.run(words);
			if (MISSING.test(`${out}${err}`)) found.push(name);
		}
		return found;
	};
	/** A target that is there keeps its name from chains. */
	const freeForChains = async (names: readonly string[]) => {
		const found: string[] = [];
		for (const name of names) {
			const { status } = await guest.run(["iptables", "-N", name]);
			if (status !== 0) continue;
			await guest.must(["iptables", "-X", name]);
			found.push(name);
		}
		return found;
	};
	try {
		const said = await missing("-j", targets);
		const takenForChains = await freeForChains(
			targets.filter((name) => !said.includes(name)),
		);
		return {
			matches: await missing("-m", matches),
			targets: [...said, ...takenForChains],
			takenForChains,
		};
	} finally {
		if (machine.failure === null) await guest.leaveNamespace();
	}
}
