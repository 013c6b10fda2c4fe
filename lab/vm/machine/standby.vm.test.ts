import { expect, it } from "vitest";
import { RECIPE_GATEWAY } from "../../../scenarios/language/build/build.ts";
import { describeOnVm, vmDriver } from "../test-machine.ts";
import { createGuest, type Guest } from "./guest.ts";

const SLOW = { timeout: 300_000 };
const driver = vmDriver();

/** A gateway, and a guest in whose namespace it is. */
async function inGateway(use: (guest: Guest) => Promise<void>): Promise<void> {
	const guest = createGuest(await driver().start());
	const gateway = await driver().open(RECIPE_GATEWAY);
	try {
		await use(guest);
	} finally {
		await gateway.close();
	}
}

/** What it is called by, and what it is given. */
type Call = readonly [words: string, input?: string];

const table = (name: string, ...rules: readonly string[]) =>
	`*${name}\n${rules.join("\n")}\nCOMMIT\n`;

/** Aliases, two names in one library, revisions, what is not mapped in advance, what nobody has, and mistakes. */
const CALLS: readonly Call[] = [
	["iptables-restore", table("raw", "-A PREROUTING -j NOTRACK")],
	["iptables-restore", table("raw", "-A OUTPUT -j CT --notrack")],
	[
		"iptables-restore",
		table(
			"nat",
			"-A PREROUTING -p tcp --dport smtp -j DNAT --to 1.2.3.4:26",
			"-A POSTROUTING -m mark --mark 1/3 -j SNAT --to 10.0.0.1 --random",
			"-A POSTROUTING -j MASQUERADE",
			"-A OUTPUT -p udp -j REDIRECT --to-ports 53",
		),
	],
	[
		"iptables-restore",
		table(
			"filter",
			"-A INPUT -m state --state NEW -m conntrack --ctstate DNAT -j ACCEPT",
			"-A INPUT -m condition --condition seen -m limit --limit 3/min",
			"-A FORWARD -m quota --quota 7 -m cpu --cpu 0 -m statistic --mode nth --every 3",
			"-A FORWARD -p icmp -m icmp --icmp-type 8 -j REJECT",
			"-A FORWARD -m realm --realm 3 -m devgroup --src-group 2",
		),
	],
	["iptables-restore", table("mangle", "-A INPUT -m conntrack --ctstate NO")],
	["iptables-restore --test", table("mangle", "-A INPUT -m no-such-match")],
	["iptables-restore --counters", "*nat\n:PREROUTING DROP [1:2]\nCOMMIT\n"],
	["iptables -t mangle -A FORWARD -j TTL --ttl-set 300"],
	["iptables -t mangle -A FORWARD -p tcp -m tcp -m tcp --syn -j TOS -h"],
	["iptables -vnL"],
	["iptables -S NOBODY"],
	["iptables --bogus"],
	["iptables-save -t no-such-table"],
	["iptables-save -c"],
	["conntrack -L"],
	["conntrack --delete --proto tcp"],
	["conntrack --bogus"],
];

describeOnVm("iptables and conntrack, which stand by,", () => {
	it("do and say what they do and say when they are started", SLOW, () =>
		inGateway(async (guest) => {
			const outcomes = async (before: readonly string[]) => {
				const all: string[] = [];
				for (const [words, input] of CALLS) {
					const call = [...before, ...words.split(" ")];
					const { status, out, err } = await guest.run(call, input);
					const dated = /^# (Generated|Completed) .*$/gm;
					all.push(`${words}: ${status} ${out.replace(dated, "")} ${err}`);
				}
				for (const name of ["raw", "nat", "mangle", "filter"])
					await guest.must(["iptables", "-t", name, "-F"]);
				return all;
			};
			// The second time around, tables and modules are there already.
			await outcomes([]);
			const asTheyStand = await outcomes([]);
			expect(await outcomes(["env"])).toEqual(asTheyStand);
		}),
	);

	it("are started when somebody has put others in their place", SLOW, () =>
		inGateway(async (guest) => {
			const link = "/usr/sbin/iptables-save";
			await guest.must(["ln", "-sf", "/bin/busybox", link]);
			expect((await guest.run(["iptables-save"])).err).toContain("applet");
			await guest.must(["ln", "-sf", "xtables-legacy-multi", link]);
			await guest.must(["iptables-save"]);
		}),
	);

	it(
		"crash by themselves: who asked is told, and the next one is served",
		SLOW,
		() =>
			inGateway(async (guest) => {
				// It would watch for ever; its child comes behind it in the list.
				const crash = "sleep 1; set -- $(ps | grep [/]conntrack | tail -n 1)";
				await guest.must(["sh", "-c", `(${crash}; kill -SEGV $1) &`]);
				const [SEGV, killed] = [11, 128];
				const { status } = await guest.run(["conntrack", "--event"]);
				expect(status).toBe(killed + SEGV);
				await guest.must(["conntrack", "-L"]);
			}),
	);
});
