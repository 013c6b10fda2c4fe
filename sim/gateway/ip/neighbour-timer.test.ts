import { expect, test } from "vitest";
import type { UnseenChance } from "../../chance/choice.ts";
import { seededChoice } from "../../chance/seeded.ts";
import { parsePacket } from "../../packet/notation/notation.ts";
import { ModelGateway } from "../model-gateway.ts";
import { IN, OUT, SETUP } from "../test-gateway.ts";

/**
 * A silent host, to which `packets` were sent, is given up after three seconds; its client's bucket was emptied
 * `emptiedMs` before.
 */
function chancesOf(emptiedMs: number, packets = 1): readonly UnseenChance[] {
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
	for (let sent = 0; sent < packets; sent++) send(50000 + sent, 25);
	wait(0, 3000 - emptiedMs);
	for (let port = 40001; port <= 40006; port++) send(port, 26);
	wait(3000 - emptiedMs, 3001);
	return met;
}

// A second has 250 jiffies, which is what an error costs; up to 54 may be added by late timers.
test.each([
	[760, []],
	[800, ["neighbour"]],
	[960, ["neighbour"]],
	[1000, []],
])(
	"an error about a silent host, %i ms after its bucket was empty",
	(ms, chances) => {
		expect(chancesOf(ms)).toEqual(chances);
	},
);

test.each([
	[101, []],
	[102, ["neighbour-queue"]],
])(
	"of %i packets for a silent host, all may wait or not",
	(packets, chances) => {
		expect(chancesOf(1000, packets)).toEqual(chances);
	},
);

/** Two hosts are silent, and sent to one `apartMs` after the other; `ports` connections to each. */
function chancesOfTwo({
	rules = "",
	apartMs = 0,
	ports = 1,
}: {
	readonly rules?: string;
	readonly apartMs?: number;
	readonly ports?: number;
}): ReadonlySet<UnseenChance> {
	const met = new Set<UnseenChance>();
	const choice = Object.assign(seededChoice(1), {
		unseen: (chance: UnseenChance) => void met.add(chance),
	});
	const gateway = new ModelGateway(
		{ ...SETUP, sets: "create seen hash:ip counters\n" },
		{ choice },
	);
	const waitTo = (toMs: number) => {
		while (gateway.nowMs < toMs)
			gateway.answer({ kind: "wait", atMs: gateway.nowMs, toMs });
	};
	gateway.operate({
		kind: "restore",
		text: `*filter\n${rules}COMMIT\n`,
		file: "test.rules",
		noflush: false,
		counters: false,
	});
	for (const address of ["192.168.0.1", "192.168.0.2"]) {
		gateway.answer({
			kind: "neighbour",
			atMs: gateway.nowMs,
			interface: IN,
			address,
			answers: false,
		});
		for (let port = 1; port <= ports; port++)
			gateway.receive(
				OUT,
				parsePacket(`tcp 10.0.0.10:${port} > ${address}:25 S seq 1`),
			);
		waitTo(apartMs);
	}
	waitTo(apartMs + 3001);
	return met;
}

test("of two silent hosts a kernel may give up either first, whose client then has no error left for the other", () => {
	expect(chancesOfTwo({ ports: 4 })).toEqual(new Set(["neighbour"]));
	expect(chancesOfTwo({ ports: 1 })).toEqual(new Set());
});

/** Only the first error gets into it, with its octets. */
const SET = "-A OUTPUT -j SET --add-set seen src\n";
const QUOTA = "-A OUTPUT -m quota2 --name q --quota 150\n";
const NTH = "-A OUTPUT -m statistic --mode nth --every 3 --packet 1\n";

test.each([
	{ rules: NTH, apartMs: 0, chances: ["neighbour"] },
	{ rules: NTH, apartMs: 200, chances: ["neighbour"] },
	{ rules: NTH, apartMs: 230, chances: [] },
	{ rules: "-A OUTPUT -p icmp\n", apartMs: 0, chances: [] },
	{ rules: SET, apartMs: 0, chances: ["neighbour"] },
	{ rules: SET, apartMs: 230, chances: [] },
	{ rules: QUOTA, apartMs: 200, chances: ["neighbour"] },
])(
	"a rule that counts errors about two silent hosts may have counted either first: %j",
	({ rules, apartMs, chances }) => {
		expect(chancesOfTwo({ rules, apartMs })).toEqual(new Set(chances));
	},
);

