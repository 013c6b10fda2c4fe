/**
 * Sets of ipset that generated rules name: one of each type that is modelled, and some that commands make, swap
 * and destroy. Members are addresses, ports and marks that generated packets have.
 */
import fc from "fast-check";

interface FuzzSet {
	readonly name: string;
	readonly type: string;
	/** What it is made with, besides extensions. */
	readonly header: string;
	readonly members: readonly string[];
	/** Takes `nomatch`. */
	readonly hasNets: boolean;
}

function set(
	name: string,
	type: string,
	header: string,
	members: string,
): FuzzSet {
	const hasNets = /net/.test(type);
	return { name, type, header, members: members.split(" "), hasNets };
}

/** Of these rules are made. */
const NAMED_SETS: readonly FuzzSet[] = [
	set(
		"hosts",
		"hash:ip",
		"",
		"10.0.0.10 10.0.0.11 192.168.0.1 172.16.0.5 203.0.113.7 10.0.0.1",
	),
	set("blocks", "hash:ip", " netmask 24", "10.0.0.0 192.168.0.0 203.0.113.0"),
	set(
		"nets",
		"hash:net",
		"",
		"10.0.0.0/8 10.0.0.0/28 10.0.0.10 192.168.0.0/24 128.0.0.0/1 172.16.0.0-172.16.0.6",
	),
	set(
		"ports",
		"hash:ip,port",
		"",
		"10.0.0.1,25 10.0.0.10,tcp:40000-40001 192.168.0.1,tcp:25 192.168.0.2,udp:80 10.0.0.10,icmp:echo-request 203.0.113.7,47:0",
	),
	set(
		"pairs",
		"hash:ip,port,ip",
		"",
		"10.0.0.10,25,10.0.0.1 10.0.0.10,40000,192.168.0.1 192.168.0.1,udp:25,10.0.0.11 10.0.0.10,icmp:8/0,10.0.0.1",
	),
	set(
		"netports",
		"hash:net,port",
		"",
		"10.0.0.0/8,25 10.0.0.0/29,25 192.168.0.0/24,tcp:80 172.16.0.0/16,udp:587 10.0.0.1,icmp:echo-request 0.0.0.0/1,tcp:25-26",
	),
	set(
		"routes",
		"hash:ip,port,net",
		"",
		"10.0.0.10,25,10.0.0.0/8 10.0.0.10,25,10.0.0.1 192.168.0.1,tcp:25,10.0.0.0/24 10.0.0.10,40000,192.168.0.0/16",
	),
	set(
		"macs",
		"hash:mac",
		"",
		"02:aa:0a:00:00:0a 02:aa:0a:00:00:0b 02:aa:c0:a8:00:01 02:aa:ac:10:00:05",
	),
	set(
		"marked",
		"hash:ip,mark",
		" markmask 0xff",
		"10.0.0.10,0x1 10.0.0.10,0 192.168.0.1,0x2 10.0.0.11,0x103",
	),
	set(
		"ways",
		"hash:net,net",
		"",
		"10.0.0.0/8,192.168.0.0/24 10.0.0.10,0.0.0.0/1 10.0.0.0/24,10.0.0.0/24 192.168.0.1,10.0.0.0/8",
	),
	set(
		"links",
		"hash:net,iface",
		"",
		"0.0.0.0/0,bond0.204 10.0.0.0/8,bond0.205 10.0.0.10,eth2 192.168.0.0/24,bond0.205",
	),
	set("low", "bitmap:port", " range 0-1023", "25 80 587 100-200"),
	set("few", "bitmap:ip", " range 10.0.0.0-10.0.0.31", "10.0.0.1 10.0.0.8/29"),
];

const LIST = "all";
/** Of the same kind as `hosts` and `nets`: they can be swapped. */
const SPARE = ["hosts2", "nets2"];

/**
 * Seconds that an element stays. Of networks, and of lists that have sets of them, none is over before the end: until
 * when the kernel has collected it decides how long the networks are that rules add (`INIT_CIDR`).
 */
export const timeoutIn = (name: string): number =>
	/net|list/.test(TYPES.get(name) ?? "") ? 2_000_000 : 617;

const extensionsOf = (name: string): readonly string[] => [
	"",
	"",
	" counters",
	` timeout ${timeoutIn(name)}`,
	" timeout 0 counters",
	" timeout 2000000 skbinfo",
	" counters comment",
	" skbinfo",
];

const MARKS = ["skbmark 0x1/0xff", "skbmark 0x2", "skbprio 1:2"];

/** Which set is of which type. */
const TYPES: ReadonlyMap<string, string> = new Map([
	...NAMED_SETS.map(({ name, type }) => [name, type] as const),
	[LIST, "list:set"] as const,
]);

export const SET_TYPES: readonly string[] = [...new Set(TYPES.values())];

export function typeOfSet(name: string): string | null {
	return TYPES.get(name) ?? null;
}

