import { expect, it } from "vitest";
import { commandLine, quoted } from "./command-line.ts";

const rules = new Map<string, string>();

it("says what was played, and where; what is usual is left out", () => {
	expect(
		commandLine("run", [], { rules, on: "model", iptables: "legacy" }),
	).toBe("marktwin run");
	expect(
		commandLine("compare", ["live"], {
			...{ rules, seed: 7, filter: "b1 dead" },
			...{ with: "docker", iptables: "nft", kernel: "vm" },
		}),
	).toBe(
		"marktwin compare live --filter 'b1 dead' --seed 7 --with docker --iptables nft --kernel vm",
	);
});

it("quotes what a shell would take apart", () => {
	expect(quoted("it's $HOME")).toBe("'it'\\''s $HOME'");
	expect(quoted("firewall/my.rules")).toBe("firewall/my.rules");
});
