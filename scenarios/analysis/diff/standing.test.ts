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
