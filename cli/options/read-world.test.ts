import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
	captureFiles,
	parseCapture,
} from "../../scenarios/analysis/capture/capture-text.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { readRulesAndWorld } from "./read-world.ts";

const RULES = "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n";
const CAPTURE = `marktwin capture 1
== rules: iptables-save -c
${RULES.replace(/^/gm, " ")}
 exit 0
== addresses: ip -j addr
 [{"ifname":"eth0","mtu":1500,"addr_info":[{"family":"inet","local":"10.0.0.1","prefixlen":8}]}]
 
 exit 0
== connections: cat /proc/sys/net/netfilter/nf_conntrack_count
? missing
`;

function written(name: string, text: string): string {
	const path = join(temporaryFolder(), name);
	writeFileSync(path, text);
	return path;
}

function captured(): string {
	const folder = temporaryFolder();
	for (const file of captureFiles(parseCapture(CAPTURE, "a")))
		writeFileSync(join(folder, file.name), file.text);
	return folder;
}

it("rules alone tell nothing of their machine", async () => {
	const file = written("my.rules", RULES);
	expect(await readRulesAndWorld(file, {})).toMatchObject({
		rules: { name: file, text: RULES },
		given: { interfaces: null, routes: null, notes: [] },
		capture: null,
	});
});

it("a capture's folder has rules and machine, by itself or beside other rules", async () => {
	const folder = captured();
	const interfaces = [{ name: "eth0", addresses: ["10.0.0.1/8"], mtu: 1500 }];
	expect(await readRulesAndWorld(folder, {})).toMatchObject({
		rules: { name: join(folder, "rules.v4"), text: RULES },
		given: { interfaces },
	});
	const file = written("my.rules", RULES);
	expect(await readRulesAndWorld(file, { capture: folder })).toMatchObject({
		rules: { name: file },
		given: { interfaces },
	});
	await expect(
		readRulesAndWorld(folder, { capture: folder }),
	).rejects.toMatchObject({ name: "InputError" });
});

it("what is named by itself comes before the capture's", async () => {
	const addresses = written(
		"addr.json",
		`[{"ifname":"wan0","mtu":1400,"addr_info":[]}]`,
	);
	const { given } = await readRulesAndWorld(captured(), { addresses });
	expect(given.interfaces).toEqual([
		{ name: "wan0", addresses: [], mtu: 1400 },
	]);
});

it("a capture that is no folder yet is refused, and so is standard input for two things", async () => {
	await expect(
		readRulesAndWorld(written("router.txt", CAPTURE), {}),
	).rejects.toMatchObject({
		remedy: expect.stringContaining("marktwin capture --into FOLDER"),
	});
	await expect(readRulesAndWorld("-", { addresses: "-" })).rejects.toThrow(
		"standard input (-) would be read more than once",
	);
});
