/** Ports as the matches read them that are older than libxtables' option tables: tcp and sctp. */
import { type ServiceProtocol, servicePort } from "../extension/names.ts";
import type { GivenOptions } from "../extension/options.ts";
import { readUnsigned } from "../extension/read-number.ts";
import type { PortRange } from "./port-range.ts";

/** `P`, `P:Q`, `:Q`, `P:`; `null` where the option was not given. @throws Refusal */
export function readPortRange(
	given: GivenOptions,
	option: string,
	protocol: ServiceProtocol,
): PortRange | null {
	const range = given.get(option, "string");
	if (!range) return null;
	if (given.all(option, "string").length > 1)
		return given.refuse(
			`Only one \`--${option}' allowed`,
			"Use `-m multiport` for several ports, or write a rule for each.",
			option,
		);
	const { text, inverted } = range;
	const port = (part: string) => readPort(given, option, part, protocol);
	const colon = text.indexOf(":");
	if (colon < 0) {
		const only = port(text);
		return { min: only, max: only, inverted };
	}
	const low = text.slice(0, colon);
	const high = text.slice(colon + 1);
	const min = low === "" ? 0 : port(low);
	const max = high === "" ? 65535 : port(high);
	if (min > max)
		return given.refuse(
			"invalid portrange (min > max)",
			`Turn it round: ${max}:${min}.`,
			option,
		);
	return { min, max, inverted };
}

function readPort(
	given: GivenOptions,
	option: string,
	text: string,
	protocol: ServiceProtocol,
): number {
	const number = readUnsigned(text, 0, 65535);
	const port = number < 0 ? servicePort(text, protocol) : number;
	if (port !== null) return port;
	return given.refuse(
		`invalid port/service \`${text}' specified`,
		text === "!"
			? `Put the \`!\` before the option: \`! --${option} PORT\`.`
			: "Write a port from 0 to 65535 or a service of /etc/services.",
		option,
	);
}
