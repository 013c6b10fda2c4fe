import { expect, test } from "vitest";
import {
	backendAt,
	clientAt,
	connect,
	outcomes,
	scenario,
} from "../language/build/build.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { TABLE_PER_UPLINK, twoUplinks } from "../suites/routing/router.ts";

const MARKED = "*mangle\n-A PREROUTING -i lan0 -j MARK --set-mark 11\nCOMMIT\n";
const BOTH =
	"ip route replace default nexthop via 198.51.100.1 dev isp1 nexthop via 203.0.113.1 dev isp2";

/** Why its connection is not refused: the way that it took. */
function wayOf(rules: string, ip: readonly string[]): string | undefined {
	const played = scenario({
		name: "routed",
		title: "Routed",
		setup: twoUplinks(rules, ip, {
			clients: [clientAt("c1", "192.168.1.20", { interface: "lan0" })],
			backends: [backendAt("remote", "192.0.2.80", { interface: "isp1" })],
			gateway: { sysctls: { "ipv4.ip_forward": 1 } },
		}),
		steps: [connect(1)],
		expect: [outcomes("refused", 1)],
	}) as PlayableScenario;
	return checkScenario(played, { seed: 1 }).judgements[0]?.why?.[0]?.text;
}

test("a way names the rule of a table of its own", () => {
	expect(wayOf(MARKED, TABLE_PER_UPLINK)).toContain(
		"→ table 111 (ip rule 32764: fwmark 0xb) → out isp2 →",
	);
});

test("and the next hop of a multipath route", () => {
	expect(wayOf("*filter\nCOMMIT\n", [BOTH])).toBe(
		"SYN → next hop 198.51.100.1, one of 2 → out isp1 → remote",
	);
});

test("and nothing of the ordinary route", () => {
	expect(wayOf("*filter\nCOMMIT\n", [])).toBe("SYN → out isp1 → remote");
});
