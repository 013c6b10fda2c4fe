/**
 * The kernel of this machine beside the model, in turns: namespaces, pairs of veth between them, and a sender of its own
 * (`packet-sender.c`), with the recipe without its conditions, which few kernels have.
 */
import { execFileSync } from "node:child_process";
import { release } from "node:os";
import { gatewayRounds } from "./gateway-bench.ts";
import { RECIPE } from "./recipe-gateway.ts";
import type { Series } from "./series.ts";

const ROUNDS = 4;
const CONNECTIONS = 100_000;
const KNOWN = 10_000;
const REPEATS = 30;

const GATEWAY = "marktwin-bench-gateway";
const OUTSIDE = "marktwin-bench-outside";
const INSIDE = "marktwin-bench-inside";
const SENDER = "build/bench/packet-sender";

/** Ends of the links, the gateway's first. */
const MACS = {
	"bond0.204": "02:00:00:00:00:01",
	"bond0.205": "02:00:00:00:00:02",
	outside: "02:00:00:00:00:03",
	inside: "02:00:00:00:00:04",
} as const;

const SYN = "2";
const SYN_ACK = "18";
const ACK = "16";

/** New connections and packets of known ones, and how often the model does what the kernel does; nothing where it cannot. */
export function measureKernel(): readonly Series[] {
	const lacks = whatLacks();
	if (lacks !== null) {
		console.error(`the kernel is not measured: ${lacks}`);
		return [];
	}
	console.error(`the kernel is Linux ${release()}`);
	const measureModel = gatewayRounds();
	const rounds = Array.from({ length: ROUNDS }, () => {
		const kernel = kernelRound();
		const model = measureModel();
		return { kernel, model };
	}).slice(1);
	const fresh = rounds.map(({ kernel }) => kernel.fresh);
	const known = rounds.map(({ kernel }) => kernel.known);
	return [
		{
			name: "kernel: new connections",
			unit: "connections/s",
			values: fresh,
		},
		{ name: "kernel: known packets", unit: "packets/s", values: known },
		{
			name: "new connections beside it",
			unit: "times kernel's",
			values: rounds.map(({ kernel, model }) => model.fresh / kernel.fresh),
			aim: 8,
			digits: 2,
		},
		{
			name: "known packets beside it",
			unit: "times kernel's",
			values: rounds.map(({ kernel, model }) => model.known / kernel.known),
			aim: 10,
			digits: 2,
		},
	];
}

/** What is lacking to measure it; `null`: nothing is. */
function whatLacks(): string | null {
	if (process.getuid?.() !== 0) return "that takes root";
	try {
		run("cc", ["-O2", "-o", SENDER, "bench/packet-sender.c"]);
		run("unshare", ["--net", "iptables-legacy-restore", "--version"]);
		run("ip", ["netns", "list"]);
		return null;
	} catch (error) {
		return firstLine(error);
	}
}

function firstLine(error: unknown): string {
	const text = error instanceof Error ? error.message : `${error}`;
	return text.split("\n").slice(0, 2).join(": ");
}

function run(command: string, words: readonly string[], input?: string) {
	return execFileSync(command, words, {
		encoding: "utf8",
		stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
		...(input === undefined ? {} : { input }),
	});
}

function ip(words: string): void {
	run("ip", words.split(" "));
}

/** A second of the kernel's, as the model's bench counts. Packets that do not come out are an error. */
function kernelRound(): { readonly fresh: number; readonly known: number } {
	tearDown();
	try {
		setUp();
		const clients = { varying: "source", ends: CLIENTS } as const;
		const syn = { ...clients, flags: SYN, seq: 1000, ack: 0 };
		sendFrom(OUTSIDE, syn, { from: 0, to: KNOWN, times: 1 });
		// Whichever of them has the connection: the other one's answer is INVALID.
		for (const backend of BACKENDS)
			sendFrom(
				INSIDE,
				{
					varying: "destination",
					ends: [backend, "25", ...CLIENTS.slice(0, 2)],
					flags: SYN_ACK,
					seq: 5000,
					ack: 1001,
				},
				{ from: 0, to: KNOWN, times: 1 },
			);
		const ack = { ...clients, flags: ACK, seq: 1001, ack: 5001 };
		const known = sendFrom(OUTSIDE, ack, {
			from: 0,
			to: KNOWN,
			times: REPEATS,
		});
		const fresh = sendFrom(OUTSIDE, syn, {
			from: KNOWN,
			to: KNOWN + CONNECTIONS,
			times: 1,
		});
		const sent = KNOWN + KNOWN * REPEATS + CONNECTIONS;
		const came = received();
		// The interface has a few of its own to send as well.
		if (came < sent)
			throw new Error(`of ${sent} packets ${came} came out of the kernel`);
		return { fresh, known };
	} finally {
		tearDown();
	}
}

