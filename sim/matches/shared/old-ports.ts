/** Ports as the matches read them that are older than libxtables' option tables: tcp and sctp. */

import type { GivenOptions } from "../../extension/options.ts";
import {
	type ServiceProtocol,
	servicePort,
} from "../../extension/values/names.ts";
import { noteService } from "../../extension/values/open-names.ts";
import { readUnsigned } from "../../extension/values/read-number.ts";
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
	const port = (part: string, standIn = 0) =>
		portNumber(part, protocol, standIn) ?? refusePort(given, option, part);
	const colon = text.indexOf(":");
	if (colon < 0) {
		const only = port(text);
		return { min: only, max: only, inverted };
	}
	const low = text.slice(0, colon);
	const high = text.slice(colon + 1);
	const min = low === "" ? 0 : port(low);
	const max = high === "" ? 65535 : port(high, 65535);
	if (min > max)
		return given.refuse(
			"invalid portrange (min > max)",
			`Turn it round: ${max}:${min}.`,
			option,
		);
	return { min, max, inverted };
}

function portNumber(
	text: string,
	protocol: ServiceProtocol,
	standIn: number,
): number | null {
	const number = readUnsigned(text, 0, 65535);
	return number < 0
		? (servicePort(text, protocol) ?? noteService(text, protocol, standIn))
		: number;
}

function refusePort(given: GivenOptions, option: string, text: string): never {
	return given.refuse(
		`invalid port/service \`${text}' specified`,
		text === "!"
			? `Put the \`!\` before the option: \`! --${option} PORT\`.`
			: "Write a port from 0 to 65535 or a service of /etc/services.",
		option,
	);
}
