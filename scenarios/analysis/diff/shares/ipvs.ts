/** What IPVS balances, read from what `ipvsadm-save -n` prints, and what each server gets. */
import { parseAddress } from "../../../../sim/packet/address.ts";
import { rational } from "../../../../sim/rational.ts";
import { NO_BACKEND } from "../../services/service.ts";
import type { Share } from "../../split/split.ts";
import type { SharesOf } from "./compare-shares.ts";

interface Server {
	/** `10.20.0.11:80` */
	readonly key: string;
	readonly weight: number;
	readonly forwards: "direct routing" | "a tunnel" | "translation";
}

interface IpvsService {
	/** `tcp 203.0.113.1:80` */
	readonly key: string;
	readonly scheduler: string;
	/** A client keeps its server for so long, s; `null`: it does not. */
	readonly persistentS: string | null;
	/** `sh-port` and the like. */
	readonly flags: string | null;
	readonly servers: Server[];
}

/** What is wrong with a line of the text, from 1. */
export interface IpvsFault {
	readonly line: number;
	readonly why: string;
}

/** Is it what ipvsadm prints, and no ruleset? */
export function isIpvs(text: string): boolean {
	const first = text
		.split(/\r?\n/)
		.find((line) => line.trim() !== "" && !line.startsWith("#"));
	return /^\s*(?:ipvsadm\s+)?-[AaC](?:\s+-[tufr]\s|\s*$)/.test(first ?? "");
}

/** @returns a fault, where it is not what ipvsadm-save -n prints */
export function readIpvs(text: string): readonly SharesOf[] | IpvsFault {
	const services = new Map<string, IpvsService>();
	for (const [index, whole] of text.split(/\r?\n/).entries()) {
		const words = whole
			.replace(/^\s*ipvsadm\s/, "")
			.trim()
			.split(/\s+/);
		if (words[0] === "" || words[0]?.startsWith("#")) continue;
		const why = readLine(words, services);
		if (why !== null) return { line: index + 1, why };
	}
	return [...services.values()].map(sharesOf);
}

/** Options that have an argument. */
const TAKES: ReadonlySet<string> = new Set(
	"-t -u -f --sctp-service -s -p -M -b --pe -r -w -x -y --tun-type --tun-port".split(
		" ",
	),
);
const FLAGS: ReadonlySet<string> = new Set(
	"-A -a -g -i -m -o --tun-nocsum --tun-csum --tun-remcsum".split(" "),
);

/** @returns what is wrong with it; `null`: nothing */
function readLine(
	words: readonly string[],
	services: Map<string, IpvsService>,
): string | null {
	const options = new Map<string, string>();
	for (let at = 0; at < words.length; at++) {
		const word = words[at] as string;
		if (FLAGS.has(word)) options.set(word, "");
		else if (TAKES.has(word)) options.set(word, words[++at] ?? "");
		else return `${word} is no option that is known`;
	}
	const key = serviceKey(options);
	if (key === null)
		return "it names no service by numbers: ipvsadm-save -n prints numbers";
	if (options.has("-A")) {
		services.set(key, {
			key,
			scheduler: options.get("-s") ?? "wlc",
			persistentS: options.get("-p") ?? null,
			flags: options.get("-b") ?? null,
			servers: [],
		});
		return null;
	}
	const service = services.get(key);
	if (!options.has("-a")) return "it adds neither a service nor a server";
	if (service === undefined) return `there is no service ${key} before it`;
	const server = options.get("-r") ?? "";
	const weight = Number(options.get("-w") ?? "1");
	if (!isPlace(server)) return `${server} is no address and port`;
	if (!Number.isInteger(weight) || weight < 0)
		return `${options.get("-w")} is no weight`;
	const forwards = options.has("-m")
		? "translation"
		: options.has("-i")
			? "a tunnel"
			: "direct routing";
	service.servers.push({ key: server, weight, forwards });
	return null;
}

