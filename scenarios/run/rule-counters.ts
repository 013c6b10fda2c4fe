/** Reads packet counters out of the text of `iptables-save -c`, whoever printed it: the model or a kernel. */

const POLICY = /^:(\S+) \S+ \[(\d+):\d+\]/;
const RULE = /^\[(\d+):\d+\] -A (\S+)/;

/**
 * Packets by place, in the kernel's TRACE spelling: `mangle:MAILMARK:rule:2` (from 1), and
 * `filter:INPUT:policy` for a built-in chain.
 */
export function countersOf(saved: string): ReadonlyMap<string, number> {
	const counters = new Map<string, number>();
	let table = "";
	let numbers = new Map<string, number>();
	for (const line of saved.split("\n")) {
		if (line.startsWith("*")) {
			table = line.slice(1).trim();
			numbers = new Map();
		}
		const [, chain, packets] = POLICY.exec(line) ?? [];
		// A user-defined chain has no policy: iptables-save prints `-` and zeros for it.
		if (chain && !line.startsWith(`:${chain} - `))
			counters.set(`${table}:${chain}:policy`, Number(packets));
		const [, counted, of] = RULE.exec(line) ?? [];
		if (of) {
			const number = (numbers.get(of) ?? 0) + 1;
			numbers.set(of, number);
			counters.set(`${table}:${of}:rule:${number}`, Number(counted));
		}
	}
	return counters;
}
