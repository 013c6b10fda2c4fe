import { describe, expect, it } from "vitest";
import type { DiffDocument } from "./diff-document.ts";
import { compared } from "./test-diff.ts";

function filter(...lines: readonly string[]): string {
	return `*filter\n${lines.join("\n")}\nCOMMIT\n`;
}

function loadOf({ loads }: DiffDocument, load: "restore" | "noflush") {
	return loads.find((one) => one.load === load);
}

describe("rules that are not as the new file has them", () => {
	const accept = "-A FORWARD -p tcp --dport 22 -j ACCEPT";
	const drop = "-A FORWARD -p tcp --dport 23 -j DROP";

	it("are those of the old file, behind --noflush", () => {
		const { document } = compared(filter(accept), filter(drop, accept));
		expect(loadOf(document, "noflush")).toMatchObject({
			leftOver: 1,
			missing: 0,
		});
	});

	it("are policies as well, of a table that the new file does not have", () => {
		const { document } = compared(
			filter(":FORWARD DROP [0:0]"),
			"*nat\n-A POSTROUTING -o wan0 -j MASQUERADE\nCOMMIT\n",
		);
		expect(loadOf(document, "restore")).toMatchObject({
			leftOver: 0,
			policies: 1,
		});
	});
});

describe("connections that stand", () => {
	const DROP =
		"-A OUTPUT -o eth0 -p tcp --sport 22 -m conntrack --ctstate ESTABLISHED -j DROP";

	it.each([
		["INPUT accepts", [":INPUT ACCEPT [0:0]"]],
		[
			"INPUT drops",
			[":INPUT DROP [0:0]", "-A INPUT -i eth0 -p tcp --dport 22 -j ACCEPT"],
		],
	])(
		"break by the packet that makes a picked-up one established: %s",
		(_, input) => {
			const rules = [...input, "-A OUTPUT -o eth0 -p tcp --sport 80 -j ACCEPT"];
			const { document } = compared(filter(...rules), filter(...rules, DROP));
			for (const { connections } of document.loads) {
				const own = connections.find(
					({ to }) => to === "delivered to the gateway itself",
				);
				expect(own).toMatchObject({ outcomes: ["broken"], without: ["kept"] });
			}
		},
	);
});

describe("what connections that stand keep of the old rules", () => {
	const NAT =
		"*nat\n-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n";
	const DNS =
		"*nat\n-A PREROUTING -d 203.0.113.1 -p udp --dport 53 -j DNAT --to-destination 10.20.0.11\nCOMMIT\n";

	function raw(...lines: readonly string[]): string {
		return `*raw\n${lines.map((line) => `-A PREROUTING ${line}\n`).join("")}COMMIT\n`;
	}

	function inZone(zone: number): string {
		const to = (port: string) => `-p udp --${port} 53 -j CT --zone ${zone}`;
		return raw(to("dport"), to("sport")) + DNS;
	}

	/** A rule gives connections something when they begin, and the policy takes those that do not have it. */
	function kept(gives: string, asks: string): string {
		return `*mangle\n-A PREROUTING -p tcp --dport 25 -m conntrack --ctstate NEW ${gives}\nCOMMIT\n*filter\n:FORWARD DROP [0:0]\n-A FORWARD ${asks} -j ACCEPT\nCOMMIT\n`;
	}

	const marked = (mark: number) =>
		kept(`-j CONNMARK --set-mark ${mark}`, `-m connmark --mark ${mark}`);
	const labelled = (label: number) =>
		kept(
			`-m connlabel --label ${label} --set`,
			`-m connlabel --label ${label}`,
		);

	it.each([
		["zone, that is gone", raw("-j CT --zone 1") + NAT, raw() + NAT],
		["zone, that comes", raw() + NAT, raw("-j CT --zone 1") + NAT],
		["zone, that is another one", inZone(1), inZone(2)],
		["mark, of a service", marked(1) + NAT, marked(2) + NAT],
		["mark, of no service", marked(1), marked(2)],
		["label", labelled(1), labelled(2)],
		[
			"mark of another protocol",
			marked(1).replace("tcp --dport 25", "esp"),
			marked(2).replace("tcp --dport 25", "esp"),
		],
	])("is another %s", (_, before, after) => {
		const { document } = compared(before, after);
		expect(document.services.map(({ verdict }) => verdict)).not.toContain(
			"changed",
		);
		expect(document.packets).toEqual([]);
		expect(document.changes.map(({ kind }) => kind)).toContain("connections");
		expect(document.verdict).toBe("different");
		const load = loadOf(document, "restore");
		expect(
			load?.connections.some(
				({ outcomes, without }) =>
					/^(broken|untranslated)$/.test(outcomes[0] ?? "") &&
					!/^(broken|untranslated)$/.test(without[0] ?? ""),
			),
		).toBe(true);
	});

	it("changes nothing where no rule asks for it", () => {
		const mark = (value: number) =>
			`*mangle\n-A PREROUTING -p tcp --dport 25 -j CONNMARK --set-mark ${value}\nCOMMIT\n${NAT}`;
		const { document } = compared(mark(1), mark(2));
		expect(document.verdict).toBe("same");
		for (const { outcomes } of loadOf(document, "restore")?.connections ?? [])
			expect(outcomes).toEqual(["kept"]);
	});

	it("is the same: nothing is followed where packets and connections are the same", () => {
		const said = (words: string) =>
			marked(1).replace(
				"-A FORWARD",
				`-A FORWARD -m comment --comment ${words}`,
			);
		const { document } = compared(said("one"), said("two"));
		expect(document).toMatchObject({ verdict: "same", loads: [] });
	});

	it("tells connections of one service that go the same way once", () => {
		const { document } = compared(marked(1) + NAT, marked(2) + NAT);
		const own = loadOf(document, "restore")?.connections.filter(
			({ of }) => of === "tcp 10.0.0.1:25",
		);
		expect(own).toEqual([
			{
				of: "tcp 10.0.0.1:25",
				to: "192.168.0.1:25",
				outcomes: ["broken"],
				without: ["kept"],
			},
		]);
	});
});
