import { describe, expect, it } from "vitest";
import {
	at,
	packet,
	recipeSetup,
	scenario,
	sysctl,
} from "../language/build.ts";
import type { PlayableScenario, ScenarioStep } from "../language/scenario.ts";
import { compareScenario } from "./compare-scenario.ts";
import { driverWith } from "./test-driver.ts";

/** A second model, which draws by itself. */
const driver = driverWith((ask) => ask);

function play(rules: string, steps: readonly ScenarioStep[]) {
	const ruleset = { name: "nat.rules", text: `*nat\n${rules}\nCOMMIT\n` };
	const backends = {
		behaviour: { b1: { kind: "silent" }, b2: { kind: "silent" } },
	} as const;
	const played = scenario({
		...{ name: "draws", title: "", steps, expect: [] },
		setup: recipeSetup({ ruleset, ...backends }),
	}) as PlayableScenario;
	return compareScenario(played, { driver });
}

const outside = (line: string) => packet("bond0.204", line);

it("follows a draw that the connection shows, though nothing is sent", async () => {
	const { divergences, unknown } = await play(
		"-A INPUT -p udp -j SNAT --to-source 10.9.9.9:2000-2999 --random\n-A POSTROUTING -d 10.9.9.9 -j ACCEPT",
		[
			outside("udp 10.0.0.10:40000 > 10.0.0.1:53 len 1"),
			outside("udp 10.0.0.10:40001 > 10.0.0.1:53 len 1"),
		],
	);
	expect({ divergences, unknown }).toEqual({ divergences: [], unknown: null });
});

it("follows the identifier of a query", async () => {
	const { divergences } = await play(
		"-A POSTROUTING -p icmp -j MASQUERADE --random",
		[1, 2, 3].map((id) =>
			outside(`icmp 10.0.0.10 > 192.168.0.1 echo-request id ${id} seq 1`),
		),
	);
	expect(divergences).toEqual([]);
});

it("follows a draw that comes behind another", async () => {
	// To where it claims to come from: what is sent shows neither draw.
	const { divergences, unknown } = await play(
		"-A PREROUTING -p udp -j DNAT --to-destination 192.168.0.1:5000-5999 --random\n-A POSTROUTING -p udp -j SNAT --to-source 10.0.0.1 --random-fully",
		[1, 2, 3].map((port) =>
			outside(`udp 192.168.0.1:${40_000 + port} > 10.0.0.1:53 len 1`),
		),
	);
	expect({ divergences, unknown }).toEqual({ divergences: [], unknown: null });
});

it("follows a draw from ports that are all taken", async () => {
	// One source and four ports to go to: from the fifth connection on, the last port that was tried stays.
	const { divergences, unknown } = await play(
		"-A PREROUTING -p udp -j DNAT --to-destination 192.168.0.1:5000-5003",
		[1, 2, 3, 4, 5, 6, 7, 8].map((port) =>
			outside(`udp 10.0.0.10:40000 > 10.0.0.1:${port} len 1`),
		),
	);
	expect({ divergences, unknown }).toEqual({ divergences: [], unknown: null });
});

it("finds the connection of the right zone", async () => {
	const { divergences } = await play(
		"-A POSTROUTING -p udp -j MASQUERADE --random\nCOMMIT\n*raw\n-A PREROUTING -m limit --limit 1/hour --limit-burst 1 -j CT --zone 7",
		[1, 2].map(() => outside("udp 10.0.0.10:40000 > 192.168.0.1:53 len 1")),
	);
	expect(divergences).toEqual([]);
});

// The reset ends the connection at once; its mark tells the port.
it.each([
	["a port of a range", "10.9.9.9:2000-2999", "2000:2499", 41_000],
	["a low port, which the answer seems to show", "10.9.9.9", "1:255", 20],
])(
	"does not know how it goes on once nobody can see what was drawn: %s",
	async (_, to, marked, first) => {
		const { divergences, unknown } = await play(
			`-A INPUT -p tcp -j SNAT --to-source ${to} --random\nCOMMIT\n*mangle\n-A OUTPUT -p tcp -m tcp --dport ${marked} -j TOS --set-tos 0x10`,
			Array.from({ length: 20 }, (_, index) =>
				outside(`tcp 10.0.0.10:${first + index} > 10.0.0.1:80 A seq 5 ack 5`),
			),
		);
		expect(divergences).toEqual([]);
		expect(unknown?.reason).toMatch(
			/drew a port for a connection that was gone/,
		);
	},
);

describe("a table that is full", () => {
	const ruleset = {
		name: "tracking.rules",
		text: "*filter\n-A FORWARD -m state --state NEW\nCOMMIT\n",
	};
	const there = "udp 10.0.0.10:40000 > 192.168.0.1:53 len 1";
	const back = packet("bond0.205", "udp 192.168.0.1:53 > 10.0.0.10:40000");
	/** The kernel has room all the same. */
	const roomy = driverWith((ask) =>
		ask.kind === "operation" && ask.operation.kind === "sysctl"
			? { ...ask, operation: { ...ask.operation, value: 100 } }
			: ask,
	);
	const compared = (steps: readonly (readonly ScenarioStep[])[]) =>
		compareScenario(
			scenario({
				...{ name: "full", title: "", expect: [] },
				setup: recipeSetup({ ruleset }),
				steps: [
					...steps,
					at(5_000, sysctl("netfilter.nf_conntrack_max", 1)),
					at(5_001, outside("udp 10.0.0.10:40001 > 192.168.0.1:53 len 1")),
				],
			}) as PlayableScenario,
			{ driver: roomy },
		);

	it("of connections that can go is chance", async () => {
		const { divergences, unknown } = await compared([at(1, outside(there))]);
		expect(divergences).toEqual([]);
		expect(unknown?.reason).toMatch(/the table was full/);
	});

	it("of connections that stay is none", async () => {
		const { divergences } = await compared([
			at(1, outside(there)),
			at(2, back),
			at(3_000, outside(there)),
		]);
		expect(divergences).toMatchObject([{ kind: "packets", atMs: 5_001 }]);
	});
});
