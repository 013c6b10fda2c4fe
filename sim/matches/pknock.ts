import { defineMatch } from "../extension/extension.ts";
import { olderFlag, olderOption } from "../extension/options/older-options.ts";
import type { GivenOptions, OptionEntry } from "../extension/options.ts";
import { protocolName, servicePort } from "../extension/values/names.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { noteService } from "../extension/values/open-names.ts";
import { readUnsigned } from "../extension/values/read-number.ts";
import { TCP, UDP } from "../packet/packet.ts";
import { leadingInteger } from "./shared/leading-number.ts";

interface Options {
	readonly name: string;
	/** `null`, here and below: not given. */
	readonly ports: readonly number[] | null;
	/** Seconds. */
	readonly time: number | null;
	/** Minutes. */
	readonly autoclose: number | null;
	readonly openSecret: string | null;
	readonly closeSecret: string | null;
	readonly strict: boolean;
	readonly checkIp: boolean;
}

/** XT_PKNOCK_MAX_PORTS, XT_PKNOCK_MAX_BUF_LEN, XT_PKNOCK_MAX_PASSWD_LEN */
const MOST_PORTS = 15;
const NAME_LENGTH = 31;
const SECRET_LENGTH = 31;
const U32 = 0xffffffff;

const TABLE = [
	olderOption("knockports"),
	olderOption("time"),
	olderOption("autoclose"),
	olderOption("name"),
	olderOption("opensecret"),
	olderOption("closesecret"),
	olderFlag("strict"),
	olderFlag("checkip"),
];

/** Ports that are knocked at before one opens (xtables-addons 3.23: libxt_pknock.c, xt_pknock.c). */
export const pknock = defineMatch<Options>({
	name: "pknock",
	flagCodes: { strict: "x", checkip: "c" },
	library: { package: "xtables-addons" },
	stateful: true,
	options: TABLE,
	build(given) {
		const text = (name: string) => given.get(name, "string")?.text ?? null;
		for (const option of TABLE) onceAndPlain(given, option);
		const [ports, time] = [text("knockports"), text("time")];
		const autoclose = text("autoclose");
		const secret = (name: string) => {
			const given = text(name);
			return given === null ? null : cutOctets(given, SECRET_LENGTH);
		};
		const options: Options = {
			name: cutOctets(text("name") ?? "", NAME_LENGTH),
			ports: ports === null ? null : readPorts(given, ports),
			time: time === null ? null : readTime(given, time),
			autoclose: autoclose === null ? null : readMinutes(given, autoclose),
			openSecret: secret("opensecret"),
			closeSecret: secret("closesecret"),
			strict: given.has("strict"),
			checkIp: given.has("checkip"),
		};
		mustGoTogether(given, options);
		return options;
	},
	// Blanks as the library has them; it keeps the secrets to itself.
	print: (options) =>
		[
			options.ports === null ? "" : ` --knockports ${options.ports.join(",")} `,
			options.time === null ? "" : ` --time ${options.time} `,
			options.autoclose === null ? "" : ` --autoclose ${options.autoclose} `,
			` --name ${options.name} `,
			options.openSecret === null ? "" : " --opensecret ",
			options.closeSecret === null ? "" : " --closesecret ",
			options.strict ? " --strict " : "",
			options.checkIp ? " --checkip " : "",
		].join(""),
	/** `pknock_mt_check` */
	check({ name, ports, openSecret, closeSecret }) {
		if (openSecret !== null && ports?.length !== 1)
			return "xt_pknock: --opensecret must have just one knock port";
		if (openSecret !== null && openSecret === closeSecret)
			return "xt_pknock: opensecret & closesecret cannot be equal.";
		// Its file is to be in /proc/net/xt_pknock.
		return name === "" || name.includes("/")
			? "xt_pknock: add_rule() error in checkentry() function."
			: null;
	},
	question: () => ({
		kind: "open",
		on: "the packets that came before",
	}),
	compile: null,
});

function onceAndPlain(given: GivenOptions, { name, type }: OptionEntry): void {
	const uses = given.all(name, type);
	if (uses.length > 1)
		given.refuse(
			`xt_pknock: cannot use --${name} twice.`,
			"Take one of the two away.",
			name,
		);
	if (uses[0]?.inverted)
		given.refuse(
			"xt_pknock: does not support invert.",
			"Take the `!` away.",
			name,
		);
}

function readPorts(given: GivenOptions, list: string): readonly number[] {
	const { protocol, protocolInverted } = given;
	if (protocol === 0)
		return given.refuse(
			"xt_pknock: needs `-p tcp' or `-p udp'",
			"Write the protocol before it.",
			"knockports",
		);
	if (protocolInverted || (protocol !== TCP && protocol !== UDP))
		return given.refuse(
			"xt_pknock: only works with TCP and UDP.",
			"Write `-p tcp` or `-p udp` before it.",
			"knockports",
		);
	const words = list.split(",");
	const ports = words
		.slice(0, MOST_PORTS)
		.map((word) => readPort(given, word, protocol === TCP ? "tcp" : "udp"));
	if (words.length > MOST_PORTS)
		return given.refuse(
			"too many ports specified",
			`At most ${MOST_PORTS} are knocked at.`,
			"knockports",
		);
	return ports;
}

/** `xtables_parse_port` */
function readPort(
	given: GivenOptions,
	word: string,
	protocol: "tcp" | "udp",
): number {
	const number = readUnsigned(word, 0, 65535);
	if (number >= 0) return number;
	return (
		servicePort(word, protocol) ??
		noteService(word, protocolName(given.protocol), 0) ??
		given.refuse(
			`invalid port/service \`${word}' specified`,
			"Separate ports by commas alone; a port is 0 to 65535 or a service of /etc/services.",
			"knockports",
		)
	);
}

/** `strtol`, of which 32 bits are kept. */
function readTime(given: GivenOptions, text: string): number {
	const time = Number(BigInt.asUintN(32, leadingInteger(text)));
	return time > 0
		? time
		: given.refuse(
				"xt_pknock: --time number must be > 0.",
				"Write a number of seconds: `--time 10`.",
				"time",
			);
}

function readMinutes(given: GivenOptions, text: string): number {
	const minutes = readUnsigned(text, 0, U32);
	return minutes >= 0
		? minutes
		: given.refuse(
				`xt_pknock: : Bad value for "--autoclose" option: "${text}"`,
				"Write a number of minutes: `--autoclose 5`.",
				"autoclose",
			);
}

/** `pknock_mt_check` of the library. */
function mustGoTogether(given: GivenOptions, options: Options): void {
	const { ports, time, autoclose, openSecret, closeSecret, checkIp } = options;
	const [opens, closes] = [openSecret !== null, closeSecret !== null];
	const wrong = !given.has("name")
		? "--name option is required."
		: ports !== null && checkIp
			? "cannot specify --knockports with --checkip."
			: ports !== null && opens && !closes
				? "--opensecret must go with --closesecret."
				: ports !== null && closes && !opens
					? "--closesecret must go with --opensecret."
					: checkIp && (opens || closes)
						? "cannot specify --opensecret and --closesecret with --checkip."
						: checkIp && time !== null
							? "cannot specify --time with --checkip."
							: checkIp && autoclose !== null
								? "cannot specify --autoclose with --checkip."
								: !checkIp && !opens && time === null
									? "you must specify --time."
									: null;
	if (wrong !== null)
		given.refuse(
			`xt_pknock: ${wrong}`,
			"Write `--name NAME --knockports PORTS --time SECONDS`, or `--name NAME --checkip`.",
		);
}
