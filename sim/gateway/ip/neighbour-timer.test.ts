import { expect, test } from "vitest";
import type { UnseenChance } from "../../chance/choice.ts";
import { seededChoice } from "../../chance/seeded.ts";
import { parsePacket } from "../../packet/notation/notation.ts";
import { ModelGateway } from "../model-gateway.ts";
import { IN, OUT, SETUP } from "../test-gateway.ts";

/** A silent host is given up after three seconds; its client's bucket was emptied `emptiedMs` before. */
function chancesOf(emptiedMs: number): readonly UnseenChance[] {
	const met: UnseenChance[] = [];
	const choice = Object.assign(seededChoice(1), {
		unseen: (chance: UnseenChance) => void met.push(chance),
	});
	const gateway = new ModelGateway(SETUP, { choice });
	const wait = (atMs: number, toMs: number) =>
		gateway.answer({ kind: "wait", atMs, toMs });
	gateway.operate({
		kind: "restore",
		text: "*filter\n-A FORWARD -p tcp --dport 26 -j REJECT\nCOMMIT\n",
		file: "test.rules",
		noflush: false,
		counters: false,
	});
	gateway.answer({
		kind: "neighbour",
		atMs: 0,
		interface: IN,
		address: "192.168.0.1",
		answers: false,
	});
	const send = (port: number, to: number) =>
		gateway.receive(
			OUT,
			parsePacket(`tcp 10.0.0.10:${port} > 192.168.0.1:${to} S seq 1`),
		);
	send(40000, 25);
	wait(0, 3000 - emptiedMs);
	for (let port = 40001; port <= 40006; port++) send(port, 26);
	wait(3000 - emptiedMs, 3001);
	return met;
}

// A second has 250 jiffies, which is what an error costs; up to 24 may be added by late timers.
test.each([
	[800, []],
	[960, ["neighbour"]],
	[1000, []],
])(
	"an error about a silent host, %i ms after its bucket was empty",
	(ms, chances) => {
		expect(chancesOf(ms)).toEqual(chances);
	},
);

test("of two silent hosts a kernel may give up either first, whose client then has no error left for the other", () => {
	const met: UnseenChance[] = [];
	const choice = Object.assign(seededChoice(1), {
		unseen: (chance: UnseenChance) => void met.push(chance),
	});
	const gateway = new ModelGateway(SETUP, { choice });
	for (const address of ["192.168.0.1", "192.168.0.2"])
		gateway.answer({
			kind: "neighbour",
			atMs: 0,
			interface: IN,
			address,
			answers: false,
		});
	for (let port = 1; port <= 4; port++)
		for (const address of ["192.168.0.1", "192.168.0.2"])
			gateway.receive(
				OUT,
				parsePacket(`tcp 10.0.0.10:${port} > ${address}:25 S seq 1`),
			);
	while (gateway.nowMs < 3001)
		gateway.answer({ kind: "wait", atMs: gateway.nowMs, toMs: 3001 });
	expect(new Set(met)).toEqual(new Set(["neighbour"]));
});