function serviceKey(options: ReadonlyMap<string, string>): string | null {
	const mark = options.get("-f");
	if (mark !== undefined) return /^\d+$/.test(mark) ? `mark ${mark}` : null;
	const [protocol, place = ""] = options.has("-t")
		? ["tcp", options.get("-t")]
		: options.has("-u")
			? ["udp", options.get("-u")]
			: ["sctp", options.get("--sctp-service")];
	return isPlace(place) ? `${protocol} ${place}` : null;
}

function isPlace(text: string): boolean {
	const [address = "", port = "", ...more] = text.split(":");
	return (
		more.length === 0 &&
		parseAddress(address) !== null &&
		/^\d{1,5}$/.test(port)
	);
}

function sharesOf(service: IpvsService): SharesOf {
	const { key, scheduler, persistentS, servers } = service;
	const used = servers.filter(({ weight }) => weight > 0);
	const ways = new Set(
		used.flatMap(({ forwards }) =>
			forwards === "translation" ? [] : [forwards],
		),
	);
	return {
		key,
		name: null,
		clients: "all clients",
		parts: partsOf(service, used),
		notes: [
			...[...ways].map(
				(way) =>
					`IPVS hands packets on by ${way}, which no rule of iptables does: the ways of packets are not compared`,
			),
			...(persistentS === null
				? []
				: [
						`IPVS keeps a client's connections at one server for ${persistentS} s (${scheduler}, -p): whether the other side does is not compared`,
					]),
		],
	};
}

const ALL: Share = { kind: "exact", value: rational(1) };

function partsOf(
	service: IpvsService,
	used: readonly Server[],
): SharesOf["parts"] {
	const { scheduler, servers, flags } = service;
	const none = `${NO_BACKEND}: its server has no weight`;
	if (used.length === 0) return [{ key: none, share: ALL }];
	if (scheduler !== "sh")
		return used.map((server) => ({
			key: server.key,
			share: shareOf(server, used, scheduler),
		}));
	const idle = servers.length - used.length;
	const turns = idle + sumOf(used);
	const parts = used.map(({ key, weight }) => {
		return { key, share: bucketsOf(weight, turns) };
	});
	if (idle === 0) return parts;
	// One without weight has its turn as well; its clients get none, or another one (sh-fallback).
	if (flags?.includes("sh-fallback") !== true)
		return [...parts, { key: none, share: bucketsOf(idle, turns) }];
	const why =
		"sh-fallback: another server takes the clients of one that has no weight";
	return used.map(({ key }) => ({ key, share: { kind: "unknown", why } }));
}

function sumOf(servers: readonly Server[]): number {
	return servers.reduce((sum, { weight }) => sum + weight, 0);
}

/** Buckets of the table of ip_vs_sh.c (CONFIG_IP_VS_SH_TAB_BITS, default 8). */
const BUCKETS = 256;

/** Servers take as many buckets in turn as they have weight; those in front have one turn more than the others. */
function bucketsOf(weight: number, turns: number): Share {
	const rest = BUCKETS % turns;
	const sure = Math.floor(BUCKETS / turns) * weight;
	const least = rational(sure + Math.max(0, rest - (turns - weight)), BUCKETS);
	const greatest = rational(sure + Math.min(weight, rest), BUCKETS);
	return least.numerator === greatest.numerator &&
		least.denominator === greatest.denominator
		? { kind: "exact", value: least }
		: {
				kind: "interval",
				least,
				greatest,
				on: "the order in which servers were added",
				isUnknown: true,
			};
}

function shareOf(
	{ weight }: Server,
	used: readonly Server[],
	scheduler: string,
): Share {
	const sum = sumOf(used);
	if (used.length === 1) return ALL;
	switch (scheduler) {
		case "rr":
			return { kind: "exact", value: rational(1, used.length) };
		case "wrr":
			return { kind: "exact", value: rational(weight, sum) };
		case "mh":
			return {
				kind: "unknown",
				why: "mh gives each server about its weight of the clients: how many exactly, the table of the kernel says",
			};
		default:
			return {
				kind: "unknown",
				why: `${scheduler} goes by connections that stand, or by addresses that were asked for, and not by rules`,
			};
	}
}
