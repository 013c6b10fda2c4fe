import { expect, test } from "vitest";
import {
	IPS_ASSURED,
	IPS_CONFIRMED,
	IPS_DST_NAT,
	IPS_SEEN_REPLY,
	IPS_SRC_NAT,
} from "../../conntrack/table/status.ts";
import {
	ip,
	testEntry,
	testMatch,
	testPorts,
	testSkb,
} from "../../extension/test-host.ts";
import {
	CTINFO_ESTABLISHED,
	CTINFO_ESTABLISHED_REPLY,
	CTINFO_INVALID,
	CTINFO_NEW,
	CTINFO_RELATED,
	CTINFO_RELATED_REPLY,
	CTINFO_UNTRACKED,
	NO_ENTRY,
} from "../../packet/skb/skb.ts";
import { state } from "../state.ts";
import { conntrack } from "./conntrack.ts";

/** The recipe's connection, balanced to backend 1. */
const balanced = testEntry({
	status: IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_DST_NAT,
	remainingSeconds: 119,
	original: { destination: ip("10.0.0.1") },
	reply: { source: ip("192.168.0.1") },
});
const ports = testPorts({ entries: [balanced] });

const matches = (options: string, ctinfo: number, entry = 0): boolean =>
	testMatch(conntrack, options, ports)(testSkb({ entry, ctinfo }));

const STATES = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"];

test.each([
	["NEW", 0, CTINFO_NEW],
	["ESTABLISHED", 0, CTINFO_ESTABLISHED],
	["ESTABLISHED", 0, CTINFO_ESTABLISHED_REPLY],
	["RELATED", 0, CTINFO_RELATED],
	["RELATED", 0, CTINFO_RELATED_REPLY],
	["INVALID", NO_ENTRY, CTINFO_INVALID],
	["UNTRACKED", NO_ENTRY, CTINFO_UNTRACKED],
])(
	"a packet is %s and nothing else (entry %i, ctinfo %i)",
	(name, entry, ctinfo) => {
		for (const extension of [conntrack, state]) {
			const option = extension === state ? "--state" : "--ctstate";
			const asks = (not: string, one: string) =>
				testMatch(
					extension,
					`${not}${option} ${one}`,
					ports,
				)(testSkb({ entry, ctinfo }));
			expect(STATES.filter((one) => asks("", one))).toEqual([name]);
			expect(STATES.filter((one) => !asks("! ", one))).toEqual([name]);
		}
	},
);

test("a list of states asks for any of them", () => {
	expect(matches("--ctstate NEW,RELATED", CTINFO_NEW)).toBe(true);
	expect(matches("--ctstate NEW,RELATED", CTINFO_ESTABLISHED)).toBe(false);
	expect(matches("! --ctstate NEW,RELATED", CTINFO_ESTABLISHED)).toBe(true);
});

test("SNAT and DNAT are states beside the others", () => {
	expect(matches("--ctstate DNAT", CTINFO_NEW)).toBe(true);
	expect(matches("--ctstate SNAT", CTINFO_NEW)).toBe(false);
	expect(matches("! --ctstate SNAT", CTINFO_NEW)).toBe(true);
	expect(matches("--ctstate SNAT,NEW", CTINFO_NEW)).toBe(true);
	const masqueraded = testPorts({
		entries: [testEntry({ status: IPS_SRC_NAT })],
	});
	const packet = testSkb({ entry: 0, ctinfo: CTINFO_ESTABLISHED });
	expect(testMatch(conntrack, "--ctstate SNAT", masqueraded)(packet)).toBe(
		true,
	);
	expect(matches("--ctstate DNAT", CTINFO_INVALID, NO_ENTRY)).toBe(false);
});

test.each([
	["--ctdir ORIGINAL", CTINFO_NEW, true],
	["--ctdir ORIGINAL", CTINFO_ESTABLISHED_REPLY, false],
	["--ctdir REPLY", CTINFO_ESTABLISHED_REPLY, true],
	["--ctdir REPLY", CTINFO_RELATED_REPLY, true],
	["--ctdir REPLY", CTINFO_RELATED, false],
	["--ctproto tcp", CTINFO_NEW, true],
	["! --ctproto udp", CTINFO_NEW, true],
	["--ctproto udp", CTINFO_NEW, false],
	["--ctorigsrc 10.0.0.0/8", CTINFO_NEW, true],
	["! --ctorigsrc 10.0.0.0/8", CTINFO_NEW, false],
	["--ctorigdst 10.0.0.1", CTINFO_NEW, true],
	["--ctreplsrc 192.168.0.1", CTINFO_NEW, true],
	["--ctreplsrc 10.0.0.1", CTINFO_NEW, false],
	["--ctrepldst 10.0.0.10", CTINFO_NEW, true],
	// The bits of the address that lie outside the mask do not count.
	["--ctorigsrc 10.0.0.99/24", CTINFO_NEW, true],
	["--ctorigdstport 25", CTINFO_NEW, true],
	["--ctorigsrcport 1024:65535", CTINFO_NEW, true],
	["! --ctorigsrcport 1024:65535", CTINFO_NEW, false],
	["--ctreplsrcport 25 --ctrepldstport 40000", CTINFO_NEW, true],
	["--ctorigdstport 26:25", CTINFO_NEW, false],
	["--ctstatus SEEN_REPLY", CTINFO_NEW, true],
	["--ctstatus ASSURED,EXPECTED", CTINFO_NEW, false],
	["--ctstatus ASSURED,SEEN_REPLY", CTINFO_NEW, true],
	["! --ctstatus ASSURED", CTINFO_NEW, true],
	["--ctstatus NONE", CTINFO_NEW, false],
	["! --ctstatus NONE", CTINFO_NEW, true],
	["--ctexpire 119", CTINFO_NEW, true],
	["--ctexpire 100:110", CTINFO_NEW, false],
	["! --ctexpire 100:110", CTINFO_NEW, true],
	["--ctstate NEW --ctdir REPLY", CTINFO_NEW, false],
	["--ctstate NEW --ctdir ORIGINAL", CTINFO_NEW, true],
])("%s (ctinfo %i): %s", (options, ctinfo, expected) => {
	expect(matches(options, ctinfo)).toBe(expected);
});

test("without an entry only the state is looked at", () => {
	const invalid = (options: string) =>
		matches(options, CTINFO_INVALID, NO_ENTRY);
	expect(invalid("--ctdir ORIGINAL")).toBe(false);
	expect(invalid("! --ctproto tcp")).toBe(false);
	expect(invalid("--ctstate INVALID --ctdir REPLY --ctproto tcp")).toBe(true);
	expect(invalid("--ctstate NEW --ctproto tcp")).toBe(false);
});

test("the status is read when the packet comes", () => {
	const entry = testEntry();
	const isAssured = testMatch(
		conntrack,
		"--ctstatus ASSURED",
		testPorts({ entries: [entry] }),
	);
	expect(isAssured(testSkb({ entry: 0 }))).toBe(false);
	entry.status |= IPS_ASSURED;
	expect(isAssured(testSkb({ entry: 0 }))).toBe(true);
});
