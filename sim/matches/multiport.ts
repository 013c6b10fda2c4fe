import { comparesPortList } from "../extension/comparisons.ts";
import { defineMatch, type Test } from "../extension/extension.ts";
import { madeUp, type Numbers, without } from "../extension/made-up.ts";
import { madeUpTest } from "../extension/made-up-test.ts";
import type { GivenOptions } from "../extension/options.ts";
import {
	protocolName,
	type ServiceProtocol,
	servicePort,
} from "../extension/values/names.ts";
import {
	noteService,
	UNKNOWN_PROTOCOL,
} from "../extension/values/open-names.ts";
import { readUnsigned } from "../extension/values/read-number.ts";
import { DCCP, SCTP, UDPLITE } from "../kernel.ts";
import { TCP, UDP } from "../packet/packet.ts";
import { portAt } from "../packet/skb/payload-ports.ts";
import type { Skb } from "../packet/skb/skb.ts";

/** Protocols that have their ports where TCP has them, and the names their services go by. */
const SERVICES: ReadonlyMap<number, ServiceProtocol | null> = new Map([
	[TCP, "tcp" as const],
	[UDP, "udp" as const],
	[UDPLITE, null],
	[SCTP, "sctp" as const],
	[DCCP, null],
	[UNKNOWN_PROTOCOL, null],
]);

const GREATEST_PORT = 65535;
/** XT_MULTI_PORTS (include/uapi/linux/netfilter/xt_multiport.h, 6.1); a range takes two. */
const MOST_PORTS = 15;

interface Options {
	readonly of: "sports" | "dports" | "ports";
	readonly inverted: boolean;
	/** A single port is a range of one. */
	readonly ranges: readonly {
		readonly min: number;
		readonly max: number;
	}[];
}

const NAMES = ["source-ports", "destination-ports", "ports"] as const;
const PRINTED = {
	"source-ports": "sports",
	"destination-ports": "dports",
	ports: "ports",
} as const;
const FIELDS = {
	sports: ["sourcePort"],
	dports: ["destinationPort"],
	ports: ["sourcePort", "destinationPort"],
} as const;
const others = (name: string) => NAMES.filter((other) => other !== name);

/** Is a port in a list? (iptables 1.8.9 libxt_multiport.c, kernel 6.1 xt_multiport.c, revision 1) */
export const multiport = defineMatch<Options>({
	name: "multiport",
	onFragments: "needs-header",
	options: [
		...NAMES.map((name) => ({
			name,
			type: "string" as const,
			invertible: true,
			excludes: others(name),
		})),
		{
			name: "sports",
			type: "string",
			invertible: true,
			sameAs: "source-ports",
		},
		{
			name: "dports",
			type: "string",
			invertible: true,
			sameAs: "destination-ports",
		},
	],
	build(given) {
		const name = NAMES.find((option) => given.has(option));
		const list = name && given.get(name, "string");
		if (!name || !list)
			return given.refuse(
				given.behaviour.words === "of 1.8.9"
					? "multiport expection an option"
					: "no ports specified",
				"List the ports: `--dports 25,587`.",
			);
		return {
			of: PRINTED[name],
			inverted: list.inverted,
			ranges: readRanges(given, name, list.text),
		};
	},
	print({ of, inverted, ranges }) {
		const list = ranges
			.map(({ min, max }) => (min === max ? min : `${min}:${max}`))
			.join(",");
		return `${inverted ? " !" : ""} --${of} ${list}`;
	},
	readsHeadersAlone: true,
	compares: ({ of, inverted, ranges }) =>
		comparesPortList(FIELDS[of], ranges, inverted),
	comparesAll: () => true,
	compile({ of, inverted, ranges }, ports, { name }) {
		const known = new Uint8Array(65536);
		for (const { min, max } of ranges) known.fill(1, min, max + 1);
		const isIn = (port: number): boolean => known[port] === 1;
		const wanted = !inverted;
		const test: Test =
			of === "sports"
				? (skb) => isIn(skb.sourcePort) === wanted
				: of === "dports"
					? (skb) => isIn(skb.destinationPort) === wanted
					: (skb) =>
							(isIn(skb.sourcePort) || isIn(skb.destinationPort)) === wanted;
		const ofPorts = madeUpTest(test, ports, name, (skb, made) => {
			// One port is a service's: no client has it by chance, but where it was made up for a rule that asks for it.
			const wide = ranges.filter(
				({ min, max }) =>
					min < max || (min === skb.sourcePort && !made.isAnswer),
			);
			if (wide.length === 0) return null;
			const value = of === "dports" ? null : madeUp.sourcePort(skb, made);
			if (value !== null)
				return of === "ports" && isIn(skb.destinationPort)
					? null
					: { ...value, holds: holdsIn(wide, inverted) };
			const asked = of === "sports" ? null : madeUp.destinationPort(skb, made);
			if (asked === null || (of === "ports" && isIn(skb.sourcePort)))
				return null;
			return { ...asked, holds: holdsIn(wide, inverted) };
		});
		const ofPayload = (skb: Skb): boolean => {
			if (skb.payload.length < 4) {
				skb.hotdrop = true;
				return false;
			}
			const source = of !== "dports" && isIn(portAt(skb, 0));
			const destination = of !== "sports" && isIn(portAt(skb, 2));
			return (source || destination) === wanted;
		};
		return (skb) =>
			skb.protocol === TCP || skb.protocol === UDP
				? ofPorts(skb)
				: ofPayload(skb);
	},
});

function holdsIn(ranges: Options["ranges"], inverted: boolean): Numbers {
	const inside: Numbers = ranges.map(({ min, max }) => [min, max]);
	return inverted ? without([[0, GREATEST_PORT]], inside) : inside;
}

function readRanges(
	given: GivenOptions,
	option: string,
	list: string,
): Options["ranges"] {
	const protocol = serviceProtocol(given, option);
	const tooMany = () =>
		given.refuse(
			"too many ports specified",
			`One list holds ${MOST_PORTS} ports, a range counting as two; write a second rule.`,
			option,
		);
	const port = (text: string, standIn: number): number => {
		const number = readUnsigned(text, 0, 65535);
		if (number >= 0) return number;
		const service = protocol === null ? null : servicePort(text, protocol);
		return (
			service ??
			noteService(text, protocolName(given.protocol), standIn) ??
			given.refuse(
				`invalid port/service \`${text}' specified`,
				"Separate ports by commas alone; a port is 0 to 65535 or a service of /etc/services.",
				option,
			)
		);
	};
	const ranges: { min: number; max: number }[] = [];
	let taken = 0;
	for (const part of list.split(",")) {
		const colon = part.indexOf(":");
		taken += colon < 0 ? 1 : 2;
		if (taken > MOST_PORTS) return tooMany();
		const min = port(colon < 0 ? part : part.slice(0, colon), 0);
		const max = colon < 0 ? min : port(part.slice(colon + 1), 65535);
		if (colon >= 0 && min >= max)
			return given.refuse(
				"invalid portrange specified",
				"The first port of a range is less than the second.",
				option,
			);
		ranges.push({ min, max });
	}
	return ranges;
}

function serviceProtocol(
	given: GivenOptions,
	option: string,
): ServiceProtocol | null {
	const service = SERVICES.get(given.protocol);
	if (given.protocol === 0 && !given.protocolInverted)
		return given.refuse(
			"multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'",
			"Write `-p tcp` in front of `-m multiport`.",
			option,
		);
	if (service === undefined || given.protocolInverted)
		return given.refuse(
			"multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP",
			"Write a rule for each protocol.",
			option,
		);
	return service;
}
