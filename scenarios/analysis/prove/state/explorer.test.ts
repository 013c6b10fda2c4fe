import { expect, it, vi } from "vitest";
import type { Operation } from "../../../../sim/contract/gateway.ts";
import { hashOf } from "../../../../sim/gateway/state/state-hash.ts";
import { SYN, testWalker } from "../../walk/test-walk.ts";
import { Explorer, type Situation } from "./explorer.ts";
import { fromPort } from "./segments.ts";

const RULES = {
	nat: ["-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.20.0.11"],
};

/** Clients have connected from these ports. */
function opened(explorer: Explorer, ports: readonly number[]): Situation {
	return ports.reduce((at, port) => {
		const [next] = explorer.packet(at, fromPort(SYN, port)).after.values();
		return next as Situation;
	}, explorer.start);
}

/** Of an operation on three situations that differ in their connections alone. */
function led(
	operations: readonly Operation[],
	tables: Parameters<typeof testWalker>[0],
) {
	const walker = testWalker(tables);
	const explorer = new Explorer(walker, { budget: 100 });
	const from = [[], [1], [1, 2]].map((ports) => opened(explorer, ports));
	const operate = vi.spyOn(walker.gateway, "operate");
	const to = from.map((at) => explorer.operate(at, "it", operations));
	const times = operate.mock.calls.length;
	const seen = () => [walker.kept.rulesText(), hashOf(walker.kept.flows())];
	const found = to.map(({ snapshot }) => {
		walker.gateway.restore(snapshot);
		return seen();
	});
	const played = from.map(({ snapshot }) => {
		walker.gateway.restore(snapshot);
		for (const one of operations) walker.gateway.operate(one);
		return seen();
	});
	expect(found).toEqual(played);
	return { situations: new Set(to).size, times };
}

const FLUSH: Operation = { kind: "iptables", command: "iptables -t nat -F" };

it("plays an operation on rules once, and not for each connection", () => {
	expect(led([FLUSH], RULES)).toEqual({ situations: 3, times: 1 });
});

it("plays a take-over once: the second gateway knows no connection", () => {
	const does = [{ kind: "take-over" }] as const;
	expect(led(does, RULES)).toEqual({ situations: 1, times: 1 });
});

it("plays what concerns connections for each of them", () => {
	const does = [{ kind: "evict", filter: {}, orNone: true }] as const;
	expect(led(does, RULES)).toEqual({ situations: 1, times: 3 });
});

it("plays an operation on rules again where clients are in a list that rules ask", () => {
	const tables = {
		...RULES,
		filter: ["-A FORWARD -m recent --name seen --set", "-A FORWARD"],
	};
	expect(led([FLUSH], tables).times).toBe(3);
});

it("tells situations apart by rules, and not by what policies have counted when a command came", () => {
	const walker = testWalker({ filter: ["-A FORWARD -p udp", "-A FORWARD"] });
	const explorer = new Explorer(walker, { budget: 100 });
	const command = "iptables -D FORWARD 1";
	const emptied = (at: Situation) => {
		walker.gateway.restore(at.snapshot);
		walker.gateway.operate({ kind: "iptables", command });
		return walker.kept.rulesText();
	};
	expect(emptied(opened(explorer, [1]))).toBe(emptied(explorer.start));
});
