/** Which extensions of iptables a guest's kernel has. */
import { createGuest } from "./machine/guest.ts";
import type { Machine } from "./machine/machine.ts";

/** How iptables says that the kernel has no module for an extension, whatever else it says of the rule. */
const MISSING = /missing kernel module\?/;

interface Named {
	readonly matches: readonly string[];
	readonly targets: readonly string[];
}

/**
 * Those of these that the kernel does not have: kernels of clouds leave some out. iptables is asked of each, in a
 * network namespace of its own.
 * @throws LabError
 */
export async function missingExtensions(
	machine: Machine,
	{ matches, targets }: Named,
): Promise<Named> {
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
	try {
		return {
			matches: await missing("-m", matches),
			targets: await missing("-j", targets),
		};
	} finally {
		if (machine.failure === null) await guest.leaveNamespace();
	}
}
