/** Later packets of a connection, where what is not known has a part in them. */
import { expect, it } from "vitest";
import { backendChanges } from "./rules/affinity/backend-changes.ts";
import { knownConnectionsCounted } from "./rules/balance/known-connections-counted.ts";
import { unknownOf } from "./run/unknown.ts";
import { rulesAlone } from "./test-facts.ts";

const mangle = (...lines: readonly string[]) =>
	["*mangle", ...lines, "COMMIT", ""].join("\n");
const NAT = `*nat
-A POSTROUTING -o isp1 -j MASQUERADE
-A POSTROUTING -o isp2 -j MASQUERADE
COMMIT
`;
const DIVERT = [
	"-A DIVERT -j MARK --set-mark 1",
	"-A DIVERT -j ACCEPT",
] as const;
const TURNS = [0, 1, 2].map(
	(packet) =>
		`-A PREROUTING -i lan0 -m conntrack --ctstate NEW -m statistic --mode nth --every 3 --packet ${packet} -j CONNMARK --set-mark ${packet + 1}`,
);

it.each([
	["-m socket", "the sockets of the gateway"],
	["-m socket --transparent", "the sockets of the gateway"],
	["-m string --string GET --algo bm", "the payload of the packet"],
])("marks that rest on %s are unknown, and no finding", (match, on) => {
	const facts = rulesAlone(
		mangle(
			":DIVERT - [0:0]",
			`-A PREROUTING -p tcp ${match} -j DIVERT`,
			...DIVERT,
		) + NAT,
	);
	expect(backendChanges.check(facts)).toEqual([]);
	const unknown = unknownOf(facts);
	expect(unknown).toContainEqual(
		expect.stringMatching(
			/whether a packet behind the first one to mark 0x1 is treated as it was is unknown/,
		),
	);
	expect(unknown.join("\n")).toContain(on);
});

it("names the target that is not modelled where nothing else says where connections go", () => {
	const facts = rulesAlone(
		mangle(
			"-A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 50080 --tproxy-mark 0x1/0x1",
		),
	);
	expect(unknownOf(facts)).toEqual([
		expect.stringMatching(
			/what becomes of packets is unknown: .*TPROXY.*line 2/,
		),
	]);
});

it("asks about no rule that marks nothing, or asks for what is known", () => {
	const known = "-A PREROUTING -s 192.168.7.0/24 -j MARK --set-mark 1";
	const others = [known, "-A PREROUTING -p tcp -m socket -j ACCEPT"];
	expect(unknownOf(rulesAlone(mangle(...others)))).toEqual([]);
});

it("finds what is wrong whatever is unknown, at the rule that sets the mark", () => {
	const mail =
		"-A PREROUTING -i lan0 -p tcp --dport 443 -m conntrack --ctstate NEW";
	const facts = rulesAlone(
		mangle(
			":DIVERT - [0:0]",
			"-A PREROUTING -p tcp -m socket --transparent -j DIVERT",
			`${mail} -m statistic --mode nth --every 2 --packet 0 -j MARK --set-mark 10`,
			`${mail} -m mark --mark 0 -j MARK --set-mark 20`,
			...DIVERT,
		) + NAT,
	);
	expect(
		backendChanges.check(facts).map(({ at, message, related }) => {
			return [at.line, message, related];
		}),
	).toEqual([[4, "later packets of a connection to mark 0xa get no mark", []]]);
});

it.each([
	["counters that keep step", TURNS, [3, 5]],
	[
		"draws",
		TURNS.map((one) =>
			one.replace(/--mode.*-j/, "--mode random --probability 0.5 -j"),
		),
		[2, 3, 5],
	],
])("shows a way that a packet takes: %s", (_, turns, path) => {
	const facts = rulesAlone(
		mangle(...turns, "-A PREROUTING -i lan0 -j CONNMARK --restore-mark") + NAT,
	);
	const [one] = backendChanges.check(facts);
	expect(one?.path.map(({ line }) => line)).toEqual(path);
	expect(one?.message).toMatch(
		/sent once more, of a connection to mark 0x\d gets mark 0x\d$/,
	);
});

it("shows a counter that moves by a way that a packet takes", () => {
	const all = TURNS.map((one) =>
		one.replace("-m conntrack --ctstate NEW ", ""),
	);
	const facts = rulesAlone(
		mangle(...all, "-A PREROUTING -i lan0 -j CONNMARK --restore-mark") + NAT,
	);
	const paths = knownConnectionsCounted
		.check(facts)
		.map(({ path }) => path.map(({ line }) => line));
	expect(paths).toHaveLength(3);
	// One of the three, and what restores it.
	for (const path of paths) expect(path).toHaveLength(2);
});

const PICK = [
	":pick - [0:0]",
	"-A PREROUTING -j CONNMARK --restore-mark",
	"-A PREROUTING -m mark --mark 0 -j pick",
	"-A pick -d 192.168.1.0/24 -j RETURN",
	"-A pick -m statistic --mode random --probability 0.5 -j MARK --set-mark 1",
	"-A pick -m mark --mark 0 -j MARK --set-mark 2",
];
const WEB = `*nat
-A PREROUTING -i wan+ -p tcp --dport 443 -j DNAT --to-destination 192.168.1.10
-A POSTROUTING -o wan+ -j MASQUERADE
COMMIT
`;

it.each([
	["the first answer", "-A PREROUTING -j CONNMARK --save-mark"],
	["each answer", "-A PREROUTING -i wan+ -j CONNMARK --save-mark"],
])("tells whether %s of a backend is drawn for", (words, save) => {
	const facts = rulesAlone(mangle(...PICK, save) + WEB);
	const found = knownConnectionsCounted.check(facts);
	expect(found.map(({ message }) => message)).toContainEqual(
		expect.stringContaining(`${words} of a backend is drawn for`),
	);
});