/** One direction to three: those of a set with more never match. */
const anySides = fc
	.array(fc.constantFrom("src", "dst"), { minLength: 1, maxLength: 3 })
	.map((sides) => sides.join(","));

/** As many as the type has, mostly those that its members are made for. */
function sidesOf(type: string): fc.Arbitrary<string> {
	// The gateway's own MAC addresses are not modelled.
	if (type === "hash:mac") return fc.constant("src");
	const dimension = type.split(",").length;
	const first = (sides: string) => sides.split(",").slice(0, dimension).join();
	return fc.oneof(
		{ weight: 4, arbitrary: fc.constant(first("src,dst,dst")) },
		{ weight: 2, arbitrary: fc.constant(first("dst,src,src")) },
		{ weight: 2, arbitrary: anySides },
	);
}

/** `NAME src,dst`. */
export const setUses: fc.Arbitrary<string> = fc
	.constantFrom(...TYPES)
	.chain(([name, type]) => sidesOf(type).map((sides) => `${name} ${sides}`));

function textOf({
	name,
	type,
	header,
	members,
	hasNets,
}: FuzzSet): fc.Arbitrary<string> {
	return fc
		.tuple(
			fc.subarray([...members]),
			fc.constantFrom(...extensionsOf(name)),
			fc.nat(7),
			fc.constantFrom(...MARKS),
		)
		.map(([some, extensions, odd, mark]) => {
			const lines = some.map((member, index) => {
				// One in a few is an exception.
				const isException = hasNets && index % 3 === odd % 4;
				const rest = extensions.includes("skbinfo") ? ` ${mark}` : "";
				return `add ${name} ${member}${isException ? " nomatch" : ""}${rest}`;
			});
			return [`create ${name} ${type}${header}${extensions}`, ...lines].join(
				"\n",
			);
		});
}

/** Rules ask a list for both ends of a packet, and of what it goes to the MAC address may be the gateway's own. */
const LISTED = NAMED_SETS.filter(({ type }) => type !== "hash:mac");

const list = fc
	.tuple(
		fc.subarray(LISTED.map(({ name }) => name)),
		fc.constantFrom("", " counters", " skbinfo"),
	)
	.map(([members, extensions]) =>
		[
			`create ${LIST} list:set${extensions}`,
			...members.map((name) => `add ${LIST} ${name}`),
		].join("\n"),
	);

/** For `ipset restore`, before the rules. */
export const setTexts: fc.Arbitrary<string> = fc
	.tuple(...NAMED_SETS.map(textOf), list)
	.map(
		(texts) =>
			`${texts.join("\n")}\ncreate hosts2 hash:ip\nadd hosts2 10.0.0.10\ncreate nets2 hash:net\n`,
	);

const entries = fc
	.constantFrom(...NAMED_SETS)
	.chain(({ name, members }) =>
		fc.constantFrom(...members).map((member) => `${name} ${member}`),
	);

/** Command lines of ipset, some of which it refuses. */
export const setCommands: fc.Arbitrary<string> = fc.oneof(
	{
		weight: 4,
		arbitrary: fc
			.tuple(
				fc.constantFrom("", "", "-! "),
				fc.constantFrom("add", "add", "del", "test"),
				entries,
				fc.constantFrom("", "", "", " timeout", " nomatch", " packets 5"),
			)
			.map(([exist, verb, entry, rest]) => {
				const [name = ""] = entry.split(" ");
				const isTimed = rest === " timeout";
				const given = isTimed ? `${rest} ${timeoutIn(name)}` : rest;
				return `${exist}${verb} ${entry}${verb === "add" ? given : ""}`;
			}),
	},
	{
		weight: 1,
		arbitrary: fc.oneof(
			fc.constantFrom(...TYPES.keys(), ...SPARE).map((name) => `flush ${name}`),
			fc.constantFrom(
				"swap hosts hosts2",
				"swap nets nets2",
				"swap hosts nets",
				"swap low few",
			),
			fc.constantFrom(
				"create more hash:ip",
				"create hosts hash:ip",
				"-exist create hosts2 hash:ip",
				"destroy more",
				"destroy hosts2",
				"destroy hosts",
				"destroy -exist nowhere",
				"rename hosts2 hosts3",
				"rename hosts3 hosts2",
				"rename nets more",
				"add all hosts2",
				"del all hosts",
				"add all hosts2 before hosts",
				"add all all",
			),
		),
	},
);

/** What `restore` reads; the last line of some is refused. */
export const setRestores: fc.Arbitrary<{
	readonly command: string;
	readonly input: string;
}> = fc
	.tuple(
		fc.constantFrom("restore", "restore -!", "-exist restore"),
		fc.array(entries, { minLength: 1, maxLength: 4 }),
		fc.constantFrom("", "add hosts nonsense/99", "add nowhere 10.0.0.1"),
	)
	.map(([command, some, last]) => ({
		command,
		input: `${[...some.map((entry) => `add ${entry}`), last].join("\n")}\n`,
	}));