test.each(["forgotten", "timed out"])(
	"an error for the very neighbour that is %s is lost with all that waits, whoever answers by then",
	(how) => {
		const gateway = new ModelGateway(SETUP, { choice: seededChoice(1) });
		const ask = { interface: OUT, address: "10.0.0.10" };
		const becomes = (atMs: number, answers: boolean) =>
			gateway.answer({ kind: "neighbour", atMs, ...ask, answers });
		const send = (text: string) => {
			const { fate } = gateway.receive(IN, parsePacket(text));
			return fate?.kind;
		};
		becomes(0, false);
		expect(send("udp 10.0.0.10:1 > 10.0.0.10:2")).toBe("queued");
		expect(send("udp 192.168.0.1:1 > 10.0.0.10:2")).toBe("queued");
		const wait = (atMs: number, toMs: number) =>
			gateway.answer({ kind: "wait", atMs, toMs });
		wait(0, 2500);
		becomes(2500, true);
		const { emissions } =
			how === "timed out"
				? wait(2500, 3100)
				: gateway.answer({
						kind: "operation",
						atMs: 2500,
						operation: { kind: "forget-neighbour", address: "10.0.0.10" },
					});
		expect(emissions).toEqual([]);
		expect(send("udp 192.168.0.1:1 > 10.0.0.10:2")).toBe("forwarded");
	},
);

// The error about one waits for the other: which of them a kernel gives up first is its timers' affair.
test.each([
	[1, ["neighbour"]],
	[200, ["neighbour"]],
	[400, []],
])(
	"an error about a silent host for another, of which it hears %i ms later",
	(apartMs, chances) => {
		const met: UnseenChance[] = [];
		const choice = Object.assign(seededChoice(1), {
			hearsUnseen: true,
			unseen: (chance: UnseenChance) => void met.push(chance),
		});
		const gateway = new ModelGateway(SETUP, { choice });
		for (const [link, address] of [
			[IN, "192.168.0.1"],
			[OUT, "10.0.0.10"],
		] as const)
			gateway.answer({
				kind: "neighbour",
				atMs: 0,
				interface: link,
				address,
				answers: false,
			});
		const wait = (atMs: number, toMs: number) =>
			gateway.answer({ kind: "wait", atMs, toMs });
		const send = (link: string, text: string) =>
			gateway.receive(link, parsePacket(text));
		send(OUT, "udp 10.0.0.10:1 > 192.168.0.1:2");
		wait(0, apartMs);
		send(IN, "udp 192.168.0.7:1 > 10.0.0.10:2");
		wait(apartMs, 3000 + apartMs + 1);
		expect(met).toEqual(chances);
	},
);

// Its first packet waits for a host that another has been waiting for; errors about both come 3 s after that.
test.each([
	[3, ["neighbour"]],
	[30, []],
])("an error about a connection that lasts for %i s", (timeoutS, chances) => {
	const met: UnseenChance[] = [];
	const choice = Object.assign(seededChoice(1), {
		hearsUnseen: true,
		unseen: (chance: UnseenChance) => void met.push(chance),
	});
	const sysctls = {
		...SETUP.sysctls,
		"netfilter.nf_conntrack_udp_timeout": timeoutS,
	};
	const gateway = new ModelGateway({ ...SETUP, sysctls }, { choice });
	gateway.operate({
		kind: "restore",
		text: "*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n",
		file: "",
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
	const send = (port: number) =>
		gateway.receive(OUT, parsePacket(`udp 10.0.0.10:${port} > 192.168.0.1:2`));
	send(1);
	gateway.answer({ kind: "wait", atMs: 0, toMs: 100 });
	send(2);
	gateway.answer({ kind: "wait", atMs: 100, toMs: 3200 });
	expect(met).toEqual(chances);
});

/** A host answered once and fell silent `silentMs` later, at which a packet is sent to it. */
function chancesOfSilence(silentMs: number): ReadonlySet<UnseenChance> {
	const met = new Set<UnseenChance>();
	const choice = Object.assign(seededChoice(1), {
		unseen: (chance: UnseenChance) => void met.add(chance),
	});
	const gateway = new ModelGateway(SETUP, { choice });
	const send = (port: number) =>
		gateway.receive(
			OUT,
			parsePacket(`tcp 10.0.0.10:${port} > 192.168.0.1:25 S seq 1`),
		);
	send(50000);
	gateway.answer({ kind: "wait", atMs: 0, toMs: silentMs });
	gateway.answer({
		kind: "neighbour",
		atMs: silentMs,
		interface: IN,
		address: "192.168.0.1",
		answers: false,
	});
	send(50001);
	return met;
}

// Half of base_reachable_time is the shortest that a kernel draws (neigh_rand_reach_time).
test.each([
	[14_000, []],
	[16_000, ["neighbour"]],
	[44_000, ["neighbour"]],
])(
	"a host that fell silent %i ms after it answered is believed, or not by every kernel",
	(ms, chances) => {
		expect([...chancesOfSilence(ms)]).toEqual(chances);
	},
);
