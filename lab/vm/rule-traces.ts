/** Which rules packets match in the guest, as its kernel tells it: in its log, or over netlink. */
import type { Backend } from "../../sim/linux/linux.ts";
import { LabError } from "../lab-error.ts";
import type { Guest } from "./machine/guest.ts";
import {
	type RuleHandles,
	readHandles,
	rulesRequest,
	rulesTraced,
} from "./nft-trace.ts";

/** Traces of one network namespace. */
export interface RuleTraces {
	/** What is traced from now on is asked for by `end`. */
	begin(): Promise<void>;
	/** @returns the rules since `begin`, in order, in TRACE's spelling; `null` when not all are known */
	end(): Promise<readonly string[] | null>;
	/** Rules may be others from here on. */
	rulesChanged(): void;
}

/** @param guest in the namespace whose packets are traced */
export function createRuleTraces(guest: Guest, backend: Backend): RuleTraces {
	return backend === "nft" ? createNftTraces(guest) : createLogTraces(guest);
}

/** ip_tables writes into the kernel's log. */
function createLogTraces(guest: Guest): RuleTraces {
	let logs = false;
	return {
		async begin() {
			if (logs) return;
			const settings = "/proc/sys/net/netfilter";
			// Only the machine's first namespace logs unless it is told otherwise.
			await guest.writeGlobal(`${settings}/nf_log_all_netns`, "1");
			await guest.write(`${settings}/nf_log/2`, "nf_log_ipv4");
			logs = true;
		},
		end: async () => rulesIn(await guest.kernelLog()),
		rulesChanged() {},
	};
}

/** Behind the mark that `marktwin.c` sets; an older mark's lines are of an older trace. */
function rulesIn(log: readonly string[]): readonly string[] | null {
	const begin = log.lastIndexOf("marktwin: trace begins");
	if (begin < 0) return null;
	return log.slice(begin + 1).flatMap((line) => {
		const [, rule] =
			/^TRACE: (\S+:(?:rule|policy|return):\d+) /.exec(line) ?? [];
		return rule === undefined ? [] : [rule];
	});
}

/** nf_tables sends messages, which name rules by their handles. */
function createNftTraces(guest: Guest): RuleTraces {
	let handles: RuleHandles | null = null;
	return {
		async begin() {
			// What nobody has asked for is of no interest any more.
			if ((await guest.nftTraces()) === null) await guest.nftTraces();
		},
		async end() {
			const stream = await guest.nftTraces();
			if (stream === null) return null;
			handles ??= readHandles(await guest.nfnetlinkDump(rulesRequest()));
			return rulesTraced(stream, handles);
		},
		rulesChanged() {
			handles = null;
		},
	};
}

/**
 * nf_tables looks whether a packet is traced once a rule asks for it, in whatever namespace
 * (`nft_trace_enabled`): one that no packet meets.
 * @param guest in the namespace that it started with
 * @throws LabError
 */
export async function enableNftTraces(guest: Guest): Promise<void> {
	const rules = "*raw\n:marktwin -\n-A marktwin -j TRACE\nCOMMIT\n";
	const { status, err } = await guest.run(["iptables-nft-restore"], rules);
	if (status === 0) return;
	throw new LabError({
		code: "unsupported",
		place: "iptables-nft-restore",
		message: `the guest's kernel does not trace: ${err.trim()}`,
		remedy: "Does the kernel have nf_tables?",
	});
}
