/** What a gateway says of its own accord about a connection, by name. */
import { icmpName, isIcmpError } from "../../packet/icmp-names.ts";
import { type Packet, RST, SYN } from "../../packet/packet.ts";

/** What the gateway said itself: `rst`, `icmp host-unreachable` … */
export function nameOfAnswer(packet: Packet): string {
	if (packet.kind === "icmp") {
		return icmpAnswer(packet.type, packet.code);
	}
	if (packet.kind !== "tcp") return packet.kind;
	if (packet.flags & RST) return "rst";
	return packet.flags & SYN ? "syn/ack" : "tcp";
}

function icmpAnswer(type: number, code: number): string {
	return `icmp ${icmpName(type, code) ?? `${type}/${code}`}`;
}

/** `rst, 35 × icmp port-unreachable`: equal ones that follow each other once, with their number. */
export function answersInWords(answers: readonly string[]): string {
	const runs: { readonly name: string; count: number }[] = [];
	for (const name of answers) {
		const last = runs.at(-1);
		if (last?.name === name) last.count++;
		else runs.push({ name, count: 1 });
	}
	return runs
		.map(({ name, count }) => (count === 1 ? name : `${count} × ${name}`))
		.join(", ");
}

/** Codes of ICMP are fewer than that (`NR_ICMP_UNREACH` is 15, include/uapi/linux/icmp.h, 6.1). */
const ICMP_CODES = 16;

/** Every name that an answer about a connection can have. */
export const ANSWER_NAMES: readonly string[] = [
	"rst",
	"syn/ack",
	"tcp",
	...Array.from({ length: 256 }, (_, type) => type)
		.filter(isIcmpError)
		.flatMap((type) =>
			Array.from({ length: ICMP_CODES }, (_, code) => icmpAnswer(type, code)),
		),
];
