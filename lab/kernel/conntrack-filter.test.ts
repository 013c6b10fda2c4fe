import { expect, it } from "vitest";
import type { ConntrackFilter } from "../../sim/contract/gateway.ts";
import { evictedCount, evictionCommands } from "./conntrack-filter.ts";

it.each<[string, ConntrackFilter, readonly string[]]>([
	["a mark", { mark: 1 }, ["-D --mark 1"]],
	["a mark with its highest bit", { mark: -2 }, ["-D --mark 4294967294"]],
	["a dead backend", { replySource: "10.0.0.1" }, ["-D --reply-src 10.0.0.1"]],
	[
		"a backend",
		{ protocol: "tcp", replySource: "192.168.0.1" },
		["-D -p tcp --reply-src 192.168.0.1"],
	],
	[
		"a state, which is TCP's",
		{ state: "SYN_SENT" },
		["-D -p tcp --state SYN_SENT"],
	],
	[
		"a state that TCP and SCTP have",
		{ state: "ESTABLISHED" },
		["-D -p tcp --state ESTABLISHED", "-D -p sctp --state ESTABLISHED"],
	],
	[
		"ports of whatever protocol",
		{ originalDestinationPort: 53 },
		[
			"-D -p tcp --orig-port-dst 53",
			"-D -p udp --orig-port-dst 53",
			"-D -p sctp --orig-port-dst 53",
		],
	],
])("conntrack is told %s", (_, filter, commands) => {
	expect(evictionCommands(filter).map((words) => words.join(" "))).toEqual(
		commands,
	);
});

it("how many are gone is read from what it says", () => {
	const said =
		"conntrack v1.4.7 (conntrack-tools): 3 flow entries have been deleted.\n";
	expect(evictedCount(said)).toBe(3);
	expect(evictedCount("conntrack v1.4.7: Bad parameter\n")).toBeNull();
});
