import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";

function capture(words: readonly string[], input = "") {
	const { status, stdout, stderr } = spawnSync(
		process.execPath,
		[inject("command"), "capture", ...words],
		{ encoding: "utf8", input },
	);
	return { status, stdout, stderr };
}

/** Of a router whose iptables-save prints this. */
function printed(rules: string): string {
	return `marktwin capture 1
== kernel: uname -r
 6.1.0
 
 exit 0
== rules: iptables-save -c
${rules}
== connections: cat /proc/sys/net/netfilter/nf_conntrack_count
? missing
`;
}

it("prints a script that a shell takes", () => {
	const { status, stdout } = capture([]);
	expect(status).toBe(0);
	expect(stdout).toMatch(/^#!\/bin\/sh\n/);
	execFileSync("sh", ["-n"], { input: stdout });
});

it("writes what the script printed into a folder, whose rules other commands take", () => {
	const folder = join(temporaryFolder(), "router");
	const text = printed(
		" *nat\n :PREROUTING ACCEPT [0:0]\n [1:60] -A PREROUTING -j ACCEPT\n COMMIT\n \n exit 0",
	);
	const { status, stdout } = capture(["--into", folder], text);
	expect(stdout).toContain(`rules       ${join(folder, "rules.v4")}`);
	expect(stdout).toContain("kernel      6.1.0");
	expect(stdout).toContain("Linux       bookworm/legacy");
	expect(stdout).toContain("did not tell its version of iptables");
	expect(status).toBe(0);
	expect(readdirSync(folder).sort()).toEqual([
		"capture.json",
		"kernel.txt",
		"rules.v4",
	]);
	// Once more into the same folder: a newer capture.
	expect(capture(["--into", folder], text).status).toBe(0);
	const check = [inject("command"), "check", folder];
	expect(execFileSync(process.execPath, check, { encoding: "utf8" })).toContain(
		`${join(folder, "rules.v4")} would load: 1 rule in nat`,
	);
});

it("leaves a folder of something else alone, and says what failed on the router", () => {
	const folder = temporaryFolder();
	writeFileSync(join(folder, "precious"), "");
	const fine = printed(" \n exit 0");
	expect(capture(["--into", folder], fine)).toMatchObject({
		status: 2,
		stderr: expect.stringContaining("is not empty, and holds no capture"),
	});
	const failed = printed(" \n exit 4\n!you must be root");
	expect(capture(["--into", join(folder, "new")], failed)).toMatchObject({
		status: 2,
		stderr: expect.stringMatching(/you must be root[\s\S]*as root/),
	});
	expect(readdirSync(folder)).toEqual(["precious"]);
	expect(capture(["some.txt"])).toMatchObject({ status: 2 });
});

it("has other commands follow the Linux that the router has, unless another one is named", () => {
	const folder = join(temporaryFolder(), "router");
	const text = printed(
		" *mangle\n -A FORWARD -p tcp -j TCPMSS --clamp-mss-to-pmtu\n COMMIT\n \n exit 0",
	).replace(
		"== rules",
		"== iptables: iptables --version\n iptables v1.8.11 (nf_tables)\n \n exit 0\n== rules",
	);
	expect(capture(["--into", folder], text).stdout).toContain(
		"Linux       bookworm+trixie/nft",
	);
	const check = (...more: readonly string[]) =>
		spawnSync(process.execPath, [inject("command"), "check", ...more, folder], {
			encoding: "utf8",
		}).status;
	// iptables-legacy wants --syn.
	expect(check()).toBe(0);
	expect(check("--linux", "bookworm/legacy")).toBe(2);
});