const CLIENTS = ["10.1.0.0", "20000", "10.0.0.1", "25"] as const;
const BACKENDS = ["192.168.0.1", "192.168.0.2"] as const;

function setUp(): void {
	for (const name of [GATEWAY, OUTSIDE, INSIDE]) ip(`netns add ${name}`);
	const links = [
		["bond0.204", OUTSIDE, "outside", "10.0.0.1/8"],
		["bond0.205", INSIDE, "inside", "192.168.0.254/24"],
	] as const;
	for (const [own, namespace, other, address] of links) {
		ip(
			`-n ${GATEWAY} link add ${own} type veth peer name ${other} netns ${namespace}`,
		);
		ip(`-n ${GATEWAY} link set ${own} address ${MACS[own]}`);
		ip(`-n ${namespace} link set ${other} address ${MACS[other]}`);
		ip(`-n ${GATEWAY} addr add ${address} dev ${own}`);
		ip(`-n ${GATEWAY} link set ${own} up`);
		ip(`-n ${namespace} link set ${other} up`);
	}
	const known = (address: string, device: string, mac: string) =>
		ip(
			`-n ${GATEWAY} neigh add ${address} lladdr ${mac} dev ${device} nud permanent`,
		);
	for (const backend of BACKENDS) known(backend, "bond0.205", MACS.inside);
	for (let last = 0; last < 6; last++)
		known(`10.1.0.${last}`, "bond0.204", MACS.outside);
	inGateway("sysctl", "-qw", "net.ipv4.ip_forward=1");
	const rules = RECIPE.replace(/ -m condition ! --condition \S+/g, "");
	run("ip", ["netns", "exec", GATEWAY, "iptables-legacy-restore"], rules);
}

function tearDown(): void {
	const there = run("ip", ["netns", "list"]);
	for (const name of [GATEWAY, OUTSIDE, INSIDE])
		if (there.includes(name)) ip(`netns del ${name}`);
}

function inGateway(...words: readonly string[]): string {
	return run("ip", ["netns", "exec", GATEWAY, ...words]);
}

interface Segments {
	/** The end that differs from connection to connection. */
	readonly varying: "source" | "destination";
	/** Source and its port, destination and its port. */
	readonly ends: readonly string[];
	readonly flags: string;
	readonly seq: number;
	readonly ack: number;
}

/** @returns packets a second of CPU time, of the sender's process: what it sends goes through the gateway meanwhile */
function sendFrom(
	namespace: string,
	{ varying, ends, flags, seq, ack }: Segments,
	much: { readonly from: number; readonly to: number; readonly times: number },
): number {
	const isOutside = namespace === OUTSIDE;
	const link = isOutside ? "outside" : "inside";
	const mac = MACS[isOutside ? "bond0.204" : "bond0.205"];
	const numbers = [much.from, much.to, much.times].map(String);
	const said = run("ip", [
		"netns",
		"exec",
		namespace,
		SENDER,
		link,
		mac,
		...ends,
		flags,
		`${seq}`,
		`${ack}`,
		varying,
		...numbers,
	]);
	const { sent, cpuSeconds } = JSON.parse(said) as {
		readonly sent: number;
		readonly cpuSeconds: number;
	};
	return sent / cpuSeconds;
}

/** Packets that came to the backends' side. */
function received(): number {
	const path = "/sys/class/net/inside/statistics/rx_packets";
	return Number(run("ip", ["netns", "exec", INSIDE, "cat", path]));
}
